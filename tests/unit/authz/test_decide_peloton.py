"""The policy of the Peloton story, square by square, against a second reading of its table.

The table below is written from the facts (who saw what of whom, and who should have), in other
words and another form than the policy: columns for kinds of reader, not grants. Every relation,
every state and every field that the policy compiles to is asked, through `decide`.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any

import pytest

import cadence
from oakum.authz import Model, Principal, Subject, compile_contract, decide
from oakum.policy.contract import load

OWNER, READER = "owner-1", "reader-2"

READERS = ("anon", "member", "blocked", "follower", "blocked follower", "staff", "blocked staff",
           "staff follower", "self", "self and staff")  # fmt: skip
FLAGS = ("private", "hide_age", "effort_zones_private", "workout_maps_private", "revoked")

NOBODYS = {"Class": "member", "Tag": "member", "Ride": "anyone", "Instructor": "anyone"}
OWNER_ONLY = {"Settings", "Export", "ExportLink", "Blocks"}
"""Resources of which nobody but their owner sees anything, whatever is set."""
OPEN_OR_FOLLOWED = {"Overview", "Calendar", "Achievements", "Follows", "Participant"}
"""Resources that go as a whole with the profile."""

WITH_A_LINK = "SharedExport"
"""What its owner sees, and whoever has their link while it is good: nobody has to log in."""

CARD = (
    "__typename id username image_url is_profile_private tags relationship authed_user_follows"
    " category follow_status user_tags protected_fields.__typename protected_fields.code"
    " protected_fields.message"
)
STANDING = (
    "location total_followers total_following total_workouts last_workout_at"
    " protected_fields.total_workouts"
)
HISTORY = "workout_counts streaks"
DEMOGRAPHICS = "age_decade gender"
NEVER = "facebook_access_token"
EFFORT = "average_heart_rate heart_rate effort_zones"
DEVICE = "timezone device_type strava_id fitbit_id"
CORE = (
    "id user_id peloton_id ride_id title status created_at start_time end_time total_work"
    " leaderboard_rank distance calories user ride workout_id output"
)


def should_see(resource: str, field: str, reader: str, flags: dict[str, bool | None]) -> bool:
    """The table, read aloud. A flag that nobody could read counts as set: unknown is closed."""
    on = {name: flags.get(name) is not False for name in FLAGS}
    known = "blocked" not in reader and reader != "anon"
    if resource in NOBODYS:
        return NOBODYS[resource] == "anyone" or reader != "anon"  # a catalogue blocks nobody
    own = reader.startswith("self")
    if resource == WITH_A_LINK:
        return own or not (on["private"] or on["revoked"])
    follows = known and "follower" in reader
    profile = follows or (known and not on["private"])
    top = field.split(".")[0]
    if top in NEVER.split():
        return False
    if own:
        return True
    if resource in OWNER_ONLY:
        return False
    if resource in OPEN_OR_FOLLOWED:
        return profile
    if resource == "Member":
        groups = (
            (CARD, known),
            (STANDING, profile or (known and "staff" in reader)),
            (HISTORY, profile),
            (DEMOGRAPHICS, profile and not on["hide_age"]),
        )
    else:
        assert resource in ("Workout", "Graph")
        groups = (
            (EFFORT, profile and not on["effort_zones_private"]),
            ("route", profile and not on["workout_maps_private"]),
            (DEVICE, False),
            (CORE, profile),
        )
    return next((shown for names, shown in groups if {top, field} & {*names.split()}), False)


@cache
def model() -> Model:
    contract = load(Path(cadence.__file__).parent / "exposure.yaml")
    assert contract.policy is not None
    return compile_contract(contract.document, contract.policy)


def principal(reader: str, flags: dict[str, bool | None]) -> Principal:
    """A caller as a gateway would know them: ids, claims, look-ups, the owner's settings."""
    states: dict[tuple[str, str], Any] = {
        (OWNER, f"{'ExportLink' if name == 'revoked' else 'Settings'}.{name}"): value
        for name, value in flags.items()
        if value is not None
    }
    if reader == "anon":
        return Principal(states=states)
    id = OWNER if reader.startswith("self") else READER
    related = {
        ("follower", OWNER): "follower" in reader,
        ("blocked", OWNER): "blocked" in reader,
    }
    claims = {"roles": ["staff"]} if "staff" in reader else {"roles": ["member"]}
    return Principal(frozenset({id}), claims, related, states)


def squares(name: str) -> Iterator[tuple[str, dict[str, bool | None]]]:
    """Every kind of reader in every state of a resource, each flag set, not set, or unread."""
    names = list(model().tables[name].resource.states)
    for reader in READERS:
        for values in product((False, True, None), repeat=len(names)):
            yield reader, dict(zip(names, values, strict=True))


def endpoint(name: str) -> str:
    """An operation that shows the resource; `decide` about an object asks for one."""
    probes = {"Settings": "getSettings", "Member": "getUser", "Graph": "getPerformanceGraph",
             "Workout": "getWorkout", "Export": "exportWorkouts", "Overview": "getOverview",
             "Calendar": "getCalendar", "Achievements": "getAchievements",
             "Follows": "listFollowers", "Blocks": "listBlocked", "Class": "getClass",
             "Participant": "listParticipants", "Ride": "getRide", "Tag": "graphql",
             "ExportLink": "getExportLink", "SharedExport": "downloadSharedExport",
             "Instructor": "getInstructor"}  # fmt: skip
    return probes[name]


def subject(name: str) -> Subject:
    if name in NOBODYS:
        return Subject(name, owned=False)
    return Subject(name, (OWNER,))


def judged(name: str) -> Iterator[tuple[str, dict[str, bool | None], str, bool, bool]]:
    """(reader, flags, field, shown by the policy, shown by the table)."""
    leaves = model().tables[name].leaves
    anonymous = model().operations[endpoint(name)].anonymous
    for reader, flags in squares(name):
        seen = decide(model(), principal(reader, flags), endpoint(name), subject(name)).fields
        for leaf in leaves:
            wanted = should_see(name, leaf, reader, flags) and (reader != "anon" or anonymous)
            yield reader, flags, leaf, leaf in seen, wanted


@pytest.mark.parametrize("name", sorted(model().tables))
def test_every_square_is_as_the_table_says(name: str) -> None:
    wrong = [
        f"{reader} {flags} {leaf}: policy {shown}, table {wanted}"
        for reader, flags, leaf, shown, wanted in judged(name)
        if shown != wanted
    ]
    assert wrong == []


def test_more_than_a_thousand_squares_were_compared_and_both_answers_occur() -> None:
    answers = [shown for name in model().tables for *_, shown, _ in judged(name)]
    assert len(answers) > 1000
    assert len(answers) == sum(
        len(table.leaves) * len(READERS) * 3 ** len(table.resource.states)
        for table in model().tables.values()
    )
    assert 1000 < sum(answers) < len(answers) - 1000


@pytest.mark.parametrize("name", sorted({*model().tables} - {*NOBODYS, WITH_A_LINK}))
def test_nobody_without_a_login_sees_anything_of_anybody_even_at_an_endpoint_left_open(
    name: str,
) -> None:
    table = model().tables[name]
    names = list(table.resource.states)
    for values in product((False, True, None), repeat=len(names)):
        assert table.see({"anyone"}, dict(zip(names, values, strict=True))) == 0


def test_the_table_knows_every_resource_and_every_field_of_it() -> None:
    ruled = {*NOBODYS, *OWNER_ONLY, *OPEN_OR_FOLLOWED, WITH_A_LINK, "Member", "Workout", "Graph"}
    assert ruled == set(model().tables)


def test_who_a_reader_is_is_told_by_the_real_relations() -> None:
    """The readers above really are what they are called, or nothing above would mean anything."""
    open_ = dict.fromkeys(FLAGS, False)
    expected = {
        "anon": {"anyone"},
        "member": {"anyone", "member"},
        "blocked": {"anyone", "blocked"},
        "follower": {"anyone", "member", "follower"},
        "blocked follower": {"anyone", "blocked"},
        "staff": {"anyone", "member", "staff"},
        "blocked staff": {"anyone", "blocked"},
        "staff follower": {"anyone", "member", "follower", "staff"},
        "self": {"anyone", "member", "owner"},
        "self and staff": {"anyone", "member", "owner", "staff"},
    }
    for reader in READERS[1:]:
        found = decide(model(), principal(reader, open_), "getUser", subject("Member"))
        assert found.held == expected[reader], reader
