"""Owners' values and ids that the run has learnt. In memory only.

No personal value that is kept here is written to a file: reports have shapes and keyed hashes (see
`oakum.exposure.finding_evidence`).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple

from oakum.authz import ObjectInstance
from oakum.authz.three_valued_logic import Truth
from oakum.exposure.values.impersonal_values import NAMES_ONE, Ambient
from oakum.exposure.values.masks import is_no_instant
from oakum.exposure.values.spellings import holds
from oakum.inference.lexicon import classify_field, words
from oakum.openapi.model import Json

_POOL = 16
"""How many values are kept for a name, so that memory does not grow with the target."""
MIN_WITHIN = 8
"""Shortest value, in characters, to search for within a longer text."""
MIN_INSIDE = 5
"""Shortest owner's value, in characters, to search for within another value."""
MIN_CANARY = 7
"""Shortest canary in characters; shorter values occur by chance."""
_MOST_GRANTED = 1 << 16
"""Most values that are kept because the contract shows them."""
_MIN_WORD = 16
"""Shortest canary of letters only, which may be a dictionary word."""


_MASK = re.compile(r"(?=.*[*•●#·…])[*•●#·…._\- ]+|[xX]{3,}")

_NO_WORD = re.compile(
    r"[(<\[]?(?:unknown|n/a|not (?:set|specified|given|provided|available)|unspecified|undisclosed"
    r"|undefined|redacted|withheld)[)>\]]?",
    re.IGNORECASE,
)


Place = tuple[str, str, str]
"""(identity, resource, field path)."""


def canonical(value: Json) -> str:
    """A scalar as text, so that values from JSON, CSV and URLs compare."""
    if isinstance(value, str):  # the common case first
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def says_nothing(value: Json) -> bool:
    """Whether a value is empty, a mask or a placeholder, so that it proves neither leak nor
    protection.

    This holds for masks (`***`, `••••`) and words such as `Unknown` or `n/a` even if the owner sees
    them too.
    """
    if isinstance(value, str):
        return _is_said_by_nobody(value)
    return value is None or value is False or value == 0 or value in ([], {})


@lru_cache(maxsize=4096)  # responses of a scan repeat many values
def _is_said_by_nobody(text: str) -> bool:
    return not text or bool(
        _MASK.fullmatch(text) or is_no_instant(text) or _NO_WORD.fullmatch(text.strip())
    )


def is_blank(value: Json) -> bool:
    """Whether a field is empty, a mask or a placeholder: an owner who is shown it is shown nothing
    to protect."""
    return value in (None, "", [], {}) or (isinstance(value, str) and says_nothing(value))


def _identifies(text: str) -> bool:
    """Whether a text is long and unusual enough that nobody else has it by chance."""
    return len(text) >= (_MIN_WORD if text.isalpha() else MIN_CANARY)


def is_theirs(text: str, known: Collection[str]) -> bool:
    """Whether a value equals or contains one of the owner's known values."""
    return text in known or any(len(each) >= MIN_INSIDE and holds(text, each) for each in known)


@dataclass(frozen=True)
class InheritedState:
    """Stands for a state that an object takes from its owner's account."""

    of: str
    """The `Resource.state` of the account."""


class Grant(NamedTuple):
    """Who may see a value in an object."""

    held: frozenset[str]
    """Relations of the viewers."""
    owner: str
    """Of the object; empty: unknown."""
    names_one: bool
    """Whether it stands in a field for what names one person, such as an address."""
    place: tuple[str, str] = ("", "")
    """(resource, field)."""
    viewer: str = ""
    """Who was shown it, if for what they are to the object; else empty."""


@dataclass
class Knowledge:
    """What the run has learnt: values by owner, and ids by name."""

    own: dict[tuple[str, str, str], set[str]] = field(default_factory=dict)
    """(identity, resource, field path) → values its owner was shown."""
    present: set[tuple[str, str, str]] = field(default_factory=set)
    """(identity, resource, field path) shown to its owner with a value."""
    empty: set[tuple[str, str, str]] = field(default_factory=set)
    """(identity, resource, field path) shown to its owner without a value."""
    objects: dict[tuple[str, str], list[Mapping[str, str]]] = field(default_factory=dict)
    """(identity, resource) → own objects, each as field path → value."""
    accounts_as_owner: dict[tuple[str, str], str] = field(default_factory=dict)
    """(identity, `Resource.field` that names an owner) → account id, for identities without an
    object that shows how it names them."""
    collections: dict[tuple[str, str, str], dict[str, tuple[str, ...]]] = field(
        default_factory=dict
    )
    """(identity, resource, key) → path of a collection, with `{}` for its places → what stood in
    them when it first showed the object."""
    tenants: dict[tuple[str, str], dict[str, None]] = field(default_factory=dict)
    """(identity, `Resource.field`) → tenants that the API lists for the identity."""
    shown_keys: dict[tuple[str, str], dict[str, None]] = field(default_factory=dict)
    """(identity, ownerless resource) → keys of its objects that the identity was shown."""
    pool: dict[str, dict[str, None]] = field(default_factory=dict)
    """Words of a name (`ride id`) → values seen under it, of any owner."""
    choices: frozenset[str] = frozenset()
    """Values that the document itself lists as possible."""
    common: set[str] = field(default_factory=set)
    """Values of an identity that accounts outside the test have, too, so that they identify
    nobody."""
    creators: dict[tuple[str, str], set[str]] = field(default_factory=dict)
    """(resource, key) → identities who created the object in this run, or own it according to the
    file."""
    parties: dict[tuple[str, str], tuple[str, ...]] = field(default_factory=dict)
    """(resource, key) → ids of all owners of a shared object."""
    conditions: dict[tuple[str, str, str], dict[str, Json]] = field(default_factory=dict)
    """(identity, resource, key) → states in which the object was seen; `InheritedState` for a state
    of the account."""
    accounts: Mapping[tuple[str, str], Json] = field(default_factory=dict)
    """(identity, `Resource.state`) → value of the account's state, which objects may inherit."""
    kin: dict[tuple[str, str, str], dict[str, frozenset[str]]] = field(default_factory=dict)
    """(identity, resource, key) → other identity → relations that the object's members give it, or
    leave open."""
    _able: dict[str, frozenset[str]] = field(default_factory=dict)
    """Resource → relations that members of its objects can give."""
    _given: dict[tuple[str, str], frozenset[str]] = field(default_factory=dict)
    """(identity, other identity) → cached result of `given_by_objects`."""
    related: dict[tuple[str, str, str], dict[tuple[str, str], set[bool]]] = field(
        default_factory=dict
    )
    """(identity, resource, key) → (other identity, relation) → whether its member names them,
    according to each response to the owner."""
    faces: dict[tuple[str, str, str, str], dict[str, str]] = field(default_factory=dict)
    """(identity, resource, key, field path) → endpoint → the value last shown to the owner
    there."""
    texts_in_lists: dict[tuple[str, str, str, str], dict[str, frozenset[str]]] = field(
        default_factory=dict
    )
    """(identity, resource, key, field path within lists) → endpoint → the texts last shown to the
    owner there."""
    apart: dict[tuple[str, str], dict[str, list[frozenset[str]]]] = field(default_factory=dict)
    """(identity, resource without a key) → field path → sets of values, each of the different
    objects in one list shown to the owner."""
    filled: dict[tuple[str, str, str], set[str]] = field(default_factory=dict)
    """(identity, resource, key) → field paths shown to the owner with a value."""
    joint: dict[tuple[str, str, str], set[frozenset[str]]] = field(default_factory=dict)
    """(resource, field path, value) → sets of joint owners of the objects that have it."""
    contested: dict[tuple[str, str], set[str]] = field(default_factory=dict)
    """(resource, key) → identities that were shown it as their own after another identity was."""
    ambient: Ambient = field(default_factory=Ambient)
    """Ambient values, which identify nobody."""
    granted: dict[str, set[Grant]] = field(default_factory=dict)
    """Value that the contract shows in some object → to whom, and in whose."""
    _index: dict[str, set[tuple[str, str, str]]] = field(default_factory=dict)
    _listed: list[tuple[str, tuple[str, str, str]]] | None = None
    """Cached result of `canaries`; None after a change."""
    _starts: dict[str, dict[str, None]] = field(default_factory=dict)
    """First `MIN_WITHIN` characters → values that start with them."""
    _addresses: dict[str, None] = field(default_factory=dict)

    def learn_own(self, who: str, instance: ObjectInstance, owners: Collection[str] = ()) -> None:
        """Records an object that its owner was shown; `owners`: all of them, if it is shared."""
        flat: dict[str, str] = {}
        for leaf in instance.leaves:
            key = (who, instance.resource, leaf.path)
            if leaf.value in (None, "", [], {}):
                self.empty.add(key)
            elif not is_blank(leaf.value):
                self.present.add(key)
            if isinstance(leaf.value, int) and not isinstance(leaf.value, bool):
                flat.setdefault(leaf.path, canonical(leaf.value))  # an id may be 0
            if says_nothing(leaf.value) or isinstance(leaf.value, dict | list):
                continue
            text = canonical(leaf.value)
            if len(owners) > 1:
                place = (instance.resource, leaf.path, text)
                self.joint.setdefault(place, set()).add(frozenset(owners))
            self.own.setdefault(key, set()).add(text)
            self._learn_text(text, key)
            flat.setdefault(leaf.path, text)
        kept = self.objects.setdefault((who, instance.resource), [])
        if flat and len(kept) < _POOL and flat not in kept:
            kept.append(flat)

    def states_of(self, who: str, resource: str, key: str) -> dict[str, Json]:
        """The states of an object that are known so far."""
        found: dict[str, Json] = {}
        for name, value in self.conditions.get((who, resource, key), {}).items():
            if not isinstance(value, InheritedState):
                found[name] = value
            elif (who, value.of) in self.accounts:
                found[name] = self.accounts[who, value.of]
        return found

    def learn_kin(
        self, place: tuple[str, str, str], other: str, relations: frozenset[str],
        able: frozenset[str],
    ) -> None:  # fmt: skip
        """Records the relations that an object's members give somebody, or leave open. `able`:
        those that members of such an object can give."""
        known = self.kin.setdefault(place, {})
        self._able[place[1]] = able
        if known.get(other) != relations:
            known[other] = relations
            self._given.pop((place[0], other), None)

    def given_by_objects(self, who: str, other: str) -> frozenset[str]:
        """Relations that members of any of somebody's objects give another, or leave open."""
        pair = (who, other)
        if pair not in self._given:
            every = (
                known.get(other, frozenset()) & self._able[resource]
                for (name, resource, _), known in self.kin.items()
                if name == who
            )
            self._given[pair] = frozenset().union(*every)
        return self._given[pair]

    def _learn_text(self, text: str, key: tuple[str, str, str]) -> None:
        known = self._index.setdefault(text, set())
        if key in known:
            return
        known.add(key)
        self._listed = None
        if len(text) >= MIN_WITHIN:
            self._starts.setdefault(text[:MIN_WITHIN], {})[text] = None
        if "@" in text:
            self._addresses[text] = None

    def was_shown(
        self, who: str, resource: str, key: str, path: str, *, blank: bool = False
    ) -> bool:
        """Whether an owner was shown a value in this field of this object. If the object is
        unknown, any of the owner's objects counts, unless the value is `blank` and was blank
        elsewhere."""
        this = self.filled.get((who, resource, key)) if key else None
        if blank and this is None and (who, resource, path) in self.empty:
            return False
        return (who, resource, path) in self.present if this is None else path in this

    def learn_related(
        self, place: tuple[str, str, str], other: str, relation: str, named: Truth
    ) -> bool:
        """Records whether an object, as its owner was shown it, names somebody in a relation; False
        if that is not new."""
        told = self.related.setdefault(place, {}).setdefault((other, relation), set())
        new = named is not None and named not in told
        told |= {named} if named is not None else set()
        return new

    def is_related(
        self, owners: Iterable[str], resource: str, key: str, other: str, relation: str
    ) -> Truth:
        """Whether an object names somebody in a relation according to the responses to its owners;
        None if they were not shown it, or if responses differ."""
        told = [
            self.related.get((who, resource, key), {}).get((other, relation), ()) for who in owners
        ]
        said = {each for answers in told for each in answers}
        return said.pop() if len(said) == 1 else None

    def suppose(self, who: str, resource: str, key: str, id: str) -> None:
        """Assumes that the account's id is the key of its only object until that object is seen."""
        if not self.objects.get((who, resource)):
            self.objects[(who, resource)] = [{key: id}]

    def learn_stated(self, who: str, resource: str, key: str, id: str) -> None:
        """Records an object by its key alone, which the identities file says is theirs."""
        self.creators.setdefault((resource, id), set()).add(who)
        kept = self.objects.setdefault((who, resource), [])
        if len(kept) < _POOL and all(row.get(key) != id for row in kept):
            kept.append({key: id})

    def learn_others(self, instance: ObjectInstance) -> None:
        """Records which values of the test identities an outsider's object shares, and nothing
        else.

        An object whose owner is named by a unique value of a test identity, such as an e-mail
        address, is not an outsider's.
        """
        for leaf in instance.leaves:
            text = canonical(leaf.value)
            keys = self._index.get(text, ()) if not isinstance(leaf.value, dict | list) else ()
            one = text in instance.owners and any(classify_field(k[2]) in NAMES_ONE for k in keys)
            if keys and not one:
                self.common.add(text)
                self._listed = None

    def learn_granted(self, text: str, grant: Grant) -> None:
        """Records a value that the contract shows in some object."""
        if _identifies(text) and (text in self.granted or len(self.granted) < _MOST_GRANTED):
            self.granted.setdefault(text, set()).add(grant)

    def is_granted(
        self, text: str, held: frozenset[str], place: Place, viewer: str | None = None
    ) -> bool:
        """Whether the contract shows a value of an owner's field to the viewer, or to viewers with
        these relations, in an object that is not the owner's, or that the owner was not shown. An
        address is somebody's wherever it stands, unless in a field for addresses."""
        who, _, path = place
        names_one = classify_field(path) in NAMES_ONE
        return any(
            (each.held <= held or (viewer and each.viewer == viewer))
            and (each.owner != who or (who, *each.place) not in self.own)
            and names_one <= each.names_one
            for each in self.granted.get(text, ())
        )

    def is_shared(self, who: str, resource: str, path: str, text: str) -> bool:
        """Whether another identity has the same value in the same field, perhaps a default; joint
        owners of one object do not count."""
        together = self.together(resource, path, text)
        return any(
            name != who and name not in together and (kind, field) == (resource, path)
            for name, kind, field in self._index.get(text, ())
        )

    def together(self, resource: str, path: str, text: str) -> frozenset[str]:
        """Identities that jointly own every shared object with this value. A value that a host
        shares with each of two guests may be a default and names neither."""
        groups = self.joint.get((resource, path, text))
        return frozenset.intersection(*groups) if groups else frozenset()

    def elsewhere(self, who: str, resource: str, key: str, path: str, text: str) -> set[str]:
        """Values that the owner is shown in this field at other endpoints; without a key, those
        that are not known to belong to another object."""
        faces = self.faces.get((who, resource, key, path), {})
        lists = self.apart.get((who, resource), {}).get(path, ()) if not key else ()
        others = {value for values in lists if text in values for value in values}
        return set(faces.values()) - {text} - others

    def learn_apart(self, who: str, resource: str, rows: Iterable[Mapping[str, str]]) -> None:
        """Records that these objects of one list, which have no key, are different ones."""
        known = self.apart.setdefault((who, resource), {})
        found: dict[str, set[str]] = {}
        for row in rows:
            for path, text in row.items():
                found.setdefault(path, set()).add(text)
        for path, values in found.items():
            lists = known.setdefault(path, [])
            if len(values) > 1 and values not in lists and len(lists) < _POOL:
                lists.append(frozenset(values))

    def forget(self, who: str) -> None:
        """Drops an owner's values by endpoint after a change of settings."""
        self.faces = {
            place: endpoints for place, endpoints in self.faces.items() if place[0] != who
        }
        self.texts_in_lists = {
            place: texts for place, texts in self.texts_in_lists.items() if place[0] != who
        }
        self.ambient.forget(who)

    def first_shown(self, resource: str, path: str, text: str, viewer: str) -> str:
        """The identity that was shown this value in its own object before the viewer was; empty if
        there is none, or the viewer has it too."""
        places = self._index.get(text, set())
        if (viewer, resource, path) in places:
            return ""
        named = {each for each in places if each[0] and each[1:] == (resource, path)}
        return next((each[0] for each in self.own if each in named), "") if named else ""

    def learn_names(self, leaves: Iterator[tuple[tuple[str, ...], Json]]) -> None:
        """Records ids by name: `ride.id`, `ride_id` and `rideId` are the same."""
        for pointer, value in leaves:
            if isinstance(value, str | int) and not isinstance(value, bool) and pointer:
                name = _name(tuple(part for part in pointer if not part.isdigit()))
                values = self.pool.setdefault(name, {})
                if len(values) < _POOL:
                    values[canonical(value)] = None

    def values(self, source: str, who: str | None) -> list[str]:
        """Values to fill a parameter with: from `who`'s own objects, or from anybody's if None.

        Anybody's are ordered by the number of owners, so that one request covers most of them.
        """
        resource, _, path = source.partition(".")
        owners = [who] if who is not None else [name for name, r in self.objects if r == resource]
        found: dict[str, set[str]] = {}
        for owner in owners:
            for each in self.objects.get((owner, resource), ()):
                if path in each:
                    found.setdefault(each[path], set()).add(owner)
        if not found and who is not None:
            account = self.accounts_as_owner.get((who, source))
            linked = self._linked_keys(resource, path, who) or ([account] if account else [])
            return linked or [*self.tenants.get((who, source), ())]
        if not found:
            told = (theirs for (_, at), theirs in self.tenants.items() if at == source)
            return list(dict.fromkeys(tenant for theirs in told for tenant in theirs))
        return sorted(found, key=lambda value: -len(found[value]))

    def rows(self, resource: str, paths: Collection[str], who: str | None) -> list[dict[str, str]]:
        """Values of these fields that stand in one and the same object, of `who`'s own objects or
        of anybody's if None."""
        owners = [who] if who is not None else [name for name, r in self.objects if r == resource]
        found = [
            {path: row[path] for path in paths}
            for owner in owners
            for row in self.objects.get((owner, resource), ())
            if row.keys() >= {*paths}
        ]
        return [row for at, row in enumerate(found) if row not in found[:at]]

    def _linked_keys(self, resource: str, path: str, who: str) -> list[str]:
        """Keys of an owner's objects that others of their objects refer to:
        `BasketItem.BasketId`."""
        wanted = (*words(resource), *words(path))
        return list(
            dict.fromkeys(
                value
                for (owner, _), rows in self.objects.items()
                for row in rows if owner == who
                for field, value in row.items()
                if words(field.rpartition(".")[2]) == wanted
            )
        )  # fmt: skip

    @staticmethod
    def named_in(row: Mapping[str, str], source: str) -> str:
        """The key of another resource that an object refers to, as `feed_id` or nested `feed.id`;
        as `FeedId` alone if the key itself is called so. Empty if none."""
        name, key = map(words, source.partition(".")[::2])
        wanted = key if key[: len(name)] == name else name + key
        fields = (e for e in row if wanted in (words(e), words(e.rpartition(".")[2])))
        return next((row[each] for each in fields), "")

    def values_by_name(self, parameter: str) -> list[str]:
        """Values seen in any response under a parameter's name."""
        wanted = " ".join(words(parameter))
        exact = list(self.pool.get(wanted, ()))
        return exact or next(
            (list(v) for name, v in self.pool.items() if name.endswith(" " + wanted)), []
        )

    def canary(self, text: str, *, aside: bool = False) -> tuple[str, str, str] | None:
        """The (identity, resource, field) that a value uniquely identifies; None if there is none.

        Short, shared and ambient values identify nobody. `aside`: ignore objects without an owner.
        """
        if not _identifies(text):
            return None
        keys = self._index.get(text)
        own = [key for key in keys or () if key[0] or not aside]
        names = {key[0] for key in own}
        if not own or text in self.common:
            return None
        if len(names) != 1 and not names <= self.together(*own[0][1:], text):
            return None
        if any(self.ambient.varies((kind, path)) for who, kind, path in own):
            return None
        return min(own)

    def anothers(self, text: str, place: Place) -> Place | None:
        """The place of the one other identity whose value a text is; None if it may also be the
        value of `place`, or of several people."""
        others = self._index.get(text, set()) - {place}
        # both have it in the same field: it is shared
        same = any(key[1:] == place[1:] for key in others)
        one = len({key[0] for key in others}) == 1 and _identifies(text)
        if same or not one or text in self.common:
            return None
        who, resource, path = min(others)
        ambient = self.ambient.varies((resource, path))
        return None if who in ("", place[0]) or ambient else (who, resource, path)

    def may_be_ambient(self, text: str, endpoint: str = "") -> bool:
        """Whether an identity's value may be ambient at an endpoint."""
        return any(
            self.ambient.may_hold(key[0], key[1:], text, endpoint)
            for key in self._index.get(text, ())
        )

    def owners(self, text: str) -> set[tuple[str, str, str]]:
        """(identity, resource, field) of every identity with this value."""
        return {key for key in self._index.get(text, ()) if key[0]}

    def keys_with(self, who: str, resource: str, key: str, path: str, text: str) -> list[str]:
        """Keys of an owner's objects with a value in a field; one empty text if none is known."""
        rows = self.objects.get((who, resource), ())
        return [row.get(key, "") for row in rows if row.get(path) == text] or [""]

    def places(self, text: str, who: str) -> list[tuple[str, str]]:
        """(resource, field) of an owner's objects with this value; empty if another identity has it
        too, or it is ambient."""
        keys = self._index.get(text, set())
        names = {key[0] for key in keys}
        together = names <= {who} or all(names <= self.together(*key[1:], text) for key in keys)
        if not together or text in self.common:
            return []
        if any(self.ambient.varies((kind, path)) for name, kind, path in keys):
            return []
        return sorted({key[1:] for key in keys if key[0] == who})

    def nobodys(self, text: str) -> list[tuple[str, str]]:
        """(resource, field) of ownerless objects with this value."""
        return [key[1:] for key in self._index.get(text, ()) if not key[0]]

    def canaries(self) -> Iterator[tuple[str, tuple[str, str, str]]]:
        """Every value that identifies one identity's field."""
        if self._listed is None:
            found = [(text, self.canary(text)) for text in self._index]
            self._listed = [(text, key) for text, key in found if key is not None]
        for text, key in self._listed:
            if not self.ambient.varies(key[1:]):
                yield text, key

    def within(self, text: str) -> Iterator[tuple[str, tuple[str, str, str]]]:
        """Canaries of at least `MIN_WITHIN` characters in a text, found by a table of prefixes."""
        found: dict[str, None] = {}
        for at in range(len(text) - MIN_WITHIN + 1):
            for value in self._starts.get(text[at : at + MIN_WITHIN], ()):
                if text.startswith(value, at):
                    found[value] = None
        yield from ((each, key) for each in found if (key := self.canary(each)) is not None)

    def addresses(self) -> Iterator[tuple[str, tuple[str, str, str]]]:
        """E-mail addresses that identify one identity's field."""
        yield from ((e, key) for e in self._addresses if (key := self.canary(e)) is not None)


def _name(pointer: tuple[str, ...]) -> str:
    if not pointer:
        return ""  # the response itself is the value
    last = words(pointer[-1])
    if last in (("id",), ("uuid",), ("key",)) and len(pointer) > 1:
        last = (*words(pointer[-2]), *last)
    return " ".join(last)


def objects_of(value: Json) -> Iterator[Mapping[str, Json]]:
    """Every object in a value, outer before inner, at any depth."""
    todo = [value]
    while todo:
        at = todo.pop()
        if isinstance(at, dict):
            yield at
            todo += reversed(at.values())
        elif isinstance(at, list):
            todo += reversed(at)


def leaves_of(value: Json) -> Iterator[tuple[tuple[str, ...], Json]]:
    """Every scalar in a value with its path, at any depth."""
    top: tuple[tuple[str, ...], Json] = ((), value)
    ahead = [iter([top])]
    while ahead:
        for place, each in ahead[-1]:
            if isinstance(each, dict | list):
                ahead.append(_inside(place, each))
                break
            yield place, each
        else:
            ahead.pop()


def _inside(at: tuple[str, ...], value: Json) -> Iterator[tuple[tuple[str, ...], Json]]:
    children = value.items() if isinstance(value, dict) else enumerate(value)
    return (((*at, str(key)), child) for key, child in children)
