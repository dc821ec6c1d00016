"""A shelf of notes, and APIs that do with a write what nobody would expect of them.

Each class is one API, honest in all that it answers. `Shelf` itself is as plain as can be.
"""

from __future__ import annotations

from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from oakum_catalogue.kit import Entry

DOCUMENT = """\
openapi: 3.0.3
info: {title: Shelf, version: "1"}
security: [{key: []}]
paths:
  /me:
    get:
      operationId: getMe
      responses: {"200": {$ref: "#/components/responses/Member"}}
  /me/settings:
    get:
      operationId: getSettings
      responses: {"200": {$ref: "#/components/responses/Settings"}}
    put:
      operationId: putSettings
      requestBody: {content: {application/json: {schema: {$ref: "#/components/schemas/Settings"}}}}
      responses: {"200": {description: saved}}
  /members/{memberId}:
    parameters: [{name: memberId, in: path, required: true, schema: {type: string}}]
    get:
      operationId: getMember
      responses: {"200": {$ref: "#/components/responses/Member"}}
  /notes:
    get:
      operationId: listNotes
      responses:
        "200":
          description: the caller's own
          content: {application/json: {schema: {type: array, items: {$ref: "#/components/schemas/Note"}}}}
    post:
      operationId: createNote
      requestBody: {content: {application/json: {schema: {$ref: "#/components/schemas/NewNote"}}}}
      responses: {"201": {$ref: "#/components/responses/Note"}}
  /notes/{noteId}:
    parameters: [{name: noteId, in: path, required: true, schema: {type: string}}]
    get:
      operationId: getNote
      responses: {"200": {$ref: "#/components/responses/Note"}}
    put:
      operationId: replaceNote
      requestBody: {content: {application/json: {schema: {$ref: "#/components/schemas/NoteEdit"}}}}
      responses: {"200": {$ref: "#/components/responses/Note"}}
    delete:
      operationId: deleteNote
      responses: {"204": {description: gone}}
components:
  securitySchemes: {key: {type: apiKey, in: header, name: X-Key}}
  responses:
    Member: {description: a member, content: {application/json: {schema: {$ref: "#/components/schemas/Member"}}}}
    Note: {description: a note, content: {application/json: {schema: {$ref: "#/components/schemas/Note"}}}}
    Settings: {description: settings, content: {application/json: {schema: {$ref: "#/components/schemas/Settings"}}}}
  schemas:
    Settings: {type: object, properties: {hidden: {type: boolean}, theme: {type: string}}}
    NewNote:
      type: object
      required: [NEEDED]
      properties:
        id: {type: integer}
        note_id: {type: integer}
        folder: {type: string}
        text: {type: string}
    NoteEdit:
      type: object
      properties: {folder: {type: string}, text: {type: string}, grade: {type: integer}}
    Member:
      type: object
      properties: {id: {type: string}, name: {type: string}, hidden: {type: boolean}, motto: {type: string}}
    Note:
      type: object
      properties:
        id: {type: integer}
        member: {type: string}
        folder: {type: string}
        text: {type: string}
        grade: {type: integer}
        colour: {type: string}
        status: {type: string}
"""  # noqa: E501
EXPOSURE = """\
exposure: 1
api: openapi.yaml
caller: {operation: getMe, id: /id}
relations:
  member: {authenticated: true}
  owner: {is: owner}
resources:
  Member:
    key: id
    owner: id
    main: getMember
    states: {hidden: {field: hidden, missing: true, switch: {operation: putSettings, set: /hidden}}}
    fields:
      id, name, hidden: [{see: [member]}]
      motto: [{see: [owner]}, {see: [member], when: {hidden: false}}]
  Note:
    key: id
    owner: member
    main: getNote
    fields:
      id, member, status, colour: [{see: [owner]}]
      folder, text, grade: [{see: [owner]SETS}]
operations:
  createNote: {sets: {Note: ""}, call: [member]}
  replaceNote: {sets: {Note: ""}, call: [member]}
  getNote: {params: {noteId: Note.id}}
  deleteNote: {params: {noteId: Note.id}, call: [member]}
  getMember: {params: {memberId: Member.id}}
  putSettings: {call: [member]}
"""
KEYS = {"ann": "key-of-ann-5521", "ben": "key-of-ben-9187", "eve": "key-of-eve-3390"}
"""Eve is none of the identities."""
FOLDERS = ("home", "work", "home", "garden")


class Shelf:
    """As plain as can be."""

    needed = "text"
    """Members that a creation needs."""
    sets = ", set: [owner]"
    """What the contract says of who may set them."""
    taken = ("folder", "text", "grade")
    """Members that a PUT takes."""

    def __init__(self) -> None:
        self.people = {
            name: {"id": f"m-{name}-{nth}7", "name": f"{name.title()} of the shelf",
                   "hidden": name == "ben", "motto": f"motto-canary-{name}-{nth}"}
            for nth, name in enumerate(KEYS)
        }  # fmt: skip
        self.settings = {
            name: {"hidden": each["hidden"], "theme": f"theme-of-{name}"}
            for name, each in self.people.items()
        }
        self.notes: dict[int, dict[str, Any]] = {}
        for nth, name in enumerate(("eve", "ann", "ann", "ben", "ben", "eve")):
            self.put_note(
                name, folder=FOLDERS[nth % 4], text=f"text-canary-{nth}-{name}", id=nth + 1
            )

    def put_note(self, name: str, **row: Any) -> dict[str, Any]:
        id = row.pop("id", None) or 1 + max(self.notes, default=0)
        self.notes[id] = {"id": id, "member": self.people[name]["id"], "folder": "", "grade": 3,
                          "colour": f"colour-{id}", "status": "draft", **row}  # fmt: skip
        return self.notes[id]

    def app(self) -> Starlette:
        made = Starlette(
            routes=[
                Route("/me", self.me),
                Route("/me/settings", self.own_settings, methods=["GET", "PUT"]),
                Route("/members/{id}", self.member),
                Route("/notes", self.own_notes, methods=["GET", "POST"]),
                Route("/notes/{id}", self.note, methods=["GET", "PUT", "DELETE"]),
            ]
        )
        made.state.db = {"people": self.people, "settings": self.settings, "notes": self.notes}
        return made

    def whose(self, request: Request) -> str:
        key = request.headers.get("x-key")
        return next((name for name, each in KEYS.items() if each == key), "")

    async def me(self, request: Request) -> Response:
        name = self.whose(request)
        return JSONResponse(self.people[name]) if name else NO

    async def member(self, request: Request) -> Response:
        name, id = self.whose(request), request.path_params["id"]
        found = next((n for n, each in self.people.items() if each["id"] == id), "")
        if not name or not found:
            return NO if not name else ABSENT
        return JSONResponse(self.seen(name, found, dict(self.people[found])))

    def seen(self, name: str, found: str, row: dict[str, Any]) -> dict[str, Any]:
        """What somebody is shown of a member."""
        if row["hidden"] and name != found:
            del row["motto"]
        return row

    async def own_settings(self, request: Request) -> Response:
        name = self.whose(request)
        if not name:
            return NO
        if request.method == "PUT":
            self.set(name, await request.json())
        return JSONResponse(self.shown_settings(name))

    def shown_settings(self, name: str) -> Any:
        return self.settings[name]

    def set(self, name: str, sent: dict[str, Any]) -> None:
        self.settings[name] = {key: sent.get(key) for key in ("hidden", "theme")}
        self.people[name]["hidden"] = sent.get("hidden", True)

    async def own_notes(self, request: Request) -> Response:
        name = self.whose(request)
        if not name:
            return NO
        if request.method == "POST":
            return self.create(name, await request.json())
        mine = [each for each in self.notes.values() if each["member"] == self.people[name]["id"]]
        return JSONResponse([self.view(each) for each in mine])

    def create(self, name: str, sent: dict[str, Any]) -> Response:
        row = {key: sent[key] for key in ("folder", "text") if key in sent}
        return JSONResponse(self.view(self.put_note(name, **row)), 201)

    def view(self, row: dict[str, Any]) -> dict[str, Any]:
        return row

    async def note(self, request: Request) -> Response:
        name, id = self.whose(request), request.path_params["id"]
        row = self.notes.get(int(id)) if id.isdigit() else None
        if not name:
            return NO
        if row is None or row["member"] != self.people[name]["id"]:
            return ABSENT
        if request.method == "PUT":
            self.replace(row, await request.json())
        elif request.method == "DELETE":
            self.remove(row)
            return Response(status_code=204)
        return JSONResponse(self.view(row))

    def replace(self, row: dict[str, Any], sent: dict[str, Any]) -> None:
        row.update({key: sent.get(key) for key in self.taken})

    def remove(self, row: dict[str, Any]) -> None:
        del self.notes[row["id"]]


NO = JSONResponse({"error": "whose key is that?"}, 401)
ABSENT = JSONResponse({"error": "no such thing"}, 404)


class OneForAll(Shelf):
    """Whoever asks for settings is shown those of whom a cache has kept them."""

    def shown_settings(self, name: str) -> Any:
        return self.settings["ben"]


class Forgets(Shelf):
    """A PUT empties what it is not sent, of what the document does not name too."""

    taken = ("folder", "text", "grade", "status")


class Unsaid(Shelf):
    """Its contract lets nobody set what a creation takes, the text with the mark too."""

    sets = ""


class Masks(Shelf):
    """Shows a masked text, and takes what it is sent for the text."""

    def view(self, row: dict[str, Any]) -> dict[str, Any]:
        return {**row, "folder": "•" * 6 + row["folder"][-2:]}


class MasksSettings(Shelf):
    """Shows a theme by its last letters, and keeps what it is sent for one."""

    def shown_settings(self, name: str) -> Any:
        shown = self.settings[name]["theme"]
        return {**self.settings[name], "theme": f"***{shown[-3:]}"}


class ByKey(Shelf):
    """Lets its callers choose the id, and writes over what has it."""

    needed = "id, text"

    def create(self, name: str, sent: dict[str, Any]) -> Response:
        return JSONResponse(self.put_note(name, **{k: sent[k] for k in ("id", "text")}), 201)


class Replies(Shelf):
    """A new note answers one that is there, be it somebody else's; whose it is hears of it."""

    needed = "note_id, text"

    def __init__(self) -> None:
        super().__init__()
        self.answered: list[tuple[str, str]] = []
        """Who answered, and whom."""

    def create(self, name: str, sent: dict[str, Any]) -> Response:
        of = self.notes.get(sent["note_id"])
        if of is None:
            return ABSENT
        self.answered.append((self.people[name]["id"], of["member"]))
        return super().create(name, sent)


class ByFolder(Shelf):
    """Has one note in a folder: another one is written over it."""

    needed = "folder, text"

    def create(self, name: str, sent: dict[str, Any]) -> Response:
        mine = self.people[name]["id"]
        for row in self.notes.values():
            if (row["member"], row["folder"]) == (mine, sent["folder"]):
                row["text"] = sent["text"]
                return JSONResponse(row, 201)
        return super().create(name, sent)


class KeepsTwo(Shelf):
    """Throws away the oldest note of who has more than two."""

    def create(self, name: str, sent: dict[str, Any]) -> Response:
        mine = [n for n in self.notes.values() if n["member"] == self.people[name]["id"]]
        for row in mine[:-1]:
            del self.notes[row["id"]]
        return super().create(name, sent)


class TakesAll(Shelf):
    """Removing a note removes all that its member has."""

    def remove(self, row: dict[str, Any]) -> None:
        for id in [id for id, each in self.notes.items() if each["member"] == row["member"]]:
            del self.notes[id]


class Bins(Shelf):
    """A note that is removed stays, with a sign that it was."""

    def remove(self, row: dict[str, Any]) -> None:
        row["folder"] = "bin"


class Empties(Shelf):
    """A new note takes the motto of its member, who has none any more."""

    def create(self, name: str, sent: dict[str, Any]) -> Response:
        self.people[name]["motto"] = ""
        return super().create(name, sent)


class Later(Shelf):
    """Answers 202 to what is to be set, and sets it when it is next asked for something."""

    def __init__(self) -> None:
        super().__init__()
        self.jobs: list[tuple[str, dict[str, Any]]] = []

    def set(self, name: str, sent: dict[str, Any]) -> None:
        self.jobs.append((name, sent))

    async def member(self, request: Request) -> Response:
        for name, sent in self.jobs:
            super().set(name, sent)
        self.jobs = []
        return await super().member(request)


SURPRISES = (
    OneForAll,
    Forgets,
    Unsaid,
    Masks,
    ByKey,
    ByFolder,
    KeepsTwo,
    TakesAll,
    Bins,
    Empties,
    Later,
)


def entry(place: Shelf) -> Entry:
    """An API with all that a scan of it needs."""
    lines = "".join(f'  {n}: {{header: "X-Key: {KEYS[n]}"}}\n' for n in ("ann", "ben"))
    return Entry(
        "shelf", "P12", "notes on a shelf", "integers as ids, bare bodies, key in a header",
        DOCUMENT.replace("NEEDED", place.needed), EXPOSURE.replace("SETS", place.sets),
        lambda _: f"identities:\n{lines}",
        lambda mode, seed: place.app(), (), (), ("--allow-writes", "--allow-own-settings"),
    )  # fmt: skip
