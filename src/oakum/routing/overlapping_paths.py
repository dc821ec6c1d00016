"""Paths that match the templates of two operations.

`/{org}/list` and `/admin/{x}` both match `/admin/list`. OpenAPI (3.1, 4.8.8.1) says which operation
is meant only where one template has text in place of the other's parameter. Some routers take the
first template, some the one with more text, some count from the left: a gateway that guesses judges
another operation than the API runs (CWE-436).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import product
from typing import Literal

from oakum.http.methods import routed_method
from oakum.openapi.model import Operation
from oakum.openapi.path_segments import nameless

_Better = Literal["both", "first", "second", "neither"]
"""Which of two template segments is more specific, matching nothing that the other does not."""
_HOLE = "{}"
_ANY = "{x}"


@dataclass(frozen=True)
class CrossedPath:
    """Two operations, and a template for the paths that match both."""

    first: Operation
    second: Operation
    path: str


@dataclass(frozen=True)
class _Pair(CrossedPath):
    better: _Better


@dataclass
class _Node:
    """A prefix tree of templates, whose parameters have no names."""

    below: dict[str, _Node] = field(default_factory=dict)
    ends: list[Operation] = field(default_factory=list)


@dataclass(frozen=True)
class Overlaps:
    """Overlapping path templates among operations of one method."""

    crossed: tuple[CrossedPath, ...]
    """Pairs of which neither is more specific. Paths that are a literal template of the document
    are excluded. A segment with two parameters is not compared with one that has other text beside
    a parameter."""
    within: frozenset[str]
    """Ids of operations all of whose paths another operation matches as well."""


def overlaps(operations: Iterable[Operation]) -> Overlaps:
    """Compares the templates of all operations, in one walk."""
    operations = [*operations]
    declared = {nameless(each.path) for each in operations}
    crossed, within = list[CrossedPath](), set[str]()
    for pair in _same(_tree(operations), ()):
        if pair.better == "neither" and nameless(pair.path) not in declared:
            crossed.append(CrossedPath(pair.first, pair.second, pair.path))
        elif pair.better in ("first", "second"):
            within.add((pair.first if pair.better == "first" else pair.second).id)
    return Overlaps(tuple(crossed), frozenset(within))


def _tree(operations: Iterable[Operation]) -> _Node:
    root = _Node()
    for each in operations:
        node = root
        for segment in nameless(each.path)[1:].split("/"):
            node = node.below.setdefault(segment, _Node())
        node.ends.append(each)
    return root


def _same(node: _Node, path: tuple[str, ...]) -> Iterator[_Pair]:
    """Pairs below one node; `path`: what leads to it."""
    below = [*node.below.items()]
    for index, (segment, here) in enumerate(below):
        yield from _same(here, (*path, segment))
        for other, there in below[index + 1 :]:
            for both, better in _common(segment, other):
                yield from _pairs(here, there, (*path, both), better)


def _pairs(here: _Node, there: _Node, path: tuple[str, ...], better: _Better) -> Iterator[_Pair]:
    """Pairs of an operation below one node and one below the other; `better`: which of the two
    templates is the more specific one so far."""
    for one, other in product(here.ends, there.ends):
        if routed_method(one.method) == routed_method(other.method):
            template = "/" + "/".join(each.replace(_HOLE, _ANY) for each in path)
            yield _Pair(one, other, template, better)
    for (mine, left), (its, right) in product(here.below.items(), there.below.items()):
        for both, said in _common(mine, its):
            yield from _pairs(left, right, (*path, both), _combine(better, said))


def _combine(one: _Better, other: _Better) -> _Better:
    if one == "both" or one == other:
        return other
    return one if other == "both" else "neither"


@cache
def _common(one: str, other: str) -> Sequence[tuple[str, _Better]]:
    """Segments that match what both match, and which of the two is the more specific one; () when
    no text matches both."""
    if one == other:
        return ((one, "both"),)
    if _HOLE in (one, other):
        return ((other, "second"),) if one == _HOLE else ((one, "first"),)
    holes = one.count(_HOLE), other.count(_HOLE)
    if 0 in holes:
        text, form = (one, other) if holes[0] == 0 else (other, one)
        better: _Better = "first" if holes[0] == 0 else "second"
        return ((text, better),) if holes != (0, 0) and _matches(form, text) else ()
    return _around(one, other) if holes == (1, 1) else ()


def _matches(form: str, text: str) -> bool:
    return bool(re.fullmatch(".+".join(map(re.escape, form.split(_HOLE))), text, re.DOTALL))


def _around(one: str, other: str) -> Sequence[tuple[str, _Better]]:
    """The same of two segments that have one parameter each, with text around it: the forms of
    what begins as both begin and ends as both end."""
    (before, after), (its, end) = one.split(_HOLE), other.split(_HOLE)
    head, tail = max(before, its, key=len), max(after, end, key=len)
    if not head.startswith(min(before, its, key=len)) or not tail.endswith(
        min(after, end, key=len)
    ):
        return ()
    both = f"{head}{_HOLE}{tail}"
    if both in (one, other):
        return ((both, "first" if both == one else "second"),)
    # Head and tail may overlap: `data.json` matches `{name}.json` and `data.{ext}`.
    joined = (head + tail[k:] for k in range(min(len(head), len(tail)) + 1))
    texts = (each for k, each in enumerate(joined) if head.endswith(tail[:k]))
    fit = [each for each in texts if _matches(one, each) and _matches(other, each)]
    return tuple((each, "neither") for each in (both, *fit))
