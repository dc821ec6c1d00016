"""The highest value that a query parameter such as a page size may have.

The contract sets it (`at_most`), otherwise the document's `maximum` of a page size. Any value that
is not certainly within the cap exceeds it: servers read `+5`, `1e9`, `-1` and `all` in several
ways.
"""

from __future__ import annotations

from collections.abc import Mapping

from oakum.inference.lexicon import word_set, words
from oakum.openapi.model import Operation, Parameter
from oakum.policy.model import OperationRule

SIZES = word_set("limit size top take first count rows max per")
"""Words in the names of page sizes."""
_DIGITS = 9


def page_caps(operation: Operation, rule: OperationRule) -> Mapping[str, int]:
    """Query parameter → the highest value that a request may send."""
    found: dict[str, int] = {}
    for each in operation.parameters:
        most = (
            rule.at_most.get(each.name, _declared_maximum(each)) if each.where == "query" else None
        )
        if most is not None:
            found[each.name] = most
    return found


def is_numeric(parameter: Parameter) -> bool:
    """Whether a parameter is declared as a number and nothing else."""
    kinds = parameter.shape.kinds - {"null"}
    return bool(kinds) and kinds <= {"integer", "number"}


def _declared_maximum(parameter: Parameter) -> int | None:
    """The maximum of a page size, as the document says."""
    most = parameter.shape.maximum
    sized = is_numeric(parameter) and not SIZES.isdisjoint(words(parameter.name))
    return most if sized and type(most) is int and most > 0 else None


def is_within(value: str, most: int) -> bool:
    """Whether a decoded value is certainly a number of at most so much."""
    return value.isascii() and value.isdigit() and len(value) <= _DIGITS and int(value) <= most
