"""What who-am-I shows a caller of themselves is asked for again, like any other answer."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from oakum.errors import ExitCode
from tests.scan.servers import Call, Reply
from tests.scan.verdicts import KEYS, NAMES, RELATIONS, Told, logged_in, path, schema, told

SHAPE = schema("Me", id="string", seed="string").removeprefix("    Me:")
SECRET = """\
exposure: 1
api: openapi.yaml
caller: {operation: getMe, id: /id}
relations: {anyone: {}, member: {authenticated: true}, owner: {is: owner}}
resources:
  Me: {key: id, owner: id, fields: {id: [{see: [member]}], seed: []}}
"""
DOCUMENT = f"""\
openapi: 3.0.3
info: {{title: one secret, version: "1"}}
security: [{{key: []}}]
components:
  securitySchemes: {{key: {{type: apiKey, in: header, name: X-Key}}}}
  schemas:
    Me:{SHAPE}paths:
  /me:
    get:
      operationId: getMe
      responses:
        "200":
          description: ok
          content: {{application/json: {{schema: {{$ref: "#/components/schemas/Me"}}}}}}
"""


def scan(folder: Path, times: int) -> Told:
    """Only ann has a second factor; the first `times` answers of who-am-I show its seed."""
    shown = 0

    def api(call: Call) -> Reply:
        nonlocal shown
        who = KEYS.get(call.headers.get("x-key", ""), "")
        if call.path != "/me" or not who:
            return Reply(401 if call.path == "/me" else 404, {"error": "no"})
        body: dict[str, Any] = {"id": NAMES[who]}
        if who == "ann" and shown < times:
            shown += 1
            body["seed"] = "seed-of-ann-4411"
        return Reply(200, body)

    return told(folder, "", "", "", api, document=DOCUMENT, relations=SECRET)


def test_a_secret_that_who_am_i_shows_one_identity_is_proven(tmp_path: Path) -> None:
    run = scan(tmp_path, times=100)
    assert run.proven == {("Me.seed", "owner")}
    assert run.code is ExitCode.FINDINGS


@pytest.mark.parametrize("times", [1])
def test_one_that_is_not_shown_again_is_suspected(tmp_path: Path, times: int) -> None:
    assert scan(tmp_path, times).named("suspected") == {("Me.seed", "owner")}


def test_a_who_am_i_that_shows_no_resource_was_called(tmp_path: Path) -> None:
    @logged_in
    def api(who: str, call: Call) -> Reply:
        return Reply(200, [{"id": f"n-{who}-81", "by": NAMES[who], "text": f"bees of {who} 77"}])

    relations = RELATIONS.replace(
        "  Me: {key: id, owner: id, fields: {id: [{see: [member]}]}}\n", ""
    )
    policy = '  Note: {key: id, owner: by, fields: {"id, by, text": [{see: [owner]}]}}\n'
    shape = schema("Note", id="string", by="string", text="string")
    paths = path("/notes", "listNotes", "Note", many=True)
    run = told(tmp_path, shape, paths, policy, api, relations=relations)
    assert not [each for each in run.report.skipped if each.endpoint.operation == "getMe"]


@pytest.mark.parametrize(
    ("refusal", "code"),
    [
        (Reply(200, {"ok": False, "error": {"code": "unauth"}}), ExitCode.CLEAN),
        (Reply(200, b"<form action=/login>", (("content-type", "text/html"),)), ExitCode.CLEAN),
        (
            Reply(200, b"<p>back soon</p>", (("content-type", "text/html"),)),
            ExitCode.NOT_TRUSTWORTHY,
        ),
        (Reply(200, {"seed": "seed-of-ann-4411"}), ExitCode.FINDINGS),
    ],
)
def test_a_refusal_with_200_is_one_where_nothing_else_came(
    refusal: Reply, code: ExitCode, tmp_path: Path
) -> None:
    """A page that may be anything is named as what it is."""

    def api(call: Call) -> Reply:
        who = KEYS.get(call.headers.get("x-key", ""), "")
        if call.path != "/me":
            return Reply(404, {"error": "no"})
        return Reply(200, {"id": NAMES[who], "seed": f"seed-of-{who}-4411"}) if who else refusal

    relations = SECRET.replace("id: [{see: [member]}], seed: []", '"id, seed": [{see: [owner]}]')
    run = told(tmp_path, "", "", "", api, document=DOCUMENT, relations=relations)
    assert run.code is code, run.report.distrust
    if code is ExitCode.NOT_TRUSTWORTHY:
        (said,) = run.report.distrust
        assert "`anyone`" in said and "not JSON as the document declares" in said
