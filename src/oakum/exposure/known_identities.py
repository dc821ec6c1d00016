"""The identities of a run, their relationships and their states.

Ownership is recognised by value, never by the shape of an id: an object belongs to an identity if
it contains one of the facts that the API itself gave about them, such as their id.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from oakum.authz import Principal, Subject
from oakum.authz.relations import held_relations
from oakum.openapi.model import Json
from oakum.policy.model import Policy, Relation, Resource

UNKNOWN_ACCOUNT = "unknown account"
"""Label of a caller whose account is unknown. Its relation to an owner is unknown too, so it is
never reported as `anyone` or `member`."""
_NO_ID = "\0account of "
_NO_ACCOUNT = "\0no account: "

_Settings = dict[tuple[str, str], Json]

_NOBODY = ""
_BASIC = ("anyone", "authenticated")

ANYONE = "anyone"
"""Label of a viewer without any relation of the contract."""


@dataclass
class KnownIdentities:
    """The test identities of a run by name. Mutable: states change with their settings."""

    policy: Policy
    ids: Mapping[str, frozenset[str]]
    """Every value that names an identity: id, user name."""
    claims: Mapping[str, Mapping[str, Json]]
    relationships: Mapping[tuple[str, str], frozenset[str]]
    """(viewer, owner) → words of the identities file: `follower`, `blocked`, `pending`."""
    states: dict[tuple[str, str], Json] = field(default_factory=dict)
    """(identity, `Resource.state`) → value."""
    overrides: dict[tuple[str, str], Json] = field(default_factory=dict)
    """(identity, `Resource.state`) → the account's own value of a setting whose null means that it
    follows another setting."""
    unread: set[tuple[str, str]] = field(default_factory=set)
    """(identity, `Resource.state`) whose value is unknown, because its object was not shown to the
    owner. Not the same as a missing member."""
    stated: set[tuple[str, str]] = field(default_factory=set)
    """(identity, `Resource.state`) known from the identities file only; no response has confirmed
    it."""
    unproven: Mapping[str, str] = field(default_factory=dict)
    """Identity whose account is not confirmed → reason."""
    tenants: dict[tuple[str, str], dict[str, bool]] = field(default_factory=dict)
    """(relation, tenant) → identity → whether it is a member; unknown identities are left out."""
    lost: set[tuple[str, str, str]] = field(default_factory=set)
    """(viewer, relation, owner) that the API ended during the run, without a request of the run."""
    doubted: dict[tuple[str, str], str] = field(default_factory=dict)
    """(viewer, owner) whose relation the run itself may have changed → reason; a leak between them
    proves nothing."""
    _principals: dict[str | None, tuple[tuple[_Settings, _Settings], Principal]] = field(
        default_factory=dict
    )
    _held: dict[tuple[str | None, str], frozenset[str]] = field(default_factory=dict)
    _labels: dict[tuple[frozenset[str], str | None, str], str] = field(default_factory=dict)

    def names(self) -> tuple[str, ...]:
        """Identities in the file's order."""
        return tuple(self.ids)

    def is_unknown(self, name: str | None) -> bool:
        """Whether an identity's account is unknown; False for an anonymous caller."""
        return name is not None and all(each.startswith(_NO_ID) for each in self.ids.get(name, ()))

    def has_account(self, name: str) -> bool:
        """Whether a caller is an account, and not a partner or a device with a key."""
        return not any(each.startswith(_NO_ACCOUNT) for each in self.ids.get(name, ()))

    def who(self, owners: Iterable[str]) -> str:
        """The identity with one of these owner ids; empty if there is none."""
        wanted = set(owners)
        return next((name for name, ids in self.ids.items() if ids & wanted), "")

    def in_doubt(self, who: str, resource: str) -> frozenset[str]:
        """States of an owner's objects whose value is unknown."""
        known, states = self.policy.resources[resource], self.policy.resources[resource].states
        if not states:
            return frozenset()
        # Settings of another resource are in doubt even before the account has been read.
        elsewhere = {state.of for state in states.values()} if who in self.ids else set()
        return frozenset(
            name
            for name, state in states.items()
            for path in [state.of or f"{resource}.{name}"]
            if (
                self._setting(who, f"{resource}.{name}") is None
                if state.inherits and known.is_account
                else (who, path) not in self.states
                and ((who, path) in self.unread or path in elsewhere)
            )
        )

    def set_by(self, who: str, path: str) -> Json:
        """The account's own value of a setting; None if it has none, or if no response
        showed it."""
        place = who, path
        return self.overrides[place] if place in self.overrides else self.states.get(place)

    def set_as(self, who: str, path: str, value: Json) -> None:
        """Records the account's own value of a setting."""
        held = self.overrides if (who, path) in self.overrides else self.states
        held[who, path] = value

    def _setting(self, who: str, path: str) -> Json:
        """The effective value of a setting, its own or the one that it follows; None if unknown."""
        if (who, path) not in self.overrides:
            return self.states.get((who, path))
        resource, _, name = path.partition(".")
        followed = self.policy.resources[resource].states[name].of
        own = self.overrides[who, path]
        return own if own is not None or followed == path else self._setting(who, followed)

    def unproven_of(self, viewer: str | None, owner: str) -> str:
        """Why a leak between these two proves nothing; empty when both are confirmed."""
        if why := self.doubted.get((viewer or "", owner)):
            return f"the relation of `{viewer}` to {owner} is not certain: {why}"
        name = next((each for each in (viewer, owner) if each in self.unproven), None)
        return f"`{name}` is not proven: {self.unproven[name]}" if name else ""

    def principal(self, viewer: str | None) -> Principal:
        """The viewer as a principal, with all relationships of the identities file."""
        known = self._principals.get(viewer)
        if known is None or known[0] != (self.states, self.overrides):
            known = ((dict(self.states), dict(self.overrides)), self._make_principal(viewer))
            self._principals[viewer] = known
        return known[1]

    def _make_principal(self, viewer: str | None) -> Principal:
        states = {
            (id, path): value
            for (name, path) in (*self.states, *self.overrides)
            for value in [self._setting(name, path)]
            for id in (self.ids.get(name, ()) if value is not None else ())
        }
        if viewer is None:
            return Principal(states=states)
        lookups = [name for name, each in self.policy.relations.items() if each.kind == "lookup"]
        related = {
            (relation, id): relation in told
            for owner, ids in self.ids.items()
            for told in [self.stated_relations(viewer, owner)]
            for relation in lookups
            for id in ids
        }
        members = {at: told[viewer] for at, told in self.tenants.items() if viewer in told}
        claims = self.claims.get(viewer, {})
        return Principal(self.ids[viewer], claims, {**related, **members}, states)

    def stated_relations(self, viewer: str, owner: str) -> frozenset[str]:
        """Relations that the identities file states for a viewer and an owner, and the look-ups
        that follow from them: those that a stated relation requires, and those that read the same
        list. One list of followers shows who follows somebody, and whom somebody follows."""
        here, back = self._stated_relations(viewer, owner), self._stated_relations(owner, viewer)
        lists = {_list(each) for name in here if (each := self.policy.relations.get(name))}
        turned = {_list(each) for name in back if (each := self.policy.relations.get(name))}
        return here | {
            name
            for name, each in self.policy.relations.items()
            if each.operation and (_list(each) in lists or _list(each, turned=True) in turned)
        }

    def _stated_relations(self, viewer: str, owner: str) -> frozenset[str]:
        """Relations that the identities file states, and the look-ups that they require."""
        words = self.relationships.get((viewer, owner), frozenset())
        known = self.policy.relations
        return words | {
            name
            for word in words & known.keys()
            for name in self.policy.required_relations(word)
            if known[name].kind == "lookup"
        }

    def relations(self, viewer: str | None, owner: str) -> frozenset[str]:
        """Relations of the contract that a viewer has to an owner's objects."""
        pair = (viewer, owner)
        if pair not in self._held:  # relations do not depend on states
            subject = Subject("", tuple(self.ids.get(owner, ())), owned=bool(owner))
            self._held[pair] = held_relations(self.policy, self.principal(viewer), subject)
        return self._held[pair]

    def kinds(
        self, relations: frozenset[str], viewer: str | None, owner: str
    ) -> list[frozenset[str]]:
        """A viewer's relations to one object as [those to its owner, those that the object itself
        gives]. One set if the former are only `anyone` or `authenticated`."""
        general = self.relations(viewer, owner)
        named, basic = relations - general, general & self.policy.only("anyone", "authenticated")
        if viewer in (None, owner) or not named or general <= basic:
            return [relations]
        return [general, basic | named]

    def label(self, relations: frozenset[str], viewer: str | None, owner: str) -> str:
        """The viewer's label: the strongest relation, or the file's word.

        A word of the file that is no relation of the contract (`pending`) makes a kind of viewer of
        its own: it is judged by its relations, but requested separately.
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
        return label_of(self.policy, relations)

    @staticmethod
    def placeholder(name: str, *, account: bool = True) -> str:
        """An id that no API returns, for a caller whose account is unknown, or with `account=False`
        for one that has no account and so owns nothing."""
        return (_NO_ID if account else _NO_ACCOUNT) + name

    def learn(self, name: str, id: str) -> None:
        """Adds a value that names an identity."""
        before = () if self.is_unknown(name) else self.ids[name]
        self.ids = {**self.ids, name: frozenset(before) | {id}}
        self._forget()

    def enrol(self, relation: str, tenant: str, told: Mapping[str, bool]) -> None:
        """Records which identities are members of a tenant, and which are not."""
        self.tenants[relation, tenant] = dict(told)
        self._forget()

    def _forget(self) -> None:
        """Drops results that depend on ids and relationships."""
        self._principals.clear()
        self._held.clear()
        self._labels.clear()

    def lose(self, viewer: str, relation: str, owner: str) -> None:
        """Records that a list no longer shows a relation that the run did not end."""
        if relation in self.relationships.get((viewer, owner), ()):
            self.lost.add((viewer, relation, owner))

    def doubt(self, viewer: str, owner: str, why: str) -> None:
        """Records why a relationship may differ from the identities file."""
        self.doubted.setdefault((viewer, owner), why)

    def retie(self, viewer: str, owner: str, relations: frozenset[str]) -> None:
        """Replaces the relationships of a viewer to an owner."""
        self.relationships = {**self.relationships, (viewer, owner): relations}
        self._forget()

    def subjects(self) -> list[str]:
        """Identities as owners, those with the most kinds of viewers first."""
        relationships: dict[str, int] = dict.fromkeys(self.ids, 0)
        for (_, owner), words in self.relationships.items():
            if owner in relationships:
                relationships[owner] += len(words)
        return sorted(self.ids, key=lambda name: -relationships[name])


def label_of(policy: Policy, relations: frozenset[str]) -> str:
    """The name of the strongest relation of a viewer; several of one kind are joined."""
    known = policy.relations
    implied = {each for name in relations & known.keys() for each in known[name].requires}
    bare = [name for name in known if name in relations - implied]
    for kind in ("owner", "lookup", "field", "claim", "authenticated"):
        strongest = [name for name in bare if kind in policy.kinds(name)]
        if strongest:
            return "+".join(strongest)
    return next((name for name in known if name in relations), ANYONE)


def least_of(policy: Policy, name: str) -> tuple[str, frozenset[str]]:
    """(label, relations) of a viewer who has only a relation and those that follow from it.

    These are the relations that it requires, every look-up that reads the same list, and `anyone`
    or `authenticated`, except those that `unless` excludes. No viewer with it has fewer.
    """
    known = policy.relations
    sources = set(policy.required_relations(name))
    lists = {_list(known[each]) for each in sources if known[each].operation}
    brought = {name for name, each in known.items() if each.operation and _list(each) in lists}
    plain = ("anyone",) if policy.kinds(name) <= {"anyone"} else ("anyone", "authenticated")
    sources |= brought | {each for each in known if known[each].kind in plain}

    def holds(each: str) -> bool:
        taken = any(holds(other) for other in known[each].unless)
        return each in sources and not taken and all(map(holds, known[each].requires))

    held = frozenset(each for each in known if holds(each))
    # Nobody can hold a relation that its own requirements exclude: its cells stay untested.
    return (label_of(policy, held), held) if name in held else (name, held | {name})


def viewer_kinds(
    policy: Policy,
    identities: KnownIdentities,
    words: Mapping[str, Iterable[str]],
    expected: Mapping[str, tuple[frozenset[str], bool]],
) -> dict[tuple[str, str], tuple[frozenset[str], bool]]:
    """(resource, label) → (relations, whether logged in), for all pairs of test identities and for
    relations that only a grant names (`words`: resource → those)."""
    kinds: dict[tuple[str, str], tuple[frozenset[str], bool]] = {}
    for name, resource in policy.resources.items():
        nobodys = resource.owner.kind == "none"
        for owner in (_NOBODY,) if nobodys else identities.names():
            for viewer in (None, *identities.names()):
                held = identities.relations(viewer, owner)
                label = identities.label(held, viewer, owner)
                kinds.setdefault((name, label), (held, viewer is not None))
        for label, kind_of in expected.items() if not nobodys else ():
            kinds.setdefault((name, label), kind_of)
        for word in words[name]:
            kind = policy.relations[word].kind
            if (not nobodys or kind in _BASIC) and not owns_too(policy, resource, word):
                label, fewest = least_of(policy, word)
                kinds.setdefault((name, label), (fewest, kind != "anyone"))
    return kinds


def owns_too(policy: Policy, resource: Resource, name: str) -> bool:
    """Whether everybody with this relation to an object owns it, because both are read from one
    field; they are tested as the owner."""
    owners = resource.owner.members if resource.owner.kind == "field" else ()
    sources = (policy.relations[each] for each in policy.required_relations(name))
    return any(
        each.kind == "field" and each.member in owners and not (each.claim or each.operation)
        for each in sources
    )


def _list(relation: Relation, *, turned: bool = False) -> tuple[str, str, bool]:
    """The list that a look-up reads, and whether it is the caller's; `turned`: with caller and
    owner exchanged."""
    return relation.operation, relation.pointer, (relation.of == "caller") != turned
