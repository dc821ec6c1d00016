"""What the run has learnt: owners' values and ids. In memory only.

The one place where values of people are held. Nothing of it is written anywhere: what leaves are
shapes and keyed hashes (see `evidence`).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field

from oakum.authz import ObjectInstance
from oakum.exposure.ambient import NAMES_ONE, Ambient
from oakum.exposure.masks import is_no_instant
from oakum.exposure.spellings import holds
from oakum.inference.lexicon import classify_field, words
from oakum.openapi.model import Json

_POOL = 16
"""Values kept per name: a scan needs one, and must not grow with the target."""
MIN_WITHIN = 8
"""Characters of a value that stands within a longer text by no chance."""
MIN_INSIDE = 5
"""Characters of an owner's value that are found inside another value by no chance."""
MIN_CANARY = 7
"""Characters below which a value turns up by chance."""
_MIN_WORD = 16
"""The same for letters alone: dictionaries are full of them."""


_MASK = re.compile(r"(?=.*[*•●#·…])[*•●#·…._\- ]+|[xX]{3,}")

_NO_WORD = re.compile(
    r"[(<\[]?(?:unknown|n/a|not (?:set|specified|given|provided|available)|unspecified|undisclosed"
    r"|undefined|redacted|withheld)[)>\]]?",
    re.IGNORECASE,
)


def canonical(value: Json) -> str:
    """One text for a scalar, so that JSON, CSV and URLs compare."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return value if isinstance(value, str) else str(value)


def says_nothing(value: Json) -> bool:
    """Whether a value is one that stands in for nothing: proof of neither leak nor care.

    A mask (`***`, `••••`) and a word for nothing (`Unknown`, `n/a`) do, even when they are shown to
    the owner as well.
    """
    if isinstance(value, str) and (
        _MASK.fullmatch(value) or is_no_instant(value) or _NO_WORD.fullmatch(value.strip())
    ):
        return True
    return value is None or value is False or value == 0 or value in ("", [], {})


def is_theirs(text: str, known: Collection[str]) -> bool:
    """Whether a value is one of an owner's, or holds one."""
    return text in known or any(len(each) >= MIN_INSIDE and holds(text, each) for each in known)


@dataclass
class Knowledge:
    """Values by owner, and ids by the name of what they identify."""

    own: dict[tuple[str, str, str], set[str]] = field(default_factory=dict)
    """(identity, resource, field path) → values its owner was shown."""
    present: set[tuple[str, str, str]] = field(default_factory=set)
    """(identity, resource, field path) that its owner was shown with something in it, be it no."""
    empty: set[tuple[str, str, str]] = field(default_factory=set)
    """(identity, resource, field path) that its owner was shown with nothing in it."""
    objects: dict[tuple[str, str], list[Mapping[str, str]]] = field(default_factory=dict)
    """(identity, resource) → own objects as field → value."""
    pool: dict[str, dict[str, None]] = field(default_factory=dict)
    """Words of a name (`ride id`) → values seen under it, whoever they belong to."""
    choices: frozenset[str] = frozenset()
    """Values that the document itself names as what may stand somewhere."""
    common: set[str] = field(default_factory=set)
    """Values of the cast's that somebody outside it has as well: they name nobody."""
    parties: dict[tuple[str, str], tuple[str, ...]] = field(default_factory=dict)
    """(resource, key) → all owners' ids, of an object that named all of several."""
    conditions: dict[tuple[str, str, str], dict[str, Json]] = field(default_factory=dict)
    """(identity, resource, key) → states that this very object was seen in."""
    kin: dict[tuple[str, str, str], dict[str, frozenset[str]]] = field(default_factory=dict)
    """(identity, resource, key) → other identity → relations that the members of this very object
    say it holds, or leave open."""
    faces: dict[tuple[str, str, str, str], dict[str, str]] = field(default_factory=dict)
    """(identity, resource, key, field path) → endpoint → the value that its owner was last shown of
    this object there."""
    filled: dict[tuple[str, str, str], set[str]] = field(default_factory=dict)
    """(identity, resource, key) → field paths in which its owner was shown something of it."""
    joint: dict[tuple[str, str, str], set[frozenset[str]]] = field(default_factory=dict)
    """(resource, field path, value) → who own an object with it together, for each such object."""
    ambient: Ambient = field(default_factory=Ambient)
    """Which values are the environment's, whoever was shown them."""
    _index: dict[str, set[tuple[str, str, str]]] = field(default_factory=dict)
    _listed: list[tuple[str, tuple[str, str, str]]] | None = None
    """What `canaries` gives; None when something has been learnt since."""
    _starts: dict[str, dict[str, None]] = field(default_factory=dict)
    """First characters of a value → values that begin so."""
    _addresses: dict[str, None] = field(default_factory=dict)

    def learn_own(self, who: str, instance: ObjectInstance, owners: Collection[str] = ()) -> None:
        """Take in an object of `who`'s that `who` was shown; `owners`: identities it belongs to,
        where they are several."""
        flat: dict[str, str] = {}
        for leaf in instance.leaves:
            key = (who, instance.resource, leaf.path)
            (self.empty if leaf.value in (None, "", [], {}) else self.present).add(key)
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
        """Whether an owner was shown a field of one object with something in it. That another of
        their objects has it says nothing of this one; where this one is not known, it has to do,
        but for a `blank` that the owner of some such object was shown as well."""
        this = self.filled.get((who, resource, key)) if key else None
        if blank and this is None and (who, resource, path) in self.empty:
            return False
        return (who, resource, path) in self.present if this is None else path in this

    def suppose(self, who: str, resource: str, key: str, id: str) -> None:
        """Take an account's id for the key of its one object, where no object is known yet."""
        if not self.objects.get((who, resource)):
            self.objects[(who, resource)] = [{key: id}]

    def learn_others(self, instance: ObjectInstance) -> None:
        """Of an outsider's object only one thing is kept: which of the cast's values it shares.

        What names its owner with a value that no two people have, such as the address of one of the
        cast, is no outsider's.
        """
        for leaf in instance.leaves:
            text = canonical(leaf.value)
            keys = self._index.get(text, ()) if not isinstance(leaf.value, dict | list) else ()
            one = text in instance.owners and any(classify_field(k[2]) in NAMES_ONE for k in keys)
            if keys and not one:
                self.common.add(text)
                self._listed = None

    def shared(self, who: str, resource: str, path: str, text: str) -> bool:
        """Whether another identity has the same value in the same field: a default, perhaps. That
        an object belongs to two makes nothing of it common."""
        together = self.together(resource, path, text)
        return any(
            name != who and name not in together and (kind, field) == (resource, path)
            for name, kind, field in self._index.get(text, ())
        )

    def together(self, resource: str, path: str, text: str) -> frozenset[str]:
        """Identities that own every object with a value of those that several own. What a host has
        in common with each of two guests is a default, perhaps, and names neither of these."""
        groups = self.joint.get((resource, path, text))
        return frozenset.intersection(*groups) if groups else frozenset()

    def elsewhere(self, who: str, resource: str, key: str, path: str, text: str) -> set[str]:
        """What the owner of an object is shown in a field at other endpoints than those of a
        value."""
        faces = self.faces.get((who, resource, key, path), {})
        return set(faces.values()) - {text}

    def forget(self, who: str) -> None:
        """Somebody's settings have changed: what endpoints show them of themselves may be
        another."""
        self.faces = {
            place: endpoints for place, endpoints in self.faces.items() if place[0] != who
        }
        self.ambient.forget(who)

    def first_shown(self, resource: str, path: str, text: str, viewer: str) -> str:
        """The identity that was shown a value in its own object before this viewer was; empty:
        none, or this viewer has known it all along."""
        places = self._index.get(text, set())
        if (viewer, resource, path) in places:
            return ""
        named = {each for each in places if each[0] and each[1:] == (resource, path)}
        return next((each[0] for each in self.own if each in named), "") if named else ""

    def learn_names(self, leaves: Iterator[tuple[tuple[str, ...], Json]]) -> None:
        """Remember ids by name: `ride.id`, `ride_id` and `rideId` are one name."""
        for pointer, value in leaves:
            if isinstance(value, str | int) and not isinstance(value, bool) and pointer:
                name = _name(tuple(part for part in pointer if not part.isdigit()))
                values = self.pool.setdefault(name, {})
                if len(values) < _POOL:
                    values[canonical(value)] = None

    def values(self, source: str, who: str | None) -> list[str]:
        """Values that fill a parameter: of `who`'s own objects, or of anybody's for None.

        Of anybody's, those that most people have come first: the class that most of them ride in
        shows most of them at once.
        """
        resource, _, path = source.partition(".")
        owners = [who] if who is not None else [name for name, r in self.objects if r == resource]
        found: dict[str, set[str]] = {}
        for owner in owners:
            for each in self.objects.get((owner, resource), ()):
                if path in each:
                    found.setdefault(each[path], set()).add(owner)
        if not found and who is not None:
            return self._linked(resource, path, who)
        return sorted(found, key=lambda value: -len(found[value]))

    def _linked(self, resource: str, path: str, who: str) -> list[str]:
        """Keys of `who`'s objects that other objects of theirs name: `BasketItem.BasketId`."""
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
        """The key of another resource's object that an object names: `feed_id`, or `feed.id` of
        what it holds; empty: it names none."""
        wanted = words(source)
        fields = (e for e in row if wanted in (words(e), words(e.rpartition(".")[2])))
        return next((row[each] for each in fields), "")

    def named(self, parameter: str) -> list[str]:
        """Values seen in any answer under the name of a parameter."""
        wanted = " ".join(words(parameter))
        exact = list(self.pool.get(wanted, ()))
        return exact or next(
            (list(v) for name, v in self.pool.items() if name.endswith(" " + wanted)), []
        )

    def canary(self, text: str, *, aside: bool = False) -> tuple[str, str, str] | None:
        """The one (identity, resource, field) a value stands for, if it stands for just one.

        Short values, values that two identities share and those of the environment name nobody.
        `aside`: that it stands in an object of nobody's as well is no matter.
        """
        if len(text) < MIN_CANARY or (text.isalpha() and len(text) < _MIN_WORD):
            return None
        keys = self._index.get(text)
        own = [key for key in keys or () if key[0] or not aside]
        names = {key[0] for key in own}
        if not own or text in self.common:
            return None
        if len(names) != 1 and not names <= self.together(*own[0][1:], text):
            return None
        if any(self.ambient.holds(who, (kind, path), text) for who, kind, path in own):
            return None
        return min(own)

    def may_be_ambient(self, text: str, endpoint: str = "") -> bool:
        """Whether a value that one identity was shown may be the environment's, at an endpoint."""
        return any(
            self.ambient.may_hold(key[0], key[1:], text, endpoint)
            for key in self._index.get(text, ())
        )

    def owners(self, text: str) -> set[tuple[str, str, str]]:
        """(identity, resource, field) of all who were shown a value as their own."""
        return {key for key in self._index.get(text, ()) if key[0]}

    def places(self, text: str, who: str) -> list[tuple[str, str]]:
        """(resource, field) of somebody's objects in which they were shown a value; none where
        another identity was shown it too, or it is the environment's."""
        keys = self._index.get(text, set())
        names = {key[0] for key in keys}
        together = names <= {who} or all(names <= self.together(*key[1:], text) for key in keys)
        if not together or text in self.common:
            return []
        if any(self.ambient.holds(name, (kind, path), text) for name, kind, path in keys):
            return []
        return sorted({key[1:] for key in keys if key[0] == who})

    def nobodys(self, text: str) -> list[tuple[str, str]]:
        """(resource, field) of objects that are nobody's in which a value stands."""
        return [key[1:] for key in self._index.get(text, ()) if not key[0]]

    def canaries(self) -> Iterator[tuple[str, tuple[str, str, str]]]:
        """Every value that names one identity's field."""
        if self._listed is None:
            found = [(text, self.canary(text)) for text in self._index]
            self._listed = [(text, key) for text, key in found if key is not None]
        for text, key in self._listed:
            if not self.ambient.holds(key[0], key[1:], text):
                yield text, key

    def within(self, text: str) -> Iterator[tuple[str, tuple[str, str, str]]]:
        """Values that name one identity's field, of at least `MIN_WITHIN` characters, which stand
        in a text; by a table of their beginnings, since answers are long and values many."""
        found: dict[str, None] = {}
        for at in range(len(text) - MIN_WITHIN + 1):
            for value in self._starts.get(text[at : at + MIN_WITHIN], ()):
                if text.startswith(value, at):
                    found[value] = None
        yield from ((each, key) for each in found if (key := self.canary(each)) is not None)

    def addresses(self) -> Iterator[tuple[str, tuple[str, str, str]]]:
        """E-mail addresses that name one identity's field."""
        yield from ((e, key) for e in self._addresses if (key := self.canary(e)) is not None)


def _name(pointer: tuple[str, ...]) -> str:
    if not pointer:
        return ""  # the answer is the value
    last = words(pointer[-1])
    if last in (("id",), ("uuid",), ("key",)) and len(pointer) > 1:
        last = (*words(pointer[-2]), *last)
    return " ".join(last)


def objects_of(value: Json) -> Iterator[Mapping[str, Json]]:
    """Every object of a value, the outer before the inner; however deep it is nested."""
    todo = [value]
    while todo:
        at = todo.pop()
        if isinstance(at, dict):
            yield at
            todo += reversed(at.values())
        elif isinstance(at, list):
            todo += reversed(at)


def leaves_of(value: Json, at: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Json]]:
    """Every scalar of a value, with its place; however deep it is nested."""
    ahead = [iter([(at, value)])]
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
