"""Lockers: an API with the defects of many, and a contract that closes them from outside.

Each defect is a pattern: a debug endpoint with passwords, a member's address for everybody, a
secret for whoever asks, a password that anybody sets, a member that makes an account staff, a login
that tells which names exist. The document is silent about all of them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from tests.scan.servers import UNAUTHORIZED, Call, Reply

DOCUMENT = """
openapi: 3.0.3
info: {title: Lockers, version: "1"}
paths:
  /accounts:
    get: {operationId: listAccounts, responses: {"200": {$ref: "#/components/responses/Accounts"}}}
    post:
      operationId: register
      requestBody: {$ref: "#/components/requestBodies/Account"}
      responses: {"200": {$ref: "#/components/responses/Said"}}
  /accounts/dump:
    get: {operationId: dump, responses: {"200": {$ref: "#/components/responses/Accounts"}}}
  /accounts/{handle}:
    get:
      operationId: getAccount
      parameters: [{$ref: "#/components/parameters/Handle"}]
      responses: {"200": {$ref: "#/components/responses/Account"}}
    delete:
      operationId: closeAccount
      security: [{token: []}]
      parameters: [{$ref: "#/components/parameters/Handle"}]
      responses: {"200": {$ref: "#/components/responses/Said"}}
  /accounts/{handle}/password:
    put:
      operationId: setPassword
      security: [{token: []}]
      parameters: [{$ref: "#/components/parameters/Handle"}]
      requestBody: {$ref: "#/components/requestBodies/Account"}
      responses: {"204": {description: done}}
  /login:
    post:
      operationId: login
      requestBody: {$ref: "#/components/requestBodies/Account"}
      responses: {"200": {$ref: "#/components/responses/Said"}}
  /me:
    get:
      operationId: whoAmI
      security: [{token: []}]
      responses: {"200": {$ref: "#/components/responses/Account"}}
  /lockers:
    post:
      operationId: rent
      security: [{token: []}]
      requestBody: {$ref: "#/components/requestBodies/Locker"}
      responses: {"200": {$ref: "#/components/responses/Said"}}
  /lockers/{number}:
    get:
      operationId: getLocker
      security: [{token: []}]
      parameters: [{name: number, in: path, required: true, schema: {type: string}}]
      responses: {"200": {$ref: "#/components/responses/Locker"}}
  /reset:
    get: {operationId: reset, responses: {"200": {$ref: "#/components/responses/Said"}}}
components:
  securitySchemes: {token: {type: http, scheme: bearer}}
  parameters: {Handle: {name: handle, in: path, required: true, schema: {type: string}}}
  requestBodies:
    Account: {content: {application/json: {schema: {$ref: "#/components/schemas/Account"}}}}
    Locker: {content: {application/json: {schema: {$ref: "#/components/schemas/Locker"}}}}
  responses:
    Account:
      description: one
      content: {application/json: {schema: {$ref: "#/components/schemas/Account"}}}
    Accounts:
      description: all
      content:
        application/json: {schema: {type: array, items: {$ref: "#/components/schemas/Account"}}}
    Locker:
      description: one
      content: {application/json: {schema: {$ref: "#/components/schemas/Locker"}}}
    Said:
      description: ok
      content: {application/json: {schema: {$ref: "#/components/schemas/Said"}}}
  schemas:
    Account:
      type: object
      properties: {handle: {type: string}, phone: {type: string}, password: {type: string},
                   staff: {type: boolean}}
    Locker:
      type: object
      properties: {number: {type: string}, holder: {type: string}, code: {type: string}}
    Said:
      type: object
      properties: {ok: {type: boolean}, why: {type: string}, token: {type: string}}
"""
POLICY = """
exposure: 1
api: openapi.yaml
caller: {operation: whoAmI, id: /handle}
relations:
  anyone: {}
  member: {authenticated: true}
  owner: {is: owner}
  staff: {claim: staff, has: true}
resources:
  Account:
    key: handle
    owner: handle
    main: getAccount
    conceal: false
    fields:
      handle: [{see: [anyone]}]
      phone, staff: [{see: [owner, staff]}]
      password: [{set: [owner]}]
  Locker:
    key: number
    owner: holder
    fields:
      number: [{see: [anyone], set: [member]}]
      holder: [{see: [member]}]
      code: [{see: [owner], set: [member]}]
  Entry:
    owner: none
    conceal: false
    fields: {"handle, password, phone": [{set: [anyone]}]}
  Said:
    owner: none
    conceal: false
    fields:
      ok, token: [{see: [anyone]}]
      why: []
operations:
  dump: {call: []}
  reset: {call: [], reads: false}
  whoAmI: {call: [member]}
  register: {call: [anyone], sets: {Entry: ""}}
  login: {call: [anyone], sets: {Entry: ""}}
  setPassword: {call: [owner], owner: handle}
  closeAccount: {call: [staff]}
  rent: {call: [member]}
limits:
  anonymous: {rate: 40, per: 1h}
"""


def account(handle: str, staff: bool = False) -> dict[str, object]:
    """An account as it is kept."""
    password, phone = f"{handle}-hunter2", f"phone-of-{handle}"
    return {"handle": handle, "password": password, "phone": phone, "staff": staff}


def said(ok: bool, why: str, **more: object) -> Reply:
    return Reply(200, {"ok": ok, "why": why, **more})


@dataclass
class Lockers:
    """The server, as one who has written none before might write it."""

    accounts: dict[str, dict[str, object]] = field(default_factory=dict)
    lockers: dict[str, dict[str, str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        self.accounts = {each: account(each, each == "sue") for each in ("ann", "bob", "sue")}
        self.lockers = {"7": {"number": "7", "holder": "bob", "code": "code-of-bob"}}

    def __call__(self, call: Call) -> Reply:
        who = call.headers.get("authorization", "").removeprefix("Bearer token-")
        match (call.method, *call.path.strip("/").split("/")):
            case "GET", "reset":
                self.reset()
                return said(True, "as new")
            case "GET", "accounts":
                return Reply(200, [self._short(each) for each in self.accounts])
            case "GET", "accounts", "dump":
                return Reply(200, [*self.accounts.values()])
            case "GET", "accounts", handle if handle in self.accounts:
                return Reply(200, self._short(handle))
            case "POST", "accounts":
                return self._register(call.json)
            case "POST", "login":
                return self._login(call.json["handle"], call.json["password"])
        return self._inside(call, who) if who in self.accounts else UNAUTHORIZED

    def _inside(self, call: Call, who: str) -> Reply:
        """For anybody who is logged in; nothing here asks whose a thing is."""
        match (call.method, *call.path.strip("/").split("/")):
            case "GET", "me":
                return Reply(200, {**self._short(who), "staff": self.accounts[who]["staff"]})
            case "PUT", "accounts", handle, "password":
                self.accounts[handle]["password"] = call.json["password"]
                return Reply(204, b"")
            case "DELETE", "accounts", handle if self.accounts[who]["staff"]:
                return said(self.accounts.pop(handle, None) is not None, "gone")
            case "POST", "lockers":
                self.lockers[call.json["number"]] = {"holder": who, **call.json}
                return said(True, "rented")
            case "GET", "lockers", number if number in self.lockers:
                return Reply(200, self.lockers[number])
        return Reply(404, {"ok": False})

    def _short(self, handle: str) -> dict[str, object]:
        return {name: self.accounts[handle][name] for name in ("handle", "phone")}

    def _register(self, sent: dict[str, object]) -> Reply:
        handle = str(sent["handle"])
        if handle in self.accounts:
            return said(False, "this name is taken")
        self.accounts[handle] = {"staff": False, **sent}
        return said(True, "welcome")

    def _login(self, handle: str, password: str) -> Reply:
        if handle not in self.accounts:
            return said(False, "there is no such name")
        if self.accounts[handle]["password"] != password:
            return said(False, "the password is wrong")
        return said(True, "welcome", token=f"token-{handle}")


def written(folder: Path) -> Path:
    """The contract, with its document beside it."""
    (folder / "openapi.yaml").write_text(DOCUMENT, encoding="utf-8")
    policy = folder / "exposure.yaml"
    policy.write_text(POLICY, encoding="utf-8")
    return policy
