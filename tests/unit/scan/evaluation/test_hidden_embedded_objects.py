"""Who stands in an object at a place that the contract does not show: the author of an anonymous
post, whose name everybody may see elsewhere."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.scan.verdicts import NAMES, Api, Told, path, schema, told

SCHEMAS = schema("Person", id="string", name="string") + (
    "    Post:\n      type: object\n      properties:\n"
    "        id: {type: string}\n        by: {type: string}\n        anonymous: {type: boolean}\n"
    "        text: {type: string}\n"
    '        author: {$ref: "#/components/schemas/Person"}\n'
    '        likers: {type: array, items: {$ref: "#/components/schemas/Person"}}\n'
)
POLICY = """\
  Person: {key: id, owner: id, fields: {"id, name": [{see: [member]}]}}
  Post:
    key: id
    owner: by
    main: getPost
    states: {anonymous: {field: anonymous, missing: true}}
    fields:
      id, text, anonymous: [{see: [member]}]
      by, author:
        - see: [owner]
        - {see: [member], when: {anonymous: false}}
      likers: [{see: [owner]}]
"""
POSTS = [
    {
        "id": f"p-{id}-{anonymous}", "by": id, "anonymous": anonymous,
        "text": f"{name} says {id[::-1]}",
    }
    for name, id in NAMES.items()
    for anonymous in (False, True)
]  # fmt: skip


def blog(folder: Path, leak: str) -> Told:
    """`author`: that of an anonymous post comes to everybody; `mask`: a made-up one does; `likers`:
    who liked a post comes to everybody."""

    def view(who: str, row: dict[str, Any]) -> dict[str, Any]:
        whose = next(name for name, id in NAMES.items() if id == row["by"])
        likers = [{"id": id, "name": name.title()} for name, id in NAMES.items() if name != whose]
        shown = {**row, "author": {"id": row["by"], "name": whose.title()}, "likers": likers}
        if who == whose:
            return shown
        if leak != "likers":
            del shown["likers"]
        if row["anonymous"]:
            del shown["by"]
            if leak == "mask":
                shown["author"] = {"id": "nobody", "name": "Anonymous"}
            elif leak != "author":
                del shown["author"]
        return shown

    def posts(who: str) -> Any:
        return [view(who, row) for row in POSTS] if who else 401

    def post(who: str, id: str) -> Any:
        return next((view(who, row) for row in POSTS if who and row["id"] == id), 404)

    api = Api({"/posts": posts, "/posts/([^/]+)": post})
    paths = path("/posts", "listPosts", "Post", many=True) + path(
        "/posts/{postId}", "getPost", "Post"
    )
    return told(folder, SCHEMAS, paths, POLICY, api)


@pytest.mark.parametrize(
    ("leak", "field"), [("author", "Post.author"), ("likers", "Post.likers.*")]
)
def test_an_object_in_a_place_that_is_not_shown_leaks(
    leak: str, field: str, tmp_path: Path
) -> None:
    assert blog(tmp_path, leak).proven == {(field, "member")}


@pytest.mark.parametrize("leak", ["", "mask"])
def test_what_is_left_out_or_made_up_leaks_nothing(leak: str, tmp_path: Path) -> None:
    found = blog(tmp_path, leak)
    assert (found.proven, found.named("suspected")) == (set(), set())
