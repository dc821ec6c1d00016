"""Renders a difference as sentences: who may now see which fields, in which state, where.

A sentence names the weakest viewers of whom it is true; it includes all stronger ones. No cell is
lost: changes that no common sentence covers have one of their own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from oakum.contract_diff.compare import Difference, Kind, Move, Why, greatest
from oakum.contract_diff.contract_wide_changes import OutsideChange, terms
from oakum.contract_diff.relation_combinations import Condition
from oakum.contract_diff.viewer_wording import Viewer, ViewerWording, when_words
from oakum.errors import NOWHERE, Location

Place = Callable[[str], Location]
"""Maps a JSON pointer of a document to its location."""


@dataclass(frozen=True)
class DifferenceLine:
    """A difference in one sentence, with the resource, fields and viewers that it is about."""

    kind: Literal["see", "set", "call", "term", "note"]
    direction: Literal["widened", "narrowed", "changed", "own", "note"]
    """`own`: only the object's owner gains; `note`: nobody does."""
    sentence: str
    resource: str = ""
    fields: tuple[str, ...] = ()
    viewers: tuple[str, ...] = ()
    when: str = ""
    endpoints: tuple[str, ...] = ()
    why: str = ""
    cells: int = 0
    breadth: int = 3
    """0: anonymous callers, 1: all logged-in callers, 2: holders of a relation, 3: none named."""
    location: Location = NOWHERE

    @property
    def widens(self) -> bool:
        """Whether anybody but the owner may see, set or call more."""
        return self.direction in ("widened", "changed")


@dataclass(frozen=True)
class _SentencePart:
    """The part of a move that one sentence describes."""

    kind: Kind
    widens: bool
    own: bool
    resource: str
    viewers: tuple[str, ...]
    when: str
    why: Why
    breadth: int
    mask: str = ""
    """The masked form in which the fields are seen; empty: as they are."""


@dataclass(frozen=True)
class _Group:
    """Fields that share a sentence."""

    part: _SentencePart
    keys: tuple[str, ...]
    state: str
    """`both`, or `new` or `gone` for an endpoint of one contract only."""
    also: tuple[str, ...] = ()
    """Endpoints with the same change where the document does not declare the field."""


def changes(
    found: Difference, old_place: Place, new_place: Place, further: Iterable[OutsideChange] = ()
) -> tuple[DifferenceLine, ...]:
    """All differences as sentences, widened ones first, and among these those for the most callers.
    `further`: changes that only the compiled contracts show."""
    told: dict[tuple[_SentencePart, str], dict[str, int]] = {}
    for move in greatest(found.moves):
        for part, spots in _parts(move, found):
            endpoints = told.setdefault((part, move.leaf), {})
            for key in move.endpoints:
                endpoints[key] = endpoints.get(key, 0) + spots
    grouped: dict[_Group, tuple[list[str], int]] = {}
    for (part, leaf), endpoints in told.items():
        if part.why == "undeclared" and (replace(part, why="grant"), leaf) in told:
            continue  # merged into the sentence about endpoints that declare it
        unsaid = told.get((replace(part, why="undeclared"), leaf), {})
        for keys, state in _split(found, endpoints):
            if state != "both" and part.why == "undeclared" and _is_declared(found, part, leaf):
                continue  # a new endpoint that shows less than others do
            also = tuple(unsaid) if part.why == "grant" and state == "both" else ()
            also = tuple(k for k in also if k in found.old_endpoints and k in found.new_endpoints)
            cells = sum(endpoints[k] for k in keys) + sum(unsaid[k] for k in also)
            fields, sum_ = grouped.setdefault(_Group(part, keys, state, also), ([], 0))
            grouped[_Group(part, keys, state, also)] = ([*fields, leaf], sum_ + cells)
    made = _merge_call_lines(
        [
            _change(found, group, tuple(fields), cells, old_place, new_place)
            for group, (fields, cells) in grouped.items()
        ]
    )
    made += _terms((*_outside(found), *further))
    made += _notes(found)
    return tuple(sorted(made, key=_order))


_DIRECTIONS = ("widened", "changed", "own", "narrowed", "note")


def _order(change: DifferenceLine) -> tuple[object, ...]:
    wide = len(change.endpoints) * max(len(change.fields), 1)
    rank = (_DIRECTIONS.index(change.direction), change.breadth, -wide, -change.cells)
    return (*rank, change.resource, change.fields, change.sentence)


def _split(found: Difference, endpoints: Iterable[str]) -> Iterable[tuple[tuple[str, ...], str]]:
    """Groups endpoints: those in both contracts together, new and removed ones one by one."""
    both = tuple(k for k in endpoints if k in found.old_endpoints and k in found.new_endpoints)
    if both:
        yield both, "both"
    for key in endpoints:
        if key not in found.old_endpoints:
            yield (key,), "new"
        elif key not in found.new_endpoints:
            yield (key,), "gone"


def _is_declared(found: Difference, part: _SentencePart, leaf: str) -> bool:
    """Whether any endpoint declares the field."""
    endpoints = (*found.old_endpoints.values(), *found.new_endpoints.values())
    return any(
        leaf in d.paths for endpoint in endpoints if (d := endpoint.shows.get(part.resource))
    )


def _parts(move: Move, found: Difference) -> Iterable[tuple[_SentencePart, int]]:
    """The sentences for a move, each with its number of cells at one endpoint."""
    speaker = ViewerWording(move, found)
    parts: dict[frozenset[Condition], list[Viewer]] = {}
    for viewer in speaker.viewers():
        parts.setdefault(viewer.now, []).append(viewer)
    counts = [0] * len(parts)
    for now in speaker.moved.values():  # count each cell once, in the first sentence that covers it
        counts[next((i for i, part in enumerate(parts) if now <= part), 0)] += len(now)
    for (now, viewers), count in zip(parts.items(), counts, strict=True):
        said = [
            speaker.words(viewer) for viewer in sorted(viewers, key=lambda v: (v.vague, v.rank))
        ]
        yield _SentencePart(
            move.kind, move.widens, move.own, move.resource,
            tuple(dict.fromkeys(words for words, _ in said)), when_words(now, move.settings),
            move.why, min(breadth for _, breadth in said), str(move.mask or ""),
        ), count  # fmt: skip


# ---------------------------------------------------------------------------------- sentences


def _change(
    found: Difference, group: _Group, fields: tuple[str, ...], cells: int,
    old_place: Place, new_place: Place,
) -> DifferenceLine:  # fmt: skip
    part, keys = group.part, (*sorted(group.keys), *sorted(group.also))
    endpoints = tuple(
        (found.new_endpoints.get(key) or found.old_endpoints[key]).name for key in keys
    )
    direction: Literal["widened", "narrowed", "own"] = "widened" if part.widens else "narrowed"
    if part.widens and part.own and part.kind == "see":
        direction = "own"
    named = tuple(sorted(field for field in fields if field))
    location = _location(found, part, named, keys[0], old_place, new_place)
    made = DifferenceLine(
        part.kind, direction, "", part.resource, named, part.viewers, part.when, endpoints,
        {"new": "new endpoint", "gone": "endpoint gone"}.get(group.state, part.why), cells,
        part.breadth,
        location,
    )  # fmt: skip
    if part.kind == "call":
        return replace(made, sentence=_of_call(part, made, group.state))
    return replace(made, sentence=_of_field(found, group, made))


def _merge_call_lines(made: list[DifferenceLine]) -> list[DifferenceLine]:
    """Merges members outside every resource into the sentence about the call."""
    calls = {
        (each.direction, each.viewers, each.endpoints): index
        for index, each in enumerate(made)
        if each.kind == "call"
    }
    kept: list[DifferenceLine] = []
    for each in list(made):
        index = calls.get((each.direction, each.viewers, each.endpoints))
        if each.kind != "see" or each.resource or index is None:
            kept.append(each)
            continue
        call = made[index]
        what = enumerate_names(tuple(map(quote, each.fields))) or _ALL
        joined = replace(
            call,
            sentence=f"{call.sentence}; outside every resource it answers {what}",
            fields=each.fields,
            cells=call.cells + each.cells,
        )
        made[index] = joined
        kept = [joined if one is call else one for one in kept]
    return [made[calls[key]] if (key := (e.direction, e.viewers, e.endpoints)) in calls
            and e.kind == "call" else e for e in kept]  # fmt: skip


def _of_call(part: _SentencePart, made: DifferenceLine, state: str) -> str:
    endpoint, who = quote(made.endpoints[0]), enumerate_names(made.viewers)
    if len(made.endpoints) > 1:
        endpoint = f"{len(made.endpoints):,} endpoints"
    lets = "according to the document; the contract does not grant it, and a guard refuses it"
    if state == "new":
        ends = f", {lets}" if part.why == "undeclared" else ""
        return f"a new endpoint, {endpoint}, that {who} may call{ends}"
    if state == "gone":
        return f"{endpoint} was removed; {who} could call it"
    if part.why == "named":
        word = "now grants" if part.widens else "no longer grants"
        return f"the contract {word} {endpoint}, which {who} may call by the document"
    ends = f", {lets}" if part.why == "undeclared" else ""
    return f"{who} may {'now' if part.widens else 'no longer'} call {endpoint}{ends}"


_ALL = "the whole body"
"""Name for a body outside every resource that has no members."""


def _of_field(found: Difference, group: _Group, made: DifferenceLine) -> str:
    part, first = group.part, quote(made.endpoints[0])
    who, names = enumerate_names(made.viewers), tuple(map(quote, _short(found, part, made.fields)))
    what = enumerate_names(names) or _ALL
    if part.resource:
        what += f" of `{part.resource}`"
    what += f" masked as `{part.mask}`" if part.mask else ""
    when = f" with {part.when}" if part.when else ""
    outside = "" if part.resource else ", outside every resource"
    if group.state == "new":
        verb = "lets" if part.kind == "set" else "shows"
        sets = " set" if part.kind == "set" else ""
        return f"a new endpoint, {first}, {verb} {who}{sets} {what}{when}{outside}"
    if group.state == "gone":
        return f"{first} was removed, where {who} could {part.kind} {what}{when}{outside}"
    count = len(group.keys)
    endpoints = first if count == 1 else f"{count:,} endpoints"
    if part.why == "declared":
        word = "now declares" if part.widens else "no longer declares"
        return f"the document {word} {what} at {endpoints}, where {who} may {part.kind} it{when}"
    said = (
        f"{who} may {'now' if part.widens else 'no longer'} {part.kind} {what}{when}, at"
        f" {endpoints}"
    )
    said += outside
    if part.why == "undeclared":
        return f"{said} (the document does not declare it there; it passes if it is sent)"
    if group.also:
        more = f"{len(group.also):,} more, where the document does not declare them"
        said += f" (and at {more})"
    if (
        names
        and part.widens
        and part.kind == "see"
        and _is_new(found, part, made.fields, group.keys)
    ):
        return f"a new field: {said}" if len(made.fields) == 1 else f"new fields: {said}"
    return said


def _short(found: Difference, part: _SentencePart, fields: tuple[str, ...]) -> tuple[str, ...]:
    """Fields shortened to their common parent if all of it is meant: `streaks`."""
    model = found.new if part.widens else found.old
    table = (model.settable if part.kind == "set" else model.tables).get(part.resource)
    shorter: dict[str, None] = {}
    for field in fields:
        top, dot, _ = field.partition(".")
        below = {leaf for leaf in table.leaves if leaf.startswith(f"{top}.")} if table else set()
        whole = len(below) > 1 or field == f"{top}.*"
        shorter[top if dot and whole and below <= {*fields} else field] = None
    return tuple(shorter)


def _is_new(
    found: Difference, part: _SentencePart, fields: Iterable[str], keys: Iterable[str]
) -> bool:
    """Whether these fields are new to both document and contract."""
    resource = part.resource
    if not resource:
        return not any(found.old_endpoints[key].outside & {*fields} for key in keys)
    table = found.old.tables.get(resource)
    known = {*table.leaves} if table else set()
    for endpoint in found.old_endpoints.values():
        if resource in endpoint.shows:
            known |= endpoint.shows[resource].paths.keys()
    return known.isdisjoint(fields)


def _location(
    found: Difference, part: _SentencePart, fields: tuple[str, ...], key: str,
    old_place: Place, new_place: Place,
) -> Location:  # fmt: skip
    """Line of the contract, otherwise the place in the document."""
    for model, endpoints, place in (
        (found.new, found.new_endpoints, new_place), (found.old, found.old_endpoints, old_place)
    ):  # fmt: skip
        tables = model.settable if part.kind == "set" else model.tables
        if part.resource in tables and fields:
            return model.field_location(part.resource, fields[0])
        if key in endpoints:
            rule = model.rules.get(endpoints[key].operation.id)
            return rule.location if rule else place(endpoints[key].operation.pointer)
    return NOWHERE


_WAYS: Mapping[tuple[bool, bool], Literal["changed", "widened", "narrowed", "note"]] = {
    (True, True): "changed", (True, False): "widened", (False, True): "narrowed",
    (False, False): "note",
}  # fmt: skip
"""(widens, narrows) → direction; with neither it is a note."""


def _outside(found: Difference) -> tuple[OutsideChange, ...]:
    return terms(found.old, found.new, found.old_endpoints, found.new_endpoints)


def _terms(said: Iterable[OutsideChange]) -> Iterable[DifferenceLine]:
    for term in said:
        way = _WAYS[term.widens, term.narrows]
        yield DifferenceLine(
            "term",
            way,
            term.sentence,
            term.resource,
            endpoints=term.endpoints,
            location=term.location,
        )


def _notes(found: Difference) -> Iterable[DifferenceLine]:
    groups: dict[tuple[str, tuple[str, ...]], list[str]] = {}
    for resource, path, keys in found.ungranted:
        groups.setdefault((resource, keys), []).append(path)
    for (resource, keys), paths in groups.items():
        names = tuple(found.new_endpoints[key].name for key in keys)
        endpoints = quote(names[0]) if len(names) == 1 else f"{len(names):,} endpoints"
        what = enumerate_names(tuple(quote(path) for path in sorted(paths)))
        said = (
            f"the document has {what} of `{resource}` newly at {endpoints}; no line of the"
            f" contract grants it"
        )
        if not resource:
            said = (
                f"the document has {what} newly at {endpoints}, and the contract does not"
                f" mention it"
            )
        yield DifferenceLine("note", "note", said, resource, tuple(sorted(paths)), endpoints=names)


def quote(name: str) -> str:
    """A name as inline code; backticks in it are replaced."""
    return "`" + name.replace("`", "'") + "`"


def enumerate_names(words: Sequence[str]) -> str:
    """`a`, `b` and `c`; after eight the rest is counted."""
    if len(words) > 8:
        return f"{', '.join(words[:7])} and {len(words) - 7:,} more"
    return " and ".join(filter(None, (", ".join(words[:-1]), words[-1] if words else "")))
