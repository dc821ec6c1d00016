"""Objects that several of their own fields name, and what stands below the second object of an
owner: each owner's are requested by others, with the values of one and the same object."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from oakum.errors import ExitCode
from tests.scan.verdicts import NAMES, Api, Told, path, schema, told

pytestmark = pytest.mark.server

# Numbers count in each space, so that one number alone names nothing.
DOCS = [
    {
        "id": f"d-{who}-{n}-5c1",
        "space": f"space-{'xy'[(n + at) % 2]}",
        "no": 3 * at + n,
        "owner_id": id,
        # For a reader of masks, page 0 hides which page it is.
        "title": f"{who} keeps page {n} of {id[-1]}88",
    }
    for at, (who, id) in enumerate(NAMES.items())
    for n in range(3)
]
SHAPE = schema(
    "Doc", id="string", space="string", no="integer", owner_id="string", title="string"
) + schema("Remark", id="string", owner_id="string", words="string")
ONE = "/spaces/{space}/docs/{no}"
Leaks = Callable[[dict[str, Any]], bool]


def policy(key: str = "    key: id\n", more: str = "") -> str:
    return f"""\
  Doc:
{key}    owner: owner_id
    fields: {{"id, space, no, owner_id, title": [{{see: [owner]}}]}}
{more}operations:
  getDoc: {{params: {{space: Doc.space, no: Doc.no}}}}
"""


def scan(folder: Path, leaks: Leaks, contract: str, **options: Any) -> tuple[Told, Api]:
    """Docs for which `leaks` holds go to whoever is logged in."""

    def mine(who: str) -> Any:
        return [each for each in DOCS if each["owner_id"] == NAMES.get(who)] if who else 401

    def one(who: str, space: str, no: str) -> Any:
        row = next((e for e in DOCS if (e["space"], str(e["no"])) == (space, no)), None)
        if not who or row is None:
            return 404 if who else 401
        return row if row["owner_id"] == NAMES[who] or leaks(row) else 404

    api = Api({"/docs": mine, "/spaces/([^/]+)/docs/([^/]+)": one})
    paths = path("/docs", "docs", "Doc", many=True) + path(ONE, "getDoc", "Doc")
    return told(folder, SHAPE, paths, contract, api, **options), api


def requested(api: Api, owner: str) -> set[str]:
    """Who requested which of an owner's docs."""
    own = {f"/spaces/{e['space']}/docs/{e['no']}" for e in DOCS if e["owner_id"] == NAMES[owner]}
    return {who for who, at in api.calls if at in own}


@pytest.mark.parametrize("owner", [*NAMES])
def test_a_leak_of_one_owners_docs_alone_is_found(owner: str, tmp_path: Path) -> None:
    run, api = scan(tmp_path, lambda row: row["owner_id"] == NAMES[owner], policy())
    assert ("Doc.title", "member") in run.proven
    assert len(requested(api, owner)) > 1


def test_a_leak_of_the_second_docs_alone_is_found(tmp_path: Path) -> None:
    run, _ = scan(tmp_path, lambda row: int(row["no"]) % 3 == 1, policy())
    assert ("Doc.title", "member") in run.proven


def test_docs_that_only_their_owners_see_are_requested_by_others_and_clean(
    tmp_path: Path,
) -> None:
    run, api = scan(tmp_path, lambda row: False, policy())
    assert not run.report.findings
    assert run.code == ExitCode.CLEAN, run.report.distrust
    assert all(len(requested(api, owner)) > 1 for owner in NAMES)


# ----------------------------------------------------------- below an owner's objects

REMARKS = [
    {"id": f"r-{who}-77", "owner_id": id, "words": f"{who} remarks 6{id[-1]} things"}
    for who, id in NAMES.items()
]
REMARK = """\
  Remark:
    key: id
    owner: owner_id
    fields: {"id, owner_id, words": [{see: [owner]}]}
"""


def below(folder: Path, place: int, leaking: str = "") -> Told:
    """Each owner's remark stands below their doc at `place`; that of `leaking` is for everybody."""

    def docs(who: str) -> Any:
        return [each for each in DOCS if each["owner_id"] == NAMES.get(who)] if who else 401

    def remarks(who: str, id: str) -> Any:
        row = next((each for each in DOCS if each["id"] == id), None)
        if not who or row is None:
            return 404 if who else 401
        if row["owner_id"] not in (NAMES[who], NAMES.get(leaking)):
            return 404
        own = [each for each in DOCS if each["owner_id"] == row["owner_id"]]
        return [e for e in REMARKS if e["owner_id"] == row["owner_id"]] if own[place] is row else []

    paths = path("/docs", "docs", "Doc", many=True)
    paths += path("/docs/{id}/remarks", "remarks", "Remark", many=True)
    contract = policy(more=REMARK).partition("operations:")[0]
    contract += "operations:\n  remarks: {params: {id: Doc.id}}\n"
    return told(
        folder, SHAPE, paths, contract, Api({"/docs": docs, "/docs/([^/]+)/remarks": remarks})
    )


@pytest.mark.parametrize("place", [0, 1, 2])
def test_remarks_below_any_of_the_first_docs_are_judged(place: int, tmp_path: Path) -> None:
    run = below(tmp_path, place)
    assert not run.report.findings
    assert run.code == ExitCode.CLEAN, run.report.distrust


@pytest.mark.parametrize("owner", [*NAMES])
def test_a_leak_below_the_second_doc_of_one_owner_is_found(owner: str, tmp_path: Path) -> None:
    run = below(tmp_path, 1, leaking=owner)
    assert ("Remark.words", "member") in run.proven


# ------------------------------------------------------------------- without a key


WHICH: dict[str, Leaks] = {
    "all": lambda row: True,
    "first": lambda row: int(row["no"]) % 3 == 0,
    "second": lambda row: int(row["no"]) % 3 == 1,
    "cat's": lambda row: row["owner_id"] == NAMES["cat"],
}


@pytest.mark.parametrize("which", WHICH)
def test_a_leak_of_docs_without_a_key_is_found_in_every_field(which: str, tmp_path: Path) -> None:
    run, _ = scan(tmp_path, WHICH[which], policy(key=""))
    assert {(f"Doc.{each}", "member") for each in ("id", "space", "no", "title")} <= run.proven


def test_where_no_list_tells_docs_apart_a_value_that_came_is_not_closed(tmp_path: Path) -> None:
    """Their owner sees the newest doc in a list of one, and each by its numbers."""

    def newest(who: str) -> Any:
        return [e for e in DOCS if e["owner_id"] == NAMES.get(who)][1:2] if who else 401

    def one(who: str, space: str, no: str) -> Any:
        row = next((e for e in DOCS if (e["space"], str(e["no"])) == (space, no)), None)
        own = row is not None and who and row["owner_id"] == NAMES[who]
        return row if row is not None and (own or int(str(row["no"])) % 3 == 0) else 404

    paths = path("/docs", "docs", "Doc", many=True) + path(ONE, "getDoc", "Doc")
    paths += path("/first", "first", "Doc")
    api = Api(
        {
            "/docs": newest,
            "/first": lambda who: next(
                (e for e in DOCS if e["owner_id"] == NAMES.get(who)), 401 if not who else 404
            ),
            "/spaces/([^/]+)/docs/([^/]+)": one,
        }
    )
    run = told(tmp_path, SHAPE, paths, policy(key=""), api)
    assert "closed" not in run.results("Doc.title", "member", ONE)
    assert run.code == ExitCode.FINDINGS


def test_docs_without_a_key_that_only_their_owners_see_are_clean(tmp_path: Path) -> None:
    run, _ = scan(tmp_path, lambda row: False, policy(key=""))
    assert not run.report.findings
    assert run.code == ExitCode.CLEAN, run.report.distrust
