"""A filter by author that finds anonymous posts too tells who wrote them, though nobody's name is a
secret elsewhere."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from oakum.errors import ExitCode
from tests.scan.servers import Call, Reply
from tests.scan.verdicts import NAMES, Told, logged_in, path, schema, told

pytestmark = pytest.mark.server

POSTS: list[dict[str, Any]] = [
    {"id": f"post-{7 * at + n + 31}", "by": id, "text": f"so {at * 7919 + n}", "anonymous": n == 1}
    for at, id in enumerate(NAMES.values())
    for n in (1, 2)
]
SHAPES = schema("Post", id="string", by="string", text="string", anonymous="boolean")
POLICY = """\
  Post:
    key: id
    owner: by
    states: {anonymous: {field: anonymous, missing: true}}
    fields:
      id, text, anonymous: [{see: [member]}]
      by: [{see: [owner]}, {see: [member], when: {anonymous: false}}]
operations:
  posts: {call: [member]SOURCE}
"""


def scan(folder: Path, source: str, *, leaks: bool) -> Told:
    @logged_in
    def api(who: str, call: Call) -> Reply:
        if call.path != "/posts":
            return Reply(404, {"error": "no such path"})
        me, asked = NAMES[who], call.query.get("by", "")
        rows = [
            {**each, "by": None if each["anonymous"] and each["by"] != me else each["by"]}
            for each in POSTS
            if asked in ("", each["by"])
            and (not asked or leaks or not each["anonymous"] or each["by"] == me)
        ]
        return Reply(200, rows)

    paths = path("/posts", "posts", "Post", many=True).replace(
        "parameters: []", "parameters: [{name: by, in: query, schema: {type: string}}]"
    )
    return told(folder, SHAPES, paths, POLICY.replace("SOURCE", source), api)


@pytest.mark.parametrize("source", ["", ", params: {by: Me.id}"])
def test_a_filter_that_finds_anonymous_posts_tells_who_wrote_them(
    source: str, tmp_path: Path
) -> None:
    run = scan(tmp_path, source, leaks=True)
    assert ("Post.by", "member") in run.proven
    assert run.finding("Post.by", "member").rule == "inference-leak"
    assert run.code is ExitCode.FINDINGS


def test_ids_too_short_to_make_up_another_are_tried_with_those_of_the_identities(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    short = {name: f"u{at}" for at, name in enumerate(NAMES, 1)}
    old = {id: name for name, id in NAMES.items()}
    monkeypatch.setattr("tests.scan.verdicts.NAMES", short)
    module = "tests.scan.test_authors_of_anonymous_posts"
    monkeypatch.setattr(f"{module}.NAMES", short)
    monkeypatch.setattr(f"{module}.POSTS", [{**e, "by": short[old[e["by"]]]} for e in POSTS])
    assert ("Post.by", "member") in scan(tmp_path, "", leaks=True).proven


@pytest.mark.parametrize("source", ["", ", params: {by: Me.id}"])
def test_a_filter_that_finds_signed_posts_alone_tells_nothing(source: str, tmp_path: Path) -> None:
    run = scan(tmp_path, source, leaks=False)
    assert not run.report.findings
