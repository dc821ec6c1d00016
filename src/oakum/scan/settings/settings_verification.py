"""Verifies that the settings a GET shows belong to the account, before writing them back.

A PUT replaces all settings that a GET has shown. If a shared cache answers the GET, or the API
gives everybody the same, one identity's settings would be written to another's account (CWE-524).
So before the first setting is changed all identities request them in turn, and once more past
caches: a response has to be the same each time and to name nobody else, and two identities who are
known to differ have to be shown different settings. In doubt nothing is written.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

import orjson

from oakum.errors import OakumError
from oakum.exchange import Request, Response
from oakum.exposure.endpoints.probes import Probe
from oakum.exposure.known_identities import KnownIdentities
from oakum.exposure.relation_fields import shows_setting
from oakum.exposure.values.knowledge import Knowledge, canonical, leaves_of, objects_of
from oakum.http.json_pointer import member_at, path_of
from oakum.inference.lexicon import words
from oakum.inference.unsafe_writes import moves_by_itself
from oakum.openapi.model import Json
from oakum.policy.model import Policy
from oakum.scan.requests.builder import fill
from oakum.scan.requests.cache_bypass import past_cache

Read = Callable[[str, str, bool], Mapping[str, Json]]
"""(identity, writing operation, past caches) → the settings shown; empty: none are."""
Place = tuple[str, tuple[str, ...]]
"""`Resource.state`, and where in the settings it stands."""


@dataclass
class Vouching:
    """The settings that the identities are shown, by writing operation."""

    identities: KnownIdentities
    read: Read
    places: Callable[[str], list[Place]]
    """The states that a writing operation sets."""
    _first: dict[str, dict[str, Mapping[str, Json]]] = field(default_factory=dict)
    """Writing operation → identity → its settings before anything was changed."""
    _why: dict[tuple[str, str], str] = field(default_factory=dict)
    """(identity, operation) → why it is not to be written."""
    _apart: set[tuple[str, str]] = field(default_factory=set)
    """(identity, operation) of settings that differed from another identity's after a change: when
    they are equal again, they were restored."""
    shared: set[str] = field(default_factory=set)
    """Writing operations whose GET was found to show another's settings."""

    def why_not(self, identity: str, operation: str) -> str:
        """Why an identity's settings must not be written; empty if they may."""
        if operation in self.shared:
            return "the GET of the same path shows somebody the settings of another"
        if operation not in self._first:
            try:
                self._look(operation)
            except _UNFORESEEN as error:
                said = f"the response there could not be read ({type(error).__name__})"
                self._why |= {(who, operation): said for who in self.identities.names()}
        return self._why.get((identity, operation), "")

    def _look(self, operation: str) -> None:
        names = self.identities.names()
        first = {who: self.read(who, operation, False) for who in names}
        self._first[operation] = first
        if not any(first.values()):
            return  # values that are not shown are checked by the writer
        again = {who: self.read(who, operation, True) for who in names if first[who]}
        if any(self._differ(one, other, first, operation) for one in names for other in names):
            said = "two identities that are known to differ get the same settings there"
            self._why |= {(who, operation): said for who in names}
            return
        for who in names:
            if why := self._doubt(who, first[who], again.get(who, {})):
                self._why[who, operation] = why

    def _differ(
        self, one: str, other: str, shown: Mapping[str, Mapping[str, Json]], operation: str
    ) -> bool:
        """Whether two identities are shown equal settings although theirs are known to differ."""
        if one >= other or not shown[one] or shown[one] != shown[other]:
            return False
        known = self.identities.states
        states = [path for path, _ in self.places(operation)]
        differ = any(
            known[one, path] != known[other, path]
            for path in states
            if (one, path) in known and (other, path) in known
        )
        return differ or bool(self._named_identities(shown[one]) & {one, other})

    def _doubt(self, who: str, one: Mapping[str, Json], other: Mapping[str, Json]) -> str:
        if one and other and _has_changed(one, other):
            return "it returns other settings if caches are bypassed"
        named = self._named_identities(one)
        if named and who not in named:
            return "it names another account"
        return ""

    def _named_identities(self, shown: Mapping[str, Json]) -> set[str]:
        """Identities whose id is the value of a member of the settings."""
        values = {
            canonical(value)
            for name, value in shown.items()
            if isinstance(value, str) or (isinstance(value, int) and words(name)[-1:] == ("id",))
        }
        return {who for who in self.identities.names() if self.identities.ids[who] & values}

    def came_through(self, identity: str, operation: str, busy: Collection[str]) -> str:
        """Who else sees a change, or an owner whose own view does not; empty if nobody. Checked
        where two identities saw equal settings before, so that ownership was unclear. `busy`:
        identities with other changes."""
        first = self._first.get(operation, {})
        twins = [
            who for who, shown in first.items()
            if shown and who not in (identity, *busy) and shown == first.get(identity)
        ]  # fmt: skip
        if not twins or operation in self.shared:
            return ""
        now = self.read(identity, operation, False)
        places = [at for _, at in self.places(operation)]
        seen = self.read(twins[0], operation, False)
        seen_apart = (identity, operation) in self._apart
        if now != first[identity] and seen == first[twins[0]]:
            self._apart.add((identity, operation))
        told = (now == first[identity] and not seen_apart) or any(
            member_at(seen, at) == member_at(now, at) != member_at(first[twins[0]], at)
            for at in places
        )
        if told:
            self.shared.add(operation)
        return twins[0] if told else ""


def places(policy: Policy, operation: str) -> list[Place]:
    """Each state that an operation sets, with its place in the settings."""
    return [
        (f"{resource.name}.{state.name}", path_of(state.switch.pointer))
        for resource in policy.resources.values()
        for state in resource.states.values()
        if state.switch is not None and state.switch.operation == operation
    ]


@dataclass(frozen=True)
class SettingElsewhere:
    """A setting in its owner's own object, at other endpoints than the one that sets it."""

    probes: Sequence[Probe]
    identities: KnownIdentities
    knowledge: Knowledge
    target: str
    ask: Callable[[str | None, Request], Response]

    def shows(self, identity: str, path: str, but: str, *, past: bool = False) -> Json:
        """The value of `Resource.state` shown to an identity; None if not shown. `but`: path at
        which it is set, which proves nothing; `past`: bypass caches."""
        resource, _, name = path.partition(".")
        state = self.identities.policy.resources[resource].states[name]
        endpoints = [
            each
            for each in self.probes
            if state.member
            and shows_setting(each.shows, resource, state.member)
            and each.operation.method == "GET"
            and each.operation.path != but
            and not each.batch
        ]
        for probe in endpoints[:_MOST_ENDPOINTS]:
            filled = fill(probe, self.target, self.knowledge, identity if probe.sources else None)
            if filled is None:
                continue
            answer = self.ask(identity, past_cache(filled.request) if past else filled.request)
            try:
                value = self._of(identity, answer, tuple(state.member.split(".")))
            except _UNFORESEEN:
                continue  # an unexpected body counts as no match
            if value is not None:
                return value
        return None

    def agrees(self, identity: str, path: str, but: str, wanted: Json) -> bool:
        """Whether no endpoint shows another value, at least when caches are bypassed."""
        with suppress(OakumError):
            return any(
                self.shows(identity, path, but, past=past) in (None, wanted)
                for past in (False, True)
            )
        return True

    def _of(self, identity: str, answer: Response, at: tuple[str, ...]) -> Json:
        if not answer.ok or answer.truncated:
            return None
        try:
            content = orjson.loads(answer.body)
        except orjson.JSONDecodeError:
            return None
        found = [
            member_at(each, at)
            for each in objects_of(content)
            if self.identities.ids[identity]
            & {canonical(v) for v in each.values() if isinstance(v, str | int)}
        ]
        return next((each for each in found if each is not None), None)


_MOST_ENDPOINTS = 3
_UNFORESEEN = (TypeError, ValueError, AttributeError, LookupError, RecursionError)
"""Errors that an unexpected response may cause; they must not lose the results of the run."""


def _has_changed(one: Mapping[str, Json], other: Mapping[str, Json]) -> bool:
    """Whether two responses differ in more than what the API itself changes."""
    return any(
        value != old and not (at and moves_by_itself(at[-1], value))
        for (at, value), old in _beside(one, other)
    )


def _beside(
    one: Mapping[str, Json], other: Mapping[str, Json]
) -> Iterator[tuple[tuple[tuple[str, ...], Json], Json]]:
    known = dict(leaves_of(one))
    now = dict(leaves_of(other))
    for at in known.keys() | now.keys():
        yield (at, now.get(at)), known.get(at)
