"""How large a page one request may ask for: by the contract, else by the document."""

from __future__ import annotations

import pytest

from oakum.authz.parameter_maximums import is_within, page_caps
from oakum.openapi.model import Operation, Parameter, Shape
from oakum.policy.model import OperationRule

NUMBER = frozenset({"integer"})


def capped(name: str, shape: Shape, **most: int) -> dict[str, int]:
    operation = Operation(
        "list", "GET", "/things", parameters=(Parameter(name, "query", shape=shape),)
    )
    return dict(page_caps(operation, OperationRule("list", at_most=most)))


def test_the_contract_comes_before_the_document() -> None:
    limited = Shape(kinds=NUMBER, maximum=50)
    assert capped("page_size", limited) == {"page_size": 50}
    assert capped("page_size", limited, page_size=80) == {"page_size": 80}
    assert capped("n", Shape(kinds=NUMBER), n=5) == {"n": 5}


@pytest.mark.parametrize(
    ("name", "shape"),
    [
        ("limit", Shape(kinds=NUMBER)),
        ("limit", Shape(kinds=frozenset({"string"}), maximum=50)),
        ("limit", Shape(kinds=NUMBER, maximum=0)),
        ("age", Shape(kinds=NUMBER, maximum=120)),
    ],
)
def test_the_document_speaks_of_page_sizes_that_are_numbers(name: str, shape: Shape) -> None:
    assert capped(name, shape) == {}


@pytest.mark.parametrize("value", ["0", "7", "007", "50"])
def test_a_plain_number_is_within(value: str) -> None:
    assert is_within(value, 50)


@pytest.mark.parametrize("value", ["51", "-1", "+7", " 7", "7 ", "7\n", "1e1", "7.0", "", "all",
                                   "٧", "²", "0000000050"])  # fmt: skip
def test_anything_else_is_not_certainly_within(value: str) -> None:
    assert not is_within(value, 50)
