"""The content of somebody's file, of which the document declares no member: whoever is not logged
in is to be refused, by the contract or by the document's `security`."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.scan.servers import Call, Reply
from tests.scan.verdicts import KEYS, NAMES, Told, path, schema, told

pytestmark = pytest.mark.server

FILES = [
    {"id": f"f-{7 * n + 31}", "by": id, "size": 7919 * n} for n, id in enumerate(NAMES.values())
]
SHAPES = schema("File", id="string", by="string", size="integer") + "    Text: {type: object}\n"
POLICY = """\
  File: {key: id, owner: by, fields: {"id, by, size": [{see: [owner]}]}}
operations:
  content: {params: {id: File.id}CALL}
"""


def scan(folder: Path, call: str, open_to: str, security: str = "") -> Told:
    def api(asked: Call) -> Reply:
        who = KEYS.get(asked.headers.get("x-key", ""), "")
        found = next((each for each in FILES if f"/{each['id']}/" in asked.path), None)
        if found is not None and asked.path.endswith("/content"):
            mine = who and found["by"] == NAMES[who]
            if open_to == "all" or mine or (who and open_to == "members"):
                return Reply(200, {"text": f"the words of {found['id']}"})
            return Reply(404 if who else 401, {"error": "no"})
        if not who:
            return Reply(401, {"error": "log in"})
        if asked.path == "/me":
            return Reply(200, {"id": NAMES[who]})
        return Reply(200, [each for each in FILES if each["by"] == NAMES[who]])

    paths = path("/files", "files", "File", many=True)
    paths += path("/files/{id}/content", "content", "Text").replace(
        "      parameters:", f"{security}      parameters:", 1
    )
    return told(folder, SHAPES, paths, POLICY.replace("CALL", call), api)


def verdicts(run: Told) -> dict[tuple[str, str], str]:
    return {(each.rule, each.viewer): each.verdict for each in run.report.findings}


RULE = "broken-function-level-authorization"


@pytest.mark.parametrize(
    ("call", "open_to", "expected"),
    [
        ("", "all", {(RULE, "anyone"): "suspected"}),
        ("", "members", {}),
        ("", "owner", {}),
        (", call: [member]", "all", {(RULE, "anyone"): "proven"}),
        (", call: [owner]", "all", {(RULE, "anyone"): "proven", (RULE, "member"): "proven"}),
        (", call: [owner]", "owner", {}),
        (", call: [anyone]", "all", {}),
    ],
)
def test_content_that_anybody_gets_is_told(
    tmp_path: Path, call: str, open_to: str, expected: dict[tuple[str, str], str]
) -> None:
    assert verdicts(scan(tmp_path, call, open_to)) == expected


def test_where_the_document_asks_for_no_login_there_is_nothing_to_tell(tmp_path: Path) -> None:
    assert not verdicts(scan(tmp_path, "", "all", security="      security: []\n"))
