"""A parcel service in memory whose slips open to whoever holds their code, and an engine before it.

Ann, bob and cat send parcels; dan and eve do too and are none of the identities. Whether codes
count up, who may open what, and what brakes whom is for a test to say.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

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
from oakum.scan.techniques import enumerable_ids

DOCUMENT = """\
openapi: 3.1.0
info: {title: Depot, version: "1"}
security: [{token: []}]
paths:
  /me:
    get:
      operationId: getMe
      responses:
        "200":
          description: me
          content: {application/json: {schema: {$ref: "#/components/schemas/Sender"}}}
  /me/slips:
    get:
      operationId: listOwn
      responses:
        "200":
          description: mine
          content:
            application/json:
              schema: {type: array, items: {$ref: "#/components/schemas/Slip"}}
  /slips/{code}:
    get:
      operationId: getSlip
      security: [{}, {token: []}]
      parameters: [{name: code, in: path, required: true, schema: {type: string}}]
      responses:
        "200":
          description: one
          content: {application/json: {schema: {$ref: "#/components/schemas/Slip"}}}
  /news:
    get:
      operationId: listNews
      security: [{}]
      responses:
        "200":
          description: what has come
          content: {application/json: {schema: {type: object}}}
components:
  securitySchemes: {token: {type: http, scheme: bearer}}
  schemas:
    Sender: {type: object, properties: {id: {type: string}, name: {type: string}}}
    Slip:
      type: object
      properties:
        slip_id: {type: string}
        sender: {type: string}
        depot: {type: string}
        endpoint_code: {type: string}
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
  Sender:
    key: id
    owner: id
    main: getMe
    fields:
      id: [{see: [anyone]}]
      name: [{see: [owner]}]
  Slip:
    key: slip_id
    owner: sender
    main: getSlip
    fields:
      sender, depot: [{see: [anyone]}]
      slip_id, endpoint_code: [{see: [owner]}]
operations:
  getSlip: {params: {code: Slip.slip_id}}
"""

TARGET = "http://depot.test"
PEOPLE = ("ann", "bob", "cat", "dan", "eve")


TAKER = (
    ("  owner: {is: owner}\n", "  owner: {is: owner}\n  taker: {field: depot}\n"),
    ("slip_id, endpoint_code: [{see: [owner]}]", "slip_id, endpoint_code: [{see: [owner, taker]}]"),
)
"""Makes of the contract one in which `depot` names who may see all of a slip."""


@cache
def model(limits: str = "", *, taker: bool = False) -> Model:
    """The contract, compiled once for each section of limits."""
    policy = POLICY
    for old, new in TAKER if taker else ():
        policy = policy.replace(old, new)
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "openapi.yaml").write_text(DOCUMENT)
        (Path(folder) / "exposure.yaml").write_text(policy + limits)
        found = load(Path(folder) / "exposure.yaml")
    assert found.policy is not None
    return compile_contract(found.document, found.policy)


def reply(body: Any = None, status: int = 200, **headers: str) -> Response:
    """An answer in JSON."""
    kept = {name.replace("_", "-"): text for name, text in headers.items()}
    return Response(status, {"content-type": "application/json", **kept}, orjson.dumps(body))


class Depot:
    """The API as its contract wants it, but for codes that count up."""

    def __init__(self, code: Callable[[int], str] = lambda number: f"{81_000 + number}") -> None:
        self.asked: list[tuple[str, str | None, str]] = []
        self.slips = {
            code(nth): {
                "slip_id": code(nth),
                "sender": f"snd-{who}",
                "depot": f"depot {nth} of the north",
                "endpoint_code": f"endpoint-{nth * 7919}",
            }
            for nth, who in enumerate(PEOPLE * 3)
        }

    def __call__(self, viewer: str | None, request: Request) -> Response:
        path = urlsplit(request.url).path
        endpoint = "getSlip" if path.startswith("/slips/") else {
            "/me": "getMe", "/me/slips": "listOwn", "/news": "listNews",
        }[path]  # fmt: skip
        named = unquote(path.rpartition("/")[2])
        self.asked.append((endpoint, viewer, named))
        answer: Response = getattr(self, endpoint)(viewer, named)
        return answer

    def getMe(self, viewer: str | None, _: str) -> Response:
        if viewer is None:
            return reply({"error": "log in"}, 401)
        return reply({"id": f"snd-{viewer}", "name": f"{viewer} of the harbour"})

    def listOwn(self, viewer: str | None, _: str) -> Response:
        if viewer is None:
            return reply({"error": "log in"}, 401)
        return reply([each for each in self.slips.values() if each["sender"] == f"snd-{viewer}"])

    def getSlip(self, viewer: str | None, code: str) -> Response:
        found = self.slips.get(code)
        if found is None:
            return reply({"error": "no such slip"}, 404)
        told = {"sender": found["sender"], "depot": found["depot"]}
        return reply(found if found["sender"] == f"snd-{viewer}" else told)

    def listNews(self, viewer: str | None, _: str) -> Response:
        return reply({"news": ["a new depot"]})

    def tried(self, *viewers: str | None) -> int:
        """How often slips were asked for."""
        return sum(endpoint == "getSlip" and who in viewers for endpoint, who, _ in self.asked)


class Pace:
    """A governor without a clock of its own."""

    def __init__(self, rate: float = 1000.0, left: int = 1000) -> None:
        self.rate, self.requests_left, self.took = rate, left, 0.01
        self.barely = False

    hold = staticmethod(nullcontext)

    def spares(self, request: Request) -> str:
        return ""

    @contextmanager
    def bare(self) -> Iterator[None]:
        """Remembers that it was asked for."""
        self.barely = True
        yield


class Played:
    """A depot looked at, and what was found."""

    def __init__(
        self,
        depot: Depot,
        pace: Pace | None = None,
        *,
        limits: str = "",
        taker: bool = False,
        names: tuple[str, ...] = PEOPLE[:3],
    ) -> None:
        known = model(limits, taker=taker)
        identities = KnownIdentities(
            known.policy, {name: frozenset({f"snd-{name}"}) for name in names}, {}, {}
        )
        knowledge = Knowledge()
        probes, _ = survey(known, {})
        matrix = Matrix(known, probes, identities)
        redactor = Redactor(b"key", frozenset({"slip_id", "sender", "depot", "endpoint_code"}))
        evaluator = Evaluator(known, identities, knowledge, matrix, redactor)
        context = RunContext(
            known, TARGET, depot, lambda event: None, lambda who: (), pace=pace or Pace()
        )
        self.engine = Engine(context, RunState(identities, knowledge, matrix, evaluator, probes))
        me = Request("GET", f"{TARGET}/me")
        given = [("getMe", n, Exchange(me, depot.getMe(n, ""))) for n in names]
        Scheduler(self.engine, (enumerable_ids,)).explore(given)
        self.findings: list[Finding] = conclude(
            known, identities, matrix, self.engine.results.signals
        )

    @property
    def told(self) -> set[tuple[str, str, str, str]]:
        """(rule, field, viewer, verdict) of all that was found."""
        return {(f.rule, f.field, f.viewer, f.verdict) for f in self.findings}

    @property
    def notes(self) -> str:
        """What the report would say besides."""
        return "\n".join(self.engine.results.notes)
