"""Where a reading lags behind a write, a cache or a replica: settings are as they were at the end,
whatever was shown meanwhile, and what is shown too late is not tried on everybody."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from oakum.errors import TargetError
from oakum.exchange import Request, Response
from oakum.scan.settings.settings_writer import AccountSettings
from oakum.scan.settings.write_outcomes import SettingOutcome
from oakum.scan.undo.visibility_wait import PAUSES, VisibilityWait
from tests.unit.scan.settings.test_settings_writer import (
    BECOMES,
    CHANGES,
    LAW,
    PRIVATE,
    Account,
    account,
    may_come,
)
from tests.unit.scan.studio import IDS


class Cached(Account):
    """Its owner is shown for so many seconds what they were shown first."""

    def __init__(self, seconds: float, becomes: Sequence[str] = ()) -> None:
        super().__init__(becomes)
        self.now, self.seconds = 0.0, seconds
        self.kept: dict[str, tuple[float, Response]] = {}

    def sleep(self, seconds: float) -> None:
        self.now += seconds

    def __call__(self, viewer: str | None, request: Request, /) -> Response:
        self.now += 0.01
        if request.method != "GET":
            return super().__call__(viewer, request)
        if request.url not in self.kept or self.kept[request.url][0] <= self.now - self.seconds:
            self.kept[request.url] = (self.now, super().__call__(viewer, request))
        return self.kept[request.url][1]


def patient(api: Cached) -> AccountSettings:
    found = account(api)
    found.patience = VisibilityWait(api.sleep)
    return found


FLAT = {"Person.city": "", "Person.street": ""}


@LAW
@example(16.0, FLAT, FLAT, ["refused", "taken and 503"], 8.0)
@example(
    16.0,
    {"Person.bio": "", PRIVATE: True, **FLAT},
    {"Person.bio": "", PRIVATE: False, **FLAT},
    ["refused", "taken", "taken and 503", "refused"],
    8.0,
)
@given(st.floats(0, 30), CHANGES, CHANGES, st.lists(BECOMES, max_size=4), st.floats(0, 30))
def test_however_late_it_is_shown_all_is_as_it_was_at_the_end(
    seconds: float, first: dict[str, Any], then: dict[str, Any], becomes: list[str], between: float
) -> None:
    api = Cached(seconds, becomes)
    before = api.state
    found = patient(api)
    for changes in (first, then):
        with suppress(TargetError):
            found.flip_all("ann", changes)
            api.sleep(between)
    api.becomes.clear()
    found.undo_all("ann", [*first, *then])
    told = found.restore()
    assert api.state == before
    assert seconds > sum(PAUSES) / 2 or may_come(told, "lost" in str(becomes))


@pytest.mark.parametrize("seconds", [0.3, 5.0])
def test_what_is_shown_late_counts_as_set_and_as_put_back(seconds: float) -> None:
    api = Cached(seconds)
    before = api.state
    found = patient(api)
    assert found.flip("ann", PRIVATE, False) and api.settings["is_private"] is False
    assert found.undo("ann", PRIVATE)
    assert found.restore() == () and found.moved == [] and api.state == before
    assert found.patience.lag >= seconds / 2


def test_what_is_never_shown_is_set_once_and_its_old_value_is_sent_after_it() -> None:
    api = Cached(600)
    before = api.state
    found = patient(api)
    assert not found.flip("ann", PRIVATE, False)
    assert not found.flip("ann", PRIVATE, False) and "not changed again" in found.refusals[-1]
    assert found.flip_all("ann", {PRIVATE: False}).done == frozenset()
    assert found.restore() == () and api.state == before
    assert [body["is_private"] for _, body in api.writes] == [False, True]
    (told,) = found.moved
    assert PRIVATE in told and "no response shows its effect" in told


def test_a_setting_that_is_not_shown_keeps_no_other_of_the_operation_from_it() -> None:
    class Deaf(Cached):
        """Takes everything, and never changes who was born when."""

        def __call__(self, viewer: str | None, request: Request, /) -> Response:
            answer = super().__call__(viewer, request)
            self.page["born"] = "1990-01-02"
            return answer

    api = Deaf(0)
    found = patient(api)
    made = found.flip_all("ann", {"Person.bio": "new", "Person.born": "1991-01-01"})
    assert made == SettingOutcome(frozenset(("Person.bio",)), "the API did not accept the setting")
    assert found.refusals == [made.why]
    assert api.now > sum(PAUSES)
    waited = api.now
    assert found.flip_all("ann", {"Person.bio": "newer", "Person.born": "1991-01-01"}).done == {
        "Person.bio"
    }
    assert api.now < waited + 1


@pytest.mark.parametrize("how", ["taken and 503", "taken and lost"])
def test_what_was_not_answered_is_put_back_though_the_old_value_is_shown(how: str) -> None:
    api = Cached(600, [how])
    before = api.state
    found = patient(api)
    with suppress(TargetError):
        found.flip("ann", PRIVATE, False)
    assert api.settings["is_private"] is False
    told = found.restore()
    assert api.state == before
    assert [PRIVATE in each and "may still" in each for each in told] == [True] * how.endswith("t")


def test_what_is_put_back_repeats_no_neighbour_as_a_late_reading_shows_it() -> None:
    """A write of `flat.street` takes the rest of `flat` from a reading, and that may be old."""
    api = Cached(600, ["refused", "taken and 503"])
    before = api.state
    found = patient(api)
    for _ in range(2):
        found.flip_all("ann", FLAT)
        api.sleep(300.0)
    assert api.page["flat"] == {"city": "", "street": "", "floor": 3}
    api.sleep(300.0)
    found.read_settings("ann", "patchPerson", past=False)
    found.restore()
    assert api.state == before


class Slow(Cached):
    """A change that takes effect seconds after nobody waits for its answer any more."""

    def __init__(self, seconds: float) -> None:
        super().__init__(0)
        self.under_way: list[tuple[float, Request]] = []
        self.late = seconds

    def __call__(self, viewer: str | None, request: Request, /) -> Response:
        due = [each for at, each in self.under_way if at <= self.now]
        self.under_way = [(at, each) for at, each in self.under_way if at > self.now]
        for each in due:
            super().__call__(viewer, each)
        if request.method != "GET" and not self.writes and not self.under_way:
            self.under_way.append((self.now + self.late, request))
            raise TargetError("no answer in time")
        return super().__call__(viewer, request)

    def finish(self) -> None:
        """Lets whatever is under way take effect."""
        self.now += 60
        self("ann", Request("GET", f"http://t/people/{IDS['ann']}/settings"))


@pytest.mark.parametrize("changes", [{PRIVATE: False}, {"Person.bio": "new", "Person.city": ""}])
@pytest.mark.parametrize("seconds", [0.1, 1.0, 5.0])
def test_a_change_that_takes_effect_after_its_timeout_is_undone(
    seconds: float, changes: dict[str, Any]
) -> None:
    api = Slow(seconds)
    before = api.state
    found = patient(api)
    with suppress(TargetError):
        found.flip_all("ann", changes)
    assert found.restore() == ()
    api.finish()
    assert api.state == before


def test_a_change_that_takes_effect_too_late_is_told_as_one_that_may_come() -> None:
    api = Slow(40)
    found = patient(api)
    with suppress(TargetError):
        found.flip("ann", PRIVATE, False)
    (told,) = found.restore()
    assert PRIVATE in told and "may still" in told
    assert api.now <= sum(PAUSES) * 3
