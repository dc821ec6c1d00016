"""What a run tested of the OWASP API Security Top 10, rule by rule, and why not the rest.

*Tested* means that requests for a rule were sent, or that it was found, in any part of the API.
Untested cells are reported separately. An item for which Oakum has no rule is untested, too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace

from oakum.errors import count_of
from oakum.exposure.checks import rules_of_item
from oakum.finding import Cell, Finding, Result, TestedItem
from oakum.rules import OWASP
from oakum.scan.coverage.untested import Section
from oakum.scan.engine import Engine
from oakum.scan.limits import Permissions
from oakum.scan.technique import Prospect, Technique, is_silent
from oakum.scan.techniques import TECHNIQUES

_DENIED = (Result.CLOSED, Result.LEAK)
_EARLY = "the run ended before it"
_SENT = ("bola-write", "mass-assignment", "no-login-rate-limit")
"""Rules that are tested by certain writes alone, which are recorded as they are sent."""
_WRITE_TESTS = ("bola-write", "mass-assignment")
OF_WRITES = ("bola-write", "mass-assignment", "revocation-not-enforced")
"""Rules that only write requests can test."""
_UNWRITTEN = "no request that writes could be sent"
_UNSENT = "no request that tests it could be sent"
_NOTHING = "nothing in the document or the contract calls for it"


def tested_items(
    engine: Engine | None,
    cells: Sequence[Cell],
    findings: Iterable[Finding],
    prospect: Callable[[Permissions], Prospect],
    *,
    wrote: bool,
) -> tuple[TestedItem, ...]:
    """All items in the order of the list. `prospect`: options → what techniques would know before
    the run with them; `wrote`: whether the run sent a write."""
    shown = {each.rule for each in findings}

    def why_not(rule: str) -> str:
        if rule in shown:
            return ""
        return _why_untested(rule, engine, cells, prospect, wrote) if engine else _EARLY

    found = []
    for item in OWASP.values():
        why = {rule.id: why_not(rule.id) for rule in rules_of_item(item)}
        tested = tuple(rule for rule, reason in why.items() if not reason)
        untested = tuple((rule, reason) for rule, reason in why.items() if reason)
        found.append(TestedItem(item.id, tested, untested))
    return tuple(found)


def no_write_test(engine: Engine) -> Iterator[str]:
    """A sentence if writes were allowed, the contract has writes that others must not send, and
    none of them could be tested. What is not written to for the harm it may do is not counted, nor
    what the contract excludes with a reason."""
    left = dict.fromkeys(
        f"`{each.endpoint.method} {each.endpoint.path}`"
        for each in engine.results.gaps.writes
        if not engine.model.rule(each.endpoint.operation).untested
    )
    if engine.context.may.writes and left and engine.results.sent.isdisjoint(_WRITE_TESTS):
        others = count_of(len(left) - 1, "other operation")
        more = f" and {others}" if len(left) > 1 else ""
        yield (
            f"no write could be tested although writes were allowed: {next(iter(left))}{more};"
            " the report names what each of them lacks"
        )


def _why_untested(
    rule: str,
    engine: Engine,
    cells: Sequence[Cell],
    prospect: Callable[[Permissions], Prospect],
    wrote: bool,
) -> str:
    """Why a rule was not tested; empty if it was."""
    techniques = [each for each in TECHNIQUES if rule in each.RULES]
    if not techniques:
        return "" if any(_would_tell(rule, each) for each in cells) else "no such cell was decided"
    if why := engine.results.gaps.reasons(Section.RULES).get(rule):
        return why
    may = engine.context.may
    planned = [each for each in techniques if is_silent(each) or _sends(each, prospect(may), rule)]
    if any(each in engine.state.finished for each in planned):
        if rule in OF_WRITES and not wrote:
            return _UNWRITTEN
        return _UNSENT if rule in _SENT and rule not in engine.results.sent else ""
    if planned:
        return _EARLY
    needed = list(_needed_options(rule, techniques, may, engine.target, prospect))
    return f"needs {' or '.join(needed)}" if needed else _NOTHING


def _needed_options(
    rule: str,
    techniques: Iterable[Technique],
    may: Permissions,
    target: str,
    prospect: Callable[[Permissions], Prospect],
) -> Iterator[str]:
    """Options with which a technique would test the rule."""
    more = {
        "--allow-own-settings": replace(may, own_settings=True),
        "--allow-writes": replace(may, writes=True),
        "--twins": replace(may, twins=True),
        "--front-end": replace(may, front_end=(target,)),
    }
    techniques = [*techniques]
    for option, wider in more.items():
        if wider != may and any(_sends(each, prospect(wider), rule) for each in techniques):
            yield f"`{option}`"


def _sends(technique: Technique, prospect: Prospect, rule: str) -> bool:
    """Whether a technique would send requests that test one of its own rules."""
    lines = technique.foresee(prospect)
    return any(line["as"] != "nobody" and line.get("rule", rule) == rule for line in lines)


def _would_tell(rule: str, cell: Cell) -> bool:
    """Whether a denied cell was decided for the kind of callers that the rule is about."""
    if cell.granted or cell.result not in _DENIED:
        return False
    if rule == "privacy-setting-not-enforced":
        return bool(cell.state)
    return cell.identity.startswith("nobody logged in") is (rule == "missing-authentication")
