"""Explanations of each rule: why it matters, where it happened, how to fix it.

Incidents are described from published sources: the first report, a regulator, a post-mortem. Where
sources disagree, only what they share is stated.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from oakum.rules import OWASP, Rule

Does = Literal["removes", "refuses", "partly", "cannot"]
"""What the guard does about the findings of a rule: `removes` fields from responses, `refuses`
requests, helps `partly`, or `cannot` help."""


@dataclass(frozen=True)
class Incident:
    """A published leak of the kind that a rule finds."""

    name: str
    when: str
    what: str


@dataclass(frozen=True)
class Story:
    """The explanation of a rule, independent of findings."""

    what: str
    why: str
    incident: Incident | None
    fix: tuple[str, ...]
    """How to fix it in the API; a finding's own advice replaces the first step."""
    does: Does
    guard: str
    """What the guard does, in words."""
    reading: tuple[str, ...] = ()
    """Further standards and papers besides CWE and OWASP."""


DOES = {
    "removes": "it removes",
    "refuses": "it refuses",
    "partly": "it helps in part:",
    "cannot": "it cannot help:",
}
"""How a sentence about the guard begins; `Story.guard` continues it."""


def references(rule: Rule) -> list[tuple[str, str]]:
    """(id and title, URL) of the OWASP item and the CWE classes of a rule."""
    found: list[tuple[str, str]] = []
    if rule.owasp:
        found.append((OWASP[rule.owasp].name, OWASP[rule.owasp].url))
    for name in rule.cwe:
        number = name.removeprefix("CWE-")
        title = rule.titles.get(name) or _CWE.get(name, "")
        found.append((f"{name} {title}".rstrip(), f"{_CWE_AT}{number}.html"))
    return found


_CWE_AT = "https://cwe.mitre.org/data/definitions/"
_CWE = {
    "CWE-200": "Exposure of Sensitive Information to an Unauthorized Actor",
    "CWE-201": "Insertion of Sensitive Information Into Sent Data",
    "CWE-203": "Observable Discrepancy",
    "CWE-204": "Observable Response Discrepancy",
    "CWE-209": "Generation of Error Message Containing Sensitive Information",
    "CWE-213": "Exposure of Sensitive Information Due to Incompatible Policies",
    "CWE-285": "Improper Authorization",
    "CWE-306": "Missing Authentication for Critical Function",
    "CWE-307": "Improper Restriction of Excessive Authentication Attempts",
    "CWE-340": "Generation of Predictable Numbers or Identifiers",
    "CWE-359": "Exposure of Private Personal Information to an Unauthorized Actor",
    "CWE-347": "Improper Verification of Cryptographic Signature",
    "CWE-521": "Weak Password Requirements",
    "CWE-424": "Improper Protection of Alternate Path",
    "CWE-524": "Use of Cache Containing Sensitive Information",
    "CWE-525": "Use of Web Browser Cache Containing Sensitive Information",
    "CWE-613": "Insufficient Session Expiration",
    "CWE-639": "Authorization Bypass Through User-Controlled Key",
    "CWE-650": "Trusting HTTP Permission Methods on the Server Side",
    "CWE-672": "Operation on a Resource after Expiration or Release",
    "CWE-770": "Allocation of Resources Without Limits or Throttling",
    "CWE-799": "Improper Control of Interaction Frequency",
    "CWE-862": "Missing Authorization",
    "CWE-863": "Incorrect Authorization",
    "CWE-1059": "Insufficient Technical Documentation",
    "CWE-915": "Improperly Controlled Modification of Dynamically-Determined Object Attributes",
    "CWE-1284": "Improper Validation of Specified Quantity in Input",
}
