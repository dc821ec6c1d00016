"""Names of credentials that are a tenant's key."""

from __future__ import annotations

import pytest

from oakum.routing.tenant_words import is_tenants_key


@pytest.mark.parametrize(
    ("where", "name", "is_key"),
    [
        ("header", "X-Tenant-Id", True),
        ("header", "x-org-key", True),
        ("cookie", "workspaceId", True),
        ("query", "tenant_id", False),
        ("header", "X-Api-Key", False),
        ("header", "X-Tenant-Signature", False),
    ],
)
def test_a_word_for_tenant_and_otherwise_words_for_a_key(
    where: str, name: str, is_key: bool
) -> None:
    assert is_tenants_key(where, name) is is_key
