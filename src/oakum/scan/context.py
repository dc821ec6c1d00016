"""What a run is given before its first request. It does not change during the run.

A run has four parts. This one says what may be requested, through which ports. `state.py` holds
what the run has learnt, `engine.py` sends requests, and `scheduler.py` decides what is requested
next. A run with another setting (a narrower model, another port) gets another context, by
`dataclasses.replace`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from oakum.authz import Model
from oakum.exchange import Response
from oakum.exposure.cells.matrix import Outcome
from oakum.exposure.endpoints.probes import Probe
from oakum.openapi.model import Json, Operation
from oakum.policy.graphql_schema import Graph
from oakum.scan.identities.memberships import Memberships
from oakum.scan.identities.model import OwnedObject
from oakum.scan.identities.relationships import Relationships
from oakum.scan.identities.temporary_accounts import ProvisionedAccounts
from oakum.scan.identities.tenant_inputs import SentChoice
from oakum.scan.limits import Pace, Permissions
from oakum.scan.requests.builder import Ask
from oakum.scan.settings.settings_writer import AccountSettings
from oakum.scan.transport.feed_interface import Listen
from oakum.scan.undo.undo_log import UndoLog


@dataclass(frozen=True)
class Event:
    """An event of the run: `kind`, and plain values without personal data."""

    kind: str
    data: Mapping[str, Json]


@dataclass(frozen=True)
class RunContext:
    """The contract, the ports and the permissions of one run over one target."""

    model: Model
    target: str
    """Base URL of the API."""
    ask: Ask
    """Sends a request as an identity; the only way to the target but `listen`."""
    emit: Callable[[Event], None]
    """Receives each event; progress bar, journal and event log listen."""
    credentials: Callable[[str | None], tuple[str, ...]]
    """Header lines, and query parameters that begin with `?`, of an identity for a curl line, with
    variables in place of secrets."""
    may: Permissions = field(default_factory=Permissions)
    pace: Pace | None = None
    """Budget and rate; None: there is no budget, and nothing may be requested many times."""
    together: Callable[[Sequence[Callable[[], Response]]], list[Response | None]] | None = None
    """Runs jobs concurrently; None in place of a response that failed."""
    listen: Listen | None = None
    """Opens a feed; None if feeds are not tested."""
    feeds: tuple[Probe, ...] = ()
    """Endpoints whose responses do not end: they are listened to, and never requested."""
    price: Callable[[Probe], int] = lambda probe: 1
    """The most requests that an endpoint takes."""
    accounts: Mapping[str, str] = field(default_factory=dict)
    """Identity → its id according to who-am-I."""
    owns: tuple[tuple[str, OwnedObject], ...] = ()
    """(identity, object) for all objects that the identities file assigns to an owner."""
    tokens: Callable[[], list[tuple[str, str]]] = list
    """(identity, token) of all that could be a JWT."""
    title: str = ""
    """The title of the API in the document."""
    params: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """Operation id → parameter → `Resource.field`, inferred from names."""
    graphs: Mapping[str, Graph] = field(default_factory=dict)
    """GraphQL schemas by the name that the contract has for them."""
    left_out: tuple[Operation, ...] = ()
    """Documented operations that the user excludes, or of which only method and path can be
    read."""
    choices: tuple[SentChoice, ...] = ()
    """Values, such as a tenant, that the lines of the identities file send with each request."""
    replay: Mapping[str, Outcome] = field(default_factory=dict)
    """Request key → outcome in an interrupted run, used instead of a new request."""
    told_once: Callable[[], bool] = lambda: False
    """Whether the last response to a write showed a leak that no other response has shown."""
    undo_log: UndoLog | None = None
    """Records writes and undoes them; None: nothing may be written."""
    provisioned: ProvisionedAccounts | None = None
    """Accounts that the run registers; None: nothing may be written."""
    account_settings: AccountSettings | None = None
    """Changes settings of the identities; None: nothing may be written, not even to own
    accounts."""
    relationships: Relationships | None = None
    """Relations between identities that may be ended temporarily; None: there are none."""
    memberships: Memberships | None = None
    """Which identity is a member of which tenant; None if the contract does not use it."""

    def undo_functions(self) -> Iterator[tuple[str, Callable[[], tuple[str, ...]]]]:
        """Names and functions that restore the target at the end of a run, in order. Each function
        returns what it could not restore, in words."""
        if self.undo_log is not None:
            yield "writes", self.undo_log.restore
        if self.relationships is not None:
            yield "relations", self.relationships.restore
        if self.account_settings is not None:
            yield "settings", self.account_settings.restore

    @property
    def unsure(self) -> tuple[str, ...]:
        """Changes that were restored but not verified to equal the original."""
        return (
            *(self.undo_log.unsure if self.undo_log is not None else ()),
            *(self.account_settings.moved if self.account_settings is not None else ()),
        )

    @property
    def state_operations(self) -> frozenset[str]:
        """Operations called to change settings or relations, or to delete accounts."""
        return frozenset(
            (
                *(self.provisioned.asked if self.provisioned is not None else ()),
                *(self.account_settings.used if self.account_settings is not None else ()),
                *(self.relationships.used if self.relationships is not None else ()),
            )
        )
