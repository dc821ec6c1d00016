"""A rowing club in memory that talks before its endpoint, and an engine in front of it.

Ann, bob and cat row; dan does too and is none of the identities. An endpoint is a method called as
its operation; a test that wants a leak replaces one.
"""

from __future__ import annotations

import tempfile
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import orjson

from oakum.authz import Model, compile_contract
from oakum.exchange import Exchange, Request, Response
from oakum.exposure.cells.matrix import Matrix
from oakum.exposure.endpoints.probes import survey
from oakum.exposure.evidence import Redactor
from oakum.exposure.findings import conclude
from oakum.exposure.known_identities import KnownIdentities
from oakum.exposure.values.knowledge import Knowledge
from oakum.finding import Finding
from oakum.policy.contract import load
from oakum.scan.context import Event, RunContext
from oakum.scan.engine import Engine
from oakum.scan.evaluation.evaluator import Evaluator
from oakum.scan.limits import Pace, Permissions
from oakum.scan.scheduler import Scheduler
from oakum.scan.state import RunState
from oakum.scan.techniques import account_enumeration

DOCUMENT = """\
openapi: 3.1.0
info: {title: Club, version: "1"}
security: [{token: []}]
paths:
  /me:
    get:
      operationId: getMe
      responses:
        "200":
          description: me
          content: {application/json: {schema: {$ref: "#/components/schemas/Rower"}}}
  /login/start:
    post:
      operationId: startLogin
      security: []
      requestBody: {content: {application/json: {schema: {$ref: "#/components/schemas/Start"}}}}
      responses: {"200": {description: next}}
  /login:
    post:
      operationId: login
      security: []
      requestBody:
        content:
          application/x-www-form-urlencoded: {schema: {$ref: "#/components/schemas/Login"}}
      responses: {"200": {description: a token}}
  /rowers:
    post:
      operationId: registerRower
      security: []
      requestBody: {content: {application/json: {schema: {$ref: "#/components/schemas/New"}}}}
      responses: {"201": {description: made}, "409": {description: taken}}
  /password/reset:
    post:
      operationId: resetPassword
      security: []
      requestBody: {content: {application/json: {schema: {$ref: "#/components/schemas/Mail"}}}}
      responses: {"202": {description: on its way}}
  /account/delete:
    post:
      operationId: deleteAccount
      security: []
      requestBody: {content: {application/json: {schema: {$ref: "#/components/schemas/Mail"}}}}
      responses: {"200": {description: gone}}
  /lookup:
    get:
      operationId: lookUp
      parameters: [{name: phone, in: query, required: true, schema: {type: string}}]
      responses:
        "200":
          description: whether there is one
          content: {application/json: {schema: {type: object}}}
components:
  securitySchemes: {token: {type: http, scheme: bearer}}
  schemas:
    Start:
      type: object
      properties:
        session:
          type: object
          required: [identifier]
          properties: {identifier: {type: string, format: email}}
    Login: {type: object, properties: {email: {type: string}, password: {type: string}}}
    Mail: {type: object, required: [email], properties: {email: {type: string}}}
    New:
      type: object
      required: [email, phone, password]
      properties:
        email: {type: string}
        phone: {type: string}
        password: {type: string}
        club: {type: string}
    Rower:
      type: object
      properties:
        id: {type: integer}
        email: {type: string}
        phone: {type: string}
        first_name: {type: string}
        age: {type: integer}
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
  Rower:
    key: id
    owner: id
    main: getMe
    fields:
      id: [{see: [member]}]
      email, phone, first_name, age: [{see: [owner]}]
operations:
  startLogin: {reads: true}
"""

TARGET = "http://club.test"
PEOPLE = ("ann", "bob", "cat", "dan")


@cache
def model() -> Model:
    """The contract, compiled once."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "openapi.yaml").write_text(DOCUMENT)
        (Path(folder) / "exposure.yaml").write_text(POLICY)
        found = load(Path(folder) / "exposure.yaml")
    assert found.policy is not None
    return compile_contract(found.document, found.policy)


def reply(body: Any = None, status: int = 200, **headers: str) -> Response:
    """An answer in JSON."""
    return Response(status, {"content-type": "application/json", **headers}, orjson.dumps(body))


class Club:
    """The API as its contract wants it. `asked`: (operation, viewer, what was sent)."""

    def __init__(self) -> None:
        self.numbers = count(1)
        self.asked: list[tuple[str, str | None, dict[str, Any]]] = []
        self.rowers = {
            name: {
                "id": 700 + nth,
                "email": f"{name}.rower{nth}@mail.example",
                "phone": f"+4477009{nth}{nth}{nth}12",
                "first_name": name.title(),
                "age": 31 + nth,
            }
            for nth, name in enumerate(PEOPLE)
        }

    def of(self, field: str, value: Any) -> dict[str, Any] | None:
        """Who has such a value, if anybody."""
        return next((each for each in self.rowers.values() if each[field] == value), None)

    def __call__(self, viewer: str | None, request: Request) -> Response:
        parts = urlsplit(request.url)
        endpoint = next(
            each
            for each in model().operations.values()
            if (each.method, each.path) == (request.method, parts.path)
        )
        sent: dict[str, Any] = dict(parse_qsl(parts.query))
        if request.headers.get("content-type") == "application/json":
            sent |= orjson.loads(request.body)
        else:
            sent |= dict(parse_qsl(request.body.decode()))
        self.asked.append((endpoint.id, viewer, sent))
        if not sent and endpoint.id != "getMe":
            return reply({"error": "who?"}, 422)
        answer: Response = getattr(self, endpoint.id)(viewer, sent)
        return answer

    def getMe(self, viewer: str | None, sent: Any) -> Response:
        return reply(self.rowers[viewer]) if viewer else reply({"error": "log in"}, 401)

    def startLogin(self, viewer: str | None, sent: Any) -> Response:
        return reply({"next": "password", "n": next(self.numbers)})

    def login(self, viewer: str | None, sent: Any) -> Response:
        return reply({"error": "wrong address or password"}, 401)

    def registerRower(self, viewer: str | None, sent: Any) -> Response:
        return reply({"sent_to": sent["email"]}, 202)

    def resetPassword(self, viewer: str | None, sent: Any) -> Response:
        return reply({"sent_to": sent["email"]}, 202)

    def deleteAccount(self, viewer: str | None, sent: Any) -> Response:
        raise AssertionError("destroyed")

    def lookUp(self, viewer: str | None, sent: Any) -> Response:
        return reply({"found": False}) if viewer else reply({"error": "log in"}, 401)

    # ------------------------------------------------------------ what was asked

    def values(self, endpoint: str) -> list[str]:
        """What named somebody at an endpoint, in order; nobody's are `?`."""
        names = {each[f]: who for who, each in self.rowers.items() for f in ("email", "phone")}
        told: list[str] = []
        for operation, _, sent in self.asked:
            if operation == endpoint:
                found = {**sent, **sent.get("session", {})}
                value = found.get("email") or found.get("phone") or found.get("identifier")
                told.append(names.get(str(value), "?"))
        return told


class Played:
    """A club talked to, and what was found."""

    def __init__(
        self,
        club: Club,
        *,
        writes: bool = False,
        names: tuple[str, ...] = PEOPLE[:3],
        pace: Pace | None = None,
    ) -> None:
        ids = {name: frozenset({str(club.rowers[name]["id"])}) for name in names}
        identities = KnownIdentities(model().policy, ids, {}, {})
        knowledge = Knowledge()
        probes, _ = survey(model(), {})
        matrix = Matrix(model(), probes, identities)
        redactor = Redactor(b"key", frozenset({"id", "email", "next", "first_name"}))
        self.events: list[Event] = []
        evaluator = Evaluator(model(), identities, knowledge, matrix, redactor)
        context = RunContext(
            model(), TARGET, club, self.events.append, lambda who: (),
            may=Permissions(writes=writes),
            pace=pace,
        )  # fmt: skip
        self.engine = Engine(context, RunState(identities, knowledge, matrix, evaluator, probes))
        me = Request("GET", f"{TARGET}/me")
        given = [("getMe", n, Exchange(me, club.getMe(n, {}))) for n in names]
        Scheduler(self.engine, (account_enumeration,)).explore(given)
        self.findings: list[Finding] = conclude(
            model(), identities, matrix, self.engine.results.signals
        )

    @property
    def told(self) -> set[tuple[str, str, str, str]]:
        """(rule, field, viewer, verdict) of all that was found."""
        return {(f.rule, f.field, f.viewer, f.verdict) for f in self.findings}
