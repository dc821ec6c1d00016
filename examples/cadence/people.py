"""Who is there: nine personas with a value of their own in every field, and a crowd.

Everything follows from the seed, so that two servers with one seed hold the same people. No two
personas share a value, and no value is one that turns up by chance (texts of at least 8
characters, numbers of at least 4 digits): whoever holds pia's location holds it from pia.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from dataclasses import dataclass

NAMES = ("ann", "pia", "hida", "flo", "pen", "exa", "blo", "ina", "sta")
PRIVATE = frozenset({"pia", "hida"})
HIDE_AGE = frozenset({"hida"})
IN_LIVE_CLASS = frozenset({"ann", "pia", "hida", "flo"})

NOW = 1_772_000_000
"""The moment the made-up data ends, as a Unix time: a clock would make two runs differ."""

Row = dict[str, str | int | float | bool | bytes | None]

_DECADES = (
    "teens",
    "twenties",
    "thirties",
    "forties",
    "fifties",
    "sixties",
    "seventies",
    "eighties",
    "nineties",
)
_GENDERS = (
    "woman, she/her",
    "demigirl, she/they",
    "nonbinary, they/them",
    "man, he/him",
    "genderfluid, any pronoun",
    "agender, it/its",
    "trans man, he/him",
    "trans woman, she/her",
    "bigender, he/she",
)
_ZONES = (
    "Europe/Lisbon",
    "America/Halifax",
    "Pacific/Auckland",
    "Europe/Tallinn",
    "Asia/Kathmandu",
    "America/Bogota",
    "Africa/Windhoek",
    "America/New_York",
    "Australia/Hobart",
)
_OF_THE_CROWD = (
    ("woman", "man", "nonbinary"),
    ("Europe/London", "America/Chicago", "Asia/Tokyo", "Africa/Lagos"),
)
_SYLLABLES = (
    *("bar", "bel", "dun", "fen", "gor", "hal", "jor", "kel", "lan", "mor"),
    *("nar", "pel", "quin", "ros", "sel", "tam", "ul", "ven", "wes", "yar"),
)


@dataclass(frozen=True)
class Catalogue:
    """Ids of what everybody may see: rides, the classes in which they are ridden, instructors."""

    rides: tuple[str, ...]
    live_class: str
    past_class: str
    instructors: tuple[str, ...]


class Source:
    """Deterministic draws of which none comes twice."""

    def __init__(self, seed: int, part: str) -> None:
        self._random = random.Random(f"cadence {seed} {part}")
        self._drawn: set[object] = set()

    def _once(self, draw: object) -> bool:
        fresh = draw not in self._drawn
        self._drawn.add(draw)
        return fresh

    def hex(self, octets: int = 16) -> str:
        return self._random.randbytes(octets).hex()

    def word(self) -> str:
        while True:
            word = "".join(self._random.choices(_SYLLABLES, k=3)).capitalize()
            if len(word) >= 8 and self._once(word):
                return word

    def number(self, low: int, high: int) -> int:
        while True:
            number = self._random.randint(low, high)
            if self._once(number):
                return number

    def decimal(self, low: int, high: int) -> float:
        """Three decimals, the last of which is not 0."""
        thousandths = self.number(low * 100, high * 100) * 10 + self._random.randint(1, 9)
        return thousandths / 1000

    def day(self, first: int, last: int) -> str:
        while True:
            year = self._random.randint(first, last)
            day = f"{year}-{self._random.randint(1, 12):02}-{self._random.randint(1, 28):02}"
            if self._once(day):
                return day


def personas(seed: int) -> dict[str, tuple[str, str]]:
    """User name and password of each persona."""
    source = Source(seed, "passwords")
    names = Source(seed, "names")
    return {
        name: (f"{name}_{names.word().lower()}", f"{source.word()}-{source.hex(6)}")
        for name in NAMES
    }


def catalogue(seed: int) -> Catalogue:
    source = Source(seed, "catalogue")
    return Catalogue(
        rides=tuple(source.hex() for _ in range(6)),
        live_class=source.hex(),
        past_class=source.hex(),
        instructors=tuple(source.hex() for _ in range(3)),
    )


def persona_rows(seed: int) -> Iterator[tuple[Row, list[Row]]]:
    """Each persona's row of `members`, with two rows of `workouts`."""
    source = Source(seed, "personas")
    places = catalogue(seed)
    for index, (name, (username, _)) in enumerate(personas(seed).items()):
        member = _persona(source, name, username, index)
        first_class = places.live_class if name in IN_LIVE_CLASS else places.past_class
        workouts = [
            _workout(source, member, index, first_class, places.rides[0]),
            _workout(source, member, index, places.past_class, places.rides[1]),
        ]
        member["records"] = json.dumps(
            [
                {
                    "slug": f"best-{source.word().lower()}",
                    "value": source.decimal(100, 900),
                    "workout_id": workout["id"],
                    "achieved_on": source.day(2019, 2025),
                }
                for workout in workouts
            ]
        )
        yield member, workouts


def _persona(source: Source, name: str, username: str, index: int) -> Row:
    age = 10 * (index + 1) + 8 + source.decimal(4, 9) % 1  # grown up: the youngest is 18
    counts = [
        {"name": source.word(), "slug": source.word().lower(), "count": source.number(1000, 9999)}
        for _ in range(2)
    ]
    return {
        "id": source.hex(),
        "username": username,
        "image_url": f"https://images.cadence.example/{source.hex(8)}.png",
        "tags": json.dumps([f"#Team{source.word()}", f"#{source.word()}Riders"]),
        "is_profile_private": name in PRIVATE,
        "hide_age": name in HIDE_AGE,
        "effort_zones_private": False,
        "workout_maps_private": False,
        "notification_email": f"{source.word().lower()}@letters.example",
        "location": f"{source.word()} {source.word()}",
        "total_followers": source.number(1000, 9999),
        "total_following": source.number(1000, 9999),
        "total_workouts": source.number(1000, 9999),
        "workout_counts": json.dumps(counts),
        "streaks": json.dumps(
            {
                "current_days": source.number(1000, 2999),
                "best_days": source.number(3000, 9999),
                "started_on": source.day(2015, 2020),
            }
        ),
        "achievements": json.dumps(
            [
                {"id": source.hex(), "name": f"{source.word()} medal", "earned_at": _moment(source)}
                for _ in range(2)
            ]
        ),
        "last_workout_at": _moment(source),
        "active_days": json.dumps(sorted(source.day(2024, 2025) for _ in range(4))),
        "age_decade": f"in the {_DECADES[index]}",
        "gender": _GENDERS[index],
        "birthday": source.day(2025 - int(age), 2025 - int(age)),
        "age": round(age, 3),
        "weight": source.decimal(50, 99),
        "height": source.decimal(150, 199),
        "cycling_ftp": source.decimal(120, 320),
        "default_max_heart_rate": source.decimal(160, 199),
        "first_name": source.word(),
        "last_name": source.word(),
        "email": f"{source.word().lower()}@post.example",
        "phone_number": f"+1 555 {source.number(1000000, 9999999)}",
        "card_expires_at": source.day(2027, 2031),
        "member_groups": json.dumps([f"{source.word()} employees", f"{source.word()} study"]),
        "is_internal_beta_tester": True,
        "in_studio": True,
        "facebook_access_token": f"EAAC{source.hex(24)}",
        "roles": json.dumps(["staff"] if name == "sta" else ["rider"]),
    }


def _moment(source: Source) -> int:
    return source.number(NOW - 30_000_000, NOW)


def _workout(source: Source, owner: Row, index: int, peloton_id: str, ride_id: str) -> Row:
    start = _moment(source)
    return {
        "id": source.hex(),
        "user_id": owner["id"],
        "peloton_id": peloton_id,
        "ride_id": ride_id,
        "title": f"{source.word()} {source.word()} ride",
        "status": "COMPLETE",
        "created_at": start + 7,
        "start_time": start,
        "end_time": start + source.number(1200, 5400),
        "total_work": source.decimal(200_000, 700_000),
        "leaderboard_rank": source.number(1000, 99_999),
        "distance": source.decimal(5, 60),
        "calories": source.decimal(100, 900),
        "timezone": _ZONES[index],
        "device_type": f"bike {source.word()}-{source.number(1000, 9999)}",
        "strava_id": f"strava-{source.hex(6)}",
        "fitbit_id": f"fitbit-{source.hex(6)}",
        "average_heart_rate": source.decimal(95, 180),
        "effort_zones": json.dumps({f"z{zone}": source.number(1000, 9999) for zone in range(1, 6)}),
        "heart_rate": json.dumps([source.decimal(90, 190) for _ in range(8)]),
        "output": json.dumps([source.decimal(80, 400) for _ in range(8)]),
        "route": json.dumps(
            [
                {"latitude": source.decimal(-60, 60), "longitude": source.decimal(-170, 170)}
                for _ in range(4)
            ]
        ),
    }


def crowd_rows(seed: int, members: int, in_class: int = 48) -> Iterator[tuple[Row, Row]]:
    """Each made-up member's row of `members` and row of `workouts`; the first are in the class.

    Cheap on purpose, by arithmetic on one drawn number a member: 100,000 of them must not
    keep anybody waiting. Their numbers are shorter than any persona's (counts of at most 3
    digits, at most 2 decimals) and their words are others, so that none is taken for a persona's.
    """
    source = random.Random(f"cadence {seed} crowd")
    places = catalogue(seed)
    for index in range(members):
        drawn = source.getrandbits(60)
        ids = source.randbytes(48).hex()
        peloton_id = places.live_class if index < in_class else places.past_class
        yield _crowd_member(index, drawn, ids), _crowd_workout(drawn, ids, peloton_id, places)


def _crowd_member(index: int, drawn: int, ids: str) -> Row:
    word, other = _spelled(drawn), _spelled(drawn >> 20)
    age = 18 + drawn % 60
    day = f"{1 + drawn % 12:02}-{1 + drawn % 28:02}"
    genders, _ = _OF_THE_CROWD
    return {
        "id": ids[:32],
        "username": f"{word}{index}",
        "image_url": f"https://images.cadence.example/{ids[:16]}.png",
        "tags": f'["#{other.capitalize()}Crew"]',
        "is_profile_private": drawn % 3 == 0,
        "hide_age": drawn % 5 == 0,
        "effort_zones_private": drawn % 7 == 0,
        "workout_maps_private": drawn % 11 == 0,
        "notification_email": f"{word}{index}@letters.example",
        "location": f"{other.capitalize()} {index % 997}",
        "total_followers": drawn % 613,
        "total_following": drawn % 419,
        "total_workouts": 1 + drawn % 997,
        "workout_counts": f'[{{"name":"Cycling","slug":"cycling","count":{1 + drawn % 997}}}]',
        "streaks": f'{{"current_days":{drawn % 30},"best_days":{30 + drawn % 300},'
        f'"started_on":"2024-{day}"}}',
        "achievements": "[]",
        "last_workout_at": NOW - drawn % 9_000_000,
        "active_days": f'["2023-{day}"]',
        "age_decade": _DECADES[age // 10 - 1],
        "gender": genders[drawn % len(genders)],
        "birthday": f"{2025 - age}-{day}",
        "age": age + drawn % 97 / 100,
        "weight": 50 + drawn % 4_999 / 100,
        "height": 150 + drawn % 4_999 / 100,
        "cycling_ftp": 120 + drawn % 19_999 / 100,
        "default_max_heart_rate": 160 + drawn % 3_999 / 100,
        "first_name": word.capitalize(),
        "last_name": other.capitalize(),
        "email": f"{word}{index}@post.example",
        "phone_number": f"+1 555 {drawn % 9_000_000 + 1_000_000}",
        "card_expires_at": f"2026-{day}",
        "member_groups": "[]",
        "is_internal_beta_tester": False,
        "in_studio": drawn % 17 == 0,
        "facebook_access_token": f"EAAC{ids[48:]}",
        "roles": '["rider"]',
        "records": "[]",
    }


def _crowd_workout(drawn: int, ids: str, peloton_id: str, places: Catalogue) -> Row:
    start = NOW - drawn % 9_000_000
    _, zones = _OF_THE_CROWD
    heart = 95 + drawn % 7_999 / 100
    return {
        "id": ids[32:64],
        "user_id": ids[:32],
        "peloton_id": peloton_id,
        "ride_id": places.rides[0] if peloton_id == places.live_class else places.rides[drawn % 6],
        "title": f"{_spelled(drawn >> 10).capitalize()} ride",
        "status": "COMPLETE",
        "created_at": start + 7,
        "start_time": start,
        "end_time": start + 1800,
        "total_work": 100_000 + drawn % 9_999_999 / 100,
        "leaderboard_rank": 1 + drawn % 997,
        "distance": 5 + drawn % 3_999 / 100,
        "calories": 100 + drawn % 79_999 / 100,
        "timezone": zones[drawn % len(zones)],
        "device_type": "bike",
        "strava_id": None,
        "fitbit_id": None,
        "average_heart_rate": heart,
        "effort_zones": f'{{"z1":{drawn % 301},"z2":{drawn % 401},"z3":90,"z4":60,"z5":9}}',
        "heart_rate": f"[{heart - 4:.2f},{heart:.2f},{heart + 4:.2f}]",
        "output": "[110.5,140.25,160.75]",
        "route": "[]",
    }


def _spelled(number: int) -> str:
    """A word of two syllables; those of the personas have three."""
    return _SYLLABLES[number % 20] + _SYLLABLES[number // 20 % 20]
