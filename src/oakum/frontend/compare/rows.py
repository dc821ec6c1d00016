"""Builds the rows of a comparison from traffic and usage. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from oakum.errors import Location
from oakum.frontend.compare.contract_change import NO_CHANGE, ContractChange, change
from oakum.frontend.compare.contract_grants import MORE, ContractGrants
from oakum.frontend.compare.verdict import (
    VERDICTS,
    Came,
    FieldEvidence,
    FieldUse,
    ReceivedObjects,
    State,
    Verdict,
    judge,
    strongest,
)
from oakum.openapi.model import Json


@dataclass(frozen=True)
class ComparedField:
    """One row: a field of a resource for one kind of viewer."""

    resource: str
    field: str
    viewer: str
    verdict: Verdict
    why: str
    says: str
    """What the contract grants of the field, in the contract's words."""
    present: int
    of: int
    """`present` of `of` objects had the field, counted at endpoints that ever send it to
    anybody."""
    endpoints: tuple[str, ...]
    """Endpoints that sent the field to these viewers."""
    use: Came | None
    """What the driven pages did with the field; None if none of them received such an object."""
    line: Location
    change: ContractChange = NO_CHANGE
    """The change to the contract that would resolve the row, if there is one."""


@dataclass(frozen=True)
class FieldComparison:
    """The result of a comparison, from which all outputs are made."""

    contract: str
    traffic: str
    uses: tuple[str, ...]
    rows: tuple[ComparedField, ...]
    distrust: tuple[str, ...] = ()

    def count(self, verdict: Verdict) -> int:
        """Number of rows with this verdict."""
        return sum(each.verdict == verdict for each in self.rows)

    @property
    def leaks(self) -> int:
        """Number of rows that report a leak, whether or not a page uses the field."""
        return self.count("leak") + self.count("narrow")


@dataclass(frozen=True)
class _Resource:
    """What traffic and pages showed of one resource."""

    objects: dict[tuple[str, str, State], int]
    """(endpoint, viewer, state) → number of objects received."""
    present: dict[str, dict[tuple[str, str, State], int]]
    """Field → (endpoint, viewer, state) → number of these objects that had the field."""
    leaks: dict[str, list[tuple[str, str, State, int]]]
    """Field → (endpoint, viewer, state, number) of the leaks that the evaluation of traffic
    reported."""
    used: dict[tuple[str, str], list[Json]]
    """(field, viewer) → its rows in the `oakum.use/2` documents."""


def compare(
    contract: ContractGrants, observation: Json, uses: Sequence[Json]
) -> tuple[ComparedField, ...]:
    """A row for each field and each kind of viewer: whether the field is granted, sent and used.

    `observation`: a document of `oakum.observation/2`; `uses`: of `oakum.use/2`. Viewers of the
    contract that no document mentions have rows, too, as not known.
    """
    told = _collect_resources(contract, observation, uses)
    rows = [row for name in sorted(told) for row in _rows(contract, name, told[name])]
    order = [*VERDICTS]
    return tuple(
        sorted(rows, key=lambda r: (order.index(r.verdict), r.resource, r.line, r.field, r.viewer))
    )


def _collect_resources(
    contract: ContractGrants, observation: Json, uses: Iterable[Json]
) -> Mapping[str, _Resource]:
    found: dict[str, _Resource] = {
        name: _Resource({}, defaultdict(dict), defaultdict(list), defaultdict(list))
        for name in contract.resources()
    }
    for each in observation["sent"]:
        at = each["endpoint"], each["viewer"], tuple(sorted(each["state"].items()))
        if each["resource"] in found:
            held = found[each["resource"]]
            held.objects[at] = max(each["of"], held.objects.get(at, 0))
            field = held.present[contract.leaf(each["resource"], each["field"])]
            field[at] = max(each["present"], field.get(at, 0))
    for each in observation["drift"]:
        if each["field"] and each["resource"] in found:
            held = found[each["resource"]]
            viewer = _met_as(each["endpoint"], each["viewer"], held)
            state = tuple(sorted(each["state"].items()))
            name = contract.leaf(each["resource"], each["field"])
            held.leaks[name].append((each["endpoint"], viewer, state, each["seen"]))
    for use in uses:
        for each in use["difference"]:
            if each["resource"] in found:
                name = contract.leaf(each["resource"], each["field"])
                viewer = contract.viewer_name(each["viewer"])
                found[each["resource"]].used[name, viewer].append(each)
    return found


def _met_as(endpoint: str, viewer: str, held: _Resource) -> str:
    """The label under which the receiver of a leak is counted: drift reports only its lower
    bound."""
    met = {(each, who) for each, who, _ in held.objects}
    return (
        f"{viewer}{MORE}"
        if (endpoint, viewer) not in met and (endpoint, viewer + MORE) in met
        else viewer
    )


def _rows(contract: ContractGrants, resource: str, told: _Resource) -> Iterator[ComparedField]:
    seen = {viewer for _, viewer, _ in told.objects} | {viewer for _, viewer in told.used}
    seen |= {viewer for held in told.leaks.values() for _, viewer, _, _ in held}
    viewers = sorted(seen | {*contract.viewers(resource)})
    fields = {*contract.leaves(resource), *told.present, *told.leaks, *(n for n, _ in told.used)}
    for name in sorted(fields):
        made = [_row(contract, resource, name, viewer, told) for viewer in viewers]
        changes = change(contract, resource, name, {row.viewer: row.verdict for row in made})
        yield from (replace(row, change=changes[row.viewer]) for row in made)


def _row(
    contract: ContractGrants, resource: str, name: str, viewer: str, told: _Resource
) -> ComparedField:
    met = [*_received_objects(contract, resource, name, viewer, told)]
    used = told.used.get((name, viewer), [])
    grants, denied = contract.grant_of(resource, name, viewer)
    evidence = FieldEvidence(
        tuple(each for _, each in met),
        tuple(_page_use(contract, resource, name, viewer, each) for each in used),
        grants,
        denied,
    )
    verdict, why = judge(evidence)
    through = [each for each in met if each[1].carries]
    endpoints = {endpoint for endpoint, each in met if each.present}
    endpoints |= {endpoint for each in used for endpoint in each["operations"]}
    return ComparedField(
        resource,
        name,
        viewer,
        verdict,
        why,
        contract.says(resource, name),
        sum(each.present for _, each in through),
        sum(each.of for _, each in through),
        tuple(sorted(endpoints)),
        strongest(each["use"] for each in used),
        contract.line(resource, name),
    )


def _received_objects(
    contract: ContractGrants, resource: str, name: str, viewer: str, told: _Resource
) -> Iterator[tuple[str, ReceivedObjects]]:
    """(endpoint, objects) that this kind of viewer received, and those that judged responses report
    as leaks."""
    present = told.present.get(name, {})
    carrying = {endpoint for (endpoint, _, _), many in present.items() if many}
    deciding = contract.deciding_settings(resource, name)

    def decide(state: State) -> State:
        return tuple((key, value) for key, value in state if key in deciding and value != "unknown")

    above = [name[:at] for at, char in enumerate(name) if char == "."]
    # the field belongs to an object that is a resource of its own
    silent = any(told.present.get(each) for each in above)
    for at, of in told.objects.items():
        endpoint, who, state = at
        if who != viewer or ((silent or contract.selects_fields(endpoint)) and not present.get(at)):
            continue
        grant = contract.grant(resource, name, viewer, dict(state))
        yield (
            endpoint,
            ReceivedObjects(decide(state), present.get(at, 0), of, grant, endpoint in carrying),
        )
    for endpoint, who, state, seen in told.leaks.get(name, ()):
        if who == viewer and contract.grant(resource, name, viewer, dict(state)) == "unclear":
            # Traffic was judged with more facts about the caller than the label: here it is a leak.
            yield endpoint, ReceivedObjects(decide(state), seen, seen, "denied")


def _page_use(
    contract: ContractGrants, resource: str, name: str, viewer: str, row: Json
) -> FieldUse:
    """How a page used the field. The page was judged with the full responses, so its verdict
    decides where the viewer's label alone leaves the grant open."""
    grant = contract.grant(resource, name, viewer, {})
    if grant == "unclear" and "leak" in row["verdicts"]:
        grant = "denied"
    elif grant == "unclear" and (row["use"] == "unsent" or "excess" in row["verdicts"]):
        grant = "granted"
    return FieldUse(row["use"], grant)
