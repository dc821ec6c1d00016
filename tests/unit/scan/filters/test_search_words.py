"""Searches by a word that nothing fills."""

from __future__ import annotations

from pathlib import Path

import pytest

from oakum.errors import ExitCode
from tests.scan.servers import Call, Reply
from tests.scan.verdicts import NAMES, Told, logged_in, path, schema, told

pytestmark = pytest.mark.server

WORDS = ("heather", "saffron", "walnut", "quince", "juniper", "cypress")
STORIES = [
    {"id": f"d-{who}-{n}", "by": id, "title": f"Of {WORDS[2 * at + n]} and rivers {at * 7919 + n}",
     "state": ("published", "draft")[n]}
    for at, (who, id) in enumerate(NAMES.items()) for n in (0, 1)
]  # fmt: skip
SHAPES = schema("Story", id="string", by="string", title="string", state="string") + schema(
    "Hit", snippet="string", score="number"
)
POLICY = """\
  Story:
    key: id
    owner: by
    main: getStory
    states: {state: {field: state, levels: [published, draft]}}
    fields:
      id, by, title, state:
        - see: [owner]
        - {see: [member], when: {state: published}}
operations:
  search: {call: [member]}
"""


def scan(folder: Path, *, leaking: bool, required: bool, name: str = "q") -> Told:
    """The search finds whole words, and its hits are no stories."""

    @logged_in
    def api(who: str, call: Call) -> Reply:
        def shown(story: dict[str, str]) -> bool:
            return story["state"] == "published" or story["by"] == NAMES[who]

        if call.path == "/stories":
            return Reply(200, [each for each in STORIES if each["by"] == NAMES[who]])
        if call.path == "/search":
            word = call.query.get(name, "").lower()
            if not word and required:
                return Reply(400, {"error": "q"})
            hits = [s for s in STORIES if word in s["title"].split() and (leaking or shown(s))]
            return Reply(200, [{"snippet": each["title"], "score": 0.7} for each in hits])
        found = [s for s in STORIES if s["id"] == call.path.rpartition("/")[2] and shown(s)]
        return Reply(200, found[0]) if found else Reply(404, {"error": "no"})

    search = path("/search", "search", "Hit", many=True).replace(
        "parameters: []",
        f"parameters: [{{name: {name}, in: query, required: {str(required).lower()},"
        " schema: {type: string}}]",
    )
    paths = path("/stories", "listStories", "Story", many=True) + search
    return told(folder, SHAPES, paths + path("/stories/{id}", "getStory", "Story"), POLICY, api)


@pytest.mark.parametrize("leaking", [False, True])
@pytest.mark.parametrize("required", [False, True])
def test_a_search_is_asked_by_words_of_hidden_objects(
    required: bool, leaking: bool, tmp_path: Path
) -> None:
    run = scan(tmp_path, leaking=leaking, required=required)
    assert run.proven == ({("Story.title", "member")} if leaking else set())
    assert run.code is (ExitCode.FINDINGS if leaking else ExitCode.CLEAN), run.report.distrust
    assert not any(word in repr(run.report) for word in WORDS)
