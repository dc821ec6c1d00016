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
    """A field of a resource, as one kind of viewer stands to it."""

    resource: str
    field: str
    viewer: str
    verdict: Verdict
    why: str
    says: str
    """What the contract grants of it, in its own words."""
    present: int
    of: int
    """In how many of the objects that they were sent through endpoints that have it."""
    endpoints: tuple[str, ...]
    """Through which it was sent to them."""
    use: Came | None
    """On the pages driven; None: no page that was driven got such an object."""
    line: Location
    change: ContractChange = NO_CHANGE
    """What to write in the contract, where that closes the row."""


@dataclass(frozen=True)
class FieldComparison:
    """Everything that outputs read."""

    contract: str
    traffic: str
    uses: tuple[str, ...]
    rows: tuple[ComparedField, ...]
    distrust: tuple[str, ...] = ()

    def count(self, verdict: Verdict) -> int:
        """How many rows have a verdict."""
        return sum(each.verdict == verdict for each in self.rows)

    @property
    def leaks(self) -> int:
        """How many rows report a leak, whether or not a page uses the field."""
        return self.count("leak") + self.count("narrow")


@dataclass(frozen=True)
class _Resource:
    """Everything observed about one resource."""

    objects: dict[tuple[str, str, State], int]
    """(endpoint, viewer, state) → objects."""
    present: dict[str, dict[tuple[str, str, State], int]]
    """Field → the same → in how many of them it stood."""
    leaks: dict[str, list[tuple[str, str, State, int]]]
    """Field → (endpoint, viewer, state, how often) that judged answers say to leak."""
    used: dict[tuple[str, str], list[Json]]
    """(field, viewer) → rows of documents of use."""


def compare(
    contract: ContractGrants, observation: Json, uses: Sequence[Json]
) -> tuple[ComparedField, ...]:
    """Granted, sent and used: a row for each field and each kind of viewer.

    `observation`: a document of `oakum.observation/2`; `uses`: of `oakum.use/2`. Viewers of the
    contract whom nobody has met have rows as well: nothing is known of them.
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
    """The kind of viewer to whom a leak was sent: drift names the least that they are."""
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
    """(endpoint, objects) that this kind of viewer received; leaks that judged responses showed."""
    present = told.present.get(name, {})
    carrying = {endpoint for (endpoint, _, _), many in present.items() if many}
    deciding = contract.deciding_settings(resource, name)

    def decide(state: State) -> State:
        return tuple((key, value) for key, value in state if key in deciding and value != "unknown")

    above = [name[:at] for at, char in enumerate(name) if char == "."]
    silent = any(told.present.get(each) for each in above)  # an object that is judged on its own
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
            # The response itself was judged, with more facts than the viewer's name: it leaks.
            yield endpoint, ReceivedObjects(decide(state), seen, seen, "denied")


def _page_use(
    contract: ContractGrants, resource: str, name: str, viewer: str, row: Json
) -> FieldUse:
    """What a page did with it. The page was judged with its answers at hand: what it says of the
    grant holds where the name of the viewer alone leaves it open."""
    grant = contract.grant(resource, name, viewer, {})
    if grant == "unclear" and "leak" in row["verdicts"]:
        grant = "denied"
    elif grant == "unclear" and (row["use"] == "unsent" or "excess" in row["verdicts"]):
        grant = "granted"
    return FieldUse(row["use"], grant)
