"""A gym where people register themselves: what may be tried on accounts of the run's own alone.

`Gym({"role"})` takes a role from the registration; `password` lets anybody with an account set
anybody's; `guess` lets secrets be guessed; `key` signs tokens with a word; `wipe` has a reading
call that makes everything anew. A mail address on a foreign name is answered 204 and changes the
caller's own: no leak of another's. Without `goodbye` no account can be removed but by the staff.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
from collections.abc import Collection
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from oakum_catalogue.kit import Entry

LEAKS = {
    "role": ("mass-assignment", "staff", "owner", "POST /people/register"),
    "password": ("bola-write", "password", "person", "PUT /people/{name}/password"),
    "remove": ("bola-write", "name", "person", "DELETE /people/{name}"),
    "guess": ("no-login-rate-limit", "password", "anyone", "POST /login"),
    "key": ("weak-jwt-secret", "name", "anyone", "POST /login"),
    "wipe": ("unsafe-get", "*", "anyone", "GET /resetdb"),
}
PERSON = """type: object
      properties:
        name: {type: string}
        mail: {type: string, format: email}
        staff: {type: boolean}
        password: {type: string, writeOnly: true}"""
DOCUMENT = f"""\
openapi: 3.0.3
info: {{title: Gym, version: "1"}}
security: [{{bearer: []}}]
paths:
  /me:
    get:
      operationId: me
      responses: {{"200": {{$ref: "#/components/responses/Person"}}}}
  /people/register:
    post:
      operationId: register
      security: []
      requestBody:
        content:
          application/json:
            schema:
              type: object
              required: [name, password, mail]
              properties:
                name: {{type: string}}
                password: {{type: string}}
                mail: {{type: string, format: email}}
      responses: {{"201": {{description: made}}}}
  /login:
    post:
      operationId: login
      security: []
      requestBody:
        content:
          application/json:
            schema:
              type: object
              properties: {{name: {{type: string}}, password: {{type: string}}}}
      responses: {{"200": {{description: a token}}}}
  /people/{{name}}:
    parameters: [{{name: name, in: path, required: true, schema: {{type: string}}}}]
    get:
      operationId: person
      responses: {{"200": {{$ref: "#/components/responses/Person"}}}}
    delete:
      operationId: goodbye
      responses: {{"204": {{description: gone}}}}
  /people/{{name}}/password:
    put:
      operationId: setPassword
      parameters: [{{name: name, in: path, required: true, schema: {{type: string}}}}]
      requestBody:
        content: {{application/json: {{schema: {{type: object, properties: {{password: {{type: string}}}}}}}}}}
      responses: {{"204": {{description: set}}}}
  /people/{{name}}/mail:
    put:
      operationId: setMail
      parameters: [{{name: name, in: path, required: true, schema: {{type: string}}}}]
      requestBody:
        content: {{application/json: {{schema: {{type: object, properties: {{mail: {{type: string}}}}}}}}}}
      responses: {{"204": {{description: set}}}}
components:
  securitySchemes: {{bearer: {{type: http, scheme: bearer}}}}
  responses:
    Person: {{description: a person, content: {{application/json: {{schema: {{$ref: "#/components/schemas/Person"}}}}}}}}
  schemas:
    Person:
      {PERSON}
"""  # noqa: E501
WIPE = """  /resetdb:
    get:
      operationId: resetdb
      security: []
      summary: Resets the database
      responses: {"200": {description: done}}
components:
"""
EXPOSURE = """\
exposure: 1
api: openapi.yaml
caller: {operation: me, id: /name}
relations:
  anyone: {}
  owner: {is: owner}
  person: {authenticated: true}
resources:
  Person:
    key: name
    owner: name
    main: person
    fields:
      name: [{see: [person]}]
      mail: [{see: [owner]}, {set: [owner]}]
      staff: [{see: [owner]}]
      password: [{set: [owner]}]
operations:
  setPassword: {sets: {Person: ""}, call: [owner]}
  setMail: {sets: {Person: ""}, call: [owner]}
"""
IDENTITIES = """\
login: {post: /login, json: {name: $name, password: $password}, token: /token}
identities:
  ute: {name: ute-1, password: rope-climb-31}
  ole: {name: ole-2, password: bench-row-48}
"""


class Gym:
    """One gym; what has been asked of it stands in `asked`."""

    def __init__(self, leaks: Collection[str], *, goodbye: bool = True) -> None:
        self.leaks = leaks
        self.goodbye = goodbye
        self.asked: list[str] = []
        self.failed: dict[str, int] = {}
        self.key = "secret" if "key" in leaks else secrets.token_hex(32)
        self.people: dict[str, dict[str, Any]] = {
            "ute-1": _person("ute-1", "rope-climb-31"),
            "ole-2": _person("ole-2", "bench-row-48"),
        }

    def hire(self, name: str, password: str) -> None:
        """One of the staff, who may take others' accounts away."""
        self.people[name] = {**_person(name, password), "staff": True}

    def app(self) -> Starlette:
        made = Starlette(
            routes=[
                Route("/me", self.me),
                Route("/login", self.login, methods=["POST"]),
                Route("/resetdb", self.resetdb),
                Route("/people/register", self.register, methods=["POST"]),
                Route("/people/{name}", self.person, methods=["GET"]),
                Route("/people/{name}", self.remove, methods=["DELETE"]),
                Route("/people/{name}/password", self.set_password, methods=["PUT"]),
                Route("/people/{name}/mail", self.set_mail, methods=["PUT"]),
            ]
        )
        made.state.db = self.people
        return made

    def whose(self, request: Request) -> str:
        self.asked.append(f"{request.method} {request.url.path}")
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        head, _, mark = token.rpartition(".")
        if not head or not hmac.compare_digest(self.mark(head), mark):
            return ""
        payload = head.split(".")[1]
        name = json.loads(base64.urlsafe_b64decode(payload + "=="))["sub"]
        return name if name in self.people else ""

    def mark(self, head: str) -> str:
        made = hmac.new(self.key.encode(), head.encode(), hashlib.sha256).digest()
        return base64.urlsafe_b64encode(made).decode().rstrip("=")

    def view(self, row: dict[str, Any], me: str) -> dict[str, Any]:
        shown = ("name", "mail", "staff") if row["name"] == me else ("name",)
        return {name: row[name] for name in shown}

    async def me(self, request: Request) -> Response:
        me = self.whose(request)
        return JSONResponse(self.view(self.people[me], me)) if me else _no()

    async def person(self, request: Request) -> Response:
        me, row = self.whose(request), self.people.get(request.path_params["name"])
        if not me:
            return _no()
        return JSONResponse(self.view(row, me)) if row else Response(status_code=404)

    async def login(self, request: Request) -> Response:
        said = await request.json()
        name = str(said.get("name"))
        row = self.people.get(name)
        if self.failed.get(name, 0) >= 5 and "guess" not in self.leaks:
            return JSONResponse({"error": "slow down"}, 429, headers={"retry-after": "1"})
        if not row or row["password"] != said.get("password"):
            self.failed[name] = self.failed.get(name, 0) + 1
            return _no()
        parts = ({"alg": "HS256", "typ": "JWT"}, {"sub": name})
        texts = [base64.urlsafe_b64encode(json.dumps(e).encode()).decode() for e in parts]
        head = ".".join(text.rstrip("=") for text in texts)
        return JSONResponse({"token": f"{head}.{self.mark(head)}"})

    async def register(self, request: Request) -> Response:
        said = await request.json()
        if said.get("name") in self.people or not said.get("password"):
            return JSONResponse({"error": "not so"}, 409)
        row = _person(said["name"], said["password"])
        row["mail"] = said.get("mail", "")
        row["staff"] = bool(said.get("staff")) if "role" in self.leaks else False
        self.people[row["name"]] = row
        return JSONResponse({"name": row["name"]}, 201)

    async def set_password(self, request: Request) -> Response:
        me, name = self.whose(request), request.path_params["name"]
        if not me or (name != me and "password" not in self.leaks):
            return _no()
        self.people[name]["password"] = (await request.json())["password"]
        return Response(status_code=204)

    async def set_mail(self, request: Request) -> Response:
        me = self.whose(request)
        if not me:
            return _no()
        self.people[me]["mail"] = (await request.json())["mail"]  # whoever the path names
        return Response(status_code=204)

    async def remove(self, request: Request) -> Response:
        me, name = self.whose(request), request.path_params["name"]
        staff = bool(me) and self.people[me]["staff"]
        own = (self.goodbye and name == me) or "remove" in self.leaks
        if not me or not (staff or own):
            return Response(status_code=403)
        del self.people[name]
        return Response(status_code=204)

    async def resetdb(self, request: Request) -> Response:
        self.people.clear()
        self.whose(request)
        return Response()


def _person(name: str, password: str) -> dict[str, Any]:
    return {"name": name, "mail": f"{name}@gym.example", "staff": False, "password": password}


def _no() -> Response:
    return JSONResponse({"error": "who are you?"}, 401)


def entry(leaks: Collection[str], *, goodbye: bool = True) -> tuple[Entry, Gym]:
    """A gym, with all that a scan of it needs."""
    gym = Gym(leaks, goodbye=goodbye)
    wiped = DOCUMENT.replace("components:\n", WIPE, 1) if "wipe" in leaks else DOCUMENT
    made = Entry(
        "gym", "P12", "people register themselves", "bearer tokens, names as ids", wiped, EXPOSURE,
        lambda _: IDENTITIES, lambda mode, seed: gym.app(), (), (), ("--allow-writes",),
    )  # fmt: skip
    return made, gym
