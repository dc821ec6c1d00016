"""Finds owners' values outside the fields of known objects: in headers, text, undeclared bodies."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, NamedTuple

import orjson

from oakum.authz import Leaf, ObjectInstance
from oakum.authz.decide import through
from oakum.authz.member_paths import key_in
from oakum.authz.table import granted_to_nobody
from oakum.exposure.cells.side_channel_comparison import SERVERS_OWN
from oakum.exposure.response_reader import is_success
from oakum.exposure.values.impersonal_values import NAMES_ONE, is_one_of_few
from oakum.exposure.values.knowledge import (
    MIN_CANARY,
    MIN_WITHIN,
    Place,
    canonical,
    leaves_of,
    says_nothing,
)
from oakum.exposure.values.spellings import fold, holds, parts, readings, stands_apart
from oakum.http.json_pointer import any_element
from oakum.inference.lexicon import FieldClass, classify_field, singular, words
from oakum.openapi.model import Json

if TYPE_CHECKING:
    from oakum.exchange import Response
    from oakum.exposure.endpoints.probes import Probe
    from oakum.exposure.evaluation_context import EvaluationContext
    from oakum.exposure.finding_evidence import Question


_LONG = 40
"""A text of at least so many characters is searched for values within it."""
_LONGEST = 4_096
"""A header of at most so many characters is searched for values of any length."""
_TELLING = 12
"""Shortest value that counts when it is part of a short text."""
_DATED = re.compile(r"\d{4}-\d\d-\d\d").match
_REFUSED = (401, 403)
_PERSONAL = (FieldClass.CONTACT, FieldClass.IDENTITY_DOCUMENT, FieldClass.SECRET)
_HEADER = "in a header or a cookie"
_KEY = "as the key of a map"
_IN_OWN = "in a field of the viewer's own object that nothing declares"
_ELSEWISE = "in a field where its owner gets another value"
_ADDED = "in a field that has it not where its owner is shown the object itself"
_TOLD_BOTH = "its owner is shown the same text there, and may have written the value into it"
_GRANTED = "it is in a declared field of another object, which may be granted to the viewer"
_PUBLIC = "`call` lets anybody call the operation, and the document declares the member there"


class MisplacedValue(NamedTuple):
    """An owner's value outside that owner's field."""

    at: tuple[str, ...]
    """The path of the value in the response."""
    value: str
    who: str
    resource: str
    path: str
    where: str = ""
    """Where it is, in words; empty for a place in no declared field."""
    inside: Place | None = None
    """(viewer, resource, field) of the viewer's own object that contains it; None if none does."""
    doubt: str = ""
    """Why it is no proof, in words; empty if it is."""


class _Text(NamedTuple):
    """A text of a response that is searched."""

    at: tuple[str, ...]
    text: str
    where: str = ""
    spared: Collection[str] = ()
    """Values that the owner is shown in the same place: they are no leak."""
    place: tuple[str, str] = ("", "")
    """(resource, field) of the text; another owner's value in the same field is a placeholder."""
    granted: tuple[str, str] = ("", "")
    """(resource, field) of the text, if the contract may grant it to the viewer."""
    doubt: str = ""
    """Why a value in it is no proof; empty if it is."""
    public: bool = False
    """Whether it is in a declared member of what the contract lets anybody get."""


@dataclass(frozen=True)
class MisplacedSearch:
    """Searches one response for owners' values outside the fields of known objects."""

    context: EvaluationContext
    probe: Probe
    question: Question
    response: Response
    value: Json

    def search(
        self, unbound: list[Leaf], instances: list[ObjectInstance]
    ) -> Iterator[MisplacedValue]:
        """The owners' values in all places that are no field of a known object."""
        outside = {leaf.pointer for leaf in unbound}
        lists = self._choices(unbound)
        for text in self._texts(unbound, instances):
            for value, (who, *place) in self._find_values(text):
                resource, path = self._nearest(value, who, (place[0], place[1]), text.at)
                groups = self.context.knowledge.joint.get((resource, path, value), ())
                joint = frozenset({who}).union(*groups)
                sent = {fold(each) for each in self.question.sent}
                asked = fold(value) in sent or self.question.viewer in joint
                asked |= text.where == _ADDED and not is_personal(value, path)
                if asked or not self._is_theirs_alone(value, path) or self._is_required(path):
                    continue
                same = (resource, path) == text.place and value == text.text
                if same or any(holds(each, value) for each in text.spared):
                    continue
                if self._is_unrelated(joint, resource, instances):
                    chosen = value in self.context.knowledge.choices
                    listed = chosen or (any_element(text.at), resource, path) in lists
                    few = listed or is_one_of_few(value, path)
                    alone = few and not self._is_named_beside(text, who, unbound)
                    if alone and chosen:
                        continue
                    self.context.knowledge.ambient.note_value(
                        who, (resource, path), value, self.probe.operation.id,
                        among=self.question.endpoint if alone else "",
                    )  # fmt: skip
                if text.at in outside:
                    self.context.stray(who, value, self.question)
                doubt = _GRANTED if self._is_granted_as(text, resource, path) else ""
                doubt = doubt or text.doubt or (_PUBLIC if text.public else "")
                yield MisplacedValue(text.at, value, who, resource, path, text.where, doubt=doubt)

    def in_own_objects(self, instances: list[ObjectInstance]) -> Iterator[MisplacedValue]:
        """Values of exactly one other identity in the viewer's own objects, in undeclared members.
        Both may share what the value describes, so it is no proof alone."""
        viewer, sent = self.question.viewer, {fold(each) for each in self.question.sent}
        for each in instances:
            if not viewer or self.context.who(each, viewer) != viewer:
                continue
            table = self.context.model.tables[each.resource]
            declared = {*self.probe.shows.get(each.resource, ()), *table.leaves}
            for leaf in each.leaves:
                text = canonical(leaf.value)
                if leaf.path in declared or isinstance(leaf.value, dict | list | bool):
                    continue
                place = (viewer, each.resource, leaf.path)
                named = self.context.knowledge.anothers(text, place)
                if named is not None and fold(text) not in sent:
                    yield MisplacedValue(leaf.pointer, text, *named, _IN_OWN, place)

    def _choices(self, unbound: list[Leaf]) -> set[tuple[tuple[str, ...], str, str]]:
        """(path, resource, field) of lists that contain several owners' values among unknown ones,
        such as lists of choices."""
        owners: dict[tuple[tuple[str, ...], str, str], set[str]] = {}
        strange: set[tuple[str, ...]] = set()
        for leaf in unbound:
            known = self.context.knowledge.owners(canonical(leaf.value))
            at = any_element(leaf.pointer)
            for who, resource, path in known:
                owners.setdefault((at, resource, path), set()).add(who)
            if not known and not says_nothing(leaf.value):
                strange.add(at)
        return {each for each, of in owners.items() if len(of) > 1 and each[0] in strange}

    def _is_named_beside(self, text: _Text, who: str, unbound: list[Leaf]) -> bool:
        """Whether another value in the same row belongs to the same owner. A row is a list element,
        the value of a map key, or else the whole response."""
        steps = [n for n, step in enumerate(text.at, 1) if step.isdigit()]
        row = text.at if text.where == _KEY else text.at[: max(steps, default=0)]
        for leaf in unbound:
            if leaf.pointer[: len(row)] != row or leaf.pointer == text.at:
                continue
            said = canonical(leaf.value)
            named = self.context.knowledge.canary(said, aside=True)
            if said in self.context.identities.ids.get(who, ()) or (
                named is not None and named[0] == who and not is_one_of_few(said, named[2])
            ):
                return True
        return False

    def _texts(self, unbound: list[Leaf], instances: list[ObjectInstance]) -> Iterator[_Text]:
        open_to_all = self._is_open_to_all()
        for leaf in unbound:
            if leaf.value is not None:
                public = open_to_all and leaf.allowed
                yield _Text(leaf.pointer, canonical(leaf.value), public=public)
        within: set[tuple[str, ...]] = set()
        for each in instances:
            who = self.context.who(each, self.question.viewer)
            filled = self._filled_fields(each, who) if who and who != self.question.viewer else None
            for leaf in each.leaves:
                if not who or not self._is_its_own(each, leaf, who):
                    if leaf.value is not None:
                        granted = self._granted(each, leaf) if not who else ("", "")
                        yield _Text(leaf.pointer, canonical(leaf.value), granted=granted)
                    continue
                steps = range(len(each.pointer) + 1, len(leaf.pointer) + 1)
                within.update(leaf.pointer[:n] for n in steps)
                if filled is not None and self._differs(each, leaf, who, filled):
                    own = self.context.knowledge.own[who, each.resource, leaf.path]
                    place = (each.resource, leaf.path)
                    yield _Text(leaf.pointer, canonical(leaf.value), _ELSEWISE, own, place)
                elif filled is not None and (plain := self._at_main(each, leaf, who)):
                    at, place = leaf.pointer, (each.resource, leaf.path)
                    yield _Text(at, canonical(leaf.value), _ADDED, plain, place, doubt=_TOLD_BOTH)
        yield from (_Text(at, at[-1], _KEY) for at in keys_of(self.value) if at not in within)
        yield from self._beside_the_body()

    def _is_open_to_all(self) -> bool:
        """Whether `call` itself, not only the document's `security`, lets in whoever has no login:
        what an operation shows outside of objects passes with the right to call it."""
        operation, model = self.probe.operation.id, self.context.model
        if model.rule(operation).call is None or self.probe.asks is not None:
            return False
        return through(model, operation, self.context.identities.relations(None, ""), False)

    def _granted(self, each: ObjectInstance, leaf: Leaf) -> tuple[str, str]:
        """(resource, field) of a leaf that the viewer is granted, or may be as a relation of the
        object's unknown owner; else two empty texts."""
        table = self.context.model.tables[each.resource]
        may = self.question.viewer is not None and not each.owners
        may = may and leaf.path in table.leaves and not granted_to_nobody(table, leaf.path)
        return (each.resource, leaf.path) if leaf.allowed or may else ("", "")

    def _is_granted_as(self, text: _Text, resource: str, path: str) -> bool:
        """Whether a value may be granted where it stands. An address is somebody's wherever it
        stands, unless in a field for addresses."""
        if text.granted in (("", ""), (resource, path)):
            return False
        names_one = classify_field(path) in NAMES_ONE
        return not names_one or classify_field(text.granted[1]) in NAMES_ONE

    def _is_its_own(self, each: ObjectInstance, leaf: Leaf, who: str) -> bool:
        """Whether a leaf is a declared field of the response or a known field of the owner."""
        known = (who, each.resource, leaf.path) in self.context.knowledge.present
        return known or leaf.path in self.probe.shows.get(each.resource, ())

    def _filled_fields(self, each: ObjectInstance, who: str) -> Collection[str]:
        """Fields that the owner was shown in this object."""
        key = key_in(each.value, self.context.model.policy.resources[each.resource].key)
        return self.context.knowledge.filled.get((who, each.resource, key), ())

    def _differs(self, each: ObjectInstance, leaf: Leaf, who: str, filled: Collection[str]) -> bool:
        """Whether a field holds another value than the owner was ever shown in this object; False
        if it varies by itself."""
        knowledge, place = self.context.knowledge, (who, each.resource, leaf.path)
        if leaf.masked or isinstance(leaf.value, dict | list) or says_nothing(leaf.value):
            return False
        account = self.context.model.policy.resources[each.resource].is_account
        if leaf.path not in filled and not (account and place in knowledge.own):
            return False  # the field in another object of the owner is unknown
        text = canonical(leaf.value)
        known = knowledge.own.get(place, {text})
        return text not in known and not knowledge.ambient.varies(place[1:])

    def _at_main(self, each: ObjectInstance, leaf: Leaf, who: str) -> frozenset[str]:
        """The texts of a field that the owner is shown at the main operation of the resource, if
        this is another text of the same object elsewhere; else none. Fewer elements of a list may
        be a part of it."""
        resource, knowledge = (
            self.context.model.policy.resources[each.resource],
            self.context.knowledge,
        )
        if leaf.masked or not isinstance(leaf.value, str) or len(leaf.value) <= _TELLING:
            return frozenset()
        key, main = key_in(each.value, resource.key), resource.main
        if not key or main == self.probe.operation.id:
            return frozenset()
        place = (who, each.resource, key, leaf.path)
        if "*" in leaf.path:
            plain = knowledge.texts_in_lists.get(place, {}).get(main, frozenset())
            here = {canonical(e.value) for e in each.leaves if e.path == leaf.path}
            if len(plain) < len(here):
                return frozenset()
        else:
            face = knowledge.faces.get(place, {}).get(main)
            plain = frozenset() if face is None else frozenset({face})
        varies = knowledge.ambient.varies((each.resource, leaf.path))
        return frozenset() if varies or leaf.value in plain else plain

    def _beside_the_body(self) -> Iterator[_Text]:
        """Headers and cookies, and JSON inside them, without headers of the server itself such as
        `Date`."""
        headers = self.response.headers.items()
        said = [(("header", name), text) for name, text in headers if name not in SERVERS_OWN]
        said += [(("header", "set-cookie"), text) for text in self.response.cookies.values()]
        for at, text in said:
            yield _Text(at, text, _HEADER)
            for each in readings(text) if len(text) <= _LONGEST else ():
                if each[:1] in ("{", "["):
                    yield from (_Text(at, leaf, _HEADER) for leaf in _json_leaves(each))

    def _is_unrelated(
        self, owners: Collection[str], resource: str, instances: list[ObjectInstance]
    ) -> bool:
        """Whether a response is unrelated to these owners: neither requested for them, nor showing
        anything of theirs."""
        targets = self.question.targets
        might = resource in self.probe.shows and is_success(self.response.status)
        about = not targets.isdisjoint(owners) or (not targets and might)
        return not about and all(
            self.context.who(each, self.question.viewer) not in owners for each in instances
        )

    def _is_theirs_alone(self, value: str, path: str) -> bool:
        """Whether a value that ownerless objects contain too still identifies its owner: an address
        does, a town does not."""
        others = self.context.knowledge.nobodys(value)
        sees, viewer = self.context.matrix.sees, self.question.viewer
        return not others or (
            classify_field(path) in NAMES_ONE
            and not any(sees(resource, field, viewer, "") for resource, field in others)
        )

    def _is_required(self, path: str) -> bool:
        """Whether a value says what a caller needs: a refusal names the required scope or role (RFC
        6750, 3.1), whoever has it."""
        allowed = classify_field(path) is FieldClass.AUTHORITY or "scope" in map(
            singular, words(path)
        )
        return self.response.status in _REFUSED and allowed

    def _nearest(
        self, value: str, who: str, place: tuple[str, str], at: tuple[str, ...]
    ) -> tuple[str, str]:
        """The owner's field to which a value is attributed: one that the endpoint shows, with the
        same name if possible, since a value may also be in a log of changes."""
        name, shows = at[-1] if at else "", self.probe.shows
        return min(
            (place, *self.context.knowledge.places(value, who)),
            key=lambda each: (
                each[1] not in shows.get(each[0], ()), each[1].rpartition(".")[2] != name,
                each != place, each,
            ),
        )  # fmt: skip

    def _find_values(self, given_text: _Text) -> Iterator[tuple[str, tuple[str, str, str]]]:
        knowledge, text = self.context.knowledge, given_text.text
        exact = knowledge.canary(text, aside=True)
        added = given_text.where == _ADDED  # the whole text is the owner's too
        if exact is not None and not added:
            yield text, exact
            return
        given: set[str] = {text} if added else set()
        if len(text) > _LONG:
            for value, key in knowledge.within(text):
                given.add(value)
                yield value, key
        found = self._spelt_otherwise(text)
        if given_text.where in (_HEADER, _KEY):
            found = chain(found, self._apart(text))
        elif given_text.where in ("", _ELSEWISE, _ADDED) and len(text) <= _LONG:
            apart = self._apart(text)
            found = chain(found, (each for each in apart if is_unmistakable(each[0])))
        for value, key in found:
            if value not in given:
                given.add(value)
                yield value, key

    def _apart(self, text: str) -> Iterator[tuple[str, tuple[str, str, str]]]:
        """Canaries that are a separate part of a short text."""
        for each in readings(text) if len(text) <= _LONGEST else ():
            for value, key in self.context.knowledge.within(each):
                if stands_apart(each, value):
                    yield value, key

    def _spelt_otherwise(self, text: str) -> Iterator[tuple[str, tuple[str, str, str]]]:
        """Canaries in another spelling: a separate part of a short text, or any part of a long
        one."""
        knowledge = self.context.knowledge
        for each in readings(text):
            for part in parts(each) if each != text else ():
                exact = knowledge.canary(part, aside=True)
                if exact is not None:
                    yield part, exact
            if "@" in each or (each != text and len(text) > _LONG):
                yield from self._within(each)

    def _within(self, text: str) -> Iterator[tuple[str, tuple[str, str, str]]]:
        plain, whole = fold(text), {fold(each) for each in parts(text)}
        long = len(text) > _LONG
        for value, key in self.context.knowledge.addresses():
            other = fold(value)
            inside = long and len(value) >= MIN_WITHIN and other in plain
            if inside or other in whole or (other in plain and stands_apart(plain, other)):
                yield value, key
        for value, key in self.context.knowledge.within(plain) if long else ():
            if "@" not in value:
                yield value, key


def is_a_name(
    context: EvaluationContext, viewer: str | None, who: str, resource: str, path: str, value: str
) -> bool:
    """Whether a value is an ordinary reference to an object or account: an id, or a user name that
    the viewer may see."""
    kind, known = classify_field(path), context.model.policy.resources[resource]
    if kind is FieldClass.KEY or path == known.key or path in known.owner.members:
        return True
    if kind is not FieldClass.HANDLE or not known.is_account:
        return False
    return context.may_see(viewer, who, resource, path, value)


def is_unmistakable(value: str) -> bool:
    """Whether a value in a short text is too distinctive for chance: long, and no date or
    number."""
    return len(value) >= _TELLING and any(each.isalpha() for each in value) and not _DATED(value)


def is_personal(value: str, path: str) -> bool:
    """Whether a value within a text that its owner is shown, too, is hardly there by chance."""
    return is_unmistakable(value) or classify_field(path) in _PERSONAL


def keys_of(value: Json) -> Iterator[tuple[str, ...]]:
    """Paths of map keys long enough to be personal values."""
    ahead: list[tuple[tuple[str, ...], Json]] = [((), value)]
    while ahead:
        at, each = ahead.pop()
        if isinstance(each, dict):
            yield from ((*at, key) for key in each if len(key) >= MIN_CANARY)
            ahead += (((*at, key), child) for key, child in each.items())
        elif isinstance(each, list):
            ahead += (((*at, str(n)), child) for n, child in enumerate(each))


def _json_leaves(text: str) -> Iterator[str]:
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError:
        return
    for _, leaf in leaves_of(value):
        if leaf is not None:
            yield canonical(leaf)
