"""Objects that their owner gives to another identity by a write."""

from __future__ import annotations

import copy
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from oakum.errors import ExitCode
from oakum.scan.journal import recall
from tests.scan.killing import killing
from tests.scan.servers import App, Call, Reply
from tests.scan.test_writes_to_made_objects import PATHS, POLICY, SHAPES
from tests.scan.verdicts import NAMES, Told, logged_in, told, write

pytestmark = pytest.mark.server

Hooks = dict[str, dict[str, Any]]


class Api:
    """Hooks. `owner`: whether a PATCH `takes`, `ignores` or `refuses` another owner, or only
    `echoes` it, or `loses` what it is to give, or `fails`; `open_to_all`: everybody reads every
    hook; `removes`: who removes any; `barred`: who makes none."""

    def __init__(
        self, owner: str, *, open_to_all: bool = False, removes: str = "all", barred: str = ""
    ) -> None:
        self.owner, self.open, self.removes, self.barred = owner, open_to_all, removes, barred
        self.number, self.given = count(4), list[str]()
        self.hooks: Hooks = {
            f"wh-{n}77": {
                "id": f"wh-{n}77", "account_id": id, "url": f"https://{who}.test/in",
                "events": "paid",
            }
            for n, (who, id) in enumerate(NAMES.items())
        }  # fmt: skip
        self.before = copy.deepcopy(self.hooks)

    @property
    def app(self) -> App:
        @logged_in
        def api(who: str, call: Call) -> Reply:
            key = call.path.removeprefix("/hooks").strip("/")
            mine = {k: e for k, e in self.hooks.items() if e["account_id"] == NAMES[who]}
            if call.method == "POST" and who == self.barred:
                return Reply(403, {"error": "read only"})
            if call.method == "POST":
                body = {"url": "", "events": "", **call.json, "account_id": NAMES[who]}
                made = {"id": f"wh-{next(self.number)}77", **body}
                self.hooks[made["id"]] = made
                return Reply(201, made)
            if not key:
                return Reply(200, list(mine.values()))
            if key not in mine:
                known = self.open and call.method == "GET" and key in self.hooks
                return Reply(200, self.hooks[key]) if known else Reply(404, {"error": "none"})
            if call.method == "DELETE":
                if self.removes not in ("all", who):
                    return Reply(409, {"error": "in use"})
                del self.hooks[key]
                return Reply(204)
            return self._written(key, call.json) if call.method == "PATCH" else self._shown(key)

        return api

    def _shown(self, key: str, **more: Any) -> Reply:
        return Reply(200, self.hooks[key] | more)

    def _written(self, key: str, body: dict[str, Any]) -> Reply:
        other = body.get("account_id")
        self.given += [other] if other else []
        if other and self.owner == "refuses":
            return Reply(422, {"error": "unknown member"})
        if other and self.owner == "fails":
            return Reply(500, {"error": "sorry"})
        if other and self.owner == "loses":
            self.hooks[key]["account_id"] = "u-nobody"
            return Reply(200, {})
        taken = {"url", "events"} | ({"account_id"} if self.owner == "takes" else set())
        self.hooks[key] |= {name: each for name, each in body.items() if name in taken}
        return self._shown(
            key, **({"account_id": other} if other and self.owner == "echoes" else {})
        )


def scan(folder: Path, api: Api, policy: str = POLICY) -> Told:
    return told(folder, SHAPES, PATHS, policy, api.app, allow_writes=True)


def untried(run: Told) -> str:
    assert run.report.writes is not None
    return " ".join(
        e.reason for e in run.report.writes.untried if e.endpoint.method in ("PATCH", "PUT")
    )


@pytest.mark.parametrize("open_to_all", [False, True])
def test_an_object_that_is_given_to_another_is_a_leak_and_removed(
    open_to_all: bool, tmp_path: Path
) -> None:
    api = Api("takes", open_to_all=open_to_all)
    run = scan(tmp_path, api)
    assert ("Hook.account_id", "owner") in run.proven
    assert run.finding("Hook.account_id", "owner").rule == "mass-assignment"
    assert "`account_id`" not in untried(run)
    assert api.given and api.hooks == api.before
    assert run.report.writes is not None
    assert not run.report.writes.left


@pytest.mark.parametrize("owner", ["ignores", "refuses", "echoes"])
def test_the_fixed_twin_is_clean(owner: str, tmp_path: Path) -> None:
    api = Api(owner)
    run = scan(tmp_path, api)
    assert (run.report.findings, run.code) == ((), ExitCode.CLEAN), run.report.distrust
    assert api.given and api.hooks == api.before
    assert "`account_id`" not in untried(run)


def test_who_may_name_another_owner_is_accused_of_nothing(tmp_path: Path) -> None:
    free = POLICY.replace(
        "account_id: [{see: [owner]}]", "account_id: [{see: [owner], set: [owner]}]"
    )
    assert free != POLICY
    api = Api("takes")
    run = scan(tmp_path, api, free)
    assert ("Hook.account_id", "owner") not in run.proven
    assert api.hooks == api.before


def test_nothing_is_given_to_whom_the_api_does_not_let_remove_it(tmp_path: Path) -> None:
    api = Api("takes", removes="ann")
    assert "`account_id`, for it names the object's owner" in untried(scan(tmp_path, api))
    assert api.given == []


def test_what_neither_is_shown_afterwards_is_told(tmp_path: Path) -> None:
    api = Api("loses")
    run = scan(tmp_path, api)
    assert [e["account_id"] for e in api.hooks.values()].count("u-nobody") == 1
    assert any("is shown to neither" in each for each in run.report.distrust)
    assert run.report.findings == ()
    assert "`account_id`, for no response shows who owns the object then" in untried(run)


def test_a_server_error_tells_nothing(tmp_path: Path) -> None:
    api = Api("fails")
    assert "`account_id`, for the request was answered with 500" in untried(scan(tmp_path, api))
    assert api.given and api.hooks == api.before


def names_an_owner(method: str) -> Callable[[Call], bool]:
    """At a write that says whose the object is to be."""
    return lambda call: call.method == method and "account_id" in call.json


def test_what_was_made_in_its_senders_own_name_when_a_run_was_killed_is_removed(
    tmp_path: Path,
) -> None:
    """Nobody was told its key, and whom it was made for is not shown it."""
    api = Api("ignores")
    write(tmp_path, SHAPES, PATHS, POLICY)
    with killing(tmp_path, api.app) as bench:
        bench.scan_killed(names_an_owner("POST"))
        assert len(api.hooks) == len(api.before) + 1
        restored = bench.restore()
    assert (restored.code, api.hooks) == (0, api.before), restored.out


@pytest.mark.parametrize("done", [True, False])
@pytest.mark.parametrize("open_to_all", [False, True])
def test_what_was_given_when_a_run_was_killed_is_removed(
    open_to_all: bool, done: bool, tmp_path: Path
) -> None:
    api = Api("takes", open_to_all=open_to_all)
    write(tmp_path, SHAPES, PATHS, POLICY)

    with killing(tmp_path, api.app) as bench:
        bench.scan_killed(names_an_owner("PATCH"), done=done)
        assert len(api.hooks) > len(api.before)
        restored = bench.restore()
    assert (restored.code, api.hooks) == (0, api.before), restored.out
    assert not recall(tmp_path / "journal").has_work
