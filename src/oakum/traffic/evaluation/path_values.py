"""Finds which field of an object a path parameter holds, from responses.

Documents inferred from traffic, and some written ones, declare the parameter of `/users/annmarie`
as an id. Only counts and names of members are kept, and no value.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from oakum.authz.id_spelling import identifier
from oakum.inference.lexicon import FieldClass, classify_field
from oakum.openapi.model import Json, Operation
from oakum.traffic.evaluation.cached_object_walk import SeenObject

_FEWEST_NUMBERS = 3
"""Number of objects in which a number in the path must equal a member: one may by chance."""


@dataclass
class _Evidence:
    objects: int = 0
    numbers: bool = True
    """Whether all that stood in the path were numbers."""
    present: Counter[str] = field(default_factory=Counter)
    """Members of the objects."""
    members: Counter[str] = field(default_factory=Counter)
    """Those that held what stood in the path."""


class PathValues:
    """Counts which members equal a path parameter, in responses with one object."""

    def __init__(self) -> None:
        self._found: dict[tuple[str, str, str], _Evidence] = {}

    def learn(self, operation: str, params: Mapping[str, str], seen: Iterable[SeenObject]) -> None:
        """Compares path parameters with the members of the object in a response, outside lists and
        other objects."""
        for each in seen:
            if each.inside or "*" in each.place:
                continue
            for name, value in params.items():
                said = self._found.setdefault((operation, name, each.resource), _Evidence())
                said.objects += 1
                said.numbers &= value.isdigit()
                held = each.value.items()
                said.present.update(each.value.keys())
                said.members.update(member for member, one in held if identifier(one) == value)

    def correct_params(self, operations: Iterable[Operation], drafted: Mapping[str, Json]) -> None:
        """Corrects the `params` of a draft (as plain values) by the fields that were observed."""
        rules = drafted.get("operations")
        guessed = {
            id: rule["params"]
            for id, rule in (rules.items() if isinstance(rules, dict) else ())
            if isinstance(rule, dict) and isinstance(rule.get("params"), dict)
        }
        for id, name, target in [*self._others([*operations], guessed)]:
            guessed[id][name] = target

    def _others(
        self, every: Sequence[Operation], guessed: Mapping[str, Mapping[str, str]]
    ) -> Iterator[tuple[str, str, str]]:
        """Operation, parameter and `Resource.field` of each parameter that does not contain the
        field which was guessed. Whatever else is below the same beginning of a path names its
        object so, too."""
        begun: dict[tuple[str, str], str] = {}
        for operation in every:
            for name, target in guessed.get(operation.id, {}).items():
                if found := self._other(operation.id, name, target):
                    begun[_path_before(operation.path, name), target] = found
        for operation in every:
            for name, target in guessed.get(operation.id, {}).items():
                found = begun.get((_path_before(operation.path, name), target), "")
                if found and not self._holds(operation.id, name, target):
                    yield operation.id, name, found

    def _of(self, operation: str, name: str, target: str) -> tuple[_Evidence, str, str]:
        resource, _, key = target.partition(".")
        return self._found.get((operation, name, resource), _Evidence()), resource, key

    def _holds(self, operation: str, name: str, target: str) -> bool:
        said, _, key = self._of(operation, name, target)
        return said.members[key] > 0

    def _other(self, operation: str, name: str, target: str) -> str:
        """The field that was always in the path, where the one that was guessed never was, though
        each object had it; empty: there is none. Of several the one that names an object."""
        said, resource, key = self._of(operation, name, target)
        if not said.objects or said.present[key] < said.objects or said.members[key]:
            return ""
        if said.numbers and said.objects < _FEWEST_NUMBERS:
            return ""
        always = [each for each, many in said.members.items() if many == said.objects]
        names = [each for each in always if classify_field(each) in _NAMING]
        return f"{resource}.{(names or always)[0]}" if always else ""


_NAMING = (FieldClass.KEY, FieldClass.HANDLE)


def _path_before(path: str, name: str) -> str:
    return path.partition(f"{{{name}}}")[0]
