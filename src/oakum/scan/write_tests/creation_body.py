"""The body of a request that creates an object: what it has to hold, and a mark.

Ids of other objects and words that several objects hold are those that answers have shown, because
an API takes no others. A key that the caller chooses is a new one.
"""

from __future__ import annotations

import re
import secrets
import uuid
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial

from oakum.exposure.endpoints.request_bodies import json_value
from oakum.inference.lexicon import LETS_IN, FieldClass, classify_field, word_set, words
from oakum.inference.unsafe_writes import is_stamp
from oakum.openapi.model import Json, Shape
from oakum.policy.model import Resource
from oakum.scan.engine import Engine
from oakum.scan.requests.person_operations import is_secret, noun_of
from oakum.scan.requests.person_requests import ANY_TEXT, harmless

_DEPTH = 3
_TITLES = word_set(
    "title name label subject headline text body description summary content comment message note"
)


@dataclass(frozen=True)
class NewObject:
    """What is to be created, and for whom."""

    resource: str
    at: tuple[str, ...]
    """Where in the body the object stands."""
    owner: str
    sparse: bool = False
    """Of a body that requires nothing, only a text with the mark is sent."""


def new_body(
    engine: Engine,
    shape: Shape,
    new: NewObject,
    marks: Iterator[str],
    at: tuple[str, ...] = (),
    in_name: Iterator[str] | None = None,
) -> dict[str, Json]:
    """What a creation has to hold, and one mark in a free text of it, if possible in one that
    answers show; `in_name`: in a required name, or in a text of which several objects hold the
    same.

    Ids of other objects, and words that stand in several objects, are those that answers have
    shown: an API may take no others.
    """
    body: dict[str, Json] = {}
    bare = not shape.required and not new.sparse
    inside = at[: len(new.at)] == new.at
    members = shape.properties.items()

    late = partial(_is_late, engine, new, at[len(new.at) :] if inside else ())
    for name, thunk in sorted(members, key=lambda each: late(each[0])):
        inner = thunk()
        required = name in shape.required or bare
        path = ".".join((*at[len(new.at) :], name)) if inside else name
        seen = "" if inner.enum else _seen_value(engine, new.resource, new.owner, path, inner)
        stamp = _stamp(engine, new.resource, path if inside else name, inner)
        free = _is_free(name, inner) and not (seen or stamp)
        wrap = new.at[: len(at) + 1] == (*at, name)
        if inner.read_only or not (required or free or wrap):
            continue
        known = engine.model.policy.resources[new.resource]
        if path == known.key:
            body[name] = _new_key(inner)
        elif inside and known.owner.kind == "field" and path in known.owner.members:
            if held := _as_owner(engine, new.resource, new.owner, path):
                body[name] = json_value(held, inner)
            elif name in shape.required:
                raise LookupError(name)  # any other value would make it somebody else's
        elif inner.properties and len(at) < _DEPTH:
            body[name] = new_body(engine, inner, new, marks, (*at, name), in_name)
        elif classify_field(name, inner) is FieldClass.KEY and not (seen or inner.enum):
            raise LookupError(name)  # any other value would refer to somebody's object
        elif free:
            text = next(marks, "")
            if text or required:
                body[name] = text or "oakum"
        elif stamp:
            body[name] = stamp
        elif is_secret(name, inner):
            body[name] = f"Oak-{secrets.token_hex(6)}-7a"
        elif seen:
            word = classify_field(name, inner) is not FieldClass.KEY and _is_free(name, inner)
            body[name] = next(in_name, seen) if in_name and word else json_value(seen, inner)
        else:
            body[name] = harmless(name, inner)
            if in_name and body[name] == ANY_TEXT and not noun_of(name, inner):
                body[name] = next(in_name, ANY_TEXT)
    return body


def _is_late(engine: Engine, new: NewObject, at: tuple[str, ...], name: str) -> tuple[bool, bool]:
    """Orders members by how well the mark stands in them. One text alone is sent: a title, say,
    rather than a word that an API checks."""
    return (
        new.sparse and not _is_title(name),
        is_unshown(engine, new.resource, ".".join((*at, name))),
    )


def is_unshown(engine: Engine, resource: str, path: str) -> bool:
    """Whether no answer has shown a value there, though it has shown such objects: the API may keep
    only a hash or a ciphertext of what is sent."""
    known = engine.knowledge.objects.items()
    rows = [row for (_, kind), kept in known if kind == resource for row in kept]
    return bool(rows) and not any(row.get(path) for row in rows)


def places_of(body: Json, mark: str, at: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Where in a body a mark stands."""
    if isinstance(body, dict):
        for name, value in body.items():
            yield from places_of(value, mark, (*at, name))
    elif isinstance(body, str) and mark in body:
        yield at


def _as_owner(engine: Engine, resource: str, owner: str, path: str) -> str:
    """The value of a member that names the owner, taken from the owner's objects; empty if
    unknown."""
    rows = engine.knowledge.objects.get((owner, resource), ())
    ids = engine.identities.ids.get(owner, frozenset())
    return next((row[path] for row in rows if row.get(path) in ids), "")


def _new_key(shape: Shape) -> Json:
    """A key that nothing has, where whoever makes an object chooses it: an API may write over what
    has another one."""
    if shape.kinds & {"integer", "number"}:
        return 2**30 + secrets.randbelow(2**30)
    return str(uuid.uuid4()) if shape.format == "uuid" else f"oakum-{secrets.token_hex(8)}"


def _seen_value(engine: Engine, resource: str, owner: str, path: str, shape: Shape) -> str:
    """A value that answers have shown for a member which takes only what is known: the id of
    another object, or a word that several objects hold; empty: it is none, or none was seen."""
    known = engine.model.policy.resources[resource]
    name = path.rpartition(".")[2]
    knowledge = engine.knowledge
    if path in (known.key, *known.owner.members) or is_secret(name, shape):
        return ""
    own = [row[path] for row in knowledge.objects.get((owner, resource), ()) if path in row]
    if classify_field(name, shape) is FieldClass.KEY:
        if (named := resource_named(engine, name)) is not None:
            # Owner first: others see an object below theirs, and may get an e-mail about it.
            whose = (owner, *(each for each in engine.identities.names() if each != owner))
            rows = (row for who in whose for row in knowledge.objects.get((who, named.name), ()))
            return next((row[named.key] for row in rows if named.key in row), "")
        return next(iter((*own, *knowledge.values_by_name(name))), "")
    if classify_field(name, shape) in LETS_IN or not shape.kinds <= {"string", "null"}:
        return ""
    held: dict[str, str] = {}
    for (_, kind), kept in knowledge.objects.items():
        for row in kept if kind == resource else ():
            if path in row and known.key in row:
                held[row[known.key]] = row[path]
    word = next((each for each, number in Counter(held.values()).most_common(1) if number > 1), "")
    return word if re.fullmatch(r"[\w.-]{1,32}", word) else ""


def _stamp(engine: Engine, resource: str, path: str, shape: Shape) -> str:
    """A time for a text that is one in the document or in an object that was shown: an API sets or
    refuses it, whatever is sent; empty: it is none."""
    if "string" not in shape.kinds:
        return ""
    known = engine.knowledge.objects.items()
    shown = (row.get(path, "") for (_, kind), rows in known if kind == resource for row in rows)
    times = (str(each) for each in (shape.default, *shown) if each and is_stamp(path, str(each)))
    return next(times, "")


def resource_named(engine: Engine, name: str) -> Resource | None:
    """The resource, one that somebody owns, whose objects a member names: `post_id`."""
    said = tuple(word for word in words(name) if word not in ("id", "key", "uuid", "guid"))
    found = engine.model.policy.resources.values()
    return next(
        (e for e in found if words(e.name) == said and e.key and e.owner.kind != "none"), None
    )


def _is_title(name: str) -> bool:
    return not _TITLES.isdisjoint(words(name))


def _is_free(name: str, shape: Shape) -> bool:
    """Whether any text may stand there, and names nobody."""
    plain = "string" in shape.kinds and not (shape.enum or shape.format)
    return plain and classify_field(name, shape) not in LETS_IN and not noun_of(name, shape)


def put(body: dict[str, Json], at: tuple[str, ...], value: Json) -> None:
    for step in at[:-1]:
        inner = body.setdefault(step, {})
        if not isinstance(inner, dict):
            return
        body = inner
    body[at[-1]] = value


def placeholders(
    body: Mapping[str, Json], more: Mapping[tuple[str, ...], Json], base: tuple[str, ...]
) -> Json:
    """The body for a curl line: names, and the values that are asked for."""
    said: dict[str, Json] = dict.fromkeys(body, "…")
    for at in more:
        said.pop((*base, *at)[0], None)
    for at, value in more.items():
        put(said, (*base, *at), value)
    return said
