"""What an answer showed and what was taken out of it, in the contract's own words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping

from oakum.contract.model import Json, Policy
from oakum.semantics import Model, Projection, Sighting
from oakum.semantics.judge import Keep, Pointer
from oakum.semantics.model import pattern
from oakum.semantics.principal import at_path, identifier

_UNDECLARED = "‹undeclared›"


def removed(model: Model, done: Projection) -> Mapping[str, int]:
    """How often each field was cut out, outermost only: `Member.email`, or `Member` for a whole
    object. What stands outside of every resource has no name but `‹undeclared›`."""
    if done.judged is None:
        return {}
    sightings = {each.pointer: each for each in done.judged.sightings}
    cuts: dict[Pointer, None] = {}
    _cuts(done.judged.keep, (), cuts)
    above = set[Pointer]()
    for cut in cuts:
        while cut not in above:
            above.add(cut)
            cut = cut[:-1]
    for each in map(pattern, done.withheld):  # what else went: counts, that would tell
        if each not in above and not any(each[:length] in cuts for length in range(len(each))):
            cuts[each] = None
    counted = Counter[str]()
    for cut in cuts:
        counted[_named(model, sightings, cut)] += done.times.get(cut[:1], 1)
    return counted


def _cuts(keep: Keep, at: Pointer, into: dict[Pointer, None]) -> None:
    if isinstance(keep, dict):
        for name, below in keep.items():
            if below is not True:
                _cuts(below, (*at, name), into)
    elif keep is not True:
        into[at] = None


def _named(model: Model, sightings: Mapping[Pointer, Sighting], cut: Pointer) -> str:
    if cut in sightings:
        return sightings[cut].resource
    for length in range(len(cut) - 1, -1, -1):
        around = sightings.get(cut[:length])
        if around is not None:
            return f"{around.resource}.{_path(model, around, cut[length:])}"
    return _UNDECLARED


def _path(model: Model, around: Sighting, steps: Pointer) -> str:
    node = model.tables[around.resource].trie
    words: list[str] = []
    for step in steps:
        word = step if step in node.children else "*"
        if word not in node.children:
            return ".".join((*words, _UNDECLARED))
        words.append(word)
        node = node.children[word]
    return ".".join(words)


def owners_shown(
    policy: Policy, done: Projection, limited: Collection[str], params: Mapping[str, str]
) -> Mapping[str, frozenset[str]]:
    """Owners of the objects, of the limited resources, that an answer shows anything of.

    An object that says no owner counts by its key, or by its place in the path (`params`, by name)
    where it does not say that: no owner's id is like either (CWE-639)."""
    place = "".join(f"\0{params[name]}" for name in sorted(params))
    shown: dict[str, set[str]] = {}
    hidden = {pattern(pointer) for pointer in done.withheld}
    for each in done.judged.sightings if done.judged else ():
        cut = any(each.pointer[:length] in hidden for length in range(len(each.pointer) + 1))
        if each.resource in limited and not cut:
            key = _key(policy.resources[each.resource].key, each.value)
            named = each.owners or tuple(filter(None, (f"\0{key}" if key else place,)))
            shown.setdefault(each.resource, set()).update(named)
    return {name: frozenset(owners) for name, owners in shown.items()}


def _key(path: str, value: Json) -> str:
    """The one key that an object says; empty: it does not."""
    said = [identifier(each) for each in at_path(value, path)] if path else []
    return said[0] or "" if len(said) == 1 else ""
