"""Filters that are JSON: a condition on a hidden field tells its value, wherever in the filter it
stands. An API that refuses such a condition, or gives it no effect, tells nothing."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from oakum.errors import ExitCode
from tests.scan.servers import Call, Reply
from tests.scan.verdicts import NAMES, Told, logged_in, path, schema, told

pytestmark = pytest.mark.server

Row = dict[str, Any]
PEOPLE: list[Row] = [
    {
        "id": id,
        "nick": f"{who} Leighton",
        "pay": 3100 + 700 * at,
        "bank": {"iban": f"XX90 5511 220{at}", "holder": f"{who} of {at}77"},
    }
    for at, (who, id) in enumerate(NAMES.items())
]
HIDDEN = ("pay", "bank")
SCHEMAS = schema("Person", id="string", nick="string", pay="number") + (
    "    Bank: {type: object, properties: {iban: {type: string}, holder: {type: string}}}\n"
)
SCHEMAS = SCHEMAS.replace(
    "pay: {type: number}", 'pay: {type: number}, bank: {$ref: "#/components/schemas/Bank"}'
)
POLICY = """\
  Person:
    key: id
    owner: id
    main: getPerson
    fields:
      id, nick: [{see: [member]}]
      pay, bank: [{see: [owner]}]
operations:
  getPerson: {params: {id: Me.id}}
"""
AS_MEDIA = "{name: where, in: query, content: {application/json: {schema: {type: object}}}}"
AS_OBJECT = "{name: filter, in: query, schema: {type: object}}"
AS_EXAMPLE = """{name: q, in: query, schema: {type: string, example: '{"nick": "x"}'}}"""
LOOPBACK = (
    """{name: filter, in: query, schema: {type: string}, example: '{"where": {"nick": "x"}}'}"""
)
DEEP = "{name: filters, in: query, style: deepObject, schema: {type: object}}"
PLAIN = "{name: lang, in: query, schema: {type: string}}"
Refuses = Callable[[Any], int]
"""The status with which a condition is refused; 0: it is not."""


def holds(where: Row, row: Any) -> bool:
    return isinstance(row, dict) and all(_is(name, wanted, row) for name, wanted in where.items())


def _is(name: str, wanted: Any, row: Row) -> bool:
    if name.strip("$") == "or":
        return any(holds(each, row) for each in wanted)
    if name.strip("$") == "and":
        return all(holds(each, row) for each in wanted)
    first, _, rest = name.partition(".")
    if rest:
        return isinstance(row.get(first), dict) and _is(rest, wanted, row[first])
    held = row.get(name)
    if not isinstance(wanted, dict):
        return bool(held == wanted)
    (word, value), *_ = wanted.items()
    if word.strip("$") in ("in", "inq"):
        return held in value
    return bool(str(held) == str(value)) if word == "$eq" else holds(wanted, held)


def names(where: Any) -> set[str]:
    """Every name anywhere in a filter."""
    if isinstance(where, dict):
        return {part for name in where for part in name.split(".")}.union(
            *map(names, where.values())
        )
    return set().union(*map(names, where)) if isinstance(where, list) else set()


def nested(call: Call, name: str) -> Row:
    """`filters[a][b]=c` as `{"a": {"b": "c"}}`."""
    found: Row = {}
    for key, value in call.query.items():
        if key.startswith(f"{name}["):
            *above, last = key.removeprefix(f"{name}[").removesuffix("]").split("][")
            at = found
            for each in above:
                at = at.setdefault(each, {})
            at[last] = value
    return _lists(found)


def _lists(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    inner = {name: _lists(each) for name, each in value.items()}
    return list(inner.values()) if inner and all(each.isdigit() for each in inner) else inner


Filter = Callable[[str, Row], Any]
"""What a filter lets through, of the caller's id and the parsed filter: rows, or a status."""


def rows(own: str, where: Row) -> Any:
    return [each for each in PEOPLE if holds(where, each)]


def refusing(refuses: Refuses) -> Filter:
    return lambda own, where: refuses(where) or rows(own, where)


def scan(folder: Path, parameter: str, filtered: Filter, *, echo: bool = False) -> Told:
    name = parameter.split(",")[0].removeprefix("{name: ")

    @logged_in
    def api(who: str, call: Call) -> Reply:
        own = NAMES[who]

        def cut(row: Row) -> Row:
            return {k: v for k, v in row.items() if row["id"] == own or k not in HIDDEN}

        if call.path.startswith("/people/"):
            found = [each for each in PEOPLE if each["id"] == call.path.rpartition("/")[2]]
            return Reply(200, cut(found[0])) if found else Reply(404, {"error": "no"})
        text = call.query.get(name)
        if parameter == DEEP:
            where = nested(call, name)
        else:
            try:
                where = json.loads(text) if text else {}
            except ValueError:
                return Reply(500, {"error": "internal"})
        if not isinstance(where, dict):
            return Reply(500, {"error": "internal"})
        where = where.get("where", {}) if parameter == LOOPBACK else where
        given = filtered(own, where)
        if isinstance(given, int):
            return Reply(given, {"error": "no"})
        body = {"results": [cut(each) for each in given]}
        return Reply(200, {**body, "asked": where} if echo else body)

    wrapped = (
        "    People: {type: object, properties: {asked: {type: object}, results:"
        ' {type: array, items: {$ref: "#/components/schemas/Person"}}}}\n'
    )
    asked = path("/people", "people", "People").replace(
        "parameters: []", f"parameters: [{parameter}]"
    )
    return told(
        folder, SCHEMAS + wrapped, path("/people/{id}", "getPerson", "Person") + asked, POLICY, api
    )


PAY, IBAN, HOLDER = ((f"Person.{each}", "member") for each in ("pay", "bank.iban", "bank.holder"))


# -------------------------------------------------------------------------- what leaks


def at_the_top(where: Row) -> int:
    """Looks at the first names of a filter only."""
    return 403 if {*HIDDEN} & {each.partition(".")[0] for each in where} else 0


def as_they_are_named(where: Row) -> int:
    """Looks at whole names everywhere, and not at members of what they name."""

    def every(value: Any) -> set[str]:
        if isinstance(value, list):
            return set().union(*map(every, value))
        return set(value).union(*map(every, value.values())) if isinstance(value, dict) else set()

    return 400 if {*HIDDEN} & every(where) else 0


def without_operators(where: Row) -> int:
    """Looks at plain values everywhere, and not at operators."""

    def plain(value: Any) -> set[str]:
        if isinstance(value, list):
            return set().union(*map(plain, value))
        if not isinstance(value, dict):
            return set()
        here = {name.partition(".")[0] for name, each in value.items() if type(each) is not dict}
        return here.union(*(plain(each) for each in value.values() if type(each) is list))

    return 403 if {*HIDDEN} & plain(where) else 0


@pytest.mark.parametrize("parameter", [AS_MEDIA, AS_OBJECT, AS_EXAMPLE, LOOPBACK])
@pytest.mark.parametrize(
    ("refuses", "leaks"),
    [
        (lambda where: 0, {PAY, IBAN, HOLDER}),
        (at_the_top, {PAY, IBAN, HOLDER}),
        (as_they_are_named, {IBAN, HOLDER}),
        (without_operators, {PAY, IBAN, HOLDER}),
    ],
)
def test_a_condition_on_a_hidden_field_is_a_leak_wherever_it_stands(
    parameter: str, refuses: Refuses, leaks: set[tuple[str, str]], tmp_path: Path
) -> None:
    run = scan(tmp_path, parameter, refusing(refuses))
    assert run.proven == leaks
    assert {each.rule for each in run.report.findings} == {"inference-leak"}
    assert run.code is ExitCode.FINDINGS


@pytest.mark.parametrize("refuses", [lambda where: 0, at_the_top])
def test_a_condition_in_names_of_parameters_is_a_leak(refuses: Refuses, tmp_path: Path) -> None:
    def texts(own: str, where: Row) -> Any:
        as_texts = [(each, {**each, "pay": str(each["pay"])}) for each in PEOPLE]
        return refuses(where) or [each for each, text in as_texts if holds(where, text)]

    assert scan(tmp_path, DEEP, texts).proven == {PAY, IBAN, HOLDER}


def test_the_finding_says_where_the_condition_stood(tmp_path: Path) -> None:
    note = scan(tmp_path, AS_MEDIA, refusing(at_the_top)).finding(*PAY).evidence.note
    assert '`where={"$or":[{"pay":…}]}`' in note


# ---------------------------------------------------------------------- what does not


def everywhere(status: int) -> Refuses:
    return lambda where: status if {*HIDDEN} & names(where) else 0


def drops(own: str, where: Row) -> Any:
    """Gives a condition on what is hidden no effect."""
    return rows(own, {} if {*HIDDEN} & names(where) else where)


def only_own(own: str, where: Row) -> Any:
    """A condition on what is hidden finds only the caller."""
    hidden = {*HIDDEN} & names(where)
    return [each for each in rows(own, where) if not hidden or each["id"] == own]


def nothing(own: str, where: Row) -> Any:
    return [] if where else PEOPLE


CORRECT: list[Filter] = [
    refusing(everywhere(403)),
    refusing(everywhere(400)),
    refusing(everywhere(500)),
    drops,
    only_own,
    nothing,
    lambda own, where: PEOPLE,
    lambda own, where: 400 if where else PEOPLE,
]


@pytest.mark.parametrize("parameter", [AS_MEDIA, AS_OBJECT, AS_EXAMPLE, LOOPBACK, DEEP])
@pytest.mark.parametrize("filtered", CORRECT)
def test_an_api_that_lets_nobody_filter_by_what_is_hidden_is_not_accused(
    parameter: str, filtered: Filter, tmp_path: Path
) -> None:
    for echo in (False, True):
        run = scan(tmp_path, parameter, filtered, echo=echo)
        assert run.report.findings == ()


@pytest.mark.parametrize("filtered", [refusing(everywhere(403)), drops, only_own])
def test_a_filter_that_works_for_what_may_be_seen_is_tested(
    filtered: Filter, tmp_path: Path
) -> None:
    notes = scan(tmp_path, AS_MEDIA, filtered).report.notes
    assert not [each for each in notes if "`where`" in each]


@pytest.mark.parametrize(
    "filtered", [nothing, lambda own, where: PEOPLE, lambda own, where: 400 if where else PEOPLE]
)
@pytest.mark.parametrize("parameter", [AS_MEDIA, DEEP])
def test_a_filter_that_finds_nobody_by_what_may_be_seen_is_untested(
    parameter: str, filtered: Filter, tmp_path: Path
) -> None:
    name = "where" if parameter == AS_MEDIA else "filters"
    (note,) = (
        each for each in scan(tmp_path, parameter, filtered).report.notes if f"`{name}`" in each
    )
    assert note.startswith(f"GET /people: no filter in `{name}` was tested: ")


HIDDEN_FIELDS, FORMS, CONTROLS = 3, 6, 4
OTHERS = 20
"""Requests of other techniques for a parameter that is called like a search."""


def test_a_filter_costs_no_more_than_a_few_requests_for_each_hidden_field(tmp_path: Path) -> None:
    plain = scan(tmp_path, PLAIN, rows).report.requests
    for parameter in (AS_MEDIA, LOOPBACK, DEEP):
        for filtered in CORRECT:
            cost = scan(tmp_path, parameter, filtered).report.requests - plain
            members, strangers = 2 * HIDDEN_FIELDS * FORMS + CONTROLS, HIDDEN_FIELDS + CONTROLS
            assert cost <= members + strangers + OTHERS
