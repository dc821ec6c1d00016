"""The law: a leak is found by whatever the contract reads its relations from: the caller, a claim,
or the object itself, which nobody has seen before it comes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from oakum.errors import ExitCode
from tests.scan.servers import Call, Reply
from tests.scan.verdicts import HEAD, KEYS, ME, NAMES, Told, path, told

pytestmark = pytest.mark.server

ORGS = {"ann": "acme", "bob": "acme", "cat": "zeta"}
READERS = {"ann": ["bob"], "bob": ["ann"], "cat": []}
RELATIONS = {
    "the caller and the object": "member: {authenticated: true}, mate: {field: org, claim: org}",
    "a claim that the object names": "mate: {field: org, claim: org}",
    "the object": "mate: {field: reader_ids}",
    "a role, and the object": (
        "mate: {field: org, claim: org}, boss: {claim: role, has: boss, requires: [mate]}"
    ),
}
ROWS = [
    {
        "id": f"d-{name}-{number}-5b2c",
        "owner_id": id,
        "org": ORGS[name],
        "reader_ids": [NAMES[each] for each in READERS[name]],
        "title": f"harbour crane {name} number {number}",
        "price": f"{number}{id[-1]}71.5{number} net",
    }
    for number in range(3)
    for name, id in NAMES.items()
]
SCHEMAS = """\
    Deal:
      type: object
      properties:
        id: {type: string}
        owner_id: {type: string}
        org: {type: string}
        reader_ids: {type: array, items: {type: string}}
        title: {type: string}
        price: {type: string}
"""
DOCUMENT_OF_ONE = """\
  /deals/{id}/text:
    get:
      operationId: getText
      parameters: [{name: id, in: path, required: true, schema: {type: string}}]
      responses: {"200": {description: ok, content: {text/plain: {schema: {type: string}}}}}
"""
OPTIONS = (
    "{name: expand, in: query, schema: {type: string, enum: [price]}}, "
    "{name: X-View, in: header, schema: {type: string, enum: [full]}}, "
)
ONE = path("/deals/{id}", "getDeal", "Deal")
PATHS = (
    path("/deals", "listDeals", "Deal", many=True)
    .replace("[]", "[{name: cursor, in: query, schema: {type: string}}]")
    .replace("type: array", "type: object, properties: {next: {type: string}, data: {type: array")
    .replace('/Deal"}}}', '/Deal"}}}}}')
    + ONE.replace("parameters: [", f"parameters: [{OPTIONS}").replace(
        "application/json:",
        "text/csv: {schema: {type: string}}, application/json:",
    )
    + DOCUMENT_OF_ONE
)
POLICY = """\
exposure: 1
api: openapi.yaml
caller: {operation: getMe, id: /id}
relations: {owner: {is: owner}, %s}
resources:
  Me: {key: id, owner: id, fields: {"id, org": [{see: [owner]}]}}
  Deal:
    key: id
    owner: owner_id
    main: getDeal
    fields:
      id, owner_id, org, reader_ids, title: [{see: [owner, mate]}]
      price: [{see: [owner]}]
operations:
  getDeal: {params: {id: Deal.id}}
  getText: {params: {id: Deal.id}, call: [owner, mate]}
"""


class Deals:
    """`leak`: the one way by which others come to prices, or strangers to a text."""

    def __init__(self, leak: str) -> None:
        self.leak = leak

    def _shown(self, who: str, row: dict[str, Any], *ways: str) -> dict[str, Any]:
        whole = row["owner_id"] == NAMES[who] or self.leak in ways
        return {n: v for n, v in row.items() if whole or n != "price"}

    def __call__(self, call: Call) -> Reply:
        who = KEYS.get(call.headers.get("x-key", ""), "")
        if not who:
            return Reply(401, {"error": "log in"})
        if call.path == "/me":
            return Reply(200, {"id": NAMES[who], "org": ORGS[who]})
        mine = [row for row in ROWS if row["org"] == ORGS[who]]
        mine.sort(key=lambda row: row["owner_id"] != NAMES[who])
        if call.path == "/deals":
            start = int(call.query.get("cursor", "c0").removeprefix("c"))
            rows = [self._shown(who, row, *(["page"] if start else [])) for row in mine]
            more = {"next": f"c{start + 3}"} if start + 3 < len(mine) else {}
            return Reply(200, {"data": rows[start : start + 3], **more})
        _, _, id, *rest = call.path.split("/")
        row = next((row for row in ROWS if row["id"] == id), None)
        if row is None or (row not in mine and not (rest and self.leak == "text")):
            return Reply(404, {"error": "there is none"})
        if rest:
            return _text("text/plain", f"{row['title']}: {row['id']}")
        if "text/csv" in call.headers.get("accept", ""):
            shown = self._shown(who, row, "csv")
            lines = [",".join(shown), ",".join(str(v).replace(",", " ") for v in shown.values())]
            return _text("text/csv", "\r\n".join(lines))
        ways = [*(["expand"] if call.query.get("expand") == "price" else [])]
        ways += ["view"] if call.headers.get("x-view") == "full" else []
        return Reply(200, self._shown(who, row, *ways))


def _text(media_type: str, text: str) -> Reply:
    return Reply(200, text.encode(), (("content-type", media_type),))


def scan(folder: Path, relations: str, leak: str) -> Told:
    head = HEAD.replace("id: {type: string}", "id: {type: string}, org: {type: string}")
    document = f"{head}{SCHEMAS}paths:\n{ME}{PATHS}"
    policy = POLICY % RELATIONS[relations]
    return told(folder, "", "", policy, Deals(leak), document=document, relations="")


@pytest.mark.parametrize("leak", ["page", "expand", "view", "csv"])
@pytest.mark.parametrize("relations", RELATIONS)
def test_a_leak_is_found_by_whatever_the_contract_tells_a_viewer(
    tmp_path: Path, relations: str, leak: str
) -> None:
    run = scan(tmp_path, relations, leak)
    assert "Deal.price" in {name for name, _ in run.proven} and run.code is ExitCode.FINDINGS


@pytest.mark.parametrize("relations", RELATIONS)
def test_a_text_that_a_stranger_is_sent_is_found_by_whatever_the_contract_tells_a_viewer(
    tmp_path: Path, relations: str
) -> None:
    run = scan(tmp_path, relations, "text")
    assert any(name == "Deal.title" for name, _ in run.proven)
    assert run.code is ExitCode.FINDINGS


@pytest.mark.parametrize("relations", RELATIONS)
def test_what_keeps_to_the_contract_is_no_leak_by_whatever_it_tells_a_viewer(
    tmp_path: Path, relations: str
) -> None:
    run = scan(tmp_path, relations, "")
    assert run.report.findings == ()
