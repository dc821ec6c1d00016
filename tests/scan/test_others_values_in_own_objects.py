"""Another's value in the viewer's own object, in a field that the document does not declare."""

from __future__ import annotations

from pathlib import Path

import pytest

from oakum.errors import ExitCode
from tests.scan.servers import Call, Reply
from tests.scan.test_out_of_place import PATHS, PEOPLE, POLICY, SHAPE, Row
from tests.scan.verdicts import NAMES, Told, logged_in, told

pytestmark = pytest.mark.server
IDS = [*NAMES.values()]


def of_next(id: str) -> Row:
    return PEOPLE[IDS[(IDS.index(id) + 1) % len(IDS)]]


def scan(folder: Path, more: dict[str, Row], *, at: str = "item") -> Told:
    """`more`: what stands beside the declared fields of the viewer's own object."""

    def answer(who: str, call: Call) -> Reply:
        me = NAMES[who]

        def shown(row: Row, here: str) -> Row:
            if row["id"] != me:
                return {each: row[each] for each in ("id", "nick", "motto")}
            return row | (more.get(me, {}) if here == at else {})

        if call.path == "/people":
            return Reply(200, [shown(each, "list") for each in PEOPLE.values()])
        row = PEOPLE.get(call.path.removeprefix("/people/"))
        return Reply(200, shown(row, "item")) if row else Reply(404, {"error": "none"})

    return told(folder, SHAPE, PATHS, POLICY, logged_in(answer))


@pytest.mark.parametrize("field", ["email", "born", "town"])
@pytest.mark.parametrize("at", ["item", "list"])
def test_it_is_suspected_at_least(at: str, field: str, tmp_path: Path) -> None:
    more = {id: {"before": of_next(id)[field]} for id in IDS}
    run = scan(tmp_path, more, at=at)
    assert (f"Person.{field}", "member") in run.proven | run.named("suspected")
    assert run.code is ExitCode.FINDINGS


def test_what_both_have_there_and_what_is_their_own_is_nobody_elses(tmp_path: Path) -> None:
    """Of an undeclared field alone, the run says what it says of any."""
    ann, bob, cat = IDS
    shared = {"office": PEOPLE[bob]["town"]}
    more = {ann: shared, bob: shared, cat: {"office": PEOPLE[cat]["mail2"]}}
    run = scan(tmp_path, more)
    assert {(each.field, each.viewer) for each in run.report.findings} <= {("office", "owner")}


def test_what_the_viewer_may_see_or_names_somebody_is_no_leak(tmp_path: Path) -> None:
    more = {id: {"peer": of_next(id)["id"], "quote": of_next(id)["motto"]} for id in IDS}
    run = scan(tmp_path, more)
    told = {(each.field, each.viewer) for each in run.report.findings}
    assert told <= {("peer", "owner"), ("quote", "owner")}
