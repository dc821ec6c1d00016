"""A small API in memory, its contract, and an engine in front of it: no socket, no file, no clock.

Ann, bob and cat keep a profile, settings and a post each; a course belongs to nobody. An endpoint
is a method called as its operation: a test that wants a leak replaces one.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Collection, Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import orjson

from oakum.authz import Model, compile_contract
from oakum.exchange import Exchange, Request, Response
from oakum.exposure.cells.matrix import Matrix, Outcome
from oakum.exposure.cells.report_cells import report_cells
from oakum.exposure.endpoints.probes import Probe, probe_of, survey
from oakum.exposure.evidence import Redactor
from oakum.exposure.known_identities import KnownIdentities
from oakum.exposure.values.knowledge import Knowledge
from oakum.finding import Cell, Result
from oakum.policy.contract import Contract, load
from oakum.scan.context import Event, RunContext
from oakum.scan.coverage.untested import Section
from oakum.scan.engine import Engine
from oakum.scan.evaluation.evaluator import Evaluator
from oakum.scan.scheduler import Scheduler
from oakum.scan.settings.next_settings import reach
from oakum.scan.settings.settings_writer import AccountSettings
from oakum.scan.state import RunState
from oakum.scan.technique import Technique
from oakum.scan.undo.setting_change import SettingChange

DOCUMENT = """\
openapi: 3.0.3
info: {title: studio, version: "1"}
paths:
  /me:
    get:
      operationId: getMe
      responses: {"200": {$ref: "#/components/responses/Person"}}
  /people:
    get:
      operationId: listPeople
      responses:
        "200":
          description: ok
          content:
            application/json:
              schema:
                type: object
                properties:
                  data: {type: array, items: {$ref: "#/components/schemas/Person"}}
                  total: {type: integer}
  /people/{personId}:
    parameters: [{name: personId, in: path, required: true, schema: {type: string}}]
    get:
      operationId: getPerson
      responses: {"200": {$ref: "#/components/responses/Person"}}
    delete: {operationId: deletePerson, responses: {"204": {description: gone}}}
  /people/{personId}/settings:
    parameters: [{name: personId, in: path, required: true, schema: {type: string}}]
    get:
      operationId: getSettings
      responses: {"200": {$ref: "#/components/responses/Settings"}}
    put:
      operationId: putSettings
      requestBody: {content: {application/json: {schema: {$ref: "#/components/schemas/Settings"}}}}
      responses: {"200": {description: ok}}
  /posts/{postId}:
    parameters: [{name: postId, in: path, required: true, schema: {type: string}}]
    get:
      operationId: getPost
      responses: {"200": {$ref: "#/components/responses/Post"}}
  /people/{personId}/posts:
    parameters: [{name: personId, in: path, required: true, schema: {type: string}}]
    get:
      operationId: listPosts
      responses: {"200": {$ref: "#/components/responses/Posts"}}
  /posts/details:
    post:
      operationId: getPosts
      requestBody: {content: {application/json: {schema: {$ref: "#/components/schemas/Ids"}}}}
      responses: {"200": {$ref: "#/components/responses/Posts"}}
  /courses/{courseId}:
    parameters: [{name: courseId, in: path, required: true, schema: {type: string}}]
    get:
      operationId: getCourse
      responses: {"200": {$ref: "#/components/responses/Course"}}
  /rooms/{roomId}:
    parameters: [{name: roomId, in: path, required: true, schema: {type: string}}]
    get:
      operationId: getRoom
      responses: {"200": {$ref: "#/components/responses/Course"}}
  /news:
    get: {operationId: getNews, responses: {"200": {description: ok, content: {text/plain: {}}}}}
  /reset:
    get: {operationId: resetAll, responses: {"200": {description: gone}}}
components:
  responses:
    Person:
      description: ok
      content: {application/json: {schema: {$ref: "#/components/schemas/Person"}}}
    Settings:
      description: ok
      content: {application/json: {schema: {$ref: "#/components/schemas/Settings"}}}
    Post:
      description: ok
      content: {application/json: {schema: {$ref: "#/components/schemas/Post"}}}
    Course:
      description: ok
      content: {application/json: {schema: {$ref: "#/components/schemas/Course"}}}
    Posts:
      description: ok
      content:
        application/json: {schema: {type: array, items: {$ref: "#/components/schemas/Post"}}}
  schemas:
    Ids: {type: object, properties: {ids: {type: array, items: {type: string}}}}
    Person:
      type: object
      properties:
        id: {type: string}
        name: {type: string}
        bio: {type: string}
        phone: {type: string}
        vip: {type: boolean}
        password_hash: {type: string}
    Settings:
      type: object
      properties: {is_private: {type: boolean}, theme: {type: string}}
    Post:
      type: object
      properties:
        id: {type: string}
        author_id: {type: string}
        course_id: {type: string}
        text: {type: string}
        author: {$ref: "#/components/schemas/Person"}
    Course:
      type: object
      properties: {id: {type: string}, title: {type: string}, code: {type: string}}
"""

POLICY = """\
exposure: 1
api: openapi.yaml
caller: {operation: getMe, id: /id}
relations:
  anyone: {}
  member: {authenticated: true, unless: [blocked]}
  follower: {in: listPeople, id: /data/*/id}
  blocked: {in: listPeople, id: /blocked/*/id}
  staff: {claim: roles, has: staff}
  owner: {is: owner}
resources:
  Settings:
    owner: {path: personId}
    states:
      private:
        {field: is_private, missing: true, switch: {operation: putSettings, set: /is_private}}
    fields:
      is_private, theme: [{see: [owner]}]
  Person:
    key: id
    owner: id
    main: getPerson
    promise: "Your page is for those who follow you"
    states: {private: {of: Settings.private, missing: true}}
    fields:
      id, name: [{see: [member]}]
      bio: [{see: [owner, follower]}, {see: [member], when: {private: false}}]
      phone, vip: [{see: [owner]}]
      password_hash: []
  Post:
    key: id
    owner: author_id
    main: getPost
    states: {private: {of: Settings.private, missing: true}}
    fields:
      id, author_id, course_id, text, author:
        - see: [owner, follower]
        - {see: [member], when: {private: false}}
  Course:
    key: id
    owner: none
    fields:
      id, title: [{see: [anyone]}]
operations:
  getPerson: {params: {personId: Person.id}}
  getSettings: {params: {personId: Person.id}}
  putSettings: {params: {personId: Person.id}}
  listPosts: {params: {personId: Person.id}}
  getPost: {params: {postId: Post.id}}
  getPosts: {reads: true, params: {ids: Post.id}}
  getCourse: {params: {courseId: Post.course_id}}
"""

TARGET = "http://studio.test"
IDS = {"ann": "p-ann-1001", "bob": "p-bob-1002", "cat": "p-cat-1003"}
NAMES = {id: name for name, id in IDS.items()}
FOLLOWS = {("bob", "ann"): frozenset({"follower"})}


@cache
def _contract(document: str, policy: str) -> Contract:
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "openapi.yaml").write_text(document)
        (Path(folder) / "exposure.yaml").write_text(policy)
        return load(Path(folder) / "exposure.yaml")


@cache
def _model(document: str, policy: str) -> Model:
    found = _contract(document, policy)
    assert found.policy is not None
    return compile_contract(found.document, found.policy)


@cache
def _probes(document: str, policy: str) -> tuple[Probe, ...]:
    return tuple(survey(_model(document, policy), {})[0])


@cache
def _probe(document: str, policy: str, operation: str) -> Probe:
    model = _model(document, policy)
    return probe_of(model, model.operations[operation], {})


def contract() -> Contract:
    """The contract, read once."""
    return _contract(DOCUMENT, POLICY)


def model() -> Model:
    """The contract, compiled once."""
    return _model(DOCUMENT, POLICY)


def compiled(document: str, policy: str) -> Model:
    """Another contract, compiled once."""
    return _model(document, policy)


def probe(operation: str) -> Probe:
    """An endpoint as the survey gives it."""
    return _probe(DOCUMENT, POLICY, operation)


def known_identities(
    relationships: Mapping[tuple[str, str], frozenset[str]] | None = None,
    claims: Mapping[str, Mapping[str, Any]] | None = None,
    names: Collection[str] = tuple(IDS),
) -> KnownIdentities:
    """Ann, bob and cat; bob follows ann unless told otherwise."""
    ids = {name: frozenset({IDS[name]}) for name in names}
    return KnownIdentities(
        model().policy, ids, claims or {}, FOLLOWS if relationships is None else relationships
    )


def reply(body: Any = None, status: int = 200, **headers: str) -> Response:
    """An answer in JSON."""
    return Response(status, {"content-type": "application/json", **headers}, orjson.dumps(body))


MISSING = reply({"error": "not found"}, 404)
LOGIN = reply({"error": "log in"}, 401)

_ROUTES = (
    ("GET", r"/me()", "getMe"),
    ("GET", r"/people()", "listPeople"),
    ("GET", r"/people/([^/]+)", "getPerson"),
    ("GET", r"/people/([^/]+)/settings", "getSettings"),
    ("PUT", r"/people/([^/]+)/settings", "putSettings"),
    ("GET", r"/people/([^/]+)/posts", "listPosts"),
    ("POST", r"/posts/details()", "getPosts"),
    ("GET", r"/posts/([^/]+)", "getPost"),
    ("GET", r"/courses/([^/]+)", "getCourse"),
    ("GET", r"/rooms/([^/]+)", "getRoom"),
    ("GET", r"/news()", "getNews"),
)


class Studio:
    """The API as its contract wants it. `asked` remembers every question: `bob getPerson ann`."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.follows: Collection[tuple[str, str]] = tuple(FOLLOWS)
        self.people: dict[str, dict[str, Any]] = {
            id: {
                "id": id,
                "name": f"{name.title()} of the studio",
                "bio": f"bio-canary-{name}",
                "phone": f"+49-555-canary-{name}",
                "vip": name == "ann",
            }
            for name, id in IDS.items()
        }
        self.settings: dict[str, dict[str, Any]] = {
            id: {"is_private": name == "ann", "theme": f"theme-of-{name}"}
            for name, id in IDS.items()
        }
        self.posts: dict[str, dict[str, Any]] = {
            f"post-{name}-77": {
                "id": f"post-{name}-77",
                "author_id": id,
                "course_id": "course-0451",
                "text": f"text-canary-{name}",
            }
            for name, id in IDS.items()
        }

    def __call__(self, viewer: str | None, request: Request) -> Response:
        path = re.sub(r"[?&]oakum=[0-9a-f]+$", "", request.url.removeprefix(TARGET))
        for method, pattern, operation in _ROUTES:
            found = re.fullmatch(pattern, path)
            if found and method == request.method:
                body = orjson.loads(request.body) if request.body else None
                id = found[1]
                said = NAMES.get(id, id)
                self.asked.append(f"{viewer or '-'} {operation} {said}".strip())
                answer: Response = getattr(self, operation)(viewer, id, body)
                return answer
        raise AssertionError(f"asked for {request.method} {path}")

    def open_to(self, viewer: str | None, id: str) -> bool:
        """Whether this viewer may read what somebody shows to those they let in."""
        let_in = viewer is not None and not self.settings[id]["is_private"]
        return let_in or IDS.get(viewer or "") == id or (viewer, NAMES[id]) in self.follows

    def person(self, viewer: str | None, id: str) -> dict[str, Any]:
        """What the contract grants of a person."""
        if IDS.get(viewer or "") == id:
            return self.people[id]
        fields = ("id", "name", "bio") if self.open_to(viewer, id) else ("id", "name")
        return {name: self.people[id][name] for name in fields}

    def post(self, viewer: str | None, id: str) -> dict[str, Any]:
        post = self.posts[id]
        return {**post, "author": self.person(viewer, post["author_id"])}

    def getMe(self, viewer: str | None, id: str, body: Any) -> Response:
        return reply(self.people[IDS[viewer]]) if viewer else LOGIN

    def listPeople(self, viewer: str | None, id: str, body: Any) -> Response:
        shown = [self.person(viewer, each) for each in self.people]
        return reply({"data": shown, "total": len(shown)}) if viewer else LOGIN

    def getPerson(self, viewer: str | None, id: str, body: Any) -> Response:
        if viewer is None:
            return LOGIN
        return reply(self.person(viewer, id)) if id in self.people else MISSING

    def getSettings(self, viewer: str | None, id: str, body: Any) -> Response:
        return reply(self.settings[id]) if viewer and IDS[viewer] == id else MISSING

    def putSettings(self, viewer: str | None, id: str, body: Any) -> Response:
        if not viewer or IDS[viewer] != id:
            return MISSING
        self.settings[id] = body
        return reply(body)

    def listPosts(self, viewer: str | None, id: str, body: Any) -> Response:
        if viewer is None or id not in self.people or not self.open_to(viewer, id):
            return MISSING
        return reply(
            [self.post(viewer, p) for p, each in self.posts.items() if each["author_id"] == id]
        )

    def getPost(self, viewer: str | None, id: str, body: Any) -> Response:
        if viewer is None or id not in self.posts:
            return MISSING
        return (
            reply(self.post(viewer, id))
            if self.open_to(viewer, self.posts[id]["author_id"])
            else MISSING
        )

    def getPosts(self, viewer: str | None, id: str, body: Any) -> Response:
        if viewer is None:
            return LOGIN
        shown = [
            p
            for p in body.get("ids", ())
            if p in self.posts and self.open_to(viewer, self.posts[p]["author_id"])
        ]
        return reply([self.post(viewer, each) for each in shown])

    def getCourse(self, viewer: str | None, id: str, body: Any) -> Response:
        return reply({"id": id, "title": "Rowing for beginners"})

    def getRoom(self, viewer: str | None, id: str, body: Any) -> Response:
        return MISSING

    def getNews(self, viewer: str | None, id: str, body: Any) -> Response:
        return Response(200, {"content-type": "text/plain"}, b"nothing new today")


class Run:
    """An engine and what it said; nothing has been asked yet."""

    def __init__(
        self,
        studio: Studio,
        endpoints: Collection[str] = (),
        settings: bool = False,
        who: KnownIdentities | None = None,
        replay: Mapping[str, Outcome] | None = None,
    ) -> None:
        self.studio = studio
        self.events: list[Event] = []
        self.flips: list[tuple[str, SettingChange]] = []
        self.identities = who or known_identities()
        self.knowledge = Knowledge()
        probes = [
            each
            for each in _probes(DOCUMENT, POLICY)
            if not endpoints or each.operation.id in endpoints
        ]
        self.matrix = Matrix(model(), probes, self.identities)
        redactor = Redactor(b"key of this run", frozenset({"id", "data", "bio", "phone", "name"}))
        self.evaluator = Evaluator(model(), self.identities, self.knowledge, self.matrix, redactor)
        context = RunContext(
            model(), TARGET, studio, self.events.append,
            lambda who: (f"Authorization: ${who}",) if who else (), replay=replay or {},
        )  # fmt: skip
        state = RunState(self.identities, self.knowledge, self.matrix, self.evaluator, probes)
        self.engine = Engine(context, state)
        self.techniques: tuple[Technique, ...] = ()
        if settings:
            self.give(account_settings=account_settings(self))

    def give(self, **given: Any) -> Run:
        """Give the run something else, as `RunContext` calls it."""
        self.engine = replace(self.engine, context=replace(self.engine.context, **given))
        return self

    @property
    def scheduler(self) -> Scheduler:
        """What decides the order."""
        return Scheduler(self.engine, self.techniques)

    def explore(self) -> Run:
        """Ask all that is worth asking, after who-am-I has been asked as a real run does."""
        me = Request("GET", f"{TARGET}/me")
        self.scheduler.explore(
            [
                ("getMe", name, Exchange(me, self.studio.getMe(name, "", None)))
                for name in self.identities.names()
            ]
        )
        return self

    @property
    def cells(self) -> dict[tuple[str, str, str, str], Cell]:
        """(endpoint, field, viewer, value of `private` or nothing) → cell."""
        made = report_cells(
            self.matrix, self.engine.results.gaps.reasons(Section.CELLS), reach(self.engine)
        )
        return {
            (
                c.endpoint.operation,
                f"{c.resource}.{c.field}",
                c.viewer,
                dict(c.state).get("private", ""),
            ): c
            for c in made
        }

    def result(self, endpoint: str, field: str, viewer: str, private: str = "") -> Result | None:
        """What is known of a cell; None: left out of the matrix."""
        cell = self.cells.get((endpoint, field, viewer, private))
        return cell.result if cell else None

    @property
    def leaks(self) -> set[tuple[str, str, str]]:
        """(endpoint, field, viewer) of every leak."""
        return {key[:3] for key, cell in self.cells.items() if cell.result is Result.LEAK}

    @property
    def outcomes(self) -> list[Outcome]:
        return [event.data["outcome"] for event in self.events if event.kind == "outcome"]


def account_settings(run: Run) -> AccountSettings:
    """Flips of `private` by the PUT that the contract names, read by the GET beside it."""
    return AccountSettings(
        model().policy, {"putSettings": probe("putSettings")},
        {"putSettings": probe("getSettings")},
        run.identities, run.knowledge, TARGET, run.studio,
        lambda kind, flip: run.flips.append((kind, flip)),
    )  # fmt: skip
