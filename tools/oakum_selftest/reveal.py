"""An API with a leak in it: the answers of the healthy one, with more in them for some.

What is put into an answer comes from the healthy API's own answer to the same request by somebody
who may see it: its owner, mostly. What counts as withheld is told by the `Judge` that `project`
cuts by, and by nothing of the scanner: who seeds a leak must not share a blind spot with who looks
for it.
"""

from __future__ import annotations

import copy
import csv
import hashlib
import io
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Protocol
from urllib.parse import unquote, urlsplit

from oakum.authz import (
    Judge,
    Judgement,
    Leaf,
    Model,
    ObjectInstance,
    Principal,
    Subject,
    answer_media,
)
from oakum.authz.decide import may_call
from oakum.authz.owner_states import state_of
from oakum.authz.table import allows
from oakum.exchange import Request, Response
from oakum.openapi.model import Json, Operation
from oakum_selftest.mutant import Mutant, text

Ask = Callable[[str | None, Request], Response]
"""The healthy API, asked as somebody; None: nobody logged in."""
Pointer = tuple[str, ...]
_EMPTY: tuple[Json, ...] = (None, "", [], {})
"""What stands where there is nothing: to show it shows nothing."""


class Seats(Protocol):
    """Who is who: the identities, and what they are to each other."""

    def names(self) -> tuple[str, ...]: ...
    def who(self, owners: tuple[str, ...], /) -> str: ...
    def principal(self, viewer: str | None, /) -> Principal: ...
    def relations(self, viewer: str | None, owner: str, /) -> frozenset[str]: ...
    def label(self, relations: frozenset[str], viewer: str | None, owner: str, /) -> str: ...


@dataclass
class Seeded:
    """A leak at work in front of a healthy API."""

    mutant: Mutant
    model: Model
    seats: Seats
    ask: Ask
    met: int = 0
    """Answers at the endpoint of the leak."""
    altered: int = 0
    """Answers that held more than the contract grants, because of it."""
    shown: set[tuple[str, str]] = field(default_factory=set)
    """(resource, field) that answers held and the contract withholds."""
    _told: tuple[str, str] | None = None
    """Whose value was put where no field of any resource is."""

    def answer(self, viewer: str | None, request: Request, healthy: Response) -> Response:
        """What the API with the leak answers where the healthy one answers this."""
        params = placed(self.model.operations[self.mutant.endpoint.operation], request)
        if params is None:
            return healthy
        self.met += 1
        match self.mutant.kind:
            case "endpoint":
                changed = self._in_place_of(viewer, request, healthy, params)
            case "own":
                changed = self._in_place_of(viewer, request, healthy, params)
            case "graph":
                changed = self._in_graph(viewer, request, healthy)
            case "extra":
                changed = self._out_of_place(viewer, request, healthy, params)
            case _:
                changed = self._with_more(viewer, request, healthy, params)
        if changed is healthy:
            return healthy
        more = self._more(viewer, healthy, changed, params)
        if not more:
            return healthy
        self.shown |= more
        self.altered += 1
        return changed

    def _more(
        self, viewer: str | None, healthy: Response, changed: Response, params: dict[str, str]
    ) -> set[tuple[str, str]]:
        """(resource, field) that the contract withholds of one answer and not of the other."""
        if self.mutant.kind in ("extra", "graph"):
            return {self._told} if self._told is not None else set()
        before = self._withheld(viewer, healthy, params)
        after = self._withheld(viewer, changed, params)
        return {what for seen, what in after.items() if seen not in before}

    def _withheld(
        self, viewer: str | None, answer: Response, params: dict[str, str]
    ) -> dict[tuple[str, ...], tuple[str, str]]:
        """What of an answer the contract withholds from this viewer: each value, and its field.

        Of an answer that this viewer may not get at all, that is everything."""
        walked = self._walk(viewer, answer, params)
        if walked is None:
            return {}
        principal, endpoint = self.seats.principal(viewer), self.mutant.endpoint.operation
        may = may_call(self.model, principal, endpoint, params)
        found = {
            (*self._name(each), *each.owners, leaf.path, text(leaf.value)): (
                each.resource, leaf.path,
            )
            for each in walked[1].instances
            for leaf in each.leaves
            if not (may and leaf.allowed) and leaf.value not in _EMPTY
        }  # fmt: skip
        return found if may else {**found, ("",): ("*", "")}

    # ------------------------------------------------------------ whose, and what of it

    def _owners(self, viewer: str | None) -> Iterator[str]:
        """Identities to whom this viewer is what the leak is about; nobody's objects come last."""
        for owner in (*self.seats.names(), ""):
            held = self.seats.relations(viewer, owner)
            if self.seats.label(held, viewer, owner) == self.mutant.viewer:
                yield owner

    def _walk(
        self, viewer: str | None, answer: Response, params: dict[str, str]
    ) -> tuple[Json, Judgement] | None:
        operation = self.model.operations[self.mutant.endpoint.operation]
        return walk(self.model, self.seats, operation, viewer, answer, params)

    def _reveals(self, instance: ObjectInstance, leaf: Leaf) -> bool:
        """Whether the leak shows a field of an object that the contract withholds."""
        mutant = self.mutant
        if leaf.allowed or leaf.value in _EMPTY:
            return False
        match mutant.kind:
            case "field":
                return leaf.path == mutant.field
            case "switch":
                table = self.model.tables[instance.resource]
                opened = {**instance.state, **dict(mutant.opened)}
                return allows(table, leaf.path, instance.held, opened)
            case _:
                return True

    def _is_meant(self, instance: ObjectInstance, owner: str) -> bool:
        mutant = self.mutant
        whose = self.seats.who(instance.owners) if instance.owners else ""
        if whose != owner or (instance.resource != mutant.resource and mutant.kind != "check"):
            return False
        said = {name: text(value) for name, value in instance.state.items()}
        return all(said.get(name) == value for name, value in mutant.state)

    # ------------------------------------------------------------ more than before

    def _with_more(
        self, viewer: str | None, request: Request, healthy: Response, params: dict[str, str]
    ) -> Response:
        """The healthy answer, with what the leak shows of each owner put in."""
        changed = healthy
        for owner in self._owners(viewer):
            source = self._source(viewer, owner, request, healthy)
            walked = self._walk(viewer, source, params) if source is not None else None
            if source is None or walked is None:
                continue
            value, judged = walked
            meant = [s for s in judged.instances if self._is_meant(s, owner)]
            more = {
                leaf.pointer: leaf
                for each in meant
                for leaf in each.leaves
                if self._reveals(each, leaf)
            }
            if not more and self.mutant.kind == "field":
                value = copy.deepcopy(value)
                more = dict(self._invented(meant, value))
            if not more:
                continue
            wider = self._merged(viewer, changed, source, value, judged, meant, more, params)
            changed = wider or changed
        return changed

    def _source(
        self, viewer: str | None, owner: str, request: Request, healthy: Response
    ) -> Response | None:
        if owner == (viewer or ""):
            return healthy
        return self.ask(owner or self.seats.names()[0], request)

    def _invented(self, meant: list[ObjectInstance], value: Json) -> Iterator[tuple[Pointer, Leaf]]:
        """A field that nobody may see, its owner included, has no value to be found anywhere."""
        for each in meant:
            table = self.model.tables[each.resource]
            path = self.mutant.field
            if path in table.leaves and "*" not in path:
                rule = table.rules[table.leaves.index(path)]
                if not rule.grants:
                    pointer = (*each.pointer, *path.split("."))
                    named = "\x1f".join((*each.owners, path)).encode()
                    made = f"oakum-self-test-{hashlib.sha256(named).hexdigest()[:16]}"
                    put(value, pointer, made, value)
                    yield pointer, Leaf(path, pointer, made, False)

    def _merged(
        self,
        viewer: str | None,
        answer: Response,
        source: Response,
        value: Json,
        judged: Judgement,
        meant: list[ObjectInstance],
        more: dict[Pointer, Leaf],
        params: dict[str, str],
    ) -> Response | None:
        """The answer with these leaves of the source; None when there is no place for them."""
        walked = self._walk(viewer, answer, params)
        if walked is None or not answer.is_json:
            if self.mutant.kind == "check":
                return replace(source, cookies={})
            if not source.is_json:
                return None
            kept = {p.pointer for s in judged.instances for p in s.leaves if p.allowed}
            kept |= {leaf.pointer for leaf in judged.unbound if leaf.allowed} | more.keys()
            kept |= {pointer for each in meant for pointer in self._names(each)}
            return bodied(source, picked(value, kept))
        into, here = walked
        into = copy.deepcopy(into)
        there = {self._name(s): s.pointer for s in here.instances}
        done = False
        for each in meant:
            leaves = {p.pointer: p for p in each.leaves if p.pointer in more} or (
                more if self.mutant.field else {}
            )
            at = there.get(self._name(each))
            if at is not None:
                for pointer, leaf in leaves.items():
                    if pointer[: len(each.pointer)] == each.pointer:
                        rest = pointer[len(each.pointer) :]
                        done |= put(into, (*at, *rest), leaf.value, value, pointer)
            elif leaves:
                kept = {p.pointer for p in each.leaves if p.allowed} | leaves.keys()
                kept |= set(self._names(each))
                done |= added(into, each.pointer, picked(value, kept, each.pointer))
        return bodied(answer, into) if done else None

    def _names(self, instance: ObjectInstance) -> Iterator[Pointer]:
        """What no object is without that is shown at all: its key, and whose it is."""
        resource = self.model.tables[instance.resource].resource
        wanted = {resource.key, *(resource.owner.members if resource.owner.kind == "field" else ())}
        yield from (leaf.pointer for leaf in instance.leaves if leaf.path in wanted)

    def _name(self, instance: ObjectInstance) -> tuple[str, ...]:
        """What an object is called, wherever it stands: its key, or its place."""
        key = self.model.tables[instance.resource].resource.key
        named = instance.value.get(key) if key and isinstance(instance.value, dict) else None
        return (instance.resource, str(named)) if named is not None else (
            instance.resource, *instance.pointer,
        )  # fmt: skip

    # ------------------------------------------------------------ another's answer

    def _in_place_of(
        self, viewer: str | None, request: Request, healthy: Response, params: dict[str, str]
    ) -> Response:
        """`endpoint`: nobody logged in gets a member's answer. `own`: whoever asks gets
        another's."""
        if (viewer is None) != (self.mutant.kind == "endpoint"):
            return healthy
        for name in self.seats.names():
            if name == viewer:
                continue
            source = self.ask(name, request)
            if source.status < 300 and self._more(viewer, healthy, source, params):
                return replace(source, cookies={})
        return healthy

    # ------------------------------------------------------------ GraphQL

    def _in_graph(self, viewer: str | None, request: Request, healthy: Response) -> Response:
        """What its owner is answered to the same query, where this viewer is answered nothing.

        A query chooses the names and the place of everything: an object is its owner's when it
        holds an id of theirs, or the query asks for one.
        """
        into, done = parsed(healthy), False
        for owner in self._owners(viewer) if into is not None else ():
            if not owner or owner == viewer or self._may_see(viewer, owner):
                continue
            ids = self.seats.principal(owner).ids
            asked = any(id.encode() in request.body for id in ids if len(id) > 2)
            source = parsed(self.ask(owner, request))
            done |= _filled(into, source, self.mutant.field.split(".")[-1], ids, theirs=asked)
        self._told = (self.mutant.resource, self.mutant.field)
        return bodied(healthy, into) if done else healthy

    def _may_see(self, viewer: str | None, owner: str) -> bool:
        """Whether the contract shows the field now, or the owner is in another state than meant."""
        principal = self.seats.principal(viewer)
        table = self.model.tables[self.mutant.resource]
        subject = Subject(self.mutant.resource, tuple(self.seats.principal(owner).ids)[:1])
        state = state_of(self.model.policy, table.resource, principal, subject)
        said = {name: text(value) for name, value in state.items()}
        other = any(said.get(name) != value for name, value in self.mutant.state)
        held = self.seats.relations(viewer, owner)
        return other or allows(table, self.mutant.field, held, state)

    # ------------------------------------------------------------ out of place

    def _out_of_place(
        self, viewer: str | None, request: Request, healthy: Response, params: dict[str, str]
    ) -> Response:
        """A value that its owner alone may see, under a name that no document has."""
        walked = self._walk(viewer, healthy, params)
        if walked is None or not healthy.is_json:
            return healthy
        into, judged = copy.deepcopy(walked[0]), walked[1]
        for owner in self._owners(viewer):
            objects = [s for s in judged.instances if self._is_meant(s, owner)]
            secret = self._secret(viewer, owner, request) if objects and owner else None
            if secret is None:
                continue
            self._told, value = secret
            if self.mutant.field == "header":
                return replace(healthy, headers={**healthy.headers, "x-context": str(value)})
            at = objects[0].pointer if self.mutant.field == "member" else ()
            holder = reached(into, at)
            if isinstance(holder, dict):
                holder["context"] = value
                return bodied(healthy, into)
        return healthy

    def _secret(
        self, viewer: str | None, owner: str, request: Request
    ) -> tuple[tuple[str, str], Json] | None:
        """A text of the owner's account that this viewer may not see, long enough to be told."""
        caller = self.model.operations.get(self.model.policy.caller.operation)
        if caller is None:
            return None
        url = urlsplit(request.url)._replace(path=caller.path, query="").geturl()
        answer = self.ask(owner, Request("GET", url, {"accept": "application/json"}))
        media = answer_media(caller, answer.status, answer.media_type)
        value = parsed(answer)
        if value is None or media is None:
            return None
        judge = Judge(self.model, self.seats.principal(viewer), caller.id, {}, answer.status)
        for each in judge.judge(value, media.shape).instances:
            for leaf in each.leaves:
                words = isinstance(leaf.value, str) and len(leaf.value) >= 7
                if words and not leaf.allowed and any(c.isdigit() or c == "@" for c in leaf.value):
                    return (each.resource, leaf.path), leaf.value
        return None


# --------------------------------------------------------------------------- requests


def placed(operation: Operation, request: Request) -> dict[str, str] | None:
    """The path's parameters, decoded; None: the request stands at another endpoint."""
    if request.method != operation.method:
        return None
    names = re.findall(r"\{([^{}]+)\}", operation.path)
    parts = re.split(r"\{[^{}]+\}", operation.path)
    found = re.fullmatch("([^/]+)".join(map(re.escape, parts)), urlsplit(request.url).path)
    return dict(zip(names, map(unquote, found.groups()), strict=True)) if found else None


# --------------------------------------------------------------------------- bodies


def walk(
    model: Model,
    seats: Seats,
    operation: Operation,
    viewer: str | None,
    answer: Response,
    params: dict[str, str],
) -> tuple[Json, Judgement] | None:
    """An answer read, and judged for this viewer; None: not to be read, or no success."""
    value = parsed(answer) if 200 <= answer.status < 300 else None
    if value is None:
        return None
    media = answer_media(operation, answer.status, answer.media_type)
    judge = Judge(model, seats.principal(viewer), operation.id, params, answer.status)
    return value, judge.judge(value, media.shape if media else None)


def parsed(answer: Response) -> Json:
    """A JSON body, or the rows of a CSV body (RFC 4180); None: neither."""
    try:
        if answer.is_json:
            return json.loads(answer.body)
        if answer.media_type == "text/csv":
            return [dict(row) for row in csv.DictReader(io.StringIO(answer.body.decode()))]
    except (ValueError, RecursionError, csv.Error):
        pass
    return None


def bodied(answer: Response, value: Json) -> Response:
    """The answer with another JSON body, spaced as most servers do, and its length put right."""
    body = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
    headers = dict(answer.headers)
    if "content-length" in headers:
        headers["content-length"] = str(len(body))
    return replace(answer, headers=headers, body=body, cookies={})


def reached(value: Json, at: Pointer) -> Json:
    """What stands at a place; None where nothing does."""
    for step in at:
        if isinstance(value, dict):
            value = value.get(step)
        elif isinstance(value, list) and step.isdigit() and int(step) < len(value):
            value = value[int(step)]
        else:
            return None
    return value


def put(into: Json, at: Pointer, leaf: Json, like: Json, there: Pointer = ()) -> bool:
    """Set a leaf; containers on the way are made as they stand at `there` of another value."""
    there = there or at
    for depth, step in enumerate(at):
        last = depth == len(at) - 1
        origin = there[: len(there) - len(at) + depth + 1]
        new: Json = leaf if last else [] if isinstance(reached(like, origin), list) else {}
        if isinstance(into, dict):
            if last or not isinstance(into.get(step), dict | list):
                into[step] = new
            into = into[step]
        elif isinstance(into, list):
            index = int(step) if step.isdigit() else 0
            if index >= len(into):
                into.append(new)
                index = len(into) - 1
            elif last:
                into[index] = new
            into = into[index]
        else:
            return False
    return True


def _filled(into: Json, source: Json, name: str, ids: frozenset[str], *, theirs: bool) -> bool:
    """Put members of this name where they are empty, in objects with one of these ids."""
    done = False
    if isinstance(into, dict) and isinstance(source, dict):
        said = {text(each) for each in source.values() if isinstance(each, str | int)}
        theirs = theirs or not ids.isdisjoint(said)
        for key, value in source.items():
            if key == name and theirs and into.get(key) is None and value not in _EMPTY:
                into[key], done = value, True
            elif key in into:
                done |= _filled(into[key], value, name, ids, theirs=theirs)
    elif isinstance(into, list) and isinstance(source, list):
        for one, other in zip(into, source, strict=False):
            done |= _filled(one, other, name, ids, theirs=theirs)
    return done


def picked(value: Json, kept: set[Pointer], at: Pointer = ()) -> Json:
    """What stands at a place, cut down to the leaves at these pointers."""
    return _picked(reached(value, at), kept, at)


def _picked(value: Json, kept: set[Pointer], at: Pointer) -> Json:
    steps = {p[len(at)] for p in kept if len(p) > len(at) and p[: len(at)] == at}
    if isinstance(value, dict):
        return {k: _picked(v, kept, (*at, k)) for k, v in value.items() if k in steps}
    if isinstance(value, list):
        return [_picked(v, kept, (*at, str(i))) for i, v in enumerate(value) if str(i) in steps]
    return value


def added(into: Json, at: Pointer, what: Json) -> bool:
    """Put an object that was left out into the list or the member where it stood."""
    holder = reached(into, at[:-1]) if at else None
    if isinstance(holder, list):
        holder.append(what)
        return True
    if isinstance(holder, dict):
        holder[at[-1]] = what
        return True
    return False
