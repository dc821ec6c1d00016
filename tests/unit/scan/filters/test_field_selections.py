"""Hidden fields chosen in a spelling of the API's own: repeated, in brackets, nested."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from urllib.parse import parse_qsl

import pytest

from oakum.errors import ExitCode
from tests.scan.servers import Call, Reply
from tests.scan.test_options_by_name import ORDERS, PEOPLE, SELLERS, with_option
from tests.scan.verdicts import NAMES, Told, logged_in, path, schema, told

pytestmark = pytest.mark.server

PERSON = schema("Person", id="string", name="string", email="string", phone="string")
POLICY = """\
  Person:
    key: id
    owner: id
    main: getPerson
    fields: {"id, name": [{see: [member]}], "email, phone": [{see: [owner]}]}
"""
Pairs = list[tuple[str, str]]


def repeated(pairs: Pairs) -> list[str]:
    """Understood only where it is repeated."""
    found = [value for name, value in pairs if name == "fields"]
    return found if len(found) > 1 else []


def bracketed(pairs: Pairs) -> list[str]:
    return [value for name, value in pairs if name == "fields[]"]


def typed(pairs: Pairs) -> list[str]:
    return [each for name, value in pairs if name == "fields[persons]" for each in value.split(",")]


def enclosed(form: str) -> Callable[[Pairs], list[str]]:
    def names(pairs: Pairs) -> list[str]:
        found = re.fullmatch(form, dict(pairs).get("fields", ""))
        return found[1].split(",") if found else []

    return names


def people(folder: Path, reads: Callable[[Pairs], list[str]], *, leaking: bool, kind: str) -> Told:
    """`reads`: the names that a query chooses; the envelope is `result`."""

    @logged_in
    def api(who: str, call: Call) -> Reply:
        id = call.path.rpartition("/")[2]
        if id not in PEOPLE:
            return Reply(404, {"error": "no"})
        person = {"id": id, **PEOPLE[id], "phone": f"+49 171 558 34{id[-1]}6"}
        shown = person if id == NAMES[who] else {"id": id, "name": person["name"]}
        names = [each for each in reads(parse_qsl(call.asked)) if each in person]
        more = person if leaking else shown
        chosen = {each: more[each] for each in names if each in more}
        return Reply(200, {"result": {"id": id} | chosen if names else shown})

    paths = path("/people/{id}", "getPerson", "Person").replace(
        'schema: {$ref: "#/components/schemas/Person"}',
        'schema: {type: object, properties: {result: {$ref: "#/components/schemas/Person"}}}',
    )
    option = f"name: fields, {kind}"
    return told(folder, PERSON, with_option(paths, option), POLICY, api)


SPELLINGS = {
    "repeated": (repeated, "schema: {type: array, items: {type: string}}"),
    "brackets": (bracketed, "schema: {type: array, items: {type: string}}"),
    "types": (typed, "style: deepObject, schema: {type: object}"),
    "parentheses": (enclosed(r"result\((.*)\)"), "schema: {type: string}"),
    "braces": (enclosed(r"result\{(.*)\}"), "schema: {type: string}"),
}


@pytest.mark.parametrize("leaking", [False, True])
@pytest.mark.parametrize("name", SPELLINGS)
def test_hidden_fields_are_chosen_in_the_spelling_that_the_api_knows(
    name: str, leaking: bool, tmp_path: Path
) -> None:
    reads, kind = SPELLINGS[name]
    run = people(tmp_path, reads, leaking=leaking, kind=kind)
    both = {("Person.email", "member"), ("Person.phone", "member")}
    assert run.proven == (both if leaking else set()), run.report.distrust
    assert run.code == (ExitCode.FINDINGS if leaking else ExitCode.CLEAN), run.report.distrust
    assert not run.named("suspected")


@pytest.mark.parametrize("reads", [None, enclosed(r"<(.*)>")])
def test_a_parameter_of_which_no_spelling_is_known_is_untested(
    reads: Callable[[Pairs], list[str]] | None, tmp_path: Path
) -> None:
    """Also where it does nothing: nobody can tell."""
    run = people(tmp_path, reads or (lambda _: []), leaking=True, kind="schema: {type: string}")
    assert run.code == ExitCode.NOT_TRUSTWORTHY
    assert any("no value of `fields`" in each and "`email`" in each for each in run.report.distrust)


@pytest.mark.parametrize("leaking", [False, True])
@pytest.mark.parametrize("form", [r"seller\((.*)\)", r"seller/(.*)"])
def test_fields_of_what_is_embedded_are_chosen_within_its_member(
    form: str, leaking: bool, tmp_path: Path
) -> None:
    @logged_in
    def api(who: str, call: Call) -> Reply:
        seller = NAMES["cat" if who == "ann" else "ann"]
        order = {"id": f"o-{who}-7", "buyer": NAMES[who], "item": f"Bicycle of {who} 7"}
        if call.path == "/orders":
            return Reply(200, [order])
        if call.path != f"/orders/o-{who}-7":
            return Reply(404, {"error": "no"})
        asked = call.query.get("fields", "")
        if asked and (found := re.fullmatch(form, asked)):
            shown = {"id": seller, "name": PEOPLE[seller]["name"]}
            shown |= {"email": PEOPLE[seller]["email"]} if leaking and found[1] == "email" else {}
            order |= {"seller": shown}  # type: ignore[dict-item]
        elif asked == "item":
            order.pop("buyer")
        return Reply(200, order)

    paths = path("/orders", "listOrders", "Order", many=True) + with_option(
        path("/orders/{id}", "getOrder", "Order"), "name: fields, schema: {type: string}"
    )
    run = told(tmp_path, SELLERS, paths, ORDERS, api)
    assert run.proven == ({("Person.email", "member")} if leaking else set())
