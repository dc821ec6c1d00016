"""Ids of rules, former ids included, and their items of the OWASP API Security Top 10.

An id may change, and a fingerprint may not: findings are marked with the first id that their rule
ever had, so that waivers, baselines and memories go on holding. Whoever reads an id from outside
(a report, a memory, a command line) asks `current` for the one of today.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from oakum.policy.model import Severity


@dataclass(frozen=True)
class Item:
    """An item of the OWASP API Security Top 10 2023."""

    id: str
    """Such as `API1:2023`."""
    title: str
    page: str
    short: str = ""
    """What is said of it in speech: `BOLA`."""

    @property
    def name(self) -> str:
        """Id and title: `API1:2023 Broken Object Level Authorization`."""
        return f"{self.id} {self.title}"

    @property
    def url(self) -> str:
        """Its page of OWASP."""
        return f"https://owasp.org/API-Security/editions/2023/en/{self.page}/"


@dataclass(frozen=True)
class Rule:
    """What a finding is called, and where the field files it."""

    id: str
    owasp: str
    """The id of an item of `OWASP`; empty: none."""
    cwe: tuple[str, ...]
    severity: Severity | None = None
    """How grave it is, where the field's name does not tell; None: the name does."""
    formerly: tuple[str, ...] = ()
    """Ids that it had before, the first one first."""


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

RULES: Mapping[str, Rule] = {
    each.id: each
    for each in (
        Rule("bola-write", "API1:2023", ("CWE-639", "CWE-862"), formerly=("foreign-write",)),
        Rule("mass-assignment", "API3:2023", ("CWE-915",)),
        Rule(
            "weak-jwt-secret",
            "API2:2023",
            ("CWE-521", "CWE-347"),
            "critical",
            formerly=("weak-token-key",),
        ),
        Rule(
            "no-login-rate-limit", "API2:2023", ("CWE-307",), "medium", formerly=("unbraked-login",)
        ),
        Rule(
            "unsafe-get", "API5:2023", ("CWE-650", "CWE-306"), "high", formerly=("unguarded-wipe",)
        ),
        Rule(
            "broken-function-level-authorization",
            "API5:2023",
            ("CWE-862", "CWE-285"),
            "high",
            formerly=("open-function",),
        ),
        Rule(
            "cross-user-cache",
            "API8:2023",
            ("CWE-524", "CWE-525"),
            formerly=("wrong-recipient-cache",),
        ),
        Rule(
            "cacheable-personal-data",
            "API8:2023",
            ("CWE-525", "CWE-524"),
            "medium",
            formerly=("shared-cache-allowed",),
        ),
        Rule(
            "revocation-not-enforced",
            "API1:2023",
            ("CWE-613", "CWE-672"),
            formerly=("stale-grant",),
        ),
        Rule(
            "feed-exposure", "API3:2023", ("CWE-200", "CWE-863"), formerly=("feed-beyond-contract",)
        ),
        Rule("shadow-endpoint", "API9:2023", ("CWE-1059", "CWE-863"), formerly=("forgotten-twin",)),
        Rule("graphql-exposure", "API3:2023", ("CWE-424", "CWE-863"), formerly=("graph-detour",)),
        Rule(
            "inference-leak", "API3:2023", ("CWE-203", "CWE-200"), formerly=("leak-by-inference",)
        ),
        Rule("enumerable-ids", "API4:2023", ("CWE-340", "CWE-799"), "medium"),
        Rule(
            "account-enumeration",
            "API2:2023",
            ("CWE-204", "CWE-203"),
            "medium",
            formerly=("contact-oracle",),
        ),
        Rule(
            "pre-login-disclosure",
            "API2:2023",
            ("CWE-209", "CWE-201"),
            formerly=("talks-before-login",),
        ),
        Rule("missing-authentication", "API2:2023", ("CWE-306", "CWE-200")),
        Rule("privacy-setting-not-enforced", "API3:2023", ("CWE-359", "CWE-213")),
        Rule(
            "authenticated-not-authorized",
            "API1:2023",
            ("CWE-862", "CWE-639"),
            formerly=("login-taken-for-permission",),
        ),
        Rule(
            "broken-object-level-authorization",
            "API1:2023",
            ("CWE-639", "CWE-285"),
            formerly=("broken-object-authorization",),
        ),
        Rule(
            "excessive-data-exposure",
            "API3:2023",
            ("CWE-213", "CWE-201"),
            formerly=("field-beyond-contract",),
        ),
        Rule("over-block", "", ()),
    )
}
"""All rules by id, the most telling first: the first that matches names a finding."""

_NOW = {old: each.id for each in RULES.values() for old in (*each.formerly, each.id)}


def current(name: str) -> str:
    """The id of today of the rule that was once called so; what is no rule stays as it is."""
    return _NOW.get(name, name)


def marked(name: str) -> str:
    """The first id that this rule ever had, by which its findings are fingerprinted."""
    rule = RULES.get(current(name))
    return next(iter(rule.formerly), rule.id) if rule is not None else name


def item(name: str) -> Item | None:
    """The item of OWASP's list that is called so: `API1:2023`, `api1`, `BOLA`, or its title."""
    said = " ".join(name.replace("-", " ").replace("_", " ").casefold().split())
    for each in OWASP.values():
        names = (each.id, each.id.partition(":")[0], each.short, each.title)
        if said and said in (word.casefold() for word in names):
            return each
    return None


def filed(under: Item) -> tuple[Rule, ...]:
    """The rules of an item, in the order of `RULES`."""
    return tuple(each for each in RULES.values() if each.owasp == under.id)
