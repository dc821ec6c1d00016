"""Counts what a response showed and what was removed, in the contract's words, for the audit."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from oakum.authz import Model, ObjectInstance, Projection
from oakum.authz.data_beside_objects import Keep
from oakum.authz.id_spelling import identifier
from oakum.authz.member_paths import at_path
from oakum.authz.table import Table, Trie
from oakum.http.json_pointer import Pointer, path_of
from oakum.openapi.model import Json
from oakum.policy.model import Policy

UNDECLARED = "‹undeclared›"


def count_removed(model: Model, done: Projection) -> Mapping[str, int]:
    """Counts the fields cut out, outermost only: `Member.email`, or `Member` for a whole object.
    What lies outside every resource is counted as `‹undeclared›`."""
    if done.judged is None:
        return {}
    instances = {each.pointer: each for each in done.judged.instances}
    cuts: dict[Pointer, None] = {}
    _cuts(done.judged.keep, (), cuts)
    above = set[Pointer]()
    for cut in cuts:
        while cut not in above:
            above.add(cut)
            cut = cut[:-1]
    for each in map(path_of, done.withheld):
        if each not in above and not any(each[:length] in cuts for length in range(len(each))):
            cuts[each] = None
    # A count that would reveal how much was cut is removed, with everything below it.
    whole = {each for each in done.counts if not any(each[:n] in cuts for n in range(len(each)))}
    if whole:
        left = (cut for cut in cuts if not any(cut[:n] in whole for n in range(len(cut))))
        cuts = dict.fromkeys((*left, *whole))
    counted = Counter[str]()
    for cut in cuts:
        counted[_audit_name(model, instances, cut)] += done.times.get(cut[:1], 1)
    return counted


def _cuts(keep: Keep, at: Pointer, into: dict[Pointer, None]) -> None:
    if isinstance(keep, dict):
        for name, below in keep.items():
            if below is not True:
                _cuts(below, (*at, name), into)
    elif keep is not True:
        into[at] = None


def _audit_name(model: Model, instances: Mapping[Pointer, ObjectInstance], cut: Pointer) -> str:
    for length in range(len(cut) - 1, -1, -1):
        around = instances.get(cut[:length])
        if around is not None:
            path, granted = _path(model, around, cut[length:])
            inner = instances.get(cut) if granted else None
            return inner.resource if inner is not None else f"{around.resource}.{path}"
    return instances[cut].resource if cut in instances else UNDECLARED


def _path(model: Model, around: ObjectInstance, steps: Pointer) -> tuple[str, bool]:
    """How the audit calls a place in an object, and whether its lines grant anything there."""
    table = model.tables[around.resource]
    path, node = "", table.trie
    value: Json = around.value
    for step in steps:
        path, below = audit_name(table, path, node, "*" if isinstance(value, list) else step)
        if below is None:
            return path, False
        node = below
        if isinstance(value, list):
            value = value[int(step)]
        else:
            value = value.get(step) if isinstance(value, dict) else None
    return path, bool(table.see(around.held, around.state) & node.leaves_below())


def audit_name(table: Table, path: str, node: Trie | None, step: str) -> tuple[str, Trie | None]:
    """(name in the audit of the place one step below `path`, its node). Names follow the contract's
    lines; the node is None where no line names the place."""
    word = node.word(step) if node is not None else ""
    if node is None or not word:
        return path if node is None else _join_path(path, UNDECLARED), None
    below = node.child(step)
    return table.leaves[node.deep] if word == "**" else _join_path(path, word), below


def _join_path(path: str, word: str) -> str:
    return f"{path}.{word}" if path else word


def owners_shown(
    policy: Policy, done: Projection, limited: Collection[str], asked: bytes
) -> Mapping[str, frozenset[str]]:
    """Owners of the objects of rate-limited resources that a response shows.

    An object without an owner counts by its key. One without a key either counts by what is shown
    of it and by the request (`asked`): objects that look alike count one by one, and repeating the
    request adds none. These stand-ins never collide with an owner's id (CWE-639).
    """
    shown: dict[str, set[str]] = {}
    alike = Counter[bytes]()
    hidden = {path_of(pointer) for pointer in done.withheld}
    request = hashlib.sha256(asked).digest()  # once: it may be long, and there may be many objects
    for each in done.judged.instances if done.judged else ():
        if each.resource not in limited or not any(leaf.allowed for leaf in each.leaves):
            continue
        if any(each.pointer[:length] in hidden for length in range(len(each.pointer) + 1)):
            continue
        owners = shown.setdefault(each.resource, set())
        owners.update(each.owners)
        if not each.owners:
            path = policy.resources[each.resource].key
            for key, said in _ownerless(path, each, done.rows.get(each.pointer[:1])):
                if not key:
                    mark = hashlib.sha256(request + said).digest()
                    alike[mark] += 1
                    key = f"\0{mark.hex()}{alike[mark]}"
                owners.add(f"\0{key}")
    return {name: frozenset(owners) for name, owners in shown.items()}


def _ownerless(
    path: str, each: ObjectInstance, rows: Sequence[Mapping[str, Json]] | None
) -> Iterator[tuple[str, bytes]]:
    """The object's key, or else the fields shown of it; for a table, those of each row that this
    instance stands for."""
    if rows is None:
        if key := _key(path, each.value):
            yield key, b""
        else:
            length = len(each.pointer)
            yield (
                "",
                _bytes((leaf.pointer[length:], leaf.value) for leaf in each.leaves if leaf.allowed),
            )
        return
    names = [leaf.pointer[-1] for leaf in each.leaves if leaf.allowed]
    for row in rows:
        key = _key(path, {**row})
        yield key, b"" if key else _bytes((name, row[name]) for name in names)


def _bytes(said: Iterable[tuple[object, Json]]) -> bytes:
    return repr([*said]).encode("utf-8", "surrogatepass")


def _key(path: str, value: Json) -> str:
    """The key of an object; empty when it has none or several."""
    said = [identifier(each) for each in at_path(value, path)] if path else []
    return said[0] or "" if len(said) == 1 else ""
