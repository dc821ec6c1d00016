"""Finds owners' values outside the fields of known objects, in the responses of a test suite.

The search is that of a scan (`oakum.exposure.values.misplaced_values`), and a value is a leak only
if no possible relation, owner or setting grants it anywhere. Values that the owner was shown in the
same test are compared at the end of the test. Values of another test are compared at the end of the
run, and only if in the whole run the id and the value belong to the same person, since test suites
reuse ids for other people. What is found here never closes a cell.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain, product

from oakum.authz import Leaf, ObjectInstance, Subject, Table
from oakum.authz.member_paths import key_in
from oakum.authz.relations import held_relations
from oakum.authz.table import deciding_states, leaf_index
from oakum.exposure.cells.matrix import NOBODY, Key, Matrix, state_key
from oakum.exposure.endpoints.probes import Probe, probe_of
from oakum.exposure.evaluation_context import EvaluationContext
from oakum.exposure.exchanges.undecided_reasons import RELATION, SETTING, WHO
from oakum.exposure.finding_evidence import Question
from oakum.exposure.known_identities import KnownIdentities
from oakum.exposure.response_reader import is_success
from oakum.exposure.values.disclosure_by_masked_values import PROOF
from oakum.exposure.values.impersonal_values import is_a_time
from oakum.exposure.values.knowledge import Knowledge, canonical, says_nothing
from oakum.exposure.values.masked_fields import masked_value
from oakum.exposure.values.misplaced_values import MisplacedSearch, MisplacedValue
from oakum.finding import Evidence, Result
from oakum.inference.lexicon import FieldClass, classify_field
from oakum.openapi.model import Json
from oakum.pytest_plugin.response_evaluator import (
    JudgingContext,
    LeakedValue,
    ObservedExchange,
    leak_of,
)
from oakum.pytest_plugin.suite_counts import SuiteCounts

CHANGING = "an owner's value is there, but its id belongs to somebody else in other tests"
A_TIME = "a time of an owner is there, but others may have the same time"
GRANTED = "an owner's value is there that the contract shows the caller in another object"
_BESIDE = "a value of its owner, found"
_MORE = "in a masked form that shows more of it than the contract"
_PUBLIC = (FieldClass.KEY, FieldClass.HANDLE)
_MOST_BYTES = 64 << 20
"""Most bytes of responses kept until the end of the run."""
_SMALL = 2_000
"""Estimated bytes of a kept response besides its body."""


@dataclass(frozen=True)
class WaitingResponse:
    """A response that waits until all values it may contain are known."""

    asked: ObservedExchange
    sent: frozenset[str]
    """Values in the request itself: an echo is no leak."""
    raw: str
    """The request body."""
    unbound: Sequence[Leaf]
    instances: Sequence[ObjectInstance]
    granted: frozenset[tuple[str, ...]]
    """Pointers of values that the contract may show to the caller."""


class _People(KnownIdentities):
    """Callers by any id of theirs. It grows with each, so nothing is copied."""

    def __init__(self, frame: JudgingContext) -> None:
        self.by_id: dict[str, str] = {}
        self.all: dict[str, frozenset[str]] = {}
        self.said: dict[str, Mapping[str, Json]] = {}
        super().__init__(frame.model.policy, self.all, self.said, {})

    def who(self, owners: Iterable[str]) -> str:
        return next((self.by_id[each] for each in owners if each in self.by_id), "")

    def name_of(self, ids: frozenset[str], claims: Mapping[str, Json]) -> str:
        """The name of a caller."""
        name = self.who(sorted(ids)) or min(ids)
        known = self.all.get(name, frozenset())
        if not ids <= known or self.said.get(name) != claims:
            self.all[name] = known | ids
            self.said[name] = claims
            self.by_id.update(dict.fromkeys(ids, name))
            self._forget()
        return name


@dataclass(frozen=True)
class _Memory:
    """What is known of owners: in one test, or in the whole run."""

    context: EvaluationContext
    people: _People
    origins: dict[tuple[str, str, str, str], ObjectInstance] = field(default_factory=dict)
    """(owner, resource, field, value) → the object in which its owner was shown it, or others more
    of it than a masked form."""


class MisplacedValues:
    """Searches the responses of a run for owners' values. Holds values, in memory only."""

    def __init__(self, frame: JudgingContext, probes: Iterable[Probe]) -> None:
        self._frame = frame
        self._probes = {probe.operation.id: probe for probe in probes}
        self._run, self._test = self._memory(), self._memory()
        self._here: list[WaitingResponse] = []
        self._kept: list[WaitingResponse] = []
        self._bytes = 0
        self._told: set[tuple[str, tuple[str, ...], str]] = set()
        """(answer, place, value) of what has been judged."""
        self.ids_move: bool = False
        """The same credentials were two people's in this run."""

    def _memory(self) -> _Memory:
        people = _People(self._frame)
        matrix = Matrix(self._frame.model, self._probes.values(), people)
        context = EvaluationContext(
            self._frame.model, people, Knowledge(), matrix, self._frame.redactor
        )
        return _Memory(context, people)

    def begin(self) -> None:
        """Begins another test; results of the last one become results of the run."""
        self._test, self._here = self._memory(), []

    def take(self, kept: WaitingResponse) -> bool:
        """Learns an owner's values from a response. Returns whether the response can be kept."""
        for memory in (self._test, self._run):
            self._learn(memory, kept)
        self._here.append(kept)
        size = len(kept.asked.response.body) + _SMALL
        if self._bytes + size > _MOST_BYTES:
            return False
        self._bytes += size
        self._kept.append(kept)
        return True

    def may_leak(self, kept: WaitingResponse) -> bool:
        """Whether a response leaks anything, as far as known."""
        found = (self._search(kept, memory) for memory in (self._test, self._run))
        return any(isinstance(each, LeakedValue) for search in found for _, each in search)

    def of_test(self, tally: SuiteCounts) -> Iterator[LeakedValue]:
        """Leaks in the responses of this test, by values known so far."""
        for kept in self._here:
            yield from self._judge(kept, self._test, tally)

    def settle(self, tally: SuiteCounts) -> Iterator[LeakedValue]:
        """Leaks in the responses of all tests, by all known values. Forgets everything."""
        for kept in self._kept:
            yield from self._judge(kept, self._run, tally)
        self._run, self._test = self._memory(), self._memory()
        self._here, self._kept = [], []

    def _learn(self, memory: _Memory, kept: WaitingResponse) -> None:
        asked, context = kept.asked, memory.context
        caller = asked.caller
        viewer = memory.people.name_of(caller.ids, caller.claims) if caller.ids else ""
        if not caller.is_known or not is_success(asked.response.status):
            return
        if viewer and asked.operation.method not in ("GET", "HEAD"):
            context.knowledge.forget(viewer)
        for each in kept.instances:
            context.learn_granted(each, viewer)
            who = context.who(each, viewer)
            if context.is_nobodys(each.resource):
                context.knowledge.learn_own(NOBODY, each)
            elif not who and each.owners:
                context.knowledge.learn_others(each)
            elif who and who == viewer:
                owners = [memory.people.by_id.get(id, id) for id in each.owners]
                context.knowledge.learn_own(who, each, list(dict.fromkeys(owners)))
                self._learn_one(memory, who, each, asked)

    def _learn_one(
        self, memory: _Memory, who: str, each: ObjectInstance, asked: ObservedExchange
    ) -> None:
        resource = self._frame.model.policy.resources[each.resource]
        key = key_in(each.value, resource.key)
        question = " ".join((asked.operation.id, *map(str, sorted(asked.params.items()))))
        scalars = [
            (leaf.path, canonical(leaf.value))
            for leaf in each.leaves
            if not isinstance(leaf.value, dict | list | bool) and not says_nothing(leaf.value)
        ]
        for path, text in scalars:
            memory.origins[who, each.resource, path, text] = each
        if key and asked.operation.method == "GET":
            fields = (((each.resource, p), text) for p, text in scalars if "*" not in p)
            memory.context.knowledge.ambient.learn(question, who, key, fields)

    def _judge(
        self, kept: WaitingResponse, memory: _Memory, tally: SuiteCounts
    ) -> Iterator[LeakedValue]:
        for found, said in self._search(kept, memory):
            mark = (kept.asked.request_key, found.at, found.value)
            if not said or mark in self._told:
                continue
            self._told.add(mark)
            endpoint = kept.asked.operation.id
            for place in {(found.resource, found.path), *self._places(found, memory)}:
                tally.unclose(endpoint, *place, self._viewer(kept, found, place, memory)[0])
            if isinstance(said, LeakedValue):
                self._enter(kept, said, tally)
                yield said
            else:
                tally.unjudge(said, endpoint)

    def _search(
        self, kept: WaitingResponse, memory: _Memory
    ) -> Iterator[tuple[MisplacedValue, LeakedValue | str]]:
        """Each value that was found, and whether it leaks, why nobody can tell, or empty: the
        caller may see it."""
        asked, caller = kept.asked, kept.asked.caller
        viewer = memory.people.name_of(caller.ids, caller.claims) if caller.ids else None
        targets = {memory.people.who([value]) for value in asked.params.values()} - {""}
        question = Question(
            asked.request_key,
            asked.operation.id,
            viewer,
            frozenset(targets),
            asked.params,
            kept.sent,
            "",
        )
        misplaced = MisplacedSearch(
            memory.context, self._probe(asked), question, asked.response, asked.read.value
        )
        every = misplaced.search([*kept.unbound], [*kept.instances])
        for found in chain(every, self._more_than_masked(kept, viewer, memory)):
            plain = not found.where and found.at in kept.granted
            echo = found.value in kept.raw or plain
            if found.who and not echo and classify_field(found.path) not in _PUBLIC:
                yield found, found.doubt or self._decide(kept, found, memory)

    def _more_than_masked(
        self, kept: WaitingResponse, viewer: str | None, memory: _Memory
    ) -> Iterator[MisplacedValue]:
        """Values of a masked form that show more of the owner's value than every form in which the
        caller may see it, whatever they are to the owner and in whatever state that is."""
        context, policy = memory.context, self._frame.model.policy
        for each in kept.instances:
            resource = policy.resources[each.resource]
            who = context.who(each, viewer)
            if each.resource not in self._frame.model.masked or not who or who == viewer:
                continue
            subject = Subject(each.resource, each.owners, each.value)
            most = replace(each, held=kept.asked.caller.possible(policy, subject))
            key = key_in(each.value, resource.key)
            for leaf in each.leaves:
                if leaf.allowed or leaf.pointer not in kept.granted:
                    continue  # granted in full, or not even masked
                told = masked_value(context, most, leaf, who, key, resource.states)
                text = canonical(leaf.value)
                if told is None or told.excess < PROOF or text in kept.sent:
                    continue
                memory.origins.setdefault((who, each.resource, leaf.path, text), each)
                yield MisplacedValue(leaf.pointer, text, who, each.resource, leaf.path, _MORE)

    def _probe(self, asked: ObservedExchange) -> Probe:
        operation = asked.operation
        if operation.id not in self._probes:
            self._probes[operation.id] = probe_of(self._frame.model, operation, {})
        return self._probes[operation.id]

    def _decide(
        self, kept: WaitingResponse, found: MisplacedValue, memory: _Memory
    ) -> LeakedValue | str:
        model = self._frame.model
        named = [
            (resource, path)
            for resource, path in self._places(found, memory)
            if leaf_index(model.tables[resource], path) >= 0
        ]
        doubts: list[str] = []
        for place in named or [(found.resource, found.path)]:
            doubt = self._doubt(kept, found, place, memory)
            if doubt is None:
                return ""
            doubts += [doubt] if doubt else []
        if doubts:
            return doubts[0]
        place = min(named, default=(found.resource, found.path))
        relations = self._viewer(kept, found, place, memory)[1]
        if memory.context.knowledge.is_granted(found.value, relations, (found.who, *place)):
            return GRANTED
        if is_a_time(found.value, found.path):
            return A_TIME
        if memory is self._run and self._is_unstable(found, kept):
            return CHANGING
        return self._leak_at(kept, found, place, memory)

    def _doubt(
        self, kept: WaitingResponse, found: MisplacedValue, place: tuple[str, str], memory: _Memory
    ) -> str | None:
        """Why the caller may be entitled to see a field; empty if they are not; None if they
        are."""
        caller, (table, subject) = kept.asked.caller, self._subject(found, place, memory)
        index, policy = leaf_index(table, place[1]), self._frame.model.policy
        if index < 0:
            return ""
        stale = policy.with_any("field")
        may = caller.possible(policy, subject) | (stale if caller.ids else set())
        certain = held_relations(policy, caller.principal, subject)
        names = [state.name for state in table.states]
        states = [
            dict(zip(names, each, strict=True))
            for each in product(*(state.values for state in table.states))
        ]
        if caller.is_known and all(table.see(certain, each) >> index & 1 for each in states):
            return None
        if not any(table.see(may, each) >> index & 1 for each in states):
            return ""
        if not caller.is_known:
            return WHO
        return SETTING if deciding_states(table, place[1]) else RELATION

    def _subject(
        self, found: MisplacedValue, place: tuple[str, str], memory: _Memory
    ) -> tuple[Table, Subject]:
        table = self._frame.model.tables[place[0]]
        origin = memory.origins.get((found.who, *place, found.value))
        if origin is None:
            return table, Subject(place[0], tuple(memory.people.all[found.who]))
        return table, Subject(place[0], origin.owners, origin.value)

    def _is_unstable(self, found: MisplacedValue, kept: WaitingResponse) -> bool:
        """Whether an id, or credentials, were of more than one person in this run."""
        people, policy = self._run.people, self._frame.model.policy
        viewer = people.who(kept.asked.caller.ids)
        known = self._run.context.knowledge.own.items()
        return self.ids_move or any(
            len(values) > 1
            for (who, resource, path), values in known
            if who in (found.who, viewer) and policy.resources[resource].is_account
            if classify_field(path) not in _PUBLIC and "*" not in path
        )

    @staticmethod
    def _places(found: MisplacedValue, memory: _Memory) -> list[tuple[str, str]]:
        return memory.context.knowledge.places(found.value, found.who)

    def _viewer(
        self, kept: WaitingResponse, found: MisplacedValue, place: tuple[str, str], memory: _Memory
    ) -> tuple[str, frozenset[str]]:
        """The caller's label, and their certain relations to the owner."""
        policy, caller = self._frame.model.policy, kept.asked.caller
        relations = held_relations(policy, caller.principal, self._subject(found, place, memory)[1])
        return self._frame.label(relations, None, ""), relations

    def _leak_at(
        self, kept: WaitingResponse, found: MisplacedValue, place: tuple[str, str], memory: _Memory
    ) -> LeakedValue:
        table = self._frame.model.tables[place[0]]
        viewer, relations = self._viewer(kept, found, place, memory)
        origin = memory.origins.get((found.who, *place, found.value))
        state = state_key(table, place[1], origin.state if origin is not None else {})
        key = Key(kept.asked.operation.id, *place, viewer, state)
        where = f"{_BESIDE} {found.where}" if found.where else f"{_BESIDE} by itself"
        leaked = leak_of(self._frame, kept.asked, key, found.at, found.value, where)
        return replace(leaked, held=relations)

    def _enter(self, kept: WaitingResponse, leaked: LeakedValue, tally: SuiteCounts) -> None:
        key, asked = leaked.key, kept.asked
        tally.stood.setdefault(key.viewer, leaked.held)
        tally.viewers.add((key.endpoint, key.resource, key.viewer))
        tally.show(key, Result.LEAK, asked.request_key)
        if asked.caller.is_nobody:
            tally.nobody.add(key)
        bare = key._replace(endpoint="")
        if bare not in tally.evidence:
            side = self._frame.redactor.answer(
                "the caller of a test", key.viewer, asked.response.status,
                asked.response.media_type, asked.read.value, {leaked.at: "leak"}, [leaked.at[:-1]],
            )  # fmt: skip
            note = f"in the test {asked.test.partition('[')[0]}; found by value"
            tally.evidence[bare] = Evidence(None, side, "", note=note)
