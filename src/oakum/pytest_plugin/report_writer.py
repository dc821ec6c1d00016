"""Writes a test run's results as a report for `oakum gate` and `oakum report`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

import oakum
from oakum.exposure.cells.matrix import NOBODY, Key, Matrix, Observation, Outcome
from oakum.exposure.cells.report_cells import report_cells
from oakum.exposure.cells.untested_reasons import NO_REQUEST
from oakum.exposure.findings import conclude
from oakum.exposure.known_identities import KnownIdentities
from oakum.finding import Cell, Report, Result
from oakum.policy.model import Policy
from oakum.pytest_plugin.suite_counts import SuiteCounts, without_endpoint
from oakum.pytest_plugin.suite_observer import SuiteObserver

NO_ENDPOINT = "no test reached an operation of the contract: nothing was tested"
NOBODY_KNOWN = (
    "the caller of every request is unknown: nothing was judged; name it in"
    " `pytest_oakum_caller` or with the fixture `oakum_caller`"
)
_MOST_NAMED = 5
"""Most operations named beside a reason."""
NOTHING_SHOWN = "no test received a field that the contract grants: closed cells prove nothing"


@dataclass
class _Viewers(KnownIdentities):
    """Viewers without identities: each is labelled by its relation to the owner."""

    stood: Mapping[str, frozenset[str]] = field(default_factory=dict)

    def relations(self, viewer: str | None, owner: str) -> frozenset[str]:
        """Relations in which such a viewer was seen to stand."""
        return self.stood.get(viewer, frozenset()) if viewer else super().relations(None, owner)


@dataclass(frozen=True)
class SuiteRun:
    """Facts about a run besides its cells."""

    suite: str
    contract: str
    digest: str
    id: str
    started: str
    """RFC 3339."""
    seconds: float
    tests: int
    left_out: int = 0
    """Tests that were collected and not run."""
    silent: tuple[str, ...] = ()
    """Web frameworks whose applications were imported but from which no response was captured."""


def report(watch: SuiteObserver, tally: SuiteCounts, run: SuiteRun) -> Report:
    """The report of a test run; `tally` must be settled."""
    policy = watch.policy
    identities = _Viewers(policy, {}, {}, {}, stood=tally.stood)
    matrix = Matrix(watch.model, watch.probes, identities, _strangers(policy, identities))
    _fill(matrix, tally, policy)
    cells = tuple(_cells(watch, matrix, tally))
    captured = tally.answers.total()
    return Report(
        target=f"the tests of {run.suite}",
        contract=run.contract,
        stated=policy.stated,
        run=run.id,
        started=run.started,
        seconds=round(run.seconds, 2),
        requests=captured,
        budget=captured,
        findings=tuple(conclude(watch.model, identities, matrix)),
        cells=cells,
        skipped=tuple(each for each in watch.skipped if not tally.answers[each.endpoint.operation]),
        identities=(),
        distrust=tuple(_distrust(tally, cells)),
        notes=tuple(_notes(tally, run)),
        version=oakum.__version__,
        field_lines=dict(watch.model.field_locations()),
        contract_digest=run.digest,
    )


def _strangers(
    policy: Policy, identities: KnownIdentities
) -> dict[str, tuple[frozenset[str], bool]]:
    """The anonymous caller and a logged-in stranger, for whom cells exist even if no test makes
    requests as them."""
    found = {}
    for logged_in, kinds in ((False, ("anyone",)), (True, ("anyone", "authenticated"))):
        held = policy.only(*kinds)
        found[identities.label(held, None, "")] = (held, logged_in)
    return found


def _fill(matrix: Matrix, tally: SuiteCounts, policy: Policy) -> None:
    for (key, result), request_keys in sorted(tally.shown.items()):
        held = tally.stood.get(key.viewer, frozenset())
        basic = all(policy.relations[name].kind == "anyone" for name in held)
        anonymous = basic and (result is not Result.LEAK or key in tally.nobody)
        seen = Observation(
            key, result is Result.OPEN, result, None if anonymous else key.viewer, NOBODY,
            tally.evidence.get(without_endpoint(key)) if result is Result.LEAK else None,
        )  # fmt: skip
        for request_key in request_keys:
            matrix.apply(key.endpoint, Outcome(request_key, 200, (seen,)))
    for endpoint, resource, inside in sorted(tally.sighted):
        there = ((NOBODY, resource),)
        matrix.apply(endpoint, Outcome("", 200, (), there, embedded=((resource, inside),)))
    for endpoint, resource, path in sorted(tally.witnessed):
        matrix.apply(endpoint, Outcome("", 200, (), (), ((NOBODY, resource, path),)))


def _cells(watch: SuiteObserver, matrix: Matrix, tally: SuiteCounts) -> Iterator[Cell]:
    asked = {name for name, count in tally.answers.items() if count}
    why = {
        probe.id: "no test called this endpoint" for probe in watch.probes if probe.id not in asked
    }
    reach = {(key.resource, key.viewer): True for key in matrix.entries}
    for cell in report_cells(matrix, why, reach):
        if cell.result is Result.UNTESTED and cell.endpoint.operation in asked:
            yield replace(cell, reason=_reason(cell, tally, watch.policy))
        else:
            yield cell


def _how(cell: Cell, policy: Policy) -> str:
    """How a test asks as a kind of viewer."""
    relation = policy.relations.get(cell.viewer)
    kind = relation.kind if relation is not None else "anyone"
    whose = f"`{cell.resource}`"
    match kind:
        case "owner":
            return f"as its owner: log in, and request a {whose} of that user"
        case "anyone":
            return f"without logging in: request a {whose} that its owner received"
        case "authenticated":
            return f"as a stranger: log in as a second user, and request a {whose} of the first"
        case _:
            return f"as `{cell.viewer}`: log in as one, and request a {whose} of somebody else"


def _reason(cell: Cell, tally: SuiteCounts, policy: Policy) -> str:
    if (cell.endpoint.operation, cell.resource, cell.viewer) not in tally.viewers:
        return f"no test is known to call this {_how(cell, policy)}"
    key = Key(cell.endpoint.operation, cell.resource, cell.field, cell.viewer, cell.state)
    if key in tally.bare:
        return "it came without the field, and no test shows the field to its owner"
    shown = (cell.endpoint.operation, cell.resource, cell.field) in tally.witnessed
    if cell.reason == NO_REQUEST and not shown:
        return f"no test shows `{cell.field}` there to anybody who may see it"
    return cell.reason


def _distrust(tally: SuiteCounts, cells: tuple[Cell, ...]) -> Iterator[str]:
    if not tally.answers.total():
        yield NO_ENDPOINT
    elif not tally.known:
        yield NOBODY_KNOWN
    elif not any(cell.result in (Result.OPEN, Result.LEAK) for cell in cells):
        yield NOTHING_SHOWN
    for fault, count in sorted(tally.faults.items()):
        yield f"{count} responses were not judged because of a bug in Oakum: {fault}"


def _notes(tally: SuiteCounts, run: SuiteRun) -> Iterator[str]:
    yield (
        f"{run.tests} tests were run; {tally.answers.total()} answers of"
        f" {len(tally.answers)} operations were observed"
    )
    if run.left_out:
        yield (
            f"a part of the suite: {run.left_out} tests were not run, and their requests are"
            f" untested"
        )
    for name in run.silent:
        yield (
            f"`{name}` was imported, but no response of its application was observed: an"
            f" unobserved client would look the same"
        )
    for why, count in tally.unjudged.most_common():
        where = {
            endpoint: n for (reason, endpoint), n in tally.places.most_common() if reason == why
        }
        named = [f"{endpoint} {n}" for endpoint, n in [*where.items()][:_MOST_NAMED]]
        named += [f"{len(where) - _MOST_NAMED} more"] if len(where) > _MOST_NAMED else []
        listed = f" ({', '.join(named)})" if named else ""
        yield f"not judged, {count} times: {why}{listed}"
    for (endpoint, why), count in tally.unheard.most_common(20):
        yield f"not observed, {count} times at {endpoint}: {why}"
    for place, count in tally.elsewhere.most_common(20):
        yield f"not in the document, {count} times: {place}"
