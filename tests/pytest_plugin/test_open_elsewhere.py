"""A value that the contract shows its caller in another object is no leak of whoever has it too."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path

import pytest

from oakum.exchange import Exchange, Request, Response
from oakum.policy.contract import load
from oakum.pytest_plugin.response_capture import Capture
from oakum.pytest_plugin.suite_observer import SuiteObserver
from tests.scan.test_open_in_ownerless_objects import PATHS, POLICY, SHAPES, TITLES
from tests.scan.verdicts import KEYS, NAMES, write

KEY = {name: key for key, name in KEYS.items()}


def exchange(who: str, path: str, shown: object) -> Exchange:
    return Exchange(
        Request("GET", f"http://127.0.0.1{path}", {"x-key": KEY[who]}),
        Response(200, {"content-type": "application/json"}, json.dumps(shown).encode()),
    )


@pytest.mark.parametrize(
    ("line", "listed", "leaks"),
    [("member", True, set()), ("owner", True, {"title"}), ("member", False, {"title"})],
)
def test_what_the_contract_shows_elsewhere_is_not_told_as_a_leak(
    tmp_path: Path, line: str, listed: bool, leaks: set[str]
) -> None:
    write(tmp_path, SHAPES, PATHS, POLICY.replace("LINE", line))
    watch = SuiteObserver(load(tmp_path / "exposure.yaml"), lambda request: None, key=b"k")
    comment = [{"author": NAMES["ann"], "text": "so do I", "title": TITLES["ann"]}]
    asked = [
        exchange("ann", "/votes", [{"title": TITLES["ann"]}]),
        exchange("bob", f"/people/{NAMES['ann']}/comments", comment),
        exchange("bob", "/questions", [{"id": "q-710", "title": TITLES["ann"]}] if listed else []),
    ]
    watch.begin("test")
    for one in asked:
        evaluation = watch.observe(Capture(one.request, one.response, app=watch))
        who = KEYS[one.request.headers["x-key"]]
        with suppress(StopIteration):
            next(evaluation)
            while True:
                evaluation.send(exchange(who, "/me", {"id": NAMES[who]}).response)
    watch.finish()
    watch.settle()
    assert {each.key.field for each in watch.leaks} == leaks
