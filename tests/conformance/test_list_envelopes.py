"""What well-known envelopes say of the list in them: whole, or that there is more.

Every member is declared, so that only its name and its value say something.
"""

from __future__ import annotations

import copy
import itertools
import json
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from oakum.policy.contract import load
from tests import quick_yaml
from tests.conformance.exchanges import Clock, Guard, Request, Setup, Upstream
from tests.conformance.test_exchanges import IMPLEMENTATIONS

Said = dict[str, Any]
NUMBERS = itertools.count()
"""A new owner for each example, so that no look-up is answered from an earlier one."""
TABLE = quick_yaml.load(Path(__file__).with_name("list_envelopes.yaml").read_text())
IDS: list[Said] = TABLE["ids"]
ENVELOPES: dict[str, Said] = TABLE["envelopes"]
KEYS = {name: f"l{number}" for number, name in enumerate(ENVELOPES)}


def laid(value: Any, over: Any) -> Any:
    if not (isinstance(value, dict) and isinstance(over, dict)):
        return copy.deepcopy(over)
    return {**value, **{name: laid(value.get(name), each) for name, each in over.items()}}


def _shape(values: list[Any]) -> Said:
    """What declares all of some values."""
    some = [each for each in values if each is not None]
    if not some:
        return {}
    first = some[0]
    if isinstance(first, dict):
        names = dict.fromkeys(name for each in some for name in each)
        below = {n: _shape([each[n] for each in some if n in each]) for n in names}
        return {"type": "object", "properties": below}
    if isinstance(first, list):
        return {"type": "array", "items": _shape([each for one in some for each in one])}
    kinds = {bool: "boolean", str: "string"}
    types = dict.fromkeys(kinds.get(type(each), "number") for each in some)
    return {"type": next(iter(types)) if len(types) == 1 else [*types]}


def _document() -> Said:
    def answer(schema: Said) -> Said:
        content = {"application/json": {"schema": schema}}
        return {"responses": {"200": {"description": "one", "content": content}}}

    text = {"type": "string"}
    members = dict.fromkeys(("id", "by", "looked"), text)
    paths: Said = {"/me": {"get": {"operationId": "getMe", **answer(_shape([{"id": "x"}]))}}}
    schemas: Said = {}
    for name, said in ENVELOPES.items():
        whole = said["whole"]
        made = _shape([whole, *(laid(whole, each) for each in said["more"])])
        if name == "an account":
            schemas["Account"] = made
            made = {"$ref": "#/components/schemas/Account"}
        note = f"N{KEYS[name]}"
        schemas[note] = {"type": "object", "properties": members}
        shown = answer({"$ref": f"#/components/schemas/{note}"})
        paths[f"/{note}"] = {"get": {"operationId": f"get{note}", **shown}}
        paths[f"/users/{{id}}/{KEYS[name]}"] = {
            "parameters": [{"name": "id", "in": "path", "required": True, "schema": text}],
            "get": {"operationId": f"get{KEYS[name]}", **answer(made)},
        }
    security = {"session": {"type": "apiKey", "in": "cookie", "name": "sid"}}
    return {
        "openapi": "3.1.0", "info": {"title": "Lists", "version": "1"},
        "security": [{"session": []}], "paths": paths,
        "components": {"securitySchemes": security, "schemas": schemas},
    }  # fmt: skip


def _policy() -> Said:
    relations: Said = {"owner": {"is": "owner"}}
    account = {
        "key": "id",
        "owner": "id",
        "fields": {"id, city, verified, height": [{"see": ["owner"]}]},
    }
    resources: Said = {"Account": account}
    for name, said in ENVELOPES.items():
        key = KEYS[name]
        relations[f"on_{key}"] = {"in": f"get{key}", "id": said["at"]}
        relations[f"off_{key}"] = {"authenticated": True, "unless": [f"on_{key}"]}
        fields: Said = {"id, by": [{"see": ["owner"]}], "looked": [{"see": [f"off_{key}"]}]}
        resources[f"N{key}"] = {"key": "id", "owner": "by", "fields": fields}
    return {
        "exposure": 1, "api": "openapi.yaml", "caller": {"operation": "getMe", "id": "/id"},
        "relations": relations, "resources": resources,
        "operations": {"getMe": {}},
    }  # fmt: skip


def setup_in(folder: Path) -> Setup:
    """A guard of all envelopes, each the list of its own relation."""
    (folder / "openapi.yaml").write_text(json.dumps(_document()))
    (folder / "exposure.yaml").write_text(json.dumps(_policy()))
    return Setup(load(folder / "exposure.yaml"), folder, Upstream([]), Clock(), {})


@pytest.fixture(scope="module", params=sorted(IMPLEMENTATIONS))
def guarded(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Guard, Setup]]:
    setup = setup_in(tmp_path_factory.mktemp("lists"))
    with ExitStack() as stack:
        yield stack.enter_context(IMPLEMENTATIONS[request.param](setup)), setup


def is_shown(guarded: tuple[Guard, Setup], name: str, body: Said, headers: Said) -> bool:
    """Whether ann is shown what only those may see who are not on a list."""
    guard, setup = guarded
    owner = f"owner{next(NUMBERS)}"
    note = {"id": "n", "by": owner, "looked": "S"}
    answers = {"/me": {"id": "ann"}, f"/N{KEYS[name]}": note, f"/users/{owner}/{KEYS[name]}": body}
    setup.upstream.script[:] = [
        {
            "request": {"target": target},
            "answer": {"body": json.dumps(each), "headers": headers if "users" in target else {}},
        }
        for target, each in answers.items()
    ]
    got = guard.exchange(Request("GET", f"/N{KEYS[name]}", (("cookie", "sid=1"),))).response
    return b'"looked"' in got.body


@pytest.mark.parametrize("name", ENVELOPES)
def test_an_envelope_with_a_whole_list_is_known_to_be_whole(
    guarded: tuple[Guard, Setup], name: str
) -> None:
    assert is_shown(guarded, name, ENVELOPES[name]["whole"], {})


MORE = [(name, each) for name, said in ENVELOPES.items() for each in said["more"]]


@pytest.mark.parametrize(("name", "over"), MORE)
def test_one_that_says_that_there_is_more_or_a_failure_is_not(
    guarded: tuple[Guard, Setup], name: str, over: Said
) -> None:
    assert not is_shown(guarded, name, laid(ENVELOPES[name]["whole"], over), {})


HEADERS = [
    ("x-served-from", "stale", False), ("x-throttled", "true", False),
    ("x-maintenance", "1", False), ("x-chunk", "1/2", False), ("x-shown", "3 of 4", False),
    ("link", '</x?cursor=a>; rel="more"', False), ("link", '</x>; rel="more"', False),
    ("link", '</x>; rel="older"', False), ("link", '</x?page=2>; rel="weiter"', False),
    ("x-chunk", "2/2", True), ("x-throttled", "false", True), ("x-from-cache", "1", True),
    ("x-request-id", "stalemate", True), ("link", '</x>; rel="describedby"', True),
    ("cache-control", "max-age=60, stale-while-revalidate=60", True),
    ("x-ratelimit-used", "1/100", True),
    ("content-location", "/x?page=2", False), ("content-location", "/x?limit=3", False),
    ("content-location", "/x?page=1&page[size]=3", False),
    ("content-location", "/x?cursor=a", False), ("x-original-url", "/x?offset=3", False),
    ("content-location", "/x", True), ("content-location", "/x?page=1&limit=50", True),
    ("preference-applied", "odata.maxpagesize=3", False),
    ("preference-applied", "return=minimal, maxpagesize=3", False),
    ("preference-applied", "odata.maxpagesize=50", True),
    ("preference-applied", "return=representation", True),
    ("odata-maxpagesize", "3", False), ("sforce-locator", "MTAw", False),
    ("x-bookmark", "abc", False), ("x-acme-bookmark", "abc", False), ("x-bookmark", "", True),
    ("resume", "abc", False), ("x-limit-reached", "true", False),
    ("x-limit-reached", "false", True), ("x-limited", "true", False),
    ("x-list-complete", "false", False), ("x-list-complete", "true", True),
    ("x-available", "4", False), ("x-available", "3", True), ("x-matches", "4", False),
    ("x-number-of-results", "4", False), ("x-number-of-results", "3", True),
    ("vorhanden", "4", False), ("x-alles", "false", False), ("x-note", "showing 3 of 4", False),
    ("x-data-age", "999", False), ("x-data-age", "0", True), ("x-cache-age", "999", False),
    ("etag", '"33a64df5"', True), ("date", "Thu, 03 Dec 2026 14:06:05 GMT", True),
    ("last-modified", "Thu, 03 Dec 2026 14:06:05 GMT", True), ("server", "nginx/1.24.0", True),
    ("x-request-id", "7", True), ("x-request-id", "9f1c of 4", True),
    ("x-correlation-id", "123456", True), ("x-trace-id", "123456", True),
    ("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", True),
    ("x-b3-sampled", "1", True), ("x-cloud-trace-context", "105445aa7843bc8b/0;o=1", True),
    ("x-amzn-trace-id", "Root=1-67891233-abcdef012345678912345678;Sampled=1", True),
    ("x-ratelimit-limit", "100", True), ("x-ratelimit-remaining", "99", True),
    ("x-ratelimit-reset", "1760000000", True), ("ratelimit", "limit=100, remaining=50", True),
    ("ratelimit-policy", "100;w=60", True), ("x-rate-limit-limit", "100", True),
    ("cache-control", "private, max-age=60", True), ("expires", "0", True),
    ("x-cache", "MISS", True), ("x-cache-hits", "0", True), ("x-cache-hits", "7", True),
    ("vary", "accept, cookie", True), ("x-powered-by", "Express", True),
    ("x-runtime", "0.014", True), ("x-response-time", "14", True), ("x-response-time", "4ms", True),
    ("x-process-time", "0.2", True), ("x-envoy-upstream-service-time", "12", True),
    ("x-kong-upstream-latency", "12", True), ("x-api-version", "7", True),
    ("server-timing", "db;dur=53, app;dur=47.2", True), ("x-version", "2026", True),
    ("keep-alive", "timeout=5, max=3", True), ("access-control-max-age", "600", True),
    ("access-control-allow-credentials", "false", True), ("accept-ranges", "bytes", True),
    ("alt-svc", 'h3=":443"; ma=2592000', True), ("x-xss-protection", "1; mode=block", True),
    ("strict-transport-security", "max-age=31536000", True), ("x-varnish", "32770", True),
    ("content-language", "de", True), ("x-served-by", "cache-fra-1", True),
    ("x-timer", "S1760000000.1,VS0,VE3", True), ("x-region", "eu-1", True),
    ("x-datadog-trace-id", "5577006791947779410", True), ("x-upload-limit", "1000", True),
    ("referrer-policy", "no-referrer", True), ("x-robots-tag", "noindex", True),
]  # fmt: skip


@pytest.mark.parametrize(("header", "said", "shown"), HEADERS)
def test_headers_of_any_name_may_say_so_too(
    guarded: tuple[Guard, Setup], header: str, said: str, shown: bool
) -> None:
    body = {"data": IDS}
    assert is_shown(guarded, "members of unknown names", body, {header: said}) is shown
