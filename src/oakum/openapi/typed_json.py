"""Reads Oakum's own JSON files with type checks; errors name the place of the value."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import TypeVar

from oakum.errors import InputError, Problem, did_you_mean
from oakum.http.json_pointer import escape
from oakum.openapi.model import Json
from oakum.openapi.source import json_location, parse_json

T = TypeVar("T")


FORMERLY = {"endpoints": "doors", "endpoint": "door", "untested": "not_shown"}
"""Current key → its name in earlier versions of a schema."""


def read_typed(
    data: bytes,
    file: str,
    schema: str,
    read_one: Callable[[Value], T],
    earlier: tuple[str, ...] = (),
) -> T:
    """Reads a JSON text whose `schema` is this one or one of the `earlier` ones, whose keys may
    have the names of `FORMERLY`, and returns the result of `read_one`.

    Raises `InputError` with the place in `file` of what does not fit.
    """
    value = Value(parse_json(data, file), "")
    try:
        value["schema"].one_of({name: name for name in (schema, *earlier)})
        return read_one(value)
    except MisfitError as misfit:
        place = json_location(data.decode("utf-8", "replace"), file, misfit.pointer)
        kind = schema.partition("/")[0].rpartition(".")[2]
        article = "an" if kind[0] in "aeiou" else "a"
        said = f"not {article} {kind} of `{schema}`: {misfit.message}"
        raise InputError([Problem(place, said, misfit.hint)]) from None


class MisfitError(Exception):
    """A value of the wrong type: its pointer, and the expected type."""

    def __init__(self, pointer: str, message: str, hint: str = "") -> None:
        self.pointer, self.message, self.hint = pointer, message, hint
        super().__init__(message)


class Value:
    """A JSON value with its pointer; reading it as another type raises `MisfitError`."""

    def __init__(self, value: Json, pointer: str) -> None:
        self._value, self._pointer = value, pointer

    def __getitem__(self, key: str) -> Value:
        members = self._require_type(dict, "an object")
        if key not in members and FORMERLY.get(key) in members:
            key = FORMERLY[key]
        if key not in members:
            hint = did_you_mean(key, members)
            raise MisfitError(self._pointer, f"`{key}` is missing", hint)
        return Value(members[key], f"{self._pointer}/{escape(key)}")

    def has(self, key: str) -> bool:
        """Whether the object has a key, which a report of an earlier version may lack."""
        return key in self._require_type(dict, "an object")

    def text(self) -> str:
        return str(self._require_type(str, "text"))

    def whole(self) -> int:
        return int(self._require_type(int, "a whole number"))

    def number(self) -> float:
        return float(self._require_type((int, float), "a number"))

    def flag(self) -> bool:
        return bool(self._require_type(bool, "true or false"))

    def day(self) -> date:
        """A day (RFC 3339, full-date)."""
        try:
            return date.fromisoformat(self.text())
        except ValueError:
            raise self.refuse("this should be a date such as `2026-01-31`") from None

    def moment(self) -> str:
        """A timestamp with a time zone (RFC 3339), as it was written."""
        text = self.text()
        try:
            known = datetime.fromisoformat(text).tzinfo
        except ValueError:
            known = None
        if known is None:
            raise self.refuse("this should be a time such as `2026-01-31T12:00:00Z`")
        return text

    def one_of(self, words: Mapping[str, T]) -> T:
        word = self.text()
        if word not in words:
            known = ", ".join(f"`{name}`" for name in words)
            raise MisfitError(self._pointer, f"`{word}` is none of {known}")
        return words[word]

    def each(self, read_one: Callable[[Value], T]) -> tuple[T, ...]:
        items = enumerate(self._require_type(list, "a list"))
        return tuple(read_one(Value(item, f"{self._pointer}/{at}")) for at, item in items)

    def members(self, read_one: Callable[[Value], T]) -> dict[str, T]:
        return {name: read_one(self[name]) for name in self._require_type(dict, "an object")}

    def refuse(self, message: str, hint: str = "") -> MisfitError:
        """The error for a value of the wrong type, for the caller to raise."""
        return MisfitError(self._pointer, message, hint)

    def maybe(self, read_one: Callable[[Value], T]) -> T | None:
        return None if self._value is None else read_one(self)

    def _require_type(self, kind: type | tuple[type, ...], what: str) -> Json:
        if not isinstance(self._value, kind) or (
            kind is not bool and isinstance(self._value, bool)  # Python's bool is an int
        ):
            raise MisfitError(self._pointer, f"this should be {what}")
        return self._value
