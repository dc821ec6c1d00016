"""A small leaking API with a contract, and ways in which real targets misbehave."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from tests.scan.servers import Call, Reply

PASSWORDS = {"ada": "ada-pass-9f3kq", "bea": "bea-pass-x71mz"}
PEOPLE: dict[str, dict[str, Any]] = {
    "p-1001-ada": {
        "id": "p-1001-ada",
        "name": "Ada Q. Canary-One",
        "phone": "+49-canary-551-001",
        "diary": "slept badly, canary-ada-778",
    },
    "p-1002-bea": {
        "id": "p-1002-bea",
        "name": "Bea R. Canary-Two",
        "phone": "+49-canary-551-002",
        "diary": "walked far, canary-bea-779",
    },
}
NAMES = {"ada": "p-1001-ada", "bea": "p-1002-bea"}
SECRETS = (*PASSWORDS.values(),)
VALUES = tuple(v for each in PEOPLE.values() for k, v in each.items() if k != "id") + tuple(PEOPLE)

DOCUMENT = """\
openapi: 3.0.3
info: {title: clinic, version: "1"}
security: [{bearer: []}]
paths:
  /login:
    post:
      operationId: login
      security: []
      responses: {"200": {description: ok}}
  /me:
    get:
      operationId: getMe
      responses:
        "200": {description: ok, content: {application/json: {schema: {$ref: "#/components/schemas/Patient"}}}}
  /patients:
    get:
      operationId: listPatients
      responses:
        "200":
          description: ok
          content:
            application/json:
              schema:
                type: object
                properties:
                  data: {type: array, items: {$ref: "#/components/schemas/Patient"}}
  /patients/{patientId}:
    parameters: [{name: patientId, in: path, required: true, schema: {type: string}}]
    get:
      operationId: getPatient
      responses:
        "200": {description: ok, content: {application/json: {schema: {$ref: "#/components/schemas/Patient"}}}}
  /patients/{patientId}/settings:
    parameters: [{name: patientId, in: path, required: true, schema: {type: string}}]
    get:
      operationId: getSettings
      responses:
        "200": {description: ok, content: {application/json: {schema: {$ref: "#/components/schemas/Settings"}}}}
    put:
      operationId: putSettings
      requestBody: {content: {application/json: {schema: {$ref: "#/components/schemas/Settings"}}}}
      responses: {"200": {description: ok}}
  /purge:
    get: {operationId: purgeAll, responses: {"200": {description: gone}}}
components:
  securitySchemes: {bearer: {type: http, scheme: bearer}}
  schemas:
    Patient:
      type: object
      properties:
        id: {type: string}
        name: {type: string}
        phone: {type: string}
        diary: {type: string}
    Settings:
      type: object
      properties:
        is_private: {type: boolean}
        theme: {type: string}
"""

POLICY = """\
exposure: 1
api: openapi.yaml
caller: {operation: getMe, id: /id}
relations:
  anyone: {}
  member: {authenticated: true}
  owner: {is: owner}
resources:
  Settings:
    owner: {path: patientId}
    states:
      private:
        {field: is_private, missing: true, switch: {operation: putSettings, set: /is_private}}
    fields:
      is_private, theme: [{see: [owner]}]
  Patient:
    key: id
    owner: id
    main: getPatient
    states: {private: {of: Settings.private, missing: true}}
    promise: "Your diary is yours alone unless you open it"
    fields:
      id, name: [{see: [member]}]
      phone: [{see: [owner]}]
      diary: [{see: [owner]}, {see: [member], when: {private: false}}]
"""

IDENTITIES = """\
login:
  operation: login
  json: {username: $username, password: $password}
  token: /token
identities:
  ada: {username: ada, password: {env: ADA_PASSWORD}}
  bea: {username: bea, password: {env: BEA_PASSWORD}}
"""


def write(folder: Path, policy: bool = True) -> Path:
    """Contract and identities in a folder; the contract's path."""
    (folder / "openapi.yaml").write_text(DOCUMENT)
    (folder / "exposure.yaml").write_text(POLICY)
    (folder / "identities.yaml").write_text(IDENTITIES)
    (folder / "identities.yaml").chmod(0o600)
    return folder / ("exposure.yaml" if policy else "openapi.yaml")


@dataclass
class Clinic:
    """The API. `leaks`: any member reads phone and diary, private or not."""

    leaks: bool = True
    expire_every: int = 0
    """A token is good for so many requests."""
    wrong_password: bool = False
    before: Callable[[Call, int], Reply | None] = lambda call, number: None
    """May answer instead, given the number of the request."""
    people: dict[str, dict[str, Any]] = field(
        default_factory=lambda: json.loads(json.dumps(PEOPLE))
    )
    settings: dict[str, dict[str, Any]] = field(
        default_factory=lambda: {
            "p-1001-ada": {"is_private": True, "theme": "dusk"},
            "p-1002-bea": {"is_private": True, "theme": "dawn"},
        }
    )
    number: int = 0
    tokens: dict[str, tuple[str, int]] = field(default_factory=dict)

    def __call__(self, call: Call) -> Reply:
        self.number += 1
        early = self.before(call, self.number)
        if early is not None:
            return early
        if call.path == "/login":
            return self._login(call)
        who = self._who(call)
        if call.path == "/.well-known/security.txt":
            return Reply(404, {"error": "not found"})
        if who is None:
            return Reply(401, {"error": "log in"})
        return self._route(call, who)

    def _login(self, call: Call) -> Reply:
        sent = call.json
        if self.wrong_password or PASSWORDS.get(sent["username"]) != sent["password"]:
            return Reply(401, {"error": "wrong password"})
        token = f"tok-{sent['username']}-{self.number:06d}"
        self.tokens[token] = (NAMES[sent["username"]], 0)
        return Reply(200, {"token": token})

    def _who(self, call: Call) -> str | None:
        token = call.headers.get("authorization", "").removeprefix("Bearer ")
        who, used = self.tokens.get(token, (None, 0))
        if who is None or (self.expire_every and used >= self.expire_every):
            return None
        self.tokens[token] = (who, used + 1)
        return who

    def _route(self, call: Call, who: str) -> Reply:
        parts = call.path.strip("/").split("/")
        if call.path == "/me":
            return Reply(200, self.people[who])
        if call.path == "/purge":
            raise AssertionError("a destructive GET was called")
        if call.path == "/patients":
            return Reply(200, {"data": [self._view(each, who) for each in self.people]})
        if parts[0] == "patients" and len(parts) > 1 and parts[1] in self.people:
            return self._patient(call, parts, who)
        return Reply(404, {"error": "not found"})

    def _patient(self, call: Call, parts: list[str], who: str) -> Reply:
        whose = parts[1]
        if len(parts) == 2 and call.method == "GET":
            return Reply(200, self._view(whose, who))
        if len(parts) == 3 and whose == who:
            if call.method == "PUT":
                self.settings[whose] = call.json
            return Reply(200, self.settings[whose])
        return Reply(404, {"error": "not found"})

    def _view(self, whose: str, who: str) -> dict[str, Any]:
        person = self.people[whose]
        if whose == who or self.leaks:
            return person
        seen = {"id": person["id"], "name": person["name"]}
        if not self.settings[whose]["is_private"]:
            seen["diary"] = person["diary"]
        return seen


def after(number: int, reply: Reply) -> Callable[[Call, int], Reply | None]:
    """Answer like this from the given request on."""
    return lambda call, count: reply if count > number else None


__all__ = ["Clinic", "after", "replace", "write"]
