from __future__ import annotations

import pytest

from oakum.inference.path_parameter_identifiers import formed_as, is_foreign, named_after
from oakum.openapi.model import Parameter, Shape

UUID = Shape(kinds=frozenset(["string"]), format="uuid")
NUMBER = Shape(kinds=frozenset(["integer"]), format="int64")
TEXT = Shape(kinds=frozenset(["string"]))


@pytest.mark.parametrize(
    ("parameter", "members", "expected"),
    [
        ("documentId", ["id", "documentId"], "documentId"),
        ("article_document_id", ["id", "documentId", "title"], "documentId"),
        ("orderId", ["documentId", "id"], "id"),
        ("slug", ["id", "title"], ""),
        ("id", [], ""),
    ],
)
def test_a_parameter_is_named_after_the_longest_member_it_ends_with(
    parameter: str, members: list[str], expected: str
) -> None:
    assert named_after(parameter, members) == expected


@pytest.mark.parametrize(
    ("member", "foreign"),
    [
        ("user_id", True),
        ("teamId", True),
        ("articleId", False),
        ("documentId", False),
        ("id", False),
        ("team", False),
    ],
)
def test_an_id_of_another_thing_is_foreign(member: str, foreign: bool) -> None:
    assert is_foreign(member, "article", {"article", "team"}) is foreign


@pytest.mark.parametrize(
    ("asked", "members", "expected"),
    [
        (UUID, {"id": NUMBER, "uuid": UUID}, "uuid"),
        (UUID, {"id": UUID, "uuid": UUID}, ""),
        (UUID, {"id": TEXT, "uuid": UUID}, ""),
        (TEXT, {"id": NUMBER, "uuid": UUID}, ""),
        (NUMBER, {"id": UUID, "uuid": NUMBER}, ""),
        (UUID, {"id": NUMBER, "teamId": UUID}, ""),
    ],
)
def test_a_form_decides_only_where_the_named_member_cannot_have_it(
    asked: Shape, members: dict[str, Shape], expected: str
) -> None:
    parameter = Parameter("id", "path", True, asked)
    assert formed_as(parameter, members, "id", "article", {"team"}) == expected


def test_a_pattern_that_may_take_for_ever_is_not_tried() -> None:
    parameter = Parameter("id", "path", True, TEXT, example="a" * 60 + "!")
    members = {"id": NUMBER, "uuid": Shape(kinds=TEXT.kinds, pattern="^(a+)+$")}
    assert formed_as(parameter, members, "id", "article", ()) == ""


CODED = Shape(kinds=TEXT.kinds, pattern="^[A-Z]{3}-[0-9]+$")
WORD = Shape(kinds=TEXT.kinds, pattern="^[a-z]+$")


@pytest.mark.parametrize(
    ("asked", "members", "expected"),
    [
        (CODED, {"id": TEXT, "ticket": CODED, "label": TEXT}, "ticket"),
        (CODED, {"id": CODED, "ticket": CODED}, ""),
        (CODED, {"id": TEXT, "ticket": CODED, "parent": CODED}, ""),
        (CODED, {"id": TEXT, "teamId": CODED}, ""),
        (WORD, {"id": TEXT, "label": WORD}, ""),
    ],
)
def test_what_alone_has_the_pattern_of_the_path_is_the_identifier(
    asked: Shape, members: dict[str, Shape], expected: str
) -> None:
    parameter = Parameter("id", "path", True, asked)
    assert formed_as(parameter, members, "id", "article", {"team"}) == expected


def test_a_second_parameter_of_a_name_has_a_number() -> None:
    assert named_after("name_1", ["id", "name"]) == "name"
    assert named_after("line1", ["id", "line1"]) == "line1"


def test_a_lookup_of_django_is_no_part_of_a_name() -> None:
    assert named_after("user__code__iexact", ["id", "code"]) == "code"
    assert named_after("code__exact", ["id", "code"]) == "code"
    assert named_after("iexact", ["id", "code"]) == ""
