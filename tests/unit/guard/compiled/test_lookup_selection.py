"""Which parameters select what a request is about, and what is said of look-ups that cannot be
asked."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from oakum.guard.compiled.compiled_contract import CompiledContract, compile_for_gateway
from oakum.guard.compiled.lookup_selection import LookupSelection
from oakum.policy.contract import load
from tests import quick_yaml
from tests.conformance.exchanges import FOLDER

TENANTS = quick_yaml.load((FOLDER / "contracts" / "tenants.yaml").read_text())
ITEMS = ("/me", "/users/{uid}", "/users/{uid}/friends", "/notes/{nid}", "/peers")


def read(folder: Path, parameters: list[dict[str, Any]], *, paths: tuple[str, ...] = ITEMS) -> Any:
    """The contract whose paths have these parameters instead of theirs."""
    made = copy.deepcopy(TENANTS)
    for path, item in made["document"]["paths"].items():
        item["parameters"] = parameters if path in paths else []
        if path.endswith(("friends", "hosts")):
            item["get"].pop("parameters")
    (folder / "openapi.yaml").write_text(json.dumps(made["document"]))
    policy = {**made["policy"], "api": "openapi.yaml"}
    (folder / "exposure.yaml").write_text(json.dumps(policy))
    return compile_for_gateway(load(folder / "exposure.yaml"))


def said(compiled: CompiledContract, word: str) -> list[tuple[str, str]]:
    return [(e.message, e.hint) for e in compiled.lookups.warnings if word in e.message]


@pytest.mark.parametrize(
    ("where", "name", "selects"),
    [
        ("header", "X-Tenant", True),
        ("header", "X-Account-Id", True),
        ("header", "X-Role", True),
        ("header", "X-User", True),
        ("header", "X-Order-Id", True),
        ("header", "X-Fields", False),
        ("header", "X-Per-Page", False),
        ("header", "X-User-Locale", False),
        ("header", "Accept-Version", False),
        ("header", "Content-Digest", False),
        ("header", "User-Agent", False),
        ("header", "If-Match", False),
        ("header", "Range", False),
        ("header", "traceparent", False),
        ("header", "Idempotency-Key", False),
        ("cookie", "org", True),
        ("cookie", "sid", False),  # a credential
        ("query", "space", True),
        ("query", "pageSize", False),
        ("query", "q", False),
        ("query", "status", False),
    ],
)
def test_what_shapes_a_response_selects_nothing(
    where: str, name: str, selects: bool, tmp_path: Path
) -> None:
    compiled = read(tmp_path, [{"name": name, "in": where, "schema": {"type": "string"}}])
    found = compiled.lookups.selections["getUser"]
    names = {"header": found.headers, "cookie": found.cookies, "query": found.query}[where]
    assert names == ((name.lower() if where == "header" else name,) if selects else ())
    assert found.needed == ()
    assert set(found.unclear) <= {"shop"}  # a tenant of two other operations


def test_a_parameter_that_few_operations_have_may_filter(tmp_path: Path) -> None:
    few = ("/users/{uid}", "/users/{uid}/friends")
    filters = {"name": "team", "in": "query", "schema": {"type": "string"}}
    tenant = {"name": "org_id", "in": "query", "schema": {"type": "string"}}
    compiled = read(tmp_path, [filters, tenant], paths=few)
    found = compiled.lookups.selections["listFriends"]
    assert (found.query, found.unclear) == (("org_id", "team"), ("org_id", "shop", "team"))
    told = [message for message, _ in said(compiled, "`listFriends` lists")]
    assert [name for name in ("org_id", "team", "shop") if f"`{name}`" in " ".join(told)] == [
        "org_id",
        "team",
    ]


@pytest.mark.parametrize(
    ("name", "schema", "unclear"),
    [
        ("team", {"type": "string"}, True),
        ("team", {"type": ["boolean"]}, False),
        ("team", {"type": "string", "format": "date"}, False),
        ("include_team", {"type": "string"}, False),
        ("withTenant", {"type": "string"}, True),
        ("team", {"type": "string", "enum": ["a"]}, False),
    ],
)
def test_an_option_of_a_list_leaves_no_look_up_unasked(
    name: str, schema: dict[str, Any], unclear: bool, tmp_path: Path
) -> None:
    few = ("/users/{uid}", "/users/{uid}/friends")
    compiled = read(tmp_path, [{"name": name, "in": "query", "schema": schema}], paths=few)
    assert (name in compiled.lookups.selections["listFriends"].unclear) is unclear
    assert bool(said(compiled, f"`{name}`")) is unclear


def test_a_tenant_that_a_look_up_does_not_have_is_named(tmp_path: Path) -> None:
    tenant = {"name": "tenantId", "in": "query", "schema": {"type": "string"}}
    compiled = read(tmp_path, [tenant], paths=("/users/{uid}",))
    [(message, _)] = said(compiled, "`listFriends` has no query parameter `shop`, `tenantId`")
    assert "`getUser`" in message
    assert "tenantId" in compiled.lookups.selections["listFriends"].unclear
    assert "tenantId" not in compiled.lookups.selections["getMe"].unclear  # one account everywhere
    assert not said(compiled, "`getMe` has no")


def test_a_version_that_most_operations_have_is_no_tenant(tmp_path: Path) -> None:
    version = {"name": "api-version", "in": "query", "schema": {"type": "string"}}
    few = tuple(path for path in ITEMS if not path.endswith("friends"))
    compiled = read(tmp_path, [version], paths=few)
    assert "api-version" not in compiled.lookups.selections["listFriends"].unclear
    assert not said(compiled, "api-version")


def test_a_look_up_that_nothing_fills_is_named_with_the_line_to_add(tmp_path: Path) -> None:
    header = {"name": "X-Tenant", "in": "header", "required": True, "schema": {"type": "string"}}
    compiled = read(tmp_path, [header])
    [(message, hint)] = said(compiled, "`listFriends` requires")
    assert "the header parameter `x-tenant`" in message
    assert "`getOpen`" in message
    assert "`getUser`" not in message
    assert "`{name: x-tenant, in: header, required: true}`" in hint
    default = header | {"schema": {"type": "string", "default": "acme"}}
    compiled = read(tmp_path, [default])
    assert said(compiled, "requires") == []
    [supplied] = compiled.lookups.selections["listFriends"].supplied
    assert (supplied.value, supplied.only) == ("acme", False)


@pytest.mark.parametrize(
    ("names", "shaping"),
    [
        (("X-Tenant-Id", "X-Org"), ()),
        (("X-Request-Id", "X-App-Version", "X-Device-Id", "Idempotency-Key"), ()),
        (("X-View", "X-Start-At"), (("header", "X-View"), ("header", "X-Start-At"))),
        (("X-User-Id", "X-Source"), (("header", "X-User-Id"), ("header", "X-Source"))),
    ],
)
def test_what_may_shorten_a_look_up_is_called_like_no_tenant_and_no_client(
    names: tuple[str, ...], shaping: tuple[tuple[str, str], ...]
) -> None:
    assert LookupSelection(headers=names).shaping == shaping


def test_a_parameter_of_the_query_may_shorten_a_look_up_unless_it_is_a_version() -> None:
    found = LookupSelection(query=("mini", "org_id", "space", "version"))
    assert found.shaping == (("query", "mini"), ("query", "space"))


@pytest.mark.parametrize(
    ("name", "may"),
    [
        *(
            (each, True)
            for each in ("source", "client", "app", "key", "debug", "trace", "timestamp")
        ),
        *((each, False) for each in ("v", "api-version", "app_key", "apiKey", "token")),
        ("client_version", False),
    ],
)
def test_a_word_of_clients_is_no_version_and_no_key(name: str, may: bool) -> None:
    """`?source=web` may filter the list of the blocked."""
    assert bool(LookupSelection(query=(name,)).shaping) is may
