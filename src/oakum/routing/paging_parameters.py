"""Query parameters for paging, and those with which a look-up gets a complete list.

A look-up requests the largest page that the document allows.
"""

from __future__ import annotations

from urllib.parse import urlencode

from oakum.openapi.model import Json, Operation

_PAGE_SIZES = ("limit", "per_page", "page_size", "pagesize", "size", "count", "first", "max")
PAGING = frozenset((*_PAGE_SIZES, "page", "offset", "cursor", "after", "before", "next", "start"))


def page(operation: Operation) -> tuple[str, int]:
    """(query for the largest page that the document allows, its size); `""` and -1 if the document
    gives no size, `""` and 0 if it declares no paging."""
    paging = [
        each
        for each in operation.parameters
        if each.where == "query" and each.name.lower() in PAGING
    ]
    for each in paging:
        if each.name.lower() in _PAGE_SIZES:
            size = _most(each.shape.maximum, each.default)
            if size:
                return f"{each.name}={size}", size
    return "", -1 if paging else 0


def required_query(operation: Operation) -> str:
    """Query with the required parameters other than paging; empty: none."""
    paged = page(operation)[0].partition("=")[0]
    return urlencode([(name, value) for name, value in operation.required_query if name != paged])


def _most(maximum: Json, default: Json) -> int:
    for value in (maximum, default):
        if isinstance(value, int) and not isinstance(value, bool) and value > 0:
            return value
    return 0
