"""A harbour in memory that is asked in GraphQL, and an engine in front of it.

Ann, bob and cat sail, dan does too and is none of the identities. What each root's field answers is
a function of the caller; a test that wants a leak replaces one.
"""

from __future__ import annotations

import base64
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import orjson
from graphql import (
    GraphQLError,
    OperationDefinitionNode,
    build_schema,
    execute_sync,
    parse,
    print_ast,
    validate,
)

from oakum.authz import compile_contract
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
from oakum.scan.scheduler import Scheduler
from oakum.scan.state import RunState
from oakum.scan.techniques import graphql_paths

DOCUMENT = """\
openapi: 3.1.0
info: {title: Harbour, version: "1"}
security: [{token: []}]
paths:
  /me:
    get:
      operationId: getMe
      responses:
        "200":
          description: me
          content: {application/json: {schema: {$ref: "#/components/schemas/Sailor"}}}
  /api/graphql:
    METHOD:
      operationId: ask
      BODY
      responses: {"200": {description: what was asked}}
components:
  securitySchemes: {token: {type: http, scheme: bearer}}
  schemas:
    Sailor:
      type: object
      properties:
        id: {type: integer}
        nick: {type: string}
        phone: {type: string}
        home_town: {type: string}
    Boat:
      type: object
      properties:
        id: {type: integer}
        name: {type: string}
        insurance: {type: string}
        captain_id: {type: integer}
        captain: {$ref: "#/components/schemas/Sailor"}
"""

BODY = """\
requestBody:
        content: {application/json: {schema: {type: object, properties: {query: {type: string}}}}}
"""

POLICY = """\
exposure: 1
api: openapi.yaml
caller: {operation: getMe, id: /id}
relations:
  member: {authenticated: true}
  owner: {is: owner}
resources:
  Sailor:
    key: id
    owner: id
    fields:
      __typename, id, nick: [{see: [member]}]
      phone, home_town: [{see: [owner]}]
  Boat:
    key: id
    owner: OWNER
    fields:
      __typename, id, name, captain_id: [{see: [member]}]
      insurance: [{see: [owner]}]
"""
FILE = "operations:\n  ask: {graphql: schema.graphql, reads: true}\n"

SDL = """\
type Query {
  me: Sailor
  sailor(id: ID!): Sailor
  node(id: ID!): Node
  berths(first: Int, after: String): BerthPage
  find(text: String!): [Found!]
  "Removes what nobody has asked for in a while."
  tidy: Boolean
  readAndBurn(id: ID!): Note
  weather(region: Region!): Weather
}
type Mutation { sink(id: ID!): Boolean }
enum Region { NORTH SOUTH }
interface Node { id: ID! }
union Found = Sailor | Boat
type Note { text: String }
type Weather { wind: Int, at: Float }
type Berth { number: Int, boat: Boat }
type BerthPage { items: [Berth!], total: Int }
type Sailor implements Node { id: ID! nick: String! phone: String home_town: String boats: [Boat!] }
type Boat implements Node { id: ID! name: String insurance: String captain: Sailor! }
"""

TARGET = "http://harbour.test"
PEOPLE = ("ann", "bob", "cat", "dan")
NOWHERE = Response(404, {"content-type": "text/html"}, b"<h1>nothing here</h1>")


class Harbour:
    """The API as its contract wants it. `asked`: (viewer, query) of all that was executed."""

    def __init__(self, sdl: str = SDL) -> None:
        self.schema = build_schema(sdl)
        self.asked: list[tuple[str | None, str]] = []
        self.sailors: dict[int, dict[str, Any]] = {
            700 + nth: {
                "__typename": "Sailor",
                "id": 700 + nth,
                "nick": name,
                "phone": f"+44 7700 900{nth}{nth}12",
                "home_town": f"Port {name.title()} on Sea",
            }
            for nth, name in enumerate(PEOPLE)
        }
        self.boats: dict[int, dict[str, Any]] = {
            40 + nth: {
                "__typename": "Boat",
                "id": 40 + nth,
                "name": f"MS {name}",
                "insurance": f"policy-of-{name}-{nth}81",
                "captain": 700 + nth,
            }
            for nth, name in enumerate(PEOPLE)
        }
        self.roots: dict[str, Callable[..., Any]] = {
            "me": lambda me: self.sailor(me, me),
            "sailor": lambda me, id: self.sailor(me, int(id)),
            "node": lambda me, id: self.node(me, id),
            "berths": lambda me, first=9, after=None: self.berths(me, first),
            "find": lambda me, text: [
                self.sailor(me, id) for id, each in self.sailors.items() if text in each["nick"]
            ],
            "weather": lambda me, region: {"wind": 4, "at": len(self.asked) / 7},
        }

    # ------------------------------------------------------------ what the contract lets see

    def sailor(self, me: int, id: int, *, raw: bool = False) -> dict[str, Any] | None:
        each = self.sailors.get(id)
        if each is None:
            return None
        shown = each if raw or id == me else {k: each[k] for k in ("__typename", "id", "nick")}
        boats = [boat for boat, row in self.boats.items() if row["captain"] == id]
        return {**shown, "boats": lambda _: [self.boat(me, boat) for boat in boats]}

    def boat(self, me: int, id: int, *, raw: bool = False) -> dict[str, Any] | None:
        each = self.boats.get(id)
        if each is None:
            return None
        shown = dict(each)
        if not raw and each["captain"] != me:
            del shown["insurance"]
        return {**shown, "captain": lambda _: self.sailor(me, each["captain"])}

    def node(self, me: int, id: str, *, raw: bool = False) -> dict[str, Any] | None:
        number = int(id)
        return self.sailor(me, number, raw=raw) or self.boat(me, number, raw=raw)

    def berths(self, me: int, first: int, *, raw: bool = False) -> dict[str, Any]:
        rows = [{"number": id, "boat": self.boat(me, id, raw=raw)} for id in self.boats]
        return {"items": rows[:first], "total": len(rows)}

    # ------------------------------------------------------------ asking

    def __call__(self, viewer: str | None, request: Request) -> Response:
        parts = urlsplit(request.url)
        me = 700 + PEOPLE.index(viewer) if viewer else 0
        if parts.path == "/me":
            keys = ("id", "nick", "phone", "home_town")
            return reply({key: self.sailors[me][key] for key in keys}) if viewer else reply({}, 401)
        assert parts.path == "/api/graphql"
        sent = dict(parse_qsl(parts.query)) or orjson.loads(request.body)
        variables = sent.get("variables") or {}
        given = orjson.loads(variables) if isinstance(variables, str) else variables
        return self.graphql(viewer, me, sent["query"], given)

    def graphql(self, viewer: str | None, me: int, query: str, variables: Any) -> Response:
        if viewer is None:
            return reply({"errors": [{"message": "log in"}]}, 401)
        document = parse(query)
        for each in document.definitions:
            assert not isinstance(each, OperationDefinitionNode) or each.operation.value == "query"
        if mistakes := [*validate(self.schema, document), *self.refuses(document)]:
            return reply({"errors": [each.formatted for each in mistakes]}, 400)
        self.asked.append((viewer, print_ast(document)))
        roots = {
            name: (lambda _, _f=each, **given: _f(me, **given)) for name, each in self.roots.items()
        }
        return reply(
            execute_sync(self.schema, document, roots, variable_values=variables).formatted
        )

    def refuses(self, document: Any) -> list[GraphQLError]:
        """What a server has against a query besides."""
        return []


def reply(body: Any = None, status: int = 200) -> Response:
    """An answer in JSON."""
    return Response(status, {"content-type": "application/json"}, orjson.dumps(body))


def global_id(type: str, id: int) -> str:
    """As Relay makes them."""
    return base64.b64encode(f"{type}:{id}".encode()).decode()


class Sailed:
    """A harbour looked at, and what was found."""

    def __init__(
        self,
        api: Callable[[str | None, Request], Response],
        *,
        sdl: str | None = SDL,
        owner: str = "captain.id",
        method: str = "post",
        body: str = BODY,
        names: tuple[str, ...] = PEOPLE[:3],
        told: bool = True,
        more: str = "",
    ) -> None:
        """`sdl`: the file that the policy names; None: it names none. `told`: who-am-I has. `more`:
        further resources of the policy."""
        with tempfile.TemporaryDirectory() as folder:
            document = DOCUMENT.replace("METHOD", method)
            (Path(folder) / "openapi.yaml").write_text(document.replace("BODY", body.strip()))
            policy = POLICY.replace("OWNER", owner) + more + ("" if sdl is None else FILE)
            (Path(folder) / "exposure.yaml").write_text(policy)
            (Path(folder) / "schema.graphql").write_text(sdl or "")
            contract = load(Path(folder) / "exposure.yaml")
        assert contract.policy is not None
        self.model = model = compile_contract(contract.document, contract.policy)
        ids = {name: frozenset({str(700 + PEOPLE.index(name))}) for name in names}
        identities = KnownIdentities(model.policy, ids, {}, {})
        knowledge = Knowledge()
        self.probes, self.skipped = survey(model, {})
        matrix = Matrix(model, self.probes, identities)
        redactor = Redactor(b"key", frozenset({"id"}))
        self.events: list[Event] = []
        evaluator = Evaluator(model, identities, knowledge, matrix, redactor)
        context = RunContext(
            model, TARGET, api, self.events.append, lambda who: (f"As: ${who}",),
            graphs=contract.graphs,
            accounts={name: next(iter(known)) for name, known in ids.items() if told},
        )  # fmt: skip
        state = RunState(identities, knowledge, matrix, evaluator, self.probes)
        self.engine = engine = Engine(context, state)
        me = Request("GET", f"{TARGET}/me")
        given = [("getMe", name, Exchange(me, api(name, me))) for name in names if told]
        Scheduler(engine, (graphql_paths,)).explore(given)
        self.findings: list[Finding] = conclude(model, identities, matrix, engine.results.signals)

    @property
    def told(self) -> set[tuple[str, str, str]]:
        """(rule, `Resource.field`, viewer) of what is proven."""
        return {
            (f.rule, f"{f.resource}.{f.field}", f.viewer)
            for f in self.findings
            if f.verdict == "proven"
        }

    @property
    def requests(self) -> int:
        """Requests to the endpoint of GraphQL."""
        return sum(e.kind == "ask" and "graphql" in str(e.data["path"]) for e in self.events)
