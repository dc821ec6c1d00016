"""Judges one response for the caller that received it.

A field is a leak only if no possible reading of the contract grants it. In a test, the caller's
relations, their ids and the owner's settings may be unknown. A field that would be granted under
one of the possibilities is *not judged*, and is counted as such, neither green nor red.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import product

from oakum.authz import Judge, Leaf, Model, ObjectInstance, Subject, Table
from oakum.authz.decide import through
from oakum.authz.judgement import KnownObject
from oakum.authz.place_rules import Masked
from oakum.authz.table import closed_by_absence, deciding_states, grant_words, leaf_index
from oakum.exchange import Request, Response
from oakum.exposure.cells.matrix import Key, state_key
from oakum.exposure.evidence import Redactor, shape
from oakum.exposure.exchanges.caller_identification import IdentifiedCaller, Source, viewer_of
from oakum.exposure.exchanges.owners_by_creation_or_parent import ShownObject, ToldOwners
from oakum.exposure.exchanges.relations_before_write import FormerRelations
from oakum.exposure.exchanges.undecided_reasons import (
    FORMER,
    OWN,
    OWNER,
    RELATION,
    SETTING,
    WHO,
    is_told,
)
from oakum.exposure.response_reader import ResponseReader
from oakum.exposure.values.knowledge import canonical, says_nothing
from oakum.finding import Evidence, Result
from oakum.http.json_pointer import Pointer
from oakum.openapi.model import Json, Operation
from oakum.policy.graphql_schema import TAG
from oakum.pytest_plugin.objects_in_refusals import RefusalValues
from oakum.pytest_plugin.suite_counts import NamedField, SuiteCounts, without_endpoint

_SAID: Mapping[Source, str] = {
    "said": "as the tests say",
    "framework": "as the framework says",
    "token": "by the claims of the token",
    "answer": "as the API says of these credentials",
    "nobody": "nobody is logged in",
    "unknown": "whoever that may be",
}


@dataclass(frozen=True)
class LeakedValue:
    """A value that a test received and its caller may not see."""

    key: Key
    words: str
    """The message: a sentence, and lines that say where and why, without the value."""
    at: Pointer
    """Pointer of the value in the response."""
    test: str = ""
    """Node id of the test that received it."""
    held: frozenset[str] = frozenset()
    """Relations that its caller certainly has to the owner."""


@dataclass(frozen=True)
class JudgingContext:
    """The shared context for judging responses by one contract."""

    model: Model
    redactor: Redactor
    label: Callable[[frozenset[str], str | None, str], str]
    """The label of a viewer with these relations, as in a scan."""
    declared: Mapping[str, Mapping[str, tuple[str, ...]]]
    """Endpoint that reads → resource → declared field paths."""


@dataclass(frozen=True)
class ObservedExchange:
    """A request of a test with its response."""

    operation: Operation
    params: Mapping[str, str]
    caller: IdentifiedCaller
    response: Response
    read: ResponseReader
    begins: bool
    """Whether it may be a registration or login: a write without credentials."""
    test: str
    request_key: str
    sent: frozenset[str] = frozenset()
    """Every value in the request."""
    write: Request | None = None
    """The request, if it may have changed the caller's relations; it contains values."""
    known: Mapping[Pointer, KnownObject] = field(default_factory=dict)
    """Pointer → what earlier judgements know of an object, such as an owner that it does not
    name."""


@dataclass(frozen=True)
class _Object:
    """An object in a response, with the possible relations and settings."""

    instance: ObjectInstance
    table: Table
    label: str
    most: int
    """All that any possible relation and setting would show, as a bit set of leaves."""
    untold: frozenset[str]
    """Settings whose value the object does not tell."""
    certain: bool
    """Whether the caller and the owner are known."""
    former: frozenset[str] = frozenset()
    """Relations that the caller may have had until this request."""
    masked: Masked = ()
    """Masked forms, and the leaves that any possible relation and setting would show in them."""

    def is_masked(self, leaf: Leaf, index: int) -> bool:
        """Whether a value has a form in which the caller may see it."""
        around: Json = self.instance.value
        for step in leaf.pointer[len(self.instance.pointer) : -1]:
            if isinstance(around, dict | list):
                around = around[int(step)] if isinstance(around, list) else around[step]
        forms = (mask for mask, leaves in self.masked if index >= 0 and leaves >> index & 1)
        return any(mask.fits(leaf.value, around) for mask in forms)


def shown_of(instances: Sequence[ObjectInstance]) -> list[ShownObject]:
    """The objects of a response, each with the index of the enclosing one."""
    places = {each.pointer: place for place, each in enumerate(instances)}
    return [
        ShownObject(
            each.resource, each.owners, each.value,
            next((places[at] for n in reversed(range(len(each.pointer)))
                  if (at := each.pointer[:n]) in places), -1),
        )
        for each in instances
    ]  # fmt: skip


@dataclass
class JudgedExchange:
    """The result of one response: its cells and leaks."""

    frame: JudgingContext
    asked: ObservedExchange
    told: Mapping[Key, Evidence]
    """Evidence collected so far, by cell."""
    owners: ToldOwners | None = None
    """Owners learned from earlier exchanges of the test; None: none are used."""
    former: FormerRelations | None = None
    """Relations that earlier exchanges of the test showed; None: none are used."""
    tally: SuiteCounts = field(default_factory=SuiteCounts)
    leaks: list[LeakedValue] = field(default_factory=list)
    instances: list[ObjectInstance] = field(default_factory=list)
    """The objects in the response, with their values."""
    unbound: list[Leaf] = field(default_factory=list)
    """Values in the response that are no field of an object."""
    granted: set[Pointer] = field(default_factory=set)
    """Pointers of values that the contract may show to the caller."""
    _at: dict[Pointer, ObjectInstance] = field(default_factory=dict)

    def judge(self) -> JudgedExchange:
        """Judges every object in the response, in one pass."""
        asked, read = self.asked, self.asked.read
        judge = partial(
            Judge, self.frame.model, asked.caller.principal, asked.operation.id, asked.params,
            asked.response.status, told=read.owners,
        )  # fmt: skip
        judged = judge().judge(read.value, read.shape)
        if self.owners is not None and (known := self._known_owners(self.owners, judged.instances)):
            self.asked = replace(asked, known=known)
            judged = judge(known=known).judge(read.value, read.shape)
        instances = self.instances = judged.instances
        self.unbound = [*judged.unbound, *read.beside]
        if instances and not asked.caller.is_known:
            self.tally.unjudged[WHO] += 1
        self._at = {each.pointer: each for each in instances}
        for each in instances:
            self._object(each, self._above(each) is not None)
        return self

    def _known_owners(
        self, told: ToldOwners, instances: Sequence[ObjectInstance]
    ) -> dict[Pointer, KnownObject]:
        """What is known of the owners of objects that do not name them."""
        found = told.of(shown_of(instances), self.asked.operation.id, self.asked.params)
        return {
            each.pointer: KnownObject(owners)
            for each, owners in zip(instances, found, strict=True)
            if owners != each.owners
        }

    def refuse(self, refused: ObservedExchange, *, closes: bool = True) -> JudgedExchange:
        """Closes, for a refused caller, what this response showed its owner: the fields that no
        possible relation or setting shows to that caller. Owner's values in the refusal itself are
        leaks (CWE-209).

        `closes`: whether the refusal is about the object; otherwise it is only searched for values.
        """
        caller, read = refused.caller, self.asked.read
        self.asked = replace(
            self.asked, caller=caller, request_key=refused.request_key, begins=False
        )
        judge = Judge(
            self.frame.model, caller.principal, self.asked.operation.id, self.asked.params,
            self.asked.response.status, told=read.owners, known=self.asked.known,
        )  # fmt: skip
        instances = judge.judge(read.value, read.shape).instances
        self._at = {each.pointer: each for each in instances}
        carried = RefusalValues(refused.response, self.asked.params.values())
        if carried.places:
            self.asked = replace(
                self.asked, response=refused.response, read=replace(read, value=carried.value)
            )
        for instance in instances:
            found = self._find_object(instance)
            if not found.certain:
                continue
            leaked = carried.of(instance)
            if closes or leaked:
                self.tally.viewers.add((self.asked.operation.id, instance.resource, found.label))
                self.tally.stood[found.label] = instance.held
            for leaf in instance.leaves:
                if leaf.path in leaked:
                    self._refused_with(found, leaf, leaked[leaf.path])
                elif isinstance(leaf.value, dict | list) or says_nothing(leaf.value):
                    continue
                elif closes and canonical(leaf.value) not in carried.places:
                    self._record_refusal(found, leaf.path)
        return self

    def _refused_with(self, found: _Object, leaf: Leaf, at: Pointer) -> None:
        """An owner's value in the body of a refusal."""
        index = leaf_index(found.table, leaf.path)
        if index >= 0 and found.most >> index & 1:
            return
        if found.untold.isdisjoint(deciding_states(found.table, leaf.path)):
            self._leak(found, leaf._replace(pointer=at))

    def _record_refusal(self, found: _Object, path: str) -> None:
        index = leaf_index(found.table, path)
        if index >= 0 and found.most >> index & 1:
            return  # it may be granted: a refusal is not a leak, and does not prove the cell closed
        if found.untold.isdisjoint(deciding_states(found.table, path)):
            self.tally.show(self._key(found, path), Result.CLOSED, self.asked.request_key)

    def _object(self, instance: ObjectInstance, inside: bool) -> None:
        """What of one object is open, leaks, is withheld, or cannot be judged."""
        found = self._find_object(instance)
        if found.certain:
            self.tally.sighted.add((self.asked.operation.id, instance.resource, inside))
            self.tally.viewers.add((self.asked.operation.id, instance.resource, found.label))
            self.tally.stood[found.label] = instance.held
        elif self.asked.caller.is_known:
            self.tally.unjudged[OWNER] += 1
        present = {leaf.path for leaf in instance.leaves}
        denied = [
            leaf
            for leaf in instance.leaves
            if leaf.path.rpartition(".")[2] != TAG and self._leaf(found, leaf)
        ]
        # An echo of the request is no leak, unless other values of the object come with it.
        if any(canonical(leaf.value) not in self.asked.sent for leaf in denied):
            for leaf in denied:
                self._leak(found, leaf)
        if found.certain:
            self._record_withheld(found, present)

    def _find_object(self, instance: ObjectInstance) -> _Object:
        model, caller = self.frame.model, self.asked.caller
        table = model.tables[instance.resource]
        owned = table.resource.owner.kind != "none"
        subject = Subject(instance.resource, instance.owners, instance.value, owned)
        states = caller.principal.states
        said = (instance.resource, instance.owners, instance.value, states)
        every = table.resource.states.values()
        untold = frozenset(each.name for each in every if not is_told(each, *said))
        former = self._former(instance)
        may = self._possible(table, subject) | former
        return _Object(
            instance,
            table,
            self.frame.label(instance.held, None, ""),
            self._most(instance, table, may, untold),
            untold,
            caller.is_known and (bool(instance.owners) or not owned),
            former,
            tuple(
                (mask, self._most(instance, each, may, untold))
                for mask, each in model.masked.get(instance.resource, ())
            ),
        )

    def _former(self, instance: ObjectInstance) -> frozenset[str]:
        """Relations that the caller may have had to an object until this request."""
        asked = self.asked
        if self.former is None or asked.write is None:
            return frozenset()
        shown = ShownObject(instance.resource, instance.owners, instance.value)
        return self.former.of(shown, asked.caller, asked.write)

    def _possible(self, table: Table, subject: Subject) -> frozenset[str]:
        """The relations in which the caller may stand to an object."""
        policy = self.frame.model.policy
        may = self.asked.caller.possible(policy, subject)
        if self._is_own(table):
            may |= policy.only("owner", "authenticated") - policy.only("anyone")
        return may

    def _above(self, instance: ObjectInstance) -> ObjectInstance | None:
        """The object around another."""
        at = instance.pointer
        return next(
            (self._at[at[:n]] for n in reversed(range(len(at))) if at[:n] in self._at), None
        )

    def _may_pass(self, instance: ObjectInstance, may: frozenset[str]) -> bool:
        """Whether `call:` may let the caller have an object, to which they may be all of this."""
        model, caller, endpoint = self.frame.model, self.asked.caller, self.asked.operation.id
        rule, there = model.rule(endpoint), may
        if rule.owner in self.asked.params:
            whom = Subject("", (self.asked.params[rule.owner],))
            there = caller.possible(model.policy, whom)
        if rule.call is None or through(
            model, endpoint, there, bool(caller.ids) or not caller.is_known
        ):
            return True
        above = self._above(instance)
        if above is None or model.tables[instance.resource].resource.owner.kind != "none":
            return False
        table = model.tables[above.resource]
        owned = table.resource.owner.kind != "none"
        subject = Subject(above.resource, above.owners, above.value, owned)
        return self._may_pass(above, self._possible(table, subject) | self._former(above))

    def _is_own(self, table: Table) -> bool:
        return self.asked.begins and table.resource.is_account

    def _most(
        self, instance: ObjectInstance, table: Table, may: frozenset[str], untold: frozenset[str]
    ) -> int:
        if not self._may_pass(instance, may):
            return 0
        free = [state for state in table.states if state.name in untold]
        bits = 0
        for values in product(*(state.values for state in free)):
            named = dict(zip((state.name for state in free), values, strict=True))
            bits |= table.see(may, {**instance.state, **named})
        return bits

    def _leaf(self, found: _Object, leaf: Leaf) -> bool:
        """Whether nothing grants a value that came; else what of it is open or not judged."""
        index = leaf_index(found.table, leaf.path)
        doubtful = not found.untold.isdisjoint(deciding_states(found.table, leaf.path))
        if leaf.masked or (found.masked and found.is_masked(leaf, index)):
            self.granted.add(leaf.pointer)
            return False
        if leaf.allowed or (found.certain and index >= 0 and found.most >> index & 1):
            self.granted.add(leaf.pointer)
        if leaf.allowed and leaf.value is not None:
            if found.certain and not doubtful:
                self._open(found, leaf)
        elif isinstance(leaf.value, dict | list) or says_nothing(leaf.value):
            return False
        elif index < 0 or not found.most >> index & 1:
            return True
        elif found.certain:
            own = OWN if self._is_own(found.table) else FORMER if found.former else RELATION
            self.tally.unjudged[SETTING if doubtful else own] += 1
        return False

    def _open(self, found: _Object, leaf: Leaf) -> None:
        key, instance = self._key(found, leaf.path), found.instance
        self.tally.show(key, Result.OPEN, self.asked.request_key)
        self.tally.witnessed.add((key.endpoint, key.resource, key.field))
        relations = self.frame.model.policy.relations
        if not instance.owners or any(relations[r].kind == "owner" for r in instance.held):
            self.tally.owned.update(_whose(instance, leaf.path))

    def _record_withheld(self, found: _Object, present: set[str]) -> None:
        """Denied fields that the endpoint declares and the object came without."""
        declared = self.frame.declared.get(self.asked.operation.id, {})
        for path in declared.get(found.instance.resource, ()):
            if any(each == path or each.startswith(f"{path}.") for each in present):
                continue
            index = leaf_index(found.table, path)
            if index >= 0 and found.most >> index & 1:
                continue
            if not found.untold.isdisjoint(deciding_states(found.table, path)):
                continue
            key = self._key(found, path)
            if closed_by_absence(found.table, path):
                self.tally.show(key, Result.CLOSED, self.asked.request_key)
            else:
                self.tally.withheld.setdefault(key, set()).update(_whose(found.instance, path))

    def _key(self, found: _Object, path: str) -> Key:
        state = state_key(found.table, path, found.instance.state)
        resource = found.instance.resource
        return Key(self.asked.operation.id, resource, path, found.label, state)

    # ------------------------------------------------------------ telling

    def _leak(self, found: _Object, leaf: Leaf) -> None:
        asked, key = self.asked, self._key(found, leaf.path)
        self.tally.stood.setdefault(key.viewer, found.instance.held)
        self.tally.viewers.add((key.endpoint, key.resource, key.viewer))
        self.tally.show(key, Result.LEAK, asked.request_key)
        if asked.caller.is_nobody:
            self.tally.nobody.add(key)
        if (
            without_endpoint(key) not in self.told
            and without_endpoint(key) not in self.tally.evidence
        ):
            self.tally.evidence[without_endpoint(key)] = self._evidence(found, leaf)
        self.leaks.append(leak_of(self.frame, asked, key, leaf.pointer, leaf.value))

    def _evidence(self, found: _Object, leaf: Leaf) -> Evidence:
        response, instance = self.asked.response, found.instance
        side = self.frame.redactor.answer(
            "the caller of a test", found.label, response.status, response.media_type,
            self.asked.read.value, {leaf.pointer: "leak"}, [instance.pointer],
        )  # fmt: skip
        # A test's parameter may be a personal value, so the name is cut before it.
        return Evidence(None, side, "", note=f"in the test {self.asked.test.partition('[')[0]}")


def leak_of(
    frame: JudgingContext,
    asked: ObservedExchange,
    key: Key,
    at: Pointer,
    value: Json,
    found: str = "",
) -> LeakedValue:
    """A leak with its message. `found`: how it was found, if not in a field of an object."""
    table, endpoint = frame.model.tables[key.resource], asked.operation
    index = leaf_index(table, key.field)
    where = frame.model.field_location(key.resource, key.field)
    shown = grant_words(table, index) if index >= 0 else "no line shows it to anybody"
    state = ", ".join(f"{name}={value}" for name, value in key.state)
    viewer = viewer_of(frame.model.policy, key.viewer, asked.caller)
    words = (
        f"`{key.resource}.{key.field}`{f' of owners with {state}' if state else ''} was sent"
        f" to `{viewer}`, to whom the contract does not show it\n"
        f"  endpoint: {endpoint.method} {endpoint.path} ({endpoint.id})\n"
        f"  response: {asked.response.status}, {frame.redactor.pointer(at)}"
        f" is {shape(value)}{f'; {found}' if found else ''}\n"
        f"  caller:   `{viewer}`, {_SAID[asked.caller.source]}\n"
        f"  contract: {where}: {shown}"
    )
    return LeakedValue(key, words, at, asked.test)


def _whose(instance: ObjectInstance, path: str) -> set[NamedField]:
    return {(instance.resource, owner, path) for owner in instance.owners or ("",)}
