"""Reads the documents of `oakum observe traffic` and `observe front-end` for a comparison. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import orjson

from oakum.errors import InputError, Location, Problem
from oakum.frontend.usage import USES
from oakum.openapi.model import Json
from oakum.openapi.typed_json import Value, read_typed

OBSERVATION = "oakum.observation/2"
USE = "oakum.use/2"
_HOW = {
    OBSERVATION: "give what `oakum observe traffic --contract FILE --json FILE` wrote",
    USE: "give what `oakum observe front-end --contract FILE --json FILE` wrote",
}
_CAME = {each: each for each in (*USES, "unsent")}
_MEMBERS = {
    OBSERVATION: ("sent", "drift", "against", "trustworthy"),
    USE: ("endpoints", "discarded"),
}


def read(data: bytes, name: str, schema: str) -> Json:
    """The JSON document `name`. Raises `InputError` if it has another schema or was made without a
    contract."""
    try:
        found = orjson.loads(data)
    except orjson.JSONDecodeError:
        raise _wrong(name, "is not JSON", schema) from None
    if not isinstance(found, dict) or found.get("schema") != schema:
        raise _wrong(name, f"is not a document of `{schema}`", schema)
    missing = [each for each in _MEMBERS[schema] if each not in found]
    if missing:
        raise _wrong(name, f"has no `{missing[0]}`", schema)
    if schema == USE and "difference" not in found:
        raise _wrong(name, "was not compared with a contract", schema)
    return read_typed(data, name, schema, _observation if schema == OBSERVATION else _use)


def _observation(said: Value) -> Json:
    """Reads the members that are compared, with their types checked."""

    def texts(value: Value, *names: str) -> dict[str, Json]:
        return {name: value[name].text() for name in names}

    def sent_field(value: Value) -> Json:
        return {
            **texts(value, "endpoint", "resource", "field", "viewer"),
            "state": value["state"].members(Value.text),
            "present": value["present"].whole(),
            "of": value["of"].whole(),
        }

    def drift(value: Value) -> Json:
        return {
            **texts(value, "endpoint", "resource", "field", "viewer"),
            "state": value["state"].members(Value.text),
            "seen": value["seen"].whole(),
        }

    return {
        "distrust": said["distrust"].each(Value.text),
        "sent": said["sent"].each(sent_field),
        "drift": said["drift"].each(drift),
    }


def _use(said: Value) -> Json:
    def row(value: Value) -> Json:
        return {
            **{name: value[name].text() for name in ("resource", "field", "viewer")},
            "verdicts": value["verdicts"].each(Value.text),
            "use": value["use"].one_of(_CAME),
            "operations": value["operations"].each(Value.text),
        }

    def discarded_field(value: Value) -> Json:
        return {name: value[name].text() for name in ("drive", "why")}

    return {
        "discarded": said["discarded"].each(discarded_field),
        "difference": said["difference"].each(row),
    }


def distrust(
    observation: Json, traffic: str, uses: Iterable[tuple[str, Json]], resources: Iterable[str]
) -> Iterator[str]:
    """Why the comparison proves nothing, or less than it seems to, in words."""
    for why in observation["distrust"]:
        yield f"`{traffic}`: {why}"
    known = frozenset(resources)
    if not any(each["resource"] in known for each in observation["sent"]):
        yield f"`{traffic}` contains no object of the contract: compare the traffic with it"
    for name, use in uses:
        for each in use["discarded"]:
            yield f"`{name}`: `{each['drive']}` {each['why']}"
        if not any(each["resource"] in known for each in use["difference"]):
            yield f"`{name}` contains no object of the contract"


def _wrong(name: str, what: str, schema: str) -> InputError:
    return InputError([Problem(Location(name), what, _HOW[schema])])
