"""The exposure matrix: every cell of the contract with its result.

No cell is green without evidence. A denied cell is *closed* only if its owner, or another viewer
who may see the field, received the value, and the denied viewer's response does not contain it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import NamedTuple

from oakum.authz import Model, Principal, Subject, Table
from oakum.authz.decide import through
from oakum.authz.owner_states import digit, digits, state_of
from oakum.authz.table import (
    allows,
    closed_by_absence,
    combinations,
    deciding_state_records,
    deciding_states,
)
from oakum.exposure.cells.missing_list_objects import ListEnds
from oakum.exposure.endpoints.probes import Probe
from oakum.exposure.known_identities import KnownIdentities, viewer_kinds
from oakum.exposure.values.knowledge import canonical
from oakum.finding import Endpoint, Evidence, Result, State
from oakum.openapi.model import Json
from oakum.policy.model import Resource

NOBODY = ""
"""Owner of ownerless objects, such as a catalogue's."""
ANOTHER = "another value"
ECHO = "an echo"
ALIKE = "alike"
TOO_COMMON = "too common a value"
AROUND = "named around it"
UNTOLD = "named or not"
HIDDEN = "hidden from whom it may name"
LOOSE = "outside every object"
UNREAD = "unknown"
"""The value of a setting in a cell if the object holds none that the contract names."""
_COMMON = (
    "the value is too common to attribute to an owner, and leaks in another state of the owner"
)


class Key(NamedTuple):
    """Identifies a cell; `endpoint` is an operation id."""

    endpoint: str
    resource: str
    field: str
    viewer: str
    state: State

    @property
    def finding(self) -> tuple[str, str, str, State]:
        """Key without the endpoint: cells with the same defect share it."""
        return self[1:]


@dataclass(frozen=True)
class Observation:
    """What one response says about one cell."""

    key: Key
    granted: bool
    result: Result
    viewer: str | None
    owner: str
    evidence: Evidence | None = None
    weak: str = ""
    """Why the observation is no proof; empty when it is."""

    def yields_to(self, result: Result, weak: str) -> bool:
        """Whether another result from the same response is stronger evidence."""
        if result is self.result:
            return bool(self.weak) and not weak
        order = (Result.CLOSED, Result.OVER_BLOCK, Result.OPEN, Result.LEAK)
        return order.index(result) > order.index(self.result)


@dataclass(frozen=True)
class Doubt:
    """A value in a denied field that may or may not be the owner's.

    `another value`: differs from the owner's, so it is a placeholder unless the field varies by
    reader. `too common a value`: `false` or `0`, unless the endpoint leaked another value of the
    field to the same viewer. `ECHO`: repeats the request and proves nothing. `AROUND`: the
    enclosing object may name the viewer in a relation that may see the field. `UNTOLD`: the object
    itself may, and neither the response nor its owner's tells; `HIDDEN`: so too, but no value came.
    `LOOSE`: stands in no object of the owner's, and others have it too, or are shown it elsewhere.
    """

    why: str
    leak: Observation


@dataclass(frozen=True)
class Outcome:
    """The observations of one response, without personal data."""

    request_key: str
    status: int
    observations: tuple[Observation, ...] = ()
    sighted: tuple[tuple[str, str], ...] = ()
    """(owner, resource) pairs in the response."""
    witnessed: tuple[tuple[str, str, str], ...] = ()
    """(owner, resource, field) shown to an entitled viewer."""
    embedded: tuple[tuple[str, bool], ...] = ()
    """(resource, whether it was embedded in another object)."""
    doubts: tuple[Doubt, ...] = ()
    relative: tuple[tuple[str, str], ...] = ()
    """(resource, field) shown to an entitled viewer with another value than the owner's."""
    whole: bool = True
    """Whether a missing value is really missing; False for an unreadable body."""
    unclear: tuple[tuple[str, str, str], ...] = ()
    """(viewer, owner, resource) of objects whose owner is unclear, so that they close no cell of
    this owner. Owner: empty for anybody's."""
    blank: tuple[tuple[str, str, str, str], ...] = ()
    """(viewer, owner, resource, field) of fields that came empty: they may have no value at all."""
    tentative: bool = False
    """Whether later responses may retract it. That needs values, which no journal holds."""


@dataclass
class Entry:
    """A cell and its result so far."""

    granted: bool
    result: Result = Result.UNTESTED
    viewer: str | None = None
    owner: str = ""
    request_keys: list[str] = field(default_factory=list)
    """Keys of the requests that showed the result, the first one first."""
    open: bool = False
    """Whether some request received what the contract grants."""


_RANK = {
    Result.UNTESTED: 0,
    Result.CLOSED: 1,
    Result.OPEN: 2,
    Result.OVER_BLOCK: 3,
    Result.LEAK: 4,
}


_Place = tuple[str, str, str, tuple[int, ...]]


@dataclass
class _Memo:
    """Caches for values that every request needs."""

    cells: dict[_Place, list[tuple[Key, Entry]]] = field(default_factory=dict)
    """(endpoint, resource, kind of viewers, index of each state's value) → cells; valid while the
    matrix has `counted` cells."""
    open: dict[_Place, list[tuple[Key, Entry]]] = field(default_factory=dict)
    """The part of `cells` that a response may still change. A cell that is final is removed until
    its result is taken back."""
    counted: int = 0
    states: dict[
        tuple[str, str], tuple[Principal, tuple[str, ...], dict[str, Json], tuple[int, ...]]
    ] = field(default_factory=dict)
    """(resource, owner) → the inputs of a computed state, the state, and indices of its values."""


class Matrix:
    """Cells by key. Stronger results replace weaker ones: a leak through one object is a leak."""

    suspect: Mapping[tuple[str, str, str, State], str] = MappingProxyType({})
    """Finding → why it stays suspected however often it is seen."""
    beyond: Mapping[Key, str] = MappingProxyType({})
    """Cell → why nothing closes it: a value has no masked form of the contract."""
    adding_only = False
    """Whether new responses may only add leaks: a viewer who was shown a field is not blocked if
    another object is withheld."""

    keyless = ""
    """Why a refusal of an anonymous caller may be due to a missing application key; empty if the
    key is sent or none is needed."""

    def __init__(
        self, model: Model, probes: Iterable[Probe], identities: KnownIdentities,
        expected: Mapping[str, tuple[frozenset[str], bool]] = {},
    ) -> None:  # fmt: skip
        """`expected`: further kinds of viewers to test for every owned resource: name → relations,
        and whether logged in."""
        self._expected = expected
        self.model = model
        self.identities = identities
        self.probes = {probe.id: probe for probe in probes}
        self.entries: dict[Key, Entry] = {}
        self.wanted: Callable[[Key], bool] | None = None
        """Filter on the cells of this run; None: all."""
        self.insists: Callable[[Key, str | None], bool] | None = None
        """Cells for which this viewer is tested against all owners even if closed between two;
        None: none."""
        self.witnessed: set[tuple[str, str, str, str]] = set()
        """(endpoint, owner, resource, field) shown to an entitled viewer."""
        self.carried: set[tuple[str, str]] = set()
        """(endpoint, resource) shown to anybody."""
        self.evidence: dict[tuple[str, str, str, State], Evidence] = {}
        self.causes: dict[Key, str] = {}
        """Leaking cell → technique that explains it, such as `cache`."""
        self.confirmed: set[tuple[str, str, str, State]] = set()
        """Leaks seen in a second response."""
        self.refused: dict[tuple[str, str, str, State], tuple[Evidence | None, bool]] = {}
        """Over-blocks → first evidence, and whether the same request was refused once more."""
        self.repeats = ""  # key of the request that is being repeated
        self.weak: dict[tuple[str, str, str, State], str] = {}
        """Finding → why it is not proven yet."""
        self.unclear: set[tuple[str, str, str, str]] = set()
        """(endpoint, viewer, owner, resource) of `Outcome.unclear`."""
        self.unread: dict[tuple[str, str], str] = {}
        """(endpoint, viewer) → media type of a success that is no JSON, where that is declared."""
        self.outsiders: dict[tuple[str, str], dict[str | None, set[str]]] = {}
        """(endpoint, resource) → viewer → owner ids outside the test identities. In memory only."""
        self.conditions: Callable[[Probe, Resource, str], list[Mapping[str, Json]]] | None = None
        """States of the owner's objects that a request may be about; None if unknown."""
        self.embedded: set[tuple[str, str]] = set()
        """(endpoint, resource) that occurs only inside another object, with which it is judged."""
        self.ends = ListEnds()  # which lists were read to the end
        self.relative: set[tuple[str, str]] = set()
        """(resource, field) whose value differs by reader."""
        self._doubts: dict[Key, tuple[str, Doubt]] = {}
        self._outer: set[tuple[str, str]] = set()
        self.known: set[tuple[str, str, str]] = set()
        """(owner, resource, field) shown with a value to somebody who may see it."""
        self.own: dict[tuple[str, str, str], set[str]] = {}
        """(endpoint, owner, resource) → fields shown to the owner there."""
        self.closed_to: set[tuple[str, Key]] = set()
        """(viewer, cell) that was closed to a logged-in viewer."""
        self.hopeless: set[tuple[str, str, str]] = set()
        """(endpoint, owner, resource) that the endpoint never shows."""
        self.passed_over: set[tuple[str, str | None, str]] = set()
        """(endpoint, viewer, owner) that an endpoint which selects objects itself left out."""
        self.by_peer = set[str]()  # endpoints that show what the caller shares with that person
        self._memo = _Memo()
        relations = {name: table.relations for name, table in model.tables.items()}
        self._kinds = viewer_kinds(model.policy, identities, relations, expected)
        self._plan_all()

    def _plan_all(self) -> None:
        for probe in self.probes.values():
            for resource, fields in probe.shows.items():
                for path in fields:
                    self._plan(probe.id, resource, path)

    def _plan(self, endpoint: str, resource: str, path: str) -> None:
        table = self.model.tables[resource]
        own = endpoint == self.model.policy.caller.operation
        for (name, label), (held, logged_in) in self._kinds.items():
            if name != resource or (own and label in self._expected):
                continue  # an endpoint about the caller alone has no other owners
            for values in combinations(table, deciding_states(table, path)):
                key = Key(endpoint, resource, path, label, state_key(table, path, values))
                granted = self.is_granted(endpoint, resource, path, held, logged_in, values)
                self.entries.setdefault(key, Entry(granted))

    def is_granted(
        self,
        endpoint: str,
        resource: str,
        path: str,
        held: frozenset[str],
        logged_in: bool,
        values: Mapping[str, Json],
    ) -> bool:
        """Whether the contract shows a field to holders of these relations at this endpoint.

        An undocumented variant requires no login by itself.
        """
        operation = self.operation(endpoint)
        free = bool(self.how(endpoint)) and self.model.rule(operation).call is None
        passes = free or through(self.model, operation, held, logged_in)
        return passes and allows(self.model.tables[resource], path, held, values)

    def sees(self, resource: str, path: str, viewer: str | None, owner: str) -> bool:
        """Whether the contract shows an owner's field to the viewer at any endpoint; also True if
        it depends on an unknown state."""
        doubts = self.identities.in_doubt(owner, resource)
        if doubts.intersection(deciding_states(self.model.tables[resource], path)):
            return True
        held = self.identities.relations(viewer, owner)
        return allows(self.model.tables[resource], path, held, self.state(resource, owner))

    def hides_way(self, probe: Probe, resource: str, viewer: str | None, owner: str) -> bool:
        """Whether the path names an enclosing object that the contract hides from the viewer, as it
        hides the invitees of a hidden album. Also True if the path names the other side of a
        relationship."""
        if probe.id in self.by_peer:
            return True
        for parameter, source in probe.sources.items():
            above = source.partition(".")[0]
            if f"{{{parameter}}}" not in probe.operation.path or above == resource:
                continue
            table = self.model.tables[above]
            if table.resource.owner.kind != "none" and not any(
                self.sees(above, path, viewer, owner) for path in table.leaves
            ):
                return True
        return False

    # ------------------------------------------------------------ asking

    def _is_open(self, key: Key, entry: Entry, viewer: str | None) -> bool:
        """Whether another response to this viewer may change a cell."""
        result = entry.result
        if result is Result.UNTESTED:
            return True
        if result is Result.LEAK:
            return not entry.request_keys  # another response may resolve the doubt
        return result is Result.CLOSED and self.insists is not None and self.insists(key, viewer)

    def undecided_cells(
        self, endpoint: str, viewer: str | None, owner: str, only: str = ""
    ) -> Iterator[Key]:
        """Cells that this viewer's response about this owner could decide.

        `only`: the cells of this resource, which the endpoint is known to show; otherwise all that
        a response may still decide.
        """
        probe = self.probes[endpoint]
        for resource in probe.shows:
            kind = self.model.policy.resources[resource].owner.kind
            whose = NOBODY if kind == "none" else owner
            if (kind != "none" and whose == NOBODY) or (only and resource != only):
                continue
            if not only and (endpoint, whose, resource) in self.hopeless:
                continue
            held = self.identities.relations(viewer, whose)
            label = self.identities.label(held, viewer, whose)
            for key, entry in self._changeable(probe, resource, label, whose):
                if not self._is_open(key, entry, viewer):
                    continue
                left_out = entry.granted and (endpoint, viewer, whose) in self.passed_over
                if not left_out and self.is_decidable(key, entry, whose):
                    yield key

    def candidates(
        self, probe: Probe, resource: str, label: str, owner: str
    ) -> Iterator[tuple[Key, Entry]]:
        """Cells of one kind of viewer in the current states of the owner's objects; cached, since
        states do not change which cells exist."""
        for _, cells in self._candidates(probe, resource, label, owner):
            yield from cells

    def _changeable(
        self, probe: Probe, resource: str, label: str, owner: str
    ) -> Iterator[tuple[Key, Entry]]:
        """The part of `candidates` that a response may still change."""
        for place, cells in self._candidates(probe, resource, label, owner):
            found = self._memo.open.get(place, cells)
            kept = [each for each in found if not self._is_final(each[1])]
            self._memo.open[place] = kept
            yield from kept

    def _is_final(self, entry: Entry) -> bool:
        """Whether no further response to any viewer can change the cell."""
        if entry.result is Result.LEAK:
            return bool(entry.request_keys)
        closed = entry.result is Result.CLOSED and self.insists is None
        return closed or entry.result in (Result.OPEN, Result.OVER_BLOCK)

    def take_back(self, entry: Entry, result: Result = Result.UNTESTED) -> None:
        """Replaces a cell's result by a weaker one."""
        entry.result = result
        self._memo.open.clear()

    def _candidates(
        self, probe: Probe, resource: str, label: str, owner: str
    ) -> Iterator[tuple[_Place, list[tuple[Key, Entry]]]]:
        table, values = self.model.tables[resource], self.state(resource, owner)
        cells = self._memo.cells
        if self._memo.counted != len(self.entries):  # a new cell may belong to them
            cells.clear()
            self._memo.open.clear()
            self._memo.counted = len(self.entries)
        own = self.conditions(probe, table.resource, owner) if self.conditions else []
        for each in own or [{}]:
            known = {**values, **each} if each else values
            code = digits(table.resource, known) if each else self._memo.states[resource, owner][3]
            place = (probe.id, resource, label, code)
            if place not in cells:
                states = ((path, state_key(table, path, known)) for path in probe.shows[resource])
                keys = [Key(probe.id, resource, path, label, state) for path, state in states]
                cells[place] = [(k, self.entries[k]) for k in keys if k in self.entries]
            yield place, cells[place]

    def is_decidable(self, key: Key, entry: Entry, owner: str) -> bool:
        """Whether a response with this owner's object can still decide a cell."""
        place = (key.endpoint, owner, key.resource)
        if place in self.own:
            carried = key.field in self.own[place] or (*place, key.field) in self.witnessed
        elif (*place, "") in self.witnessed:
            carried = (*place, key.field) in self.witnessed
        else:
            return True
        if carried:
            return True
        if entry.granted:
            # A field that the endpoint does not return is neither open nor blocked. The owner's
            # response does not tell this of a field that the owner may not see.
            return bool(owner) and not self.sees(key.resource, key.field, owner, owner)
        table = self.model.tables[key.resource]
        return (owner, key.resource, key.field) in self.known or closed_by_absence(table, key.field)

    def shows(self, key: Key, owner: str) -> bool:
        """Whether this endpoint showed this owner's object to anybody."""
        place = (key.endpoint, owner, key.resource)
        return place in self.own or (*place, "") in self.witnessed

    def state(self, resource: str, owner: str) -> Mapping[str, Json]:
        """The known values of the settings that decide this resource of an owner."""
        who, ids = self.identities.principal(None), tuple(self.identities.ids.get(owner, ()))[:1]
        known = self._memo.states.get((resource, owner))
        if known is None or known[0] is not who or known[1] != ids:
            each, subject = self.model.policy.resources[resource], Subject(resource, ids)
            values = state_of(self.model.policy, each, who, subject)
            known = (who, ids, values, digits(each, values))
            self._memo.states[resource, owner] = known
        return known[2]

    # ------------------------------------------------------------ learning

    def apply(self, endpoint: str, outcome: Outcome) -> None:
        """Adds the observations of a response."""
        probe = self.probes.get(endpoint)
        free = probe is not None and bool(probe.how or probe.lacks)
        for seen in outcome.observations:
            if seen.result is Result.OVER_BLOCK and free:
                # a variant that is neither documented nor filled by the contract need not show
                # anything
                continue
            if self.wanted is None or self.wanted(seen.key):
                self._enter(seen, outcome.request_key)
            if seen.viewer and seen.result is Result.CLOSED:
                self.closed_to.add((seen.viewer, seen.key))
            own = seen.owner in (seen.viewer, NOBODY)
            if own and seen.result in (Result.OPEN, Result.LEAK):
                place = (endpoint, seen.owner, seen.key.resource)
                self.own.setdefault(place, set()).add(seen.key.field)
                self.known.add((seen.owner, seen.key.resource, seen.key.field))
        for owner, resource in outcome.sighted:
            self.carried.add((endpoint, resource))
            self.witnessed.add((endpoint, owner, resource, ""))
        self.relative.update(outcome.relative)
        self.unclear.update((endpoint, *each) for each in outcome.unclear)
        self.ends.blank.update((endpoint, *each) for each in outcome.blank)
        for doubt in outcome.doubts:
            if self.doubt(doubt.leak.key) in ("", ALIKE, HIDDEN, LOOSE):
                self._doubts[doubt.leak.key] = (outcome.request_key, doubt)
        for resource, inside in outcome.embedded:
            if inside and (endpoint, resource) not in self._outer:
                self.embedded.add((endpoint, resource))
            elif not inside:
                self._outer.add((endpoint, resource))
                self.embedded.discard((endpoint, resource))
        for owner, resource, path in outcome.witnessed:
            self.witnessed.add((endpoint, owner, resource, path))
            self.known.add((owner, resource, path))

    def _enter(self, seen: Observation, request_key: str) -> None:
        entry = self.entries.setdefault(seen.key, Entry(seen.granted))
        entry.open |= seen.result is Result.OPEN
        if self.adding_only and (seen.result, entry.result) == (Result.OVER_BLOCK, Result.OPEN):
            return
        if _RANK[seen.result] > _RANK[entry.result]:
            entry.result, entry.granted = seen.result, seen.granted
            entry.viewer, entry.owner = seen.viewer, seen.owner
        if seen.result in (Result.LEAK, Result.OVER_BLOCK):
            self._wrong(seen, entry, request_key)

    def _wrong(self, seen: Observation, entry: Entry, request_key: str) -> None:
        """Keeps a finding's first evidence; a second response confirms it. A refusal is confirmed
        by the same request alone: two may have failed by chance."""
        name = seen.key.finding
        before = entry.request_keys
        again = bool(before) and request_key not in before and seen.result is entry.result
        if seen.result is Result.OVER_BLOCK:
            first, sure = self.refused.get(name, (None, False))
            again &= self.repeats in before
            self.refused[name] = (first or seen.evidence, sure or again)
        elif seen.evidence is not None:
            known = self.evidence.get(name)
            if known is None or (known.owner is None and seen.evidence.owner is not None):
                self.evidence[name] = seen.evidence
        if seen.weak and seen.result is Result.LEAK:
            self.weak.setdefault(name, seen.weak)
            self._memo.open.clear()  # the cell may change again, although it leaks
            return
        if again and seen.result is Result.LEAK:
            self.confirmed.add(name)
        entry.request_keys.append(request_key)

    def is_unclear(self, endpoint: str, viewer: str | None, owner: str, resource: str) -> bool:
        """Whether an object came that may or may not be this owner's."""
        asked = (endpoint, viewer or "")
        return any((*asked, each, resource) in self.unclear for each in (owner, ""))

    def doubt(self, key: Key) -> str:
        """Why a value in a denied field proves nothing; empty if no such value was received."""
        return self._doubts[key][1].why if key in self._doubts else ""

    def is_doubtful(self, key: Key) -> bool:
        """Whether a denied field held a value that may or may not be the owner's."""
        return key in self._doubts

    def forget_untold(self, request_key: str) -> None:
        """Drops doubts of a response about whether its objects name the viewer."""
        self._doubts = {
            key: (by, doubt)
            for key, (by, doubt) in self._doubts.items()
            if by != request_key or doubt.why not in (UNTOLD, HIDDEN)
        }

    def doubts(self, endpoint: str, viewer: str | None) -> bool:
        """Whether this viewer's response left such a doubtful value."""
        return any(
            (key.endpoint, doubt.leak.viewer) == (endpoint, viewer) and doubt.why != ANOTHER
            for key, (_, doubt) in self._doubts.items()
        )

    def settle(self) -> None:
        """Resolves doubts by later responses.

        If the endpoint leaks the field in one state, a common value in another state is suspect
        too; a placeholder or another object's value is not.
        """
        leaking = {k for k, entry in self.entries.items() if entry.result is Result.LEAK}
        places = {each[:4] for each in leaking}
        for key, (request_key, doubt) in list(self._doubts.items()):
            if doubt.why in (ECHO, ALIKE, AROUND, UNTOLD, HIDDEN, LOOSE):
                continue
            relative = (key.resource, key.field) in self.relative
            common = doubt.why != ANOTHER
            if (common and key[:4] in places) or (relative and not common):
                here = not common or key in leaking
                leak = doubt.leak if here else replace(doubt.leak, weak=doubt.leak.weak or _COMMON)
                self.apply(key.endpoint, Outcome(request_key, 0, (leak,)))
            else:
                continue
            del self._doubts[key]

    def leaks(self) -> Iterator[tuple[Key, Entry]]:
        """(key, entry) of each cell that leaks or is over-blocked."""
        for key, entry in self.entries.items():
            if entry.result in (Result.LEAK, Result.OVER_BLOCK):
                yield key, entry

    def open(self, probe: Probe) -> None:
        """Adds a variant of an endpoint. It adds no cells that count as untested: a variant can
        only add leaks."""
        self.probes.setdefault(probe.id, probe)

    def operation(self, endpoint: str) -> str:
        """The operation id of an endpoint or of a variant."""
        probe = self.probes.get(endpoint)
        return probe.operation.id if probe is not None else endpoint

    def how(self, endpoint: str) -> str:
        """The technique behind a variant; empty for a documented endpoint."""
        probe = self.probes.get(endpoint)
        return probe.how if probe is not None else ""

    def is_own(self, endpoint: str) -> bool:
        """Whether an endpoint is only about its caller: who-am-I, or a path below it
        without ids."""
        me = self.model.operations.get(self.model.policy.caller.operation)
        probe = self.probes.get(endpoint)
        if me is None or probe is None or probe.personal:
            return False
        path = probe.operation.path
        return path == me.path or path.startswith(f"{me.path.rstrip('/')}/")

    def endpoint(self, operation: str) -> Endpoint:
        """The endpoint of an operation, also of one that the run may not call, such as a login."""
        probe = self.probes.get(operation)
        if probe is not None:
            return probe.endpoint
        each = self.model.operations[operation]
        return Endpoint(each.method, each.path, each.id)


def state_key(table: Table, path: str, values: Mapping[str, Json]) -> State:
    """The part of a state that decides a field, as sorted (name, text) pairs.

    An undeclared value becomes `UNREAD`, since it may be personal data.
    """
    found = []
    for state in deciding_state_records(table, path):
        value = values.get(state.name)
        known = digit(state, value) < len(state.values)
        found.append((state.name, canonical(value) if known else UNREAD))
    return tuple(found)
