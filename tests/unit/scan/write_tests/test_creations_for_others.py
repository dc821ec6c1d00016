"""Objects that one identity creates in the name of another."""

from __future__ import annotations

from collections.abc import Collection
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from oakum.errors import ExitCode
from tests.scan.servers import Call, Reply
from tests.scan.test_writes_to_made_objects import PATHS, POLICY, SHAPES
from tests.scan.verdicts import NAMES, Told, logged_in, told

pytestmark = pytest.mark.server


FURTHER = "".join(
    f"""\
  /{name}:
    get:
      operationId: {name}
      responses:
        "200":
          description: hooks of others
          content:
            application/json:
              schema: {{type: array, items: {{$ref: "#/components/schemas/Hook"}}}}
"""
    for name in ("feed", "watched")
)
NO_GET = PATHS.replace(next(line for line in PATHS.splitlines() if "getHook" in line) + "\n", "")


def scan(
    folder: Path,
    owner: str,
    policy: str = POLICY,
    removes: str = "all",
    paths: str = PATHS,
    most: int = 99,
    having: Collection[str] = tuple(NAMES),
    making: Collection[str] = tuple(NAMES),
    shapes: str = SHAPES,
) -> tuple[Told, list[str], dict[str, Any]]:
    """What a scan says, the owners that were asked for, and the hooks at its end. `owner`: whether
    an API `takes`, `ignores` or `refuses` the one in the body, or only `echoes` it and lists all
    to everybody, or `hides` from all what it made, or `fails`; `removes`: whose are removed;
    `most`: how many a list shows; `having`: who has a hook before; `making`: who may make one."""
    hooks: dict[str, Any] = {
        f"wh-{n}77": {
            "id": f"wh-{n}77", "account_id": id, "url": f"https://{who}.test/in", "events": "paid",
        }
        for n, (who, id) in enumerate(NAMES.items())
        if who in having
    }  # fmt: skip
    number, named = count(4), list[str]()

    @logged_in
    def api(who: str, call: Call) -> Reply:
        mine = {key: each for key, each in hooks.items() if each["account_id"] == NAMES[who]}
        if call.path in ("/feed", "/watched"):
            return Reply(200, [])
        key = call.path.removeprefix("/hooks").strip("/")
        if call.method == "POST":
            if who not in making:
                return Reply(403, {"error": "not yours"})
            body = {"url": "", "events": "", **call.json}
            if (said := body.pop("account_id", None)) is not None:
                named.append(said)
                if owner == "refuses":
                    return Reply(422, {"error": "unknown member"})
                if owner == "fails":
                    return Reply(500, {"error": "sorry"})
                if owner == "hides":
                    return Reply(202, {"status": "queued"})
            whose = said if said in NAMES.values() and owner == "takes" else NAMES[who]
            made = {"id": f"wh-{next(number)}77", "account_id": whose, **body}
            hooks[made["id"]] = made
            echo = {"account_id": said} if said and owner == "echoes" else {}
            return Reply(201, made | echo)
        if not key:
            return Reply(200, list((hooks if owner == "echoes" else mine).values())[:most])
        if key not in mine:
            return Reply(404, {"error": "no such hook"})
        if call.method == "DELETE":
            if removes not in ("all", who):
                return Reply(409, {"error": "in use"})
            del hooks[key]
            return Reply(204)
        if call.method == "PATCH":
            hooks[key] |= {name: call.json[name] for name in ("url", "events") if name in call.json}
        return Reply(200, hooks[key])

    return told(folder, shapes, paths, policy, api, allow_writes=True), named, hooks


def test_an_object_in_the_name_of_another_is_a_leak(tmp_path: Path) -> None:
    run, named, hooks = scan(tmp_path, "takes")
    assert ("Hook.account_id", "member") in run.proven
    assert run.finding("Hook.account_id", "member").rule == "bola-write"
    assert run.code == ExitCode.FINDINGS
    assert named and len(hooks) == len(NAMES)


@pytest.mark.parametrize("owner", ["ignores", "refuses"])
def test_the_fixed_twin_is_clean(owner: str, tmp_path: Path) -> None:
    run, named, hooks = scan(tmp_path, owner)
    assert run.report.findings == ()
    assert run.code == ExitCode.CLEAN, run.report.distrust
    assert named and len(hooks) == len(NAMES)


def test_who_may_name_the_owner_is_accused_of_nothing(tmp_path: Path) -> None:
    free = POLICY.replace(
        "account_id: [{see: [owner]}]", "account_id: [{see: [owner], set: [member]}]"
    )
    run, _, hooks = scan(tmp_path, "takes", free)
    assert ("Hook.account_id", "member") not in run.proven
    assert len(hooks) == len(NAMES)


def test_nothing_is_given_to_whom_the_api_does_not_let_remove_it(tmp_path: Path) -> None:
    _, named, _ = scan(tmp_path, "takes", removes="ann")
    assert named == []


def test_an_owner_that_only_the_answer_says_is_none(tmp_path: Path) -> None:
    run, named, hooks = scan(tmp_path, "echoes")
    assert named
    assert "bola-write" not in {each.rule for each in run.report.findings}
    assert len(hooks) == len(NAMES)


def test_further_lists_that_show_others_keep_it_from_nobody(tmp_path: Path) -> None:
    policy = POLICY.replace("    main: getHook\n", "").replace(
        "  getHook: {params: {id: Hook.id}}\n", ""
    )
    run, named, hooks = scan(tmp_path, "takes", policy, paths=FURTHER + NO_GET)
    assert named
    assert ("Hook.account_id", "member") in run.proven
    assert len(hooks) == len(NAMES)


def test_what_no_list_shows_is_looked_up_by_its_key(tmp_path: Path) -> None:
    run, named, hooks = scan(tmp_path, "takes", most=1)
    assert named
    assert ("Hook.account_id", "member") in run.proven
    assert len(hooks) == len(NAMES)


@pytest.mark.parametrize(
    ("owner", "why"),
    [
        ("fails", "the request was answered with 500"),
        ("hides", "no response shows bob or its writer what was made"),
    ],
)
def test_what_tells_nothing_is_named(owner: str, why: str, tmp_path: Path) -> None:
    run, named, _ = scan(tmp_path, owner)
    assert named
    said = [each.reason for each in run.report.writes.untried]
    assert f"members not tried: `account_id`, for {why}" in "\n".join(said)


def test_who_has_none_before_is_known_by_what_they_make(tmp_path: Path) -> None:
    """Their id as an owner stood in no object yet, so nobody was tried, and nothing said so."""
    run, named, hooks = scan(tmp_path, "takes", having=("ann",))
    assert named
    assert ("Hook.account_id", "member") in run.proven
    assert len(hooks) == 1


def _said(run: Told) -> str:
    """What is untested of the creation."""
    untried = run.report.writes.untried
    return "\n".join(each.reason for each in untried if each.endpoint.operation == "createHook")


def test_what_nobody_could_be_named_for_is_told(tmp_path: Path) -> None:
    run, named, _ = scan(tmp_path, "takes", having=("ann",), making=("ann",))
    assert not named
    why = "no other identity could create and remove one of their own"
    assert f"members not tried: `account_id`, for {why}" in _said(run)


def test_what_is_not_created_is_told_with_why(tmp_path: Path) -> None:
    run, _, _ = scan(tmp_path, "takes", removes="ann")
    why = "DELETE /hooks/{id} did not remove what the run had created"
    assert f"nothing was created: {why}" in _said(run)


def test_where_another_object_may_decide_whose_it_is_the_owner_is_told(tmp_path: Path) -> None:
    member = "plan_id: {type: string, enum: [plan-3081]}"
    body = "HookIn: {type: object, required: [plan_id], properties: {" + f"{member}, "
    shapes = SHAPES.replace("HookIn: {type: object, properties: {", body)
    run, named, _ = scan(tmp_path, "takes", shapes=shapes)
    assert not named
    why = "`plan_id`, which it has to name, may decide whose it is"
    assert f"members not tried: `account_id`, for {why}" in _said(run)
