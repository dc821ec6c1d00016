"""Totals beside lists that show less."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from oakum.errors import ExitCode
from tests.scan.servers import Call, Reply
from tests.scan.verdicts import KEYS, NAMES, Told, logged_in, path, schema, told

pytestmark = pytest.mark.server

NOTES: list[dict[str, Any]] = [
    {"id": f"n-{who}-{n}", "by": id, "text": f"of {who} in spring {n}", "archived": n == 4}
    for who, id in NAMES.items()
    for n in range(5)
]
SHAPES = schema("Note", id="string", by="string", text="string", archived="boolean") + (
    "    Page: {type: object, properties: {total: {type: integer}, notes: {type: array, items:"
    ' {$ref: "#/components/schemas/Note"}}}}\n'
)
POLICY = """\
  Note:
    key: id
    owner: by
    fields: {"id, by, text, archived": [{see: [owner]}]}
operations:
  list: {counts: [/total]}
"""


def scan(
    folder: Path, total: Any, *, size: int = 0, flag: bool = False, hides: bool = False
) -> Told:
    """`total`: (own notes) → what is said; `size`: of a page; `hides`: archived ones are not on the
    list; `flag`: the total comes when it is asked for."""

    @logged_in
    def api(who: str, call: Call) -> Reply:
        own = [each for each in NOTES if each["by"] == NAMES[who]]
        if call.path == "/notes":
            shown = [each for each in own if not (hides and each["archived"])]
            page = int(call.query.get("page", "1")) if size else 1
            rows = shown[(page - 1) * size : page * size] if size else shown
            said = (
                {"total": total(own)} if not flag or call.query.get("with_count") == "true" else {}
            )
            return Reply(200, {"notes": rows, **said})
        found = [each for each in own if each["id"] == call.path.rpartition("/")[2]]
        return Reply(200, found[0]) if found else Reply(404, {"error": "no"})

    names = [("page", "integer")] if size else []
    names += [("with_count", "boolean")] if flag else []
    declared = ", ".join(f"{{name: {n}, in: query, schema: {{type: {t}}}}}" for n, t in names)
    paths = path("/notes", "list", "Page").replace("parameters: []", f"parameters: [{declared}]")
    return told(folder, SHAPES, paths + path("/notes/{id}", "getNote", "Note"), POLICY, api)


@pytest.mark.parametrize(("size", "flag"), [(0, True), (2, False), (2, True)])
def test_a_total_of_everybodys_is_suspected(size: int, flag: bool, tmp_path: Path) -> None:
    run = scan(tmp_path, lambda _: len(NOTES), size=size, flag=flag)
    assert ("Note.id", "member") in run.named("suspected") and not run.proven
    assert run.finding("Note.id", "member").rule == "inference-leak"


@pytest.mark.parametrize(("size", "flag"), [(0, False), (0, True), (2, False), (2, True)])
def test_a_total_of_what_is_shown_is_none(size: int, flag: bool, tmp_path: Path) -> None:
    run = scan(tmp_path, len, size=size, flag=flag)
    assert not run.report.findings
    assert run.code is ExitCode.CLEAN, run.report.distrust


def test_a_total_of_more_of_the_callers_own_is_no_finding(tmp_path: Path) -> None:
    """Archived ones are theirs too, and nobody knows of them: what it counts is not known."""
    run = scan(tmp_path, len, flag=True, hides=True)
    assert not run.report.findings
    assert run.code is ExitCode.NOT_TRUSTWORTHY
    assert any("`counts`" in each for each in run.report.distrust)


FIRMS = {"ann": "north", "bob": "south", "cat": "north"}
ORDERS = [
    {"id": f"o-{firm}-{n}", "firm": firm, "closed": n == 3}
    for firm in ("north", "south")
    for n in range(4)
]
RELATIONS = """\
exposure: 1
api: openapi.yaml
caller: {operation: getMe, id: /id}
relations:
  anyone: {}
  member: {authenticated: true}
  owner: {is: owner}
  colleague: {field: firm, claim: firm}
resources:
  Me: {key: id, owner: id, fields: {id: [{see: [member]}]}}
"""
OF_FIRMS = """\
  Order: {key: id, owner: none, fields: {"id, firm, closed": [{see: [colleague]}]}}
operations:
  list: {counts: [/total], call: [member]}
  getOrder: {params: {id: Order.id}}
"""


@pytest.mark.parametrize("counts", ["all", "shown", "closed"])
def test_a_total_of_other_tenants_is_suspected(counts: str, tmp_path: Path) -> None:
    """`closed`: those of the own firm that the list leaves out; nobody knows what it counts."""

    @logged_in
    def api(who: str, call: Call) -> Reply:
        own = [each for each in ORDERS if each["firm"] == FIRMS[who]]
        shown = [each for each in own if counts != "closed" or not each["closed"]]
        if call.path == "/orders":
            total = len(ORDERS if counts == "all" else own)
            page = int(call.query.get("page", "1"))
            return Reply(200, {"notes": shown[page * 3 - 3 : page * 3], "total": total})
        found = [each for each in own if each["id"] == call.path.rpartition("/")[2]]
        return Reply(200, found[0]) if found else Reply(404, {"error": "no"})

    shapes = schema("Order", id="string", firm="string", closed="boolean") + (
        "    Page: {type: object, properties: {total: {type: integer}, notes: {type: array, items:"
        ' {$ref: "#/components/schemas/Order"}}}}\n'
    )
    page = "{name: page, in: query, schema: {type: integer}}"
    paths = path("/orders", "list", "Page").replace("parameters: []", f"parameters: [{page}]")
    lines = "identities:\n" + "".join(
        f'  {who}: {{send: "X-Key: $k", k: {key}, claims: {{firm: {FIRMS[who]}}}}}\n'
        for key, who in KEYS.items()
    )
    paths += path("/orders/{id}", "getOrder", "Order")
    run = told(tmp_path, shapes, paths, OF_FIRMS, api, lines, relations=RELATIONS)
    assert run.named("suspected") == ({("Order.id", "member")} if counts == "all" else set())
    assert not run.proven
    codes = {"all": ExitCode.FINDINGS, "shown": ExitCode.CLEAN, "closed": ExitCode.NOT_TRUSTWORTHY}
    assert run.code is codes[counts], run.report.distrust
