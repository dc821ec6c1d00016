"""What others are sent in a masked field: of the form, beyond it, or a placeholder.

Each case is an API with one field, `v`, that its owner sees whole and every member in one form.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from oakum.errors import ExitCode
from tests.scan.servers import Reply
from tests.scan.verdicts import NAMES, Api, Told, path, told

pytestmark = pytest.mark.server

ONE, ALL, SHEET = "/cards/{id}", "/cards", "/cards.csv"
Row = Mapping[str, Any]
Shown = Callable[[Row, str], Any]

CARDS = ("4539148803436467", "5500005555555559", "4916338506082832")
IBANS = ("DE89370400440532013000", "SE4550000000058398257466", "FI2112345600000785")
MAILS = ("annika.bergqvist@mail.test", "bob.quill@post.test", "cidonia.marsh@mail.test")
PHONES = ("0701234511", "0709876522", "0405119933")
BIRTHS = ("1987-04-23", "1991-11-08", "1969-07-15")
LATS = (59.329323, 57.708872, 55.604981)
ROADS = ("12 Long Road, Kelo", "7 Short Street, Marn", "3 Old Lane, Tiv")
NUMBER, TEXT = "{type: number}", "{type: string}"


@dataclass(frozen=True)
class Case:
    form: str
    values: tuple[Any, ...]
    shown: Shown
    """What a stranger is sent in the field; `where`: at this path."""
    truth: str
    """`closed`, `placeholder`, `proven`, `leak` (proven or suspected) or `unclear`."""
    type: str = TEXT
    leaf: str = "v"
    when: str = ""
    private: tuple[bool, ...] = (False, False, False)
    extra: str = ""
    at: tuple[str, ...] = field(default=(ALL, ONE))
    """Where the truth holds."""


def stars(text: str, first: int, last: int) -> str:
    return text[:first] + "*" * (len(text) - first - last) + text[len(text) - last :]


def only(where: str, shown: Shown, otherwise: Shown) -> Shown:
    return lambda row, at: (shown if at == where else otherwise)(row, at)


def last(n: int) -> Shown:
    return lambda row, _: stars(str(row["v"]), 0, n)


LIST, PAIR = "{type: array, items: {type: string}}", "{type: array, items: {type: number}}"
DEEP = "{type: object, properties: {zip: {type: string}}}"
TWO = tuple([each, "+44" + each[::-1]] for each in PHONES)
POINTS = tuple([each, round(each / 3, 6)] for each in LATS)

CORRECT = {
    "the last digits of a number": Case(
        "{last: 4}",
        tuple(map(int, CARDS)),
        lambda row, _: int(str(row["v"])[-4:]),
        "closed",
        "{type: integer}",
    ),
    "both ends of an account number, in groups": Case(
        "{first: 2, last: 4}",
        IBANS,
        lambda row, _: f"{row['v'][:2]}** **** {row['v'][-4:]}",
        "closed",
    ),
    "an address behind stars": Case(
        "stars",
        MAILS,
        lambda row, _: row["v"][0] + "***@" + row["v"].split("@")[1],
        "closed",
    ),
    "a telephone number, of some nothing": Case(
        "[empty, {last: 3}]",
        PHONES,
        lambda row, _: None if row["v"] == PHONES[0] else row["v"][-3:],
        "closed",
    ),
    "each element of a list": Case(
        "{last: 3}",
        TWO,
        lambda row, _: ["xxxxxxx" + each[-3:] for each in row["v"]],
        "closed",
        LIST,
        "v.*",
    ),
    "a latitude as text": Case(
        "{decimals: 1}",
        tuple(map(str, LATS)),
        lambda row, _: f"{float(row['v']):.1f}",
        "closed",
    ),
    "the year of a date": Case(
        "{first: 4}",
        BIRTHS,
        lambda row, _: row["v"][:4] + "-**-**",
        "closed",
    ),
    "a member of a member": Case(
        "{first: 2}",
        tuple({"zip": each[2:7]} for each in CARDS),
        lambda row, _: {"zip": row["v"]["zip"][:2] + "***"},
        "closed",
        DEEP,
        "v.zip",
    ),
    "a column of a sheet": Case(
        "{last: 4}", CARDS, last(4), "closed", extra=SHEET, at=(ALL, ONE, SHEET)
    ),
    "a word for every owner": Case(
        "{last: 4}", CARDS, lambda row, _: "ask the owner", "placeholder"
    ),
    "coordinates": Case(
        "{decimals: 1}",
        POINTS,
        lambda row, _: [round(each, 1) for each in row["v"]],
        "closed",
        PAIR,
        "v.*",
    ),
    "a form in one state, and nothing in the other": Case(
        "stars",
        MAILS,
        lambda row, _: ... if row["private"] else row["v"][0] + "***@" + row["v"].split("@")[1],
        "closed",
        when=", when: {private: false}",
        private=(True, False, True),
    ),
    "all stars": Case("{last: 4}", CARDS, lambda row, _: "****************", "placeholder"),
    "the town instead of the road": Case(
        "{beside: town}", ROADS, lambda row, _: row["town"], "closed"
    ),
}
LEAKING = {
    "twelve digits of a number": Case(
        "{last: 4}", tuple(map(int, CARDS)), lambda row, _: int(str(row["v"])[-12:]), "proven",
        "{type: integer}",
    ),
    "the whole in groups": Case(
        "{first: 2, last: 4}", IBANS,
        lambda row, _: " ".join(row["v"][n : n + 4] for n in range(0, len(row["v"]), 4)), "proven",
    ),
    "all but the last two characters": Case(
        "{first: 2, last: 2}", IBANS, lambda row, _: row["v"][:-2] + "…", "proven",
    ),
    "the whole address beside stars": Case(
        "stars", MAILS, lambda row, _: f"****** {row['v']}", "proven"
    ),
    "the whole number beside stars": Case(
        "stars", CARDS, lambda row, _: f"**** {row['v']}", "proven"
    ),
    "with a country prefix": Case(
        "{last: 3}", PHONES, lambda row, _: f"+46 {row['v'][1:4]} {row['v'][4:]}", "proven"
    ),
    "four decimals of one": Case(
        "{decimals: 1}", tuple(map(str, LATS)), lambda row, _: f"{float(row['v']):.4f}", "proven",
    ),
    "the month beside the year": Case(
        "{first: 4}", BIRTHS, lambda row, _: row["v"][:7] + "-**", "leak",
    ),
    "the whole in upper case": Case("stars", MAILS, lambda row, _: row["v"].upper(), "proven"),
    "one owner of three": Case(
        "{last: 4}", CARDS,
        lambda row, _: stars(row["v"], 0, 12 if row["by"] == NAMES["bob"] else 4), "proven",
    ),
    "in the sheet alone": Case(
        "{last: 4}", CARDS, only(SHEET, last(12), last(4)), "proven", extra=SHEET, at=(SHEET,)
    ),
    "the second element of a list": Case(
        "{last: 3}", TWO, lambda row, _: ["xxxxxxx" + row["v"][0][-3:], row["v"][1][1:]], "proven",
        LIST, "v.*",
    ),
    "a form that only the other state has": Case(
        "stars", MAILS, lambda row, _: row["v"][:4] + "***@" + row["v"].split("@")[1], "leak",
        when=", when: {private: false}", private=(True, False, True),
    ),
    "coordinates with three decimals": Case(
        "{decimals: 1}", POINTS, lambda row, _: [round(each, 3) for each in row["v"]], "leak",
        PAIR, "v.*",
    ),
    "a displaced latitude with three decimals": Case(
        "{decimals: 1}", LATS, lambda row, _: round(row["v"] + 0.0137, 3), "unclear", NUMBER,
    ),
    "the road beside the town": Case(
        "{beside: town}", ROADS, lambda row, _: row["v"].split(" ", 1)[1], "proven"
    ),
    "six digits of one owner alone": Case(
        "{last: 4}", CARDS,
        lambda row, _: stars(row["v"], 0, 6 if row["by"] == NAMES["bob"] else 4), "leak",
    ),
    "one owner withheld, another shown": Case(
        "{first: 2, last: 2}", IBANS,
        lambda row, _: ... if row["by"] == NAMES["bob"] else row["v"][:-2] + "…", "proven",
    ),
}  # fmt: skip
ALIKE = {
    "the last digits, to their owner, too": Case(
        "{last: 4}", tuple(each[-4:] for each in CARDS), lambda row, _: row["v"], "alike"
    ),
    "behind stars to strangers alone": Case(
        "{last: 4}", tuple(each[-4:] for each in CARDS), lambda row, _: f"**** {row['v']}", "alike"
    ),
    "one decimal, to its owner, too": Case(
        "{decimals: 1}", tuple(round(each, 1) for each in LATS), lambda row, _: row["v"], "alike",
        NUMBER,
    ),
}  # fmt: skip


def scan(case: Case, folder: Path) -> Told:
    rows = [
        {"id": f"c-{nth}{id[2:]}", "by": id, "private": hidden, "town": town, "v": value}
        for nth, (id, value, hidden, town) in enumerate(
            zip(NAMES.values(), case.values, case.private, ("Kelo", "Marn", "Tiv"), strict=True)
        )
    ]

    def view(row: Row, who: str, where: str) -> dict[str, Any]:
        if row["by"] == NAMES[who]:
            return dict(row)
        shown = case.shown(row, where)
        return {k: v for k, v in {**row, "v": shown}.items() if v is not ...}

    def every(who: str) -> Any:
        return [view(row, who, ALL) for row in rows] if who else 401

    def one(who: str, id: str) -> Any:
        row = next((row for row in rows if row["id"] == id), None)
        return 401 if not who else 404 if row is None else view(row, who, ONE)

    def sheet(who: str) -> Any:
        shown = [view(row, who, SHEET) for row in rows] if who else []
        lines = ["id,by,town,v", *(f"{r['id']},{r['by']},{r['town']},{r['v']}" for r in shown)]
        text = "\r\n".join(lines).encode()
        return Reply(200, text, (("content-type", "text/csv"),)) if who else 401

    shapes = (
        "    Card:\n      type: object\n      properties: {id: {type: string}, by: {type: string},"
        f" private: {{type: boolean}}, town: {{type: string}}, v: {case.type}}}\n"
    )
    paths = path(ALL, "cards", "Card", many=True) + path(ONE, "getCard", "Card")
    shows = ""
    if case.extra:
        paths += path(SHEET, "sheet", "Card").replace(
            'application/json: {schema: {$ref: "#/components/schemas/Card"}}',
            "text/csv: {schema: {type: string}}",
        )
        shows = ', sheet: {shows: {Card: "/*"}}'
    policy = f"""\
  Card:
    key: id
    owner: by
    states: {{private: {{field: private, missing: true}}}}
    fields:
      id, by, private, town: [{{see: [member]}}]
      {case.leaf}: [{{see: [owner]}}, {{see: [member], masked: {case.form}{case.when}}}]
operations: {{getCard: {{params: {{id: Card.id}}}}{shows}}}
"""
    served = Api({"/cards": every, "/cards/([^/]+)": one, "/cards.csv": sheet})
    return told(folder, shapes, paths, policy, served)


def cells(run: Told, case: Case) -> set[str]:
    """What the cells say for members, where the truth of a case is told: of private objects, if
    the form is granted to the others alone."""
    return {
        cell.result.value
        for cell in run.report.cells
        if f"{cell.resource}.{cell.field}" == f"Card.{case.leaf}"
        and cell.viewer == "member"
        and cell.endpoint.path in case.at
        and (not case.when or ("private", "true") in cell.state)
    }


@pytest.mark.parametrize("name", CORRECT)
def test_an_api_that_keeps_to_the_form_is_not_accused(name: str, tmp_path: Path) -> None:
    case = CORRECT[name]
    run = scan(case, tmp_path)
    assert run.report.findings == ()
    assert run.report.distrust == ()
    assert run.code is ExitCode.CLEAN
    if case.truth == "closed":
        assert cells(run, case) == {"closed"}


@pytest.mark.parametrize("name", LEAKING)
def test_what_shows_more_than_the_form_is_told(name: str, tmp_path: Path) -> None:
    case = LEAKING[name]
    run = scan(case, tmp_path)
    verdicts = {each.verdict for each in run.report.findings}
    assert {(each.field, each.viewer) for each in run.report.findings} <= {(case.leaf, "member")}
    if case.truth == "unclear":
        assert (verdicts, cells(run, case)) == (set(), {"untested"})
        assert run.code is ExitCode.NOT_TRUSTWORTHY
        return
    assert cells(run, case) == {"leak"}
    assert verdicts == {"proven"} if case.truth == "proven" else verdicts <= {"proven", "suspected"}
    assert run.code is not ExitCode.CLEAN


@pytest.mark.parametrize("name", ALIKE)
def test_a_mask_that_its_owner_is_shown_too_tests_nothing(name: str, tmp_path: Path) -> None:
    run = scan(ALIKE[name], tmp_path)
    assert run.report.findings == ()
    assert cells(run, ALIKE[name]) == {"untested"}
