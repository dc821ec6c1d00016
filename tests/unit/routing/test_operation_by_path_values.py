"""Which operation of a path takes which values."""

from __future__ import annotations

from oakum.openapi.model import Operation, Parameter, Shape
from oakum.routing.operation_by_path_values import path_choices, rivals

INTEGER, STRING = Shape(kinds=frozenset(("integer",))), Shape(kinds=frozenset(("string",)))
UUID = Shape(kinds=frozenset(("string",)), format="uuid")


def operation(path: str, **shapes: Shape) -> Operation:
    parameters = tuple(Parameter(name, "path", True, shape) for name, shape in shapes.items())
    return Operation(path, "GET", path, parameters)


def taken(*operations: Operation, value: str) -> str | None:
    """The path whose operation takes a value at `/v1/…`; None: nobody's."""
    [group] = path_choices(operations).rivals.values()
    found = next((each for each in group if each.admits((value,))), group[0])
    return None if found.shut else found.operation.path


def test_rivals_are_told_apart_by_their_values_and_the_more_restricted_comes_first() -> None:
    by_name, by_number = operation("/v1/{name}", name=STRING), operation("/v1/{id}", id=INTEGER)
    [group] = rivals([by_name, by_number]).values()
    assert [each.operation.path for each in group] == ["/v1/{id}", "/v1/{name}"]
    assert taken(by_name, by_number, value="7") == "/v1/{id}"
    assert taken(by_name, by_number, value="seven") == "/v1/{name}"
    assert taken(by_name, by_number, value="-7") is None


def test_a_value_that_one_does_not_take_is_nobodys_where_a_wider_path_matches() -> None:
    wide = operation("/{folder}/{file}", folder=STRING, file=STRING)
    one = operation("/v1/{id}", id=UUID)
    assert taken(one, wide, value="11111111-2222-3333-4444-555555555555") == "/v1/{id}"
    assert taken(one, wide, value="999") is None
    assert path_choices([one]).rivals == {}
    assert path_choices([operation("/v1/{id}", id=STRING), wide]).rivals == {}


def test_so_of_rivals_in_a_wider_path() -> None:
    wide = operation("/{folder}/{file}", folder=STRING, file=STRING)
    two = operation("/v1/{id}", id=UUID), operation("/v1/{number}", number=INTEGER)
    assert taken(*two, wide, value="7") == "/v1/{number}"
    assert taken(*two, wide, value="seven") is None


def test_what_a_rival_does_not_take_is_nobodys_where_its_schema_alone_tells_it_apart() -> None:
    """Which one a value is for depends on the router: with a converter on the other one, without
    on the first."""
    two = operation("/v1/{id}", id=UUID), operation("/v1/{name}", name=STRING)
    assert taken(*two, value="11111111-2222-3333-4444-555555555555") == "/v1/{id}"
    assert taken(*two, value="999") is None
    plain = operation("/v1/{id}", id=STRING), operation("/v1/{name}", name=STRING)
    assert taken(*plain, value="999") == "/v1/{id}"
