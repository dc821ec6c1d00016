"""Which look-ups a response needs: only those whose result would change it.

Pure. Each look-up of a gateway costs a request. So a relation or a state is looked up only if the
table says that it makes a difference, given all that is known already; `lua/decide.lua` requires
the same look-ups, in the same order.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from dataclasses import replace
from functools import lru_cache
from itertools import product
from typing import NamedTuple, TypeVar

from oakum.authz import Call, Model, ObjectInstance, Principal, Subject, Table
from oakum.authz.data_outside_objects import account
from oakum.authz.id_spelling import looked_up_owners
from oakum.authz.judgement import Outline
from oakum.authz.owner_states import digit, said_state, state_of
from oakum.authz.relations import holds
from oakum.policy.model import Policy, State

_T = TypeVar("_T")


class MissingFact(NamedTuple):
    """Something unknown that would change the result: a looked-up relation (by name) or a state
    (`Resource.state`)."""

    kind: str
    name: str
    owner: str


class _Notes(Mapping[tuple[str, str], _T]):
    """What is known; calls `miss` for each key that is not."""

    def __init__(
        self, known: Mapping[tuple[str, str], _T], miss: Callable[[tuple[str, str]], None]
    ) -> None:
        self._known = known
        self._miss = miss

    def __getitem__(self, key: tuple[str, str]) -> _T:
        if key not in self._known:
            self._miss(key)
        return self._known[key]

    def __iter__(self) -> Iterator[tuple[str, str]]:
        return iter(self._known)

    def __len__(self) -> int:
        return len(self._known)


class LookupRequirements:
    """Collects what to look up for one caller, in a fixed order."""

    def __init__(self, model: Model, principal: Principal, dear: frozenset[str]) -> None:
        """`dear`: names of the relations that need a look-up."""
        self._model = model
        self._policy = model.policy
        self._dear = dear
        self.wants: dict[MissingFact, None] = {}
        self._noted: list[MissingFact] = []
        self._heard = looked_up_owners(principal)
        self._principal = replace(
            principal,
            related=_Notes(principal.related, lambda key: self._want("relation", *key)),
            states=_Notes(principal.states, lambda key: self._want("state", key[1], key[0])),
        )

    def _want(self, kind: str, name: str, owner: str) -> None:
        want = MissingFact(kind, name, owner)
        self.wants[want] = None
        self._noted.append(want)

    def any(self, names: Iterable[str], subject: Subject) -> bool:
        """Whether the caller certainly has one of these relations; otherwise collects the look-ups
        that could decide it."""
        ordered = sorted(names, key=self._dear.__contains__)
        return any(holds(self._policy, name, self._principal, subject) is True for name in ordered)

    def answer(
        self, call: Call, instances: Iterable[ObjectInstance], *, closed: bool = False
    ) -> None:
        """Collects look-ups that could reveal more of the objects in a response; `closed`: also of
        data outside them."""
        rule = self._model.rule(call.operation)
        own = account(self._model, call.operation) if closed else ""
        if own in call.params:
            self.any(rule.call or (), Subject("", (call.params[own],)))
        looked = set[Outline]()
        alike: dict[Hashable, tuple[tuple[str, str, int], ...]] = {}
        for seen in instances:
            said: Hashable = None
            if seen.outline is not None:
                if seen.outline in looked:
                    continue
                looked.add(seen.outline)
                # Objects of one outline need the same look-ups, unless one of the owners is known.
                if self._heard.isdisjoint(seen.owners):
                    said = (seen.outline[0], len(seen.owners))
                if said in alike:
                    for kind, name, place in alike[said]:
                        self.wants[MissingFact(kind, name, seen.owners[place])] = None
                    continue
            self._noted.clear()
            table = self._model.tables[seen.resource]
            owned = table.resource.owner.kind != "none"
            subject = Subject(seen.resource, seen.owners, seen.value, owned, seen.partly)
            # `call:` is about the owner in the path if there is one, otherwise about each object.
            named = rule.owner in call.params
            whom = Subject("", (call.params[rule.owner],)) if named else subject
            if rule.call is None or self.any(rule.call, whom):
                self.table(table, subject)
            if said is not None:
                places = {owner: place for place, owner in enumerate(seen.owners)}
                theirs = [each for each in self._noted if each.owner in places]
                alike[said] = tuple((e.kind, e.name, places[e.owner]) for e in theirs)

    def tables(self, written: Iterable[tuple[Table, Subject]]) -> None:
        """Collects look-ups that could permit the caller to set more of some objects."""
        for table, subject in written:
            self.table(table, subject)

    def table(self, table: Table, subject: Subject) -> None:
        """Collects look-ups that could reveal more of one object, or permit more of it to be set,
        by its table."""
        mask = unknown = 0
        for place, name in enumerate(table.relations):
            if name in self._dear:
                unknown |= 1 << place
            elif self.any((name,), subject):
                mask |= 1 << place
        digits = [_near(state, subject) for state in table.states]
        while (found := _next_unknown(table, mask, unknown, tuple(digits))) is not None:
            place, is_state = found
            if is_state:
                digits[place] = self._far(table, table.states[place], subject)
            else:
                unknown &= ~(1 << place)
                if self.any((table.relations[place],), subject):
                    mask |= 1 << place

    def _far(self, table: Table, state: State, subject: Subject) -> int:
        alone = replace(table.resource, states={state.name: state})
        value = state_of(self._policy, alone, self._principal, subject)
        return digit(state, value.get(state.name))


def looked_up(policy: Policy) -> frozenset[str]:
    """Relations that need a look-up: their own, or that of one in their `unless` or `requires`."""
    found = {each.name for each in policy.relations.values() if each.kind == "lookup"}
    while True:
        every = policy.relations.values()
        more = {e.name for e in every if not found.isdisjoint((*e.unless, *e.requires))}
        if more <= found:
            return frozenset(found)
        found |= more


def _near(state: State, subject: Subject) -> int:
    """Index of the state's value if the object itself holds it; -1 if not."""
    said = said_state(state, subject.value)
    return digit(state, said) if said is not None else -1


@lru_cache(maxsize=1 << 14)
def _next_unknown(
    table: Table, mask: int, unknown: int, digits: tuple[int, ...]
) -> tuple[int, bool] | None:
    """The next unknown that makes a difference: its index, and whether it is a state.

    `mask` has the relations that certainly hold, `unknown` those not looked up, and a digit of -1
    is a state not looked up. None: every row that is still possible gives the same result.
    """
    codes = [0]
    for state, known in zip(table.states, digits, strict=True):
        here = range(len(state.values) + 1) if known < 0 else (known,)
        codes = [code * (len(state.values) + 1) + each for code, each in product(codes, here)]
    open_ = [1 << place for place in range(len(table.relations)) if unknown >> place & 1]
    masks = [mask]
    for bit in open_:
        masks += [each | bit for each in masks]

    def row(mask: int, code: int) -> int:
        return table.rows[mask * table.stride + code]

    if len({row(each, code) for each, code in product(masks, codes)}) == 1:
        return None
    for bit in open_:
        if any(row(m | bit, code) != row(m & ~bit, code) for m, code in product(masks, codes)):
            return bit.bit_length() - 1, False
    return next(place for place, known in enumerate(digits) if known < 0), True
