"""Reads and sets claims of a token (RFC 7519) by path, and merges two sets of claims."""

from __future__ import annotations

from collections.abc import Mapping

from oakum.openapi.model import Json


def unsaid(claims: Mapping[str, Json], name: str) -> bool:
    """Whether a claim, or a step on its path, is absent or null. Anything else that cannot be read
    is a value, and not an absent claim."""
    value: Json = claims
    for part in claim_path(name):
        if not isinstance(value, Mapping):
            return value is None
        value = value.get(part)
    return value is None


def claim_path(name: str) -> tuple[str, ...]:
    """Path of a claim: dots lead into objects (`realm_access.roles`), unless the name is
    collision-resistant (RFC 7519, 4.2: `https://x.test/roles`, `urn:x.y:roles`), recognised by a
    `/`, or a `:` before the first dot."""
    whole = "/" in name or ":" in name.partition(".")[0]
    return (name,) if whole else tuple(name.split("."))


def claim_value(claims: Mapping[str, Json], name: str) -> Json:
    """A claim's value; None if absent. A claim named `a.b` is not the `b` of `a`: an issuer may let
    users choose the one and not the other."""
    value: Json = claims
    for part in claim_path(name):
        if not isinstance(value, Mapping):
            return None
        value = value.get(part)
    return value


def with_claim(claims: Mapping[str, Json], name: str, value: Json) -> dict[str, Json]:
    """A copy of the claims with `value` at a claim's path."""
    for part in reversed(claim_path(name)):
        value = {part: value}
    return merge_claims(claims, value)


def merge_claims(some: Mapping[str, Json], others: Mapping[str, Json]) -> dict[str, Json]:
    """Merges two sets of claims; `others` takes precedence, and objects are merged by member."""
    made = dict(some)
    for name, value in others.items():
        before = made.get(name)
        if isinstance(before, dict) and isinstance(value, dict):
            value = merge_claims(before, value)
        made[name] = value
    return made
