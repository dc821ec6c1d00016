"""GraphQL look-ups and searches that find an owner by a field hidden from the caller.

Each is requested with a value that its owner is shown, and with another that keeps every word that
the caller sees of the owner, twice in turn. It is a leak if only the right value finds the owner.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from oakum.exchange import Response
from oakum.exposure.endpoints.probes import Probe
from oakum.exposure.response_reader import is_success
from oakum.inference.lexicon import FieldClass, classify_field, word_set, words
from oakum.inference.path_nouns import SAYS_A_TEXT
from oakum.scan.engine import Engine
from oakum.scan.filters.hidden_values import HiddenValue, hidden_fields
from oakum.scan.graphql.selection_sets import InputMembers, QueryVariable, Root, Value
from oakum.scan.requests.builder import FilledRequest, fill
from oakum.scan.techniques.inference import another_to, is_found, read_parts, signal

_MOST = 24
"""How many first requests are sent; three more follow each that finds the owner."""
_LEAST = 4
"""Shortest value in characters for a free-text search."""
_TEXTS = SAYS_A_TEXT | word_set("contains like match matches phrase prefix starts")
_TOLD = (
    FieldClass.CONTACT, FieldClass.IDENTITY_DOCUMENT, FieldClass.PERSONAL, FieldClass.LOCATION,
    FieldClass.HANDLE,
)  # fmt: skip
"""Field classes by which people are searched."""


@dataclass(frozen=True)
class Search:
    """A root field with one argument that selects what to find."""

    root: Root
    source: str
    text: bool
    """Whether it takes any text."""


def searches(roots: Sequence[Root]) -> Iterator[Search]:
    """Root fields that find owned objects by something other than an id."""
    for root in roots:
        own = [each for name, value in root.pick.args for each in _holes(name, value)]
        if len(root.holes()) != 1 or len(own) != 1 or not root.finds:
            continue
        ((path, hole),) = own
        said = {word for part in path.split(".") for word in words(part)}
        if "String" in hole.kind:
            yield Search(root, hole.source, bool(said & _TEXTS))


def _holes(path: str, value: Value) -> Iterator[tuple[str, QueryVariable]]:
    if isinstance(value, QueryVariable):
        yield path, value
    elif isinstance(value, InputMembers):
        for name, each in value.given:
            yield from _holes(f"{path}.{name}", each)


def look(
    engine: Engine, roots: Sequence[Root], probe_of: Callable[[Root, str], Probe | None],
    *, anonymous: bool,
) -> None:  # fmt: skip
    """Tests each search with hidden values of what it finds. `probe_of`: makes the probe of a root
    field about one owner; `anonymous`: whether callers without a login are answered."""
    found = [*searches(roots)]
    known: dict[tuple[str | None, str], set[str]] = {}
    left = _MOST
    for hidden in hidden_fields(engine) if found else ():
        for search in found:
            if left and _may_find(search, hidden) and (anonymous or hidden.viewer is not None):
                probe = probe_of(search.root, hidden.owner)
                other = another_to(engine, hidden, known)
                if probe is not None and other != hidden.value:
                    left -= 1
                    _ask(engine, search, hidden, probe, other)


def _may_find(search: Search, hidden: HiddenValue) -> bool:
    """Whether a search may look at a hidden field: its argument is named like it, or takes any
    text and people are searched by such a field."""
    if hidden.resource not in search.root.finds:
        return False
    if search.source == f"{hidden.resource}.{hidden.field}":
        return True
    told = classify_field(hidden.field) in _TOLD or not hidden.value.isalnum()
    return search.text and told and len(hidden.value) >= _LEAST


def _ask(engine: Engine, search: Search, hidden: HiddenValue, probe: Probe, other: str) -> None:
    first: tuple[Probe, FilledRequest, Response] | None = None
    for turn, value in enumerate((hidden.value, other, hidden.value, other)):
        way = _with(probe, value)
        filled = fill(way, engine.target, engine.knowledge, None)
        if filled is None:
            return
        answer = engine.send(way, hidden.viewer, filled)
        if not is_success(answer.status):
            return
        shown = read_parts(engine, way, hidden.viewer, filled, answer)
        if is_found(engine, hidden, shown) == bool(turn % 2):
            return
        first = first or (way, filled, answer)
    if first is not None:
        many = search.root.pick.listed or search.text
        what = "search" if many else "look-up"
        says = f"the {what} finds the owner only with the right value"
        told = signal(engine, first[0], hidden, *first[1:], says, search.root.name)
        engine.results.report(replace(told, sure=many))


def _with(probe: Probe, value: str) -> Probe:
    """The request with a value; its text is kept out of the evidence."""
    (name,) = probe.asks.variables if probe.asks is not None else ("",)
    sources = {each: source for each, source in probe.sources.items() if each != name}
    return replace(
        probe, sources=sources, whose={}, unfilled=(*probe.unfilled, name),
        fixed={**probe.fixed, name: value},
    )  # fmt: skip
