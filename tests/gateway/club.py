"""A club that shows too much: its members, who is whose friend, and knobs to make it fail."""

from __future__ import annotations

import json
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.scan.servers import UNAUTHORIZED, Call, Reply, serve

DOCUMENT = """
openapi: 3.1.0
info: {title: Club, version: "1"}
security: [{token: []}]
paths:
  /me:
    get:
      operationId: getMe
      responses: {"200": {$ref: "#/components/responses/Member"}}
  /members/{id}:
    get:
      operationId: getMember
      security: [{}, {token: []}]
      parameters: [{name: id, in: path, required: true, schema: {type: string}}]
      responses: {"200": {$ref: "#/components/responses/Member"}}
  /members/{id}/friends:
    get:
      operationId: listFriends
      parameters: [{name: id, in: path, required: true, schema: {type: string}}]
      responses:
        "200":
          description: ok
          content:
            application/json:
              schema:
                type: object
                properties:
                  data: {type: array, items: {$ref: "#/components/schemas/Friend"}}
components:
  securitySchemes: {token: {type: http, scheme: bearer}}
  responses:
    Member:
      description: ok
      content: {application/json: {schema: {$ref: "#/components/schemas/Member"}}}
  schemas:
    Member:
      type: object
      properties: {id: {type: string}, name: {type: string}, city: {type: string},
                   email: {type: string}}
    Friend: {type: object, properties: {id: {type: string}}}
"""
POLICY = """
exposure: 1
api: openapi.yaml
caller: {operation: getMe, id: /id}
relations:
  anyone: {}
  member: {authenticated: true}
  owner: {is: owner}
  friend: {in: listFriends, id: /data/*/id}
resources:
  Member:
    key: id
    owner: id
    fields:
      id, name: [{see: [anyone]}]
      city: [{see: [owner, friend]}]
      email: [{see: [owner]}]
  Friend:
    key: id
    owner: none
    fields: {id: [{see: [member]}]}
limits:
  callers: {rate: 100000, per: 1m}
  Member: {distinct: LIMIT, per: 1h}
guard:
  service: {header: x-service-key, env: CLUB_KEY}
  ttl: 1s
  timeout: 60s
"""
KEY = "made-up-club-key"
NAMES = {f"tok-{name}": name for name in ("ann", "bob", "cat")}
FRIENDS = {"ann": ["bob"]}


@dataclass
class Club:
    """Everybody gets everything; only `/me` and the friends need somebody."""

    folder: Path
    url: str = ""
    slow: dict[str, float] = field(default_factory=dict)
    """Operation → seconds before its answer."""
    asked: Counter[str] = field(default_factory=Counter)

    def __call__(self, call: Call) -> Reply:
        token = call.headers.get("authorization", "").removeprefix("Bearer ")
        who = KEY if call.headers.get("x-service-key") == KEY else NAMES.get(token, "")
        _, first, *rest = call.path.split("/")
        kind = "friends" if rest[1:] else first
        self.asked[kind] += 1
        time.sleep(self.slow.get(kind, 0))
        if kind != "members" and not who:
            return UNAUTHORIZED
        if kind == "friends":
            return Reply(200, {"data": [{"id": each} for each in FRIENDS.get(rest[0], [])]})
        name = who if kind == "me" else rest[0]
        body = {"id": name, "name": name.title(), "city": f"{name}-city", "email": f"{name}@x"}
        return Reply(200, {**body, "password": f"{name}-secret"})

    @property
    def contract(self) -> Path:
        return self.folder / "exposure.yaml"

    def write(self, limit: int = 1000, policy: str = POLICY) -> Path:
        (self.folder / "openapi.yaml").write_text(DOCUMENT, encoding="utf-8")
        text = policy.replace("LIMIT", str(limit))
        self.contract.write_text(text, encoding="utf-8")
        return self.contract

    @contextmanager
    def serving(self) -> Iterator[str]:
        with serve(self) as server:
            self.url = server.url
            yield server.url


def fields(body: bytes) -> set[str]:
    """Members of an answer."""
    return set(json.loads(body))


def main() -> None:
    """By hand: `python -m tests.gateway.club PORT`."""
    with serve(Club(Path()), int(sys.argv[1])):
        print("ready", flush=True)
        threading.Event().wait()


if __name__ == "__main__":
    main()
