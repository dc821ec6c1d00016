"""A total that counts objects which the list beside it does not show (P15).

`{"notes": [], "total": 9}` tells a caller how many notes others have. A contract names such a
number as `counts`. A list is read to its end as each kind of viewer. If the number is larger than
all that the viewer was shown there or owns, and large enough for the objects of others that the
contract hides from them, it is *suspected* to count those: from outside, nobody can see what is
counted. If it is larger for another reason, the endpoint is untested. Of what is nobody's, such as
the things of a tenant, those are hidden that other viewers are shown in their lists.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from oakum.authz.compiled_model import is_withheld
from oakum.authz.completeness_names import USUAL
from oakum.authz.parameter_maximums import SIZES
from oakum.exchange import Response
from oakum.exposure.cells.matrix import NOBODY
from oakum.exposure.endpoints.probes import Probe, shows_owned
from oakum.http.json_pointer import path_of
from oakum.inference.lexicon import word_set, words
from oakum.openapi.model import Json
from oakum.scan.engine import Engine
from oakum.scan.filters.hidden_values import HiddenValue
from oakum.scan.limits import is_spent
from oakum.scan.requests.builder import FilledRequest, fill
from oakum.scan.requests.next_page import (
    longest_list,
    next_page,
    page_members,
    says_next,
    value_of,
)
from oakum.scan.technique import Line, Prospect
from oakum.scan.techniques.inference import signal

HOW = "inference"
RULES: frozenset[str] = frozenset({"inference-leak"})
OPENS_WAYS = False

_MOST_PAGES = 20
_MANY = 1000
_SWITCHES = word_set("count total totals")
"""Words of a flag that a response has its number by: OData's `$count` (4.01, 11.2.6.5)."""


def run(engine: Engine) -> None:
    """Compares the numbers of each list with what it shows."""
    engine.say("comparing totals with lists")
    for probe in list(engine.state.probes):
        viewers = (None, *engine.identities.names())
        if probe.personal or probe.batch or not engine.model.rule(probe.operation.id).counts:
            continue
        if shows_owned(engine.model.policy, probe):
            for viewer in viewers:
                if not is_spent(engine.context.pace):
                    _compare(engine, probe, viewer)
        elif name := _nobodys(engine, probe):
            lists = [each for v in viewers if (each := _read(engine, probe, v)) is not None]
            for each in lists:
                _compare_with_others(engine, name, each, lists)


def foresee(prospect: Prospect) -> Iterator[Line]:
    """One line for each list whose number of objects the contract names."""
    for probe in prospect.probes:
        if prospect.model.rule(probe.operation.id).counts and not probe.personal:
            yield {
                "as": "every identity, and nobody",
                "request": f"{probe.endpoint.method} {probe.endpoint.path}, to its last page",
                "why": "a total may count objects that the list does not show",
            }


def _nobodys(engine: Engine, probe: Probe) -> str:
    """The resource of a list of what is nobody's, if some are hidden from somebody."""
    known = engine.model.policy.resources
    return next((n for n in probe.shows if known[n].key and is_withheld(engine.model, n)), "")


@dataclass(frozen=True)
class _List:
    """A list read to its end as one viewer: its first answer, all pages, and what they show."""

    way: Probe
    viewer: str | None
    filled: FilledRequest
    pages: list[Response]
    total: int
    shown: set[tuple[str, str]]


def _read(engine: Engine, probe: Probe, viewer: str | None) -> _List | None:
    asked = _find_total(engine, probe, viewer) if not is_spent(engine.context.pace) else None
    if asked is None:
        return None
    way, filled, answer, total = asked
    pages = [answer]
    shown = _listed_keys(engine, way, viewer, filled, pages, total)
    return _List(way, viewer, filled, pages, total, shown) if shown is not None else None


def _compare_with_others(engine: Engine, resource: str, one: _List, lists: Sequence[_List]) -> None:
    """Compares a number with what others are shown and the viewer may not see."""
    if one.total <= len(one.shown):
        return
    hidden = {
        id
        for other in lists if other is not one
        for page in other.pages
        for id in _hidden_in(engine, resource, other, page, one.viewer)
        if (resource, id) not in one.shown
    }  # fmt: skip
    if not hidden or one.total < len(one.shown) + len(hidden):
        _lack(engine, one.way)
        return
    held, id = engine.identities.relations(one.viewer, NOBODY), min(hidden)
    label = engine.identities.label(held, one.viewer, NOBODY)
    key = engine.model.policy.resources[resource].key
    found = HiddenValue(resource, key, NOBODY, one.viewer, label, id, id)
    _report(engine, one.way, found, one.filled, one.pages[0])


def _hidden_in(
    engine: Engine, resource: str, other: _List, page: Response, viewer: str | None
) -> Iterator[str]:
    """Keys of the objects in what somebody was sent that a viewer may not see."""
    key = engine.model.policy.resources[resource].key
    for each in engine.judge_response(other.way, viewer, (), other.filled, page).instances:
        for leaf in each.leaves if each.resource == resource else ():
            if leaf.path == key and not leaf.allowed:
                yield str(leaf.value)


def _compare(engine: Engine, probe: Probe, viewer: str | None) -> None:
    asked = _find_total(engine, probe, viewer)
    if asked is None:
        return
    way, filled, answer, total = asked
    shown = _listed_keys(engine, way, viewer, filled, [answer], total)
    if shown is None or total <= len(shown):
        return
    resource = max(probe.shows, key=lambda name: sum(each[0] == name for each in shown), default="")
    key = engine.model.policy.resources[resource].key
    own = {(resource, row[key]) for row in _objects(engine, viewer, resource) if key in row}
    if total <= len(shown | own):
        return
    hidden = {
        (who, row[key])
        for who in engine.identities.names()
        for row in _objects(engine, who, resource)
        if key in row and (resource, row[key]) not in shown | own
        and not engine.evaluator.may_see(viewer, who, resource, key, row[key])
    }  # fmt: skip
    if hidden and total >= len(shown | own) + len({id for _, id in hidden}):
        who, id = min(hidden)
        held = engine.identities.relations(viewer, who)
        label = engine.identities.label(held, viewer, who)
        _report(engine, way, HiddenValue(resource, key, who, viewer, label, id, id), filled, answer)
    else:
        _lack(engine, probe)


def _report(
    engine: Engine, way: Probe, hidden: HiddenValue, filled: FilledRequest, answer: Response
) -> None:
    says = "a total counts objects that the list does not show"
    engine.results.report(replace(signal(engine, way, hidden, filled, answer, says), sure=False))


def _lack(engine: Engine, probe: Probe) -> None:
    operation = probe.operation
    if not engine.model.rule(operation.id).untested:
        engine.results.note_gap(
            f"{operation.method} {operation.path}",
            "a total that the contract names as `counts` is larger than the list, and nothing says"
            " what else it counts",
        )


def _objects(engine: Engine, who: str | None, resource: str) -> list[dict[str, str]]:
    rows = engine.knowledge.objects.get((who, resource), ()) if who else ()
    return [dict(each) for each in rows]


def _find_total(
    engine: Engine, probe: Probe, viewer: str | None
) -> tuple[Probe, FilledRequest, Response, int] | None:
    """The list with its number, with a flag where it has none without, and all on one page where
    the document lets a caller say how large that is."""
    declared = [each for each in probe.operation.parameters if each.where == "query"]
    flags = [
        probe.otherwise(HOW, query=((each.name, "true"),))
        for each in declared
        if each.shape.kinds - {"null"} == {"boolean"} and not _SWITCHES.isdisjoint(words(each.name))
    ]
    found: tuple[Probe, FilledRequest, Response, int] | None = None
    for way in (probe, *flags):
        found = found or _with_total(engine, way, viewer)
    if found is None or found[3] <= len(longest_list(value_of(found[2]))[1]):
        return found
    size = next((each.name for each in declared if not SIZES.isdisjoint(words(each.name))), "")
    large = found[0].otherwise(HOW, query=(*found[0].query, (size, str(min(found[3], _MANY)))))
    return (_with_total(engine, large, viewer) if size else None) or found


def _with_total(
    engine: Engine, way: Probe, viewer: str | None
) -> tuple[Probe, FilledRequest, Response, int] | None:
    filled = fill(way, engine.target, engine.knowledge, None)
    answer = engine.send(way, viewer, filled) if filled is not None else None
    if filled is None or answer is None:
        return None
    engine.take_in_leaks(way, viewer, None, filled, answer)
    total = _number(value_of(answer), engine.model.rule(way.operation.id).counts)
    return (way, filled, answer, total) if total is not None else None


def _number(value: Json, counts: tuple[str, ...]) -> int | None:
    """The largest number at these places."""
    found: list[int] = []
    for path in filter(None, map(path_of, counts)):
        at = value
        for name in path:
            at = at.get(name) if isinstance(at, dict) else None
        if isinstance(at, int) and not isinstance(at, bool):
            found.append(at)
    return max(found, default=None)


def _listed_keys(
    engine: Engine,
    way: Probe,
    viewer: str | None,
    filled: FilledRequest,
    pages: list[Response],
    total: int,
) -> set[tuple[str, str]] | None:
    """(resource, key) of what a list shows to its end; objects that cannot be told apart count by
    their place. None: its end was not seen. `pages`: the first one, and then the others."""
    answer = pages[0]
    names = [each.name for each in way.operation.parameters if each.where == "query"]
    body = page_members(way.operation)
    keys = {name: engine.model.policy.resources[name].key for name in way.shows}
    found: set[tuple[str, str]] = set()
    request = filled.request
    for page in range(_MOST_PAGES):
        rows = longest_list(value_of(answer))[1]
        before = len(found)
        for at, row in enumerate(rows):
            known = [
                (n, str(row[k])) for n, k in keys.items() if isinstance(row, dict) and k in row
            ]
            found.add(known[0] if known else ("", f"{page} {at}"))
        following = next_page(request, answer, names, body)
        if len(found) >= total:
            return found
        if following is None:
            page_full = len(rows) in USUAL or (rows and len(rows) % 100 == 0)
            return None if page_full or says_next(request, answer, names, body) else found
        if len(found) == before:
            return found
        if is_spent(engine.context.pace):
            return None
        request = following
        answer = engine.send(way, viewer, replace(filled, request=following))
        if not answer.ok:
            return None
        pages.append(answer)
    return None
