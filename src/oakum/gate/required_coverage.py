"""What the contract requires to be tested, and what reports show to be tested.

The required cells come from the contract, not from the report, so a cell that a report leaves out
counts as missing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import product

from oakum.authz import Model, Table
from oakum.authz.compiled_model import is_withheld
from oakum.errors import count_of
from oakum.exposure.known_identities import least_of, owns_too
from oakum.finding import Cell, Result
from oakum.gate.api_design_flaws import callers_said
from oakum.http.json_pointer import path_of
from oakum.http.media_type import is_feed
from oakum.openapi.model import Shape
from oakum.policy.model import OperationRule
from oakum.policy.node_reader import text
from oakum.policy.resource_schemas import View, at, success


@dataclass(frozen=True)
class Share:
    """How many cells of one field and kind of viewer are tested."""

    resource: str
    field: str
    """Field path; empty: reports have no cell of the whole resource for this viewer."""
    viewer: str
    shown: int
    cells: int
    reason: str = ""
    """The most common reason among the untested cells."""

    @property
    def percent(self) -> float:
        """Share of tested cells in percent; 0 if there are none."""
        return 100 * self.shown / self.cells if self.cells else 0.0

    @property
    def sentence(self) -> str:
        """A sentence: how many cells are tested, and why the others are not."""
        name = ".".join(filter(None, (self.resource, self.field)))
        name = f"`{name}` for `{self.viewer}`"
        if not self.cells:
            return f"{name}: no report has a cell for it"
        why = f": {self.reason}" if self.reason else ""
        return f"{name}: {self.shown} of {count_of(self.cells, 'cell')} shown{why}"


def shares(seen: View, model: Model, cells: Sequence[Cell]) -> list[Share]:
    """One share for each (field, viewer) in the reports or required by the contract, the least
    tested first."""
    groups: dict[tuple[str, str, str], list[Cell]] = {}
    for cell in cells:
        groups.setdefault((cell.resource, cell.field, cell.viewer), []).append(cell)
    known = {(resource, viewer) for resource, _, viewer in groups}
    for resource, viewer in expected_pairs(seen, model):
        if (resource, viewer) not in known:
            groups[resource, "", viewer] = []
    made = [
        Share(
            *key,
            sum(not why for why in reasons),
            len(reasons),
            _commonest(filter(None, reasons)),
        )
        for key, held in groups.items()
        for reasons in [[_why_untested(model, cell) for cell in held]]
    ]
    return sorted(made, key=lambda s: (s.percent, s.resource, s.field, s.viewer))


def _why_untested(model: Model, cell: Cell) -> str:
    """Why a cell is untested; empty if it is tested and its line is confirmed."""
    if cell.result is Result.UNTESTED:
        return cell.reason or "no reason was given"
    line = model.draft_line(cell.resource, cell.field) if cell.resource in model.tables else None
    return f"its line is drafted and not confirmed ({line})" if line else ""


def _commonest(reasons: Iterable[str]) -> str:
    found = Counter(reasons).most_common(1)
    return found[0][0] if found else ""


def expected_pairs(seen: View, model: Model) -> Iterator[tuple[str, str]]:
    """(resource, viewer) pairs that need at least one cell: each resource that an endpoint returns,
    with the relations in its grants and those that always hold with them. Only a scan knows which
    fields an endpoint can show."""
    for name in model.tables:
        hidden = frozenset(_hidden_viewers(seen, model, name))
        viewers = (viewer for viewer, _ in _viewers(model, name) if viewer not in hidden)
        if _leaves(seen, name):
            yield from ((name, viewer) for viewer in dict.fromkeys(viewers))


def unreachable(seen: View, model: Model) -> Iterator[str]:
    """Describes viewers named in a grant who can be shown nothing."""
    for name in model.tables:
        around = ", ".join(f"`{each}`" for each in sorted(_around(seen, name)))
        for viewer in (
            dict.fromkeys(_hidden_viewers(seen, model, name)) if _leaves(seen, name) else ()
        ):
            yield f"`{name}` for `{viewer}`: only inside {around}, which shows them nothing"


def _viewers(model: Model, resource: str) -> Iterator[tuple[str, frozenset[str]]]:
    """Those whom grants of a resource name: label, and what each is at least."""
    known = model.policy.resources[resource]
    for each in model.tables[resource].relations:
        if not owns_too(model.policy, known, each):
            yield least_of(model.policy, each)


def _hidden_viewers(seen: View, model: Model, resource: str) -> Iterator[str]:
    """Viewers of a resource that stands only inside others of which they may see nothing: where
    they are shown one, they are more to the object around it, and are called by that."""
    around = _around(seen, resource)
    if around and "" not in around:
        tables = [model.tables[each] for each in around]
        for viewer, held in _viewers(model, resource):
            if not any(_shows(table, held) for table in tables):
                yield viewer


def _shows(table: Table, held: frozenset[str]) -> bool:
    """Whether holders of these relations may see a field in any state."""
    names = [state.name for state in table.states]
    states = product(*(state.values for state in table.states))
    return any(table.see(held, dict(zip(names, values, strict=True))) for values in states)


def _around(seen: View, resource: str) -> frozenset[str]:
    """The resources around one in responses; empty text: it stands by itself."""
    found: set[str] = set()
    for name in seen.endpoints[resource]:
        operation = seen.document.operation(name)
        if operation is None or not _is_asked_by_scans(seen, name):
            continue
        shown = {
            one: each
            for shape in success(operation)
            for each, pointer in seen.policy.operations.get(name, OperationRule(name)).shows
            if (one := at(shape, path_of(pointer))) is not None
        }
        waiting, done = [(shape, "") for shape in success(operation)], set[tuple[Shape, str]]()
        while waiting:
            shape, outer = waiting.pop()
            if (shape, outer) in done:
                continue
            done.add((shape, outer))
            own = shown.get(shape) or seen.resource_of(shape)
            if own == resource:
                found.add(outer)
            below = [*shape.properties.values(), *shape.branches, shape.items, shape.extra]
            waiting += [(thunk(), own or outer) for thunk in below if thunk is not None]
    return frozenset(found)


def _leaves(seen: View, resource: str) -> bool:
    """Whether an endpoint sends it that a scan asks cell by cell for every viewer."""
    return any(_is_asked_by_scans(seen, endpoint) for endpoint in seen.endpoints[resource])


def _is_asked_by_scans(seen: View, endpoint: str) -> bool:
    """Whether it only reads, is no GraphQL and no feed, and does not speak of the caller alone."""
    rules = callers_said(seen.policy, seen.document)
    operation = seen.document.operation(endpoint)
    rule = rules.get(endpoint, OperationRule(endpoint))
    if operation is None or operation is seen.document.operation(seen.policy.caller.operation):
        return False
    if rule.graphql or rule.reads is False:
        return False
    media = operation.success()
    if media is not None and is_feed(media.type):
        return False
    return bool(rule.reads) or operation.method == "GET"


def never_asked(seen: View, model: Model, cells: Iterable[Cell]) -> tuple[list[str], int]:
    """(descriptions of operations without a tested cell, number of operations that need one). They
    return data that is not for everybody; those marked `untested` in the contract are left out."""
    asked = {cell.endpoint.operation for cell in cells if cell.result is not Result.UNTESTED}
    rules = callers_said(seen.policy, seen.document)
    wanted = {
        endpoint: None
        for name in seen.policy.resources if is_withheld(model, name)
        for endpoint in seen.endpoints[name]
        if _is_asked_by_scans(seen, endpoint)
        and not rules.get(endpoint, OperationRule(endpoint)).untested
    }  # fmt: skip
    missed = []
    for endpoint in wanted:
        operation = seen.document.operation(endpoint)
        if operation is not None and endpoint not in asked:
            missed.append(f"{operation.method} {operation.path}: no report says what it showed")
    return missed, len(wanted)


def unmet_states(seen: View, model: Model, cells: Iterable[Cell]) -> tuple[list[str], int]:
    """(descriptions of setting values that no owner in the reports had, number of values in
    all)."""
    met = {
        (cell.resource, *pair)
        for cell in cells
        if cell.result is not Result.UNTESTED
        for pair in cell.state
    }
    wanted = [
        (name, state.name, text(value))
        for name, table in model.tables.items()
        if _leaves(seen, name)
        for state in table.states
        for value in state.values
    ]
    missed = [
        f"no owner of `{name}` had `{state}` {value}"
        for name, state, value in wanted
        if (name, state, value) not in met
    ]
    return missed, len(wanted)
