"""What a policy grants: relations, states, resources, operations, exit criteria.

Plain values, no behaviour beyond look-up: readers build them, `authz` gives them their meaning.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Literal, get_args

from oakum.errors import NOWHERE, Location
from oakum.openapi.model import Json
from oakum.policy.mask import Mask

Severity = Literal["critical", "high", "medium", "low"]
SEVERITIES: tuple[Severity, ...] = get_args(Severity)
"""The gravest first."""


@dataclass(frozen=True)
class RelationStep:
    """One call of the API with which a relation begins or ends; `by` says who makes it."""

    operation: str
    by: Literal["caller", "owner"] = "caller"


@dataclass(frozen=True)
class Relation:
    """What a caller may be to an object. Exactly one of the sources is set, or none: `anyone`."""

    name: str
    kind: Literal["anyone", "authenticated", "owner", "claim", "lookup", "field"]
    claim: str = ""
    """`claim`: the claim whose value (or one of whose values) must be `has`. `field`: the claim
    that stands at `member`, in place of the caller's id."""
    has: Json = None
    """`claim`: what the claim must be or contain. `field` with `operation`: the role likewise."""
    operation: str = ""
    """`lookup`: the operation asked, with the `of` party's id; held when the other party's id
    stands at `pointer` in the answer. Empty: no operation lists them, and only the identities file
    says who they are. `field`: the operation that lists the members of the tenant at `member`."""
    pointer: str = ""
    role: str = ""
    """`field` with `operation`: the pointer of a member's role, beside the id; empty: any role."""
    of: Literal["owner", "caller"] = "owner"
    """Whose list it is; of a tenant's members, `caller` is the list of the caller's tenants."""
    member: str = ""
    """`field`: the member of the object that holds the ids of those in this relation, what the
    claim has to be, or the id of the tenant whose members `operation` lists."""
    unless: tuple[str, ...] = ()
    """Relations that take this one away. Unknown counts as held here: unknown is closed."""
    requires: tuple[str, ...] = ()
    """Relations that must hold as well."""
    begin: tuple[RelationStep, ...] = ()
    """`lookup`: the calls that make it, the other party's id in each."""
    end: tuple[RelationStep, ...] = ()
    """`lookup` and `claim`: the calls that end it."""
    untested: str = ""
    """Why no identity needs this relation; empty: a scan misses one."""
    location: Location = NOWHERE

    @property
    def is_membership(self) -> bool:
        """Whether an operation lists the members of the tenant that an object names."""
        return self.kind == "field" and bool(self.operation)


@dataclass(frozen=True)
class Switch:
    """How an owner sets a state: the operation that writes it and where in its body it stands."""

    operation: str
    pointer: str


@dataclass(frozen=True)
class State:
    """A setting of the owner's. `values` runs from open to closed."""

    name: str
    values: tuple[Json, ...]
    member: str = ""
    """Field path of the value in the object itself."""
    of: str = ""
    """`Resource.state` when the value stands in the owner's account; with `member`, where that is
    null."""
    missing: Json = None
    """How a missing value reads; None: as unknown, which matches no condition."""
    switch: Switch | None = None
    promises: tuple[tuple[str, str], ...] = ()
    """(value as text, what the settings page tells people of it) pairs."""
    location: Location = NOWHERE

    @property
    def inherits(self) -> bool:
        """Whether null in the object stands for the setting of its owner's account."""
        return bool(self.member and self.of)


@dataclass(frozen=True)
class Grant:
    """`see` (and `set`): relations that may see (may write) when every state in `when` holds."""

    see: tuple[str, ...]
    when: Mapping[str, tuple[Json, ...]] = field(default_factory=dict)
    set: tuple[str, ...] = ()
    masked: tuple[Mask, ...] = ()
    """The forms in which alone they may see it; empty: as it is."""
    location: Location = NOWHERE


@dataclass(frozen=True)
class FieldRule:
    """One line of `fields:`: a field path, its grants, and its replacement if withheld."""

    path: str
    """`profile.birthday`, `items.*.owner.email`; a trailing `.**` means all below."""
    grants: tuple[Grant, ...]
    """Who sees and sets it as it is."""
    instead: Literal["absent", "null", "refuse"] = "absent"
    severity: Severity | None = None
    """How grave a leak of this field is, as the contract says; None: it follows from the leak."""
    draft: bool = False
    """Guessed, and confirmed by nobody so far."""
    masked: tuple[Grant, ...] = ()
    """Who sees it in a masked form only."""
    location: Location = NOWHERE

    @property
    def every_grant(self) -> tuple[Grant, ...]:
        """Those of the field as it is, and those of a masked form."""
        return (*self.grants, *self.masked)


@dataclass(frozen=True)
class Owner:
    """Whose an object is."""

    kind: Literal["field", "path", "query", "parent", "resource", "caller", "creator", "none"]
    members: tuple[str, ...] = ()
    """`field`: field paths in the object holding owner ids; `path`: path parameters; `query`: the
    query parameter; `resource`: the resource whose owner it has."""


@dataclass(frozen=True)
class Resource:
    """A type of object, and who may see which of its fields."""

    name: str
    schemas: frozenset[str]
    """Component names that are this resource."""
    key: str = ""
    owner: Owner = Owner("none")
    states: Mapping[str, State] = field(default_factory=dict)
    fields: tuple[FieldRule, ...] = ()
    promise: str = ""
    conceal: bool = True
    """Answer *forbidden* exactly as *absent*."""
    main: str = ""
    """The operation that shows one such object, whole, by its key: the main endpoint."""
    severity: Severity | None = None
    """How grave a leak of any of its fields is that has no word of its own."""
    draft: bool = False
    """All of it was guessed, and nobody has confirmed it so far."""
    location: Location = NOWHERE

    @property
    def is_account(self) -> bool:
        """Whether its objects are accounts: each is its own owner, by its key."""
        return bool(self.key) and self.owner.members == (self.key,)


@dataclass(frozen=True)
class OperationRule:
    """What the contract says of an endpoint beyond the document."""

    id: str
    shows: tuple[tuple[str, str], ...] = ()
    """(resource, JSON pointer with `*`) pairs, where the document's schema does not say."""
    call: tuple[str, ...] | None = None
    """Relations that may call it; None: as the document's security says."""
    owner: str = ""
    """Path parameter holding the owner of what it shows."""
    params: Mapping[str, str] = field(default_factory=dict)
    """Parameter or body member to the `Resource.field` whose values fill it."""
    unfilled: frozenset[str] = frozenset()
    """Parameters of the path that nothing fills here, whatever `params` of the policy says."""
    reads: bool | None = None
    """True: changes nothing although its method is not GET. False: never call it."""
    reading: tuple[str, ...] = ()
    """Fields of GraphQL's `Query` that change nothing, whatever their names; `reads` is True."""
    counts: tuple[str, ...] = ()
    """JSON pointers of the answer that count objects: withheld when any is withheld."""
    sets: tuple[tuple[str, str], ...] = ()
    """(resource, JSON pointer with `*`) pairs: where in the request body a resource stands."""
    graphql: str = ""
    """File beside the policy with the schema of the GraphQL that is asked here; empty: none is."""
    without: tuple[str, ...] = ()
    """Query parameters that a gateway takes out: they would find or sort by what is hidden."""
    at_most: Mapping[str, int] = field(default_factory=dict)
    """Query parameter to the highest value that a request may have there."""
    login: str = ""
    """JSON pointer of an id in its good answer: of the account that has just logged in by it,
    whose the answer is. Empty: nobody logs in by it."""
    untested: str = ""
    """Why a scan leaves it out; empty: it does not. Says nothing of who may see or call what."""
    draft: bool = False
    """Who may call was guessed, and nobody has confirmed it so far."""
    location: Location = NOWHERE


@dataclass(frozen=True)
class Caller:
    """How to identify the caller: an operation of the API, a token's claim, or an API key."""

    operation: str = ""
    pointer: str = ""
    """JSON pointer of the caller's id in that operation's answer."""
    claim: str = ""
    """JWT claim holding the id, when the token says it."""
    api_key: bool = False
    """The caller is known by an API key of `guard.api_keys`."""


@dataclass(frozen=True)
class Tokens:
    """How a gateway verifies a JSON Web Token (RFC 7519): `guard.jwt`."""

    keys: str
    """JSON Web Key Set (RFC 7517): a file beside the policy, or an `http(s)://` URL."""
    algorithms: tuple[str, ...] = ("RS256",)
    issuer: str = ""
    audiences: tuple[str, ...] = ()
    location: Location = NOWHERE


@dataclass(frozen=True)
class Service:
    """The credential for a gateway's look-ups: `guard.service`."""

    header: str
    """In lower case; a client's own copy is taken away."""
    env: str
    """Environment variable that holds the value: a contract holds no secret."""


@dataclass(frozen=True)
class Guarding:
    """The `guard:` section: settings of a gateway besides who may see what."""

    tokens: Tokens | None = None
    service: Service | None = None
    """None: look-ups are asked with the caller's own credentials."""
    ttl: float = 30.0
    """Seconds for which the answer of a look-up, and of *who am I*, is believed."""
    timeout: float = 1.0
    """Seconds that one look-up may take."""
    lookups: int = 200
    """Look-ups that one answer may need; what is left over is unknown, and so closed."""
    api_keys: str = ""
    """File beside the policy: SHA-256 of an API key to `{id: …, claims…}`."""
    passes: tuple[str, ...] = ()
    """Path patterns outside the document (`/page/**`), passed unread and without credentials."""
    websockets: tuple[str, ...] = ()
    """Paths at which an upgrade to WebSocket passes, unread."""
    hosts: tuple[str, ...] = ()
    """Host names answered to; empty: any."""
    origins: tuple[str, ...] = ()
    """Origins (RFC 6454) whose pages may read what the guard itself answers."""
    strip: tuple[str, ...] = ()
    """Further request headers that no client may send."""
    headers: tuple[str, ...] = ()
    """Further response headers that may pass."""
    request_headers: tuple[str, ...] = ()
    """Further request headers that may pass."""
    cookies: tuple[str, ...] | None = None
    """Further cookies that may pass; None: the contract does not say."""
    unknown: Literal["refuse", "remove"] = "refuse"
    """What happens to members of a request body that the caller may not set."""
    max_body: int = 1 << 20
    """Bytes of a request or response body; a longer one is refused."""
    hops: int = 0
    """Proxies in front whose `x-forwarded-for` entry is believed."""


@dataclass(frozen=True)
class Limit:
    """A budget: one line of `limits:`."""

    name: str
    """A resource (`distinct`), or `callers` or `anonymous` (`rate`)."""
    kind: Literal["distinct", "rate"]
    most: int
    per: float
    """Seconds of the window."""
    location: Location = NOWHERE


Stance = Literal["fail", "warn", "off"]
STATIC_RULES: Mapping[str, Stance] = {
    "open-to-anybody": "fail",
    "resource-without-owner": "warn",
    "sensitive-field-for-anyone": "fail",
    "privileged-member-in-request": "fail",
    "denied-member-in-request": "warn",
    "state-without-missing": "warn",
    "answer-open-to-extra": "warn",
    "countable-ids": "warn",
    "graphql-path-forgotten": "fail",
    "linter": "warn",
}
"""What the documents alone can prove, and what a gate makes of it unless told otherwise."""


@dataclass(frozen=True)
class CellRef:
    """The cells of a waiver: a field, a viewer and settings."""

    resource: str
    field: str
    viewer: str
    state: tuple[tuple[str, str], ...] = ()
    """Sorted (name, value as text) pairs that must all be the finding's; empty: any state."""


@dataclass(frozen=True)
class Waiver:
    """A finding that may ship for a while. Exactly one of `finding` and `cell` is set."""

    reason: str
    owner: str
    expires: date
    """The last day on which it holds."""
    finding: str = ""
    """Fingerprint, or eight and more of its first digits."""
    cell: CellRef | None = None
    location: Location = NOWHERE


@dataclass(frozen=True)
class Approval:
    """A widening of exposure that somebody has agreed to. It ends with the release."""

    widening: str
    """Fingerprint, or eight and more of its first digits."""
    reason: str
    owner: str
    location: Location = NOWHERE


@dataclass(frozen=True)
class ExitCriteria:
    """What a release must pass: the `exit_criteria:` section."""

    proven: Severity = "low"
    """No proven leak of this severity or a higher one."""
    suspected: int = 0
    """At most so many suspected leaks."""
    over_blocks: int = 0
    """At most so many grants that are not honoured."""
    shown: float = 10.0
    """Percent of the cells of each field and viewer that must have been shown."""
    states: bool = True
    """Each value of each setting that a grant depends on must have been met."""
    security: bool = True
    """Each operation says who may call it."""
    classified: bool = True
    """Each field of each answer has a line, or goes with an operation that says who may call it."""
    max_age: float = 86400.0
    """Seconds that a report may be old."""
    static: Mapping[str, Stance] = field(default_factory=lambda: dict(STATIC_RULES))
    waivers: tuple[Waiver, ...] = ()
    waiver_file: str = ""
    """File of waivers beside the policy; empty: none."""
    approvals: tuple[Approval, ...] = ()


@dataclass(frozen=True)
class Policy:
    """The exposure policy: relations × states × fields, as data."""

    relations: Mapping[str, Relation]
    """In the order written."""
    resources: Mapping[str, Resource]
    operations: Mapping[str, OperationRule] = field(default_factory=dict)
    caller: Caller = Caller()
    criteria: ExitCriteria = ExitCriteria()
    guard: Guarding = Guarding()
    limits: tuple[Limit, ...] = ()
    stated: bool = True
    """False: drafted by Oakum, so a contradiction is *suspected*, not *proven*."""
    order: tuple[tuple[str, ...], ...] = ()
    """Chains of relations, weaker first, along which showing must grow (law 2)."""
    params: Mapping[str, str] = field(default_factory=dict)
    """Parameter of any path to the `Resource.field` whose values fill it."""
    file: str = ""
    places: Mapping[tuple[str, ...], Location] = field(
        default_factory=dict, compare=False, repr=False
    )
    """Where each value was written, by its keys: `("resources", "Member", "key")`."""
    sharing: Mapping[str, str] = field(default_factory=dict, compare=False, repr=False)
    """Each operation, and the one that has the places of their common value."""

    def kinds(self, *names: str) -> frozenset[str]:
        """Kinds of some relations, and of all that they require."""
        return frozenset(self.relations[name].kind for name in self.required_relations(*names))

    def depends_on(self, name: str) -> frozenset[str]:
        """A relation, all that may take it away and all that it requires, at any depth."""
        found = [name]
        for each in found:
            relation = self.relations[each]
            found += [e for e in (*relation.unless, *relation.requires) if e not in found]
        return frozenset(found)

    def required_relations(self, *names: str) -> tuple[str, ...]:
        """Some relations, and all that they require."""
        found, waiting = dict.fromkeys(names), list(names)
        while waiting:
            more = [each for each in self.relations[waiting.pop()].requires if each not in found]
            found |= dict.fromkeys(more)
            waiting += more
        return tuple(found)

    def only(self, *kinds: str) -> frozenset[str]:
        """Relations that are, and require, nothing but these kinds."""
        return frozenset(name for name, each in self._every_kind.items() if each <= {*kinds})

    def with_any(self, kind: str) -> frozenset[str]:
        """Relations that are of a kind, or require one that is."""
        return frozenset(name for name, each in self._every_kind.items() if kind in each)

    def state_source(self, resource: str, name: str) -> str:
        """The `Resource.state` that holds the value of a state, where its `of` leads."""
        state = self.resources[resource].states[name]
        while state.of:
            resource, _, name = state.of.partition(".")
            state = self.resources[resource].states[name]
        return f"{resource}.{name}"

    @cached_property
    def holders_of_states(self) -> frozenset[str]:
        """Resources that hold a state of others."""
        states = (s for each in self.resources.values() for s in each.states.values())
        return frozenset(state.of.partition(".")[0] for state in states if state.of)

    @cached_property
    def _every_kind(self) -> Mapping[str, frozenset[str]]:
        return {name: self.kinds(name) for name in self.relations}

    @cached_property
    def changing_operations(self) -> frozenset[str]:
        """Operations that begin or end a relation, or change a setting, as the contract calls
        them."""
        relations = self.relations.values()
        found = {each.operation for one in relations for each in (*one.begin, *one.end)}
        states = [state for one in self.resources.values() for state in one.states.values()]
        return frozenset(found | {each.switch.operation for each in states if each.switch})

    @cached_property
    def owners_in_query(self) -> frozenset[str]:
        """Query parameters that name the owner of what is asked for."""
        owners = (each.owner for each in self.resources.values())
        return frozenset(n for owner in owners if owner.kind == "query" for n in owner.members)

    @cached_property
    def read_elsewhere(self) -> frozenset[str]:
        """States (`Resource.state`) that other resources read: settings of an account, which is
        asked for them where an object of its own resource does not say them."""
        states = (state for each in self.resources.values() for state in each.states.values())
        return frozenset(state.of for state in states if state.of)

    @property
    def drafted_lines(self) -> tuple[Location, ...]:
        """Every line that was drafted and that nobody has confirmed, in the order of the policy:
        field lines, or the resource itself where it has none, and rules of operations."""
        found: list[Location] = []
        for resource in self.resources.values():
            found += [rule.location for rule in resource.fields if rule.draft]
            found += [resource.location] if resource.draft and not resource.fields else []
        found += [rule.location for rule in self.operations.values() if rule.draft]
        return tuple(dict.fromkeys(found))


def promises_of(policy: Policy, state: State) -> tuple[tuple[str, str], ...]:
    """What people are told of each value of a setting, or of the one that it follows."""
    if state.promises or not state.of:
        return state.promises
    resource, _, name = origin(policy, state).partition(".")
    return policy.resources[resource].states[name].promises


def origin(policy: Policy, state: State) -> str:
    """The `Resource.state` that actually holds the value, following states of states."""
    path, seen = state.of, set[str]()
    while path not in seen:
        seen.add(path)
        resource, _, name = path.partition(".")
        further = policy.resources[resource].states[name]
        if not further.of:
            return path
        path = further.of
    return path
