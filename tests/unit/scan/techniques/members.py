"""A directory of members in memory that leaves out who is not listed, and an engine before it.

Ann and cat are listed, bob and eve are not; dan is none of the identities. How the directory is
asked is for a test to say, and a test that wants a leak replaces an endpoint.
"""

from __future__ import annotations

import tempfile
from functools import cache
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
from oakum.scan.context import RunContext
from oakum.scan.engine import Engine
from oakum.scan.evaluation.evaluator import Evaluator
from oakum.scan.scheduler import Scheduler
from oakum.scan.state import RunState
from oakum.scan.techniques import bulk_exposure

DOCUMENT = """\
openapi: 3.1.0
info: {title: Members, version: "1"}
security: [{token: []}]
paths:
  /me:
    get:
      operationId: getMe
      responses:
        "200":
          description: me
          content: {application/json: {schema: {$ref: "#/components/schemas/Member"}}}
  /members:
    METHOD:
      operationId: findMembers
      REQUEST
      responses:
        "200":
          description: those who are found
          content:
            application/json:
              schema:
                type: object
                properties:
                  hits: {type: array, items: {$ref: "#/components/schemas/Member"}}
                  asked: {}
components:
  securitySchemes: {token: {type: http, scheme: bearer}}
  schemas:
    Member:
      type: object
      properties:
        id: {type: string}
        name: {type: string}
        mail: {type: string}
        listed: {type: boolean}
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
  Member:
    key: id
    owner: id
    main: getMe
    states: {listed: {field: listed, open: true, missing: false}}
    fields:
      listed: [{see: [owner]}]
      id, name, mail:
        - see: [owner]
        - {see: [member], when: {listed: true}}
operations:
  findMembers: {reads: true, params: PARAMS}
"""

TARGET = "http://members.test"
PEOPLE = {"ann": True, "bob": False, "cat": True, "dan": True, "eve": False}
"""Whether listed."""
CAST = ("ann", "bob", "cat", "eve")


@cache
def model(request: str, params: str = "{}") -> Model:
    """The contract; `request`: parameters of a GET, or the body of a POST."""
    method = "get" if request.startswith("parameters") else "post"
    document = DOCUMENT.replace("METHOD", method).replace("REQUEST", request)
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "openapi.yaml").write_text(document)
        (Path(folder) / "exposure.yaml").write_text(POLICY.replace("PARAMS", params))
        found = load(Path(folder) / "exposure.yaml")
    assert found.policy is not None
    return compile_contract(found.document, found.policy)


def reply(body: Any = None, status: int = 200) -> Response:
    """An answer in JSON."""
    return Response(status, {"content-type": "application/json"}, orjson.dumps(body))


class Members:
    """The directory as its contract wants it: found by whole values, and only who is listed."""

    def __init__(self) -> None:
        self.asked: list[tuple[str | None, dict[str, Any]]] = []
        self.rows = [
            {
                "id": f"m-{nth}7c4e9a{nth * 31:04}",
                "name": f"{who} {who[::-1]}son",
                "mail": f"{who}.{who[::-1]}son@harbour.example",
                "listed": listed,
            }
            for nth, (who, listed) in enumerate(PEOPLE.items())
        ]

    def __call__(self, viewer: str | None, request: Request) -> Response:
        parts = urlsplit(request.url)
        if viewer is None:
            return reply({"error": "log in"}, 401)
        if parts.path == "/me":
            return reply(self.row(viewer))
        sent: dict[str, Any] = {}
        for name, value in parse_qsl(parts.query, keep_blank_values=True):
            sent[name] = [*sent[name], value] if name in sent else [value]
        sent = {name: each if len(each) > 1 else each[0] for name, each in sent.items()}
        if request.body:
            sent |= orjson.loads(request.body)
        self.asked.append((viewer, sent))
        return self.findMembers(viewer, sent)

    def row(self, who: str) -> dict[str, Any]:
        """What there is of somebody."""
        return next(each for each in self.rows if str(each["name"]).startswith(who))

    def findMembers(self, viewer: str, sent: Any) -> Response:
        hits = [each for each in self.rows if self.fits(each, sent)]
        return self.told(viewer, [each for each in hits if each["listed"]], sent)

    def fits(self, row: Any, sent: Any) -> bool:
        """Whether a row is what is asked for."""
        sent = next((each for each in sent.values() if isinstance(each, dict)), sent)
        values = [v for each in sent.values() for v in (each if isinstance(each, list) else [each])]
        return any(value in row.values() for value in values)

    def told(self, viewer: str, rows: list[Any], sent: Any) -> Response:
        """Hits, one's own row always whole, and an echo of the question."""
        mine = self.row(viewer)
        shown = [e if e is mine else {k: e[k] for k in ("id", "name", "mail")} for e in rows]
        return reply({"hits": shown, "asked": sent})


class Played:
    """A directory searched, and what was found."""

    def __init__(self, members: Members, request: str, params: str = "{}") -> None:
        known = model(request, params)
        ids = {name: frozenset({str(members.row(name)["id"])}) for name in CAST}
        identities, knowledge = KnownIdentities(known.policy, ids, {}, {}), Knowledge()
        probes, _ = survey(known, {"findMembers": {}})
        matrix = Matrix(known, probes, identities)
        redactor = Redactor(b"key", frozenset({"id", "name", "mail", "listed", "hits", "asked"}))
        evaluator = Evaluator(known, identities, knowledge, matrix, redactor)
        context = RunContext(known, TARGET, members, lambda event: None, lambda who: ())
        self.engine = Engine(context, RunState(identities, knowledge, matrix, evaluator, probes))
        me = Request("GET", f"{TARGET}/me")
        given = [("getMe", name, Exchange(me, reply(members.row(name)))) for name in CAST]
        Scheduler(self.engine, (bulk_exposure,)).explore(given)
        self.findings: list[Finding] = conclude(
            known, identities, matrix, self.engine.results.signals
        )

    @property
    def told(self) -> set[tuple[str, str, str]]:
        """(field, viewer, verdict) of all leaks."""
        return {
            (f.field, f.viewer, f.verdict) for f in self.findings if f.verdict != "over_blocked"
        }

    @property
    def endpoints(self) -> set[str]:
        """Where."""
        return {
            f"{endpoint.method} {endpoint.path}"
            for each in self.findings
            for endpoint in each.endpoints
        }
