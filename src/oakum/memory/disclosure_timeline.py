"""The disclosure timeline: reported to the vendor, acknowledged, fixed, published.

Only publication ends a case. An acknowledgement does not, nor a vendor's statement that it is
fixed: in 2021 the first fix of Peloton's API required a login and left the rest open, and the
vendor did not answer for ninety days. Nothing here publishes or sends anything; it calculates days.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Literal

from oakum.errors import InputError, Location, Problem, count_of
from oakum.memory.model import Disclosure, FindingStanding, Memory, RememberedFinding

EVENTS = ("reported", "acknowledged", "fixed", "published")
DAYS = 90
"""Days from the report to publication by default: Google Project Zero's policy, and the Peloton
report's."""
SILENCE = 7
"""Days without an acknowledgement after which the vendor should be asked again."""
_SOON = 14


@dataclass(frozen=True)
class Due:
    """What a disclosure requires on a given day."""

    case: Disclosure
    publication: date | None
    """The day from which the finding may be published; None if nothing has been reported."""
    left: int
    """Days until publication; negative after it."""
    level: Literal["over", "due", "soon", "running", "done"]
    """`over` and `due` require somebody to act; `soon` and `running` do not yet; `done`:
    published."""
    words: str
    doubts: tuple[str, ...] = ()
    """Where the vendor's statements and the latest reports disagree, in words."""

    @property
    def now(self) -> bool:
        """Whether somebody has to act on this day."""
        return self.level in ("over", "due")


def record_event(
    memory: Memory,
    one: RememberedFinding,
    event: str,
    on: date,
    today: date,
    days: int | None = None,
) -> Memory:
    """The memory with one more event in the case of this finding; its first event opens the case.

    A new case covers all open findings of the same rule and resource, since one report to a vendor
    is about all of them. The same event on the same day changes nothing. Raises `InputError` for a
    day in the future, for another day than the recorded one, and for a wrong order of events.
    """
    case = case_of(memory, one)
    rest = tuple(each for each in memory.disclosures if each is not case)
    if case is None:
        case = Disclosure(_kin(memory, one), DAYS if days is None else days, ())
    elif days is not None:
        case = replace(case, days=days)
    problems = list(_against(case, event, on, today))
    if problems:
        raise InputError(problems)
    if case.on(event) is None:
        events = sorted((*case.events, (event, on)), key=lambda e: (e[1], EVENTS.index(e[0])))
        case = replace(case, events=tuple(events))
    made = sorted((*rest, case), key=lambda each: each.findings)
    return replace(memory, disclosures=tuple(made))


def case_of(memory: Memory, one: RememberedFinding) -> Disclosure | None:
    """The case that lists a fingerprint of this finding, or a former one; None: not disclosed."""
    marks = {one.fingerprint, *one.also}
    return next((each for each in memory.disclosures if marks & set(each.findings)), None)


def _kin(memory: Memory, one: RememberedFinding) -> tuple[str, ...]:
    """The fingerprint of a finding, then those of other open ones that belong in the same
    report."""
    taken = {mark for case in memory.disclosures for mark in case.findings}
    same = (
        each.fingerprint
        for each in memory.findings
        if (each.rule, each.resource, each.over_blocked)
        == (one.rule, one.resource, one.over_blocked)
        and each.fingerprint not in taken
        and each.fingerprint != one.fingerprint
        and not memory.standing_of(each).over
    )
    return (one.fingerprint, *sorted(same))


def _against(case: Disclosure, event: str, on: date, today: date) -> Iterator[Problem]:
    """Why an event cannot have happened on that day."""
    place = Location(f"--event {event}")
    was = case.on(event)
    if was is not None and was != on:
        hint = "if that date is wrong, correct the file by hand: others rely on it as a record"
        yield Problem(place, f"is already recorded for {was}", hint)
    if on > today:
        yield Problem(place, f"{on} is in the future", "record the event after it has happened")
    reported = case.on("reported")
    if event != "reported" and reported is None:
        hint = "begin with `--event reported`"
        yield Problem(place, "nothing has been reported yet", hint)
    if event == "reported":
        early = min((day for name, day in case.events if name != "reported"), default=on)
        if on > early:
            yield Problem(place, f"a later step is already dated {early}")
    elif reported is not None and on < reported:
        yield Problem(place, f"{on} is before the report itself, on {reported}")


def dues(memory: Memory, today: date) -> tuple[Due, ...]:
    """What each disclosure requires on this day, the most urgent first."""
    made = [due(memory, case, today) for case in memory.disclosures]
    order = ("over", "due", "soon", "running", "done")
    return tuple(sorted(made, key=lambda d: (order.index(d.level), d.left, d.case.findings)))


def due(memory: Memory, case: Disclosure, today: date) -> Due:
    """What one case requires on this day: its publication date, and whether somebody has to act."""
    reported, published = case.on("reported"), case.on("published")
    if reported is None:
        return Due(case, None, 0, "due", "not reported to anybody yet")
    day = reported + timedelta(days=case.days)
    left = (day - today).days
    doubt = tuple(_doubts(memory, case))
    if published is not None:
        early = (day - published).days
        words = f"published on {published}"
        words += f", {_days(early)} before the day" if early > 0 else ""
        return Due(case, day, left, "done", words, doubt)
    if left < 0:
        return Due(case, day, left, "over", f"the publication date was {_days(-left)} ago", doubt)
    if left == 0:
        return Due(case, day, left, "due", "today is the publication date", doubt)
    silent = (today - reported).days
    if case.on("acknowledged") is None and silent >= SILENCE:
        words = (
            f"nobody has acknowledged it for {_days(silent)}: ask again, or contact somebody else"
        )
        return Due(case, day, left, "due", words, doubt)
    level: Literal["soon", "running"] = "soon" if left <= _SOON else "running"
    return Due(case, day, left, level, f"{_days(left)} until {day}", doubt)


def _days(number: int) -> str:
    return count_of(number, "day")


def _doubts(memory: Memory, case: Disclosure) -> Iterator[str]:
    """Differences between the vendor's claim and the latest reports; a partial fix changes no
    deadline."""
    found = [one for one in memory.findings if {one.fingerprint, *one.also} & set(case.findings)]
    standings = [memory.standing_of(each) for each in found]
    still = sum(not each.over for each in standings)
    fixed = case.on("fixed")
    if fixed is not None and still:
        partly = standings.count(FindingStanding.PARTLY_FIXED)
        words = f"it was reported fixed on {fixed}, but {still} of {len(found)} findings are not"
        yield words + (f" ({partly} partly)" if partly else "")
    if fixed is None and found and not still:
        yield "the latest reports show it closed: agree on a publication date"
    lost = len(case.findings) - len(found)
    if lost:
        yield f"{lost} of its findings are no longer in the memory"
