"""The identities of a run, their relationships and their states.

Ownership is told by value, never by the shape of an id: an object is somebody's when it names one
of the facts that the API itself gave about them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from oakum.authz import Principal, Subject
from oakum.authz.principal import held
from oakum.openapi.model import Json
from oakum.policy.model import Policy

UNKNOWN_ACCOUNT = "unknown account"
"""What a caller is called who has credentials, and of whom nobody knows whose account they are of.
What they are to an owner is not known, so they are never told as `anyone` or `member`."""
_NO_ID = "\0account of "

ANYONE = "anyone"
"""What somebody is called who stands in no relation of the contract."""


@dataclass
class Cast:
    """Identities by name. Mutable in one respect: states change when a switch is flipped."""

    policy: Policy
    ids: Mapping[str, frozenset[str]]
    """Every value that names an identity: id, user name."""
    claims: Mapping[str, Mapping[str, Json]]
    relationships: Mapping[tuple[str, str], frozenset[str]]
    """(viewer, owner) → words of the identities file: `follower`, `blocked`, `pending`."""
    states: dict[tuple[str, str], Json] = field(default_factory=dict)
    """(identity, `Resource.state`) → value."""
    unread: set[tuple[str, str]] = field(default_factory=set)
    """Of which nothing is known: the object that holds it was not shown to its owner. That is not
    the same as missing in it."""
    stated: set[tuple[str, str]] = field(default_factory=set)
    """Of which the identities file alone speaks: no answer has shown them to their owner so far."""
    unproven: Mapping[str, str] = field(default_factory=dict)
    """Identities that nothing has proven to be who they are → why."""
    doubted: dict[tuple[str, str], str] = field(default_factory=dict)
    """(viewer, owner) of whom the run itself may have made the one what they are to the other →
    why: what is shown between these two proves nothing."""
    _principals: dict[str | None, tuple[dict[tuple[str, str], Json], Principal]] = field(
        default_factory=dict
    )
    _held: dict[tuple[str | None, str], frozenset[str]] = field(default_factory=dict)
    _labels: dict[tuple[frozenset[str], str | None, str], str] = field(default_factory=dict)

    def names(self) -> tuple[str, ...]:
        """Identities in the order of the file."""
        return tuple(self.ids)

    def is_unknown(self, name: str | None) -> bool:
        """Whether nobody knows whose account an identity is; never of who is not logged in."""
        return name is not None and all(each.startswith(_NO_ID) for each in self.ids.get(name, ()))

    def who(self, owners: Iterable[str]) -> str:
        """The identity that one of these owner ids names; empty: somebody outside the cast."""
        wanted = set(owners)
        return next((name for name, ids in self.ids.items() if ids & wanted), "")

    def in_doubt(self, who: str, resource: str) -> frozenset[str]:
        """Names of the states of somebody's objects that nobody has read so far."""
        found = {path for name, path in self.unread - self.states.keys() if name == who}
        states = self.policy.resources[resource].states
        if who in self.ids:  # before the account has been asked, too
            elsewhere = {state.of for state in states.values() if state.of}
            found |= {path for path in elsewhere if (who, path) not in self.states}
        return frozenset(
            name for name, state in states.items() if (state.of or f"{resource}.{name}") in found
        )

    def unproven_of(self, viewer: str | None, owner: str) -> str:
        """Why what one of these two shows of the other is no proof; empty: both are proven."""
        if why := self.doubted.get((viewer or "", owner)):
            return f"what `{viewer}` is to {owner} is not certain: {why}"
        name = next((each for each in (viewer, owner) if each in self.unproven), None)
        return f"`{name}` is not proven: {self.unproven[name]}" if name else ""

    def principal(self, viewer: str | None) -> Principal:
        """The viewer as the semantics see them, all relations known, as the file says."""
        known = self._principals.get(viewer)
        if known is None or known[0] != self.states:
            known = (dict(self.states), self._made(viewer))
            self._principals[viewer] = known
        return known[1]

    def _made(self, viewer: str | None) -> Principal:
        states = {
            (id, path): value
            for (name, path), value in self.states.items()
            for id in self.ids.get(name, ())
        }
        if viewer is None:
            return Principal(states=states)
        lookups = [name for name, each in self.policy.relations.items() if each.kind == "lookup"]
        related = {
            (relation, id): relation in self.relationships.get((viewer, owner), ())
            for relation in lookups
            for owner, ids in self.ids.items()
            for id in ids
        }
        return Principal(self.ids[viewer], self.claims.get(viewer, {}), related, states)

    def relations(self, viewer: str | None, owner: str) -> frozenset[str]:
        """Contract relations in which a viewer stands to an owner's objects."""
        pair = (viewer, owner)
        if pair not in self._held:  # states play no part in it
            subject = Subject("", tuple(self.ids.get(owner, ())), owned=bool(owner))
            self._held[pair] = held(self.policy, self.principal(viewer), subject)
        return self._held[pair]

    def kinds(
        self, relations: frozenset[str], viewer: str | None, owner: str
    ) -> list[frozenset[str]]:
        """What a viewer is to one object, apart: to its owner, and by what the object itself says.
        All of it in one, where to its owner they are no more than anybody who is logged in."""
        general = self.relations(viewer, owner)
        known, named = self.policy.relations, relations - general
        basic = frozenset(n for n in general if known[n].kind in ("anyone", "authenticated"))
        if viewer in (None, owner) or not named or general <= basic:
            return [relations]
        return [general, basic | named]

    def label(self, relations: frozenset[str], viewer: str | None, owner: str) -> str:
        """One word for what a viewer is to an owner: the strongest relation, or the file's word.

        A word of the file that is no relation of the contract (`pending`) names its own kind of
        viewer: judged as what they are by contract, but asked apart.
        """
        pair = (relations, viewer, owner)
        if pair not in self._labels:
            self._labels[pair] = self._label(relations, viewer, owner)
        return self._labels[pair]

    def _label(self, relations: frozenset[str], viewer: str | None, owner: str) -> str:
        known = self.policy.relations
        if viewer != owner and self.is_unknown(viewer):
            return UNKNOWN_ACCOUNT
        if viewer is not None:
            extra = sorted(self.relationships.get((viewer, owner), frozenset()) - known.keys())
            if extra:
                return extra[0]
        for kind in ("owner", "lookup", "field", "claim", "authenticated"):
            strongest = [name for name in known if name in relations and known[name].kind == kind]
            if strongest:
                return "+".join(strongest)
        return next((name for name in known if name in relations), ANYONE)

    @staticmethod
    def placeholder(name: str) -> str:
        """An id that no API gives: of a caller who is somebody, nobody knows who."""
        return _NO_ID + name

    def learn(self, name: str, id: str) -> None:
        """Another value that names an identity."""
        before = () if self.is_unknown(name) else self.ids[name]
        self.ids = {**self.ids, name: frozenset(before) | {id}}
        self._forget()

    def _forget(self) -> None:
        """What was made of the ids and relations known so far."""
        self._principals.clear()
        self._held.clear()
        self._labels.clear()

    def doubt(self, viewer: str, owner: str, why: str) -> None:
        """What two are to one another is not as the identities file says, or may not be."""
        self.doubted.setdefault((viewer, owner), why)

    def retie(self, viewer: str, owner: str, relations: frozenset[str]) -> None:
        """Somebody is now something else to somebody."""
        self.relationships = {**self.relationships, (viewer, owner): relations}
        self._forget()

    def subjects(self) -> list[str]:
        """Identities to look at, those with the most kinds of viewers first."""
        relationships: dict[str, int] = dict.fromkeys(self.ids, 0)
        for (_, owner), words in self.relationships.items():
            if owner in relationships:
                relationships[owner] += len(words)
        return sorted(self.ids, key=lambda name: -relationships[name])
