"""The owner of an object that has the owner of another one: `owner: {parent: Issue}`.

The response or its request says which object is the parent. The owner is the one that the parent
object names, or that other responses of the run have shown for the parent. If neither shows it, it
is unknown.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property

from oakum.authz import Model, ObjectInstance
from oakum.authz.member_paths import texts
from oakum.exposure.known_identities import KnownIdentities
from oakum.exposure.values.knowledge import Knowledge, canonical
from oakum.http.json_pointer import Pointer
from oakum.policy.model import Resource


def parent_key(knowledge: Knowledge, each: ObjectInstance, parent: Resource) -> str:
    """The key of the parent in a member of an instance (`issue_id`); empty if it names none."""
    row = {
        leaf.path: canonical(leaf.value)
        for leaf in each.leaves
        if "*" not in leaf.path and not isinstance(leaf.value, dict | list | bool | None)
    }
    return knowledge.named_in(row, f"{parent.name}.{parent.key}")


@dataclass(frozen=True)
class Parents:
    """Finds the parents of the objects in one response, and their owners."""

    model: Model
    identities: KnownIdentities
    knowledge: Knowledge
    places: Mapping[Pointer, ObjectInstance]
    asked: Callable[[Resource], str]
    """Returns the key of the object of a resource that the request names."""

    def owners(
        self, each: ObjectInstance, known: Mapping[Pointer, tuple[str, ...]]
    ) -> tuple[str, ...]:
        """The owners of an object's parent. `known`: owners of the other objects."""
        name = self.model.policy.resources[each.resource].owner.members[0]
        parent = self.model.policy.resources[name]
        key = parent_key(self.knowledge, each, parent)
        at = self._agreed_instance(key, parent, self._around(each, name), self._inside(each, name))
        if at is None:
            return self._of_key(parent, key or self.asked(parent))
        owners = known.get(at.pointer, ())
        if not owners and parent.owner.kind == "resource":
            owners = self.owners(at, known)
        keys = texts(at.value, parent.key)
        return owners or self._of_key(parent, keys[0] if keys else "")

    @staticmethod
    def _agreed_instance(
        key: str, parent: Resource, *found: ObjectInstance | None
    ) -> ObjectInstance | None:
        """The first object that may have this key (empty: any): a comment that names its post may
        quote another post, or be quoted in one."""
        for at in found:
            theirs = texts(at.value, parent.key) if at is not None else ()
            if at is not None and (not key or not theirs or key in theirs):
                return at
        return None

    def _around(self, each: ObjectInstance, name: str) -> ObjectInstance | None:
        """The innermost instance of a resource around an instance."""
        around = (self.places.get(each.pointer[:n]) for n in reversed(range(len(each.pointer))))
        return next((at for at in around if at is not None and at.resource == name), None)

    @cached_property
    def _below(self) -> Mapping[Pointer, list[ObjectInstance]]:
        """Pointer of an object → the objects directly inside it."""
        found: dict[Pointer, list[ObjectInstance]] = {}
        for at, each in self.places.items():
            around = (at[:n] for n in reversed(range(len(at))) if at[:n] in self.places)
            if (outer := next(around, None)) is not None:
                found.setdefault(outer, []).append(each)
        return found

    def _inside(self, each: ObjectInstance, name: str) -> ObjectInstance | None:
        """The one instance of a resource that stands in a member of an instance; None if there are
        several, or it stands in another instance."""
        found = [
            other
            for other in self._below.get(each.pointer, ())
            if other.resource == name
            and not any(step.isdigit() for step in other.pointer[len(each.pointer) :])
        ]
        return found[0] if len(found) == 1 else None

    def _of_key(self, parent: Resource, key: str) -> tuple[str, ...]:
        """The identities that were shown an object of this key as their own."""
        names = {
            who
            for (who, name), rows in self.knowledge.objects.items()
            if key and who and name == parent.name and any(r.get(parent.key) == key for r in rows)
        }
        names |= self.knowledge.creators.get((parent.name, key), set())
        return tuple(sorted({id for who in names for id in self.identities.ids.get(who, ())}))
