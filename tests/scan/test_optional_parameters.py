"""Optional parameters that nobody asks for by themselves: filters with an operator in their name or
under another name, literals of a query language, cookies, parameters of an answer that declares
nothing, and one given twice. What no question held is named."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from oakum.errors import ExitCode
from tests.scan.servers import Call, Reply
from tests.scan.verdicts import NAMES, RELATIONS, Told, logged_in, path, schema, told

pytestmark = pytest.mark.server

PEOPLE = {
    id: {
        "id": id,
        "nick": f"{who} Leighton",
        "email": f"{who}.leighton@mailbox.test",
        "phone": f"+44 7700 90011{id[-1]}",
        "space_id": f"space-77{id[-1]}",
    }
    for who, id in NAMES.items()
}
SCHEMAS = schema(
    "Person", id="string", nick="string", email="string", phone="string", space_id="string"
)
POLICY = """\
  Person:
    key: id
    owner: id
    main: getPerson
    fields:
      id, nick: [{see: [member]}]
      email, phone, space_id: [{see: [owner]}]
operations:
  getPerson: {params: {id: Me.id}}
"""
Rows = list[dict[str, Any]]
Answers = Callable[[Call, str, Rows], Any]


def scan(
    folder: Path, parameters: str, answers: Answers, shape: str = "[Person]", policy: str = ""
) -> Told:
    """`GET /people` gives everybody without what is hidden; `answers` makes of a call, the caller's
    id and all rows what else is given: rows, of which others' are cut, a status or a body."""
    calls: list[str] = []

    def cut(row: dict[str, Any], own: str) -> dict[str, Any]:
        return row if row["id"] == own else {**row, **dict.fromkeys(("email", "phone", "space_id"))}

    @logged_in
    def api(who: str, call: Call) -> Reply:
        own = NAMES[who]
        if call.path.startswith("/people/"):
            found = PEOPLE.get(call.path.rpartition("/")[2])
            return Reply(200, cut(found, own)) if found else Reply(404, {"error": "no"})
        calls.append(call.path)
        given = answers(call, own, list(PEOPLE.values()))
        if isinstance(given, int):
            return Reply(given, {"error": "no"})
        if isinstance(given, list):
            given = [
                {name: each[name] for name in PEOPLE[own]} if "whole" in each else cut(each, own)
                for each in given
            ]
        return Reply(200, given)

    many = shape.startswith("[")
    asked = path("/people", "people", shape.strip("[]"), many=many)
    paths = path("/people/{id}", "getPerson", "Person") + asked.replace(
        "parameters: []", f"parameters: [{parameters}]"
    )
    schemas = SCHEMAS + schema("Rows", rows="array")
    run = told(folder, schemas, paths, POLICY + policy, api)
    assert calls
    return run


def query(name: str, shape: str = "{type: string}") -> str:
    return f"{{name: {name}, in: query, schema: {shape}}}"


# ------------------------------------------------------------------ filters


def filtering(name: str, field: str, keeps: Callable[[str, str], bool]) -> Answers:
    """A list that is filtered by a field whose values it does not show."""

    def answers(call: Call, own: str, rows: Rows) -> Rows:
        wanted = call.query.get(name, "")
        return [each for each in rows if not wanted or keeps(str(each[field]), wanted)]

    return answers


def holds(value: str, wanted: str) -> bool:
    return wanted in value


@pytest.mark.parametrize(
    ("name", "field", "keeps"),
    [
        ("email_cont", "email", holds),
        ("email_not_eq", "email", lambda value, wanted: value != wanted),
        ("phone_number", "phone", str.__eq__),
    ],
)
def test_a_filter_by_a_hidden_field_is_told_whatever_its_name_adds(
    name: str, field: str, keeps: Callable[[str, str], bool], tmp_path: Path
) -> None:
    run = scan(tmp_path, query(name), filtering(name, field, keeps))
    assert run.proven == {(f"Person.{field}", "member")}
    assert run.finding(f"Person.{field}", "member").rule == "inference-leak"


def test_one_that_filters_by_what_may_be_seen_is_clean(tmp_path: Path) -> None:
    run = scan(tmp_path, query("owner_email"), filtering("owner_email", "nick", holds))
    assert (run.proven, run.code) == (set(), ExitCode.CLEAN)


def literal(pattern: str, *, fields: tuple[str, ...]) -> Answers:
    """Takes literals of one language, of some fields, and refuses all else."""

    def answers(call: Call, own: str, rows: Rows) -> Any:
        given = call.query.get("$filter") or call.query.get("filter")
        found = re.fullmatch(pattern, given) if given else None
        if not given:
            return rows
        if not found or found["field"] not in fields:
            return 400
        return [each for each in rows if found["value"] in str(each[found["field"]])]

    return answers


LITERALS = {
    "$filter": r"(?P<field>\w+) eq '(?P<value>[^']*)'",
    "filter": r'(?P<field>\w+) eq "(?P<value>[^"]*)"',
}
CONTAINS = r"contains\((?P<field>\w+),'(?P<value>[^']*)'\)"


@pytest.mark.parametrize(
    ("name", "pattern"), [*LITERALS.items(), ("$filter", CONTAINS)], ids=["odata", "scim", "part"]
)
def test_a_query_language_is_asked_in_its_own_literals(
    name: str, pattern: str, tmp_path: Path
) -> None:
    run = scan(tmp_path, query(name), literal(pattern, fields=("nick", "email")))
    assert run.proven == {("Person.email", "member")}
    (tmp_path / "fixed").mkdir()
    fixed = scan(tmp_path / "fixed", query(name), literal(pattern, fields=("nick",)))
    assert (fixed.report.findings, fixed.code) == ((), ExitCode.CLEAN)
    assert not any("no filter in" in each for each in fixed.report.notes)


@pytest.mark.parametrize("name", LITERALS)
def test_a_query_language_is_learnt_by_what_may_be_seen(name: str, tmp_path: Path) -> None:
    """Then the hidden field is asked for in that alone; a filter that finds nothing so, or refuses
    all, is named."""
    asked: list[str] = []
    takes = literal(LITERALS[name], fields=("nick",))

    def answers(call: Call, own: str, rows: Rows) -> Any:
        given = call.query.get(name, "")
        asked.extend([given] if given else [])
        return takes(call, own, rows)

    scan(tmp_path, query(name), answers)
    plain = [e for e in asked if "email" in e or "phone" in e]
    assert plain and all(re.fullmatch(LITERALS[name], each) for each in plain)


@pytest.mark.parametrize(
    ("answers", "why"),
    [
        (lambda call, own, rows: 400 if call.query else rows, "every syntax was refused"),
        (lambda call, own, rows: [] if call.query else rows, "no condition on a field"),
        (lambda call, own, rows: rows, "no condition on a field"),
    ],
)
def test_a_filter_whose_language_is_not_learnt_is_named(
    answers: Answers, why: str, tmp_path: Path
) -> None:
    run = scan(tmp_path, query("filter"), answers)
    assert run.report.findings == ()
    assert any("no filter in `filter`" in e and why in e for e in run.report.notes)


@pytest.mark.parametrize("field", ["email", "nick"])
def test_a_search_that_finds_by_words_that_may_be_seen_tells_nothing(
    field: str, tmp_path: Path
) -> None:
    """Of `ann.leighton@mailbox.test` two words are those of the name that everybody sees."""

    def answers(call: Call, own: str, rows: Rows) -> Rows:
        wanted = set(re.findall(r"\w+", call.query.get("q", "").lower()))
        texts = ((each, set(re.findall(r"\w+", str(each[field]).lower()))) for each in rows)
        by_name = [each for each, text in texts if not wanted or wanted & text]
        return by_name if field == "nick" else [e for e in by_name if e["email"] == call.query["q"]]

    def whole(call: Call, own: str, rows: Rows) -> Rows:
        return answers(call, own, rows) if call.query.get("q") else rows

    run = scan(tmp_path, query("q"), whole)
    assert run.proven == ({("Person.email", "member")} if field == "email" else set())


def test_a_wrong_value_that_is_refused_is_no_control(tmp_path: Path) -> None:
    """The form of a phone number is checked, and nothing is filtered by it."""

    def answers(call: Call, own: str, rows: Rows) -> Any:
        given = call.query.get("phone")
        return rows if not given or given in {each["phone"] for each in rows} else 422

    assert scan(tmp_path, query("phone"), answers).code is ExitCode.CLEAN


# ------------------------------------------------------------------ where nothing is declared


def opens(when: Callable[[Call], bool]) -> Answers:
    """Gives everybody's addresses, in a body that declares nothing, to whoever asks so."""

    def answers(call: Call, own: str, rows: Rows) -> Any:
        return {"rows": [each["email"] for each in rows if when(call) or each["id"] == own]}

    return answers


OPENED: dict[str, Callable[[Call], bool]] = {
    query("mine", "{type: boolean}"): lambda call: call.query.get("mine") == "false",
    query("debug"): lambda call: call.query.get("debug") == "true",
    query("q"): lambda call: bool(call.query.get("q")),
    query("email"): lambda call: "@" in call.query.get("email", ""),
    "{name: X-View, in: header, schema: {enum: [basic, full]}}": lambda call: (
        call.headers.get("x-view") == "full"
    ),
}


@pytest.mark.parametrize("declared", OPENED)
def test_what_a_parameter_opens_where_nothing_is_declared_is_told_by_values(
    declared: str, tmp_path: Path
) -> None:
    beside = f"{declared}, {query('lang', '{enum: [en, de]}')}"
    run = scan(tmp_path, beside, opens(OPENED[declared]), "Rows")
    assert run.proven == {("Person.email", "member")}


def test_parameters_that_open_nothing_are_clean_there(tmp_path: Path) -> None:
    run = scan(tmp_path, ", ".join(OPENED), opens(lambda call: False), "Rows")
    assert (run.report.findings, run.code) == ((), ExitCode.CLEAN)


def test_one_option_that_is_refused_takes_no_other_along(tmp_path: Path) -> None:
    declared = ", ".join(
        f"{{name: {name}, in: header, schema: {{enum: [{value}]}}}}"
        for name, value in (("X-View", "full"), ("X-Mode", "odd"))
    )

    def refusing(call: Call, own: str, rows: Rows) -> Any:
        full = {"whole": True} if call.headers.get("x-view") == "full" else {}
        return 400 if "x-mode" in call.headers else [{**each, **full} for each in rows]

    run = scan(tmp_path, declared, refusing)
    assert {("Person.email", "member"), ("Person.phone", "member")} <= run.proven


def test_a_cookie_with_choices_is_sent(tmp_path: Path) -> None:
    declared = "{name: view, in: cookie, schema: {enum: [basic, full]}}"

    def answers(call: Call, own: str, rows: Rows) -> Rows:
        full = {"whole": True} if "view=full" in call.headers.get("cookie", "") else {}
        return [{**each, **full} for each in rows]

    run = scan(tmp_path, declared, answers)
    assert {("Person.email", "member"), ("Person.phone", "member")} <= run.proven
    (tmp_path / "fixed").mkdir()
    assert scan(tmp_path / "fixed", declared, lambda c, o, rows: rows).code is ExitCode.CLEAN


# ------------------------------------------------------------------ given twice, and not at all


@pytest.mark.parametrize("required", ["true", "false"])
@pytest.mark.parametrize("checked", [0, -1])
def test_a_parameter_given_twice_is_checked_where_it_is_read(
    checked: int, required: str, tmp_path: Path
) -> None:
    """The one that is checked is the caller's own, and the answer is about the other."""
    declared = f"{{name: id, in: query, required: {required}, schema: {{type: string}}}}"
    declared = declared.replace("name: id", "name: personId")

    def answers(call: Call, own: str, rows: Rows, read: int = -1 - checked) -> Any:
        given = re.findall(r"personId=([^&]*)", call.asked) or [own]
        found = PEOPLE.get(given[read])
        return [{**found, "whole": True}] if found and given[checked] == own else 403

    run = scan(tmp_path, declared, answers)
    assert {("Person.email", "member"), ("Person.phone", "member")} <= run.proven
    (tmp_path / "fixed").mkdir()
    fixed = scan(
        tmp_path / "fixed", declared, lambda call, own, rows: answers(call, own, rows, checked)
    )
    assert fixed.proven == set()


def test_a_parameter_that_may_choose_whose_data_comes_is_not_passed_over(tmp_path: Path) -> None:
    def rows(call: Call, own: str, rows: Rows) -> Rows:
        return rows

    run = scan(tmp_path, f"{query('tenantId')}, {query('locale')}", rows)
    assert run.code is ExitCode.NOT_TRUSTWORTHY
    assert any("`tenantId`, which may choose whose" in each for each in run.report.distrust)
    assert any("GET /people `tenantId`, `locale`" in each for each in run.report.notes)
    (tmp_path / "plain").mkdir()
    plain = scan(tmp_path / "plain", f"{query('locale')}, {query('after_id')}", rows)
    assert plain.code is ExitCode.CLEAN
    assert any("GET /people `locale`, `after_id`" in each for each in plain.report.notes)


def test_an_id_that_a_field_of_that_name_holds_is_asked_with_another_s(tmp_path: Path) -> None:
    def answers(call: Call, own: str, rows: Rows) -> Any:
        spaces = {each["space_id"]: each for each in rows}
        found = spaces.get(call.query.get("spaceId", ""))
        return {"rows": [found["email"]] if found else []}

    run = scan(tmp_path, query("spaceId"), answers, "Rows")
    assert run.proven == {("Person.email", "member")}


def test_a_filter_that_finds_what_names_the_viewer_tells_nothing_hidden(tmp_path: Path) -> None:
    """Ann's booking names bob as its host, so that it is shown to him, whatever he filters by."""
    hosts = {"ann": "bob", "bob": "cat", "cat": "ann"}
    rows = [{"id": f"bk-{id}", "by": id, "host_id": NAMES[hosts[who]]} for who, id in NAMES.items()]

    @logged_in
    def api(name: str, call: Call) -> Reply:
        who = NAMES[name]
        mine = [row for row in rows if who in (row["by"], row["host_id"])]
        wanted = call.query.get("host_id")
        return Reply(200, [row for row in mine if wanted in (None, row["host_id"])])

    found = told(
        tmp_path, schema("Booking", id="string", by="string", host_id="string"),
        path("/bookings", "listBookings", "Booking", many=True).replace(
            "parameters: []", "parameters: [{name: host_id, in: query, schema: {type: string}}]"
        ),
        "  Booking: {key: id, owner: by, fields: {'id, by, host_id': [{see: [owner, host]}]}}\n",
        api, relations=RELATIONS.replace("owner: {is", "host: {field: host_id}, owner: {is"),
    )  # fmt: skip
    assert not found.report.findings
