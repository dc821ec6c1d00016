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
from oakum.policy.graphql import Graph
from oakum.scan.identities.credentials import OwnedObject
from oakum.scan.identities.memberships import Memberships
from oakum.scan.identities.provisioned_accounts import ProvisionedAccounts
from oakum.scan.identities.relationships import Relationships
from oakum.scan.identities.sent_choices import SentChoice
from oakum.scan.limits import Pace, Permissions
from oakum.scan.requests.builder import Ask
from oakum.scan.settings.account_settings import AccountSettings
from oakum.scan.transport.streams import Listen
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
    """Told what happens: progress bar, journal and event log hear it."""
    credentials: Callable[[str | None], tuple[str, ...]]
    """Header lines, and query parameters that begin with `?`, of an identity for a curl line;
    secrets as variables."""
    may: Permissions = field(default_factory=Permissions)
    pace: Pace | None = None
    """None: no budget limits the run, and nothing may be asked many times over."""
    together: Callable[[Sequence[Callable[[], Response]]], list[Response | None]] | None = None
    """Does several things at the same time; None in place of an answer that did not come."""
    listen: Listen | None = None
    """Opens a feed; None: no feed is listened to."""
    feeds: tuple[Probe, ...] = ()
    """Endpoints whose answers do not end: listened to, and never asked."""
    price: Callable[[Probe], int] = lambda probe: 1
    """What an endpoint costs at most, in requests."""
    accounts: Mapping[str, str] = field(default_factory=dict)
    """Identity → its id, as who-am-I tells it."""
    owns: tuple[tuple[str, OwnedObject], ...] = ()
    """(identity, object) of all that the identities file says is theirs."""
    tokens: Callable[[], list[tuple[str, str]]] = list
    """(identity, token) of all that could be a JWT."""
    title: str = ""
    """What the document calls the API."""
    params: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """Operation id → parameter → `Resource.field`, inferred from names."""
    graphs: Mapping[str, Graph] = field(default_factory=dict)
    """GraphQL schemas by the name that the contract has for them."""
    left_out: tuple[Operation, ...] = ()
    """Documented operations that the user lets nobody call, or of which only name and path can be
    read."""
    choices: tuple[SentChoice, ...] = ()
    """What the lines of the identities say of their tenants."""
    replay: Mapping[str, Outcome] = field(default_factory=dict)
    """Outcomes of an interrupted run by question, used instead of asking again."""
    told_once: Callable[[], bool] = lambda: False
    """Whether the last answer to a write showed a leak that no other answer has shown so far."""
    undo_log: UndoLog | None = None
    """What was written and is to be undone; None: nothing may be written."""
    provisioned: ProvisionedAccounts | None = None
    """Accounts of the run's own; None: nothing may be written."""
    account_settings: AccountSettings | None = None
    """None: nothing may be written, not even to an own account."""
    relationships: Relationships | None = None
    """Relations between identities that may be ended for a while; None: none."""
    memberships: Memberships | None = None
    """Who is a member of which tenant; None: the contract does not ask."""

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
        """What was restored without certainty that it equals the original."""
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
