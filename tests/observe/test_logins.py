"""What the answer to a login says of who may see what: nothing."""

from __future__ import annotations

import json
from pathlib import Path

from oakum.policy.contract import load
from tests.observe.test_traffic import observe

POLICY = """
exposure: 1
api: openapi.json
caller: {operation: getMe, id: /id}
relations: {anyone: {}, member: {authenticated: true}, owner: {is: owner}}
resources: {User: {key: id, owner: id, fields: {id: [{see: [anyone]}]}}}
operations: {createLogin: {shows: {User: /user}}, getMe: {shows: {User: ""}}}
"""


def exchange(method: str, path: str, cookie: str, body: object) -> str:
    headers = {"cookie": f"session={cookie}"} if cookie else {}
    asked = {"method": method, "url": f"https://club.example{path}", "headers": headers}
    came = {"status": 200, "headers": {"content-type": "application/json"}, "body": body}
    return json.dumps({"request": asked, "response": came}) + "\n"


def test_what_a_login_answers_is_granted_to_no_stranger(tmp_path: Path) -> None:
    lines = ""
    for id, word in ((1, "a"), (2, "b")):
        user = {"id": id, "nick": word, "email": f"{word}@club.example"}
        lines += exchange("POST", "/login", "", {"user": {**user, "api_key": "made-up"}})
        lines += exchange("GET", "/me", word, user)
    traffic, policy, drafted = (tmp_path / each for each in ("a.ndjson", "in.yaml", "draft.yaml"))
    traffic.write_text(lines)
    policy.write_text(POLICY)
    observe("traffic", traffic, "--write-openapi", tmp_path / "openapi.json", code=0)
    observe("draft", traffic, "--contract", policy, "-o", drafted, code=0)
    found = load(drafted).policy
    assert found is not None
    sees = {
        rule.path: [name for grant in rule.grants for name in grant.see]
        for rule in found.resources["User"].fields
    }
    assert sees == {"id": ["owner"], "nick": ["owner"], "email": ["owner"], "api_key": []}
    assert "2 to callers nobody knows" in drafted.read_text()
