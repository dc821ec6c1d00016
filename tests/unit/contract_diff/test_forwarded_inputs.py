"""Inputs that a document newly lets through a gateway, or no longer."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from oakum.guard.compiled.compiled_contract import CompiledContract
from tests.unit.contract_diff.test_dropped_checks import TEXT, compiled, directions

OBJECT = {"type": "object"}
KEY = {"type": "apiKey", "in": "header", "name": "X-Key"}
Change = Callable[[dict[str, Any]], None]


def parameter(where: str, name: str, **said: Any) -> Change:
    def change(document: dict[str, Any]) -> None:
        declared = document["paths"]["/count"]["get"]["parameters"]
        declared.append({"name": name, "in": where, "schema": TEXT, **said})

    return change


def body(path: str, method: str, content: dict[str, Any]) -> Change:
    def change(document: dict[str, Any]) -> None:
        said = document["paths"][path][method].setdefault("requestBody", {"content": {}})
        said["content"] |= content

    return change


def member(name: str, schema: dict[str, Any]) -> Change:
    def change(document: dict[str, Any]) -> None:
        said = document["paths"]["/moves"]["patch"]["requestBody"]["content"]["application/json"]
        said["schema"]["properties"][name] = schema

    return change


def scheme(document: dict[str, Any]) -> None:
    document.setdefault("components", {}).setdefault("securitySchemes", {})["key"] = KEY


def alternative(document: dict[str, Any]) -> None:
    scheme(document)
    document["paths"]["/count"]["get"]["security"] = [*document["security"], {"key": []}]


def both(first: Change, second: Change) -> Change:
    def change(document: dict[str, Any]) -> None:
        first(document)
        second(document)

    return change


def limited(**schema: Any) -> Change:
    def change(document: dict[str, Any]) -> None:
        document["paths"]["/notes/{noteId}/like/{other}"]["parameters"][0]["schema"] = schema

    return change


COUNT = "requests to `GET /count` through"
MOVES = "requests to `PATCH /moves` through"
DEEP = {"style": "deepObject", "schema": {**OBJECT, "properties": {"name": TEXT}}}
FREE = {"style": "deepObject", "schema": {**OBJECT, "additionalProperties": True}}


def folder(path: Path, change: Change | None) -> Any:
    return compiled(path, (lambda document, _: change(document)) if change else None)


@pytest.mark.parametrize(
    ("before", "after", "what"),
    [
        (None, parameter("header", "X-As"), f"lets the header `x-as` of {COUNT}"),
        (None, parameter("query", "email"), f"lets the query parameter `email` of {COUNT}"),
        (None, parameter("cookie", "org"), f"lets the cookie `org` of {COUNT}"),
        (None, parameter("query", "page"), f"lets the query parameter `page` of {COUNT}"),
        (
            parameter("query", "f", **DEEP),
            parameter("query", "f", **FREE),
            f"lets the query parameter `f[*]` of {COUNT}",
        ),
        (None, parameter("query", "f", **DEEP), f"lets the query parameter `f[name]` of {COUNT}"),
        (None, member("to", TEXT), f"lets `to` in the body of {MOVES}"),
        (None, member("f", {**OBJECT, "properties": {"a": TEXT}}), "lets `f.a` in the body of"),
        (
            member("f", {**OBJECT, "properties": {"a": TEXT}}),
            member("f", {**OBJECT, "additionalProperties": True}),
            f"lets `f.*` in the body of {MOVES}",
        ),
        (
            None,
            body("/count", "get", {"text/plain": {"schema": TEXT}}),
            f"lets the body of {COUNT}",
        ),
        (None, body("/moves", "patch", {"text/plain": {}}), f"lets the body of {MOVES}"),
        (None, scheme, "takes the header `x-key` for a credential, and forwards it"),
        (scheme, alternative, "`GET /count` may be known by `X-Key` alone"),
    ],
)  # fmt: skip
def test_a_new_input_widens(
    tmp_path: Path, before: Change | None, after: Change, what: str
) -> None:
    old, new = folder(tmp_path / "old", before), folder(tmp_path / "new", after)
    forth, back = [*directions(old, new)], [*directions(new, old)]
    assert any(each.startswith("widened: ") and what in each for each in forth), forth
    gone = what.replace("lets", "no longer lets", 1).replace("takes", "no longer takes", 1)
    gone = gone.replace("may be", "may no longer be", 1)
    assert any(each.startswith("narrowed: ") and gone in each for each in back), back


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (None, parameter("query", "page", schema={"type": "integer"})),
        (parameter("query", "f", **FREE), parameter("query", "f", **DEEP)),
        (member("f", OBJECT), member("f", {**OBJECT, "properties": {"a": TEXT}})),
        (None, parameter("header", "Accept-Language")),
        (None, parameter("header", "If-Match")),
        (scheme, both(scheme, parameter("header", "X-Key"))),
        (parameter("query", "q2", description="a"), parameter("query", "q2", required=True)),
        (alternative, scheme),
    ],
)
def test_what_passes_no_more_than_before_does_not(
    tmp_path: Path, before: Change | None, after: Change
) -> None:
    old, new = folder(tmp_path / "old", before), folder(tmp_path / "new", after)
    found = [*directions(old, new)]
    assert not [each for each in found if each.startswith(("widened", "changed"))], found


@pytest.mark.parametrize(
    ("narrow", "wide"),
    [
        (limited(enum=["a", "b"]), limited(enum=["b", "a", "c"])),
        (limited(enum=["a"]), None),
        (limited(type="integer"), limited(type="string")),
        (limited(type="string", pattern="^n[0-9]{2}$"), limited(type="string", pattern="^n[0-9]+")),
        (limited(enum=[1, 2]), limited(type="integer")),
        (limited(type="string", pattern="^a"), limited(type="string", pattern="^[ab]")),
    ],
)
def test_a_parameter_of_a_path_that_may_have_other_values_widens(
    tmp_path: Path, narrow: Change, wide: Change | None
) -> None:
    old, new = folder(tmp_path / "old", narrow), folder(tmp_path / "new", wide)
    at = "values of the path parameter `noteId` of requests to `GET /notes/{noteId}/like/{other}`"
    assert [*directions(old, new)] == [f"widened: a guard lets new {at} through"]
    assert [*directions(new, old)] == [f"narrowed: a guard no longer lets some {at} through"]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (limited(enum=["a", "b"]), limited(enum=["b", "a"])),
        (limited(type="integer"), limited(type="integer", maximum=9)),
        (limited(type="string"), limited(type="string", maxLength=9)),
        (limited(enum=["a", "b"]), limited(type="string", pattern="^[ab]$")),
    ],
)
def test_one_that_may_have_the_same_values_does_not(
    tmp_path: Path, one: Change, other: Change
) -> None:
    old, new = folder(tmp_path / "old", one), folder(tmp_path / "new", other)
    assert [*directions(old, new)] == [] == [*directions(new, old)]


def test_what_many_endpoints_have_is_one_sentence(tmp_path: Path) -> None:
    def everywhere(document: dict[str, Any]) -> None:
        for path in document["paths"].values():
            path.setdefault("parameters", []).append(
                {"name": "X-Tenant", "in": "header", "schema": TEXT}
            )

    old, new = folder(tmp_path / "old", None), folder(tmp_path / "new", everywhere)
    found = [each for each in directions(old, new) if "x-tenant" in each]
    assert len(found) == 1 and " endpoints through" in found[0], found


def test_a_form_has_its_members(tmp_path: Path) -> None:
    first = {"application/x-www-form-urlencoded": {"schema": {**OBJECT, "properties": {"a": TEXT}}}}
    more = {"type": "object", "properties": {"a": TEXT, "b": TEXT}}
    second = {"application/x-www-form-urlencoded": {"schema": more}}
    old = folder(tmp_path / "old", body("/count", "get", first))
    new = folder(tmp_path / "new", body("/count", "get", second))
    # The members of the body of a GET may come in its query, too.
    assert [*directions(old, new)] == [
        f"widened: a guard lets `b` in the body of {COUNT}",
        f"widened: a guard lets the query parameter `b` of {COUNT}",
    ]


GRAPH = """
input Filter {{ text: String{member} }}
type Query {{ notes(first: Int, filter: Filter{argument}): [Note]{field} }}
type Note {{ id: ID by: ID }}
"""


def graph(path: Path, **more: str) -> CompiledContract:
    def change(document: dict[str, Any], policy: dict[str, Any]) -> None:
        body = {"application/json": {"schema": OBJECT}}
        answer = {"200": {"description": "d", "content": body}}
        post = {"operationId": "graph", "requestBody": {"content": body}, "responses": answer}
        document["paths"]["/graphql"] = {"post": post}
        policy["operations"]["graph"] = {"graphql": "notes.graphql", "reads": True}

    path.mkdir()
    text = GRAPH.format(**{"member": "", "argument": "", "field": "", **more})
    (path / "notes.graphql").write_text(text)
    return compiled(path, change)


@pytest.mark.parametrize(
    ("more", "what"),
    [({"argument": " email: String"}, "notes.email"), ({"member": " body: String"}, "notes.body")],
)
def test_a_new_argument_of_graphql_widens(tmp_path: Path, more: dict[str, str], what: str) -> None:
    old, new = graph(tmp_path / "old"), graph(tmp_path / "new", **more)
    said = f"a guard lets the argument `{what}` of requests to `POST /graphql` through"
    assert f"widened: {said}" in [*directions(old, new)]
    gone = said.replace("lets", "no longer lets")
    assert f"narrowed: {gone}" in [*directions(new, old)]


@pytest.mark.parametrize("more", [{"argument": " page: Int"}, {"field": " more(id: ID): [Note]"}])
def test_an_argument_of_a_page_or_of_a_new_field_is_none_more(
    tmp_path: Path, more: dict[str, str]
) -> None:
    old, new = graph(tmp_path / "old"), graph(tmp_path / "new", **more)
    assert not [each for each in directions(old, new) if "argument" in each]
