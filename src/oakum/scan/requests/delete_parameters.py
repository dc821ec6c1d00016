"""Flags of a removal: confirmation, and permanent deletion.

The run deletes only its own objects, and permanently: `DELETE /notes/{id}?permanent=true`. An
optional flag may be reserved for others (403), so a refused removal is repeated without it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from urllib.parse import parse_qsl, urlencode, urlsplit

from oakum.exchange import Request, Response
from oakum.exposure.endpoints.probes import Probe
from oakum.inference.lexicon import word_set, words
from oakum.openapi.model import Json, Operation, Parameter

_FOR_GOOD = word_set("hard permanent permanently purge")
_MEANT = _FOR_GOOD | word_set(
    "ack acknowledge acknowledged agree agreed confirm confirmation confirmed force forced sure yes"
)
_LESS = word_set("dry dryrun keep mail notify preview send silent simulate soft test trial")
"""Words of flags that make a removal do less, or something else besides."""
_OTHERWISE = _LESS | word_set("all not never no skip un without")
"""Words that change the meaning of an optional flag."""


def confirm_removal(remove: Probe, declared: Operation) -> Probe:
    """A removal with the flags that say that it is meant, and is for good. `declared`: with the
    parameters, too, that a scan leaves out elsewhere, since they change something."""
    fixed: dict[str, Json] = {
        each.name: bool(_MEANT.intersection(words(each.name)))
        for each in remove.operation.parameters
        if each.name in remove.unfilled
        and "boolean" in each.shape.kinds
        and not (_MEANT | _LESS).isdisjoint(words(each.name))
    }
    unfilled = tuple(name for name in remove.unfilled if name not in fixed)
    fixed = {**fixed, **remove.fixed}
    flags = [each for each in declared.parameters if _requests_permanence(each)]
    fixed |= {each.name: True for each in flags}
    known = remove.operation.parameters
    more = tuple(each for each in flags if each not in known)
    operation = replace(remove.operation, parameters=(*known, *more)) if more else remove.operation
    return replace(remove, operation=operation, fixed=fixed, unfilled=unfilled)


def _requests_permanence(each: Parameter) -> bool:
    """Whether an optional flag requests permanent deletion."""
    return (
        each.where == "query" and not each.required and "boolean" in each.shape.kinds
    ) and _says_for_good(each.name)


def _says_for_good(name: str) -> bool:
    said = {*words(name)}
    return not said.isdisjoint(_FOR_GOOD) and said.isdisjoint(_OTHERWISE)


def or_plainly(send: Callable[[Request], Response], request: Request) -> Response:
    """The response to a removal; if permanent deletion is refused, to one without the flag."""
    answer = send(request)
    url, _, query = request.url.partition("?")
    pairs = parse_qsl(query, keep_blank_values=True)
    kept = [(name, value) for name, value in pairs if not _says_for_good(name)]
    if answer.status < 400 or len(kept) == len(pairs):
        return answer
    return send(replace(request, url=f"{url}?{urlencode(kept)}" if kept else url))


def is_for_good(request: Request) -> bool:
    """Whether a removal requests permanent deletion."""
    query = urlsplit(request.url).query
    return any(_says_for_good(name) for name, _ in parse_qsl(query, keep_blank_values=True))


def is_same_place(one: Request, other: Request) -> bool:
    """Whether two requests name the same object, flags of a removal ignored."""
    return urlsplit(one.url)[:3] == urlsplit(other.url)[:3]
