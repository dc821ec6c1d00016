"""Paths with a custom method (`:purge`) of a gRPC service, whose resource name may have several
segments.

Given `/v1/{name=**}:purge`, a request for `/v1/users/7:purge` is a purge, not a request for
`/v1/users/{id}` with `7:purge` as `id`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache

from oakum.openapi.model import Operation, Parameter
from oakum.openapi.path_segments import nameless
from oakum.openapi.pattern_automaton import Automaton, of_pattern
from oakum.openapi.pattern_syntax import UnsupportedPattern

_OWN = re.compile(r"(.*/)\{([^{}]+)\}(:[^/{}]+)")
"""A path that ends with a verb."""


def verb_paths(operations: Sequence[Operation]) -> Iterator[str]:
    """Templates that match no operation: other paths followed by such a verb."""
    ends = dict.fromkeys(each.path for each in operations if each.path.endswith("}"))
    for each in operations:
        found = _OWN.fullmatch(each.path)
        if found is None or not names_with_slashes(each):
            continue
        depth, around = each.path.count("/"), nameless(found[1])
        for end in ends:
            if end.count("/") > depth and nameless(end).startswith(around):
                yield f"{end}{found[3]}"
                yield f"{end.rpartition('/')[0]}/{found[3]}"


def names_with_slashes(operation: Operation) -> list[Parameter]:
    """The parameter before a path's verb, if its pattern allows several segments; empty
    otherwise."""
    found = _OWN.fullmatch(operation.path)
    return [
        each
        for each in operation.parameters
        if found is not None
        and (each.name, each.where) == (found[2], "path")
        and not (each.before or each.after)
        and _admits_slash(each.shape.pattern)
    ]


@cache
def _admits_slash(pattern: str) -> bool:
    """Whether a pattern, taken for the whole text as gRPC services mean theirs, admits a slash."""
    try:
        return bool(pattern) and not of_pattern(f"^(?:{pattern})$").within(_one_segment())
    except UnsupportedPattern:
        return True


@cache
def _one_segment() -> Automaton:
    return of_pattern("^[^/]*$")
