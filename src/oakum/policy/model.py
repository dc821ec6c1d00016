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
"""Severities, the highest first."""


@dataclass(frozen=True)
class RelationStep:
    """One API call that begins or ends a relation; `by`: who makes it."""

    operation: str
    by: Literal["caller", "owner"] = "caller"


@dataclass(frozen=True)
class Relation:
    """A relation of a caller to an object. Exactly one of its sources is set, or none for
    `anyone`."""

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
    """Whose list it is; for members of a tenant, `caller` is the list of the caller's tenants."""
    member: str = ""
    """`field`: the member of the object that holds the ids of those in this relation, what the
    claim has to be, or the id of the tenant whose members `operation` lists."""
    unless: tuple[str, ...] = ()
    """Relations that exclude this one. Unknown counts as held here: unknown is closed."""
    requires: tuple[str, ...] = ()
    """Relations that the caller must have as well."""
    begin: tuple[RelationStep, ...] = ()
    """`lookup`: the calls that create it, with the other party's id in each."""
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
    """How an owner sets a state: the operation that writes it, and the value's place in its
    body."""

    operation: str
    pointer: str


@dataclass(frozen=True)
class State:
    """A setting of the owner. `values` run from open to closed."""

    name: str
    values: tuple[Json, ...]
    member: str = ""
    """Field path of the value in the object itself."""
    of: str = ""
    """`Resource.state` if the value is in the owner's account; with `member`, if that is null."""
    missing: Json = None
    """The meaning of a missing value; None: unknown, which matches no condition."""
    switch: Switch | None = None
    promises: tuple[tuple[str, str], ...] = ()
    """(value as text, what the settings page promises for it) pairs."""
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
    """The only forms in which they may see it; empty: unmasked."""
    location: Location = NOWHERE


@dataclass(frozen=True)
class FieldRule:
    """One line of `fields:`: a field path, its grants, and its replacement if withheld."""

    path: str
    """`profile.birthday`, `items.*.owner.email`; a trailing `.**` means all below."""
    grants: tuple[Grant, ...]
    """Grants of the unmasked value."""
    instead: Literal["absent", "null", "refuse"] = "absent"
    severity: Severity | None = None
    """Severity of a leak of this field; None: derived from the leak."""
    draft: bool = False
    """Whether it was drafted and nobody has confirmed it."""
    masked: tuple[Grant, ...] = ()
    """Grants of masked forms."""
    omitted: bool = False
    """Whether the contract itself says `absent`: the API omits the member where there is no object,
    also if the document lets it be null."""
    location: Location = NOWHERE

    @property
    def every_grant(self) -> tuple[Grant, ...]:
        """All grants, of the unmasked value and of masked forms."""
        return (*self.grants, *self.masked)


@dataclass(frozen=True)
class Owner:
    """How the owner of an object is determined."""

    kind: Literal["field", "path", "query", "parent", "resource", "caller", "creator", "none"]
    members: tuple[str, ...] = ()
    """`field`: field paths in the object holding owner ids; `path`: path parameters; `query`: the
    query parameter; `resource`: the resource whose owner it has."""


@dataclass(frozen=True)
class Resource:
    """A type of object, and who may see which of its fields."""

    name: str
    schemas: frozenset[str]
    """Component names of its schemas."""
    key: str = ""
    owner: Owner = Owner("none")
    states: Mapping[str, State] = field(default_factory=dict)
    fields: tuple[FieldRule, ...] = ()
    promise: str = ""
    conceal: bool = True
    """Whether a forbidden object gets the same response as an absent one."""
    main: str = ""
    """The main endpoint: the operation that returns one whole object by its key."""
    severity: Severity | None = None
    """Severity of a leak of any of its fields without a severity of its own."""
    draft: bool = False
    """Whether all of it was drafted and nobody has confirmed it."""
    location: Location = NOWHERE

    @property
    def is_account(self) -> bool:
        """Whether its objects are accounts: each is its own owner, by its key."""
        return bool(self.key) and self.owner.members == (self.key,)


@dataclass(frozen=True)
class OperationRule:
    """What the contract says about an endpoint in addition to the document."""

    id: str
    shows: tuple[tuple[str, str], ...] = ()
    """(resource, JSON pointer with `*`) pairs: objects in the response that the schema does not
    identify."""
    call: tuple[str, ...] | None = None
    """Relations that may call it; None: as the document's security says."""
    owner: str = ""
    """Path parameter with the owner's id of what it shows."""
    params: Mapping[str, str] = field(default_factory=dict)
    """Parameter or body member → the `Resource.field` whose values fill it."""
    unfilled: frozenset[str] = frozenset()
    """Path parameters to which the policy's common `params` do not apply."""
    reads: bool | None = None
    """True: changes nothing although its method is not GET. False: changes something, so it is
    never called as a read."""
    reading: tuple[str, ...] = ()
    """Fields of GraphQL's `Query` that change nothing, whatever their names; `reads` is True."""
    counts: tuple[str, ...] = ()
    """JSON pointers of counts in the response: withheld if any counted object is."""
    sets: tuple[tuple[str, str], ...] = ()
    """(resource, JSON pointer with `*`) pairs: where in the request body a resource stands."""
    graphql: str = ""
    """File beside the policy with the GraphQL schema of this endpoint; empty: it is no GraphQL."""
    without: tuple[str, ...] = ()
    """Query parameters that a gateway removes, since they would filter or sort by hidden data."""
    at_most: Mapping[str, int] = field(default_factory=dict)
    """Query parameter → the highest value that a request may send."""
    login: str = ""
    """JSON pointer, in the success response of a login, of the id of the account that logged in,
    which owns the response. Empty: it is no login."""
    untested: str = ""
    """Why a scan does not call it; empty: it does. Does not affect access."""
    draft: bool = False
    """Whether `call` was drafted and nobody has confirmed it."""
    location: Location = NOWHERE


@dataclass(frozen=True)
class Caller:
    """How to identify the caller: an operation of the API, a token's claim, or an API key."""

    operation: str = ""
    pointer: str = ""
    """JSON pointer of the caller's id in that operation's response."""
    claim: str = ""
    """JWT claim with the id, if callers are identified by tokens."""
    api_key: bool = False
    """Whether callers are identified by an API key of `guard.api_keys`."""


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
    """Header name in lower case; a client's own copy is removed."""
    env: str
    """Environment variable that holds the value: a contract holds no secret."""


@dataclass(frozen=True)
class Guarding:
    """The `guard:` section: settings of a gateway besides who may see what."""

    tokens: Tokens | None = None
    service: Service | None = None
    """The service credential; None: look-ups use the caller's credentials."""
    ttl: float = 30.0
    """Seconds for which the result of a look-up, or of who-am-I, is cached."""
    timeout: float = 1.0
    """Seconds that one look-up may take."""
    lookups: int = 200
    """Most look-ups for one response; further ones stay unknown, and so closed."""
    api_keys: str = ""
    """File beside the policy: SHA-256 of an API key → `{id: …, claims…}`."""
    passes: tuple[str, ...] = ()
    """Path patterns outside the document (`/page/**`), forwarded unread and without credentials."""
    websockets: tuple[str, ...] = ()
    """Paths at which an upgrade to WebSocket is forwarded unread."""
    hosts: tuple[str, ...] = ()
    """Host names that are accepted; empty: any."""
    origins: tuple[str, ...] = ()
    """Origins (RFC 6454) whose pages may read the guard's own responses."""
    strip: tuple[str, ...] = ()
    """Request headers that are removed from requests."""
    headers: tuple[str, ...] = ()
    """Further response headers that are forwarded."""
    request_headers: tuple[str, ...] = ()
    """Further request headers that are forwarded."""
    cookies: tuple[str, ...] | None = None
    """Further cookies that are forwarded; None: not stated."""
    unknown: Literal["refuse", "remove"] = "refuse"
    """What happens to members of a request body that the caller may not set."""
    max_body: int = 1 << 20
    """Most bytes of a request or response body; a longer one is refused."""
    hops: int = 0
    """Number of trusted proxies in front, by which `x-forwarded-for` is read."""


@dataclass(frozen=True)
class Limit:
    """A limit on calls or on distinct owners in a window: one line of `limits:`."""

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
"""Rules that the documents alone can prove → how a gate treats them by default."""


@dataclass(frozen=True)
class CellRef:
    """The cells of a waiver: a field, a viewer and settings."""

    resource: str
    field: str
    viewer: str
    state: tuple[tuple[str, str], ...] = ()
    """Sorted (name, value as text) pairs that the finding's state must contain; empty: any
    state."""


@dataclass(frozen=True)
class Waiver:
    """A temporary exception for a finding. Exactly one of `finding` and `cell` is set."""

    reason: str
    owner: str
    expires: date
    """The last day on which it holds."""
    finding: str = ""
    """Fingerprint, or at least eight of its first digits."""
    cell: CellRef | None = None
    location: Location = NOWHERE


@dataclass(frozen=True)
class Approval:
    """An approved widening of exposure, valid for one release."""

    widening: str
    """Fingerprint, or at least eight of its first digits."""
    reason: str
    owner: str
    location: Location = NOWHERE


@dataclass(frozen=True)
class ExitCriteria:
    """What a release must pass: the `exit_criteria:` section."""

    proven: Severity = "low"
    """Fail on a proven leak of this severity or higher."""
    suspected: int = 0
    """Most suspected leaks."""
    over_blocks: int = 0
    """Most granted cells that the API does not serve."""
    shown: float = 10.0
    """Percentage of cells that must be tested for each field and viewer."""
    states: bool = True
    """Whether each value of each setting in a grant's condition must be tested."""
    security: bool = True
    """Whether document or contract must say for each operation who may call it."""
    classified: bool = True
    """Whether each response field must have a line, or belong to an operation that says who may
    call it."""
    max_age: float = 86400.0
    """Maximum age of a report in seconds."""
    static: Mapping[str, Stance] = field(default_factory=lambda: dict(STATIC_RULES))
    waivers: tuple[Waiver, ...] = ()
    waiver_file: str = ""
    """File of waivers beside the policy; empty: none."""
    approvals: tuple[Approval, ...] = ()


@dataclass(frozen=True)
class Policy:
    """The exposure policy: relations × states × fields, as data."""

    relations: Mapping[str, Relation]
    """Relation name → relation, in the order written."""
    resources: Mapping[str, Resource]
    operations: Mapping[str, OperationRule] = field(default_factory=dict)
    caller: Caller = Caller()
    criteria: ExitCriteria = ExitCriteria()
    guard: Guarding = Guarding()
    limits: tuple[Limit, ...] = ()
    stated: bool = True
    """False: drafted by Oakum, so a contradiction is *suspected*, not *proven*."""
    order: tuple[tuple[str, ...], ...] = ()
    """Chains of relations, the weaker first: a stronger one must see at least as much (law 2)."""
    params: Mapping[str, str] = field(default_factory=dict)
    """Path parameter → the `Resource.field` whose values fill it in any operation."""
    file: str = ""
    places: Mapping[tuple[str, ...], Location] = field(
        default_factory=dict, compare=False, repr=False
    )
    """Keys of a value, such as `("resources", "Member", "key")` → where it was written."""
    sharing: Mapping[str, str] = field(default_factory=dict, compare=False, repr=False)
    """Operation → the operation whose shared key holds the locations of their value."""

    def kinds(self, *names: str) -> frozenset[str]:
        """Kinds of these relations, and of all that they require."""
        return frozenset(self.relations[name].kind for name in self.required_relations(*names))

    def depends_on(self, name: str) -> frozenset[str]:
        """A relation, and all relations in its `unless` and `requires`, at any depth."""
        found = [name]
        for each in found:
            relation = self.relations[each]
            found += [e for e in (*relation.unless, *relation.requires) if e not in found]
        return frozenset(found)

    def required_relations(self, *names: str) -> tuple[str, ...]:
        """These relations, and all that they require."""
        found, waiting = dict.fromkeys(names), list(names)
        while waiting:
            more = [each for each in self.relations[waiting.pop()].requires if each not in found]
            found |= dict.fromkeys(more)
            waiting += more
        return tuple(found)

    def only(self, *kinds: str) -> frozenset[str]:
        """Relations that are of these kinds and require only such relations."""
        return frozenset(name for name, each in self._every_kind.items() if each <= {*kinds})

    def with_any(self, kind: str) -> frozenset[str]:
        """Relations that are of this kind or require one that is."""
        return frozenset(name for name, each in self._every_kind.items() if kind in each)

    def state_source(self, resource: str, name: str) -> str:
        """The `Resource.state` that holds the value of a state, following its `of`."""
        state = self.resources[resource].states[name]
        while state.of:
            resource, _, name = state.of.partition(".")
            state = self.resources[resource].states[name]
        return f"{resource}.{name}"

    @cached_property
    def holders_of_states(self) -> frozenset[str]:
        """Resources with states that other resources refer to."""
        states = (s for each in self.resources.values() for s in each.states.values())
        return frozenset(state.of.partition(".")[0] for state in states if state.of)

    @cached_property
    def _every_kind(self) -> Mapping[str, frozenset[str]]:
        return {name: self.kinds(name) for name in self.relations}

    @cached_property
    def changing_operations(self) -> frozenset[str]:
        """Operations that begin or end a relation, or change a setting, as named in the
        contract."""
        relations = self.relations.values()
        found = {each.operation for one in relations for each in (*one.begin, *one.end)}
        states = [state for one in self.resources.values() for state in one.states.values()]
        return frozenset(found | {each.switch.operation for each in states if each.switch})

    @cached_property
    def owners_in_query(self) -> frozenset[str]:
        """Query parameters that name the owner of what is requested."""
        owners = (each.owner for each in self.resources.values())
        return frozenset(n for owner in owners if owner.kind == "query" for n in owner.members)

    @cached_property
    def read_elsewhere(self) -> frozenset[str]:
        """States (`Resource.state`) that other resources refer to: account settings, which are
        looked up if the object itself does not show them."""
        states = (state for each in self.resources.values() for state in each.states.values())
        return frozenset(state.of for state in states if state.of)

    @property
    def drafted_lines(self) -> tuple[Location, ...]:
        """Location of every unconfirmed draft line in the order of the policy: of fields, of
        resources without fields, and of operations."""
        found: list[Location] = []
        for resource in self.resources.values():
            found += [rule.location for rule in resource.fields if rule.draft]
            found += [resource.location] if resource.draft and not resource.fields else []
        found += [rule.location for rule in self.operations.values() if rule.draft]
        return tuple(dict.fromkeys(found))


def promises_of(policy: Policy, state: State) -> tuple[tuple[str, str], ...]:
    """The promises for each value of a setting, or of the setting that it follows."""
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
