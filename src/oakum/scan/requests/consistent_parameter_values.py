"""Values of a request's parameters that belong together.

The ids of one person, taken apart, seldom belong together: of `/feeds/{feedId}/entries/{entryId}`
the feed has to be the one that holds the entry, and nothing is shown of what does not.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping

from oakum.exposure.cells.matrix import NOBODY
from oakum.exposure.endpoints.probes import Probe
from oakum.exposure.values.knowledge import Knowledge
from oakum.inference.lexicon import words

_TELLS = 3
"""Shortest text that can identify one object."""
PLACE = re.compile(r"{([^{}]+)}")


def known_objects(
    probe: Probe, knowledge: Knowledge, who: str | None, parameters: Collection[str]
) -> int:
    """How many objects these parameters can name: each by one value, or several by one object."""
    many, left = list[int](), set(parameters)
    if nested := _nested_values(probe, knowledge, who):
        return len(nested) if left & nested[0].keys() else 0
    for resource, named in probe.together:
        if rows := probe.objects_of(who, resource, named, knowledge):
            many += [len(rows)] if left & named.keys() else []
            left -= named.keys()
    many += [len(knowledge.values(probe.sources[each], who)) for each in left]
    return max(many, default=0)


def tied_values(
    probe: Probe, knowledge: Knowledge, who: str | None, turn: int
) -> dict[str, str] | None:
    """Values that belong together: several fields of one object, and of
    `/feeds/{feedId}/entries/{entryId}` the feed that the entry itself names. Two ids of one owner,
    taken apart, seldom belong together, and nothing is shown of what does not. None: there are not
    so many objects."""
    if nested := _nested_values(probe, knowledge, who):
        return nested[turn] if turn < len(nested) else None
    found: dict[str, str] = {}
    for resource, named in probe.together:
        rows = probe.objects_of(who, resource, named, knowledge)
        if rows and turn >= len(rows):
            others = probe.sources.keys() - named.keys()
            if len(rows) > 1 or known_objects(probe, knowledge, who, others) <= turn:
                return None
        found |= rows[turn if turn < len(rows) else 0] if rows else {}
    order = [each for each in PLACE.findall(probe.operation.path) if each in probe.sources]
    if probe.batch or len(order) < 2 or not probe.whose.keys().isdisjoint(order):
        return found
    *above, last = order
    resource, _, key = probe.sources[last].partition(".")
    owner = who if last in probe.personal else None
    known = [found[last]] if last in found else knowledge.values(probe.sources[last], owner)[turn:]
    beside = {probe.sources[each]: value for each, value in found.items()}
    row = next(
        (
            each
            for each in knowledge.objects.get((owner or NOBODY, resource), ())
            if each.get(key) in known[:1]
            and all(each.get(path, v) == v for path, v in _fields_of(resource, beside))
        ),
        {},
    )
    shown = _shown_in(probe, knowledge, owner or NOBODY, last, row.get(key, ""))
    for parameter in above:
        source = probe.sources[parameter]
        if parameter in found:
            continue
        named_there = knowledge.named_in(row, source) or shown.get(parameter, "")
        if not named_there and {parameter, last} <= probe.personal and who is not None:
            named_there = _only_known_in(
                {path: value for path, value in row.items() if path != key},
                source,
                knowledge.values(source, None),
                knowledge.values(source, who),
            )
        if named_there and source != probe.sources[last]:
            found[parameter] = named_there
    return found


def collection(path: str) -> str:
    """The path of a collection, alike however its places are called."""
    return PLACE.sub("{}", path).rstrip("/")


def _shown_in(probe: Probe, knowledge: Knowledge, who: str, last: str, key: str) -> dict[str, str]:
    """What stood in the places before an object's own when their collection showed it: many an
    object below `/events/{event}/talks/{id}` does not say of which event it is."""
    before = probe.operation.path.partition(f"{{{last}}}")[0]
    resource = probe.sources[last].partition(".")[0]
    shown = knowledge.collections.get((who, resource, key), {}).get(collection(before), ())
    return dict(zip(PLACE.findall(before), shown, strict=False))


def _nested_values(probe: Probe, knowledge: Knowledge, who: str | None) -> list[dict[str, str]]:
    """Parameters of `/repos/{owner}/{repo}/issues/{number}` by issue: its own number, and what
    names the repository that it says it is in. Numbers count up in each repository, so a number
    alone names none. Empty: the path is no such one, or no object says where it is."""
    order = [each for each in PLACE.findall(probe.operation.path) if each in probe.personal]
    if probe.batch or who is None or len(order) < 3 or not probe.whose.keys().isdisjoint(order):
        return []
    *above, last = order
    resource, _, key = probe.sources[last].partition(".")
    around = [(name, named) for name, named in probe.together if {*named} == {*above}]
    if not around or around[0][0] == resource:
        return []
    parent, named = around[0]
    places = _told_apart(knowledge, parent, named)
    found: list[dict[str, str]] = []
    for row in knowledge.objects.get((who, resource), ()):
        said = {value for path, value in row.items() if path != key}
        there = {place for value, place in places.items() if value in said}
        if key in row and len(there) == 1:
            each = {**dict(zip(named, there.pop(), strict=True)), last: row[key]}
            found += [each] if each not in found else []
    return found


def _told_apart(
    knowledge: Knowledge, resource: str, named: Mapping[str, str]
) -> dict[str, tuple[str, ...]]:
    """Texts that one object of a resource has and no other → its values in these parameters."""
    found: dict[str, set[tuple[str, ...]]] = {}
    for (_, name), rows in knowledge.objects.items():
        for row in rows if name == resource else ():
            if row.keys() >= {*named.values()}:
                place = tuple(row[path] for path in named.values())
                for value in row.values():
                    found.setdefault(value, set()).add(place)
    return {
        value: places.pop()
        for value, places in found.items()
        if len(places) == 1 and len(value) >= _TELLS and not value.isdigit()
    }


def _only_known_in(
    row: Mapping[str, str], source: str, known: Collection[str], own: Collection[str]
) -> str:
    """The one value of an object that is known as another's key, whatever the member is called:
    `subject: MATH-101`; empty if there is none, or several. Any count may be the number of some
    course, so of one who has courses only `course: 7` names one."""
    about = {*words(source.partition(".")[0])}
    found = {
        value
        for path, value in row.items()
        if value in known and not (value.isdigit() and own and about.isdisjoint(words(path)))
    }
    return found.pop() if len(found) == 1 else ""


def _fields_of(resource: str, values: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """(field, value) of the sources that are fields of a resource."""
    for source, value in values.items():
        name, _, path = source.partition(".")
        if name == resource:
            yield path, value
