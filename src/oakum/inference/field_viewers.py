"""Guesses who may see each field of a resource, with the document's evidence.

What an object shows belongs to its owner, unless the document shows it to others: an endpoint that
needs no credentials, or a list of accounts. What is nobody's is open only as a catalogue, which
callers list and do not change. All else stays closed, and the draft asks once for each resource.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from oakum.http.methods import SHOWS
from oakum.inference.declared_fields import NOT_SET, ResourceField
from oakum.inference.lexicon import FieldClass, singular, word_set, words
from oakum.inference.owners import DraftOwner, names_somebody
from oakum.inference.path_nouns import (
    ACCOUNTS,
    CROWDS,
    is_of_caller,
    noun_of_path,
    nouns,
    without_id,
)
from oakum.inference.schema_groups import DocumentTypes, Thing
from oakum.inference.side_effects import classify, sounds_like_reading
from oakum.inference.unsafe_writes import kept_for_staff
from oakum.openapi.document import Document
from oakum.openapi.model import Json, Operation, Parameter
from oakum.openapi.schema import children

_STAFF = word_set(
    "admin administration administrator backoffice internal moderation staff superuser"
)
_TO_ALL = re.compile(
    r"\b(?:public(?:ly)?|visible to (?:all|any|every)\w*|(?:all|any|every|other) "
    r"(?:members?|users?|visitors?)(?: may| can|'s)|everyone|everybody|anyone|anybody)\b",
    re.I,
)
_OWN = re.compile(
    r"\b(?:callers?'?s?|my|own|your|yours|(?:authenticated|current|logged[- ]?in) \w+)\b", re.I
)
_RECORDS = word_set(
    "account address alert attachment audit balance bill booking budget card cart charge chat "
    "claim connection contact contract conversation credential customer deal delivery device "
    "document draft email event favorite favourite file hook inbox invoice job key lead log login "
    "mail message note notification order password payment payout permission playback position "
    "prescription purchase receipt refund reminder report request reservation secret session "
    "setting statement subscription task ticket token transaction transfer trip upload visit "
    "wallet webhook"
)
"""Nouns of records that belong to somebody, whether or not the API has a request that creates
one."""
_HELD = word_set("account customer member person user")
"""Nouns of accounts; an object with the id of one belongs to it."""
_PARTIES = word_set(
    "attendee collaborator correspondent guest invitee member participant recipient subscriber"
)
"""Nouns of lists of the people for whom an object is meant."""
_PERSONAL = (
    FieldClass.SECRET,
    FieldClass.IDENTITY_DOCUMENT,
    FieldClass.CONTACT,
    FieldClass.PERSONAL,
    FieldClass.ACTIVITY,
)
_OWN_BUSINESS = word_set("consent notification preference setting")
_NAMES = (FieldClass.KEY, FieldClass.HANDLE)
_OPEN_KINDS = (*_NAMES, FieldClass.PLAIN, FieldClass.SETTING)


@dataclass(frozen=True)
class GrantGuess:
    """A guess of who may see a field, and whether its owner may set it. `why`: the reason, if it is
    more than the field's class."""

    see: Literal["anyone", "member", "owner", "nobody"]
    set: bool = False
    why: str = ""
    when: tuple[tuple[str, Json], ...] = ()
    """(setting of the object, its open value) pairs under which callers other than the owner may
    see it."""


@dataclass(frozen=True)
class Audience:
    """Who may see those fields of a thing whose names say nothing about it."""

    default: Literal["anyone", "member", "owner", "nobody"]
    why: str = ""
    """The document's evidence."""
    asks: bool = False
    """Whether the document leaves it open, so that a person has to decide."""
    shown: Mapping[str, str] = field(default_factory=dict)
    """First step of a field path → the list endpoint that shows it for other accounts."""
    names_shown: str = ""
    """Where else others are shown by name or another handle."""


def _lists_people(of: ResourceField) -> bool:
    """Whether a field lists those whom its object is for: `participants`, `member_ids`."""
    said = words(of.path.partition(".")[0])
    plural = bool(said) and singular(said[-1]) != said[-1]
    return plural and not _PARTIES.isdisjoint(map(singular, said))


def _refers_to_account(of: ResourceField) -> bool:
    """Whether a field is the id of an account, the caller's or one at a bank: `accountid`."""
    noun = without_id(of.path)
    return noun.rpartition("_")[2] in _HELD and noun != "_".join(words(of.path))


class Audiences:
    """Guesses the audience of each thing (object type) of a document."""

    def __init__(
        self,
        world: DocumentTypes,
        document: Document,
        owners: Mapping[int, DraftOwner],
        declared: Mapping[int, Sequence[ResourceField]],
    ) -> None:
        self._world = world
        self._owners = owners
        self._declared = declared
        self.secured = any(operation.security for operation in document.operations)
        """Whether the document says of any operation that it needs credentials."""
        self._written = set(_written_nouns(world, document))
        self._by_noun = {thing.noun: thing for thing in world.things}
        self._catalogue: dict[int, str] = {}
        self._find_catalogue()
        self._of = {id(thing): self._audience(thing) for thing in world.things}

    def of(self, thing: Thing) -> Audience:
        return self._of[id(thing)]

    def is_open(self, operation: Operation) -> bool:
        """Whether anonymous callers may read at this endpoint, in a document that requires
        credentials elsewhere."""
        return self.secured and operation.anonymous and operation.method in SHOWS

    # ------------------------------------------------------------ without owner

    def _find_catalogue(self) -> None:
        """What callers list and do not change, and what is listed below it."""
        waiting = [
            thing
            for thing in self._world.things
            if not self._owners[id(thing)].has_owner
            and thing.noun.rpartition("_")[2] not in CROWDS
            and not names_somebody(thing)
        ]
        known = -1
        while known < len(self._catalogue):
            known = len(self._catalogue)
            for thing in waiting:
                why = "" if id(thing) in self._catalogue else self._catalogue_reason(thing)
                if why:
                    self._catalogue[id(thing)] = why

    def _is_somebodys(self, thing: Thing) -> bool:
        """Whether its members or its name say that somebody has it, or several people."""
        declared = self._declared[id(thing)]
        personal = any(each.label.kind in _PERSONAL or _lists_people(each) for each in declared)
        return (
            personal or self._is_of_people(thing) or not _RECORDS.isdisjoint(thing.noun.split("_"))
        )

    def _is_shown(self, operation: Operation) -> bool:
        """Whether a read is open, or shows a caller only their own."""
        return self.is_open(operation) or operation.id in self._world.self_endpoints

    def _is_of_people(self, thing: Thing) -> bool:
        """Whether it is a person, or tells what somebody does by the id of a person."""
        declared = self._declared[id(thing)]
        return thing.noun.rpartition("_")[2] in ACCOUNTS or any(map(_refers_to_account, declared))

    def _catalogue_reason(self, thing: Thing) -> str:
        closed = any(
            seen.operation.method in SHOWS
            and not seen.inside
            and not self._is_shown(seen.operation)
            for seen in thing.objects
        )  # other endpoints require a login for it
        for seen in thing.objects if not closed else ():
            operation = seen.operation
            mine = operation.id in self._world.self_endpoints or self._is_of_people(thing)
            if self.is_open(operation) and not mine:
                return f"a public catalogue? anybody may call `{operation.id}`"
        if not self._written.isdisjoint(thing.nouns) or self._is_somebodys(thing):
            return ""
        for seen in thing.objects:
            endpoint = seen.operation
            listing = "*" in seen.pointer and not seen.inside and endpoint.method in SHOWS
            own = is_of_caller(endpoint) or _OWN.search(
                f"{endpoint.summary}\n{endpoint.description}"
            )
            if listing and not own and self._is_free(endpoint):
                return f"listed to all at `{_place(endpoint)}`, and nothing here changes it"
        return ""

    def _is_free(self, endpoint: Operation) -> bool:
        """Whether every parameter of its path names an object of the catalogue."""
        if _is_for_staff(endpoint):
            return False
        for parameter in endpoint.parameters:
            if parameter.where == "path":
                named = (self._by_noun.get(noun) for noun in nouns(endpoint.path, parameter.name))
                if not any(thing is not None and id(thing) in self._catalogue for thing in named):
                    return False
        return True

    # ------------------------------------------------------------ one thing

    def _audience(self, thing: Thing) -> Audience:
        whose = self._owners[id(thing)]
        if whose.has_owner:
            return self._of_owned(thing, whose)
        if somebody := names_somebody(thing):
            return self._of_somebody(thing, somebody)
        if why := self._catalogue.get(id(thing), ""):
            return Audience("anyone" if why.startswith("a public") else "member", why)
        if thing.noun.rpartition("_")[2] in CROWDS:
            return Audience("nobody", "a tenant: which relation are those who belong to it?", True)
        for each in thing.endpoints:
            for parameter in each.parameters:
                if parameter.where == "path" and (around := self._around(thing, each, parameter)):
                    why = f"belongs to the {around.name} of {{{parameter.name}}}; whoever may see"
                    return Audience("nobody", f"{why} that")
        return Audience("nobody", "who owns it? the document does not say", True)

    def _of_somebody(self, thing: Thing, member: str) -> Audience:
        why = f"`{member}` says who owns it, but by no key of an account"
        for seen in thing.objects:
            if self.is_open(seen.operation) and not seen.inside:
                return Audience("anyone", f"{why}; anybody may call `{seen.operation.id}`", True)
        return Audience("nobody", why, True)

    def _around(self, thing: Thing, endpoint: Operation, parameter: Parameter) -> Thing | None:
        """The thing that a parameter of its path names, if that is another one."""
        for noun in nouns(endpoint.path, parameter.name):
            if (found := self._by_noun.get(noun)) is not None:
                return found if found is not thing and id(found) not in self._catalogue else None
        return None

    def _of_owned(self, thing: Thing, whose: DraftOwner) -> Audience:
        account = thing is self._world.account or whose.members == (thing.key,)
        if account:
            return self._of_account(thing)
        for seen in thing.objects:
            said = f"{seen.operation.summary}\n{seen.operation.description}"
            told = _TO_ALL.search(said) if not seen.inside else None
            if told and self._shows_others(seen.operation):
                words_of_it = " ".join(told[0].split()).lower()
                return Audience("member", f"`{_place(seen.operation)}` says “{words_of_it}”")
        return Audience("owner")

    def _of_account(self, thing: Thing) -> Audience:
        """What lists of accounts show is not the owner's alone; nor is the name of whoever wrote a
        comment."""
        shown: dict[str, str] = {}
        beside = ""
        for seen in thing.objects:
            if not self._shows_others(seen.operation):
                continue
            if seen.inside:
                beside = beside or f"inside other objects, as at `{_place(seen.operation)}`"
            elif "*" in seen.pointer:
                for name in children(seen.shape):
                    shown.setdefault(name, f"listed to all at `{_place(seen.operation)}`")
        return Audience("owner", shown=shown, names_shown=beside)

    def _shows_others(self, operation: Operation) -> bool:
        """Whether a read shows more than the caller's own, and not to staff alone."""
        return (
            operation.method in SHOWS
            and operation.id not in self._world.self_endpoints
            and not _is_for_staff(operation)
        )

    def grant(self, thing: Thing, each: ResourceField) -> GrantGuess:
        """The guess for one field, by its class, its endpoints and whether the thing has an
        owner."""
        whose, kind = self._owners[id(thing)], each.label.kind
        settable = each.writable and whose.has_owner and (each.needed or kind not in NOT_SET)
        if not each.endpoints:
            return GrantGuess("nobody", settable, each.label.reason)
        if kind is FieldClass.SECRET:
            return self._of_secret(thing, whose, each, settable)
        if each.path.endswith("**"):
            return GrantGuess("owner" if whose.has_owner else "nobody", settable)
        if kind in _OPEN_KINDS:
            return self._of_plain(thing, whose, each, settable)
        if whose.has_owner:
            return GrantGuess("owner", settable)
        if kind is FieldClass.LOCATION and id(thing) in self._catalogue:
            return GrantGuess(self.of(thing).default, why="a place of nobody's")
        return GrantGuess("nobody")

    def _of_secret(
        self, thing: Thing, whose: DraftOwner, each: ResourceField, settable: bool
    ) -> GrantGuess:
        if whose.has_owner and thing is not self._world.account and _is_content(each.path):
            return GrantGuess(
                "owner", settable, f"`{each.path}` contains what its owner stores there"
            )
        if whose.members == (thing.key,) and _opens_own_session(self._world, thing, each.path):
            return GrantGuess("owner", why="it comes from a login or who-am-I: the caller's own")
        return GrantGuess("nobody", settable)

    def _of_plain(
        self, thing: Thing, whose: DraftOwner, each: ResourceField, settable: bool
    ) -> GrantGuess:
        audience = self.of(thing)
        if not whose.has_owner:
            return GrantGuess(audience.default)
        own = self._world.self_endpoints.issuperset(each.endpoints)
        if own or thing.noun.rpartition("_")[2] in _OWN_BUSINESS:
            return GrantGuess("owner", settable)
        shown = [e for e in each.endpoints.values() if e.id not in self._world.self_endpoints]
        if any(self.is_open(endpoint) for endpoint in shown):
            return GrantGuess("anyone", settable)
        if audience.default != "owner":
            return GrantGuess(audience.default, settable)
        first = each.path.partition(".")[0]
        if why := audience.shown.get(first, ""):
            return GrantGuess("member", settable, why)
        if each.label.kind in _NAMES and (why := audience.names_shown):
            return GrantGuess("member", settable, why)
        return GrantGuess("owner", settable)


def _is_for_staff(operation: Operation) -> bool:
    """Whether its path or its words say so."""
    return not _STAFF.isdisjoint(words(operation.path)) or kept_for_staff(operation)


def _place(operation: Operation) -> str:
    return f"{operation.method} {operation.path}"


def _written_nouns(world: DocumentTypes, document: Document) -> Iterator[str]:
    """Nouns of what some request changes."""
    answered: dict[str, list[str]] = {}
    for thing in world.things:
        for seen in thing.objects:
            if not seen.inside:
                answered.setdefault(seen.operation.id, []).append(thing.noun)
    for operation in document.operations:
        if operation.method in SHOWS or sounds_like_reading(operation):
            continue
        if classify(operation).kind != "read" and not is_of_caller(operation):
            yield noun_of_path(operation.path)
            yield from answered.get(operation.id, ())


def _is_content(path: str) -> bool:
    """Whether a name such as `secret_note` means secret content, not a credential."""
    parts = words(path.rpartition(".")[2])
    return parts[:1] == ("secret",) and not {"key", "token", "access"} & set(parts)


_OF_A_SESSION = word_set("access auth authentication bearer id jwt refresh session token")


def _opens_own_session(world: DocumentTypes, thing: Thing, path: str) -> bool:
    """Whether a field such as `token` is in the response of a login or who-am-I."""
    parts = words(path)
    return (
        parts[-1:] in (("token",), ("jwt",))
        and _OF_A_SESSION.issuperset(parts)
        and any(path in children(shape) for shape in thing.shapes if shape in world.sessions)
    )
