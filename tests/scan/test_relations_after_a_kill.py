"""A run that is killed while a relation begins or ends, before or after the API has done it.

What it began is ended by a restoration, and by a run that goes on, which judges callers as they are
then."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from oakum.scan.journal import recall
from tests.scan.killing import killing
from tests.scan.servers import Call, Reply
from tests.scan.test_unaccepted_requests import PATHS, RELATIONS, Diaries
from tests.scan.verdicts import HEAD, KEYS, ME, NAMES, schema, write

pytestmark = [pytest.mark.server, pytest.mark.long]

TIER = """\
  star: {claim: tier, has: star}
"""
STARS = RELATIONS.replace("resources:\n", f"{TIER}resources:\n").replace(
    "      text: [{see: [owner, follower]}]",
    "      text: [{see: [owner, follower]}]\n      mood: [{see: [owner, follower, star]}]",
)
STARS = STARS.replace("fields: {id: [", 'fields: {"id, tier": [')
MORE = ("--allow-own-settings", "--json")


class Town(Diaries):
    """As `Diaries`; who follows somebody is a `star`, whom who-am-I calls so. `leaks`: what all are
    shown."""

    def __init__(self, leaks: str = "", *, accepts: bool = False) -> None:
        super().__init__("text" if leaks == "waits" else "", accepts)
        self.leaks, self.writes = leaks, 0

    def app(self, call: Call) -> Reply:
        who = KEYS.get(call.headers.get("x-key", ""), "")
        if not who:
            return Reply(401, {"error": "log in"})
        self.writes += call.method != "GET"
        stars = {a for (a, _), tie in self.ties.items() if tie == "follows"}
        star = NAMES[who] in stars
        if call.path == "/me":
            return Reply(200, {"id": NAMES[who], "tier": "star" if star else "plain"})
        answer = self(who, call)
        kind, _, other = call.path.strip("/").partition("/")
        if kind == "diaries" and answer.status == 200:
            answer.body.update({"mood": f"calm as {other}"} if star or other == NAMES[who] else {})
            more = {"text": f"{_name(other)} met the owl at 7:31", "mood": f"calm as {other}"}
            answer.body.update({self.leaks: more[self.leaks]} if self.leaks in more else {})
        return answer


def _name(id: str) -> str:
    return next(name for name, other in NAMES.items() if other == id)


def files(folder: Path, relations: str = STARS) -> None:
    shapes = schema("Diary", id="string", by="string", text="string", mood="string")
    me = HEAD.replace(
        "Me: {type: object, properties: {id: {type: string}}}",
        "Me: {type: object, properties: {id: {type: string}, tier: {type: string}}}",
    )
    document = f"{me}{shapes}paths:\n{ME}{PATHS}"
    write(folder, "", "", "", document=document, relations=relations)


def writes(number: int) -> Callable[[Call], bool]:
    """At the write with this number."""
    seen: list[Call] = []

    def at(call: Call) -> bool:
        seen.extend([call] if call.method != "GET" else [])
        return call.method != "GET" and len(seen) == number

    return at


def told(folder: Path) -> tuple[set[Any], dict[Any, str], list[str]]:
    report = json.loads((folder / "report.json").read_bytes())
    cells = {
        (c["path"], c["field"], c["viewer"], *c["state"].items()): c["result"]
        for c in report["coverage"]["cells"]
    }
    found = {(f["field"], f["viewer"], f["verdict"]) for f in report["findings"]}
    return found, cells, report["distrust"]


def ends(folder: Path, api: Town) -> tuple[int, int]:
    """How many requests of a whole run write, and how it ends."""
    files(folder)
    with killing(folder, api.app) as bench:
        whole = bench.scan(*MORE, str(folder / "report.json"))
    (folder / "journal").unlink()
    return api.writes, whole.code


@pytest.mark.parametrize("done", [True, False])
@pytest.mark.parametrize("accepts", [True, False])
def test_what_a_killed_run_began_is_ended_by_a_restoration(
    accepts: bool, done: bool, tmp_path: Path
) -> None:
    left = 0
    for number in range(1, ends(tmp_path, Town(accepts=accepts))[0] + 1):
        api = Town(accepts=accepts)
        with killing(tmp_path, api.app) as bench:
            bench.scan_killed(writes(number), "--allow-own-settings", done=done)
            left += bool(api.ties)
            restored = bench.restore()
        assert api.ties == {}, f"killed at write {number}:\n{restored.out}"
        assert (restored.code, restored.err) == (0, ""), f"{number}: {restored.out}"
        assert not recall(tmp_path / "journal").has_work
        (tmp_path / "journal").unlink()
    assert left


@pytest.mark.parametrize("done", [True, False])
@pytest.mark.parametrize("leaks", ["", "text", "mood", "waits"])
def test_a_resumed_run_judges_callers_as_they_are_without_what_it_began(
    leaks: str, done: bool, tmp_path: Path
) -> None:
    total, code = ends(tmp_path, Town(leaks))
    expected = told(tmp_path)
    for number in range(1, total + 1):
        api = Town(leaks)
        with killing(tmp_path, api.app) as bench:
            bench.scan_killed(writes(number), "--allow-own-settings", done=done)
            resumed = bench.scan(*MORE, str(tmp_path / "report.json"), "--resume")
        assert told(tmp_path) == expected, f"killed at write {number}:\n{resumed.out}"
        assert resumed.code == code, resumed.out
        assert api.ties == {}
        (tmp_path / "journal").unlink()


@pytest.mark.parametrize("leaks", ["", "text"])
def test_while_a_relation_changes_the_callers_claims_nothing_is_judged_by_the_old_ones(
    leaks: str, tmp_path: Path
) -> None:
    alone = STARS.replace("mood: [{see: [owner, follower, star]}]", "mood: [{see: [owner, star]}]")
    api = Town(leaks)
    files(tmp_path, alone)
    with killing(tmp_path, api.app) as bench:
        run = bench.scan(*MORE, str(tmp_path / "report.json"))
    found, _, distrust = told(tmp_path)
    assert {field for field, _, _ in found} == ({"text"} if leaks else set())
    assert any("who-am-I returns other claims" in each for each in distrust), distrust
    assert run.code == 3
    assert api.ties == {}
