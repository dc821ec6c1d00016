"""From an endpoint and a person to a request, and to a line that asks the same without a secret."""

from __future__ import annotations

import json
from dataclasses import replace
from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oakum.exposure.endpoints.probes import Query, probe_of
from oakum.exposure.values.knowledge import Knowledge
from oakum.openapi.model import Operation, Parameter
from oakum.scan.requests.builder import convert, curl, fill, raw_path, unlike, variable
from tests.unit.exposure.values.test_knowledge import instance
from tests.unit.scan.studio import TARGET, model, probe


def known() -> Knowledge:
    """Ann's and bob's ids, and two posts of ann's."""
    found = Knowledge()
    for who in ("ann", "bob"):
        found.learn_own(who, instance(id=f"p/{who} 1"))
        found.learn_own(who, instance("Post", id=f"post-{who}-01", course_id="course-88"))
    found.learn_own("ann", instance("Post", id="post-ann-02"))
    return found


def test_a_path_is_filled_with_the_owners_own_value_escaped() -> None:
    filled = fill(probe("getPerson"), TARGET, known(), "ann")
    assert filled is not None
    assert filled.request.method == "GET"
    assert filled.request.url == f"{TARGET}/people/p%2Fann%201"
    assert filled.params == {"personId": "p/ann 1"}
    assert filled.sent == {"p/ann 1"}
    assert filled.symbolic == "/people/$ANN_PERSON_ID"
    assert filled.request.body == b""


def test_no_value_no_question() -> None:
    assert fill(probe("getPerson"), TARGET, known(), "cat") is None
    assert fill(probe("getPerson"), TARGET, Knowledge(), "ann") is None
    assert fill(probe("getRoom"), TARGET, known(), "ann") is None


@pytest.mark.parametrize("key", ["", ".", ".."])
def test_a_key_that_would_leave_its_place_in_the_path_is_none(key: str) -> None:
    found = Knowledge()
    found.objects[("ann", "Person")] = [{"id": key}]
    assert fill(probe("getPerson"), TARGET, found, "ann") is None


def test_another_turn_takes_another_value_while_there_is_one() -> None:
    urls = []
    for turn in range(3):
        filled = fill(probe("getPost"), TARGET, known(), "ann", turn=turn)
        urls.append(filled and filled.request.url.rpartition("/")[2])
    assert urls == ["post-ann-01", "post-ann-02", None]


PAIRS = st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("1234")), max_size=6)


@given(PAIRS, PAIRS, st.booleans())
def test_all_fields_of_a_resource_in_a_request_stand_in_one_object_of_the_owner(
    own: list[tuple[str, str]], others: list[tuple[str, str]], personal: bool
) -> None:
    found = Knowledge()
    for who, pairs in (("ann", own), ("bob", others)):
        for course, id in pairs:
            found.learn_own(who, instance("Post", course_id=course, id=id))
    plain = probe("getPost")
    where = Parameter("course", "query", required=True)
    way = replace(
        plain,
        operation=replace(plain.operation, parameters=(*plain.operation.parameters, where)),
        sources={**plain.sources, "course": "Post.course_id"},
        personal=plain.personal if personal else frozenset(),
    )
    asked = []
    for turn in range(len(own) + len(others) + 1):
        filled = fill(way, TARGET, found, "ann", turn=turn)
        if filled is not None:
            url = urlsplit(filled.request.url)
            asked.append((dict(parse_qsl(url.query))["course"], url.path.rpartition("/")[2]))
    assert asked == list(dict.fromkeys(own if personal else own + others))


@pytest.mark.parametrize(
    ("row", "url"),
    [
        ({"subject": "MATH-101"}, "/courses/MATH-101/essays/7"),
        ({"subject": "MATH-101", "next": "ART-2"}, None),
        ({"subject": "LATIN-3"}, None),
        ({}, None),
    ],
)
def test_what_stands_above_an_object_is_filled_by_the_one_value_of_it_that_is_known_there(
    row: dict[str, str], url: str | None
) -> None:
    """A member of any name holds the key of another's object: a student owns no course."""
    operation = Operation(
        "getEssay",
        "GET",
        "/courses/{code}/essays/{id}",
        parameters=tuple(Parameter(n, "path", True) for n in ("code", "id")),
    )
    asked = replace(
        probe("getPerson"), operation=operation,
        sources={"code": "Course.code", "id": "Essay.id"}, personal=frozenset({"code", "id"}),
    )  # fmt: skip
    found = Knowledge()
    for code in ("MATH-101", "ART-2"):
        found.learn_own("tea", instance("Course", code=code))
    found.learn_own("stu", instance("Essay", id="7", **row))
    filled = fill(asked, TARGET, found, "stu")
    assert (filled and filled.request.url) == (url and TARGET + url)


@pytest.mark.parametrize(
    ("row", "own", "course"),
    [
        ({"comment_count": "2"}, ("5",), "5"),
        ({"user_id": "6", "reading_time": "1"}, ("5", "6"), "5"),
        ({"course": "2"}, ("5",), "2"),
        ({"course.number": "2"}, ("5",), "2"),
        ({"subject": "2"}, (), "2"),
    ],
)
def test_a_count_that_equals_the_number_of_an_object_names_no_parent(
    row: dict[str, str], own: tuple[str, ...], course: str
) -> None:
    operation = Operation(
        "getEssay",
        "GET",
        "/courses/{code}/essays/{id}",
        parameters=tuple(Parameter(n, "path", True) for n in ("code", "id")),
    )
    asked = replace(
        probe("getPerson"), operation=operation,
        sources={"code": "Course.code", "id": "Essay.id"}, personal=frozenset({"code", "id"}),
    )  # fmt: skip
    found = Knowledge()
    for who, codes in (("tea", ("1", "2", "3")), ("stu", own)):
        for code in codes:
            found.learn_own(who, instance("Course", code=code))
    found.learn_own("stu", instance("Essay", id="7", **row))
    filled = fill(asked, TARGET, found, "stu")
    assert filled is not None and filled.request.url == f"{TARGET}/courses/{course}/essays/7"


def test_what_chooses_nobody_is_filled_with_anybodys_value() -> None:
    filled = fill(probe("getCourse"), TARGET, known(), None)
    assert filled is not None
    assert filled.request.url == f"{TARGET}/courses/course-88"
    assert filled.symbolic == "/courses/$ANYBODY_POST_COURSE_ID"


def test_a_batch_holds_the_ids_of_all() -> None:
    filled = fill(probe("getPosts"), TARGET, known(), None)
    assert filled is not None
    assert set(json.loads(filled.request.body)["ids"]) == {
        "post-ann-01", "post-ann-02", "post-bob-01",
    }  # fmt: skip
    assert filled.request.headers["content-type"] == "application/json"
    assert filled.body == '{"ids": ["$ANYBODY_POST_ID"]}'
    assert "post-ann-01" in filled.sent


def test_a_batch_stays_within_what_careful_apis_take() -> None:
    many = Knowledge()
    for who in range(40):
        for number in range(3):
            many.learn_own(f"u{who}", instance("Post", id=f"post-{who}-{number}"))
    filled = fill(probe("getPosts"), TARGET, many, None)
    assert filled is not None and len(json.loads(filled.request.body)["ids"]) == 50


def test_a_query_holds_the_values_that_it_names_and_its_line_none() -> None:
    head = "query oakum($id: ID!, $posts: [ID!], $age: Int)"
    text = f'{head} {{ one(id: $id) two(of: "x", a: $posts) }}'
    asked = replace(
        probe("getPosts"),
        sources={"id": "Person.id", "posts": "Post.id"},
        asks=Query(text, {"id": "ID!", "posts": "[ID!]", "age": "Int"}),
        whose={"id": ("bob", -1), "posts": ("ann", -1)},
    )
    filled = fill(asked, TARGET, known(), None)
    assert filled is not None
    assert json.loads(filled.request.body) == {
        "query": text, "variables": {"id": "p/bob 1", "posts": ["post-ann-02"]},
    }  # fmt: skip
    assert filled.sent == {"p/bob 1", "post-ann-02"}
    line = curl(filled, ())
    assert r"\"query\": \"query oakum(\$id: ID!, \$posts: [ID!], \$age: Int)" in line
    assert r"two(of: …, a: \$posts)" in line
    assert r"{\"id\": \"$BOB_PERSON_ID\", \"posts\": \"$ANN_POST_ID\"}" in line
    assert fill(replace(asked, whose={"id": ("cat", -1)}), TARGET, known(), None) is None


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("7", "ID!", "7"), ("7", "Int!", 7), ("7", "[Int!]!", [7]), ("7", "PositiveInt", 7),
        ("true", "Boolean", True), ("abc", "Int", "abc"), ("7", "String", "7"),
    ],
)  # fmt: skip
def test_a_variable_has_the_kind_that_its_type_takes(text: str, kind: str, value: object) -> None:
    assert convert(text, kind) == value


def test_a_parameter_without_a_source_takes_a_value_of_its_name() -> None:
    seen = known()
    seen.learn_names(iter([(("rows", "0", "roomId"), "room-9")]))
    filled = fill(probe("getRoom"), TARGET, seen, None)
    assert filled is not None and filled.request.url == f"{TARGET}/rooms/room-9"


def test_query_and_header_parameters_go_where_they_belong() -> None:
    operation = Operation(
        "op", "GET", "/search",
        (
            Parameter("q", "query"), Parameter("limit", "query", True, example=5),
            Parameter("X-Of", "header"),
        ),
    )  # fmt: skip
    found = probe_of(model(), operation, {"q": "Person.id", "X-Of": "Post.id"})
    filled = fill(found, TARGET, known(), "ann")
    assert filled is not None
    assert filled.request.url == f"{TARGET}/search?q=p%2Fann+1&limit=5"
    assert filled.request.headers["x-of"] == "post-ann-01"
    assert filled.symbolic == "/search?q=$ANN_PERSON_ID&limit=5"
    assert '-H "x-of: $ANN_POST_ID"' in curl(filled, ())


def test_an_example_is_sent_where_it_must_be_and_never_as_a_repr_of_python() -> None:
    """An optional filter's example, sent as `{'field': …}`, has every list answer 400."""
    filters = {"name": {"_eq": "Ann"}, "live": True}
    operation = Operation(
        "op", "GET", "/search",
        (
            Parameter("filter", "query", True, example=filters),
            Parameter("ids", "query", True, example=[7, "b"]),
            Parameter("live", "query", True, example=True),
            Parameter("where", "query", example=filters),
            Parameter("X-Filter", "header", True, example=filters),
        ),
    )  # fmt: skip
    filled = fill(probe_of(model(), operation, {}), TARGET, known(), None)
    assert filled is not None
    assert parse_qsl(urlsplit(filled.request.url).query) == [
        ("filter", '{"name":{"_eq":"Ann"},"live":true}'),
        ("ids", "7"), ("ids", "b"), ("live", "true"),
    ]  # fmt: skip
    assert filled.request.headers["x-filter"] == '{"name":{"_eq":"Ann"},"live":true}'


def test_a_header_that_the_document_fills_is_sent_and_told() -> None:
    version = Parameter("X-Api-Version", "header", True, default="2")
    found = probe_of(model(), Operation("op", "GET", "/search", (version,)), {})
    filled = fill(found, TARGET, known(), None)
    assert filled is not None
    assert filled.request.headers["x-api-version"] == "2"
    assert '-H "x-api-version: 2"' in curl(filled, ())
    other = fill(found.otherwise("twin", fixed={"X-Api-Version": "1"}), TARGET, known(), None)
    assert other is not None and other.request.headers["x-api-version"] == "1"


def test_an_absent_id_looks_alike_and_is_another() -> None:
    real = fill(probe("getPerson"), TARGET, known(), "ann")
    other = fill(probe("getPerson"), TARGET, known(), "ann", absent=True)
    assert real is not None and other is not None
    assert real.params != other.params
    assert real.symbolic == other.symbolic


@pytest.mark.parametrize(
    "value",
    ["0123456789abcdef0123456789abcdef", "6ba7b810-9dad-11d1-80b4-00c04fd430c8", "KLMnop-77",
     "ann.lee@example", "b3f1c"],
)  # fmt: skip
def test_an_unlike_value_keeps_length_and_kind_of_each_sign(value: str) -> None:
    other = unlike(value)
    assert other != value
    assert len(other) == len(value)
    for mine, its in zip(value, other, strict=True):
        assert (mine.isdigit(), mine.isalpha(), mine.isupper()) == (
            its.isdigit(), its.isalpha(), its.isupper(),
        )  # fmt: skip
    assert unlike(value) == other


@pytest.mark.parametrize("value", ["1", "42", "1001", "2147483"])
def test_a_number_that_counts_up_is_answered_by_one_far_away(value: str) -> None:
    other = unlike(value)
    assert other.isdigit() and 2**31 - 1000 < int(other) < 2**31
    assert unlike(str(int(value) + 1)) != other


def test_a_short_word_is_left_alone() -> None:
    assert unlike("ann") == "ann"


@pytest.mark.parametrize(
    ("who", "source", "name"),
    [
        ("ann", "Person.id", "$ANN_PERSON_ID"),
        ("ann-lee", "a.b.c", "$ANN_LEE_A_B_C"),
        ("", "roomId", "$ROOMID"),
    ],
)
def test_a_variable_is_a_name_that_a_shell_takes(who: str, source: str, name: str) -> None:
    assert variable(who, source) == name


def test_a_curl_line_holds_no_value() -> None:
    filled = fill(probe("getPosts"), TARGET, known(), None)
    assert filled is not None
    line = curl(filled, ("Authorization: Bearer $ANN_TOKEN",))
    assert line == (
        'curl -s -X POST -H "Authorization: Bearer $ANN_TOKEN"'
        ' -H "Content-Type: application/json" -d "{\\"ids\\": [\\"$ANYBODY_POST_ID\\"]}"'
        ' "$TARGET/posts/details"'
    )
    assert not [value for value in filled.sent if value in line]
    plain = fill(probe("getPerson"), TARGET, known(), "ann")
    assert plain is not None
    assert curl(plain, ()) == 'curl -s "$TARGET/people/$ANN_PERSON_ID"'


def test_a_target_with_a_path_replaces_the_base_path_of_the_document() -> None:
    based = replace(
        model().operations["getPerson"], path="/v1/people/{personId}",
        pointer="/paths/~1people~1{personId}/get",
    )  # fmt: skip
    assert raw_path(based) == "/people/{personId}"
    found = probe_of(model(), based, {"personId": "Person.id"})
    for target, url in ((TARGET, "/v1/people/"), (f"{TARGET}/beta", "/beta/people/")):
        filled = fill(found, target, known(), "ann")
        assert filled is not None and filled.request.url.startswith(TARGET + url)


def test_a_curl_line_sends_all_cookies_in_one_header() -> None:
    way = probe("getPerson").otherwise("option", headers={"cookie": "view=full"})
    filled = fill(way, TARGET, known(), "ann")
    assert filled is not None
    line = curl(filled, ("Cookie: session=$ANN_SESSION",))
    assert '-H "Cookie: session=$ANN_SESSION; view=full"' in line
    assert line.lower().count("cookie:") == 1


@pytest.mark.parametrize(("operation", "method"), [("getPerson", ""), ("getPosts", "-X POST ")])
def test_a_curl_line_sends_a_key_in_the_query_as_a_variable(operation: str, method: str) -> None:
    """`--url-query` adds to the query that is there, and encodes what the variable holds."""
    filled = fill(probe(operation), TARGET, known(), "ann")
    assert filled is not None
    line = curl(filled, ("X-App: app", "?api_key=$ANN_KEY"))
    assert line.startswith(f'curl -s {method}-H "X-App: app" --url-query "api_key=$ANN_KEY"')
    assert "?" not in line
