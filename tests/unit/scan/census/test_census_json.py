"""A census that another process takes up compares as the one that it was."""

from __future__ import annotations

import json
from typing import Any

import pytest

from oakum.scan.census.census_json import as_json, differences, from_json, keeper
from oakum.scan.census.object_snapshots import Census
from oakum.scan.identities.relation_lists import Relations
from oakum.scan.limits import Permissions
from oakum.scan.undo.encryption import Encryption
from oakum.scan.undo.visibility_wait import VisibilityWait
from tests.unit.scan.studio import IDS, Run, Studio


def relations(run: Run) -> Relations:
    engine = run.engine
    probes = {each.operation.id: each for each in engine.state.probes}
    return Relations(
        engine.model.policy, probes, engine.identities, engine.knowledge, engine.target,
        engine.context.ask,
    )  # fmt: skip


def taken(studio: Studio) -> Any:
    """What a run writes down that is killed later."""
    run = Run(studio)
    run.give(may=Permissions(own_settings=True))
    run.explore()
    found = Census(run.engine, relations(run))
    found.take()
    return json.loads(json.dumps(as_json(found)))


def compared(studio: Studio, value: Any) -> tuple[tuple[str, ...], list[str]]:
    """What a process tells that has asked for nothing yet, and its remarks."""
    run = Run(studio)
    census = from_json(value, run.engine, relations(run), VisibilityWait.none())
    return census.differences(), [*run.engine.results.notes]


def test_nothing_is_told_where_all_is_as_it_was() -> None:
    studio = Studio()
    assert compared(studio, taken(studio)) == ((), [])


def test_what_is_gone_new_or_another_is_told() -> None:
    studio = Studio()
    value = taken(studio)
    studio.posts["post-new-1"] = {**studio.posts["post-ann-77"], "id": "post-new-1"}
    del studio.posts["post-bob-77"]
    studio.people[IDS["ann"]]["phone"] = ""
    said, _ = compared(studio, value)
    assert {each.partition(" of ")[0] for each in said} == {
        "1 `Post`", "1 more `Post`", "a `Person`",
    }  # fmt: skip
    assert not any("canary" in each for each in said)


def test_ids_that_the_run_had_learnt_tell_whose_an_object_is() -> None:
    studio = Studio()
    value = taken(studio)
    run = Run(studio)
    run.engine.identities.ids = {name: frozenset({f"\0account of {name}"}) for name in IDS}
    assert from_json(value, run.engine, relations(run), VisibilityWait.none()).differences() == ()
    assert run.engine.identities.ids["ann"] >= {IDS["ann"]}


def test_what_others_were_shown_before_is_not_new() -> None:
    studio = Studio()
    value = taken(studio)
    for each in value["asked"]:
        value["others"] += [row[1:3] for row in each["rows"]]
        each["rows"] = []
    assert compared(studio, value)[0] == ()


def test_what_the_contract_has_no_more_is_named() -> None:
    studio = Studio()
    value = taken(studio)
    value["asked"][0]["probe"] = "listNothing"
    said, notes = compared(studio, value)
    assert said == () and any("`listNothing`" in each for each in notes)


@pytest.mark.parametrize(("secrets", "written"), [(("k",), 1), ((), 0)])
def test_it_is_written_down_only_where_it_can_be_encrypted(
    secrets: tuple[str, ...], written: int
) -> None:
    class Kept:
        def __init__(self) -> None:
            self.lines: list[str] = []

        def census(self, sealed: str) -> None:
            self.lines.append(sealed)

    kept = Kept()
    run = Run(Studio())
    keeper(kept, Encryption(secrets, "run"))(Census(run.engine))  # type: ignore[arg-type]
    assert len(kept.lines) == written and all(each.startswith("sealed:") for each in kept.lines)


def test_other_credentials_are_told_and_nothing_is_asked() -> None:
    studio = Studio()
    sealed = Encryption(["one"], "run").close(taken(studio))
    run = Run(studio)
    studio.asked.clear()
    (said,) = differences(
        sealed, Encryption(["two"], "run"), run.engine, relations(run), VisibilityWait.none()
    )
    assert "other credentials" in said and studio.asked == []
