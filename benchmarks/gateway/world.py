"""What every variant is measured on: two answers, two callers, and the contract between them.

The object has 15 fields. A member sees eight of another member's, ten when that one is not
private, and all fifteen of their own. Callers take turns: the owner of the object, and a stranger.
"""

from __future__ import annotations

import base64
import json
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
from joserfc import jwt
from joserfc.jwk import KeySet, OctKey, RSAKey

ISSUER, AUDIENCE = "https://login.example", "api"
OWNER, STRANGER = "u7", "u21"
OBJECT, LIST = "/members/u7", "/members"

OPEN = ("id", "username", "image_url", "is_private", "joined_at", "tagline", "level", "workouts")
UNLESS_PRIVATE = ("location", "last_workout_at")
OWN = ("birthday", "weight", "email", "phone", "gender")

_WORDS = "rowing at dawn with the river crew and cycling home by the old towpath in any weather "


def member(number: int, length: int) -> dict[str, Any]:
    """One member of 15 fields; `length` is that of the longest one, in characters."""
    return {
        "id": f"u{number}",
        "username": f"rower_{number:04}",
        "email": f"rower_{number:04}@mail.example",
        "image_url": f"https://img.example/u/{number:06}/large.jpg",
        "is_private": number % 2 == 1,
        "tagline": (_WORDS * 8)[:length],
        "location": "Hamburg, Germany",
        "birthday": f"1984-03-{number % 28 + 1:02}",
        "gender": "female",
        "weight": 61.5,
        "phone": f"+49 40 555 {number:04}",
        "level": 12,
        "workouts": {"rowing": 120, "cycling": 88},
        "joined_at": "2019-05-04T07:12:33Z",
        "last_workout_at": "2026-11-02T06:40:00Z",
    }


BODIES = {OBJECT: member(7, 520), LIST: {"data": [member(number, 92) for number in range(1, 21)]}}


def text(path: str) -> str:
    """An answer as the API sends it."""
    return json.dumps(BODIES[path], separators=(",", ":"))


def seen(path: str, viewer: str) -> Any:
    """The answer as the contract shows it to a caller, worked out apart from Oakum."""

    def cut(one: dict[str, Any]) -> dict[str, Any]:
        names = OPEN if one["is_private"] else OPEN + UNLESS_PRIVATE
        return one if one["id"] == viewer else {name: one[name] for name in one if name in names}

    body = BODIES[path]
    return cut(body) if path == OBJECT else {"data": [cut(one) for one in body["data"]]}


def stripped(path: str) -> Any:
    """The answer without the fields that some caller may not see: all that a fixed list can do."""

    def cut(one: dict[str, Any]) -> dict[str, Any]:
        return {name: one[name] for name in one if name in OPEN}

    body = BODIES[path]
    return cut(body) if path == OBJECT else {"data": [cut(one) for one in body["data"]]}


@dataclass(frozen=True)
class World:
    """Files of the contract, and tokens: algorithm → those of the owner and of the stranger."""

    folder: Path
    tokens: dict[str, tuple[str, str]]

    @property
    def document(self) -> Path:
        return self.folder / "openapi.json"

    def policy(self, algorithm: str) -> Path:
        return self.folder / f"exposure-{algorithm}.yaml"

    def keys(self, algorithm: str) -> Path:
        """The key set that verifies; for RS256 without the private part."""
        return self.folder / f"jwks-{algorithm}.json"


def make(folder: Path, operations: int = 2, fields: int = 15) -> World:
    """Write the contract and the keys, and sign the tokens.

    More operations come with resources of their own, ten to each; more fields are a member's, and
    stand in no answer.
    """
    folder.mkdir(exist_ok=True)
    keys: dict[str, RSAKey | OctKey] = {
        "RS256": RSAKey.generate_key(2048, {"kid": "rsa", "alg": "RS256", "use": "sig"}),
        "HS256": OctKey.generate_key(256, {"kid": "oct", "alg": "HS256", "use": "sig"}),
    }
    made = World(
        folder, {name: (_signed(key, OWNER), _signed(key, STRANGER)) for name, key in keys.items()}
    )
    made.document.write_text(json.dumps(_document(operations, fields), indent=1))
    for name, key in keys.items():
        public = KeySet([key]).as_dict(private=name == "HS256")
        made.keys(name).write_text(json.dumps(public))
        made.policy(name).write_text(_policy(name, operations, fields))
    return made


def subject(token: str) -> str:
    """Whom a token of ours names."""
    part = token.split(".")[1]
    return str(json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))["sub"])


def _signed(key: RSAKey | OctKey, who: str) -> str:
    header = {"alg": key.get("alg"), "kid": key.kid}
    now = int(time.time())
    claims = {"iss": ISSUER, "aud": AUDIENCE, "sub": who, "iat": now, "exp": now + 86_400}
    return jwt.encode(header, claims, key)


def filtered(body: bytes, viewer: str) -> bytes:
    """What the contract says, by hand: decoded, cut and encoded again."""
    value = orjson.loads(body)
    for one in value.get("data", [value]):
        if one["id"] == viewer:
            continue
        for name in OWN:
            one.pop(name, None)
        if one.get("is_private", True):
            for name in UNLESS_PRIVATE:
                one.pop(name, None)
    return orjson.dumps(value)


def _policy(algorithm: str, operations: int, fields: int) -> str:
    more = "".join(f"\n      {name}: [{{see: [owner]}}]" for name in _more(fields))
    things = "".join(
        f"""
  Thing{number}:
    key: id
    owner: owner_id
    fields:
      id, owner_id: [{{see: [member, owner]}}]
      secret: [{{see: [owner]}}]"""
        for number in range(_things(operations))
    )
    return f"""\
exposure: 1
api: openapi.json
caller: {{claim: sub}}
order: [member, owner]
relations:
  member: {{authenticated: true}}
  owner: {{is: owner}}
resources:
  Member:
    key: id
    owner: id
    main: getMember
    states: {{private: {{field: is_private, missing: true}}}}
    fields:
      {", ".join(OPEN)}: [{{see: [member, owner]}}]
      {", ".join(UNLESS_PRIVATE)}:
        - see: [owner]
        - {{see: [member], when: {{private: false}}}}
      {", ".join(OWN)}: [{{see: [owner]}}]{more}{things}
guard:
  jwt:
    keys: jwks-{algorithm}.json
    algorithms: [{algorithm}]
    issuer: {ISSUER}
    audience: {AUDIENCE}
"""


def _more(fields: int) -> list[str]:
    return [f"more_{number}" for number in range(fields - 15)]


def _things(operations: int) -> int:
    """Resources beside the member."""
    return -(-(operations - 2) // 10)


def _document(operations: int, fields: int) -> dict[str, Any]:
    """OpenAPI 3.0, which every peer reads."""

    def get(id: str, schema: dict[str, Any], *parameters: dict[str, Any]) -> dict[str, Any]:
        media = {"application/json": {"schema": schema}}
        answer = {"description": "what was asked for", "content": media}
        return {
            "get": {"operationId": id, "parameters": [*parameters], "responses": {"200": answer}}
        }

    one = {"$ref": "#/components/schemas/Member"}
    many = {"type": "object", "properties": {"data": {"type": "array", "items": one}}}
    id = {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}
    paths = {"/members": get("listMembers", many), "/members/{id}": get("getMember", one, id)}
    for number in range(operations - 2):
        thing = {"$ref": f"#/components/schemas/Thing{number // 10}"}
        paths[f"/things{number // 10}/{{id}}/part{number}"] = get(f"getPart{number}", thing, id)
    own = {"id": "t1", "owner_id": "u1", "secret": "s"}
    things = {f"Thing{number}": _schema(own) for number in range(_things(operations))}
    return {
        "openapi": "3.0.3",
        "info": {"title": "members", "version": "1"},
        "servers": [{"url": "/"}],
        "security": [{"bearer": []}],
        "paths": paths,
        "components": {
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}
            },
            "schemas": {
                "Member": _schema(member(1, 1) | dict.fromkeys(_more(fields), "")),
                **things,
            },
        },
    }


_TYPES = {str: "string", bool: "boolean", int: "integer", float: "number"}


def _schema(value: Any) -> dict[str, Any]:
    if isinstance(value, dict):
        return {"type": "object", "properties": {name: _schema(value[name]) for name in value}}
    return {"type": _TYPES[type(value)]}
