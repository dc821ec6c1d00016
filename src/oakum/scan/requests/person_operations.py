"""Operations about a person named in the request by address, number or user name.

Found by words, before the first request: what an operation does by `inference.side_effects`,
what its members and parameters are by `inference.lexicon`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from oakum.authz import Model
from oakum.exposure.endpoints.probes import Probe, probe_of
from oakum.exposure.endpoints.request_bodies import body_shape
from oakum.inference.lexicon import (
    FieldClass,
    classify_field,
    label_field,
    singular,
    word_set,
    words,
)
from oakum.inference.lexicon_phrases import ACCOUNT_NAME, ADDRESS, PHONE
from oakum.inference.side_effects import classify
from oakum.openapi.model import Operation, Shape
from oakum.scan.coverage.uncalled_operations import barring_reason

Noun = Literal["mail", "phone", "handle", "any", ""]
Kind = Literal["read", "login", "register", "mail"]
At = tuple[str, ...]

DEPTH = 3
"""Objects within objects that are looked into for members."""
_NOUNS: tuple[tuple[str, Noun], ...] = (
    (ADDRESS, "mail"),
    (PHONE, "phone"),
    (ACCOUNT_NAME, "handle"),
)
_HANDLES = word_set("account handle login member nick nickname screen slug user username")
"""Words of names by which people are looked up; a display name alone is not one."""
_WHO = word_set("account contact identifier identity login member recipient to user who")
"""Names of members that may hold an address, a number or a user name."""
_REGISTERS = word_set("register registration signup")
_LOST = word_set("password passwd pwd passphrase passcode pin credential")
_TALKS = word_set(
    "authenticate available availability exist forget forgot forgotten identify login logon lost "
    "otp recover recovery remind reminder signin signon taken"
)
"""Words of operations that respond to anonymous callers about a person."""
_NAMES_SOMEBODY = word_set(
    "auth check discover find invitation invite lookup match resend search verification verify"
)
"""Words that also occur with things, unless an address or a number is sent with them."""
_DESTROYS = word_set(
    "ban block cancel close deactivate delete disable edit erase kick purge remove revoke set "
    "unsubscribe update wipe"
)
_LETS_IN = word_set("add assign attach enroll enrol grant join share")
"""Words of operations that grant a person something."""
_MOST_SLOTS = 3


@dataclass(frozen=True)
class Slot:
    """A place of the request that names a person."""

    where: Literal["path", "query", "body"]
    at: At
    """Name of the parameter, or path of the body member."""
    noun: Noun
    many: bool = False
    """Whether it takes a list."""
    source: str = ""
    """`Resource.field` that fills it; empty if only its name and schema identify it."""


@dataclass(frozen=True)
class PersonOperation:
    """A request about a person: `slot` names them, and the other values are filled in."""

    probe: Probe
    kind: Kind
    """`read`: changes nothing; `login`: takes a secret; `register`: may make an account; `mail`:
    may send a message, or more."""
    slot: Slot
    secret: bool
    """Whether a random secret is sent with it. If the operation takes one and none is sent, the
    request lacks it."""


def person_operations(
    model: Model, probes: Iterable[Probe], how: str, *, writes: bool
) -> Iterator[PersonOperation]:
    """Operations that take the name of a person. `probes`: readable endpoints; `writes`: include
    those that may send a message or sign up."""
    known = {probe.operation.id: probe for probe in probes if not probe.how}
    for operation in model.operations.values():
        probe = known.get(operation.id) or probe_of(model, operation, {})
        secret = _takes_secret(operation)
        slots = [each for each in slots_of(operation, probe) if _is_asked_for(operation, each)]
        for slot in slots[:_MOST_SLOTS]:
            kind = _kind(model, operation, slot, secret=secret)
            if kind and (writes or kind in ("read", "login")):
                yield PersonOperation(probe.otherwise(how), kind, slot, secret)


def _kind(model: Model, operation: Operation, slot: Slot, *, secret: bool) -> Kind | Literal[""]:
    """What the request may do; empty if it must not be sent, or says nothing about a person."""
    rule = model.rule(operation.id)
    verdict = classify(operation, rule).kind
    if (
        rule.reads is False
        or rule.graphql
        or (verdict == "write" and barring_reason(model, operation))
    ):
        return ""
    if verdict in ("read", "login") and secret:
        return "login"
    if verdict == "read":
        return "read"
    said = _operation_words(operation)
    if operation.method != "POST" or said & _DESTROYS:
        return ""
    if said & _REGISTERS or {"sign", "up"} <= said:
        return "register"
    lost = bool(said & _TALKS) or (bool(said & _LOST) and "reset" in said)
    named = bool(said & _NAMES_SOMEBODY) and slot.noun in ("mail", "phone")
    # Below an object a person is let in to it: that may stay, and nothing would end it.
    named = named and "{" not in operation.path and not said & _LETS_IN
    return "mail" if (lost or named) and not secret else ""


def _operation_words(operation: Operation) -> frozenset[str]:
    """Words of the literal part of the path and of the operationId."""
    path = re.sub(r"\{[^}]*\}", "/", operation.path)
    name = "" if " " in operation.id else operation.id
    return frozenset(singular(word) for word in (*words(path), *words(name)))


def _is_asked_for(operation: Operation, slot: Slot) -> bool:
    """Whether the request is about the person, and no list with a filter."""
    if slot.where != "query" or slot.source or _takes_secret(operation):
        return True
    return any(each.required for each in operation.parameters if each.name == slot.at[0])


def slots_of(operation: Operation, probe: Probe) -> Iterator[Slot]:
    """Places that name a person, except user names in a path, which name a public page."""
    for parameter in operation.parameters:
        source = probe.sources.get(parameter.name, "")
        noun = noun_of(parameter.name, parameter.shape, source)
        many = "array" in parameter.shape.kinds
        if parameter.where == "path" and noun in ("mail", "phone"):
            yield Slot("path", (parameter.name,), noun, False, source)
        elif parameter.where == "query" and noun:
            yield Slot("query", (parameter.name,), noun, many, source)
    shape = body_shape(operation)
    for at, inner in _members(shape, ()) if shape is not None else ():
        source = probe.sources.get(at[0], "") if len(at) == 1 else ""
        noun = noun_of(at[-1], inner, source)
        if noun:
            yield Slot("body", at, noun, "array" in inner.kinds, source)


def noun_of(name: str, shape: Shape | None = None, source: str = "") -> Noun:
    """The kind of personal name that a member holds; empty if none. `source`: the `Resource.field`
    that fills it, which takes precedence over the name."""
    shape = shape or Shape()
    element = shape.items() if shape.items is not None else shape
    if "object" in element.kinds or "boolean" in element.kinds:
        return ""
    path = source.partition(".")[2] or name
    reason = label_field(path, None if source else element).reason
    for ending, noun in _NOUNS:
        if reason.endswith(ending):
            last = {singular(word) for word in words(path.split(".")[-1])}
            return noun if noun != "handle" or last & _HANDLES else ""
    said = {singular(word) for word in words(name)}
    return "any" if said and said <= _WHO and not source else ""


def is_secret(name: str, shape: Shape) -> bool:
    """Whether a member's value is a credential."""
    return classify_field(name, shape) is FieldClass.SECRET


def holds_secret(name: str, shape: Shape) -> bool:
    """Whether a member is a secret, or an object with one in it."""
    return is_secret(name, shape) or any(
        is_secret(at[-1], each) for at, each in _members(shape, ())
    )


def _takes_secret(operation: Operation) -> bool:
    shape = body_shape(operation)
    if shape is not None and holds_secret("", shape):
        return True
    return any(p.where == "query" and is_secret(p.name, p.shape) for p in operation.parameters)


def _members(shape: Shape, at: At) -> Iterator[tuple[At, Shape]]:
    for name, thunk in shape.properties.items():
        inner = thunk()
        if inner.read_only:
            continue
        if inner.properties and len(at) < DEPTH:
            yield from _members(inner, (*at, name))
        else:
            yield (*at, name), inner
