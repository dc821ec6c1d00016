"""What is said of people before the endpoint: what differs, what is noise, what is not asked."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from itertools import chain, cycle, repeat
from typing import Any

import pytest

from oakum.errors import TargetError
from oakum.exchange import Request, Response
from oakum.exposure.endpoints.probes import survey
from oakum.scan.limits import Permissions
from oakum.scan.technique import Prospect
from oakum.scan.techniques import account_enumeration
from tests.unit.scan.techniques.club import Club, Played, model, reply

ORACLE = ("account-enumeration", "email", "anyone", "proven")


def identifier(sent: Any) -> str:
    return str(sent["session"]["identifier"])


def test_a_club_that_tells_nothing_is_clean_and_cheap() -> None:
    club = Club()
    assert Played(club, writes=True).told == set()
    assert Counter(club.values("login")) == {"?": 1, "cat": 1}
    assert len(club.values("startLogin")) == 3 + 4  # the sweep, and `n`, which counts by itself


def test_the_next_step_tells_who_has_an_account() -> None:
    class Telling(Club):
        def startLogin(self, viewer: str | None, sent: Any) -> Response:
            known = self.of("email", identifier(sent))
            return reply({"next": "password" if known else "sign_up", "n": next(self.numbers)})

    club = Telling()
    played = Played(club)
    assert played.told == {ORACLE}
    (found,) = played.findings
    assert [endpoint.path for endpoint in found.endpoints] == ["/login/start"]
    assert found.evidence is not None and "mail.example" not in repr(found.evidence)
    asked = ["0" if each == "?" else "1" for each in club.values("startLogin")][-8:]
    assert "".join(asked) == "01101001"


@pytest.mark.parametrize("how", ["header", "cookie", "length", "null", "page", "id"])
def test_softer_differences_are_found(how: str) -> None:
    class Softer(Club):
        def startLogin(self, viewer: str | None, sent: Any) -> Response:
            known = self.of("email", identifier(sent))
            if how == "header":
                return reply({}, 200, **({"x-mail": f"{next(self.numbers)}"} if known else {}))
            if how == "cookie":
                cookies = {"seen": f"{next(self.numbers)}"} if known else {}
                return Response(200, {"set-cookie": "seen=…"}, b"{}", cookies)
            if how == "length":
                return Response(200, {}, b'{"ok": true}' if known else b'{"ok":true}')
            if how == "null":
                return reply({"account": known and next(self.numbers)})
            if how == "id":  # somebody's own each time, and one and the same for nobody
                return reply({"account": f"a-{known['age']}" if known else "a-0"})
            text = "Welcome back" if known else "Welcome to us"
            return Response(200, {"content-type": "text/html"}, f"<p>{text}</p>".encode())

    assert ("account-enumeration", "email", "anyone", "proven") in Played(Softer()).told


@pytest.mark.parametrize(
    "how", ["echo", "mask", "turns", "four", "hash", "limit", "own word", "counter"]
)
def test_what_changes_by_itself_or_with_the_question_is_no_difference(how: str) -> None:
    class Noisy(Club):
        turns = cycle("ab")
        four = cycle("aabb")
        times: Counter[str] = Counter()

        def startLogin(self, viewer: str | None, sent: Any) -> Response:
            value = identifier(sent)
            local = value.partition("@")[0]
            self.times[value] += 1
            said: dict[str, Any] = {
                "echo": f"We wrote to {value.upper()}",
                "mask": f"{local[0]}{'*' * len(local)}@mail.example",
                "turns": next(self.turns),
                "four": next(self.four),
                "hash": f"{abs(hash(value)):020}",
                "limit": self.times[value] > 1,  # asked twice about one and the same
                "own word": "rower club",
                "counter": next(self.numbers) // 3,
            }
            return reply({"said": said[how]}, 200, **{"x-by": next(self.turns)})

    club = Noisy()
    club.rowers["ann"]["email"] = "rower@mail.example"
    assert Played(club).told == set()


class Watch:
    """A pace that has taken, for each answer, what a club says."""

    rate, requests_left, took = 1000.0, 1000, 0.0

    hold = staticmethod(nullcontext)

    def spares(self, request: Request) -> str:
        return ""

    @contextmanager
    def bare(self) -> Iterator[None]:
        yield


@pytest.mark.parametrize(("slow", "hinted"), [(0.12, True), (0.012, False)])
def test_what_takes_longer_about_somebody_is_a_hint_and_no_finding(
    slow: float, hinted: bool
) -> None:
    watch, noise = Watch(), cycle((0.001, 0.004, 0.002))

    class Hashing(Club):
        def startLogin(self, viewer: str | None, sent: Any) -> Response:
            watch.took = next(noise) + (slow if self.of("email", identifier(sent)) else 0)
            return reply({"next": "password"})

    club = Hashing()
    played = Played(club, pace=watch)
    assert played.told == set()
    assert any("/login/start: responses take" in n for n in played.engine.results.notes) is hinted
    assert len(club.values("startLogin")) == 3 + (16 if hinted else 2)


def test_one_slow_answer_is_not_asked_about_for_long() -> None:
    watch, slow = Watch(), chain((0.001,) * 4, (0.5,), repeat(0.002))

    class Stuttering(Club):
        def startLogin(self, viewer: str | None, sent: Any) -> Response:
            watch.took = next(slow)
            return reply({"next": "password"})

    club = Stuttering()
    assert not any(
        "responses take" in note for note in Played(club, pace=watch).engine.results.notes
    )
    assert len(club.values("startLogin")) <= 3 + 2 + 4


def test_a_wrong_secret_is_given_once_for_an_identity() -> None:
    class Telling(Club):
        def login(self, viewer: str | None, sent: Any) -> Response:
            status = 401 if self.of("email", sent["email"]) else 404
            return reply({"error": "wrong"}, status)

    club = Telling()
    assert Played(club).told == {ORACLE}
    asked = Counter(club.values("login"))
    assert asked == {"?": 4, "cat": 1, "bob": 1}
    alone = Telling()
    assert Played(alone, names=("ann",)).told == {
        ("account-enumeration", "email", "anyone", "suspected")
    }
    assert Counter(alone.values("login"))["ann"] == 1


def test_nothing_is_mailed_or_registered_without_leave() -> None:
    club = Club()
    Played(club)
    assert club.values("resetPassword") == []
    assert club.values("registerRower") == []
    Played(club, writes=True)
    assert club.values("resetPassword") == ["?", "cat"]
    assert club.values("deleteAccount") == []


def test_nobody_is_registered_here_least_of_all_an_identity() -> None:
    club = Club()
    Played(club, writes=True)
    assert club.values("registerRower") == []


def test_a_look_up_that_wants_a_login_is_asked_as_somebody_else() -> None:
    class Telling(Club):
        def lookUp(self, viewer: str | None, sent: Any) -> Response:
            if viewer is None:
                return reply({"error": "log in"}, 401)
            return reply({"found": self.of("phone", sent["phone"]) is not None})

    club = Telling()
    assert Played(club).told == {("account-enumeration", "phone", "member", "proven")}
    looked = [
        (viewer, sent["phone"]) for endpoint, viewer, sent in club.asked if endpoint == "lookUp"
    ]
    assert all(club.rowers[v]["phone"] != phone for v, phone in looked[3:] if v)


class Chatty(Club):
    def login(self, viewer: str | None, sent: Any) -> Response:
        found = self.of("email", sent["email"])
        if found is None:
            return reply({"error": "wrong"}, 401)
        hint = f"Hello {found['first_name']}, mistyped? You are {found['age']}."
        return reply({"error": hint, "about": {"years": found["age"]}}, 401)


def test_short_values_are_told_by_two_people() -> None:
    told = Played(Chatty()).told
    assert ("pre-login-disclosure", "age", "anyone", "proven") in told
    assert {each[1] for each in told if each[0] == "pre-login-disclosure"} == {"age"}


def test_times_of_the_last_minutes_are_nobodys() -> None:
    """What was made in the same second holds the same, whoever it belongs to."""
    club = Chatty()
    for number, each in enumerate(club.rowers.values()):
        each["age"] = int(time.time()) - 60 - number
    assert not [each for each in Played(club).told if each[0] == "pre-login-disclosure"]


def test_times_are_told_as_suspected() -> None:
    """What is made in one second for each of two people is of one second, whatever it is."""
    club = Chatty()
    for number, each in enumerate(club.rowers.values()):
        each["age"] = 1_714_979_280 + number
    told = {each for each in Played(club).told if each[0] == "pre-login-disclosure"}
    assert told == {("pre-login-disclosure", "age", "anyone", "suspected")}


def test_an_echo_is_no_field_of_the_person() -> None:
    class Echoing(Club):
        def resetPassword(self, viewer: str | None, sent: Any) -> Response:
            text = f"Somebody who knows {sent['email']} has asked for a letter to that address."
            return reply({"said": text, "email": sent["email"], "id": 0}, 202)

    assert Played(Echoing(), writes=True).told == set()


def test_a_target_that_brakes_ends_one_talk_and_not_the_run() -> None:
    class Braking(Club):
        def login(self, viewer: str | None, sent: Any) -> Response:
            raise TargetError("the target throttles")

    played = Played(Braking())
    assert played.told == set()
    assert any("was interrupted" in each for each in played.engine.results.notes)


def test_a_dry_run_names_every_question() -> None:
    probes = tuple(survey(model(), {})[0])
    lines = list(account_enumeration.foresee(Prospect(model(), probes, Permissions())))
    assert [line["request"].split("  ")[0] for line in lines] == [
        "POST /login/start", "POST /login", "GET /lookup",
    ]  # fmt: skip
    more = list(account_enumeration.foresee(Prospect(model(), probes, Permissions(writes=True))))
    assert {line["request"].split("  ")[0] for line in more} - {
        line["request"].split("  ")[0] for line in lines
    } == {"POST /password/reset"}
