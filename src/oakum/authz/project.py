"""`project`: cuts a response body down to what its reader may see.

Projection only removes. The result is the original with byte ranges cut out: numbers, order,
escapes and white space inside kept values stay as they were sent. (Where the contract says
`instead: null`, the four bytes `null` replace a withheld value.)
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from oakum.authz.compiled_model import Model, answer_media
from oakum.authz.data_beside_objects import Hollow, Keep, Values, without
from oakum.authz.data_outside_objects import close, leave_owned
from oakum.authz.decide import may_call
from oakum.authz.decision_inputs import Principal
from oakum.authz.judge import Judge
from oakum.authz.judgement import Judgement
from oakum.authz.settings_in_responses import told_settings
from oakum.authz.strict_json import Span, UnreadableBody, read
from oakum.http.json_pointer import Pointer, escape, path_of
from oakum.http.media_type import is_json
from oakum.openapi.model import Json, Media

ROOT_FIELD = 2
"""Pointer depth of a root field of GraphQL: `data` and the field's name."""


@dataclass(frozen=True)
class Call:
    """The request that a response belongs to, with its status and media type."""

    operation: str
    params: Mapping[str, str] = field(default_factory=dict)
    """Decoded path parameters."""
    status: int = 200
    media_type: str = "application/json"
    apart: bool = False
    """Whether the request names an object that is concealed from the caller, so that only objects
    with an owner of their own are shown."""
    chosen: frozenset[str] | None = None
    """Members chosen by the caller: in GraphQL, the fields that the query has with arguments. None:
    the caller could not choose."""


@dataclass(frozen=True)
class Projection:
    """What may pass. `body` is None if nothing may; `refused` then says why."""

    body: bytes | None
    withheld: tuple[str, ...] = ()
    """JSON pointers of withheld parts, outermost only."""
    counts: tuple[Pointer, ...] = field(default=(), repr=False, compare=False, kw_only=True)
    """Counts that would tell of hidden objects, and so are withheld."""
    refused: str = ""
    judged: Judgement | None = field(default=None, repr=False, compare=False)
    """The objects in the body; None if it was not parsed."""
    closed: bool = field(default=False, repr=False, compare=False)
    """Whether everything outside objects was withheld, since no object granted the caller
    access."""
    told: Mapping[tuple[str, str], Json] = field(default_factory=dict, repr=False, compare=False)
    """Settings that the response shows, as in `Principal.told`."""
    times: Mapping[Pointer, int] = field(default_factory=dict, repr=False, compare=False)
    """Pointer of a judged CSV row → number of rows that it stands for; 1 by default."""
    rows: Mapping[Pointer, Sequence[Mapping[str, Json]]] = field(
        default_factory=dict, repr=False, compare=False
    )
    """CSV only: pointer of a judged row → the full rows that it stands for."""


def project(model: Model, principal: Principal, call: Call, body: bytes) -> Projection:
    """Cuts a body down to what the caller may see.

    Refuses an ambiguous body, an operation or media type that is not granted, and a response of
    which nothing may be seen.
    """
    operation = model.operations.get(call.operation)
    if operation is None or not may_call(model, principal, call.operation, call.params):
        return Projection(None, refused="the contract does not grant this operation")
    if not body:
        return Projection(b"")
    media = answer_media(operation, call.status, call.media_type)
    if media is None or not is_json(call.media_type):
        return Projection(None, refused="no response with this status and media type is declared")
    try:
        value, span, text = read(body)
    except UnreadableBody as error:
        return Projection(None, refused=f"unreadable body: {error}")
    judged = _judge(model, principal, call, value, media)
    told = told_settings(model.policy, principal, judged.instances)
    if told:
        principal = replace(principal, told=told)
        judged = _judge(model, principal, call, value, media)
    closed = call.status < 400 and close(
        model, principal, call.operation, call.params, value, judged
    )
    if call.apart:
        leave_owned(model, value, judged)
    counts = tuple(_untrue_counts(judged, value, model.rule(call.operation).counts))
    gone = {*judged.gone, *counts}
    keep = without(judged.keep, gone) if gone else judged.keep
    keep = settle(keep, span)
    if keep is False or refuses(keep):
        said = "the caller may see nothing of this response"
        return Projection(
            None, refused=said, judged=judged, counts=counts, closed=closed, told=told
        )
    kept = "".join(cut(text, span, keep)).encode()
    return Projection(
        kept,
        tuple(removed_pointers(span, keep, "")),
        judged=judged,
        counts=counts,
        closed=closed,
        told=told,
    )


def _judge(model: Model, principal: Principal, call: Call, value: Json, media: Media) -> Judgement:
    judge = Judge(model, principal, call.operation, call.params, call.status, chosen=call.chosen)
    return judge.judge(value, media.shape)


def counts_kind(counts: tuple[str, ...]) -> Literal["beside", "within", ""]:
    """Whether counts all stand beside lists, or some within a list or a map; empty: there are
    none."""
    steps = {step for path in map(path_of, counts) for step in path or ()}
    within = any(step == "*" or step.isdecimal() for step in steps)
    return "within" if within else "beside" if counts else ""


def _untrue_counts(judged: Judgement, value: Json, counts: tuple[str, ...]) -> Iterator[Pointer]:
    """Counts that would tell how much is hidden, since nothing stays of an object of the answer,
    nobody can tell which one something is, or the caller left out what may be one. What the caller
    may see does not stay where a value of another kind than declared holds it. Beside a list, a
    count is of its elements, not of what is within a member of one that its line withholds."""
    beside = counts_kind(counts) == "beside"
    hidden = any(
        not any((e.allowed or e.masked) and remains(judged.keep, e.pointer) for e in each.leaves)
        for each in judged.instances
        if not (beside and _in_list(value, each.withheld))
    )
    for path in filter(None, map(path_of, counts)):
        unknown = judged.fields_left_out and len(path) == ROOT_FIELD
        if hidden or judged.untold_within or judged.left_out or unknown:
            yield from _places(judged.keep, path)


def _in_list(value: Json, pointer: Pointer) -> bool:
    """Whether a list stands around a place."""
    for step in pointer:
        if not isinstance(value, dict):
            return isinstance(value, list)
        value = value.get(step)
    return False


def _places(keep: Keep, path: Pointer, at: Pointer = ()) -> Iterator[Pointer]:
    """Where a path with `*` leads in an answer."""
    if not path:
        yield at
    elif isinstance(keep, dict):
        for step in keep if path[0] == "*" else keep.keys() & {path[0]}:
            yield from _places(keep[step], path[1:], (*at, step))


def settle(keep: Keep, span: Span) -> Keep:
    """Removes objects of which everything is withheld; lists, maps and what was empty stay."""
    if keep.__class__ is Hollow:
        return False
    if not isinstance(keep, dict):
        return keep
    if span.opening == "[" and {*map(type, keep.values())}.isdisjoint((dict, Hollow, Values)):
        return keep
    settled: dict[str, Keep] = {}
    nothing = bool(span.parts) and span.opening == "{" and keep.__class__ is not Values
    for name, part in span.parts:
        inner = keep[name]
        if isinstance(inner, dict):
            below = settle(inner, part)
            if below is not inner:
                settled[name] = inner = below
        nothing = nothing and inner is False
    if nothing:
        return False
    return {**keep, **settled} if settled else keep


def remains(keep: Keep, pointer: Pointer) -> bool:
    """Whether anything remains at a place, even if only an empty container or `null`."""
    for step in pointer:
        keep = keep.get(step, False) if isinstance(keep, dict) else keep
    return keep is True or isinstance(keep, dict)


def refuses(keep: Keep) -> bool:
    """Whether a withheld part requires refusing the whole response."""
    if isinstance(keep, dict):
        return any(refuses(part) for part in keep.values())
    return keep == "refuse"


def cut(text: str, span: Span, keep: Keep) -> list[str]:
    """The pieces of text that remain. A removed part takes the preceding comma and white space with
    it, and the first remaining part loses its comma. If no part remains, neither does white
    space, and none is left in what was empty: `[ ]` would tell that no object was removed."""
    pieces = [text[: span.start]]
    _cut(text, span, keep, pieces)
    pieces.append(text[span.end :])
    return pieces


def _cut(text: str, span: Span, keep: Keep, into: list[str]) -> None:
    if keep in ("null", "void"):
        into.append("null")
        return
    if span.opening and not span.parts:
        into.append(text[span.start] + text[span.end - 1])
        return
    if not isinstance(keep, dict):
        into.append(text[span.start : span.end])
        return
    into.append(text[span.start : span.parts[0][1].key])
    several, before = False, 0
    for name, part in span.parts:
        inner, separator = keep[name], before
        before = part.end
        if inner is False:
            continue
        if several:
            into.append(text[separator : part.key])
        several = True
        if inner is True and (part.parts or not part.opening):
            into.append(text[part.key : part.end])
        else:
            into.append(text[part.key : part.start])
            _cut(text, part, inner, into)
    if several:
        into.append(text[span.parts[-1][1].end : span.end])
    else:
        into[-1] = text[span.start] + text[span.end - 1]


def removed_pointers(span: Span, keep: Keep, at: str) -> list[str]:
    """JSON pointers of what is removed, outermost only."""
    found: list[str] = []
    _collect_removed(span, keep, at, found)
    return found


def _collect_removed(span: Span, keep: Keep, at: str, into: list[str]) -> None:
    if keep in (False, "null", "void"):
        into.append(at)
    elif isinstance(keep, dict):
        for name, part in span.parts:
            inner = keep[name]
            if inner is not True:
                _collect_removed(part, inner, f"{at}/{escape(name)}", into)
