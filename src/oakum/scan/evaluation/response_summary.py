"""What is kept of a judged response: its structure without values, its status and headers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace

from oakum.authz import ObjectInstance, Table
from oakum.authz.compiled_model import declared_answers
from oakum.authz.table import leaf_index
from oakum.exchange import Response
from oakum.exposure.response_reader import Parsed
from oakum.exposure.values.knowledge import canonical, leaves_of
from oakum.openapi.model import Operation

Form = tuple[int, str, frozenset[tuple[str, ...]], int]
"""(status, media type, paths of values without list indices, number of values)."""


@dataclass(frozen=True)
class Head:
    """Status and headers of a response, without any value of its body."""

    answer: Response
    """The response without its body."""
    text: int
    """Hash of the body, valid in this process only; no personal value."""
    governed: int
    """Hash of the values that the contract governs, so that request ids do not count. 0 if the
    response has no `ETag`, which alone needs it."""

    @property
    def shows(self) -> bool:
        """Whether the request succeeded."""
        return self.answer.ok


def is_broken(operation: Operation, answer: Response) -> bool:
    """Whether a response does not answer the request but a repetition may: a server error, or an
    HTML page in place of the declared type."""
    if answer.status >= 500:
        return True
    declared = [each.type for each in declared_answers(operation, answer.status)]
    return (
        answer.ok
        and bool(answer.body and declared)
        and answer.media_type == "text/html"
        and "text/html" not in declared
    )


def hash_governed(instances: Iterable[ObjectInstance], tables: Mapping[str, Table]) -> int:
    """A hash of all values that the contract governs, with their owners."""
    return hash(
        frozenset(
            (each.resource, tuple(each.owners), leaf.path, canonical(leaf.value))
            for each in instances
            for leaf in each.leaves
            if not isinstance(leaf.value, dict | list)
            and leaf_index(tables[each.resource], leaf.path) >= 0
        )
    )


def head_of(answer: Response, values: Callable[[], int]) -> Head:
    """What is kept of an answer. `values`: computes the `governed` hash on demand."""
    governed = values() if "etag" in answer.headers else 0
    return Head(replace(answer, body=b""), hash(answer.body), governed)


def form_of(answer: Response, parsed: Parsed) -> Form:
    """Structure of a response without values. `parsed`: what `json_in` says of it."""
    if answer.body and not parsed:
        lines = answer.body.decode("utf-8", "replace").splitlines()
        return answer.status, answer.media_type, frozenset({(lines[0][:200],)}), len(lines)
    found = [leaf for each in parsed for leaf in leaves_of(each)]
    places = frozenset(tuple("*" if p.isdigit() else p for p in at) for at, _ in found)
    return answer.status, answer.media_type, places, len(found)
