"""Which operation a request is a call of, and what it says in its path."""

from __future__ import annotations

import pytest

from oakum.exchange import Request
from oakum.openapi.model import Operation
from oakum.scan.requests.called_operation import OperationNames, path_values

OPERATIONS = [
    Operation(f"{method} {path}", method, path)
    for method, path in (
        ("GET", "/people/{personId}"), ("GET", "/people/me"), ("PUT", "/people/{personId}"),
        ("GET", "/people/{personId}/files/{name}.json"),
    )
]  # fmt: skip


@pytest.mark.parametrize("base", ["", "/api/v2"])
@pytest.mark.parametrize(
    ("method", "path", "operation", "values"),
    [
        ("GET", "/people/p-1", "GET /people/{personId}", {"personId": "p-1"}),
        ("PUT", "/people/a%2Fb%20c", "PUT /people/{personId}", {"personId": "a/b c"}),
        ("GET", "/people/me", "GET /people/me", {}),
        (
            "GET", "/people/7/files/cv.json?x=1", "GET /people/{personId}/files/{name}.json",
            {"personId": "7", "name": "cv"},
        ),
        ("GET", "/people/7/else", None, {}),
        ("DELETE", "/people/7", None, {}),
        ("GET", "/else/people/7", None, {}),
    ],
)  # fmt: skip
def test_a_request_is_called_and_read_after_the_most_literal_template(
    base: str, method: str, path: str, operation: str | None, values: dict[str, str]
) -> None:
    names = OperationNames(OPERATIONS, f"http://api.test{base}")
    request = Request(method, f"http://api.test{base}{path}")
    found = names.operation(request)
    assert (found.id if found else None) == operation
    assert names.values(request) == values


def test_a_path_of_another_template_has_no_values() -> None:
    assert path_values("/a/{x}/b", "/a/1/c") == {}
    assert path_values("/a/{x}", "/a/1") == {"x": "1"}
