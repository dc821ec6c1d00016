"""Relations in `call` that nobody can have."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests import quick_yaml
from tests.conformance.exchanges import FOLDER
from tests.unit.guard.warnings.contracts import Change, said

ROOMS = quick_yaml.load((FOLDER / "contracts" / "guests.yaml").read_text())


def call(operation: str, *relations: str) -> Change:
    def change(_: dict[str, Any], policy: dict[str, Any]) -> None:
        policy["operations"][operation] = {"call": [*relations]}

    return change


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (
            call("like", "owner", "guest"),
            "nobody is `guest` of what `like` is about: a `Msg`, which its path names, has no"
            " `guests`",
        ),
        (
            call("msg", "owner", "guest"),
            "nobody is `guest` of what `msg` is about: a `Msg`, which it shows, has no `guests`",
        ),
        (call("follow", "owner"), "a `Topic`, which its path names, has no owner"),
        (call("follow", "friend"), "nobody is `friend` of what `follow` is about"),
        (call("make", "guest"), "what it makes is looked up nowhere, so nobody knows its `guests`"),
    ],
)
def test_a_relation_that_nobody_can_have_is_named(
    tmp_path: Path, change: Change, words: str
) -> None:
    assert words in said(tmp_path, ROOMS, change)


@pytest.mark.parametrize(
    "change",
    [
        None,
        call("close", "owner", "guest", "friend"),
        call("room", "owner", "guest"),
        call("like", "owner", "friend", "member"),
        call("make", "owner"),
        call("follow", "member"),
    ],
)
def test_one_that_somebody_may_have_is_not(tmp_path: Path, change: Change | None) -> None:
    assert "is about" not in said(tmp_path, ROOMS, change)


def test_the_place_is_that_of_the_line(tmp_path: Path) -> None:
    found = said(tmp_path, ROOMS, call("like", "owner", "guest")).splitlines()
    line = next(each for each in found if "is about" in each)
    assert "exposure.yaml:" in line
