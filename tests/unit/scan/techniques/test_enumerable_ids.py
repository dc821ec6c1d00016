"""Keys that can be walked: which are, what stops who walks them, and whose are never asked for."""

from __future__ import annotations

import base64
import random
from collections import Counter
from typing import Any

import pytest

from oakum.errors import TargetError
from oakum.exchange import Response
from oakum.exposure.endpoints.probes import survey
from oakum.scan.limits import Permissions
from oakum.scan.technique import Prospect
from oakum.scan.techniques import enumerable_ids
from tests.unit.scan.techniques.depot import PEOPLE, Depot, Pace, Played, model, reply

ANYONE = ("enumerable-ids", "slip_id", "anyone", "proven")
MEMBER = ("enumerable-ids", "slip_id", "member", "proven")


def drawn(number: int) -> str:
    return base64.urlsafe_b64encode(random.Random(number).randbytes(12)).decode()


def encoded(number: int) -> str:
    return base64.b64encode(f"p:{90_000 + number:07}".encode()).decode()


@pytest.mark.parametrize("code", [None, encoded, lambda n: f"SLIP-{n + 70:05}"])
def test_codes_that_count_up_are_found_where_nothing_brakes(code: Any) -> None:
    depot = Depot(code) if code else Depot()
    pace = Pace()
    played = Played(depot, pace)
    assert played.told == {ANYONE, MEMBER}
    assert pace.barely
    for found in played.findings:
        assert [endpoint.path for endpoint in found.endpoints] == ["/slips/{code}"]
        assert found.evidence is not None and "records stand behind" in found.evidence.note
        assert "(95 %" in found.evidence.note
        assert not any(each in repr(found) for each in depot.slips)
    assert "records stand behind" in played.notes
    assert not any(each in played.notes for each in depot.slips)


def test_strangers_keys_are_never_asked_for() -> None:
    depot = Depot()
    Played(depot)
    named = {each for endpoint, _, each in depot.asked if endpoint == "getSlip"}
    own = {
        code for code, each in depot.slips.items() if each["sender"][4:] in ("ann", "bob", "cat")
    }
    absent = named - own
    assert len(absent) <= 1 and not absent & depot.slips.keys()  # the control of the sweep


def test_own_objects_are_asked_for_in_turn_and_a_bounded_number_of_times() -> None:
    depot = Depot()
    Played(depot)
    assert depot.tried(None) <= 48
    many = Counter(
        code for endpoint, who, code in depot.asked if endpoint == "getSlip" and who is None
    )
    assert len(many) >= 9 and max(many.values()) <= 9


def test_codes_that_are_drawn_are_no_finding_and_cost_nothing() -> None:
    depot = Depot(drawn)
    assert Played(depot).told == set()
    assert depot.tried(None) <= 7


def test_an_endpoint_that_shows_its_owner_alone_is_no_finding() -> None:
    class Shut(Depot):
        def getSlip(self, viewer: str | None, code: str) -> Response:
            found = self.slips.get(code)
            mine = found is not None and found["sender"] == f"snd-{viewer}"
            return reply(found) if mine else reply({"error": "no such slip"}, 404)

    depot = Shut()
    assert ANYONE not in Played(depot).told
    assert depot.tried(None) <= 6


class Taken(Depot):
    """Slips name who takes them: all is shown to those two."""

    others = False
    """Whether others who hold a code are told where a slip is."""

    def __init__(self) -> None:
        super().__init__()
        for each in self.slips.values():
            each["depot"] = f"snd-{PEOPLE[(PEOPLE.index(each['sender'][4:]) + 1) % 3]}"

    def getSlip(self, viewer: str | None, code: str) -> Response:
        found = self.slips.get(code)
        if found is not None and f"snd-{viewer}" in (found["sender"], found["depot"]):
            return reply(found)
        if found is None or not self.others:
            return reply({"error": "no such slip"}, 404)
        return reply({"sender": found["sender"], "depot": found["depot"]})


def test_a_code_that_the_object_itself_lets_its_reader_know_is_no_finding() -> None:
    assert not any(rule == "enumerable-ids" for rule, *_ in Played(Taken(), taker=True).told)


def test_what_opens_to_others_than_whom_it_names_is_found() -> None:
    depot = Taken()
    depot.others = True
    assert {ANYONE, MEMBER} <= Played(depot, taker=True).told


@pytest.mark.parametrize("words", [{"found": False}, {}, {"depot": None}, {"depot": "***"}])
def test_an_endpoint_that_says_nothing_is_no_finding(words: Any) -> None:
    class Soft(Depot):
        def getSlip(self, viewer: str | None, code: str) -> Response:
            found = self.slips.get(code)
            mine = found is not None and found["sender"] == f"snd-{viewer}"
            return reply(found if mine else words)

    assert not any(rule == "enumerable-ids" for rule, *_ in Played(Soft()).told)


class Braked(Depot):
    """Answers so many questions of a caller's, and then otherwise."""

    free = 25

    def __init__(self) -> None:
        super().__init__()
        self.spent: Counter[str | None] = Counter()

    def stopped(self, viewer: str | None) -> Response:
        return reply({"error": "slow down"}, 429, retry_after="1")

    def getSlip(self, viewer: str | None, code: str) -> Response:
        self.spent[viewer] += 1
        if self.spent[viewer] > self.free:
            return self.stopped(viewer)
        return super().getSlip(viewer, code)


def test_a_brake_is_no_finding_and_is_told() -> None:
    depot = Braked()
    played = Played(depot)
    assert played.told == set()
    assert "with a rate limit: 429" in played.notes
    assert depot.tried(None) == 26


@pytest.mark.parametrize("how", ["forbidden", "gone", "captcha", "page", "hangs up", "later"])
def test_other_brakes_are_seen(how: str) -> None:
    class Otherwise(Braked):
        def stopped(self, viewer: str | None) -> Response:
            if how == "hangs up":
                raise TargetError("hung up")
            if how == "captcha":
                return reply({"captcha": "which of these are boats?"})
            if how == "page":
                return Response(200, {"content-type": "text/html"}, b"<p>Are you a person?</p>")
            status = {"forbidden": 403, "gone": 404, "later": 503}[how]
            return reply({"error": "no"}, status)

    assert not any(rule == "enumerable-ids" for rule, *_ in Played(Otherwise()).told)


def test_answers_that_drag_are_a_brake() -> None:
    class Dragging(Depot):
        def __init__(self, pace: Pace) -> None:
            super().__init__()
            self.pace = pace

        def getSlip(self, viewer: str | None, code: str) -> Response:
            self.pace.took = 0.01 if self.tried(None, "ann", "bob", "cat") < 40 else 2.0
            return super().getSlip(viewer, code)

    pace = Pace()
    played = Played(Dragging(pace), pace)
    assert ANYONE not in played.told
    assert "slow answers" in played.notes


def test_a_counter_of_what_is_left_is_a_brake_announced() -> None:
    class Counting(Braked):
        free = 10_000

        def getSlip(self, viewer: str | None, code: str) -> Response:
            answer = super().getSlip(viewer, code)
            left = {"x-ratelimit-remaining": str(500 - self.spent[viewer])}
            return Response(answer.status, {**answer.headers, **left}, answer.body)

    played = Played(Counting())
    assert played.told == set()
    assert "count the remaining tries" in played.notes


def test_a_counter_that_never_moves_is_none() -> None:
    class Pretending(Depot):
        def getSlip(self, viewer: str | None, code: str) -> Response:
            answer = super().getSlip(viewer, code)
            said = {"ratelimit": '"default";r=99;t=30'}
            return Response(answer.status, {**answer.headers, **said}, answer.body)

    assert Played(Pretending()).told == {ANYONE, MEMBER}


def test_a_limit_of_the_contract_has_to_be_passed() -> None:
    limits = "limits: {callers: {rate: 90, per: 1m}, anonymous: {rate: 90, per: 1m}}\n"

    class Bound(Braked):
        free = 90

    assert Played(Bound(), limits=limits).told == set()
    depot = Depot()
    assert Played(depot, limits=limits).told == {ANYONE, MEMBER}
    assert 90 < depot.tried(None) <= 100


@pytest.mark.parametrize(
    ("limits", "rate"),
    [
        ("limits: {callers: {rate: 5000, per: 1h}, anonymous: {rate: 5000, per: 1h}}\n", 1000.0),
        ("limits: {callers: {rate: 20, per: 1s}, anonymous: {rate: 20, per: 1s}}\n", 10.0),
        ("limits: {Slip: {distinct: 50, per: 1h}}\n", 1000.0),
    ],
)
def test_what_a_run_cannot_pass_is_not_tested_and_told(limits: str, rate: float) -> None:
    depot = Depot()
    played = Played(depot, Pace(rate), limits=limits)
    assert played.told == set()
    assert "was not tested" in played.notes
    assert depot.tried(None) <= 8


def test_without_requests_left_nothing_is_tried() -> None:
    played = Played(Depot(), Pace(left=30))
    assert played.told == set()
    assert "too few requests" in played.notes


def test_few_requests_make_it_suspected() -> None:
    told = Played(Depot(), Pace(left=60)).told
    assert told == {(*ANYONE[:3], "suspected"), (*MEMBER[:3], "suspected")}


def test_a_leak_behind_ids_that_count_up_is_told_with_its_size_and_not_twice() -> None:
    class Open(Depot):
        def getSlip(self, viewer: str | None, code: str) -> Response:
            found = self.slips.get(code)
            return reply(found) if found else reply({"error": "no such slip"}, 404)

    depot = Open()
    played = Played(depot)
    assert not any(rule == "enumerable-ids" for rule, *_ in played.told)
    assert "it leaks, and its ids are whole numbers that count up" in played.notes
    assert depot.tried(None) <= 12


def test_a_key_handed_out_elsewhere_opens_the_endpoint() -> None:
    class Telling(Depot):
        def listNews(self, viewer: str | None, _: str) -> Response:
            return reply({"arrived": [{"ref": code} for code in self.slips]})

    played = Played(Telling(drawn))
    assert played.told == {ANYONE, MEMBER}
    for found in played.findings:
        assert {endpoint.path for endpoint in found.endpoints} == {"/slips/{code}", "/news"}
        assert "/news hands them out" in found.title


def test_a_key_that_leaks_itself_is_not_handed_out_as_well() -> None:
    class Open(Depot):
        def listNews(self, viewer: str | None, _: str) -> Response:
            return reply({"arrived": [{"ref": code} for code in self.slips]})

        def listOwn(self, viewer: str | None, _: str) -> Response:
            return reply([*self.slips.values()])

    rules = {rule for rule, *_ in Played(Open(drawn)).told}
    assert rules and "enumerable-ids" not in rules


def test_a_key_that_opens_nothing_may_stand_anywhere() -> None:
    class Quiet(Depot):
        def listNews(self, viewer: str | None, _: str) -> Response:
            return reply({"arrived": [{"ref": code} for code in self.slips]})

        def getSlip(self, viewer: str | None, code: str) -> Response:
            found = self.slips.get(code)
            mine = found is not None and found["sender"] == f"snd-{viewer}"
            return reply(found) if mine else reply({"error": "no such slip"}, 404)

    assert not any(rule == "enumerable-ids" for rule, *_ in Played(Quiet(drawn)).told)


def test_what_may_be_asked_is_foreseen() -> None:
    known = model()
    probes, _ = survey(known, {})
    (line,) = enumerable_ids.foresee(Prospect(known, tuple(probes), Permissions()))
    assert line["request"].startswith("GET /slips/{code}")
