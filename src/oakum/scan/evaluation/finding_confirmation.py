"""Repeats the request behind a finding, because a single response may be chance."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from oakum.exposure.cells.matrix import Matrix, Outcome
from oakum.finding import Result, State
from oakum.scan.engine import Engine

_Name = tuple[Result, tuple[str, str, str, State]]


def confirm(engine: Engine) -> None:
    """Repeats requests for findings that are not confirmed yet."""
    engine.evaluator.take_back()
    repeat(engine)
    engine.evaluator.take_back()


def repeat(engine: Engine) -> None:
    """Repeats the fewest requests that cover all findings, owners first."""
    open_findings, owners = dict[_Name, set[str]](), dict[str, str]()
    matrix = engine.matrix
    for key, entry in matrix.leaks():
        if not is_sure(matrix, (entry.result, key.finding)):
            here = {
                p
                for p in entry.request_keys
                if p in engine.requests.keys and f"|{engine.state.world}|" in p
            }
            open_findings.setdefault((entry.result, key.finding), set()).update(here)
            owners |= dict.fromkeys(here, entry.owner)
    open_findings = {
        name: request_keys for name, request_keys in open_findings.items() if request_keys
    }
    if open_findings:
        engine.say(f"confirming {len(open_findings)} findings")
    while any(open_findings.values()):
        weight = Counter(
            request_key for request_keys in open_findings.values() for request_key in request_keys
        )
        best = max(sorted(weight), key=lambda request_key: weight[request_key])
        probe, viewer, who, turn = engine.requests.keys[best]
        if first := who or ("" if probe.sources else owners[best]):
            engine.put(probe, first, who, "again" if who else f"before {best}", turn)
        matrix.repeats = best
        engine.put(probe, viewer, who, "again", turn)
        refused = [
            finding
            for (result, finding), request_keys in open_findings.items()
            if result is Result.OVER_BLOCK
            and best in request_keys
            and is_sure(matrix, (result, finding))
        ]
        if refused:
            outcome = engine.put(probe, viewer, who, "once more", turn)
            _doubt_chance(matrix, refused, outcome)
        matrix.repeats = ""
        open_findings = {
            name: request_keys - {best}
            for name, request_keys in open_findings.items()
            if not is_sure(matrix, name)
        }


def _doubt_chance(
    matrix: Matrix, refused: Iterable[tuple[str, str, str, State]], outcome: Outcome | None
) -> None:
    """Drops an over-block that a third request did not show: it is reported only if the API refuses
    each time."""
    still = {
        each.key.finding
        for each in (outcome.observations if outcome is not None else ())
        if each.result is Result.OVER_BLOCK
    }
    for finding in refused:
        if finding not in still:
            matrix.refused[finding] = (matrix.refused[finding][0], False)


def still_served(engine: Engine) -> None:
    """Repeats an owner's earlier successful request, since a target that blocks the run would make
    everything look closed."""
    for who in engine.identities.subjects()[:2]:
        good = engine.responses.good.get(who)
        if good is None:
            continue
        probe, target, turn = good
        outcome = engine.put(probe, who, target, "last", turn)
        if outcome is not None and not any(owner == who for owner, _ in outcome.sighted):
            engine.results.doubt(
                f"{probe.endpoint.method} {probe.endpoint.path} no longer shows {who} what it"
                f" showed before: the target has started to refuse requests, so cells that look"
                f" closed may not be"
            )


def drop_unconfirmed(matrix: Matrix) -> None:
    """Drops over-blocks that were seen once and not again, or whose viewer was removed from a list
    meanwhile: they prove nothing about the API."""
    lost = matrix.identities.lost
    for key, entry in matrix.entries.items():
        if entry.result is not Result.OVER_BLOCK:
            continue
        bonds = ((entry.viewer or "", each, entry.owner) for each in key.viewer.split("+"))
        if not is_sure(matrix, (entry.result, key.finding)) or any(e in lost for e in bonds):
            matrix.take_back(entry, Result.OPEN if entry.open else Result.UNTESTED)


def is_sure(matrix: Matrix, name: _Name) -> bool:
    """Whether a finding was seen in a second response."""
    result, finding = name
    if result is Result.OVER_BLOCK:
        return matrix.refused.get(finding, (None, False))[1]
    return finding in matrix.confirmed
