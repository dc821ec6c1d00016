"""Requests about a person: their value in one place, the rest filled in.

The other places are filled with harmless values of the same person, or with a secret that nobody
has.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from oakum.authz import Model
from oakum.exchange import Request, json_bytes
from oakum.exposure.endpoints.request_bodies import body_shape, encode, json_value
from oakum.exposure.values.knowledge import Knowledge, canonical
from oakum.inference.lexicon import word_set, words
from oakum.openapi.model import Json, Shape
from oakum.scan.requests.builder import FilledRequest, in_path, path_on, variable
from oakum.scan.requests.person_operations import (
    DEPTH,
    At,
    Noun,
    PersonOperation,
    Slot,
    holds_secret,
    is_secret,
    noun_of,
    slots_of,
)

_AGREES = word_set("accept accepted agree agreed consent policy terms tos")
"""Words of members for consent, which must be true."""
_PHONE = re.compile(r"\+?[\d ()./-]{6,20}")


def own_value(knowledge: Knowledge, model: Model, slot: Slot, who: str) -> tuple[str, str]:
    """`Resource.field` and an own value for a place; empty if unknown or not unique."""
    shared = {
        value for (name, _, _), values in knowledge.own.items() if name != who for value in values
    }
    found: list[tuple[tuple[bool, ...], str, str]] = []
    for (name, resource, path), values in knowledge.own.items():
        owner = model.policy.resources[resource].owner
        if name != who or owner.kind == "none":
            continue
        field = f"{resource}.{path}"
        rank = (False, False) if field == slot.source else _rank(slot, path)
        if rank is None or (slot.source and field != slot.source):
            continue
        account = model.policy.resources[resource].is_account
        found += [
            ((*rank, not account), field, value)
            for value in sorted(values - shared)
            if slot.source or _fits(slot.noun, path, value)
        ]
    _, field, value = min(found, default=((), "", ""))
    return field, value


def _rank(slot: Slot, path: str) -> tuple[bool, bool] | None:
    """Sort key of how well a field fits a slot, smaller is better; None: not at all."""
    noun = noun_of(path)
    if slot.noun == "any":
        return (noun != "mail", noun != "handle") if noun else None
    if noun != slot.noun:
        return None
    return (words(path.split(".")[-1]) != words(slot.at[-1]), False)


def _fits(noun: Noun, path: str, value: str) -> bool:
    if noun == "mail" or (noun == "any" and noun_of(path) == "mail"):
        return "@" in value and " " not in value
    if noun == "phone":
        return bool(_PHONE.fullmatch(value))
    return 0 < len(value) <= 100


class Strangers:
    """Values similar to a person's that almost certainly belong to nobody.

    Host and prefix are kept, since they often matter by themselves; all other letters and digits
    are replaced, differently in each value. A short name is lengthened, since it may be somebody's.
    """

    _ALPHABETS = ("0123456789", "abcdefghijklmnopqrstuvwxyz", "ABCDEFGHIJKLMNOPQRSTUVWXYZ")
    _LEAST = 8
    _PREFIX = 6

    def __init__(self) -> None:
        self._steps = secrets.token_bytes(64)

    def like(self, value: str, nth: int) -> str:
        """The `nth` non-existing value similar to this one, counted from 0."""
        local, at, host = value.partition("@")
        if not at and _PHONE.fullmatch(value):
            digits = sum(char.isdigit() for char in value)
            return self._shift_chars(value, nth, self._PREFIX if digits >= self._PREFIX + 3 else 0)
        longer = local + "qzwkvxjp"[: max(0, self._LEAST - len(local))]
        return self._shift_chars(longer, nth, 0) + at + host

    def _shift_chars(self, text: str, nth: int, kept: int) -> str:
        """Letters and digits exchanged, the first `kept` digits not."""
        made: list[str] = []
        for place, char in enumerate(text):
            alphabet = next((each for each in self._ALPHABETS if char in each), "")
            if not alphabet or kept > 0:
                kept -= char.isdigit()
                made.append(char)
                continue
            step = 1 + (self._steps[place % 64] + nth) % (len(alphabet) - 1)
            made.append(alphabet[(alphabet.index(char) + step) % len(alphabet)])
        return "".join(made)


@dataclass(frozen=True)
class NamedPerson:
    """The person in a request: a value for its slot, and its placeholder in curl lines."""

    value: str
    symbol: str
    who: str
    """The owner of the values in the other places."""


class Wording:
    """Builds requests about persons, with a random secret that belongs to no account."""

    def __init__(self, model: Model, knowledge: Knowledge, target: str) -> None:
        self._model = model
        self._knowledge = knowledge
        self._target = target
        self._wrong = f"Oak-{secrets.token_hex(8)}-7"

    def ask(self, operation: PersonOperation, named: NamedPerson) -> FilledRequest | None:
        """The request about somebody; None if another parameter cannot be filled."""
        try:
            return _Asking(self, operation, named).fill()
        except LookupError:
            return None

    def other(self, operation: PersonOperation, slot: Slot, who: str) -> tuple[str, str]:
        """Value and placeholder for another place that names a person. Raises `LookupError` where a
        wrong value would create an account."""
        source, value = own_value(self._knowledge, self._model, slot, who)
        if value:
            return value, variable(who, source)
        if operation.kind in ("register", "mail"):
            raise LookupError(slot.at[-1])
        return "oakum@mail.invalid" if slot.noun == "mail" else "oakum", ""


class _Asking:
    """A request under construction."""

    def __init__(self, wording: Wording, operation: PersonOperation, named: NamedPerson) -> None:
        self._w = wording
        self._operation = operation
        self._named = named
        self._sent: set[str] = set()
        self._slots = {
            (s.where, s.at): s for s in slots_of(operation.probe.operation, operation.probe)
        }

    def fill(self) -> FilledRequest:
        probe, named = self._operation.probe, self._named
        operation = probe.operation
        path = symbolic = path_on(operation, self._w._target)
        params: dict[str, str] = {}
        query: list[tuple[str, str]] = []
        shown: list[str] = []
        headers = {"accept": "application/json, */*;q=0.5"}
        for each in operation.parameters:
            asked = self._parameter(each.name, each.where, each.shape, each.required)
            if asked is None:
                continue
            value, symbol = asked
            if each.where == "path":
                params[each.name] = value
                path = in_path(path, each, value)
                symbolic = symbolic.replace(each.place, symbol)
            elif each.where == "query":
                query.append((each.name, value))
                shown.append(f"{each.name}={symbol}")
            else:
                headers[each.name.lower()] = value
        content, said = self._content()
        body = b""
        if content:
            headers["content-type"], body = encode(operation, content)
        url = self._w._target.rstrip("/") + path + (f"?{urlencode(query)}" if query else "")
        symbolic += "?" + "&".join(shown) if shown else ""
        request = Request(operation.method, url, headers, body)
        return FilledRequest(request, params, frozenset({*self._sent, named.value}), symbolic, said)

    def _parameter(
        self, name: str, where: str, shape: Shape, required: bool
    ) -> tuple[str, str] | None:
        if where == "cookie" or (where == "header" and not required):
            return None
        if where in ("path", "query") and (found := self._person(where, (name,), required)):
            return found
        secret = is_secret(name, shape)
        if not required and not (secret and self._operation.secret):
            return None
        if secret:
            return self._w._wrong, "$WRONG"
        source = self._operation.probe.sources.get(name, "")
        known = self._w._knowledge.values(source, self._named.who) if source else []
        if not known and where == "path":
            known = self._w._knowledge.values_by_name(name)
        if known:
            return known[0], variable(self._named.who, source or name)
        if name not in self._operation.probe.fixed and where != "query":
            raise LookupError(name)
        value = canonical(self._operation.probe.fixed.get(name, harmless(name, shape)))
        return value, value

    def _person(self, where: str, at: At, required: bool) -> tuple[str, str] | None:
        """(value, placeholder) for a place that names a person; None if it does not, or is
        optional."""
        if (where, at) == (self._operation.slot.where, self._operation.slot.at):
            return self._named.value, self._named.symbol
        slot = next((s for (w, a), s in self._slots.items() if (w, a) == (where, at)), None)
        if slot is None or not required:
            return None
        value, symbol = self._w.other(self._operation, slot, self._named.who)
        self._sent.add(value)
        return value, symbol or value

    def _content(self) -> tuple[Mapping[str, Json], str]:
        shape = body_shape(self._operation.probe.operation)
        if shape is None or not shape.properties:
            return {}, ""
        real, said = self._object(shape, ())
        return real, json_bytes(said).decode()

    def _object(self, shape: Shape, at: At) -> tuple[dict[str, Json], dict[str, Json]]:
        """A body, and the same with names in place of values."""
        real: dict[str, Json] = {}
        said: dict[str, Json] = {}
        all_of_it = self._operation.kind == "register" and not shape.required
        for name, thunk in shape.properties.items():
            inner, here = thunk(), (*at, name)
            required = name in shape.required or all_of_it
            asked = (
                self._operation.slot.where == "body"
                and self._operation.slot.at[: len(here)] == here
            )
            secret = holds_secret(name, inner)
            if inner.read_only or not (required or asked or (secret and self._operation.secret)):
                continue
            if inner.properties and len(at) < DEPTH:
                real[name], said[name] = self._object(inner, here)
            elif secret and self._operation.secret:
                real[name], said[name] = self._secret(inner), "$WRONG"
            elif found := self._person("body", here, required):
                many = "array" in inner.kinds
                real[name] = [found[0]] if many else json_value(found[0], inner)
                said[name] = [found[1]] if many else found[1]
            elif not secret:
                real[name] = said[name] = harmless(name, inner)
        return real, said

    def _secret(self, shape: Shape) -> Json:
        return 482913 if shape.kinds & {"integer", "number"} else self._w._wrong


_LONGEST = 1_000
"""Longest made-up text in characters, whatever the document requires."""
ANY_TEXT = "oakum"
"""The value of members that take any text."""


def harmless(name: str, shape: Shape) -> Json:
    """A value for a required place, preferably the document's own."""
    if shape.example is not None:
        return shape.example
    if shape.enum:
        return shape.enum[0]
    agrees = bool(_AGREES.intersection(words(name)))
    for kind, value in (("boolean", agrees), ("integer", 1), ("number", 1), ("array", [])):
        if kind in shape.kinds:
            return value
    if "object" in shape.kinds:
        return {}
    dates = {"date": "2000-01-01", "date-time": "2000-01-01T00:00:00Z"}
    if shape.format in ("uri", "url"):
        return "https://example.com/"
    least = min(max(shape.min_length, len(ANY_TEXT)), _LONGEST)
    longer = (ANY_TEXT * (least // len(ANY_TEXT) + 1))[:least]
    return dates.get(shape.format, longer)
