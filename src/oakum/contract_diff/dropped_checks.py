"""What a gateway checks of requests under one contract and no longer under another.

The tables say who may see and set which field. Which object a request is about, and whether it is a
write at all, follows from names, keys and the document as well. A check that is dropped lets
requests about others' objects pass, so it is a widening; one that is replaced by another counts as
wider and as narrower.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from oakum.contract_diff.contract_wide_changes import OutsideChange
from oakum.contract_diff.embedded_objects import find_embedded_checks
from oakum.contract_diff.endpoint_places import Walk
from oakum.contract_diff.forwarded_inputs import find_passed_inputs
from oakum.contract_diff.relation_combinations import endpoint_key
from oakum.guard.compiled.compiled_contract import CompiledContract
from oakum.guard.compiled.granted_endpoint import GrantedEndpoint
from oakum.guard.compiled.objects_outside_path import Plain
from oakum.guard.compiled.request_places import RequestPlace, body_places, plain
from oakum.openapi.model import Operation, Shape
from oakum.openapi.shape_queries import member
from oakum.policy.model import Relation, Resource, Switch


def find_dropped_checks(
    old: CompiledContract, new: CompiledContract, renamed: Mapping[str, str]
) -> tuple[OutsideChange, ...]:
    """Differences in what a gateway checks. `renamed`: new → old name of renamed resources."""
    names = {before: after for after, before in renamed.items()}
    both = _Both(old, new, names)
    found = [*both.endpoints(), *both.resources(), *both.steps(), *both.whole()]
    declared = Walk(old.model).endpoints(), Walk(new.model).endpoints()
    found += find_embedded_checks(old, new, names, declared)
    return tuple(dict.fromkeys([*found, *find_passed_inputs(old, new, declared)]))


@dataclass(frozen=True)
class _Both:
    """Two contracts side by side."""

    old: CompiledContract
    new: CompiledContract
    names: Mapping[str, str]
    """Old → new name of resources that have another."""

    def endpoints(self) -> Iterator[OutsideChange]:
        """Of the endpoints that both contracts grant."""
        before = {_key(each): each for each in self.old.lookups.endpoints.values()}
        for each in self.new.lookups.endpoints.values():
            was = before.get(_key(each))
            if was is not None:
                yield from self._endpoint(was, each)

    def _endpoint(self, was: GrantedEndpoint, now: GrantedEndpoint) -> Iterator[OutsideChange]:
        name = f"{now.operation.method} {now.operation.path}"
        graphs = (self.old.model.rule(was.operation.id), self.new.model.rule(now.operation.id))
        if was.write is not now.write and all(each.graphql for each in graphs):
            yield self._mutations(now, name)
        elif was.write is not now.write:
            said = "changes objects, so a guard checks whose" if now.write else "only reads, so a"
            said += "" if now.write else " guard no longer checks whose objects it changes"
            yield self._term(now, f"`{name}` counts as one that {said}", wide=True, narrow=True)
            return
        if graphs[0].graphql != graphs[1].graphql:
            said = f"requests to `{name}` are judged by another GraphQL schema, or by none"
            yield self._term(now, said, wide=True, narrow=True)
        if was.write and now.write:
            yield from self._writes(was, now, name)
            yield from self._bodies(was, now, name)
        yield from self._hidden_objects(was, now, name)

    def _mutations(self, now: GrantedEndpoint, name: str) -> OutsideChange:
        """Queries are judged alike; `reads: true` rejects what is none."""
        said = (
            f"`{name}` takes mutations, too: a guard checks neither whose objects they change nor"
            " what they set"
            if now.write
            else f"`{name}` takes queries alone: a guard rejects mutations"
        )
        return self._term(now, said, wide=now.write, narrow=not now.write)

    def _writes(
        self, was: GrantedEndpoint, now: GrantedEndpoint, name: str
    ) -> Iterator[OutsideChange]:
        """Whose objects a write may touch."""
        for place, resource in self._removed_places(
            was.checks.plain, now.checks.plain, now.operation
        ):
            said = f"a guard no longer checks the `{resource}` that {place} of `{name}` names"
            yield self._term(now, said, wide=True)
        for place, resource in self._added_places(was.checks.plain, now.checks.plain):
            said = f"a guard now checks the `{resource}` that {place} of `{name}` names"
            yield self._term(now, said, narrow=True)
        kinds = was.checks.target.kind, now.checks.target.kind
        if "caller" in kinds and kinds[0] != kinds[1]:
            wide = kinds[1] == "caller"
            said = (
                "is taken for the caller's own" if wide else "is no longer taken for the caller's"
            )
            yield self._term(now, f"what `{name}` writes {said}", wide=wide, narrow=not wide)

    def _bodies(
        self, was: GrantedEndpoint, now: GrantedEndpoint, name: str
    ) -> Iterator[OutsideChange]:
        """Resources in bodies that are judged no more, though the document declares what stands
        there."""
        roots = [_roots(c, e.operation) for c, e in ((self.old, was), (self.new, now))]
        for at, one in roots[0].items():
            if not any(at[: len(each)] == each for each in roots[1]):
                free = [m.shape for m in now.operation.body if _stands(m.shape, at)]
                if free:
                    where = f"`{'.'.join(at)}` in the body" if at else "the body"
                    said = f"{where} of `{name}` is no longer judged as a `{one}`"
                    yield self._term(now, said, wide=True)
        for at, one in roots[1].items():
            if not any(at[: len(each)] == each for each in roots[0]):
                where = f"`{'.'.join(at)}` in the body" if at else "the body"
                yield self._term(
                    now, f"{where} of `{name}` is now judged as a `{one}`", narrow=True
                )

    def _hidden_objects(
        self, was: GrantedEndpoint, now: GrantedEndpoint, name: str
    ) -> Iterator[OutsideChange]:
        """Objects without which an answer tells nothing."""
        hidden = [[o for e in (each.hidden, *each.others) if e is not None for o in e.resources]
                  for each in (was, now)]  # fmt: skip
        before = [self.names.get(each, each) for each in hidden[0]]
        for one in dict.fromkeys([*before, *hidden[1]]):
            counts = before.count(one), hidden[1].count(one)
            if counts[0] != counts[1] and self._conceals(one):
                wide = counts[0] > counts[1]
                said = "no longer hides" if wide else "now hides"
                said = f"a `{one}` in the path of `{name}` {said} what the answer tells"
                yield self._term(now, said, wide=wide, narrow=not wide)
        told = {*self._removed_places(was.checks.plain, now.checks.plain, now.operation)}
        for place, one in self._removed_places(was.asked.keys, now.asked.keys, now.operation):
            if self._conceals(one) and (place, one) not in told:
                said = f"a hidden `{one}` that {place} of `{name}` names no longer hides what"
                yield self._term(now, f"{said} the answer tells", wide=True)
        told = {*self._added_places(was.checks.plain, now.checks.plain)}
        for place, one in self._added_places(was.asked.keys, now.asked.keys):
            if self._conceals(one) and (place, one) not in told:
                said = f"a hidden `{one}` that {place} of `{name}` names now hides what the answer"
                yield self._term(now, f"{said} tells", narrow=True)

    def _conceals(self, name: str) -> bool:
        """Whether both contracts conceal it; otherwise the difference is told of the resource."""
        own = self.new.policy.resources.get(name)
        before = {after: each for each, after in self.names.items()}.get(name, name)
        other = self.old.policy.resources.get(before)
        return own is not None and other is not None and own.conceal and other.conceal

    def _removed_places(
        self, was: Plain, now: Plain, operation: Operation
    ) -> Iterator[tuple[str, str]]:
        """Places that named an object and no longer do, though requests may have them."""
        kept = {(each.where, each.contract_name): one for each, one in now.places.items()}
        for each, one in was.places.items():
            name = self.names.get(one, one)
            if kept.get((each.where, each.contract_name)) != name and _is_declared(each, operation):
                yield _describe_place(each), name
        for word, one in was.words.items() if was.free else ():
            said = {plain(each.last) for each in (*was.places, *now.places)}
            if word not in now.words and word not in said and not self._is_of_schema(word):
                yield f"`{word}`", self.names.get(one, one)

    def _is_of_schema(self, word: str) -> bool:
        """Whether it is named like a schema of the document before, which is there no more: the
        API itself has no such names."""
        gone = self.old.model.bound.keys() - self.new.model.bound.keys()
        return any(word.startswith(plain(each)) for each in gone)

    def _added_places(self, was: Plain, now: Plain) -> Iterator[tuple[str, str]]:
        known = {
            (e.where, e.contract_name): self.names.get(one, one) for e, one in was.places.items()
        }
        for each, one in now.places.items():
            if known.get((each.where, each.contract_name)) != one:
                yield _describe_place(each), one

    def resources(self) -> Iterator[OutsideChange]:
        """How objects are found."""
        before = {
            self.names.get(name, name): each for name, each in self.old.policy.resources.items()
        }
        for name, now in self.new.policy.resources.items():
            was = before.get(name)
            if was is None:
                continue
            if was.key != now.key:
                said = "is found by another key" if was.key and now.key else "has a key"
                said = "has no key any more, so nothing is checked by it" if not now.key else said
                said = f"a `{name}` {said}"
                yield OutsideChange(bool(was.key), bool(now.key), said, name, location=now.location)
            mains = _endpoint_of(self.old, was.main), _endpoint_of(self.new, now.main)
            if all(mains) and mains[0] != mains[1]:
                said = f"a `{name}` is looked up elsewhere"
                yield OutsideChange(True, True, said, name, location=now.location)

    def steps(self) -> Iterator[OutsideChange]:
        """What ends a relation or sets a state, and so discards a cached answer."""
        for name, relation in self.new.policy.relations.items():
            was = self.old.policy.relations.get(name)
            if was is not None:
                said = f"what ends or begins `{name}` is"
                yield from _step_changes(
                    said, _calls(self.old, was), _calls(self.new, relation), relation
                )
        for name, each in self.new.policy.resources.items():
            old = self.old.policy.resources.get(name)
            for state in each.states.values():
                before = old.states.get(state.name) if old is not None else None
                if before is not None:
                    yield from _step_changes(
                        f"what sets `{state.name}` of `{name}` is",
                        _switch_endpoints(self.old, before.switch),
                        _switch_endpoints(self.new, state.switch),
                        each,
                    )

    def whole(self) -> Iterator[OutsideChange]:
        """Settings of a guard that decide what its look-ups see and what passes."""
        was, now = self.old.policy.guard, self.new.policy.guard
        if was.service != now.service:
            yield OutsideChange(True, True, "look-ups are asked with other credentials")
        if was.cookies != now.cookies and None in (was.cookies, now.cookies):
            wide = now.cookies is None
            contract = self.new if wide else self.old
            if not contract.document.security_schemes:
                said = "every cookie" if wide else "only the cookies that the contract names"
                yield OutsideChange(wide, not wide, f"a guard lets {said} through")
        for each in dict.fromkeys([*was.origins, *now.origins]):
            wide = each not in was.origins
            if wide or each not in now.origins:
                said = "may read" if wide else "may no longer read"
                said = f"pages of `{each}` {said} what a guard itself answers"
                yield OutsideChange(wide, not wide, said)

    def _term(
        self, now: GrantedEndpoint, said: str, *, wide: bool = False, narrow: bool = False
    ) -> OutsideChange:
        name = f"{now.operation.method} {now.operation.path}"
        rule = self.new.model.rule(now.operation.id)
        return OutsideChange(wide, narrow, said, endpoints=(name,), location=rule.location)


def _key(each: GrantedEndpoint) -> str:
    return endpoint_key(each.operation.method, each.operation.path)


def _describe_place(place: RequestPlace) -> str:
    return f"`{place.contract_name}`" if place.contract_name else "the body"


def _is_declared(place: RequestPlace, operation: Operation) -> bool:
    """Whether the document lets a request have such a place."""
    if place.where == "body":
        return any(_stands(media.shape, place.inside) for media in operation.body)
    if place.where == "argument":
        return True
    return any(e.where == place.where and e.name == place.name for e in operation.parameters)


def _stands(shape: Shape | None, at: tuple[str, ...]) -> bool:
    """Whether a body may have something at a path."""
    for step in at:
        if shape is None:
            return True  # nothing is declared, so anything may stand there
        shape = member(shape, step)
        if shape is None:
            return False
    return True


def _roots(contract: CompiledContract, operation: Operation) -> dict[tuple[str, ...], str]:
    """Where a body has a resource."""
    said = {tuple(at): name for at, name in contract.model.sets.get(operation.id, ())}
    found = {each.inside: one for each, one in body_places(operation, contract.model.bound) if one}
    return {**found, **said}


def _endpoint_of(contract: CompiledContract, id: str) -> str:
    operation = contract.document.operation(id) if id else None
    return endpoint_key(operation.method, operation.path) if operation is not None else ""


def _calls(contract: CompiledContract, relation: Relation) -> set[str]:
    steps = (*relation.begin, *relation.end)
    return {_endpoint_of(contract, each.operation) for each in steps} - {""}


def _switch_endpoints(contract: CompiledContract, switch: Switch | None) -> set[str]:
    return {_endpoint_of(contract, switch.operation)} - {""} if switch is not None else set()


def _step_changes(
    said: str, was: Iterable[str], now: Iterable[str], where: Relation | Resource
) -> Iterator[OutsideChange]:
    gone, came = {*was} - {*now}, {*now} - {*was}
    if gone:
        some = ", ".join(f"`{each}`" for each in sorted(gone))
        said = f"{said} no longer {some}, after which a guard may believe what was"
        yield OutsideChange(True, False, said, location=where.location)
    elif came:
        some = ", ".join(f"`{each}`" for each in sorted(came))
        yield OutsideChange(False, True, f"{said} {some}, too", location=where.location)
