"""Headers and query parameters that each identity sends beside its credentials, such as its tenant.

`X-Tenant: acme` in the identities file is no credential: the token identifies the caller, and the
header only selects a tenant. An API that does not check whether the caller belongs to the tenant
shows any caller every tenant's data (CWE-639).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

from oakum.authz import Model
from oakum.inference.lexicon import word_set, words
from oakum.scan.identities.model import Identities, Identity, Send, names
from oakum.scan.identities.secret_store import is_credential

_TENANTS = word_set(
    "tenant tenants account accounts org orgs organization organizations organisation organisations"
    " workspace company customer client team project realm site shop store group space business"
)
"""Words of a name that stands for a tenant, also where the document declares no such parameter."""
_CLIENTS = word_set(
    "accept agent version language locale encoding device trace request correlation session"
    " signature nonce timestamp content platform timezone"
)
"""Words of names that say nothing of anybody's objects, or that are made anew for each request."""


@dataclass(frozen=True)
class SentChoice:
    """A header or query parameter that each identity sends with a value of its own."""

    where: Literal["header", "query"]
    name: str
    operations: frozenset[str]
    """Ids of the operations that take it."""
    values: Mapping[str, str] = field(repr=False)
    """Identity → the value that it sends."""
    shown: Mapping[str, str] = field(default_factory=dict, repr=False)
    """The same as curl lines have it, with variables for secrets."""
    is_declared: bool = True
    """Whether the document has the parameter; else every operation may take it."""
    alike: frozenset[tuple[str, str]] = frozenset()
    """Pairs of identities that differ in nothing else, so that it acts as their credential."""

    @property
    def is_tenant(self) -> bool:
        """Whether its name stands for a tenant."""
        return _is_tenant(self.name)

    def others(self, viewer: str) -> list[str]:
        """Identities with another value, whom something else tells from the viewer."""
        own = self.values.get(viewer)
        return [
            name
            for name, value in self.values.items()
            if own is not None and value != own and (viewer, name) not in self.alike
        ]


def choices_of(model: Model, identities: Identities) -> tuple[SentChoice, ...]:
    """Such parameters that every identity sends. `model`: with the parameters that callers fill."""
    return tuple(_choices(model, identities))


def sent_by_all(identities: Identities) -> frozenset[tuple[str, str]]:
    """(place, name in lower case) of what each line says and no credential: a request that says it
    itself keeps what it says."""
    lines = [{_place(send) for send in each.sends} for each in identities.items.values()]
    return frozenset(
        (where, name)
        for where, name in (set.intersection(*lines) if lines else ())
        if where in ("header", "query") and _may_choose(name)
        and all(_fixed_part(each, where, name) for each in identities.items.values())
    )  # fmt: skip


def _choices(model: Model, identities: Identities) -> Iterator[SentChoice]:
    items = identities.items
    for where, name in sorted(sent_by_all(identities)):
        sends = {who: _fixed_part(each, where, name) for who, each in items.items()}
        values = {who: items[who].fill(send.value) for who, send in sends.items() if send}
        shown = {who: items[who].shell(send.value) for who, send in sends.items() if send}
        declared = {
            id
            for id, each in model.operations.items()
            for p in each.parameters
            if (p.where, p.name.lower()) == (where, name) and p.name not in model.rule(id).params
        }
        known = {**dict.fromkeys(declared)} or (model.operations if _is_tenant(name) else {})
        made = SentChoice(
            where,  # type: ignore[arg-type]  # cookies are none
            next(send.name for send in sends.values() if send),
            frozenset(known),
            values,
            shown,
            bool(declared),
            frozenset(
                (one, two)
                for one in items
                for two in items
                if _rest(items[one], where, name) == _rest(items[two], where, name)
            ),
        )
        if made.operations and (made.is_tenant or len({*values.values()}) > 1):
            yield made


def _is_tenant(name: str) -> bool:
    return not _TENANTS.isdisjoint(words(name))


def _place(send: Send) -> tuple[str, str]:
    return send.where, send.name.lower()


def _may_choose(name: str) -> bool:
    return not is_credential(name) and _CLIENTS.isdisjoint(words(name))


def _fixed_part(identity: Identity, where: str, name: str) -> Send | None:
    """The part of a line, if its value is known before anybody logs in."""
    known = {*identity.variables}
    for send in identity.sends:
        variables = {each for kind, each in names([send.value]) if kind == "variable"}
        if _place(send) == (where, name) and variables <= known:
            return send
    return None


def _rest(identity: Identity, where: str, name: str) -> object:
    """All else that an identity shows of itself."""
    sends = {
        (*_place(each), each.value)
        for each in identity.sends
        if _place(each) != (where, name)
    }  # fmt: skip
    secrets = {each: value.reveal() for each, value in identity.variables.items()}
    environment = {each: value.reveal() for each, value in identity.environment.items()}
    return sends, secrets, environment, identity.login, identity.certificate
