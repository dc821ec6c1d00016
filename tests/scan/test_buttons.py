"""Parameters and links of reading endpoints whose words say that they change something: no
technique asks with them of its own accord."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pytest

from oakum.scan.run import Scan
from tests.catalogue.play import hasty, options_of, serving
from tests.scan import notebook
from tests.scan.test_odd_writes import Odd

pytestmark = pytest.mark.server

BUTTONS = {
    "update_content": "{type: boolean}",  # options
    "refresh_fields": "{type: string}",
    "mark_view": "{type: string, enum: [full, brief]}",
    "sort_and_store": "{type: string, enum: [title, pages]}",  # paired worlds
    "save_title": "{type: string}",  # filters by a hidden field
    "search_and_notify": "{type: string}",  # searches for people
    "clear_ids": "{type: array, items: {type: string}}",
    "publish_version": "{type: string, enum: ['1', '2']}",  # twins
    "quietly": "{type: boolean}",
}
SAID = {"quietly": "Whether to mark what is read as read"}
PLAIN = {"view": "{type: string, enum: [full, brief]}", "title": "{type: string}"}


def parameters() -> str:
    lines = (
        f"        - {{name: {name}, in: query, schema: {shape}, "
        f"description: '{SAID.get(name, '')}'}}"
        for name, shape in (BUTTONS | PLAIN).items()
    )
    return "      parameters:\n" + "\n".join(lines) + "\n"


class Asked:
    """Names of all query parameters with which anything was asked."""

    def __init__(self, inner: Any) -> None:
        self.inner, self.names = inner, set[str]()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self.names |= {name for name, _ in parse_qsl(scope["query_string"].decode())}
        await self.inner(scope, receive, send)


def test_no_technique_asks_with_what_says_that_it_changes_something(tmp_path: Path) -> None:
    made, book = notebook.entry(())
    document = made.document
    for id in ("notes", "note"):
        document = document.replace(
            f"      operationId: {id}\n", f"      operationId: {id}\n{parameters()}"
        )
    made = replace(made, document=document, options=("--allow-own-settings", "--allow-writes"))

    def linking(method: str, path: str, status: int, head: Any, body: bytes) -> Any:
        if method == "GET" and path.startswith("/notes/") and status == 200:
            links = {"done": f"{path}?markAsRead=1", "seen": f"{path}?seen=1"}
            body = json.dumps({**json.loads(body), "links": links}).encode()
        return status, head, body

    app = Asked(Odd(book.app(), linking))
    policy = made.write(tmp_path, 1)
    with serving(app) as target:  # type: ignore[arg-type]
        options = options_of(made, policy, target)
        Scan(options, lambda event: None, sleep=hasty).report()
    assert app.names >= {"view", "title"}  # the techniques did ask otherwise
    assert not app.names & {*BUTTONS, "markAsRead"}
