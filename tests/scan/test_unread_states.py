"""An object whose setting holds a value that the contract does not name: what the contract shows in
another state is not proven to leak of it, and what it shows in none is."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.scan.servers import NOT_FOUND
from tests.scan.verdicts import NAMES, Api, Told, told

pytestmark = pytest.mark.server

SCHEMAS = """\
    Post:
      type: object
      properties:
        id: {type: string}
        by: {type: string}
        text: {type: string}
        draft: {type: string}
        status: {type: integer}
"""
OK = '{"200": {description: ok, content: {application/json: {schema: SHAPE}}}}'
ONE, MANY = (
    '{$ref: "#/components/schemas/Post"}',
    ('{type: array, items: {$ref: "#/components/schemas/Post"}}'),
)
PATHS = f"""\
  /mine: {{get: {{operationId: mine, responses: {OK.replace("SHAPE", MANY)}}}}}
  /posts/{{id}}:
    parameters: [{{name: id, in: path, required: true, schema: {{type: string}}}}]
    get: {{operationId: getPost, responses: {OK.replace("SHAPE", ONE)}}}
  /posts/{{id}}/past:
    parameters: [{{name: id, in: path, required: true, schema: {{type: string}}}}]
    get: {{operationId: past, responses: {OK.replace("SHAPE", MANY)}}}
"""
POLICY = """\
  Post:
    key: id
    owner: by
    main: getPost
    states: {deleted: {field: status, levels: [1, 10], missing: 10}}
    fields:
      id, by, status, text:
        - see: [owner]
        - {see: [anyone], when: {deleted: 1}}
      draft:
        - see: [owner]
        - {see: [owner], when: {deleted: 1}}
operations:
  getPost, past: {params: {id: Post.id}}
"""


def scan(folder: Path, *, now: int, past: int) -> Told:
    posts = {
        f"p-{me}": {
            "id": f"p-{me}", "by": me, "text": f"{name} writes of ropes",
            "draft": f"{name} first wrote of knots", "status": now,
        }
        for name, me in NAMES.items()
    }  # fmt: skip

    def mine(who: str) -> object:
        return [each for each in posts.values() if who and each["by"] == NAMES[who]]

    def one(who: str, id: str) -> object:
        post = posts.get(id)
        own = post is not None and who and post["by"] == NAMES[who]
        if post is None or not (own or now == 1):
            return NOT_FOUND
        return post if own else {k: v for k, v in post.items() if k != "draft"}

    def old(_who: str, id: str) -> object:
        return [posts[id] | {"status": past}] if id in posts else NOT_FOUND

    api = Api({"/mine": mine, r"/posts/([^/]+)": one, r"/posts/([^/]+)/past": old})
    return told(folder, SCHEMAS, PATHS, POLICY, api)


def test_what_the_contract_shows_in_another_state_is_suspected(tmp_path: Path) -> None:
    run = scan(tmp_path, now=1, past=0)
    proven = {each.field for each in run.report.findings if each.verdict == "proven"}
    assert proven == {"draft"}
    text = next(e for e in run.report.findings if e.field == "text" and e.viewer == "member")
    assert text.verdict == "suspected"
    assert "`deleted`" in " ".join(text.doubts)


def test_what_was_read_is_proven(tmp_path: Path) -> None:
    run = scan(tmp_path, now=10, past=10)
    assert {"text", "draft"} <= {e.field for e in run.report.findings if e.verdict == "proven"}
