"""A value that two owners share, shown to a third who may see it in neither's object."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from oakum.errors import ExitCode
from tests.scan.verdicts import NAMES, Answer, Api, Told, path, schema, told

CODE = "k7deal55c90aa31f"
DEAL = """\
  Deal: {key: id, owner: %s, fields: {"id, by, number": [{see: [%s]}], code: [{see: [owner]}]}}
operations:
  getDeal: {params: {number: Deal.number}}
"""
SHAPE = schema("Deal", id="string", by="string", number="string", code="string")
PATHS = path("/deals", "listDeals", "Deal", many=True) + path("/deals/{number}", "getDeal", "Deal")


def deals(code: str = CODE, *, others: str = "") -> list[dict[str, Any]]:
    """One deal of two sides, each its own object: ann pays, bob is paid. `others`: one more deal of
    each of these, with a code of its own."""
    rows = [
        {"id": f"d-{side}-1", "by": NAMES[side], "number": "no-deal-81c", "code": code}
        for side in ("ann", "bob")
    ]
    for who in others.split():
        one = {"id": f"d-{who}-2", "by": NAMES[who], "number": f"no-{who}-2"}
        rows.append({**one, "code": f"k7{who}open9f31"})
    return rows


def scan(
    folder: Path, rows: list[dict[str, Any]], one: Answer, owner: str = "by", see: str = "owner",
    listed: Answer | None = None, shape: str = SHAPE,
) -> Told:  # fmt: skip
    def mine(who: str) -> Any:
        return [each for each in rows if each["by"] == NAMES[who]] if who else 401

    api = Api({"/deals": listed or mine, "/deals/([^/]+)": one})
    return told(folder, shape, PATHS, DEAL % (owner, see), api)


def of(rows: list[dict[str, Any]], who: str, number: str) -> tuple[dict[str, Any], bool]:
    """The side of a deal that a caller is shown, and whether it is theirs."""
    found = [each for each in rows if each["number"] == number] or [{}]
    own = next((each for each in found if who and each.get("by") == NAMES[who]), None)
    return own or found[0], own is not None


def without_a_name(rows: list[dict[str, Any]], *, leaks: bool) -> Answer:
    """Shows anybody that a deal is paid, and by fault the code of the one with two sides."""

    def one(who: str, number: str) -> Any:
        deal, own = of(rows, who, number)
        if own or not deal:
            return deal or 404
        told = leaks and deal["number"] == "no-deal-81c"
        return {"paid": True, "code": deal["code"]} if told else {"paid": True}

    return one


@pytest.mark.parametrize("owner", ["by", "{caller: true}"])
@pytest.mark.parametrize("others", ["", "ann", "cat", "ann bob cat"])
@pytest.mark.parametrize("leaks", [True, False])
def test_it_is_suspected_where_the_answer_names_no_owner(
    tmp_path: Path, owner: str, others: str, leaks: bool
) -> None:
    rows = deals(others=others)
    run = scan(tmp_path, rows, without_a_name(rows, leaks=leaks), owner)
    found = {each for each in run.named("suspected") if each[0] == "Deal.code"}
    assert found == ({("Deal.code", "anyone"), ("Deal.code", "member")} if leaks else set())
    assert not run.proven
    assert (run.code is ExitCode.CLEAN) == (not leaks)
    for viewer in ("anyone", "member"):
        assert ("closed" in run.results("Deal.code", viewer, "/deals/{number}")) == (not leaks)


@pytest.mark.parametrize("leaks", [True, False])
def test_it_is_suspected_in_an_object_that_names_its_owner(tmp_path: Path, leaks: bool) -> None:
    rows = deals(others="cat")

    def one(who: str, number: str) -> Any:
        deal, own = of(rows, who, number)
        if not who or not deal:
            return 404
        shared = leaks and deal["code"] == CODE
        return {name: said for name, said in deal.items() if own or shared or name != "code"}

    run = scan(tmp_path, rows, one, see="member")
    assert ("Deal.code", "member") not in run.proven
    assert (("Deal.code", "member") in run.named("suspected")) == leaks
    assert (run.code is ExitCode.CLEAN) == (not leaks)


@pytest.mark.parametrize("leaks", [True, False])
def test_it_is_suspected_in_a_list_that_names_no_owners(tmp_path: Path, leaks: bool) -> None:
    rows = deals(others="cat")

    def listed(who: str) -> Any:
        mine = [each for each in rows if who and each["by"] == NAMES[who]]
        return [*mine, {"paid": True, "code": CODE}] if leaks and not mine else mine

    def one(who: str, number: str) -> Any:
        deal, own = of(rows, who, number)
        return deal if own else 404

    run = scan(tmp_path, rows, one, listed=listed)
    assert not run.proven
    assert (("Deal.code", "anyone") in run.named("suspected")) == leaks
    assert (run.code is ExitCode.CLEAN) == (not leaks)


@pytest.mark.parametrize("code", ["open", "Bristol Temple", "4711", "2026-11-29", "in-progress"])
def test_a_choice_that_many_make_is_nobodys(tmp_path: Path, code: str) -> None:
    rows = deals(code, others="cat")
    run = scan(tmp_path, rows, without_a_name(rows, leaks=True))
    assert not [each for each in run.report.findings if each.field == "code"]


def test_what_the_viewer_has_as_well_is_theirs(tmp_path: Path) -> None:
    """All three are parties to the deal."""
    rows = deals()
    rows.append({**rows[0], "id": "d-cat-1", "by": NAMES["cat"]})

    def one(who: str, number: str) -> Any:
        deal, own = of(rows, who, number)
        if not deal or not who:
            return 404
        return deal if own else {"paid": True, "code": deal["code"]}

    run = scan(tmp_path, rows, one)
    assert not [each for each in run.report.findings if each.field == "code"]


def test_what_another_line_shows_the_viewer_is_no_secret(tmp_path: Path) -> None:
    """A closed deal is open to all, with the code that an open one has as well."""
    rows = [{**each, "shown": "no"} for each in deals(others="cat")]
    rows[1]["shown"] = "all"
    policy = """\
  Deal:
    key: id
    owner: by
    states: {shown: {field: shown, levels: ["no", all]}}
    fields:
      "id, by, number, shown": [{see: [member]}]
      code: [{see: [owner]}, {when: {shown: all}, see: [member]}]
operations:
  getDeal: {params: {number: Deal.number}}
"""

    def mine(who: str) -> Any:
        return [each for each in rows if each["by"] == NAMES[who]] if who else 401

    def one(who: str, number: str) -> Any:
        deal, own = of(rows, who, number)
        if not deal or not who:
            return 404
        return (
            deal if own else {"paid": True, "code": deal["code"]} if deal["code"] == CODE else 404
        )

    shape = schema("Deal", id="string", by="string", number="string", code="string", shown="string")
    api = Api({"/deals": mine, "/deals/([^/]+)": one})
    run = told(tmp_path, shape, PATHS, policy, api)
    assert not [each for each in run.report.findings if each.field == "code"]


def test_a_default_that_hides_what_others_have_is_no_leak(tmp_path: Path) -> None:
    """Ann and bob never chose a code: they see the one that the API shows in place of any."""
    rows = deals(others="cat")

    def one(who: str, number: str) -> Any:
        deal, own = of(rows, who, number)
        if not who or not deal:
            return 404
        return deal if own else {**deal, "code": CODE}

    run = scan(tmp_path, rows, one, see="member")
    assert not [each for each in run.report.findings if each.field == "code"]
