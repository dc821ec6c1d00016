"""Drafts of contracts from traffic alone, without a document."""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from pathlib import Path
from typing import Any

from click.testing import CliRunner

from oakum.cli.main import main

PEOPLE = {"ann": "u-ann", "bob": "u-bob"}


def exchange(who: str, path: str, body: Any) -> str:
    claims = urlsafe_b64encode(json.dumps({"sub": PEOPLE[who]}).encode()).decode().rstrip("=")
    asked = {
        "method": "GET",
        "url": f"https://api.blog.example{path}",
        "headers": {"authorization": f"Bearer e30.{claims}.x"},
    }
    came = {"status": 200, "headers": {"content-type": "application/json"}, "body": body}
    return json.dumps({"request": asked, "response": came}) + "\n"


def drafted(folder: Path) -> str:
    """Of people whose paths have their user names, and whom followers may be the only ones to
    see."""
    shown = {name: {"id": id, "username": name, "bio": "b"} for name, id in PEOPLE.items()}
    lines = [exchange(who, "/me", shown[who]) for who in PEOPLE]
    for who in PEOPLE:
        for whose in PEOPLE:
            lines.append(exchange(who, f"/users/{whose}", shown[whose]))
            lines.append(exchange(who, f"/users/{whose}/followers", {"data": [shown[who]]}))
    (folder / "a.ndjson").write_text("".join(lines))
    arguments = ["observe", "draft", str(folder / "a.ndjson"), "-o", str(folder / "draft.yaml")]
    done = CliRunner().invoke(main, arguments, standalone_mode=False, catch_exceptions=False)
    assert "of them for you to decide" in done.stderr
    return (folder / "draft.yaml").read_text()


def test_a_path_takes_what_stood_in_it(tmp_path: Path) -> None:
    found = drafted(tmp_path)
    assert found.count("params: {userId: User.username}") == 2
    assert "User.id" not in found


def test_what_somebody_was_sent_without_a_grant_is_a_question(tmp_path: Path) -> None:
    said = " ".join(drafted(tmp_path).replace("#", " ").split())
    question = "not granted to member or more: may all of them see it, or which relation decides?"
    assert f"sent to member or more 2, owner 8 by 3 places; {question}" in said
