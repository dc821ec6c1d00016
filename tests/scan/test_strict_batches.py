"""A batch read that shows nothing to those who ask for another's objects beside their own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from oakum.errors import ExitCode
from tests.scan.servers import Call, Reply
from tests.scan.verdicts import NAMES, RELATIONS, logged_in, path, schema, told

POLICY = """\
  Note: {key: id, owner: by, fields: {"id, by, text": [{see: [owner]}]}}
operations:
  readNotes: {reads: true, params: {ids: Note.id}}
"""
BATCH = """\
  /notes/read:
    post:
      operationId: readNotes
      requestBody:
        content:
          application/json:
            schema:
              {type: object, required: [ids],
               properties: {ids: {type: array, items: {type: string}}}}
      responses:
        "200":
          description: ok
          content:
            application/json: {schema: {type: array, items: {$ref: "#/components/schemas/Note"}}}
"""
NOTES = {
    f"n-{who}-{n}": {"id": f"n-{who}-{n}", "by": id, "text": f"bees {n} of {who}"}
    for who, id in NAMES.items()
    for n in (1, 2)
}


@pytest.mark.parametrize("refusal", [403, 404, 200])
@pytest.mark.parametrize("check", ["all are the caller's", "all are of one", "the first is", "no"])
def test_each_asks_with_the_ids_of_one_owner(tmp_path: Path, check: str, refusal: int) -> None:
    sent: list[tuple[str, ...]] = []

    @logged_in
    def api(who: str, call: Call) -> Reply:
        mine = [each for each in NOTES.values() if each["by"] == NAMES[who]]
        if call.path == "/notes":
            return Reply(200, mine)
        ids = call.json["ids"]
        sent.append(tuple(ids))
        rows: list[dict[str, Any]] = [NOTES[each] for each in ids if each in NOTES]
        owners = [each["by"] for each in rows]
        may = {
            "all are the caller's": set(owners) <= {NAMES[who]},
            "all are of one": len({*owners}) < 2,
            "the first is": owners[:1] == [NAMES[who]],
            "no": True,
        }[check]
        return (
            Reply(200, rows) if may else Reply(refusal, [] if refusal == 200 else {"error": "no"})
        )

    shape = schema("Note", id="string", by="string", text="string")
    run = told(tmp_path, shape, path("/notes", "listNotes", "Note", many=True) + BATCH, POLICY, api)
    leaks = check != "all are the caller's"
    assert (("Note.text", "member") in run.proven) == leaks
    assert run.code is (ExitCode.FINDINGS if leaks else ExitCode.CLEAN)
    assert leaks or run.results("Note.text", "member", "/notes/read") == {"closed"}
    assert any(len(each) == len(NOTES) for each in sent), "first all of them at once"


@pytest.mark.parametrize("leaking", [False, True])
def test_ids_that_a_later_list_shows_are_asked_for_by_their_owner_too(
    leaking: bool, tmp_path: Path
) -> None:
    """The list below a room, which a third one names: at first nobody knew an id."""

    @logged_in
    def api(who: str, call: Call) -> Reply:
        own = [each for each in NOTES.values() if each["by"] == NAMES[who]]
        if call.path == "/rooms":
            return Reply(200, [{"id": f"room-{who}-5", "who": [NAMES[who]]}])
        if call.path == f"/rooms/room-{who}-5/notes":
            return Reply(200, own)
        if call.path != "/notes/read":
            return Reply(200, [])
        known = [*NOTES.values()] if leaking else own
        return Reply(200, [each for each in known if each["id"] in call.json["ids"]])

    shapes = schema("Note", id="string", by="string", text="string")
    shapes += schema("Room", id="string", who="array").replace(
        "{type: array}", "{type: array, items: {type: string}}"
    )
    policy = (
        "  Room: {key: id, owner: none, fields: {'id, who': [{see: [inside]}]}}\n"
        + POLICY
        + "  listRooms: {call: [member]}\n  listNotes: {params: {room: Room.id}}\n"
    )
    inside = RELATIONS.replace("owner: {is: owner}}", "owner: {is: owner}, inside: {field: who}}")
    paths = BATCH + path("/rooms/{room}/notes", "listNotes", "Note", many=True)
    paths += path("/rooms", "listRooms", "Room", many=True)
    run = told(tmp_path, shapes, paths, policy, api, relations=inside)
    assert (("Note.text", "member") in run.proven) == leaking
    assert run.code is (ExitCode.FINDINGS if leaking else ExitCode.CLEAN), run.report.distrust
