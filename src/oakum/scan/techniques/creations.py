"""Objects that the run makes: what a creation takes over, and who else may take one away (P12, P2).

Where the document says how an object is made and how it is taken away, one is made for an identity,
with a mark in it that is in nothing else. It is read back by its owner. Another is made that asks
for more than its owner may set (CWE-915): what its view holds, and the first one's does not, was
taken over. Then strangers take one away; only the owner's own view tells whether it is gone
(CWE-639). Whatever is left is taken away at the end, found by its mark.
"""

from __future__ import annotations

import re
import secrets
import uuid
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from urllib.parse import quote, unquote

from oakum.contract.classify import classify
from oakum.contract.lexicon import FieldClass, classify_field, words
from oakum.contract.model import Json, Resource, Shape
from oakum.contract.sensitive import ends
from oakum.exchange import Request, Response, json_bytes
from oakum.finding import Endpoint, Evidence, Skipped
from oakum.scan.asking import Filled, curl, fill, with_body
from oakum.scan.bodies import body_shape
from oakum.scan.contacts import is_secret, noun_of
from oakum.scan.endpoints import Gate, gate_of
from oakum.scan.engine import Engine
from oakum.scan.knowledge import value_at
from oakum.scan.left_out import left_out, why_left_out
from oakum.scan.login import json_of
from oakum.scan.owned import LETS_IN
from oakum.scan.restraint import barred, remover, why_no_creation
from oakum.scan.signals import Signal
from oakum.scan.technique import Line, Prospect
from oakum.scan.undo_log import Made, UndoLog, in_path, marked
from oakum.scan.variants import last_parameter, other_value, shape_of, written
from oakum.scan.wording import harmless, typed
from oakum.semantics import Model
from oakum.semantics.decide import through
from oakum.semantics.table import allows

HOW = "creation"

_MOST = 8
"""Members asked for beyond what owners may set."""
_DEPTH = 3
_AGAIN = 2
"""How often one that asks for more, and one that does not, are made once more: what comes by chance
half of the time, comes so in one of 32 runs."""


@dataclass(frozen=True)
class _Pair:
    """How objects of a resource are made, and taken away."""

    resource: str
    at: tuple[str, ...]
    """Where in the body the object stands."""
    make: Gate
    remove: Gate


def run(engine: Engine) -> None:
    """Only with leave to write."""
    if not engine.may.writes or engine.undo_log is None:
        return
    for pair in _pairs(engine.model, engine.params):
        engine.say(f"making one `{pair.resource}`, and taking it away")
        refused = set[int]()
        for owner in engine.cast.subjects():
            if _Trial(engine, engine.undo_log, pair, owner, refused).run():
                break
        else:
            if refused:
                said = " and ".join(map(str, sorted(refused)))
                engine.untried.append(
                    Skipped(
                        pair.make.endpoint, f"nothing was made: whoever asked was answered {said}"
                    )
                )


def foresee(prospect: Prospect) -> Iterator[Line]:
    """Every creation, and what takes it away."""
    for pair in _pairs(prospect.model, {}) if prospect.may.writes else ():
        yield {
            "as": "an identity",
            "request": f"{pair.make.endpoint.method} {pair.make.endpoint.path}",
            "why": f"a `{pair.resource}` of the run's own: which members it may ask for",
        }
        yield {
            "as": "others, then its owner",
            "request": f"{pair.remove.endpoint.method} {pair.remove.endpoint.path}",
            "why": f"takes that `{pair.resource}` away",
        }


def _pairs(model: Model, params: Mapping[str, Mapping[str, str]]) -> Iterator[_Pair]:
    for operation in model.operations.values():
        verdict = classify(operation, model.rule(operation.id))
        if operation.method != "POST" or verdict.kind != "write" or barred(model, operation):
            continue
        make = gate_of(model, operation, params.get(operation.id, {}))
        for resource, at in written(model, operation):
            known = model.policy.resources[resource]
            if not known.key or known.owner.kind == "none":
                continue
            if why_no_creation(model, operation, resource):
                continue
            remove = remover(model, operation, resource, params)
            if remove is not None:
                yield _Pair(resource, at, make, remove)


@dataclass
class _Trial:
    """One identity's creations of one resource."""

    engine: Engine
    undo_log: UndoLog
    pair: _Pair
    owner: str
    refused: set[int]
    """Statuses with which creations were refused: of all owners."""
    stopped: bool = False
    """What was made could not be taken away, or was written over another: no more is made."""
    told_once: bool = False
    """The answer to the last creation showed a leak that no other answer has shown."""

    def run(self) -> bool:
        """Whether anything could be made."""
        control = self._make({})
        if control is None:
            return self.stopped
        made, view = control
        for viewer in self._strangers():
            if self._taken_away(made, viewer):
                self._undo(made)
                again = self._make({})
                if again is None:
                    return True
                made, _ = again
        self._undo(made)
        more = dict(self._beyond(view, made.mark))
        if more and self._ask_for(more, view) is None and len(more) > 1:
            for at, value in more.items():
                self._ask_for({at: value}, view)
        if self.told_once:
            self._once({})
        return True

    # ------------------------------------------------------------ making one

    def _make(self, more: Mapping[tuple[str, ...], Json]) -> tuple[Made, Mapping[str, Json]] | None:
        """What was made, and how its owner sees it; None when the API refused."""
        engine, pair, log = self.engine, self.pair, self.undo_log
        mark = f"oakum {secrets.token_hex(4)}"
        asked = None if self.stopped else self._request(mark, more)
        lists = self._lists()
        remove = self._with_key(self.pair.remove)
        if asked is None or remove is None:
            return None
        key = engine.model.policy.resources[pair.resource].key
        made = Made(
            f"a new `{pair.resource}` of {self.owner} ({secrets.token_hex(3)})",
            self.owner, mark, key, tuple(request for request, _ in lists), remove,
            look=self._look(), turns=tuple(names for _, names in lists),
            how=f"{pair.remove.endpoint.method} {pair.remove.endpoint.path} as {self.owner}",
        )  # fmt: skip
        known_of = (k for k in engine.knowledge.objects.items() if k[0][1] == pair.resource)
        rows = (row for _, found in known_of for row in found)
        older = {in_path(row[key]) for row in rows if key in row} | log.keys(made)
        made = replace(made, older=frozenset(older - {""}))
        log.enter(made)
        answer = engine.send(pair.make, self.owner, asked)
        self.told_once = engine.answers is not None and engine.answers.told_once
        there = answer.status < 400 or (answer.status >= 500 and log.shows(made))
        if there:
            engine.called.setdefault(pair.remove.operation.id, set())  # it takes it away in the end
        if answer.status >= 400:
            self.refused.add(answer.status)
            if answer.status < 500:  # else it may be there all the same: looked for at the end
                log.refused(made)
            elif not there:
                said = (
                    f"{pair.make.endpoint.method} {pair.make.endpoint.path} was answered with"
                    f" {answer.status}, and nothing shows what it was to make: if it is there all"
                    f" the same, it holds a text that begins with `{mark.split()[0]}`"
                )
                log.unsure += [said] if said not in log.unsure else ()
            return None
        seen = marked(json_of(answer), mark, key)
        shown = seen[0] if seen else None
        told = in_path(shown[key]) if shown else _from_location(answer) or _only(answer, key)
        if told in made.older and log.is_ours(made, told, shown, echo=True):
            self._wrote_over(made)
            return None
        if told and told not in made.older and log.is_ours(made, told, shown, echo=True):
            made = log.learn(made, told)
        view = self._view(made) or shown or {}
        known = made.known or in_path(view.get(key))
        if known in made.older and view is not shown:
            self._wrote_over(made)
            return None
        if not made.known and known and log.is_ours(made, known, view, echo=view is shown):
            made = log.learn(made, known)
        if not made.known:  # looked for once more at the end, and told if it is not found
            log.taken(made)
            self.stopped = True
            return None
        return made, view

    def _wrote_over(self, made: Made) -> None:
        """The mark stands in an object that was there before: the creation has changed that one,
        and removing it would lose it whole."""
        make, self.stopped = self.pair.make.endpoint, True
        self.undo_log.overwrote(
            made,
            f"{make.method} {make.path} wrote over a `{self.pair.resource}` of {self.owner} that"
            " was there before, where it was to make one: put it back by hand",
        )

    def _request(self, mark: str, more: Mapping[tuple[str, ...], Json]) -> Filled | None:
        engine, make = self.engine, self.pair.make
        filled = fill(make, engine.target, engine.knowledge, self.owner)
        shape = body_shape(make.operation)
        if filled is None or shape is None:
            return None
        marks = iter((mark,))
        try:
            body = _body(engine, shape, self.pair, self.owner, marks, ())
        except LookupError as error:
            engine.untried.append(
                Skipped(make.endpoint, f"nothing was made: no value is known for `{error.args[0]}`")
            )
            return None
        if next(marks, ""):
            return None  # nowhere to put it: it could not be found again
        body = {**body, **filled.content}
        for at, value in more.items():
            _put(body, (*self.pair.at, *at), value)
        said = json_bytes(_hidden(body, dict(more), self.pair.at)).decode()
        return with_body(filled, make.operation, body, said)

    def _lists(self) -> list[tuple[Request, tuple[str, ...]]]:
        """Lists in which the owner would see it, and the names of their query parameters."""
        engine, resource = self.engine, self.pair.resource
        key = engine.model.policy.resources[resource].key
        found: list[tuple[Request, tuple[str, ...]]] = []
        for gate in engine.gates:
            own = f"{resource}.{key}" in gate.sources.values()
            if resource not in gate.shows or own or gate.batch or gate.how:
                continue
            who = self.owner if gate.personal else None
            if (filled := fill(gate, engine.target, engine.knowledge, who)) is not None:
                asked = (p.name for p in gate.operation.parameters if p.where == "query")
                found.append((filled.request, tuple(asked)))
        return found[:2]

    def _look(self) -> Request | None:
        """What shows the object alone, with `{key}` in it; None where no endpoint does."""
        main = self._main()
        return self._with_key(main) if main is not None else None

    def _with_key(self, of: Gate) -> Request | None:
        """A question with `{key}` where the key of the object has to stand, at the path's end."""
        engine = self.engine
        key = engine.model.policy.resources[self.pair.resource].key
        names = [p.name for p in of.operation.parameters if p.where == "path"]
        last = last_parameter(of.operation.path)
        if last not in names:
            return None
        sources = {**of.sources, last: f"{self.pair.resource}.{key}"}
        gate = replace(of, sources=sources, unfilled=(), personal=frozenset(sources))
        with self._as_own("{key}"):
            filled = fill(gate, engine.target, engine.knowledge, self.owner)
        if filled is None:
            return None
        return replace(filled.request, url=filled.request.url.replace("%7Bkey%7D", "{key}"))

    def _as_own(self, key: str) -> _Own:
        return _Own(self.engine, self.owner, self.pair.resource, key)

    def _main(self) -> Gate | None:
        """The endpoint of one object, by its key."""
        engine = self.engine
        known = engine.model.policy.resources[self.pair.resource]
        return engine.matrix.gates.get(known.main) or next(
            (
                gate
                for gate in engine.gates
                if f"{self.pair.resource}.{known.key}" in gate.sources.values()
                and self.pair.resource in gate.shows and not gate.batch
            ),
            None,
        )  # fmt: skip

    def _view(self, made: Made) -> Mapping[str, Json]:
        """The owner's own view: at the main endpoint, else in a list."""
        engine, main = self.engine, self._main()
        if main is not None and made.known:
            with self._as_own(made.known):
                filled = fill(main, engine.target, engine.knowledge, self.owner)
            if filled is not None:
                answer = engine.send(main, self.owner, filled)
                if found := marked(json_of(answer), made.mark, made.key):
                    return found[0]
        return next(iter(self.undo_log.seen(made)), {})

    # ------------------------------------------------------------ asking for more

    def _beyond(
        self, view: Mapping[str, Json], mark: str
    ) -> Iterator[tuple[tuple[str, ...], Json]]:
        """Members that owners may not set, each with another value than it has; not the one that
        holds the mark, by which the object is found again."""
        engine, resource = self.engine, self.pair.resource
        known = engine.model.policy.resources[resource]
        untried: dict[str, str] = {}
        held = engine.cast.relations(self.owner, self.owner)
        table = engine.model.settable[resource]
        state = engine.matrix.state(resource, self.owner)
        found = 0
        for at, value in _leaves(view, ()):
            path = ".".join(at)
            inner = shape_of(engine.model, resource, *at)
            if isinstance(value, str) and mark in value:
                continue
            if not engine.evaluator.may_write(*at) or allows(table, path, held, state):
                continue
            other = other_value(at[-1], value, inner, far=True)
            why = why_left_out(known, path, inner, value)
            if not why and _is_time(value):
                why = "it is a time that the API sets"
            if not why and other is None:
                why = "no other value is known for it"
            if not why and ends(path, other):
                why = "the life of the object hangs on it"
            if not why and found >= _MOST:
                why = f"no more than {_MOST} are tried at once"
            if why:
                untried[path] = why
                continue
            found += 1
            yield at, other
        if untried:
            engine.untried.append(left_out(self.pair.make.endpoint, untried))

    def _ask_for(
        self, more: Mapping[tuple[str, ...], Json], before: Mapping[str, Json]
    ) -> bool | None:
        """Make one that asks for more; None when that is refused."""
        view = self._once(more)
        if view is None:
            return None
        taken = {at: v for at, v in more.items() if value_at(view, at) == v != value_at(before, at)}
        for asked_for in (({}, taken) * _AGAIN) if taken else ():
            again = self._once(asked_for)  # what the first of a kind has, or comes by chance, too
            if again is None:
                return True
            took = bool(asked_for)
            taken = {at: v for at, v in taken.items() if (value_at(again, at) == v) is took}
        for at, value in taken.items():
            note = (
                "the owner's own view of a new object holds what its creation asked for, and that"
                " of one made without asking does not, time after time; all were taken away"
            )
            asked = self._request("…", {at: value})
            self._tell("mass-assignment", ".".join(at), self.owner, self.pair.make, asked, note)
        return True

    def _once(self, more: Mapping[tuple[str, ...], Json]) -> Mapping[str, Json] | None:
        """How its owner sees one that is made and taken away; None: the API refused."""
        made = self._make(more)
        if made is None:
            return None
        self._undo(made[0])
        return made[1]

    def _undo(self, made: Made) -> None:
        self.stopped = not self.undo_log.undo(made) or self.stopped

    # ------------------------------------------------------------ taking it away

    def _strangers(self) -> Iterator[str | None]:
        """One of each kind whom the contract lets change nothing of it."""
        engine, resource = self.engine, self.pair.resource
        table = engine.model.settable[resource]
        state = engine.matrix.state(resource, self.owner)
        for viewer in engine.watchers(self.owner):
            held = engine.cast.relations(viewer, self.owner)
            endpoint = self.pair.remove.operation.id
            free = through(engine.model, endpoint, held, viewer is not None)
            sets = any(allows(table, leaf, held, state) for leaf in table.leaves)
            own = any(allows(table, leaf, frozenset(), state) for leaf in table.leaves)
            if not (free and (sets or own)):
                yield viewer

    def _taken_away(self, made: Made, viewer: str | None) -> bool:
        engine = self.engine
        if not self.undo_log.shows(made):
            return False  # it was gone, or could not be seen, before anybody took it away
        url = made.remove.url.replace("{key}", quote(made.known, safe=""))
        symbolic = self.pair.remove.operation.path
        asked = Filled(replace(made.remove, url=url), {}, frozenset({made.known}), symbolic)
        answer = engine.send(self.pair.remove, viewer, asked)
        gone = answer.status < 400 and all(self.undo_log.shows(made) is False for _ in range(2))
        if not gone:
            return False
        note = "the owner's own view had lost it afterwards; the run had made it for this"
        self._tell("bola-write", made.key, viewer, self.pair.remove, asked, note, answer)
        return True

    def _tell(
        self,
        how: str,
        field: str,
        viewer: str | None,
        gate: Gate,
        asked: Filled | None,
        note: str,
        answer: Response | None = None,
    ) -> None:
        engine, owner = self.engine, self.owner
        label = engine.cast.label(engine.cast.relations(viewer, owner), viewer, owner)
        line = curl(asked, engine.credentials(viewer)) if asked else ""
        side = engine.evaluator.side(viewer, label, answer or Response(201, {}, b""))
        at = Endpoint(gate.endpoint.method, gate.endpoint.path, gate.operation.id)
        evidence = Evidence(None, side, line, note=note)
        engine.signals.append(
            Signal(how, self.pair.resource, field, label, at, evidence, (), viewer, says="written")
        )


class _Own:
    """For a moment the one object that an identity has, so that parameters are filled with it."""

    def __init__(self, engine: Engine, owner: str, resource: str, key: str) -> None:
        self._objects = engine.knowledge.objects
        self._place = (owner, resource)
        self._row = {engine.model.policy.resources[resource].key: key}
        self._kept = self._objects.get(self._place)

    def __enter__(self) -> None:
        self._objects[self._place] = [self._row]

    def __exit__(self, *_: object) -> None:
        if self._kept is None:
            self._objects.pop(self._place, None)
        else:
            self._objects[self._place] = self._kept


def _body(
    engine: Engine, shape: Shape, pair: _Pair, owner: str, marks: Iterator[str], at: tuple[str, ...]
) -> dict[str, Json]:
    """What a creation has to hold, and one mark in a free text of it.

    Ids of other objects, and words that stand in several objects, are those that answers have
    shown: an API takes no others.
    """
    body: dict[str, Json] = {}
    bare = not shape.required
    inside = at[: len(pair.at)] == pair.at
    for name, thunk in shape.properties.items():
        inner = thunk()
        required = name in shape.required or bare
        path = ".".join((*at[len(pair.at) :], name)) if inside else name
        seen = "" if inner.enum else _seen(engine, pair.resource, owner, path, inner)
        free = _is_free(name, inner) and not seen
        wrap = pair.at[: len(at) + 1] == (*at, name)
        if inner.read_only or not (required or free or wrap):
            continue
        if path == engine.model.policy.resources[pair.resource].key:
            body[name] = _new_key(inner)
        elif inner.properties and len(at) < _DEPTH:
            body[name] = _body(engine, inner, pair, owner, marks, (*at, name))
        elif classify_field(name, inner) is FieldClass.KEY and not (seen or inner.enum):
            raise LookupError(name)  # any other value would name somebody's object
        elif free:
            text = next(marks, "")
            if text or required:
                body[name] = text or "oakum"
        elif is_secret(name, inner):
            body[name] = f"Oak-{secrets.token_hex(6)}-7a"
        elif seen:
            body[name] = typed(seen, inner)
        else:
            body[name] = harmless(name, inner)
    return body


def _new_key(shape: Shape) -> Json:
    """A key that nothing has, where whoever makes an object chooses it: an API may write over what
    has another one."""
    if shape.kinds & {"integer", "number"}:
        return 2**30 + secrets.randbelow(2**30)
    return str(uuid.uuid4()) if shape.format == "uuid" else f"oakum-{secrets.token_hex(8)}"


def _seen(engine: Engine, resource: str, owner: str, path: str, shape: Shape) -> str:
    """A value that answers have shown for a member which takes only what is known: the id of
    another object, or a word that several objects hold; empty: it is none, or none was seen."""
    known = engine.model.policy.resources[resource]
    name = path.rpartition(".")[2]
    knowledge = engine.knowledge
    if path in (known.key, *known.owner.members) or is_secret(name, shape):
        return ""
    own = [row[path] for row in knowledge.objects.get((owner, resource), ()) if path in row]
    if classify_field(name, shape) is FieldClass.KEY:
        if (named := _named_by(engine, name)) is not None:
            # what is made under somebody else's object is shown to them, and may be mailed to them
            whose = (owner, *(each for each in engine.cast.names() if each != owner))
            rows = (row for who in whose for row in knowledge.objects.get((who, named.name), ()))
            return next((row[named.key] for row in rows if named.key in row), "")
        return next(iter((*own, *knowledge.named(name))), "")
    if classify_field(name, shape) in LETS_IN or not shape.kinds <= {"string", "null"}:
        return ""
    held: dict[str, str] = {}
    for (_, kind), kept in knowledge.objects.items():
        for row in kept if kind == resource else ():
            if path in row and known.key in row:
                held[row[known.key]] = row[path]
    word = next((each for each, number in Counter(held.values()).most_common(1) if number > 1), "")
    return word if re.fullmatch(r"[\w.-]{1,32}", word) else ""


def _named_by(engine: Engine, name: str) -> Resource | None:
    """The resource, one that somebody owns, whose objects a member names: `post_id`."""
    said = tuple(word for word in words(name) if word not in ("id", "key", "uuid", "guid"))
    found = engine.model.policy.resources.values()
    return next(
        (e for e in found if words(e.name) == said and e.key and e.owner.kind != "none"), None
    )


def _is_free(name: str, shape: Shape) -> bool:
    """Whether any text may stand there, and names nobody."""
    plain = "string" in shape.kinds and not (shape.enum or shape.format)
    return plain and classify_field(name, shape) not in LETS_IN and not noun_of(name, shape)


def _put(body: dict[str, Json], at: tuple[str, ...], value: Json) -> None:
    for step in at[:-1]:
        inner = body.setdefault(step, {})
        if not isinstance(inner, dict):
            return
        body = inner
    body[at[-1]] = value


def _hidden(
    body: Mapping[str, Json], more: Mapping[tuple[str, ...], Json], base: tuple[str, ...]
) -> Json:
    """The body for a curl line: names, and the values that are asked for."""
    said: dict[str, Json] = dict.fromkeys(body, "…")
    for at in more:
        said.pop((*base, *at)[0], None)
    for at, value in more.items():
        _put(said, (*base, *at), value)
    return said


def _leaves(
    value: Mapping[str, Json], at: tuple[str, ...]
) -> Iterator[tuple[tuple[str, ...], Json]]:
    for name, child in value.items():
        if isinstance(child, dict) and len(at) < _DEPTH:
            yield from _leaves(child, (*at, name))
        else:
            yield (*at, name), child


def _is_time(value: Json) -> bool:
    """A date and time is made by the API itself, and comes out otherwise each time."""
    return isinstance(value, str) and len(value) > 15 and value[4:5] == "-" and "T" in value


def _from_location(answer: Response) -> str:
    path = re.split(r"[?#]", answer.headers.get("location", ""))[0]
    return in_path(unquote(path.rstrip("/").rsplit("/", 1)[-1]))


def _only(answer: Response, key: str) -> str:
    """The key in an answer that holds nothing else of the object."""
    body = json_of(answer)
    inner = [body, *body.values()] if isinstance(body, dict) else []
    found = [each[key] for each in inner if isinstance(each, dict) and key in each]
    return in_path(found[0]) if found else ""
