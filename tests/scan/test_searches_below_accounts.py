"""A word search below an account in the path, by what others may not see of its objects."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from oakum.errors import ExitCode
from tests.scan.servers import Call, Reply
from tests.scan.verdicts import NAMES, Told, logged_in, schema, told

pytestmark = pytest.mark.server

EVENTS: list[dict[str, Any]] = [
    {
        "id": f"ev-{n * 37}", "organizer": NAMES[who], "busy": n % 2 == 0,
        "start": f"2026-0{n}-11", "title": f"Review {n * 7127} of the quarter",
    }
    for n, who in enumerate([*NAMES] * 2, 1)
]  # fmt: skip
SHAPES = schema("Event", id="string", organizer="string", busy="boolean", start="string",
                title="string")  # fmt: skip
PATHS = """\
  /people/{pid}/events:
    get:
      operationId: listEvents
      parameters:
        - {name: pid, in: path, required: true, schema: {type: string}}
        - {name: q, in: query, schema: {type: string}}
      responses:
        "200": {description: ok, content: {application/json: {schema: {type: array, items: {$ref: "#/components/schemas/Event"}}}}}
  /events/{eid}:
    get:
      operationId: getEvent
      parameters: [{name: eid, in: path, required: true, schema: {type: string}}]
      responses:
        "200": {description: ok, content: {application/json: {schema: {$ref: "#/components/schemas/Event"}}}}
"""  # noqa: E501
POLICY = """\
  Event:
    key: id
    owner: organizer
    main: getEvent
    states: {busy: {field: busy}}
    fields:
      id, organizer, busy, start: [{see: [member]}]
      title: [{see: [owner]}, {see: [member], when: {busy: false}}]
operations:
  listEvents: {params: {pid: Me.id}}
  getEvent: {params: {eid: Event.id}}
"""


def scan(folder: Path, looks_in: str, *, words: bool = False) -> Told:
    """`looks_in`: whether a search reads what the caller is `shown` or `all`."""

    def view(who: str, event: dict[str, Any]) -> dict[str, Any]:
        hides = event["busy"] and NAMES[who] != event["organizer"]
        return {name: value for name, value in event.items() if name != "title" or not hides}

    @logged_in
    def api(who: str, call: Call) -> Reply:
        parts = call.path.split("/")
        if parts[1] == "events":
            found = [view(who, each) for each in EVENTS if each["id"] == parts[2]]
            return Reply(200, found[0]) if found else Reply(404, {"error": "none"})
        term = call.query.get("q", "").casefold()
        rows = [each for each in EVENTS if each["organizer"] == parts[2]]
        texts = [each if looks_in == "all" else view(who, each) for each in rows]
        asked = term.split() if words else [term]
        return Reply(200, [
            view(who, each)
            for each, text in zip(rows, texts, strict=True)
            if all(word in text.get("title", "").casefold() for word in asked)
        ])  # fmt: skip

    return told(folder, SHAPES, PATHS, POLICY, api)


@pytest.mark.parametrize("words", [True, False])
def test_a_search_that_reads_hidden_fields_is_found(words: bool, tmp_path: Path) -> None:
    run = scan(tmp_path, "all", words=words)
    assert ("Event.title", "member") in run.proven
    assert run.code == ExitCode.FINDINGS


@pytest.mark.parametrize("words", [True, False])
def test_the_fixed_twin_is_clean(words: bool, tmp_path: Path) -> None:
    run = scan(tmp_path, "shown", words=words)
    assert run.report.findings == ()
    assert run.code == ExitCode.CLEAN, run.report.distrust
