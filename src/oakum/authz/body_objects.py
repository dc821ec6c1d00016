"""The owners of the objects in a request body.

The body itself does not decide who owns its objects. Each object in it is one that the request is
about to change, or another one. Its owner is what the API shows for that object, found by its key
or at its place; if the API shows none, the object has no owner. In a map, the name of a value is
one of the object's keys, besides the key that the object contains. Where both a place and a key
name an object, an API may use either, so both have to permit the write.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from math import inf
from typing import NamedTuple

from oakum.authz.decision_inputs import Subject
from oakum.authz.id_spelling import identifier, is_sole_spelling
from oakum.authz.member_paths import at_path, texts
from oakum.authz.owners import partly
from oakum.authz.stored_element_index import Index, MapName, StoredElements
from oakum.http.json_pointer import Pointer
from oakum.openapi.model import Json
from oakum.policy.model import Resource

Key = tuple[str, str]
"""(resource, key of one of its objects)."""
ITSELF: Key = ("", "")
"""The object being written, as the API returns it now."""
ITS_OWN = Subject("")
"""Marks an object in a body as the one being written or created."""


def child_steps(
    value: dict[str, Json] | list[Json],
    declares: Callable[[str], bool],
    at: Pointer,
    shown: Iterable[tuple[Pointer, str]],
) -> list[str]:
    """Steps (JSON Pointer tokens) to the children of a container: `Index` in a list, `MapName` for
    a name that is not declared. `declares`: whether a member name is declared; `shown`: (pointer,
    resource) pairs that the contract names."""
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


class TooMany(Exception):
    """A body names more objects than may be looked up."""


@dataclass
class BodyObjects:
    """Objects in a request body to look up, and the results."""

    findable: Collection[str] = ()
    """Resources with a look-up by key; `""`: `ITSELF` has one."""
    local: Collection[str] = ()
    """Resources that are looked up below the request's path. Inside another object their keys mean
    something else."""
    found: dict[Key, Subject | None] = field(default_factory=dict)
    """Look-up result by key; None: not returned, or ambiguous; with `Subject.new`: it does not
    exist."""
    forms: Mapping[str, str] = field(default_factory=dict)
    """Resource → declared form of its keys, `integer` or `uuid` (`Target.form`)."""
    makes: bool = False
    """Whether the request creates objects (POST)."""
    wanted: dict[Key, None] = field(default_factory=dict)
    """Keys still to look up, in order."""
    most: float = inf
    """Most keys to look up; one more raises `TooMany`, and the body is not judged."""

    def get(self, key: Key) -> Subject | None:
        """The result for a key; None if there is none yet, and then the key is added to `wanted`.
        Raises `TooMany`."""
        if key not in self.found and key[0] in self.findable:
            self.wanted[key] = None
            if len(self.wanted) > self.most:
                raise TooMany
        return self.found.get(key)


@dataclass(frozen=True)
class Around:
    """The object that encloses a place in a body."""

    at: Pointer
    resource: str
    known: Subject | None
    """The object as the API returns it; None: the API does not return it."""
    itself: bool
    """Whether it is the object being written."""
    here: bool
    """Whether all enclosing objects are the one being written, so that its contents belong to the
    request's path."""
    empty: bool = False
    """Whether the API has `null` at this place."""

    def at_place(self, at: Pointer) -> Around:
        """The same for an equal object elsewhere in the body."""
        if at == self.at:
            return self
        return Around(at, self.resource, self.known, self.itself, self.here, self.empty)

    def outline(self, at: Pointer) -> Hashable:
        """Cache key: keyless objects inside it at equal outlines refer to the same object."""
        steps = tuple("*" if isinstance(step, Index) else step for step in at[len(self.at) :])
        return (self.resource, self.itself, self.here, id(self.known), steps)


class MeantObject(NamedTuple):
    """An object that a place in a body may refer to."""

    subject: Subject
    keyed: bool
    """Whether it is identified by its key alone. Without the key, the rest of the body would write
    another object."""
    stands: bool
    """Whether the key may be sent without a `set` grant, since it only selects an existing
    object."""


class Writing:
    """Finds out which object each part of a body refers to."""

    def __init__(
        self, subject: Subject, ids: frozenset[str], named: BodyObjects | None = None
    ) -> None:
        """`subject`: the object that the request will change; `ids`: those of the caller; `named`:
        other objects in the body, looked up by key."""
        self.subject = subject
        self._ids = ids
        self._named = named or BodyObjects()
        self._new: dict[str, Subject] = {}
        self._within: dict[Hashable, Subject] = {}
        self._stored = StoredElements()
        self.held: dict[Hashable, tuple[str, ...]] = {}
        """Place in a map → resources of which an object may stand there."""

    def of(
        self,
        resource: Resource,
        value: dict[str, Json],
        at: Pointer,
        arounds: tuple[Around, ...],
        *,
        counts: bool,
        sets_key: Callable[[Subject], bool] = lambda at_place: True,
    ) -> tuple[tuple[MeantObject, ...], tuple[Around, ...]]:
        """The objects that the value at `at` may refer to, by its place and by its key. Each of
        them has to allow the write. Also returns each as the context of what it contains. `counts`:
        whether any of it may be written, so that a look-up is worthwhile; `sets_key`: whether the
        caller may set the key of what is at its place. If not, the key is not sent, and whether
        there is an object with it decides nothing."""
        said = _named_keys(resource, value, at)
        found: list[MeantObject] = []
        inner: list[Around] = []
        for around in arounds or (None,):
            alone = bool(said) and self._addresses(resource, said, at, around)
            listed = around is None and _selects(resource, said, at)
            ways = [*self._slot(resource, at, around), *([] if said and alone else [[]])]
            each = [self._one(resource, keys, at, around, counts=counts) for keys in ways]
            if said and (alone or listed or all(sets_key(subject) for subject, _ in each)):
                each.append(self._one(resource, said, at, around, counts=counts))
            last = each[-1][1]
            selects = (alone or listed) and not last.itself
            keyed = selects or (listed and self._is_another(resource, said, at, around))
            known = resource.owner.kind == "none" or (last.known and not last.known.new)
            for subject, context in each:
                meant = MeantObject(subject, keyed=keyed, stands=selects and bool(known))
                found += [meant] if meant not in found else []
                inner += [context] if context not in inner else []
        for one in self.subject.stands if not arounds and not (said and in_list(at)) else ():
            # A path that ends with a word names what stands there, whatever is around that.
            if one.resource in ("", resource.name):
                found.append(MeantObject(one, keyed=False, stands=False))
                inner.append(Around(at, resource.name, one, itself=False, here=False))
        return tuple(found), tuple(inner)

    def _slot(self, resource: Resource, at: Pointer, around: Around | None) -> list[list[Json]]:
        """Keys that the API shows under this name of a map, if they differ from the name."""
        whole = self._whole(around) if around is not None else None
        if around is None or whole is None or whole.new or not isinstance(at[-1], MapName):
            return []
        stored, left = _stored_value(whole.value, at[len(around.at) :])
        said = _keys(resource, stored) if isinstance(stored, dict) and not left else []
        return [said] if said and [*map(identifier, said)] != [str(at[-1])] else []

    def replaces(
        self,
        resources: Iterable[Resource],
        at: Pointer,
        arounds: tuple[Around, ...],
        sets: Callable[[Resource, tuple[MeantObject, ...]], bool],
    ) -> bool:
        """Whether a value other than an object may be sent for a name in a map of `resources`. It
        removes the object of that name, which has to be the caller's own, or, if it has no owner,
        one of which the caller may set something (`sets`)."""
        own = False
        for resource in resources:
            meant, _ = self.of(resource, {}, at, arounds, counts=True)
            if resource.owner.kind == "none":
                mine = sets(resource, meant)
            else:
                mine = not any(self._ids.isdisjoint(each.subject.owners) for each in meant)
            own = own or mine
            if not mine and (resource.owner.kind == "none" or not self._is_free(resource, at)):
                return False
        return own

    def _is_free(self, resource: Resource, at: Pointer) -> bool:
        """Whether no object exists under the name that a value has in a map."""
        said = _named_keys(resource, {}, at)
        found = self._by_key(resource, said)
        return found is not None and found.new and self._is_sole(resource, said)

    def _is_sole(self, resource: Resource, said: list[Json]) -> bool:
        """Whether a key unknown to the API cannot be another spelling of a known key."""
        shown = at_path(self._itself(resource), resource.key)
        form, key = self._named.forms.get(resource.name, ""), identifier(said[0])
        return key is not None and is_sole_spelling(key, form, shown)

    def differs(
        self,
        resource: Resource,
        value: dict[str, Json],
        at: Pointer,
        arounds: tuple[Around, ...],
    ) -> bool:
        """Whether the API shows an object of another or an unclear resource at a place where the
        body has one of `resource`."""
        said = _named_keys(resource, value, at)
        return resource.name in self.subject.unlike if not arounds else any(
            whole.kinds.get(id(each), resource.name) != resource.name
            for around in arounds
            if (whole := self._whole(around)) is not None and not whole.new
            for each in self._values_at(resource, whole.value, said, at[len(around.at) :])
        )  # fmt: skip

    def _addresses(
        self, resource: Resource, said: list[Json], at: Pointer, around: Around | None
    ) -> bool:
        """Whether only the key identifies the object: nothing else in the request does, it is a
        name in a map, the API shows `null` at this place, or the list there has an element with
        this key."""
        if at and isinstance(at[-1], MapName):
            return True
        if around is None:
            itself = ITSELF[0] in self._named.findable and not in_list(at)
            return self.subject.unnamed and not itself
        steps, whole = at[len(around.at) :], self._whole(around)
        if self._is_empty(at, around):
            return True
        if whole is None or not in_list(steps):
            return False
        return bool(self._stored.values_having(resource, whole.value, steps, said))

    def _values_at(
        self, resource: Resource, value: Json, said: list[Json], steps: Pointer
    ) -> list[object]:
        """Values at a place of the stored object; in a list, the elements with these keys."""
        one, left = _stored_value(value, steps)
        if not left:
            return [one]
        listed = said and in_list(steps)
        return [*self._stored.values_having(resource, value, steps, said)] if listed else []

    def _is_empty(self, at: Pointer, around: Around) -> bool:
        """Whether the API shows `null` at a place, or where it stands in."""
        whole, steps = self._whole(around), at[len(around.at) :]
        known = whole is not None and not whole.new
        return around.empty or (known and whole is not None and _null(whole.value, steps))

    def _one(
        self,
        resource: Resource,
        said: list[Json],
        at: Pointer,
        around: Around | None,
        *,
        counts: bool,
    ) -> tuple[Subject, Around]:
        """The object at `at` by some keys, or by none."""
        name, owned, one = resource.name, resource.owner.kind != "none", self.subject
        same = one.value if one.resource == name and around is None else None
        itself = Subject(
            name, one.owners, same, owned, one.partly, new=one.new, kinds=one.kinds if same else {}
        )
        here = around is None or around.here
        if not self._is_another(resource, said, at, around):
            # Without an owner, only its key tells whether it is another object.
            here = here and (owned or around is None or not said)
            empty = not owned and around is not None and self._is_empty(at, around)
            return itself, Around(at, name, itself, itself=True, here=here, empty=empty)
        known = self._other(resource, said, at, around) if counts and owned else None
        if known is ITS_OWN:
            return itself, Around(at, name, itself, itself=True, here=here)
        if known is not None and known.resource != name:
            known = None
        # What the API shows for the object in the path does not apply to another object.
        found = known or Subject(name, (), None, owned, one.partly)
        if resource.owner.kind == "parent" and around is not None:
            found = replace(found, value=None)
        # A keyless object owned through its parent is part of the parent.
        part = resource.owner.kind == "parent" and not said
        here = here and part and known is not None
        return found, Around(at, name, known, itself=False, here=here)

    def _is_another(
        self, resource: Resource, keys: list[Json], at: Pointer, around: Around | None
    ) -> bool:
        """Whether an object in a body may be another than the one being written; an account proves
        by its key that it is the caller's own."""
        said, kind = {*map(identifier, keys)}, resource.owner.kind
        if resource.is_account and said and said <= self._ids:
            return False
        if around is not None and kind in ("field", "path", "query"):
            # An object inside a new one is new, unless it has a key.
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
        """Whether a top-level object's key differs from that of the object being written."""
        one = self.subject
        if one.resource != resource.name:
            if one.resource or one.unnamed or one.below:
                return True
            # With an unknown owner it is nobody's. A POST may use any key, and one of many objects
            # may exist already.
            if not one.owners:
                return False
            if in_list(at):
                return True
            if one.new and not one.key:
                return False
        return not said <= self._own_keys(resource)

    def _own_keys(self, resource: Resource) -> set[str | None]:
        """Keys of the object being written, as returned by the API or given in the path."""
        one = self.subject
        if one.resource != resource.name and one.key and (resource.is_account or one.new):
            return {one.key}
        return {identifier(each) for each in at_path(self._itself(resource), resource.key)} - {None}

    def _itself(self, resource: Resource) -> Json:
        """The object being written, as the API returns it."""
        one = self.subject
        if one.resource != resource.name:
            found = self._named.get(ITSELF)
            one = found if found is not None and found.resource == resource.name else one
        return one.value if one.resource == resource.name else None

    def _other(
        self, resource: Resource, said: list[Json], at: Pointer, around: Around | None
    ) -> Subject | None:
        """Another object: found by its key, or by what is stored at its place."""
        if around is None:
            return self._named_by(resource, said, at)
        if resource.owner.kind == "parent":
            return self._of_parent(resource, said, at, around)
        if said:
            found = self._by_key(resource, said) if self._can_look_up(resource, around) else None
            return found if found is not None and not found.new else None
        whole = self._whole(around)
        if whole is None:
            return None
        if whole.new:
            return self._new_subject(resource)
        stored, left = _stored_value(whole.value, at[len(around.at) :])
        # A hidden account looks the same as a missing one, and cannot be created this way.
        makes = not resource.is_account
        if stored is None and makes:
            return self._new_subject(resource)
        if isinstance(stored, list) and len(left) == 1 and makes:
            own = all(self._is_own(resource, each) for each in stored)
            return self._new_subject(resource) if own else None
        if isinstance(stored, dict) and not left and (said := _keys(resource, stored)):
            return self._by_key(resource, said) if self._can_look_up(resource, around) else None
        return None

    def _can_look_up(self, resource: Resource, around: Around) -> bool:
        """Whether an object inside another can be looked up by its key."""
        return around.here or resource.name not in self._named.local

    def _named_by(self, resource: Resource, said: list[Json], at: Pointer) -> Subject | None:
        """A top-level object by key. A free key belongs to a new object, or renames the one in the
        path; one that may be another spelling of a key that is taken does neither."""
        one, named = self.subject, self._named
        if named.makes and resource.name not in named.findable:
            return ITS_OWN
        found = self._by_key(resource, said)
        if found is None or not found.new:
            return found
        names = one.resource == resource.name or (one.key and resource.is_account)
        takes = named.makes or (names and not in_list(at))
        return ITS_OWN if takes and self._is_sole(resource, said) else None

    def _of_parent(
        self, resource: Resource, said: list[Json], at: Pointer, around: Around
    ) -> Subject | None:
        """An object owned through its parent; with a key, only if the parent holds it now."""
        whole = self._whole(around) if said else around.known
        if whole is None or (said and whole.new):
            return None
        stored, left = _stored_value(whole.value, at[len(around.at) :])
        value: Json = None
        wanted = [*map(identifier, said)]
        if isinstance(stored, list) and len(left) == 1 and said and None not in wanted:
            for each in self._stored.values_having(resource, stored, (Index(),), said):
                value = each if isinstance(each, dict) else value
        elif isinstance(stored, dict) and (said or not left):
            has = [*map(identifier, _named_keys(resource, stored, () if left else at))]
            value = stored if not said or (has == wanted and None not in wanted) else None
        if said and value is None:
            return None
        key = (resource.name, whole.owners, whole.partly, whole.new, id(value) if value else 0)
        if key not in self._within:
            self._within[key] = Subject(
                resource.name, whole.owners, value, partly=whole.partly, new=whole.new,
                kinds=whole.kinds,
            )  # fmt: skip
        return self._within[key]

    def _whole(self, around: Around) -> Subject | None:
        """The enclosing object as the API returns it; None if it does not."""
        known = around.known
        if known is None or known.new or known.value is not None:
            return known
        found = self._named.get(ITSELF) if around.itself else None
        return found if found is not None and found.resource == around.resource else None

    def _by_key(self, resource: Resource, said: list[Json]) -> Subject | None:
        key = identifier(said[0]) if len(said) == 1 else None
        return self._named.get((resource.name, key)) if key is not None else None

    def _new_subject(self, resource: Resource) -> Subject:
        """A new object, owned by the caller."""
        name = resource.name
        if name not in self._new:
            self._new[name] = Subject(name, tuple(sorted(self._ids)), new=True)
        return self._new[name]

    def _is_own(self, resource: Resource, value: Json) -> bool:
        """Whether an object names the caller as its only owner."""
        if not isinstance(value, dict) or resource.owner.kind != "field":
            return False
        if partly(resource.owner, value):
            return False
        said = [t for path in resource.owner.members for t in texts(value, path, spread=False)]
        return bool(said) and {*said} <= self._ids


def _keys(resource: Resource, value: Json) -> list[Json]:
    """The keys that an object states."""
    found = at_path(value, resource.key) if resource.key else []
    return [each for each in found if each is not None]


def _named_keys(resource: Resource, value: Json, at: Pointer) -> list[Json]:
    """The keys that an object states, and its name if it is a map value."""
    said = _keys(resource, value)
    name = str(at[-1]) if resource.key and at and isinstance(at[-1], MapName) else None
    if name is None or [identifier(each) for each in said] == [name]:
        return said
    return [*said, name]


_MISSING = object()


def _stored_value(value: Json, steps: Pointer) -> tuple[object, Pointer]:
    """The value at the end of a path, or the first list, null or scalar on it with the remaining
    steps; a missing member is distinct from null."""
    at: object = value
    for taken, step in enumerate(steps):
        if not isinstance(at, dict):
            return at, steps[taken:]
        at = at.get(step, _MISSING)
    return at, ()


def _null(value: Json, steps: Pointer) -> bool:
    return _stored_value(value, steps)[0] is None


def _selects(resource: Resource, said: list[Json], at: Pointer) -> bool:
    """Whether the key of a list element selects which object is put there, and changes none."""
    return bool(said) and in_list(at) and resource.owner.kind == "field" and not resource.is_account


def in_list(at: Pointer) -> bool:
    """Whether a place is inside a list or map."""
    return any(isinstance(step, Index | MapName) for step in at)


def slot(at: Pointer) -> Hashable:
    """What a place says about its object: whether it is in a list or map, and its name in the map
    (None in a list)."""
    return in_list(at), at[-1] if at and isinstance(at[-1], MapName) else None
