"""APIs drawn by chance, of which the truth is known: who may see which field of whose note.

An `AnyApi` answers in memory. What it shows is what its contract grants, but for a `Leak`: one
endpoint that shows more to some viewers, under a condition.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import yaml

from oakum.exchange import Request, Response
from oakum.finding import Report
from oakum.scan.engine import Engine
from oakum.scan.identities.session import Sessions
from oakum.scan.options import Options
from oakum.scan.run import Scan
from oakum.scan.transport.rate_and_budget import Transport

Said = dict[str, Any]
TARGET = "http://127.0.0.1:9"
NAMES = ("ann", "bob", "cas", "dee")
_FIELDS = {
    "title": lambda random: f"about {random.getrandbits(40):010x}",
    "body": lambda random: f"{_words(random)} {random.getrandbits(48):012x}",
    "price": lambda random: random.randrange(10**6, 10**8) + random.choice((0, 0.25)),
    "place.city": lambda random: f"{random.choice('KLMN')}{random.getrandbits(32):08x}by",
    "tags": lambda random: [f"tag{random.getrandbits(32):08x}" for _ in range(2)],
    "mail": lambda random: f"m{random.getrandbits(32):08x}@mail.test",
}
_GRANTS: tuple[list[Said], ...] = (
    [{"see": ["owner"]}],
    [{"see": ["owner"]}],
    [{"see": ["owner", "follower"]}],
    [{"see": ["owner", "member"]}],
    [{"see": ["owner"]}, {"see": ["member"], "when": {"private": False}}],
    [{"see": ["owner"]}, {"see": ["follower"], "when": {"private": False}}],
    [{"see": ["anyone", "member", "owner", "follower"]}],
)


def _words(random: Random) -> str:
    return " ".join(random.choice(("sea", "hill", "bread", "wind", "glass")) for _ in range(3))


@dataclass(frozen=True)
class Leak:
    """More than the contract grants: at one operation, to whom, of which fields and notes."""

    operation: str
    to: str
    """`anyone`, `member` or `follower`."""
    fields: tuple[str, ...]
    only: str
    """Which notes: `all`, `private`, `open`, or those of one name."""


@dataclass
class AnyApi:
    """One API, its contract and its notes; `sent`: (viewer, key of the note, field, operation) that
    were shown though the contract does not grant them."""

    random: Random
    leaking: bool
    sent: set[tuple[str, str, str, str]] = field(default_factory=set)

    def __post_init__(self) -> None:
        random = self.random
        self.ids = {name: self._id(n) for n, name in enumerate(NAMES)}
        self.follows = {
            (one, two) for one in NAMES for two in NAMES if one != two and random.random() < 0.3
        }
        self.fields = random.sample(sorted(_FIELDS), random.choice((2, 3, 4)))
        self.grants = {name: random.choice(_GRANTS) for name in self.fields}
        self.known = random.choice(_GRANTS[:4])
        """Who sees that there is a note: its id and owner."""
        self.has_state = any("private" in json.dumps(each) for each in self.grants.values())
        self.owner_name = random.choice(("ownerId", "author.id", "by"))
        self.instead = random.choice(("omit", "omit", "null", "null", "hidden", "zero"))
        self.refusal = random.choice((403, 404))
        self.envelope = random.choice(("bare", "data", "page", "cursor"))
        self.style = random.choice(("all", "own"))
        """Of which notes `GET /notes` shows something: those that are shown at all, or the own."""
        self.notes = [
            self._note(name, number)
            for number, name in enumerate(NAMES * 2)
            if number < 4 or random.random() < 0.4
        ]
        offered = ["below", "search", "sheet", "feed"]
        self.operations = ["list", "get", *random.sample(offered, random.randrange(4))]
        self.leak = self._leak() if self.leaking else None

    def _id(self, number: int) -> Any:
        match self.random.choice(("number", "hex", "slug")):
            case "number":
                return 1000 + 17 * number + self.random.randrange(17)
            case "hex":
                return f"{self.random.getrandbits(64):016x}"
        return f"{NAMES[number % 4]}-{self.random.getrandbits(24):06x}"

    def _note(self, owner: str, number: int) -> Said:
        made = {name: _FIELDS[name](self.random) for name in self.fields}
        made |= {"id": self._id(number), "owner": owner, "private": self.random.random() < 0.5}
        return made

    def _leak(self) -> Leak:
        random = self.random
        operation, fields = random.choice(self.operations), [*self.fields]
        if random.random() < 0.6:
            fields = [random.choice(fields)]
        only = random.choice(("all", "all", "private", "open", random.choice(NAMES)))
        to = random.choice(("anyone", "member", "member", "follower"))
        if operation == "search":  # nobody finds a row by a word that is not in it
            fields = list(dict.fromkeys([self.fields[0], *fields]))
        return Leak(operation, to, tuple(fields), only)

    # ------------------------------------------------------------ the truth

    def granted(self, grants: list[Said], viewer: str, note: Said) -> bool:
        mine = {"anyone"} if not viewer else {"anyone", "member"}
        mine |= {"owner"} if viewer == note["owner"] else set()
        mine |= {"follower"} if (viewer, note["owner"]) in self.follows else set()
        return any(
            mine & set(each["see"])
            and note["private"] in (each.get("when", {"private": note["private"]})["private"],)
            for each in grants
        )

    def leaks(self, name: str, viewer: str, note: Said, operation: str) -> bool:
        leak = self.leak
        if leak is None or leak.operation != operation or name not in (*leak.fields, "id"):
            return False
        if leak.only not in ("all", note["owner"], "private" if note["private"] else "open"):
            return False
        follows = (viewer, note["owner"]) in self.follows
        return leak.to == "anyone" or (bool(viewer) and (leak.to == "member" or follows))

    def shown(self, viewer: str, note: Said, operation: str) -> Said | None:
        made: Said = {}
        names = ["id", "owner", *(["private"] if self.has_state else []), *self.fields]
        any_shown = False
        for name in names:
            may = self.granted(self.grants.get(name, self.known), viewer, note)
            more = not may and self.leaks(
                "id" if name in ("owner", "private") else name, viewer, note, operation
            )
            # Who searches for a word knows it.
            if more and name in self.fields and (operation, name) != ("search", self.fields[0]):
                self.sent.add((viewer, str(note["id"]), name, operation))
            any_shown |= may or more
            value = self.ids[note["owner"]] if name == "owner" else note[name]
            place = self.owner_name if name == "owner" else name
            if may or more or self.instead != "omit":
                top, _, below = place.partition(".")
                kept = value if may or more else self._placeholder(name, value)
                made[top] = {**(made.get(top) or {}), below: kept} if below else kept
        return made if any_shown else None

    def _placeholder(self, name: str, value: Any) -> Any:
        """What stands for a value that is hidden: the same for all notes."""
        if self.instead == "null" or name in ("id", "owner"):
            return None
        if isinstance(value, bool | list):
            return False if isinstance(value, bool) else []
        text = "hidden" if self.instead == "hidden" else ""
        return 0 if isinstance(value, int | float) else text

    # ------------------------------------------------------------ answering

    def send(self, request: Request) -> Response:
        url = urlsplit(request.url)
        path = [unquote(part) for part in url.path.split("/")[1:]]
        key = request.headers.get("authorization", "").removeprefix("Bearer key-")
        viewer = key if key in NAMES else ""
        query = {name: values[0] for name, values in parse_qs(url.query).items()}
        status, value = self.answer(request.method, path, query, viewer)
        body = b"" if value is None else json.dumps(value).encode()
        return Response(status, {"content-type": "application/json"}, body)

    def answer(self, method: str, path: list[str], query: Said, viewer: str) -> tuple[int, Any]:
        refused = (
            (401, {"error": "who are you?"}) if not viewer else (self.refusal, {"error": "no"})
        )
        if method != "GET":
            return 405, {"error": "no"}
        match path:
            case ["me"]:
                return (200, {"id": self.ids[viewer], "name": viewer}) if viewer else refused
            case ["people", who, "followers"]:
                name = next((n for n in NAMES if str(self.ids[n]) == who), None)
                if not viewer or name is None:
                    return refused if not viewer else (404, {"error": "no"})
                return 200, [{"id": self.ids[o]} for o, t in sorted(self.follows) if t == name]
            case ["notes"]:
                own = [
                    n
                    for n in self.notes
                    if self.style == "all" or n["owner"] == viewer or self._leaky(n, viewer, "list")
                ]
                return (
                    self.page(own, viewer, "list", query)
                    if viewer or self.open("list")
                    else refused
                )
            case ["notes", "search"] if "search" in self.operations:
                words = query.get("q", "")
                found = [
                    n for n in self.notes if words in json.dumps(self.shown(viewer, n, "search"))
                ]
                return (
                    self.page(found, viewer, "search", query)
                    if viewer or self.open("search")
                    else refused
                )
            case ["notes", key]:
                return self.one(key, viewer, "get", refused)
            case ["notes", key, "sheet"] if "sheet" in self.operations:
                status, value = self.one(key, viewer, "sheet", refused)
                return status, {"kind": "sheet", "note": value} if status == 200 else value
            case ["people", who, "notes"] if "below" in self.operations:
                if not viewer and not self.open("below"):
                    return refused
                theirs = [n for n in self.notes if str(self.ids[n["owner"]]) == who]
                return self.page(theirs, viewer, "below", query)
            case ["feed"] if "feed" in self.operations:
                if not viewer and not self.open("feed"):
                    return refused
                rows = [self.shown(viewer, n, "feed") for n in self.notes]
                return 200, {"entries": [{"kind": "note", "note": r} for r in rows if r]}
        return 404, {"error": "no"}

    def _leaky(self, note: Said, viewer: str, operation: str) -> bool:
        return any(self.leaks(name, viewer, note, operation) for name in self.fields)

    def open(self, operation: str) -> bool:
        """Whether the operation answers who is not logged in."""
        leak = self.leak
        grants = [self.known, *self.grants.values()]
        return "anyone" in json.dumps(grants) or (
            leak is not None and leak.operation == operation and leak.to == "anyone"
        )

    def one(self, key: str, viewer: str, operation: str, refused: Any) -> tuple[int, Any]:
        note = next((n for n in self.notes if str(n["id"]) == key), None)
        if not viewer and not self.open(operation):
            return refused
        found = self.shown(viewer, note, operation) if note else None
        return (200, found) if found else (refused if note else (404, {"error": "no"}))

    def page(self, notes: list[Said], viewer: str, operation: str, query: Said) -> tuple[int, Any]:
        start = int(query.get("cursor", "0")) if query.get("cursor", "0").isdigit() else 0
        cut = self.envelope == "cursor"
        some = notes[start : start + 2] if cut else notes
        rows = [row for row in (self.shown(viewer, n, operation) for n in some) if row]
        match self.envelope:
            case "cursor":
                further = start + 2 < len(notes)
                return 200, {"items": rows, "next": f"{start + 2}" if further else None}
            case "data":
                return 200, {"data": rows}
            case "page":
                return 200, {"items": rows, "page": 1, "next": None}
        return 200, rows

    # ------------------------------------------------------------ the contract

    def document(self) -> Said:
        text = {"type": ["string", "null"]}
        kinds = {
            "price": {"type": ["number", "null"]},
            "tags": {"type": ["array", "null"], "items": text},
        }
        members: Said = {"id": {"type": ["string", "integer", "null"]}}
        for place in (self.owner_name, *self.fields):
            top, _, below = place.partition(".")
            kind = kinds.get(place, {"type": ["string", "integer", "null"]})
            members[top] = {"type": "object", "properties": {below: kind}} if below else kind
        if self.has_state:
            members["private"] = {"type": ["boolean", "null"]}
        note = {"$ref": "#/components/schemas/Note"}
        listed: Said = {"type": "array", "items": note}
        envelope = {
            "bare": listed,
            "data": {"type": "object", "properties": {"data": listed}},
            "page": {
                "type": "object",
                "properties": {"items": listed, "page": {"type": "integer"}, "next": text},
            },
            "cursor": {"type": "object", "properties": {"items": listed, "next": text}},
        }[self.envelope]
        row = {"type": "object", "properties": {"kind": text, "note": note}}
        person = {"type": "object", "properties": {"id": {}, "name": text}}
        fans = {"type": "array", "items": {"type": "object", "properties": {"id": {}}}}
        shapes: dict[str, tuple[str, Said, list[str]]] = {
            "me": ("/me", person, []),
            "followers": ("/people/{personId}/followers", fans, ["personId"]),
            "list": ("/notes", envelope, []),
            "get": ("/notes/{noteId}", note, ["noteId"]),
            "below": ("/people/{personId}/notes", envelope, ["personId"]),
            "search": ("/notes/search", envelope, ["q"]),
            "sheet": ("/notes/{noteId}/sheet", row, ["noteId"]),
            "feed": (
                "/feed",
                {"type": "object", "properties": {"entries": {"type": "array", "items": row}}},
                [],
            ),
        }
        paths: Said = {}
        for name in ("me", "followers", *self.operations):
            path, shape, params = shapes[name]
            pages = shape is envelope and self.envelope == "cursor"
            paths[path] = {
                "get": {
                    "operationId": name,
                    "parameters": [
                        {
                            "name": p,
                            "in": "path" if p.endswith("Id") else "query",
                            "required": p != "cursor",
                            "schema": {"type": "string"},
                        }
                        for p in (*params, *(["cursor"] if pages else []))
                    ],
                    "responses": {
                        "200": {
                            "description": "ok",
                            "content": {"application/json": {"schema": shape}},
                        }
                    },
                }
            }
        return {
            "openapi": "3.1.0",
            "info": {"title": "any", "version": "1"},
            "paths": paths,
            "components": {"schemas": {"Note": {"type": "object", "properties": members}}},
        }

    def policy(self) -> Said:
        fields = {"id": self.known, self.owner_name: self.known, **self.grants}
        note: Said = {"key": "id", "owner": self.owner_name, "main": "get"}
        if self.has_state:
            note["states"] = {"private": {"field": "private"}}
            fields["private"] = self.known
        note["fields"] = fields
        return {
            "exposure": 1,
            "api": "openapi.json",
            "caller": {"operation": "me", "id": "/id"},
            "relations": {
                "anyone": {},
                "member": {"authenticated": True},
                "follower": {"in": "followers", "id": "/*/id"},
                "owner": {"is": "owner"},
            },
            "resources": {"Note": note},
            "operations": {"me": {}, **self._params()},
        }

    def _params(self) -> Said:
        owner = {"params": {"personId": f"Note.{self.owner_name}"}}
        made: Said = {"followers": owner}
        if "below" in self.operations:
            made["below"] = owner
        if "search" in self.operations:
            made["search"] = {"params": {"q": f"Note.{self.fields[0]}"}}
        return made

    def write(self, folder: Path) -> Path:
        (folder / "openapi.json").write_text(json.dumps(self.document()))
        said = [f"{one} is follower of {two}" for one, two in sorted(self.follows)]
        lines = {name: {"header": f"Authorization: Bearer key-{name}"} for name in NAMES}
        made = {"identities": lines, "between": said}
        (folder / "identities.yaml").write_text(yaml.safe_dump(made))
        (folder / "exposure.yaml").write_text(yaml.safe_dump(self.policy(), sort_keys=False))
        return folder / "exposure.yaml"


@dataclass
class InMemory:
    """Answers in the target's place."""

    api: AnyApi

    def wire(self, transport: Transport, /) -> Transport:
        return self.api

    def seat(self, sessions: Sessions, /) -> None:
        """Sessions are as they are."""

    def take(self, engine: Engine, /) -> Engine:
        return engine


def scanned(api: AnyApi, folder: Path, **options: Any) -> Report:
    """The report of a scan of this API."""
    contract = api.write(folder)
    given = Options(contract, TARGET, folder / "identities.yaml", rate=1e6, budget=3000, **options)
    return Scan(
        given, lambda event: None, sleep=lambda seconds: None, between=InMemory(api)
    ).report()


@dataclass
class RefusingApi(AnyApi):
    """One whose refusals of a note carry some of its fields, which several notes may have alike."""

    carried: set[tuple[str, str, str, str]] = field(default_factory=set)
    """As `sent`, of refusals."""

    def __post_init__(self) -> None:
        super().__post_init__()
        alike = {name: _FIELDS[name](self.random) for name in self.fields}
        for name, note in ((n, each) for n in self.fields for each in self.notes):
            note[name] = alike[name] if self.random.random() < 0.6 else note[name]
        self.carries = self.random.sample(self.fields, self.random.randrange(1, len(self.fields)))
        self.around = self.random.choice(("", "was", "detail"))

    def one(self, key: str, viewer: str, operation: str, refused: Any) -> tuple[int, Any]:
        status, value = super().one(key, viewer, operation, refused)
        note = next((n for n in self.notes if str(n["id"]) == key), None)
        if status == 200 or note is None:
            return status, value
        said: Said = {}
        for name in self.carries:
            self.carried.add((viewer, key, name, operation))
            top, _, below = name.partition(".")
            said[top] = {below: note[name]} if below else note[name]
        return status, {**value, **({self.around: said} if self.around else said)}


def relation(api: AnyApi, viewer: str, note: Said) -> str:
    """What somebody who is not its owner is to a note: `anyone` is not logged in."""
    if not viewer:
        return "anyone"
    return "follower" if (viewer, note["owner"]) in api.follows else "member"


def leaked_cells(api: AnyApi) -> set[tuple[str, str, bool]]:
    """(field, viewer's relation, private) of what the API shows too much of at the leak's endpoint,
    whether anybody has asked or not."""
    leak = api.leak
    return {
        (name, relation(api, viewer, note), note["private"])
        for viewer in ("", *NAMES)
        for note in api.notes
        for name in api.fields
        if leak is not None
        and not api.granted(api.grants[name], viewer, note)
        and api.leaks(name, viewer, note, leak.operation)
    }
