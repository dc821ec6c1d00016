"""A `GET` whose query the document declares as its body: whichever of them the API reads."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import orjson
import pytest

from tests.scan.servers import Call, Reply
from tests.scan.verdicts import NAMES, logged_in, path, schema, told

NOTES = {
    id: {"id": f"n-{id}", "owner_id": id, "text": f"{who} moored at the pier of {who} again"}
    for who, id in NAMES.items()
}
SHAPES = schema("Note", id="string", owner_id="string", text="string") + (
    "    Wanted: {type: object, required: [owner_id], properties: {owner_id: {type: string}}}\n"
)
REF = '{schema: {$ref: "#/components/schemas/Wanted"}}'
BODY = f"      requestBody: {{content: {{application/json: {REF}}}}}\n"
PATHS = path("/mine", "myNotes", "Note", many=True) + path(
    "/notes", "findNotes", "Note", many=True
).replace("      responses", f"{BODY}      responses")
POLICY = """\
  Note:
    key: id
    owner: owner_id
    fields: {"id, owner_id, text": [{see: [owner]}]}
operations:
  findNotes: {params: {owner_id: Me.id}}
"""


def _api(reads: str, *, leaks: bool) -> Callable[[Call], Reply]:
    @logged_in
    def api(who: str, call: Call) -> Reply:
        if call.path == "/mine":
            return Reply(200, [NOTES[NAMES[who]]])
        asked = dict(call.query).get("owner_id") if reads == "query" else None
        if reads == "body" and call.body:
            asked = orjson.loads(call.body).get("owner_id")
        if asked is None:
            return Reply(422, {"error": "owner_id is required"})
        return Reply(
            200, [NOTES[asked]] if asked in NOTES and (leaks or asked == NAMES[who]) else []
        )

    return api


@pytest.mark.parametrize("reads", ["query", "body"])
@pytest.mark.parametrize("leaks", [True, False])
def test_it_is_asked_with_what_it_reads(tmp_path: Path, reads: str, leaks: bool) -> None:
    run = told(tmp_path, SHAPES, PATHS, POLICY, _api(reads, leaks=leaks))
    assert run.results("Note.text", "member", "/notes") == ({"leak"} if leaks else {"closed"})
