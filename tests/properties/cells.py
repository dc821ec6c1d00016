"""A contract with one operation that names something, its API, and all guards in front of it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path
from typing import Any

from oakum.guard.contract_reader import ContractFiles, read_contract
from tests.conformance.exchange_lua import WORKERS, LuaGuard
from tests.conformance.exchange_middleware import AsgiGuard, WsgiGuard
from tests.conformance.exchange_python import PythonGuard
from tests.conformance.exchanges import (
    Clock,
    Outcome,
    Prepared,
    Request,
    Response,
    Setup,
    Upstream,
)
from tests.properties.carriers import TEXT, Carrier, Sent

OWN, MINE, OTHER, ABSENT = "n1own", "n4own", "n2bob", "n3non"
"""Keys: two of ann's, one of bob's, and one that is nobody's."""
OPEN = {"entries": ["shown"]}
SECRET = {"entries": ["secret"]}
_RUNS = count()

ENFORCED, CLOSED, ANNOUNCED, SILENT = "enforced", "closed", "announced", "silent"


# --------------------------------------------------------------------------- the API


class Api(Upstream):
    """What the API answers, by what a request says anywhere in it."""

    def __init__(self, answers: Callable[[Request, bytes], Any]) -> None:
        super().__init__([])
        self.answers = answers

    def answer(self, request: Request) -> Response | None:
        said = b"\n".join(
            (
                request.target.encode(),
                *(f"{n}: {v}".encode() for n, v in request.headers),
                request.body,
            )
        )
        kind = ("content-type", "application/json")
        if request.target == "/me":
            who = (request.header("cookie") or "").partition("sid=")[2].partition(";")[0]
            fresh = (kind, ("cache-control", "no-store"))
            return Response(200, fresh, json.dumps({"id": who}).encode())
        found = self.answers(request, said)
        if found is None:
            return Response(404, (kind,), b'{"message":"no"}')
        return Response(200, (kind,), json.dumps(found).encode())


def says(said: bytes, value: str) -> bool:
    """Whether a request has a value, also with an escape for its first letter."""
    return value.encode() in said or f"%{ord(value[0]):02X}{value[1:]}".encode() in said


OWNERS = {OWN: "ann", MINE: "ann", OTHER: "bob"}


def notes(request: Request, said: bytes) -> Any:
    """Notes, and what is told of those that a request names."""
    path = request.target.partition("?")[0]
    key = path.removeprefix("/notes/")
    if request.method == "GET" and path.startswith("/notes/") and "/" not in key:
        return {"nid": key, "owner": OWNERS[key], "text": "t"} if key in OWNERS else None
    if request.method == "GET" and path.startswith("/users/") and "/" not in path[7:]:
        return {"uid": path[7:], "city": "Ulm"} if path[7:] in ("ann", OTHER) else None
    if says(said, ABSENT):
        return None
    found = SECRET if says(said, OTHER) else OPEN
    return {"data": {"act": found}} if b"act(" in said else found


# --------------------------------------------------------------------------- the contract

SCHEMAS = {
    "Note": {
        "type": "object",
        "properties": dict.fromkeys(("nid", "owner", "text", "secret"), TEXT),
    },
    "User": {"type": "object", "properties": {"uid": TEXT, "city": TEXT}},
    "Card": {"type": "object", "properties": {"text": TEXT, "by": TEXT}},
    "Log": {"type": "object", "properties": {"entries": {"type": "array", "items": TEXT}}},
}
POLICY: Any = {
    "exposure": 1,
    "caller": {"operation": "getMe", "id": "/id"},
    "relations": {
        "member": {"authenticated": True},
        "owner": {"is": "owner"},
        "fan": {"in": "listFans", "id": "/*"},
    },
    "resources": {
        "Note": {
            "key": "nid",
            "owner": "owner",
            "main": "getNote",
            "fields": {
                "nid, owner": [{"see": ["owner"]}],
                "text": [{"see": ["owner"], "set": ["owner"]}],
            },
        },
        "User": {
            "key": "uid",
            "owner": "uid",
            "main": "getUser",
            "fields": {"uid, city": [{"see": ["owner"]}]},
        },
        "Card": {"owner": "by", "fields": {"text, by": [{"see": ["member"]}]}},
    },
    "operations": {
        "getMe": {"call": ["member"]},
        "getNote": {"call": ["member"]},
        "getUser": {"call": ["member"]},
        "listFans": {"call": ["member"]},
    },
    "guard": {"cookies": []},
}


def answers(schema: Any) -> Any:
    return {"200": {"description": "d", "content": {"application/json": {"schema": schema}}}}


def ref(name: str) -> Any:
    return {"$ref": f"#/components/schemas/{name}"}


@dataclass(frozen=True)
class Line:
    """The operation of a cell, and its line in the contract."""

    method: str
    carrier: Carrier
    name: str
    leaf: Any = None
    below: bool = False
    """Whether its path names an object of the caller's own."""
    beside: bool = False
    """Whether a parameter of its query does."""
    says: Mapping[str, Any] | None = None
    shows: str = "Log"
    policy: Mapping[str, Any] | None = None
    holds: bool = False
    """Whether its body holds a note beside the place."""

    @property
    def start(self) -> str:
        return "/notes/{nid}/act" if self.below else "/act"

    def files(self) -> dict[str, str]:
        made = self.carrier.declare(self.name, self.leaf or TEXT)
        operation: dict[str, Any] = {
            "operationId": "act",
            "parameters": list(made.get("parameters", ())),
            "responses": {} if "files" in made else answers(ref(self.shows)),
        }
        if "files" in made:
            operation.pop("responses")
        if self.below:
            operation["parameters"].append(
                {"name": "nid", "in": "path", "required": True, "schema": TEXT}
            )
        if self.beside:
            operation["parameters"].append({"name": "own", "in": "query", "schema": TEXT})
        content = made.get("content", {})
        if self.holds and not content:
            content = {"application/json": {"schema": ref("Note")}}
        elif self.holds:
            for each in content.values():
                if "properties" in each["schema"]:
                    each["schema"]["properties"]["note"] = ref("Note")
        if content:
            operation["requestBody"] = {"content": content}
        path = self.start + made.get("path", "")
        usual = self.method in ("GET", "PUT", "POST", "DELETE", "PATCH")
        at = (
            {self.method.lower(): operation}
            if usual
            else {"additionalOperations": {self.method: operation}}
        )
        key = {"name": "nid", "in": "path", "required": True, "schema": TEXT}
        user = {"name": "uid", "in": "path", "required": True, "schema": TEXT}
        listed = answers({"type": "array", "items": TEXT})
        document = {
            "openapi": "3.2.0",
            "info": {"title": "Carriers", "version": "1"},
            "security": [{"session": []}],
            "paths": {
                "/me": {
                    "get": {
                        "operationId": "getMe",
                        "responses": answers({"type": "object", "properties": {"id": TEXT}}),
                    }
                },
                "/notes/{nid}": {
                    "get": {
                        "operationId": "getNote",
                        "parameters": [key],
                        "responses": answers(ref("Note")),
                    }
                },
                "/users/{uid}": {
                    "get": {
                        "operationId": "getUser",
                        "parameters": [user],
                        "responses": answers(ref("User")),
                    }
                },
                "/users/{uid}/fans": {
                    "get": {"operationId": "listFans", "parameters": [user], "responses": listed}
                },
                path: at,
            },
            "components": {
                "securitySchemes": {"session": {"type": "apiKey", "in": "cookie", "name": "sid"}},
                "schemas": SCHEMAS,
            },
        }
        policy = json.loads(json.dumps(POLICY))
        for key_, value in (self.policy or {}).items():
            policy[key_] = {**policy.get(key_, {}), **value}
        line = {**made.get("own", {}), **(self.says or {})}
        policy["operations"]["act"] = line
        return {
            "openapi.yaml": json.dumps(document),
            "exposure.yaml": json.dumps({**policy, "api": "openapi.yaml"}),
            **made.get("files", {}),
        }

    def sent(self, value: str, who: str = "ann") -> Request:
        start = self.start.format(nid=OWN)
        sent = self.carrier.send(self.name, value)
        if self.holds:
            sent = _with_note(sent)
        return sent.request(self.method, start, who, f"own={OWN}" if self.beside else "")


def _with_note(sent: Sent) -> Sent:
    """The same with the text of a note in its body, where that is a JSON object."""
    if not sent.body:
        return replace(sent, body=b'{"text":"X"}', media="application/json")
    try:
        value = json.loads(sent.body)
    except ValueError:
        return sent
    if isinstance(value, dict):
        sent = replace(sent, body=json.dumps({**value, "note": {"text": "X"}}).encode())
    return sent


class Cell:
    """A contract, its guards, and what was answered; all implementations answer alike."""

    def __init__(self, line: Line, folder: Path, api: Callable[[Request, bytes], Any]) -> None:
        self.line = line
        for name, text in line.files().items():
            (folder / name).write_text(text)
        self.files: ContractFiles = read_contract(folder / "exposure.yaml")
        contract = self.files.compiled
        prepared = Prepared.__new__(Prepared)
        prepared.__dict__.update(contract=None, _plan=self.files.plan.text, compiled=contract)
        self.setups = [
            Setup(None, folder, Api(api), Clock(), {}, prepared=prepared)  # type: ignore[arg-type]
            for _ in range(4)
        ]
        for each in self.setups:
            object.__setattr__(each, "contract", _Contract(contract.policy))
        lua = LuaGuard(self.setups[0], str(folder / "state"), worker=WORKERS.next())
        self.guards = [
            lua,
            PythonGuard(self.setups[1]),
            AsgiGuard(self.setups[2]),
            WsgiGuard(self.setups[3]),
        ]

    def exchange(self, request: Request) -> Outcome:
        found = [guard.exchange(request) for guard in self.guards]
        told = [
            (
                e.response.status,
                e.response.body,
                e.forwarded and (e.forwarded.target, e.forwarded.body),
            )
            for e in found
        ]
        assert all(each == told[0] for each in told[:2]), (request, told)
        assert all(each[:2] == told[0][:2] for each in told), (request, told)
        return found[0]

    def later(self, seconds: float = 1e5) -> None:
        for each in self.setups:
            each.clock.now += seconds

    def announced(self) -> bool:
        """Whether a warning of `guard check` names the operation and the place."""
        made = self.line.carrier
        stated = made.stated(self.line.name)
        bare = stated.partition("[")[0].split(".")[-1]
        names = {stated, bare, self.line.name} - {""}
        kinds = [*made.declare(self.line.name, TEXT).get("content", ())]
        names |= {
            kind for kind in kinds if not made.named or not stated or kind != "application/json"
        }
        return any(
            "`act`" in each.message
            and any(
                f"`{n}`" in f"{each.message} {each.hint}" or f"{n}:" in (each.hint or "")
                for n in names
            )
            for each in self.files.warnings
        )

    def verdict(self, held: bool, works: bool) -> str:
        if held:
            return ENFORCED if works else CLOSED
        return ANNOUNCED if self.announced() else SILENT


@dataclass(frozen=True)
class _Contract:
    policy: Any
