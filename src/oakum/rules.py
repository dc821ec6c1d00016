"""Ids of rules, including former ones, and their items of the OWASP API Security Top 10.

An id may change, but a fingerprint may not: fingerprints are computed from the first id of a rule,
so that waivers, baselines and memories stay valid. Code that reads an id from outside (a report, a
memory, a command line) converts it with `current`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from oakum.policy.model import Severity


@dataclass(frozen=True)
class Item:
    """An item of the OWASP API Security Top 10 2023."""

    id: str
    """Such as `API1:2023`."""
    title: str
    page: str
    short: str = ""
    """Common abbreviation: `BOLA`."""

    @property
    def name(self) -> str:
        """Id and title: `API1:2023 Broken Object Level Authorization`."""
        return f"{self.id} {self.title}"

    @property
    def url(self) -> str:
        """URL of its page at OWASP."""
        return f"https://owasp.org/API-Security/editions/2023/en/{self.page}/"


@dataclass(frozen=True)
class Rule:
    """A rule: its id, OWASP item, CWEs and severity."""

    id: str
    owasp: str
    """Id of an item in `OWASP`; empty: none."""
    cwe: tuple[str, ...]
    severity: Severity | None = None
    """Severity; None: it depends on the field."""
    titles: Mapping[str, str] = field(default_factory=dict, compare=False)
    """CWE → its title, for CWEs that no earlier rule has."""


OWASP: Mapping[str, Item] = {
    each.id: each
    for each in (
        Item(
            "API1:2023", "Broken Object Level Authorization",
            "0xa1-broken-object-level-authorization", "BOLA",
        ),
        Item("API2:2023", "Broken Authentication", "0xa2-broken-authentication"),
        Item(
            "API3:2023", "Broken Object Property Level Authorization",
            "0xa3-broken-object-property-level-authorization", "BOPLA",
        ),
        Item(
            "API4:2023", "Unrestricted Resource Consumption",
            "0xa4-unrestricted-resource-consumption",
        ),
        Item(
            "API5:2023", "Broken Function Level Authorization",
            "0xa5-broken-function-level-authorization", "BFLA",
        ),
        Item(
            "API6:2023", "Unrestricted Access to Sensitive Business Flows",
            "0xa6-unrestricted-access-to-sensitive-business-flows",
        ),
        Item(
            "API7:2023", "Server Side Request Forgery", "0xa7-server-side-request-forgery", "SSRF"
        ),
        Item("API8:2023", "Security Misconfiguration", "0xa8-security-misconfiguration"),
        Item("API9:2023", "Improper Inventory Management", "0xa9-improper-inventory-management"),
        Item("API10:2023", "Unsafe Consumption of APIs", "0xaa-unsafe-consumption-of-apis"),
    )
}  # fmt: skip

FORMER: Mapping[str, tuple[str, ...]] = {
    "bola-write": ("foreign-write",),
    "weak-jwt-secret": ("weak-token-key",),
    "no-login-rate-limit": ("unbraked-login",),
    "unsafe-get": ("unguarded-wipe",),
    "broken-function-level-authorization": ("open-function",),
    "cross-user-cache": ("wrong-recipient-cache",),
    "cacheable-personal-data": ("shared-cache-allowed",),
    "revocation-not-enforced": ("stale-grant",),
    "feed-exposure": ("feed-beyond-contract",),
    "shadow-endpoint": ("forgotten-twin",),
    "graphql-exposure": ("graph-detour",),
    "inference-leak": ("leak-by-inference",),
    "account-enumeration": ("contact-oracle",),
    "pre-login-disclosure": ("talks-before-login",),
    "authenticated-not-authorized": ("login-taken-for-permission",),
    "broken-object-level-authorization": ("broken-object-authorization",),
    "excessive-data-exposure": ("field-beyond-contract",),
}
"""Id of a rule → ids that it had before, the first one first. A new rule has none."""

_NOW = {old: now for now, former in FORMER.items() for old in former}


def current(name: str) -> str:
    """The current id of a rule with this current or former id; other texts are returned
    unchanged."""
    return _NOW.get(name, name)


def fingerprint_id(name: str) -> str:
    """The first id of a rule, which its fingerprints contain."""
    now = current(name)
    return next(iter(FORMER.get(now, ())), now)


def item(name: str) -> Item | None:
    """The OWASP item with this id, abbreviation or title: `API1:2023`, `api1`, `BOLA`; None:
    unknown."""
    said = " ".join(name.replace("-", " ").replace("_", " ").casefold().split())
    for each in OWASP.values():
        names = (each.id, each.id.partition(":")[0], each.short, each.title)
        if said and said in (word.casefold() for word in names):
            return each
    return None
