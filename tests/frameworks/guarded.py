"""A contract over the echoes, its guards, and what they judged of a request that passes."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import unquote_to_bytes

import yaml

from oakum.authz.strict_json import read
from oakum.policy.contract import load
from tests.conformance.exchange_lua import WORKERS, LuaGuard
from tests.conformance.exchange_python import PythonGuard
from tests.conformance.exchanges import Clock, Request, Setup, Upstream

MEMBERS = ("id", "name", "city", "note", "role")
"""Of the body; `name`, `city` and `note` may be set."""
ASKED = ("q", "tags", "filter", "page", "role", "limit")
"""Of the query; `role` is undeclared, `limit` taken out by the contract."""
JSON = {"schema": {"$ref": "#/components/schemas/Thing"}}
ENDPOINT: dict[str, Any] = {
    "parameters": [
        {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}},
        {"name": "q", "in": "query", "schema": {"type": "string"}},
        {"name": "page", "in": "query", "schema": {"type": "integer"}},
        {"name": "limit", "in": "query", "schema": {"type": "integer"}},
        {"name": "tags", "in": "query", "schema": {"type": "array", "items": {"type": "string"}}},
        {"name": "filter", "in": "query", "schema": {"type": "object"}},
        {"name": "X-Locale", "in": "header", "schema": {"type": "string"}},
    ],
    "responses": {"200": {"description": "d", "content": {"application/json": JSON}}},
}
FORM = {
    "schema": {
        "type": "object",
        "properties": {
            "note": {"type": "string"},
            "tags": {"type": "array", "items": {"type": "string"}},
        },
    }
}
DOCUMENT = {
    "openapi": "3.1.0",
    "info": {"title": "echo", "version": "1"},
    "security": [{"token": []}],
    "paths": {
        "/things/{id}": {
            "get": {**ENDPOINT, "operationId": "getThing"},
            "put": {
                **ENDPOINT,
                "operationId": "putThing",
                "requestBody": {"content": {"application/json": JSON}},
            },
            "post": {
                **ENDPOINT,
                "operationId": "sendNote",
                "responses": {"204": {"description": "done"}},
                "requestBody": {
                    "content": {
                        "application/x-www-form-urlencoded": FORM,
                        "multipart/form-data": FORM,
                    }
                },
            },
            "delete": {**ENDPOINT, "operationId": "deleteThing"},
        }
    },
    "components": {
        "securitySchemes": {"token": {"type": "apiKey", "in": "header", "name": "x-key"}},
        "schemas": {
            "Thing": {
                "type": "object",
                "properties": {"id": {"type": "string"}, **{n: {} for n in MEMBERS[1:]}},
            }
        },
    },
}
POLICY = {
    "exposure": 1,
    "api": "openapi.yaml",
    "caller": {"operation": "getThing", "id": "/id"},
    "relations": {"anyone": {}, "owner": {"is": "owner"}},
    "resources": {
        "Thing": {
            "key": "id",
            "owner": {"path": "id"},
            "main": "getThing",
            "fields": {
                "id": [{"see": ["anyone"]}],
                "name, city, note": [{"see": ["anyone"], "set": ["anyone"]}],
                "role": [{"see": ["anyone"]}],
            },
        }
    },
    "operations": {
        "getThing": {"call": ["anyone"], "without": ["limit"]},
        "putThing": {"call": ["anyone"], "without": ["limit"]},
        "sendNote": {"call": ["anyone"], "without": ["limit"]},
        "deleteThing": {"call": ["owner"]},
    },
}
ANY = object()
SCRIPT = [{"request": {"target": "/things/t1"}, "answer": {"body": '{"id":"t1"}'}}]
"""Of the API, for the guards' own questions: whose object a write touches."""


@contextmanager
def guards(**guard: Any) -> Iterator[dict[str, PythonGuard | LuaGuard]]:
    """The reference and the Lua runtime, by the same contract."""
    with TemporaryDirectory() as text:
        folder = Path(text)
        (folder / "openapi.yaml").write_text(yaml.safe_dump(DOCUMENT))
        (folder / "exposure.yaml").write_text(yaml.safe_dump({**POLICY, "guard": guard}))
        setup = Setup(load(folder / "exposure.yaml"), folder, Upstream(SCRIPT), Clock(), {})
        yield {
            "python": PythonGuard(setup),
            "lua": LuaGuard(setup, f"{folder}/state", worker=WORKERS.next()),
        }


def onward(guard: PythonGuard | LuaGuard, request: Request) -> Request | None:
    """What goes on to the API; None: nothing."""
    return guard.exchange(request).forwarded


def judged(sent: Request) -> dict[str, Any]:
    """What the guard took a request for that it lets through, in the words of the echoes."""
    fields: Any = {}
    if sent.body:
        kind = sent.header("content-type") or ""
        fields = read(sent.body)[0] if "json" in kind else pairs(sent.body.decode())
    return {
        "method": sent.method,
        "fields": fields if isinstance(fields, dict) else {},
        "query": pairs(sent.target.partition("?")[2]),
    }


def pairs(text: str) -> dict[str, Any]:
    """URL-encoded pairs; what the document calls a list or an object may be said in many ways, all
    of them under a name that is declared."""
    found: dict[str, list[str]] = {}
    for piece in text.split("&"):
        name, _, value = piece.partition("=")
        if name:
            found.setdefault(_decoded(name).partition("[")[0], []).append(_decoded(value))
    return {name: ANY if name in ("tags", "filter") else each[-1] for name, each in found.items()}


def _decoded(text: str) -> str:
    return unquote_to_bytes(text.replace("+", " ")).decode()


def same(one: Any, other: Any) -> bool:
    """Whether two values are one; numbers as JSON's readers agree on them, as doubles (RFC 8259,
    6), of which those past the greatest are none."""
    if one is ANY:
        return True
    if isinstance(one, float) and math.isinf(one):
        return other is None or other == "Infinity" or isinstance(other, int | float)
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, int | float) and isinstance(other, int | float):
        return float(one) == float(other)
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(one[name], other[name]) for name in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    return type(one) is type(other) and bool(one == other)


def differences(sent: Request, parsed: dict[str, Any]) -> list[str]:
    """Where a framework parsed something that the guard did not judge. One that makes nothing of a
    member, a parameter or the whole body sets nothing by it."""
    wanted, found = judged(sent), []
    if parsed["method"] != wanted["method"]:
        found.append("method")
    for part, names in (("fields", MEMBERS), ("query", ASKED)):
        there, here = wanted[part], parsed[part]
        for name in names:
            if name in here and not (name in there and same(there[name], here[name])):
                found.append(f"{part}.{name}")
    return found


def dumped(value: Any) -> bytes:
    return json.dumps(value).encode()
