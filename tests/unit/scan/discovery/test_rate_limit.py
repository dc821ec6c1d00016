"""How many questions a brake is looked for with, and what is taken for one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from itertools import count

import pytest

from oakum.exchange import Request, Response
from oakum.policy.model import Limit
from oakum.scan.discovery.rate_limit import burst, exceeds, request_count, seconds_text


@dataclass
class Pace:
    """A governor that waits for nothing."""

    rate: float = 10.0
    requests_left: int = 500
    took: float = 0.01

    hold = staticmethod(nullcontext)

    def spares(self, request: Request) -> str:
        return ""

    @contextmanager
    def bare(self) -> Iterator[None]:
        yield


def limit(most: int, per: float) -> Limit:
    return Limit("callers", "rate", most, per)


def good(**headers: str) -> Response:
    said = {name.replace("_", "-"): text for name, text in headers.items()}
    return Response(200, {"content-type": "application/json", **said}, b'{"depot": "north"}')


@pytest.mark.parametrize(
    ("pace", "most", "declared", "many"),
    [
        (Pace(), None, False, 40),
        (Pace(), None, True, 60),
        (Pace(requests_left=60), None, True, 30),
        (Pace(requests_left=39), None, False, 0),
        (Pace(rate=1000), limit(90, 60), False, 91),
        (Pace(rate=10), limit(90, 60), False, 181),  # a window may begin anew in the middle
        (Pace(rate=10), limit(120, 60), False, 0),
        (Pace(rate=10), limit(5, 60), False, 40),
        (Pace(rate=10), limit(20, 1), False, 0),  # so slowly it is never reached
    ],
)
def test_as_many_questions_as_a_brake_needs(
    pace: Pace, most: Limit | None, declared: bool, many: int
) -> None:
    assert request_count(pace, most, declared=declared) == many


def test_a_limit_is_passed_only_beyond_what_two_windows_let_pass() -> None:
    assert exceeds(limit(90, 60), 91, 0.5)
    assert not exceeds(limit(90, 60), 91, 30)
    assert not exceeds(limit(90, 60), 180, 30)
    assert exceeds(limit(90, 60), 181, 30)
    assert not exceeds(limit(90, 60), 270, 70)


def test_what_goes_well_is_no_brake() -> None:
    assert burst(Pace(), [good, good], 40).brake == ""
    assert burst(Pace(), [good, good], 40).asked == 40


def test_another_object_that_never_is_shown_is_left_out() -> None:
    asked = count()

    def gone() -> Response:
        next(asked)
        return Response(404, {}, b"")

    found = burst(Pace(), [good, gone, good], 40)
    assert (found.brake, found.asked) == ("", 40)
    assert next(asked) == 1


def test_the_first_object_that_is_gone_is_a_brake() -> None:
    turns = count()

    def once() -> Response:
        return good() if next(turns) < 3 else Response(404, {}, b"")

    found = burst(Pace(), [once, good], 40)
    assert found.brake == "a 404 where there was none"
    assert found.asked == 7


@pytest.mark.parametrize(
    "said",
    [
        {"x_ratelimit_remaining": "{}"},
        {"ratelimit_remaining": "{}"},
        {"ratelimit": "limit=100, remaining={}, reset=30"},
        {"ratelimit": '"default";r={};t=30'},
    ],
)
def test_a_counter_that_falls_announces_a_brake(said: dict[str, str]) -> None:
    ((name, text),) = said.items()
    left = iter(range(99, 0, -1))
    assert burst(Pace(), [lambda: good(**{name: text.format(next(left))})], 40).announced
    assert not burst(Pace(), [lambda: good(**{name: text.format(99)})], 40).announced
    spent = iter([*range(9, 0, -1), *[0] * 40])
    assert not burst(Pace(), [lambda: good(**{name: text.format(next(spent))})], 40).announced


def test_seconds_as_people_say_them() -> None:
    assert (seconds_text(0.44), seconds_text(11.2)) == ("0.4 s", "12 s")
