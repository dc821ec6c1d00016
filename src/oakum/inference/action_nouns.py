"""Actions that a path names by a noun: `GET /activation/{token}`, `POST /orders/{id}/confirmation`.

The same noun may name a document: `GET /orders/{id}/confirmation`. So a GET counts as the action
only if the path has no other noun and carries a single-use token, as a link in an email does. A
write counts if its path ends with the noun.
"""

from __future__ import annotations

import re

from oakum.inference.lexicon import word_set, words
from oakum.openapi.model import Operation

DEEDS = {
    "acceptance": "accept",
    "activation": "activate",
    "approval": "approve",
    "cancelation": "cancel",
    "cancellation": "cancel",
    "confirmation": "confirm",
    "deactivation": "deactivate",
    "deletion": "delete",
    "enrollment": "enroll",
    "enrolment": "enrol",
    "invalidation": "invalidate",
    "magic_link": "log in",
    "optin": "opt in",
    "optout": "opt out",
    "reactivation": "activate",
    "rejection": "reject",
    "removal": "remove",
    "revocation": "revoke",
    "rsvp": "accept",
    "suspension": "suspend",
    "termination": "terminate",
    "unsubscription": "unsubscribe",
    "validation": "validate",
    "verification": "verify",
}
"""Noun → the action. Plurals name a collection: `POST /approvals` requests an approval."""
_ONCE = word_set("code hash hmac key nonce otp pin secret sig signature ticket token")
_NOT_ONCE = word_set(
    "access account airport api app area bearer client continuation country currency discount "
    "error idempotency iso lang language locale next order page partition postal product promo "
    "public region session sort state status zip"
)
"""Words beside which `code` or `key` is not of single use: `country_code`, `api_key`."""


def deed_of_link(operation: Operation) -> tuple[str, str]:
    """(path segment, verb) of the action that a GET performs by a token of single use; empty
    strings: none."""
    segment, noun = _last(operation.path)
    after = operation.path.rpartition(f"/{segment}")[2] if noun else ""
    carried = [
        each.name
        for each in operation.parameters
        if each.where == "query" or (each.where == "path" and f"{{{each.name}}}" in after)
    ]
    if any(_is_once(words(name)) or noun in words(name)[-1:] for name in carried if noun):
        return segment, DEEDS[noun]
    return "", ""


def deed_of_write(operation: Operation) -> tuple[str, str]:
    """(path segment, verb) of the action of a write whose path ends with its noun; empty strings:
    none."""
    segment, noun = _last(operation.path)
    return (segment, DEEDS[noun]) if noun else ("", "")


def _last(path: str) -> tuple[str, str]:
    """The last literal segment of a path, and the deed that it names."""
    literal = [each for each in path.split("/") if each and "{" not in each]
    said = words(re.sub(r"\.\w{1,5}$", "", literal[-1])) if literal else ()
    ends = ("_".join(said[-2:]), "".join(said[-2:]), *said[-1:])
    noun = next((each for each in ends if each in DEEDS), "")
    return (literal[-1], noun) if noun else ("", "")


def _is_once(said: tuple[str, ...]) -> bool:
    return not _ONCE.isdisjoint(said) and _NOT_ONCE.isdisjoint(said)
