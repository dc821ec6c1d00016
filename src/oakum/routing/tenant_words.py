"""Recognises names of parameters and credentials that select a tenant."""

from __future__ import annotations

import re

_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+")
TENANT_WORDS = frozenset(
    (
        *("tenant", "tenants", "org", "organization", "organisation", "workspace", "realm"),
        *("namespace", "company", "shop", "site"),
    )
)
KEY_WORDS = frozenset(("id", "ids", "key", "slug", "name", "code", "uuid"))


def name_words(name: str) -> list[str]:
    """The words of a name in lower case and in their order: `X-Tenant-Id` and `xTenantId` have the
    same."""
    return [word.lower() for word in _WORD.findall(name)]


def is_tenants_key(where: str, name: str) -> bool:
    """Whether the name of a header or cookie credential consists of a word for a tenant and words
    for a key."""
    words = {*name_words(name)}
    called = words <= TENANT_WORDS | KEY_WORDS | {"x"} and not TENANT_WORDS.isdisjoint(words)
    return where != "query" and called
