"""A contract compiled: what is bound, what is shown where, and which answer is declared."""

from __future__ import annotations

from dataclasses import replace

import pytest

from oakum.authz.compiled_model import answer_media, likely_media
from oakum.errors import Location
from oakum.http.json_pointer import path_of
from oakum.openapi.model import Media, Operation
from oakum.policy.model import OperationRule
from tests.properties.worlds import array, record
from tests.unit.authz.small import (
    AUDIENCE,
    FRIEND,
    NOTE,
    PERSON,
    PRIVATE,
    TEXT,
    contract,
    endpoint,
    note,
)


def test_resources_are_bound_by_schema_name() -> None:
    model = contract()
    assert model.bound == {"Note": "Note", "Friend": "Person"}
    assert set(model.tables) == {"Note", "Person"}
    assert model.showing == {"list"}


def test_an_endpoint_that_shows_no_resource_is_none_that_shows() -> None:
    model = contract(endpoints=(endpoint(), endpoint("ping", "/ping", record(ok=TEXT))))
    assert model.showing == {"list"}


def test_what_a_line_says_of_an_endpoint_counts_by_the_id_of_the_document() -> None:
    rule = OperationRule("list", shows=(("Note", "/rows/*"),), counts=("/total",))
    bare = endpoint(shape=record(rows=array(record(id=TEXT))))
    model = contract(note(), PERSON, endpoints=(bare,), list=rule, unknown=OperationRule("unknown"))
    assert model.rules == {"list": rule}
    assert model.shown == {"list": ((("rows", "*"), "Note"),)}
    assert model.showing == {"list"}
    assert model.rule("other") == OperationRule("other")


def test_a_field_leads_to_its_line() -> None:
    model = contract()
    assert model.field_location("Note", "id") == Location("exposure.yaml", 10, 3)
    assert model.field_location("Note", "place.city") == Location("exposure.yaml", 12, 3)
    assert model.field_location("Note", "unheard.of") == Location("exposure.yaml", 5, 3)


def test_all_shapes_of_a_resource_make_its_table() -> None:
    whole = endpoint("one", "/one", record("Note", id=TEXT, place=record(zip=TEXT)))
    leaves = contract(note(), PERSON, endpoints=(endpoint(), whole)).tables["Note"].leaves
    assert {"place.city", "place.street", "place.zip"} <= set(leaves)


@pytest.mark.parametrize(
    ("pointer", "segments"),
    [("", ()), ("/", ("",)), ("/data/*", ("data", "*")), ("/a~1b/c~0d", ("a/b", "c~d"))],
)
def test_a_pointer_in_segments(pointer: str, segments: tuple[str, ...]) -> None:
    assert path_of(pointer) == segments


PROBLEM = "application/problem+json; charset=utf-8"
ANSWERS = Operation(
    "op", "GET", "/x",
    responses={
        "200": (Media("application/json", NOTE), Media("text/csv")),
        "2XX": (Media("application/json", FRIEND),),
        "404": (Media(PROBLEM, TEXT),),
        "default": (Media("*/*"),),
    },
)  # fmt: skip


@pytest.mark.parametrize(
    ("status", "media", "found"),
    [
        (200, "application/json", "application/json"),
        (200, "application/hal+json", "application/json"),
        (200, "text/csv", "text/csv"), (200, "text/html", None),
        (206, "application/json", "application/json"),
        (404, "application/json", PROBLEM), (404, "application/problem+json", PROBLEM),
        (404, "application/problem+json; charset=utf-8", PROBLEM),
        (404, "text/plain", None), (500, "text/html", "*/*"),
    ],
)  # fmt: skip
def test_the_answer_that_the_document_declares(status: int, media: str, found: str | None) -> None:
    declared = answer_media(ANSWERS, status, media)
    assert (declared.type if declared else None) == found


def test_whoever_looks_at_an_answer_takes_undeclared_json_for_the_first_that_is_declared() -> None:
    several = (Media("application/json", NOTE), Media("application/hal+json", FRIEND))
    operation = replace(ANSWERS, responses={"200": several})
    assert answer_media(operation, 200, "application/foo+json") is None
    assert likely_media(operation, 200, "application/foo+json") == several[0]
    assert likely_media(operation, 200, "application/hal+json") == several[1]
    assert likely_media(operation, 200, "text/html") is None


def test_the_code_goes_before_its_range() -> None:
    exact, ranged = (answer_media(ANSWERS, code, "application/json") for code in (200, 201))
    assert exact is not None and ranged is not None
    assert (exact.shape, ranged.shape) == (NOTE, FRIEND)
    assert answer_media(endpoint(), 404, "application/json") is None


def test_a_field_is_drafted_by_its_line_its_resource_or_the_setting_that_decides_it() -> None:
    stated = contract()
    assert stated.draft_line("Note", "text") is stated.draft_line("Note", "unheard-of") is None
    lines = tuple(replace(each, draft=each.path == "text") for each in note().fields)
    line = contract(replace(note(), fields=lines), PERSON)
    assert line.draft_line("Note", "text") == Location("exposure.yaml", 11, 3)
    assert line.draft_line("Note", "id") is None
    whole = contract(replace(note(), draft=True), PERSON)
    assert whole.draft_line("Note", "unheard-of") == Location("exposure.yaml", 5, 3)
    above = replace(
        PERSON, states={"private": PRIVATE}, draft=True, location=Location("exposure.yaml", 30, 3)
    )
    read = note(states=(replace(PRIVATE, member="", of="Person.private"), AUDIENCE))
    linked = contract(read, above)
    assert linked.draft_line("Note", "text") == Location("exposure.yaml", 30, 3)
    assert linked.draft_line("Note", "id") is None  # no setting decides it
    assert contract(read, replace(above, draft=False)).draft_line("Note", "text") is None
