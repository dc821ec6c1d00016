"""Which operations a scan may call."""

from __future__ import annotations

import pytest

from oakum.openapi.model import Operation
from oakum.scan.operation_selection import fits

GET = Operation(
    "getInvoice", "GET", "/v1/invoices/{id}", tags=("billing", "invoices", "credit notes")
)


@pytest.mark.parametrize(
    ("pattern", "fit"),
    [
        ("GET /v1/invoices/{id}", True),
        ("get /v1/*", True),
        ("POST /v1/*", False),
        ("* /v1/invoices/*", True),
        ("/v1/*", True),
        ("/v1", False),
        ("getInvoice", True),
        ("get*", True),
        ("getinvoice", False),
        ("billing", True),
        ("bill*", True),
        ("GET", False),
        ("credit notes", True),
        ("credit *", True),
        ("Credit notes", False),
        ("credit", False),
        ("*", True),
    ],
)
def test_a_pattern_names_a_method_and_path_an_id_or_a_tag(pattern: str, fit: bool) -> None:
    assert fits(pattern, GET) is fit
