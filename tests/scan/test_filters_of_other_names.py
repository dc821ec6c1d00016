"""A filter under a name that the document does not have, beside one that refuses hidden fields."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.scan.servers import Call, Reply
from tests.scan.test_json_filters import HIDDEN, IBAN, PAY, PEOPLE, POLICY, SCHEMAS, holds, names
from tests.scan.test_json_filters import nested as parsed
from tests.scan.verdicts import NAMES, Told, logged_in, path, told

pytestmark = pytest.mark.server
FILTERS = "{name: filters, in: query, schema: {type: object}}"
"""The document does not say how the object is written: it is `filters[nick]=…` here."""
Row = dict[str, Any]


def scan(folder: Path, *, declared: str, read: tuple[str, ...], checked: tuple[str, ...]) -> Told:
    """`read`: names under which the API takes conditions; `checked`: where it refuses hidden
    fields."""

    @logged_in
    def api(who: str, call: Call) -> Reply:
        def cut(row: Row) -> Row:
            return {k: v for k, v in row.items() if row["id"] == NAMES[who] or k not in HIDDEN}

        if call.path.startswith("/people/"):
            found = [each for each in PEOPLE if each["id"] == call.path.rpartition("/")[2]]
            return Reply(200, cut(found[0])) if found else Reply(404, {"error": "no"})
        rows = [(each, {**each, "pay": str(each["pay"])}) for each in PEOPLE]
        for name in read:
            where = parsed(call, name)
            if name in checked and {*HIDDEN} & names(where):
                return Reply(400, {"error": "invalid key"})
            rows = [each for each in rows if holds(where, each[1])]
        return Reply(200, {"results": [cut(each) for each, _ in rows]})

    wrapped = (
        "    People: {type: object, properties: {results:"
        ' {type: array, items: {$ref: "#/components/schemas/Person"}}}}\n'
    )
    asked = path("/people", "people", "People").replace(
        "parameters: []", f"parameters: [{declared}]"
    )
    one = path("/people/{id}", "getPerson", "Person")
    return told(folder, SCHEMAS + wrapped, one + asked, POLICY, api)


def test_a_condition_is_tried_in_names_where_the_document_does_not_say_how_it_is_written(
    tmp_path: Path,
) -> None:
    run = scan(tmp_path, declared=FILTERS, read=("filters",), checked=())
    assert {PAY, IBAN} <= run.proven


def test_what_the_documented_filter_refuses_is_tried_under_another_name(tmp_path: Path) -> None:
    run = scan(tmp_path, declared=FILTERS, read=("filters", "where"), checked=("filters",))
    assert {PAY, IBAN} <= run.proven
    assert "where[" in run.finding(*PAY).evidence.note


@pytest.mark.parametrize(
    ("read", "checked"),
    [(("filters",), ("filters",)), (("filters", "where"), ("filters", "where")), ((), ())],
)
def test_an_api_that_takes_no_hidden_field_under_any_name_is_not_accused(
    read: tuple[str, ...], checked: tuple[str, ...], tmp_path: Path
) -> None:
    run = scan(tmp_path, declared=FILTERS, read=read, checked=checked)
    assert run.report.findings == ()
    assert not [each for each in run.report.notes if "`where`" in each]


def test_without_a_filter_in_the_document_no_other_name_is_tried(tmp_path: Path) -> None:
    plain = "{name: lang, in: query, schema: {type: string}}"
    assert scan(tmp_path, declared=plain, read=("where",), checked=()).proven == set()
