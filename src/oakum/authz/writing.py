"""The owners of the objects in a request body.

The law of this module: what a body says of itself is a wish. An object in it is the one that the
request is about to touch, or another; that one is somebody's by what the API shows of it, by its
key or in the place where it stands, and nobody's where the API does not tell. The name of a value
in a map is a key of it, beside the one that it says itself.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Iterable
from dataclasses import dataclass, field, replace

from oakum.authz.principal import Subject, at_path, identifier, texts
from oakum.openapi.model import Json
from oakum.policy.model import Resource

Pointer = tuple[str, ...]
Key = tuple[str, str]
"""A resource, and the key of one of its objects."""
ITSELF: Key = ("", "")
"""The object that is written, as the API shows it now."""
ITS_OWN = Subject("")
"""Of an object that may have been another: it is the one that is written, or made."""


class Index(str):
    """A step into a list."""


class MapName(str):
    """A step to a value of a map, by a name that nobody declared."""


def stepped(
    value: dict[str, Json] | list[Json],
    declares: Callable[[str], bool],
    at: Pointer,
    shown: Iterable[tuple[Pointer, str]],
) -> list[str]:
    """Steps to what stands in a container of a body; `declares`: whether an object has a member by
    its name; `shown`: places that the contract names."""
    if isinstance(value, list):
        return [*map(Index, range(len(value)))]
    depth = len(at)
    said = {
        segments[depth]
        for segments, _ in shown
        if len(segments) > depth
        and all(want in ("*", got) for want, got in zip(segments[:depth], at, strict=True))
    }
    return [name if declares(name) or name in said else MapName(name) for name in value]


@dataclass
class Named:
    """Objects in a request body of which the API can be asked, and what it said of them."""

    findable: Collection[str] = ()
    """Resources whose objects can be asked for by their keys; `""`: `ITSELF` can be."""
    local: Collection[str] = ()
    """Those of them that are asked for below what the path of the request names: what stands in
    another object has its key there, and not here."""
    found: dict[Key, Subject | None] = field(default_factory=dict)
    """None: the API does not show it, or not in one way. `new`: it says that there is none."""
    makes: bool = False
    """The request is one that makes new objects (POST)."""
    wanted: dict[Key, None] = field(default_factory=dict)
    """Those that were looked for and are not in `found`, in the order in which they came up."""

    def get(self, key: Key) -> Subject | None:
        """What is known of it; what can be asked and was not is wanted."""
        if key not in self.found and key[0] in self.findable:
            self.wanted[key] = None
        return self.found.get(key)


@dataclass(frozen=True)
class Around:
    """The object of a resource that stands around a place in a body."""

    at: Pointer
    resource: str
    known: Subject | None
    """None: the API does not tell of it."""
    itself: bool
    """It is the one that is written."""
    here: bool
    """What it holds stands where the path of the request says: all that is around it is the one
    that is written, too."""

    def moved(self, at: Pointer) -> Around:
        """The same of one that is like it, elsewhere in the body."""
        return self if at == self.at else replace(self, at=at)

    def outline(self, at: Pointer) -> Hashable:
        """What of it decides about an object without a key that stands in it at `at`."""
        steps = tuple("*" if isinstance(step, Index) else step for step in at[len(self.at) :])
        return (self.resource, self.itself, self.here, id(self.known), steps)


class Writing:
    """Tells of each object in one body what is known of it."""

    def __init__(self, subject: Subject, ids: frozenset[str], named: Named | None = None) -> None:
        """`subject`: the object that the request is about to touch; `ids`: of the caller."""
        self.subject = subject
        self._ids = ids
        self._named = named or Named()
        self._new: dict[str, Subject] = {}
        self._within: dict[Hashable, Subject] = {}

    def of(
        self,
        resource: Resource,
        value: dict[str, Json],
        at: Pointer,
        around: Around | None,
        *,
        counts: bool,
    ) -> tuple[Subject, Around]:
        """The object at `at`, and how it stands around what is in it. `counts`: something of it may
        be written there at all, so that it is worth a question."""
        name, owned, one = resource.name, resource.owner.kind != "none", self.subject
        same = one.value if one.resource == name else None
        itself = Subject(name, one.owners, same, owned, one.partly, new=one.new)
        here = around is None or around.here
        if not self._is_another(resource, value, at, around):
            # What is nobody's is another thing for each key.
            here = here and (owned or around is None or not _named_keys(resource, value, at))
            return itself, Around(at, name, itself, itself=True, here=here)
        known = self._other(resource, value, at, around) if counts and owned else None
        if known is ITS_OWN:
            return itself, Around(at, name, itself, itself=True, here=here)
        if known is not None and known.resource != name:
            known = None
        found = known or Subject(name, (), same, owned, one.partly)
        if resource.owner.kind == "parent" and around is not None:
            found = replace(found, value=None)
        # What has no key and is the owner's of what is around it is a part of that.
        part = resource.owner.kind == "parent" and not _named_keys(resource, value, at)
        here = here and part and known is not None
        return found, Around(at, name, known, itself=False, here=here)

    def _is_another(
        self, resource: Resource, value: dict[str, Json], at: Pointer, around: Around | None
    ) -> bool:
        """Whether what a body holds may be another object than the one that is written: an account
        tells by its key that it is the caller's own."""
        said, kind = {*map(identifier, _named_keys(resource, value, at))}, resource.owner.kind
        if resource.is_account and said and said <= self._ids:
            return False
        if around is not None and kind in ("field", "path"):
            # An object within one that is new is new, unless it has a key.
            return bool(said) or not self.subject.new
        if around is not None and kind in ("parent", "caller"):
            return bool(said) or kind == "parent"
        if kind == "none":
            listed = in_list(at) and self.subject.resource == resource.name
            if listed:
                return not said <= self._own_keys(resource)
            return self.subject.unnamed and bool(said)
        return bool(said) and self._names_another(resource, said, at)

    def _names_another(self, resource: Resource, said: set[str | None], at: Pointer) -> bool:
        """Whether a key that an object within no other says is not of the one that is written."""
        one = self.subject
        if one.resource != resource.name:
            if one.resource or one.unnamed or one.below:
                return True
            # Where nobody knows whose it is, it is nobody's; what a POST makes may have any key,
            # and one of many may be there already.
            if not one.owners:
                return False
            if in_list(at):
                return True
            if one.new and not one.key:
                return False
        return not said <= self._own_keys(resource)

    def _own_keys(self, resource: Resource) -> set[str | None]:
        """Keys of the one that is written: as the API shows it, or as the path says."""
        one = self.subject
        if one.resource != resource.name:
            if one.key and (resource.is_account or one.new):
                return {one.key}
            found = self._named.get(ITSELF)
            one = found if found is not None and found.resource == resource.name else one
        value = one.value if one.resource == resource.name else None
        return {identifier(each) for each in at_path(value, resource.key)} - {None}

    def _other(
        self, resource: Resource, value: dict[str, Json], at: Pointer, around: Around | None
    ) -> Subject | None:
        """By its key; without one, by what stands now in the place that it would take."""
        said = _named_keys(resource, value, at)
        if around is None:
            return self._named_by(resource, said, at)
        if resource.owner.kind == "parent":
            return self._of_parent(resource, said, at, around)
        if said:
            found = self._by_key(resource, said) if self._asked(resource, around) else None
            return found if found is not None and not found.new else None
        whole = self._whole(around)
        if whole is None:
            return None
        if whole.new:
            return self._made(resource)
        stored, left = _stored(whole.value, at[len(around.at) :])
        # What stands in for an account that is hidden looks the same, and nobody makes one so.
        makes = not resource.is_account
        if stored is None and makes:
            return self._made(resource)
        if isinstance(stored, list) and len(left) == 1 and makes:
            own = all(self._is_own(resource, each) for each in stored)
            return self._made(resource) if own else None
        if isinstance(stored, dict) and not left and (said := _keys(resource, stored)):
            return self._by_key(resource, said) if self._asked(resource, around) else None
        return None

    def _asked(self, resource: Resource, around: Around) -> bool:
        """Whether one that stands in an object can be asked for by its key."""
        return around.here or resource.name not in self._named.local

    def _named_by(self, resource: Resource, said: list[Json], at: Pointer) -> Subject | None:
        """One that stands in no other. A key that is free is of a new one, or the new name of the
        one that the path names."""
        one, named = self.subject, self._named
        if named.makes and resource.name not in named.findable:
            return ITS_OWN
        found = self._by_key(resource, said)
        if found is None or not found.new:
            return found
        names = one.resource == resource.name or (one.key and resource.is_account)
        return ITS_OWN if named.makes or (names and not in_list(at)) else None

    def _of_parent(
        self, resource: Resource, said: list[Json], at: Pointer, around: Around
    ) -> Subject | None:
        """One whose owner is that of the object around it: with a key, where that object has it
        there now."""
        whole = self._whole(around) if said else around.known
        if whole is None or (said and whole.new):
            return None
        stored, left = _stored(whole.value, at[len(around.at) :])
        there = stored if isinstance(stored, list) and len(left) == 1 else [stored]
        value, wanted = None, [*map(identifier, said)]
        for each in there if said or not left else []:
            if not isinstance(each, dict):
                continue
            has = [*map(identifier, _named_keys(resource, each, () if left else at))]
            if not said or (has == wanted and None not in wanted):
                value = each
        if said and value is None:
            return None
        key = (resource.name, whole.owners, whole.partly, whole.new, id(value) if value else 0)
        if key not in self._within:
            self._within[key] = Subject(
                resource.name, whole.owners, value, partly=whole.partly, new=whole.new
            )
        return self._within[key]

    def _whole(self, around: Around) -> Subject | None:
        """The object around a place, as the API shows it; None: it does not."""
        known = around.known
        if known is None or known.new or known.value is not None:
            return known
        found = self._named.get(ITSELF) if around.itself else None
        return found if found is not None and found.resource == around.resource else None

    def _by_key(self, resource: Resource, said: list[Json]) -> Subject | None:
        key = identifier(said[0]) if len(said) == 1 else None
        return self._named.get((resource.name, key)) if key is not None else None

    def _made(self, resource: Resource) -> Subject:
        """A new one, which is the caller's."""
        name = resource.name
        if name not in self._new:
            self._new[name] = Subject(name, tuple(sorted(self._ids)), new=True)
        return self._new[name]

    def _is_own(self, resource: Resource, value: Json) -> bool:
        """Whether an object says that it is the caller's, and nobody else's."""
        if not isinstance(value, dict) or resource.owner.kind != "field":
            return False
        said = [t for path in resource.owner.members for t in texts(value, path, spread=False)]
        return bool(said) and {*said} <= self._ids


def _keys(resource: Resource, value: Json) -> list[Json]:
    """What an object says its key is."""
    found = at_path(value, resource.key) if resource.key else []
    return [each for each in found if each is not None]


def _named_keys(resource: Resource, value: Json, at: Pointer) -> list[Json]:
    """What an object says its key is, and the name by which it stands in a map."""
    said = _keys(resource, value)
    name = str(at[-1]) if resource.key and at and isinstance(at[-1], MapName) else None
    if name is None or [identifier(each) for each in said] == [name]:
        return said
    return [*said, name]


_MISSING = object()


def _stored(value: Json, steps: Pointer) -> tuple[object, Pointer]:
    """What an object has at the end of some steps, or at the list, the null or the scalar that
    comes first, and the steps that are left; a member that it lacks is none of these."""
    at: object = value
    for taken, step in enumerate(steps):
        if not isinstance(at, dict):
            return at, steps[taken:]
        at = at.get(step, _MISSING)
    return at, ()


def in_list(at: Pointer) -> bool:
    """Whether a list or a map stands around a place."""
    return any(isinstance(step, Index | MapName) for step in at)


def stood(at: Pointer) -> Hashable:
    """What a place alone says of an object there: whether it is one of many, and its name."""
    return in_list(at), at[-1] if at and isinstance(at[-1], MapName) else None
