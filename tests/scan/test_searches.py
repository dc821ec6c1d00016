"""Searches: a row that comes only for a hidden value tells the value, though it names nobody; what
is found by what the caller may see tells nothing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from oakum.errors import ExitCode
from tests.scan.servers import Call, Reply
from tests.scan.verdicts import NAMES, Told, logged_in, path, schema, told

pytestmark = pytest.mark.server

Row = dict[str, Any]
RECORDS: list[Row] = [
    {
        "id": f"r-{who}-55{n}",
        "by": id,
        "title": f"visit {n} of spring",
        "illness": f"morbus inventus {(at + 2) * 731 + n * 17}x{n}",
        "grade": f"gr{at}{n}7",
    }
    for at, (who, id) in enumerate(NAMES.items())
    for n in (1, 2)
]
SHAPES = schema(
    "Record", id="string", by="string", title="string", illness="string", grade="string"
) + (
    "    Hits: {type: object, properties: {total: {type: integer}, hits: {type: array, items:"
    " {type: object, properties: {score: {type: number}, snippet: {type: string},"
    ' record: {$ref: "#/components/schemas/Record"}}}}}}\n'
)
POLICY = """\
  Record:
    key: id
    owner: by
    fields:
      id, by, illness, grade: [{see: [owner]}]
      title: [{see: [member]}]
operations:
  search: {%sshows: {Record: /hits/*/record}}
"""
Answers = Callable[[str, str], Any]
"""What is answered to (id of the caller, what is searched for)."""


def scan(folder: Path, answers: Answers, source: str = "", name: str = "q") -> Told:
    @logged_in
    def api(who: str, call: Call) -> Reply:
        if call.path == "/records":
            return Reply(200, [row for row in RECORDS if row["by"] == NAMES[who]])
        if call.path == "/search":
            text = call.query.get(name, "")
            own = [row for row in RECORDS if row["by"] == NAMES[who] and text in str(row)]
            given = answers(NAMES[who], text)
            given = given if isinstance(given, dict) else {"hits": given}
            shown = [each for row in own for each in hit(row, NAMES[who], True)]
            return Reply(200, {**given, "hits": [*shown, *given.get("hits", ())]})
        return Reply(404, {"error": "no such path"})

    asked = path("/search", "search", "Hits").replace(
        "parameters: []", f"parameters: [{{name: {name}, in: query, schema: {{type: string}}}}]"
    )
    paths = path("/records", "records", "Record", many=True) + asked
    return told(folder, SHAPES, paths, POLICY % (source and f"params: {source}, "), api)


def hit(row: Row, own: str, leaks: bool) -> list[Row]:
    """What the caller is shown of a row that was found."""
    if row["by"] == own:
        return [{"score": 0.9, "snippet": row["title"], "record": row}]
    return [{"score": 0.9, "snippet": "…"}] if leaks else []


def found_by(field: str, leaks: bool = True) -> Answers:
    def answers(own: str, text: str) -> list[Row]:
        rows = [row for row in RECORDS if text and text in row[field] and row["by"] != own]
        return [each for row in rows for each in hit(row, own, leaks)]

    return answers


# -------------------------------------------------------------------------- what leaks


@pytest.mark.parametrize("source", ["", "{q: Record.illness}", "{q: Record.title}"])
def test_a_row_that_comes_only_for_a_hidden_value_is_a_leak(source: str, tmp_path: Path) -> None:
    run = scan(tmp_path, found_by("illness"), source)
    assert run.proven == {("Record.illness", "member")}
    assert run.finding("Record.illness", "member").rule == "inference-leak"
    assert run.code is ExitCode.FINDINGS


def test_a_number_of_objects_that_comes_only_for_a_hidden_value_is_a_leak(tmp_path: Path) -> None:
    def counted(own: str, text: str) -> Row:
        rows = [row for row in RECORDS if text and text in row["illness"]]
        return {"total": len(rows), "hits": found_by("illness", leaks=False)(own, text)}

    assert scan(tmp_path, counted).proven == {("Record.illness", "member")}


@pytest.mark.parametrize("shown", [("id", "by"), ("id", "by", "grade"), ("id", "illness", "by")])
def test_what_stands_in_the_rows_of_a_search_is_judged_as_in_any_other(
    shown: tuple[str, ...], tmp_path: Path
) -> None:
    """The field is sent, not inferred, where the rows that its value brings show it."""

    def rows(own: str, text: str) -> list[Row]:
        return [
            {"record": {name: row[name] for name in shown}}
            for row in RECORDS
            if row["by"] != own and row["illness"] in text and "illness" in text.split(":")[0]
        ]

    run = scan(tmp_path, rows, name="filter")
    told_of = {each.field: each.rule for each in run.report.findings}
    assert told_of.keys() == {"illness", *shown} and run.code is ExitCode.FINDINGS
    inferred = {field for field, rule in told_of.items() if rule == "inference-leak"}
    assert inferred == {"illness"} - {*shown}


def test_a_row_for_a_value_that_others_may_have_is_suspected(tmp_path: Path) -> None:
    run = scan(tmp_path, found_by("grade"), "{grade: Record.grade}", name="grade")
    assert (run.proven, run.named("suspected")) == (set(), {("Record.grade", "member")})


# ---------------------------------------------------------------- what does not


def spring(text: str) -> list[Row]:
    """Pages that are everybody's, found by any word."""
    pages = ["on the morbus inventus", "spring cleaning", "about u-4101"]
    said = text.casefold().split()
    return [{"score": 0.5, "snippet": page} for page in pages if {*page.split()} & {*said}]


@pytest.mark.parametrize(
    "answers",
    [
        found_by("illness", leaks=False),
        found_by("title"),
        lambda own, text: [{"snippet": f"nothing for {text}"}],
        lambda own, text: [{"snippet": "try another word"}] if text else [],
        lambda own, text: spring(text) + found_by("illness", leaks=False)(own, text),
        lambda own, text: {"total": len(RECORDS), "hits": []},
        lambda own, text: {"total": len(text), "hits": found_by("title")(own, text)},
    ],
)
@pytest.mark.parametrize("source", ["", "{q: Record.illness}", "{q: Record.title}"])
def test_what_is_found_otherwise_is_clean(answers: Answers, source: str, tmp_path: Path) -> None:
    run = scan(tmp_path, answers, source)
    assert (run.proven, run.named("suspected")) == (set(), set())
    assert run.code is not ExitCode.FINDINGS
