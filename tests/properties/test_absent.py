"""A hidden object in a list or a map is as an absent one, byte for byte: Python and Lua.

Whoever compares two answers of an API, or two of its objects, must not see that one holds more of
others' objects. That holds of lists and maps, however the API prints them; a row goes with the
objects in it, so it is as absent as they are.
"""

from __future__ import annotations

import json
from random import Random
from typing import Any

from hypothesis import given

from oakum.authz import Call, Principal, project
from tests.properties.pool import SEEDED, SEEDS
from tests.properties.test_other_kinds import Teller, contract

Said = dict[str, Any]
ANN = Principal(frozenset({"ann"}))
_CONTRACTS = 60


class Pruner:
    """Takes hidden notes out of the lists and maps of a body, and rows that hold nothing else."""

    def __init__(self, parts: Said) -> None:
        self.parts = parts
        self.taken = 0

    def value(self, schema: Said, value: Any, *, inside: bool = False) -> Any:
        if "$ref" in schema:
            name = schema["$ref"].rsplit("/", 1)[1]
            members = self.parts[name]["properties"]
            return value if name == "Note" else self._members(members, value, inside=True)
        inner = schema.get("items") or schema.get("additionalProperties")
        if inner is None:
            return self._members(schema.get("properties", {}), value, inside=inside)
        pairs = [*(enumerate(value) if isinstance(value, list) else value.items())]
        kept = {key: each for key, each in pairs if not self._goes(inner, each, inside=inside)}
        self.taken += len(pairs) - len(kept)
        # A row is left as it is: what is in it stands beside what else is.
        if inside:
            kept = {key: self.value(inner, each, inside=True) for key, each in kept.items()}
        return [*kept.values()] if isinstance(value, list) else kept

    def _members(self, members: Said, value: Any, *, inside: bool) -> Any:
        if not isinstance(value, dict):
            return value
        return {
            name: self.value(members[name], each, inside=inside) for name, each in value.items()
        }

    def _goes(self, schema: Said, value: Any, *, inside: bool) -> bool:
        if schema.get("$ref", "").endswith("/Note"):
            return bool(value.get("ownerId") != "ann")
        return not inside and self._hides(schema, value) is True

    def _hides(self, schema: Said, value: Any) -> bool | None:
        """Whether all objects in a row are hidden notes; None: there are none."""
        if "$ref" in schema:
            return bool(schema["$ref"].endswith("/Note") and value.get("ownerId") != "ann")
        inner = schema.get("items") or schema.get("additionalProperties")
        if inner is not None:
            several = value if isinstance(value, list) else value.values()
            found = [self._hides(inner, each) for each in several]
        else:
            found = [
                self._hides(schema["properties"][name], each)
                for name, each in (value.items() if isinstance(value, dict) else ())
            ]
        said = [each for each in found if each is not None]
        return all(said) if said else None


def drawn_pair(random: Random, number: int) -> tuple[Any, Any, int]:
    """A body, the same without hidden notes, and how many are left out."""
    _, parts, schema, _ = contract(number)
    body = Teller(random, parts).value(schema)
    if isinstance(body, dict) and "properties" in schema:
        body.pop("total", None)  # a count may tell, which the contract withholds
    pruner = Pruner(parts)
    return body, pruner.value(schema, body), pruner.taken


@SEEDED
@given(drawn=SEEDS)
def test_a_hidden_object_in_a_list_or_a_map_is_as_an_absent_one(drawn: bytes) -> None:
    random = Random(drawn)
    number = random.randrange(_CONTRACTS)
    made, *_, lua = contract(number)
    body, less, _ = drawn_pair(random, number)
    indent = random.choice((None, 2))
    texts = [json.dumps(each, indent=indent).encode() for each in (body, less)]
    found = [project(made.model, ANN, Call("list"), text).body for text in texts]
    assert found[0] == found[1], (number, *texts)
    assert lua.project(ANN, Call("list"), texts[0]) == found[0], (number, texts[0])


def test_many_of_the_bodies_hold_hidden_objects() -> None:
    """Else the law holds of pairs that are alike."""
    random = Random(1)
    taken = [drawn_pair(random, number)[2] for number in range(_CONTRACTS)]
    assert sum(bool(each) for each in taken) > len(taken) // 10
