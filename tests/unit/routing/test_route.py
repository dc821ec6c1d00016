"""Which endpoint a request stands at, and what is no endpoint because it can be read in two
ways."""

from __future__ import annotations

import pytest

from oakum.openapi.model import ClosedOperation, Operation, Parameter, Shape
from oakum.routing.http_messages import Denial
from oakum.routing.nested_parameters import NestedParameter
from oakum.routing.route import (
    Router,
    escape_template,
    fill_path,
    filter_query,
    passes,
    split_target,
    without,
)

PATHS = (
    "/", "/users", "/users/", "/users/{id}", "/users/me", "/users/{id}/posts",
    "/files/{name}.json", "/files/{name}", "/files/{a}-{b}", "/a%20b",
)  # fmt: skip


def router(*paths: str) -> Router:
    return Router([Operation(f"GET {path}", "GET", path) for path in paths or PATHS])


def endpoint(target: str, method: str = "GET") -> str | None:
    place = split_target(target)
    assert place is not None
    found = router().find(place, method)
    return found[0].path if found else None


@pytest.mark.parametrize(
    "target",
    [
        "", "*", "users", "http://api.test/users", "//users", "/users//x", "/./users", "/users/..",
        "/users/%2e%2E/x", "/users/%2E", "/a%2fb", "/a%5Cb", "/a\\b", "/a%00", "/a%0a", "/a%7f",
        "/a;b=1", "/a#b", "/a b", "/a\tb", "/é", "/a%zz", "/a%4", "/a%", "/a%ff", "/a%2541",
    ],
)  # fmt: skip
def test_what_two_servers_could_read_in_two_ways_is_no_place(target: str) -> None:
    assert split_target(target) is None


def test_a_path_is_kept_as_it_came() -> None:
    place = split_target("/users/J%C3%B8rn?q=%20&")
    assert place is not None
    assert place.raw == ("users", "J%C3%B8rn")
    assert place.query == "q=%20&"


@pytest.mark.parametrize(
    ("target", "path"),
    [
        ("/", "/"),
        ("/users", "/users"),
        ("/users/", "/users/"),
        ("/users/7", "/users/{id}"),
        ("/users/me", "/users/me"),
        ("/users/7/posts", "/users/{id}/posts"),
        ("/users/7/posts/", None),
        ("/files/a.json", "/files/{name}.json"),
        ("/files/.json", "/files/{name}"),  # a parameter is never empty
        ("/files/x", "/files/{name}"),
        ("/files/x-y", "/files/{a}-{b}"),
        ("/files/x-y-z", "/files/{name}"),  # as two parameters it could be split in two ways
        ("/nothing", None),
    ],
)
def test_a_literal_comes_before_a_parameter(target: str, path: str | None) -> None:
    assert endpoint(target) == path


@pytest.mark.parametrize(
    "target", ["/users/%6de", "/users/ME", "/users/%4De", "/USERS", "/%75sers"]
)
def test_an_endpoint_in_disguise_is_neither_that_endpoint_nor_another_one(target: str) -> None:
    assert endpoint(target) is None


def test_a_method_that_is_not_documented_falls_through_to_no_other_path() -> None:
    routes = Router(
        [Operation("purge", "POST", "/users/purge"), Operation("one", "GET", "/users/{id}")]
    )
    place = split_target("/users/purge")
    assert place is not None
    assert routes.find(place, "GET") is None
    assert routes.find(place, "get") is None
    found = routes.find(place, "POST")
    assert found is not None
    assert found[0].id == "purge"


@pytest.mark.parametrize("first", ["id", "name"])
def test_of_endpoints_with_one_path_the_text_in_it_tells_which_it_is(first: str) -> None:
    kinds = {"id": "integer", "name": "string"}
    names = sorted(kinds, key=lambda name: name != first)
    shapes = {name: Shape(kinds=frozenset((kinds[name],))) for name in names}
    routes = Router(
        [
            Operation(f"by {n}", "GET", f"/users/{{{n}}}", (Parameter(n, "path", True, shapes[n]),))
            for n in names
        ]
    )
    for text, wanted in (("7", "id"), ("ann", "name"), ("7a", "name")):
        place = split_target(f"/users/{text}")
        assert place is not None
        found = routes.find(place, "GET")
        assert found is not None
        assert (found[0].id, found[1]) == (f"by {wanted}", {wanted: text})


def test_the_path_of_a_closed_operation_belongs_to_no_other() -> None:
    served = [Operation(f"GET {path}", "GET", path) for path in ("/users/{id}", "/shops")]
    shut = [Operation(f"{method} {path}", method, path) for method, path in (
        ("GET", "/users/me"), ("POST", "/shops"), ("GET", "/shops"),
    )]  # fmt: skip
    shut[2] = Operation("GET /shops'", "GET", "/shops")
    routes = Router(served, [ClosedOperation(each, "a mistake") for each in shut])

    def found(target: str, method: str = "GET") -> str | None:
        place = split_target(target)
        assert place is not None
        one = routes.find(place, method)
        return one[0].id if one else None

    assert found("/users/7") == "GET /users/{id}"
    assert found("/users/me") is None
    assert found("/shops", "POST") is None
    assert found("/shops") == "GET /shops"


def test_parameters_are_decoded_once() -> None:
    place = split_target("/users/a%20%C3%A9+b/posts")
    assert place is not None
    found = router().find(place, "GET")
    assert found is not None
    assert found[1] == {"id": "a é+b"}


def test_a_path_is_filled_only_with_what_is_read_back_as_the_same() -> None:
    assert fill_path("/users/{id}/posts", {"id": "a b/ø"}) is None
    assert fill_path("/users/{id}/posts", {"id": "a bø?#"}) == "/users/a%20b%C3%B8%3F%23/posts"
    for id in ("", ".", "..", "a\\b", "a\0", "%41"):
        assert fill_path("/users/{id}", {"id": id}) is None


@pytest.mark.parametrize(
    ("target", "under"),
    [
        ("/page/", True), ("/page/a/b.js", True), ("/page", False), ("/pages/a", False),
        ("/x/logo.png", True), ("/x/y/logo.png", False), ("/%70age/a", False),
    ],
)  # fmt: skip
def test_static_paths_are_compared_as_they_came(target: str, under: bool) -> None:
    place = split_target(target)
    assert place is not None
    assert passes(("/page/**", "/*/logo.png"), place) is under


def test_a_documented_path_is_known_also_in_disguise_and_with_another_end() -> None:
    for target in ("/users/ME/posts", "/users/7/posts/", "/%75sers"):
        place = split_target(target)
        assert place is not None
        assert router().has_path(place)


def test_only_declared_parameters_stay_byte_for_byte() -> None:
    query = "q=a%20b&debug=1&tag=x&tag=y&filter[a]=1&filter[b]=2&%71x=1&&=3&key=s"
    kept = filter_query(
        query, ("q", "tag", "filter"), {"tag"}, {"filter": NestedParameter()}, {"key"}
    )
    assert kept == "q=a%20b&tag=x&tag=y&filter[a]=1&filter[b]=2&key=s"


@pytest.mark.parametrize(
    "query",
    [
        "q=1&q=2", "q=1&%71=2", "q=1&q[]=2", "q[a]=1&q=2", "q[a]=1&q[a]=2", "key=1&key=2",
        "x=%zz", "x=%ff", "x=%00", "x=a;q=2", "x=a b", "x=é", "x=#",
    ],
)  # fmt: skip
def test_a_query_that_can_be_read_in_two_ways_is_refused(query: str) -> None:
    with pytest.raises(Denial) as denied:
        filter_query(query, ("q",), (), {}, ("key",))
    assert (denied.value.status, denied.value.reason) == (400, "query")


@pytest.mark.parametrize("query", ["n=5", "n=05", "q=99", "", "n=%35"])
def test_a_value_within_its_highest_stays(query: str) -> None:
    assert filter_query(query, ("q", "n"), (), {}, (), {"n": 5}) == query


@pytest.mark.parametrize("query", ["n=6", "n=-1", "n=1e0", "n=+5", "n", "n=", "n=all", "n=%D9%A7"])
def test_a_value_that_is_not_certainly_within_its_highest_is_refused(query: str) -> None:
    with pytest.raises(Denial) as denied:
        filter_query(query, ("q", "n"), (), {}, (), {"n": 5})
    assert (denied.value.status, denied.value.reason) == (400, "query")


def test_credentials_leave_a_query_and_nothing_else() -> None:
    assert without("a=1&k%65y=s&b&key=t", {"key"}) == "a=1&b"


@pytest.mark.parametrize(
    ("path", "target"),
    [
        ("/straße/{id}", "/stra%C3%9Fe/{id}"),
        ("/%c3%A9t%C3%A9", "/%C3%A9t%C3%A9"),
        ("/a b/{n}-é.json", "/a%20b/{n}-%C3%A9.json"),
        ("/100%/a%2Fb", "/100%25/a%2Fb"),
        ("/%75sers:all/@me,you", "/users:all/@me,you"),
    ],
)
def test_a_literal_is_written_as_a_request_has_it_and_stays_so(path: str, target: str) -> None:
    assert escape_template(path) == target == escape_template(target)


def test_escapes_are_the_same_in_either_case_and_stand_where_they_must() -> None:
    found = router("/straße", "/users")
    assert all(
        found.find(at, "GET") for at in map(split_target, ("/stra%C3%9Fe", "/stra%c3%9fe")) if at
    )
    for target in ("/%73tra%C3%9Fe", "/%75sers", "/STRA%C3%9FE"):
        place = split_target(target)
        assert place is not None and found.find(place, "GET") is None
