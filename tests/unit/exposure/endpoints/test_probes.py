"""Which endpoints may be asked, what they show, and what fills their parameters."""

from __future__ import annotations

from dataclasses import replace

import pytest

from oakum.exposure.endpoints.probes import is_graphql, probe_of, survey
from oakum.finding import Endpoint
from oakum.openapi.model import Media, Operation, Parameter, Shape
from oakum.policy.model import OperationRule
from tests.unit.scan.studio import model, probe

TEXT = Shape(kinds=frozenset({"string"}))


def parameter(name: str, where: str, **more: object) -> Parameter:
    return Parameter(name, where, shape=TEXT, **more)  # type: ignore[arg-type]


def made(*parameters: Parameter) -> Operation:
    return Operation("op", "GET", "/x/{id}", parameters=parameters)


def test_what_writes_or_destroys_is_left_alone_with_the_reason() -> None:
    probes, skipped = survey(model(), {})
    asked = {each.operation.id for each in probes}
    assert asked == {
        "getMe", "listPeople", "getPerson", "getSettings", "getPost", "listPosts", "getPosts",
        "getCourse", "getRoom", "getNews",
    }  # fmt: skip
    told = {each.endpoint.operation: each.reason for each in skipped}
    assert told.keys() == {"deletePerson", "putSettings", "resetAll"}
    assert told["resetAll"] == "`reset` in the path says that it resets"
    assert all(told.values())
    assert len(probes) + len(skipped) == len(model().operations)


def test_a_reading_post_is_asked_because_the_contract_says_so() -> None:
    silent = replace(model(), rules={**model().rules, "getPosts": OperationRule("getPosts")})
    assert "getPosts" in {each.endpoint.operation for each in survey(silent, {})[1]}


def test_an_endpoint_of_graphql_is_left_to_the_technique_that_speaks_it() -> None:
    """It is no probe, and not skipped: unless the contract says that it must not be asked."""
    rule = OperationRule("getPosts", reads=True, graphql="schema.graphql")
    spoken = replace(model(), rules={**model().rules, "getPosts": rule})
    probes, skipped = survey(spoken, {})
    assert "getPosts" not in {each.operation.id for each in probes}
    assert "getPosts" not in {each.endpoint.operation for each in skipped}
    silent = replace(spoken, rules={**spoken.rules, "getPosts": replace(rule, reads=False)})
    told = {each.endpoint.operation: each.reason for each in survey(silent, {})[1]}
    assert told["getPosts"] == "the contract says `reads: false`"


def test_graphql_is_known_by_its_path_and_by_the_body_of_a_request() -> None:
    silent, members = OperationRule("op"), {"query": lambda: TEXT, "variables": lambda: TEXT}
    asks = (Media("application/json", Shape(properties=members)),)
    search = (Media("application/json", Shape(properties={"query": lambda: TEXT})),)
    assert is_graphql(Operation("op", "POST", "/v1/graphql"), silent)
    assert is_graphql(Operation("op", "GET", "/api/gql/"), silent)
    assert is_graphql(Operation("op", "POST", "/ask", body=asks), silent)
    assert not is_graphql(Operation("op", "POST", "/search", body=search), silent)
    assert not is_graphql(Operation("op", "DELETE", "/graphql"), silent)
    assert not is_graphql(Operation("op", "GET", "/graphql/voyager"), silent)


def test_a_header_that_nobody_can_fill_keeps_an_endpoint_shut() -> None:
    needs = made(parameter("X-Device", "header", required=True))
    wider = replace(model(), operations={**model().operations, "op": needs})
    told = {each.endpoint.operation: each.reason for each in survey(wider, {})[1]}
    assert told["op"] == "needs the header `X-Device`"


def test_an_endpoint_shows_the_fields_that_the_document_declares_there() -> None:
    shows = probe("getPost").shows
    assert set(shows) == {"Post", "Person"}
    assert shows["Post"] == ("id", "author_id", "course_id", "text")  # `author` is a person
    assert set(shows["Person"]) == {"id", "name", "bio", "phone", "vip", "password_hash"}
    assert probe("getNews").shows == {}
    assert probe("getPost").endpoint == Endpoint("GET", "/posts/{postId}", "getPost")


def test_a_key_of_something_owned_chooses_whose_it_is() -> None:
    assert probe("getPerson").sources == {"personId": "Person.id"}
    assert probe("getPerson").personal == {"personId"}
    assert probe("getPost").personal == {"postId"}
    assert probe("getCourse").sources == {"courseId": "Post.course_id"}
    assert probe("getCourse").personal == frozenset()  # a course is nobody's


def test_the_name_of_an_account_is_a_key_as_well() -> None:
    """`/users/{username}`: of an account, what it is called chooses whose it is."""
    rules = {**model().rules}
    rules["getPerson"] = OperationRule("getPerson", params={"personId": "Person.phone"})
    by_phone = probe_of(replace(model(), rules=rules), model().operations["getPerson"], {})
    assert by_phone.personal == {"personId"}
    rules["getPerson"] = OperationRule("getPerson", params={"personId": "Post.text"})
    by_text = probe_of(replace(model(), rules=rules), model().operations["getPerson"], {})
    assert by_text.personal == frozenset()


def test_ids_in_the_body_of_many_owners_are_one_question() -> None:
    assert probe("getPosts").sources == {"ids": "Post.id"}
    assert probe("getPosts").batch
    assert not probe("getPost").batch


def test_the_contract_goes_before_what_was_inferred() -> None:
    operation = model().operations["getPerson"]
    assert probe_of(model(), operation, {"personId": "Post.id"}).sources == {
        "personId": "Person.id"
    }
    bare = replace(model(), rules={})
    assert probe_of(bare, operation, {"personId": "Post.id"}).sources == {"personId": "Post.id"}


@pytest.mark.parametrize(
    ("given", "fixed", "unfilled", "guessed"),
    [
        (parameter("id", "path", required=True), {}, ("id",), ("id",)),
        (parameter("id", "path", required=True, example="7"), {"id": "7"}, ("id",), ("id",)),
        (parameter("q", "query", required=True, example="ab"), {"q": "ab"}, (), ()),
        (parameter("q", "query", example="ab"), {}, (), ()),
        (parameter("q", "query", required=True, default=3), {"q": 3}, (), ()),
        (parameter("q", "query", default=3), {}, (), ()),
        (parameter("q", "query", required=True), {}, ("q",), ()),
        (parameter("q", "query"), {}, (), ()),
        (parameter("sid", "cookie", required=True), {}, (), ()),
        (parameter("X-V", "header", required=True, default="2"), {"X-V": "2"}, (), ()),
        (parameter("X-V", "header", default="2", example="2"), {}, (), ()),
        (parameter("Accept", "header", required=True, example="a/b"), {}, ("Accept",), ()),
    ],
)
def test_what_the_document_gives_for_a_parameter(
    given: Parameter, fixed: object, unfilled: object, guessed: object
) -> None:
    found = probe_of(model(), made(given), {})
    assert (found.fixed, found.unfilled, found.guessed) == (fixed, unfilled, guessed)


def test_the_only_choice_is_taken_when_one_is_needed() -> None:
    shape = replace(TEXT, enum=("workout", "class"))
    needed = Parameter("kind", "query", True, shape)
    assert probe_of(model(), made(needed), {}).fixed == {"kind": "workout"}
    assert probe_of(model(), made(replace(needed, required=False)), {}).fixed == {}


def in_tenants(**params: str) -> tuple[dict[str, str], set[str]]:
    """What fills `/tenants/{tenantId}/{town}` where accounts have a tenant and a town."""
    tables = model().tables
    leaves = (*tables["Person"].leaves, "tenant_id", "town")
    person = replace(tables["Person"], leaves=leaves)
    wide = replace(model(), tables={**tables, "Person": person})
    below = (parameter("tenantId", "path", required=True), parameter("town", "path", required=True))
    rules = {"op": OperationRule("op", params=params)}
    found = probe_of(replace(wide, rules={**wide.rules, **rules}), made(*below), {})
    return dict(found.sources), set(found.personal)


def test_a_place_called_after_a_member_of_accounts_is_asked_for_with_each_ones_own() -> None:
    """What is below a tenant is that tenant's, and one of them speaks for no other; a word alone,
    as `id`, may be anything's."""
    assert in_tenants() == ({"tenantId": "Person.tenant_id"}, {"tenantId"})
    sources, personal = in_tenants(tenantId="Person.bio", town="Person.town")
    assert sources == {"tenantId": "Person.bio", "town": "Person.town"}
    assert personal == {"tenantId", "town"}
    assert in_tenants(tenantId="Course.code")[1] == set()


def test_the_member_that_names_an_owner_chooses_in_a_path_whose_it_is() -> None:
    """`/people/{personId}/posts` is each person's own; a query only filters by it."""
    rules = {**model().rules, "op": OperationRule("op", params={"id": "Post.author_id"})}
    wide = replace(model(), rules=rules)
    assert probe_of(wide, made(parameter("id", "path")), {}).personal == {"id"}
    assert probe_of(wide, made(parameter("id", "query")), {}).personal == set()
