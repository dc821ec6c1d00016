"""Memos that people make, change and delete, where a write says more than what it writes.

`Desk("tag")`: what `asks` names is asked for at each write: the `version` of the memo in the body,
its entity `tag` in `If-Match` (`header`: the document says so), its version in the `query`
(`unsaid`: no response shows it), a `reason` of ten characters, a
`lock` that the caller has set, its `kind` in the body, or a `confirm` flag of a deletion.
"""

from __future__ import annotations

import copy
import itertools
import json
from collections.abc import Collection
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from oakum_catalogue.kit import Entry

TOKENS = {"uta": "uta-key-4c81aa", "ove": "ove-key-77b0d2"}


def document(asks: Collection[str], makes: bool = True) -> dict[str, Any]:
    """The desk's own description."""
    memo = {"$ref": "#/components/schemas/Memo"}
    body = {"type": "object", "properties": {"text": {"type": "string"}}}
    if "version" in asks:
        body["properties"]["version"] = {"type": "integer"}
        body["required"] = ["version"]
    if "kind" in asks:
        body["properties"]["kind"] = {"type": "string"}
        body["required"] = ["kind"]
    if "reason" in asks:
        body["properties"]["reason"] = {"type": "string", "minLength": 10}
        body["required"] = ["reason"]
    tag = {"name": "If-Match", "in": "header", "required": True, "schema": {"type": "string"}}
    more = [tag] if "header" in asks else []
    said_version = {"name": "version", "in": "query", "required": True}
    more += [{**said_version, "schema": {"type": "integer"}}] if "query" in asks else []
    flag = {"name": "confirm", "in": "query", "required": True, "schema": {"type": "boolean"}}
    seal = {"name": "seal", "in": "query", "required": True, "schema": {"type": "string"}}
    flags = [flag] * ("confirm" in asks) + [seal] * ("seal" in asks)
    one = {"name": "id", "in": "path", "required": True, "schema": {"type": "integer"}}

    def said(schema: Any, status: str = "200") -> dict[str, Any]:
        content = {"application/json": {"schema": schema}}
        return {"responses": {status: {"description": "x", "content": content}}}

    def sent(schema: Any) -> dict[str, Any]:
        return {"requestBody": {"content": {"application/json": {"schema": schema}}}}

    new = {"type": "object", "required": ["text"], "properties": {"text": {"type": "string"}}}
    paths: dict[str, Any] = {
        "/me": {"get": {"operationId": "me", **said({"type": "object"})}},
        "/memos": {"get": {"operationId": "memos", **said({"type": "array", "items": memo})}},
        "/memos/{id}": {
            "parameters": [one],
            "get": {"operationId": "memo", **said(memo)},
            "patch": {"operationId": "edit", "parameters": more, **sent(body), **said(memo)},
        },
    }
    if makes:
        paths["/memos"]["post"] = {"operationId": "make", **sent(new), **said(memo, "201")}
        paths["/memos/{id}"]["delete"] = {
            "operationId": "drop", "parameters": [*more, *flags],
            "responses": {"204": {"description": "gone"}},
        }  # fmt: skip
    members = {"id": "integer", "by": "string", "text": "string", "kind": "string"}
    members |= {} if "unsaid" in asks else {"version": "integer"}
    known = {name: {"type": kind} for name, kind in members.items()}
    return {
        "openapi": "3.1.0", "info": {"title": "Desk", "version": "1"}, "security": [{"token": []}],
        "paths": paths,
        "components": {
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
            "schemas": {"Memo": {"type": "object", "properties": known}},
        },
    }  # fmt: skip


EXPOSURE = """\
exposure: 1
api: openapi.yaml
caller: {operation: me, id: /name}
relations:
  owner: {is: owner}
  person: {authenticated: true}
resources:
  Memo:
    key: id
    owner: by
    main: MAIN
    fields:
      id, by, kind, version: [{see: [owner]}]
      text: [{see: [owner]}, {set: [SETS]}]
operations:
  me: {untested: it says who asks}
  edit: {sets: {Memo: ""}}
"""
MAKES = """\
  make: {sets: {Memo: ""}, call: [person]}
  drop: {call: [owner]}
"""


class Desk:
    """All memos. `leaks`: operations that anybody may call; `never`: what the API never does."""

    def __init__(
        self, *asks: str, leaks: Collection[str] = (), never: Collection[str] = ()
    ) -> None:
        self.asks, self.leaks, self.never = asks, leaks, never
        self.numbers = itertools.count(701)
        self.memos: dict[int, dict[str, Any]] = {}
        self.applied: list[str] = []
        """Writes that were done: method and caller."""
        self.locks: dict[int, str] = {}
        for who in TOKENS:
            for nth in (1, 2):
                self.keep(who, f"what {who} thinks of {nth}")
        self.before = copy.deepcopy(self.memos)

    def keep(self, who: str, text: str) -> dict[str, Any]:
        id = next(self.numbers)
        self.memos[id] = {"id": id, "by": who, "text": text, "kind": "plain", "version": 3}
        return self.memos[id]

    def kept(self) -> dict[int, dict[str, Any]]:
        """All memos, without what the API itself records about a write."""
        return {
            id: {name: value for name, value in memo.items() if name != "version"}
            for id, memo in self.memos.items()
        }

    def shown(self, memo: dict[str, Any]) -> dict[str, Any]:
        """What a response shows of a memo."""
        return {n: v for n, v in memo.items() if n != "version" or "unsaid" not in self.asks}

    def unchanged(self) -> bool:
        was = {id: {n: v for n, v in m.items() if n != "version"} for id, m in self.before.items()}
        return self.kept() == was

    def refuses(self, request: Request, said: dict[str, Any], memo: dict[str, Any]) -> int:
        """Why a write is not even looked at: a status, or 0."""
        asks, tag = self.asks, f'"{memo["version"]}"'
        patch = request.method == "PATCH"
        given = request.headers.get("if-match", "")
        if {"tag", "header"} & {*asks} and given not in (tag, "*"):
            return 412 if given else 428
        if "query" in asks and request.query_params.get("version") != str(memo["version"]):
            return 409
        if patch and "version" in asks and said.get("version") != memo["version"]:
            return 409 if "version" in said else 422
        if patch and "reason" in asks and len(str(said.get("reason", ""))) < 10:
            return 422
        if patch and "kind" in asks and "kind" not in said:
            return 422
        if patch and "lock" in asks:
            return 423
        if patch and "csrf" in asks:
            return 403
        if not patch and "confirm" in asks and request.query_params.get("confirm") != "true":
            return 400
        return 400 if not patch and "seal" in asks else 0

    def app(self) -> Starlette:
        def whose(request: Request) -> str:
            token = request.headers.get("authorization", "").removeprefix("Bearer ")
            return next((who for who, known in TOKENS.items() if known == token), "")

        async def me(request: Request) -> Response:
            return JSONResponse({"name": whose(request)}, 200 if whose(request) else 401)

        async def memos(request: Request) -> Response:
            who = whose(request)
            if not who:
                return Response(status_code=401)
            if request.method == "POST":
                return JSONResponse(self.keep(who, (await request.json())["text"]), 201)
            return JSONResponse([self.shown(e) for e in self.memos.values() if e["by"] == who])

        async def memo(request: Request) -> Response:
            who, found = whose(request), self.memos.get(int(request.path_params["id"]))
            name = {"GET": "memo", "PATCH": "edit", "DELETE": "drop"}[request.method]
            if not who:
                return Response(status_code=401)
            if found is None or (found["by"] != who and name not in self.leaks):
                return Response(status_code=404)
            if name == "memo":
                return JSONResponse(self.shown(found), headers={"etag": f'"{found["version"]}"'})
            raw = await request.body()
            said = json.loads(raw) if raw else {}
            if (status := self.refuses(request, said, found)) or name in self.never:
                return Response(status_code=status or 409)
            self.applied.append(f"{request.method} {who}")
            if name == "drop":
                del self.memos[found["id"]]
                return Response(status_code=204)
            taken = ("text", "kind") if "kind" in self.asks else ("text",)
            for name in taken:
                found[name] = str(said.get(name, found[name]))
            found["version"] += 1
            return JSONResponse(self.shown(found))

        made = Starlette(
            routes=[
                Route("/me", me),
                Route("/memos", memos, methods=["GET", "POST"]),
                Route("/memos/{id}", memo, methods=["GET", "PATCH", "DELETE"]),
            ]
        )
        made.state.db = self.memos
        return made

    def entry(self, *, makes: bool = True, sets: str = "owner", main: str = "memo") -> Entry:
        """All that a scan needs. `sets`: who may set the text of a memo."""
        exposure = EXPOSURE.replace("MAIN", main).replace("SETS", sets)
        exposure = exposure.replace(", {set: []}", "") + (MAKES if makes else "")
        if "unsaid" in self.asks:
            exposure = exposure.replace(", version:", ":")
        if "kind" in self.asks:
            line = "version: [{see: [owner]}]\n"
            kind = f"{line}      kind: [{{see: [owner]}}, {{set: [owner]}}]\n"
            exposure = exposure.replace("kind, version", "version").replace(line, kind)
        lines = "".join(
            f"  {who}: {{header: 'Authorization: Bearer {token}'}}\n"
            for who, token in TOKENS.items()
        )
        return Entry(
            "desk", "P12", "memos", "bearer", json.dumps(document(self.asks, makes)), exposure,
            lambda _: f"identities:\n{lines}", lambda mode, seed: self.app(), (), (),
            ("--allow-writes",),
        )  # fmt: skip
