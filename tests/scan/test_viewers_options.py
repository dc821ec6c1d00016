"""Options that show the owner nothing new, and open the object to somebody else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oakum.errors import ExitCode
from oakum.exposure.endpoints.probes import brief
from tests.scan.servers import Call, Reply
from tests.scan.verdicts import KEYS, NAMES, Api, path, schema, told

PEOPLE = {
    id: {
        "id": id,
        "nick": f"{name}-77",
        "email": f"{name}.{id[-4:]}@mail.test",
        "city": f"{name}ton-{id[-1]}",
    }
    for name, id in NAMES.items()
}
POLICY = """\
  Person:
    key: id
    owner: id
    fields: {"id, nick": [{see: [member]}], "email, city": [{see: [owner]}]}
operations:
  getPerson: {params: {id: Person.id}}
"""
DECLARED = (
    "{name: include, in: query, schema: {type: string, enum: [email, city]}},"
    " {name: fields, in: query, schema: {type: string}},"
    " {name: verbose, in: query, schema: {type: boolean}},"
    " {name: lang, in: query, schema: {type: string, enum: [en, de]}},"
    " {name: X-View, in: header, schema: {type: string, enum: [short, full]}}"
)
PATHS = (
    path("/people/{id}", "getPerson", "Person")
    .replace("schema: {type: string}}]", f"schema: {{type: string}}}}, {DECLARED}]")
    .replace('Person"}}}', 'Person"}}, text/csv: {schema: {type: string}}}')
)
OPENS = {
    "include": lambda call: call.query.get("include") == "email",
    "fields": lambda call: "email" in call.query.get("fields", ""),
    "verbose": lambda call: call.query.get("verbose") == "true",
    "lang": lambda call: call.query.get("lang") == "de",
    "X-View": lambda call: call.headers.get("x-view") == "full",
    "text/csv": lambda call: call.headers.get("accept") == "text/csv",
    "": lambda call: False,
}


class Options(Api):
    """`which`: the option that opens everybody's object to every member."""

    def __init__(self, which: str) -> None:
        super().__init__({})
        self.which = which

    def __call__(self, call: Call) -> Reply:
        who = KEYS.get(call.headers.get("x-key", ""), "")
        row = PEOPLE.get(call.path.removeprefix("/people/"))
        if row is None or not call.path.startswith("/people/"):
            return super().__call__(call)
        if not who:
            return Reply(401, {"error": "log in"})
        whole = NAMES[who] == row["id"] or OPENS[self.which](call)
        return Reply(200, row if whole else {name: row[name] for name in ("id", "nick")})


@pytest.mark.parametrize("which", [each for each in OPENS if each])
def test_an_option_is_judged_at_who_is_not_to_see_it(tmp_path: Path, which: str) -> None:
    shape = schema("Person", id="string", nick="string", email="string", city="string")
    found = told(tmp_path, shape, PATHS, POLICY, Options(which))
    assert found.proven == {("Person.email", "member"), ("Person.city", "member")}
    endpoints: Any = [
        endpoint.path for endpoint in found.finding("Person.email", "member").endpoints
    ]
    assert all(which in endpoint for endpoint in endpoints), endpoints
    # All names of fields in one text, and a hidden one by itself.
    assert len(endpoints) == (2 if which == "fields" else 1), "the other options open nothing"


def test_options_that_open_nothing_are_clean(tmp_path: Path) -> None:
    shape = schema("Person", id="string", nick="string", email="string", city="string")
    paths = PATHS.replace(" {name: fields, in: query, schema: {type: string}},", "")
    assert paths != PATHS
    found = told(tmp_path, shape, paths, POLICY, Options(""))
    assert (found.report.findings, found.code) == ((), ExitCode.CLEAN)


def test_a_selection_of_fields_that_selects_none_is_untested(tmp_path: Path) -> None:
    shape = schema("Person", id="string", nick="string", email="string", city="string")
    found = told(tmp_path, shape, PATHS, POLICY, Options(""))
    assert (found.report.findings, found.code) == ((), ExitCode.NOT_TRUSTWORTHY)
    assert any("fields" in each for each in found.report.distrust)


def test_an_object_of_many_fields_is_picked_by_a_url_that_servers_take(tmp_path: Path) -> None:
    """The name that findings give the endpoint is short as well, and one for each value."""
    many = ", ".join(f"member_number_{n}: {{type: string}}" for n in range(150))
    picked: list[str] = []

    class Wide(Options):
        def __call__(self, call: Call) -> Reply:
            picked.append(call.query.get("fields", ""))
            return super().__call__(call)

    shape = schema("Person", id="string", nick="string", email="string", city="string").replace(
        "city:", f"more: {{type: object, properties: {{{many}}}}}, city:"
    )
    shape = shape.replace("nick:", f"a{'b' * 70}: {{type: string}}, nick:")
    policy = POLICY.replace("email, city", f"email, city, more, a{'b' * 70}")
    found = told(tmp_path, shape, PATHS, policy, Wide("fields"))
    assert ("Person.email", "member") in found.proven
    names = [each.path for each in found.finding("Person.email", "member").endpoints]
    assert any("fields=abbb" in each for each in names), names
    assert max(map(len, names)) < 150
    assert 70 < max(map(len, picked)) < 1_500


@given(st.text(max_size=300), st.text(max_size=300))
def test_two_values_have_two_names(one: str, other: str) -> None:
    assert (brief(one) == brief(other)) == (one == other)
    assert len(brief(one)) <= 70
