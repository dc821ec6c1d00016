"""Reads `resources`: objects, their owners, their states, and who may see which field."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Literal, TypeAlias, cast

from oakum.errors import Problem
from oakum.openapi.model import Json
from oakum.openapi.source import Node
from oakum.policy.comma_separated_keys import names
from oakum.policy.mask_reader import masks
from oakum.policy.model import (
    SEVERITIES,
    FieldRule,
    Grant,
    Owner,
    Policy,
    Resource,
    Severity,
    State,
    Switch,
)
from oakum.policy.node_reader import (
    Entries,
    Read,
    Reader,
    boolean_hint,
    circles,
    flag,
    is_one_of,
    many,
    name,
    nearest,
    one_of,
    path,
    pointer,
    read_map,
    record,
    scalar,
    text,
    word,
)
from oakum.policy.relations import relation_names

RESOURCE = (
    *("draft", "schemas", "key", "owner", "main", "conceal", "promise", "instead", "severity"),
    *("states", "fields"),
)
OWNER = ("path", "query", "parent", "caller", "creator")
STATE = ("field", "of", "open", "levels", "missing", "switch", "promise")
SWITCH = ("operation", "set")
LINE = ("draft", "severity", "instead", "grants")
GRANT = ("see", "set", "when", "masked")

_NO_LINE = "`[]` means nobody; inside braces, quote paths that share a line"

Instead: TypeAlias = Literal["absent", "null", "refuse"]


@dataclass(frozen=True)
class _Usual:
    """Defaults of a resource for its field lines."""

    instead: Instead
    severity: Severity | None
    draft: bool
    omitted: bool
    """Whether the contract itself says `instead: absent`."""


def resource(r: Reader, key: Node, node: Node) -> Resource:
    called = name(r, key, "a resource")
    found = record(r, node, "a resource", RESOURCE)
    hint = (
        "write a field path, `{path: …}`, `{query: …}`, `{parent: true}`, `{caller: true}`,"
        " `{creator: true}`, or `none`"
    )
    found.require("owner", f"`{called}`", hint)
    said: Instead | None = found.find("instead", instead)
    usual = _Usual(
        said or "absent",
        found.find("severity", grave),
        found.read("draft", flag, False),
        omitted=said == "absent",
    )
    return Resource(
        called,
        schemas=frozenset(found.find("schemas", many(word, "a schema's name")) or (called,)),
        key=found.read("key", path, ""),
        owner=found.read("owner", _owner, Owner("none")),
        states=found.find("states", read_map(partial(_state, called))) or {},
        fields=found.read("fields", partial(_fields, called, usual), ()),
        promise=found.read("promise", word, ""),
        conceal=found.read("conceal", flag, True),
        main=found.read("main", word, ""),
        severity=usual.severity,
        draft=usual.draft,
        location=key.location,
    )


def grave(r: Reader, node: Node, what: str) -> Severity | None:
    """Reads a severity."""
    return cast(Severity | None, one_of(*SEVERITIES)(r, node, what))


def instead(r: Reader, node: Node, what: str) -> Instead | None:
    if node.kind == "scalar" and node.scalar is None:
        return "null"
    return cast(Instead | None, one_of("absent", "null", "refuse")(r, node, what))


def _owner(r: Reader, node: Node, what: str) -> Owner | None:
    if node.kind == "scalar" and node.scalar == "none":
        return Owner("none")
    if node.kind != "map":
        members = many(path, "a field path")(r, node, what)
        if members == ():
            r.wrong(node, "`owner` lists no field", "`owner: none` means that it has no owner")
        return Owner("field", members) if members else None
    found = record(r, node, "an owner", OWNER)
    said = found.present(OWNER)
    if found.whole and len(said) != 1:
        r.wrong(
            node,
            "an owner is in one place",
            "`{path: …}`, `{query: …}`, `{parent: true}`, `{caller: true}` or `{creator: true}`",
        )
        return None
    if said == ["path"]:
        return Owner("path", found.read("path", many(word, "a path parameter"), ()))
    if said == ["query"]:
        name = found.read("query", word, "")
        return Owner("query", (name,)) if name else None
    if said == ["parent"] and isinstance(found["parent"].scalar, str):
        return _owner_of_parent(r, found["parent"])
    kind = cast(Literal["parent", "caller", "creator"], said[0])
    if found.read(kind, flag, True) is False:
        r.wrong(
            found[kind], f"`{kind}` is `true` or absent", "`owner: none` means that it has no owner"
        )
    return Owner(kind)


def _owner_of_parent(r: Reader, node: Node) -> Owner:
    """The owner of an object of another resource: `{parent: Issue}`."""
    name = str(node.scalar)

    def ask(policy: Policy) -> None:
        if not r.is_known(node, name, policy.resources, "resource"):
            return
        parent = policy.resources[name]
        if parent.owner.kind == "none":
            r.wrong(node, f"`{name}` has no owner, so `parent: {name}` names none")
        elif not parent.key:
            r.wrong(node, f"`{name}` has no key, so nothing can name one", "write its `key:`")

    r.later(ask)
    return Owner("resource", (name,))


def no_circle_of_parents(r: Reader, policy: Policy) -> None:
    """Reports resources that have the owner of each other in a circle, so that none has one."""
    parents = {
        each.name: each.owner.members if each.owner.kind == "resource" else ()
        for each in policy.resources.values()
    }
    for trail in circles(parents):
        steps = " has the owner of ".join(f"`{step}`" for step in trail)
        place = policy.resources[trail[0]].location
        r.problems.append(Problem(place, f"`{trail[0]}` has no owner of its own", steps))


def _state(resource: str, r: Reader, key: Node, node: Node) -> State:
    called = name(r, key, "a state")
    found = record(r, node, "a state", STATE)
    sources = found.present(("field", "of"))
    if found.whole and not sources:
        where = "`field` for a value in the object, `of` for one in its owner's account, or both"
        r.wrong(node, f"`{called}` stands nowhere", where)
    values = _values(r, found, called)
    if "missing" in found:
        missing = found["missing"]
        r.later(lambda p: _value(r, missing, p.resources[resource].states[called]))
    return State(
        called,
        values=values,
        member=found.read("field", path, ""),
        of=found.read("of", partial(_state_name, resource), ""),
        missing=found.read("missing", scalar, None),
        switch=found.read("switch", _switch, None),
        promises=_promises(resource, r, found, called),
        location=key.location,
    )


def _values(r: Reader, found: Entries, called: str) -> tuple[Json, ...]:
    """The values of a state, open first; none when it inherits them."""
    if "of" in found:
        for key in found.present(("open", "levels")):
            r.wrong(found[key], f"`{called}` has the values of the state in `of`; omit `{key}`")
        return ()
    if "levels" not in found:
        opened = found.read("open", flag, False)
        return (opened, not opened)
    if "open" in found:
        r.wrong(found["open"], "`levels` lists the open one first; omit `open`")
    levels = found["levels"]
    if levels.kind != "list" or not levels.elements:
        r.unlike(
            levels, "`levels`", "a list of values, open first", "such as `[everyone, only_me]`"
        )
        return ()
    values: list[Json] = []
    for element in levels.elements:
        if element.kind == "scalar" and element.scalar is None:
            hint = "`missing:` gives the level that an absent or null value means"
            r.unlike(element, "a level", "a word, a number or a boolean", hint)
            continue
        value = scalar(r, element, "a level")
        if value is not None and is_one_of(value, values):
            r.wrong(element, f"the level `{text(value)}` occurs twice")
        elif value is not None:
            values.append(value)
    return tuple(values)


def _promises(resource: str, r: Reader, found: Entries, called: str) -> tuple[tuple[str, str], ...]:
    """What the settings page tells people of each value; nothing of those that it leaves out."""
    if "promise" not in found:
        return ()
    node = found["promise"]
    if node.kind != "map" or not node.items:
        r.unlike(
            node, "`promise`", "a map", f"from values of `{called}` to the text that people read"
        )
        return ()
    pairs: list[tuple[str, str]] = []
    for key, value in node.items:
        r.later(partial(_known_value, r, key, (resource, called)))
        if (told := word(r, value, f"`{key.scalar}`")) is not None:
            pairs.append((str(key.scalar), told))
    return tuple(pairs)


def _known_value(r: Reader, node: Node, at: tuple[str, str], policy: Policy) -> None:
    """A key is a text whatever it is in YAML, so a value is known by how it is written."""
    state = policy.resources[at[0]].states[at[1]]
    value = next((each for each in state.values if text(each) == str(node.scalar)), node.scalar)
    _value(r, replace(node, scalar=value), state)


def _value(r: Reader, node: Node, state: State) -> None:
    """A value that must be one of a state's; silent where those could not be read."""
    value = node.scalar
    if node.kind != "scalar" or value is None or not state.values or is_one_of(value, state.values):
        return
    hint = boolean_hint(value) if True in state.values else ""
    words = [text(one) for one in state.values]
    r.wrong(
        node, f"`{state.name}` has no value `{text(value)}`", hint or nearest(text(value), words)
    )


def _state_name(of: str, r: Reader, node: Node, what: str) -> str | None:
    """`Resource.state`, elsewhere in the policy."""
    found = word(r, node, what)
    if found is None:
        return None
    resource, _, state = found.partition(".")

    def ask(policy: Policy) -> None:
        if not state:
            r.wrong(node, f"`{found}` names no state", "write `Resource.state`")
        elif r.is_known(node, resource, policy.resources, "resource"):
            states = policy.resources[resource].states
            r.is_known(node, state, states, f"state of `{resource}`")
            owner = policy.resources[of].owner
            if owner.kind == "resource" and resource in owner.members:
                said = f"`{found}` is a setting of the parent of `{of}`, and of no account"
                r.wrong(node, said, "`of` names a setting of its owner's account")

    r.later(ask)
    return found


def _switch(r: Reader, node: Node, what: str) -> Switch | None:
    found = record(r, node, "a switch", SWITCH)
    for key in SWITCH:
        found.require(key, "the switch")
    return Switch(found.read("operation", word, ""), found.read("set", pointer, ""))


def inherit(r: Reader, resources: Mapping[str, Resource]) -> dict[str, Resource]:
    """Gives each state that refers to another (`of`) the values of that one."""
    states = {
        f"{resource.name}.{state.name}": state
        for resource in resources.values()
        for state in resource.states.values()
    }
    for trail in circles({at: (state.of,) for at, state in states.items() if state.of}):
        steps = " of ".join(f"`{step}`" for step in trail)
        r.problems.append(Problem(states[trail[0]].location, f"`{trail[0]}` stands nowhere", steps))

    def values(at: str) -> tuple[Json, ...]:
        for _ in states:  # longer chains are cycles
            if states[at].of not in states:
                break
            at = states[at].of
        return states[at].values

    def inherited_states(resource: Resource) -> dict[str, State]:
        return {
            state.name: replace(state, values=values(f"{resource.name}.{state.name}"))
            for state in resource.states.values()
        }

    return {
        resource.name: replace(resource, states=inherited_states(resource))
        for resource in resources.values()
    }


def _fields(
    resource: str, usual: _Usual, r: Reader, node: Node, what: str
) -> tuple[FieldRule, ...] | None:
    if node.kind != "map":
        r.unlike(node, what, "a map from field paths to lists of grants")
        return None
    rules: dict[str, FieldRule] = {}
    for key, value in node.items:
        what = f"the line of `{key.scalar}`"
        grants, said = _line(resource, usual, r, value, what)
        masked = tuple(each for each in grants if each.masked)
        grants = tuple(each for each in grants if not each.masked)
        for single in names(key):
            found = _deep_path(r, single)
            if found in rules:
                first = rules[found].location
                r.wrong(single, f"`{found}` has two lines in `{resource}`", f"first at {first}")
            elif found is not None:
                rules[found] = FieldRule(
                    found,
                    grants,
                    said.instead,
                    said.severity,
                    said.draft,
                    masked,
                    said.omitted,
                    key.location,
                )
    return tuple(rules.values())


def _deep_path(r: Reader, node: Node) -> str | None:
    """A field path that may end in `.**`."""
    whole = str(node.scalar)
    if whole.endswith(".**"):
        head = path(r, replace(node, scalar=whole.removesuffix(".**")), "a field path")
        return None if head is None else whole
    return path(r, node, "a field path")


def _line(
    resource: str, usual: _Usual, r: Reader, node: Node, what: str
) -> tuple[tuple[Grant, ...], _Usual]:
    if node.kind == "map" and not any(node.get(key) for key in GRANT):
        found = record(r, node, what, LINE)
        found.require("grants", what, "write the list of who sees it")
        grants = found.find("grants", partial(_grants, resource)) or ()
        if "draft" in found and usual.draft:
            r.wrong(found["draft"], f"all of `{resource}` is drafted", "say it in one place")
        stands: Instead | None = found.find("instead", instead)
        return grants, _Usual(
            stands or usual.instead,
            found.find("severity", grave) or usual.severity,
            found.read("draft", flag, False) or usual.draft,
            omitted=stands == "absent" if stands else usual.omitted,
        )
    return _grants(resource, r, node, what) or (), usual


def _grants(resource: str, r: Reader, node: Node, what: str) -> tuple[Grant, ...] | None:
    """A list of grants; an empty one says *nobody* on purpose."""
    if node.kind != "list":
        empty = node.kind == "scalar" and node.scalar is None
        r.unlike(
            node, what, "a list of grants", _NO_LINE if empty else "such as `[{see: [owner]}]`"
        )
        return None
    return tuple(_grant(resource, r, element) for element in node.elements)


def _grant(resource: str, r: Reader, node: Node) -> Grant:
    found = record(r, node, "a grant", GRANT)
    if found.whole and "see" not in found and "set" not in found:
        r.wrong(node, "a grant needs `see` or `set`")
    for key in found.present(("see", "set")):
        if found[key].kind == "list" and not found[key].elements:
            r.wrong(
                found[key],
                f"`{key}` names no relation",
                "fields that are not granted are denied: omit it",
            )
    if "masked" in found and ("set" in found or "see" not in found):
        r.wrong(
            found["masked"],
            "`masked` can only be combined with `see`",
            "write `set` in a grant of its own" if "set" in found else "",
        )
    return Grant(
        see=found.read("see", relation_names, ()),
        when=found.read("when", partial(_when, resource), {}),
        set=found.read("set", relation_names, ()),
        masked=found.find("masked", masks) or (),
        location=node.location,
    )


def _when(resource: str, r: Reader, node: Node, what: str) -> Mapping[str, tuple[Json, ...]] | None:
    if node.kind != "map":
        r.unlike(node, what, "a map from states to values", "such as `{private: false}`")
        return None
    if not node.items:
        r.wrong(node, "`when` names no state", "omit it if the grant always holds")
    values: Read[tuple[Json, ...]] = many(scalar, "a value")
    conditions: dict[str, tuple[Json, ...]] = {}
    for key, value in node.items:
        state = str(key.scalar)
        conditions[state] = values(r, value, f"`{state}`") or ()
        if value.kind == "list" and not value.elements:
            r.wrong(value, f"`{state}` lists no value, so this never holds")
        r.later(partial(_condition, r, resource, key, value))
    return conditions


def _condition(r: Reader, resource: str, key: Node, value: Node, policy: Policy) -> None:
    states = policy.resources[resource].states
    if r.is_known(key, str(key.scalar), states, f"state of `{resource}`"):
        for one in value.elements or (value,):
            _value(r, one, states[str(key.scalar)])
