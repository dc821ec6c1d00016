"""Why a cell is untested, in words, and what would test it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from oakum.authz import Model
from oakum.exposure.cells.matrix import (
    ALIKE,
    ANOTHER,
    AROUND,
    ECHO,
    HIDDEN,
    LOOSE,
    TOO_COMMON,
    UNTOLD,
    Entry,
    Key,
    Matrix,
    state_key,
)
from oakum.exposure.known_identities import ANYONE, KnownIdentities
from oakum.exposure.relation_fields import may_have, members_named, relations_by_member
from oakum.finding import Result

NO_REQUEST = "no response decided it"
_UNOWNED = "the response has a `{}`, but nothing in it names its owner"
COMMON = "the value there is too common to attribute to an owner"
_LOOSE = "the owner's value is in the response outside every object, and may be somebody else's"


@dataclass(frozen=True)
class ResponseIndex:
    """What the responses of a run showed, by where it came: a report has thousands of untested
    cells."""

    fields: Mapping[str, Collection[str]]
    """Resource → fields that some owner was shown."""
    blank: Mapping[tuple[str, str, str], Collection[str]]
    """(endpoint, resource, field) → identities to whom it came empty; empty: anonymous callers."""
    unclear: Mapping[tuple[str, str], Collection[str]]
    """(endpoint, resource) → identities to whom one came whose owner is unclear."""

    by_ways: Collection[tuple[str, str]] = frozenset()
    """(operation, resource) that a variant showed, such as one with `?include=notes`."""

    @classmethod
    def of(cls, matrix: Matrix) -> ResponseIndex:
        fields: dict[str, set[str]] = {}
        blank: dict[tuple[str, str, str], set[str]] = {}
        unclear: dict[tuple[str, str], set[str]] = {}
        for _, _, resource, path in matrix.witnessed:
            fields.setdefault(resource, set()).add(path)
        for endpoint, viewer, _, resource, path in matrix.ends.blank:
            blank.setdefault((endpoint, resource, path), set()).add(viewer)
        for endpoint, viewer, _, resource in matrix.unclear:
            unclear.setdefault((endpoint, resource), set()).add(viewer)
        by_ways = {
            (probe.operation.id, name)
            for at, name in matrix.carried
            if (probe := matrix.probes.get(at)) is not None and probe.how
        }
        return cls(fields, blank, unclear, by_ways)


def why_untested(
    matrix: Matrix,
    model: Model,
    identities: KnownIdentities,
    key: Key,
    why: Mapping[str, str],
    reach: Mapping[tuple[str, str], bool],
    more: Mapping[tuple[str, str, str], Collection[str]],
    came: ResponseIndex,
) -> str:
    """The first reason that applies to an untested cell, in words. `why`: endpoint → why it was not
    requested; `reach`: (resource, viewer) → whether any pair of identities has this relation;
    `more`: result of `Matrix.asked_as_more`."""
    if key.endpoint in why:
        return why[key.endpoint]
    unclear = came.unclear.get(key[:2], ())
    if _is_one_of(identities, unclear, key.viewer):
        return _UNOWNED.format(key.resource)
    if beyond := matrix.beyond.get(key):
        return beyond
    if unread := _unread(matrix, identities, key):
        return unread
    if doubt := matrix.doubt(key):
        return _of_doubt(model, key, doubt)
    if not reach.get((key.resource, key.viewer)):
        return _nobody_is(model, identities, key)
    if (key.endpoint, key.resource) in matrix.outsiders and not is_anybodys(matrix, key.resource):
        return (
            f"no owner of a `{key.resource}` in the responses is one of the identities; if one is,"
            " give that identity `facts: {user_id: …}`"
        )
    if (key.endpoint, key.resource) not in matrix.carried and key[:2] not in came.by_ways:
        return _of_nobody(matrix, key, unclear)
    if never := _never_shown(came, key):
        return never
    if _is_one_of(identities, came.blank.get(key[:3], ()), key.viewer):
        if any(rule.path == key.field and rule.masked for rule in model.tables[key.resource].rules):
            return f"`{key.field}` is empty or masked there, and may be so for its owner, too"
        return f"`{key.field}` is empty there, and may be empty for its owner, too"
    if names := sorted(more.get((key.endpoint, key.resource, key.viewer), ())):
        return _as_others(key.viewer, names)
    if key.state:
        said = ", ".join(f"{name}={value}" for name, value in key.state)
        if _was_known(matrix, identities, key):
            return (
                f"an owner has a `{key.resource}` in the state {said}, and no response there"
                f" showed it to `{key.viewer}`"
            )
        return f"no owner was in the state {said} when `{key.viewer}` asked"
    every = identities.names()
    if every and not any(matrix.sees(key.resource, key.field, who, who) for who in every):
        return (
            f"its owner may not see `{key.field}`, and those who may were not shown the same value"
            " of an object there"
        )
    return NO_REQUEST


def _never_shown(came: ResponseIndex, key: Key) -> str:
    """Why no owner was shown this field; empty if one was."""
    shown = came.fields.get(key.resource, ())
    if any(path.startswith(f"{key.field}.") for path in shown):
        return f"the members of `{key.field}` have cells of their own"
    return "" if key.field in shown else f"no owner was shown a `{key.field}` that is not empty"


def _of_nobody(matrix: Matrix, key: Key, unclear: Collection[str]) -> str:
    """Why an endpoint showed no object of any test identity."""
    if unclear:
        return _UNOWNED.format(key.resource)
    endpoint = matrix.endpoint(key.endpoint)
    return f"{endpoint.method} {endpoint.path} showed no `{key.resource}` to anybody"


def _of_doubt(model: Model, key: Key, doubt: str) -> str:
    """Why a value in the denied field proves nothing."""
    if doubt == ANOTHER:
        return "the value there is not one that its owner sees: perhaps a placeholder"
    if doubt == ALIKE:
        return "the value there changes by itself or is a mask: its owner sees another elsewhere"
    if doubt == ECHO:
        return "the value there repeats one of the request"
    if doubt == AROUND:
        return (
            f"only the object around this `{key.resource}` names its viewers in a relation"
            f" that grants the field; the `{key.resource}` itself does not"
        )
    if doubt in (UNTOLD, HIDDEN):
        return why_untold(model, key.resource)
    return _LOOSE if doubt == LOOSE else COMMON


def _was_known(matrix: Matrix, identities: KnownIdentities, key: Key) -> bool:
    """Whether an owner's object was seen in the state of the cell, for states that are stored in
    objects."""
    probe, table = matrix.probes[key.endpoint], matrix.model.tables[key.resource]
    return matrix.conditions is not None and any(
        state_key(table, key.field, {**matrix.state(key.resource, who), **each}) == key.state
        for who in identities.names()
        for each in matrix.conditions(probe, table.resource, who)
    )


def why_keyless(matrix: Matrix) -> str:
    """Why no cell is closed to anonymous callers: an application key is missing from their requests
    and no endpoint showed them anything, so each refusal may be due to that. Empty if they were
    shown something, or no key is needed."""
    shown = (Result.OPEN, Result.LEAK)
    seen = any(e.viewer is None and e.owner and e.result in shown for e in matrix.entries.values())
    return "" if seen else matrix.keyless


def why_not_closed(matrix: Matrix, key: Key, entry: Entry, keyless: str) -> str:
    """Why the absence of the field does not close a cell; empty if it does."""
    if keyless and entry.viewer is None and entry.owner:
        return keyless
    if beyond := matrix.beyond.get(key):
        return beyond
    if matrix.doubt(key) == UNTOLD:
        return why_untold(matrix.model, key.resource)
    # the value of one object, while another object was missing
    if matrix.doubt(key) in (TOO_COMMON, LOOSE):
        return _of_doubt(matrix.model, key, matrix.doubt(key))
    return matrix.ends.why_not(key, entry.viewer, entry.owner)


def why_untold(model: Model, resource: str) -> str:
    """Which members of a resource name its viewers but were shown neither to them nor to the owner,
    or which lists of members were not complete."""
    relations = model.policy.relations
    names = [
        name
        for name in sorted(relations_by_member(model))
        if may_have(model.tables[resource].leaves, relations[name].member)
    ]
    named = [f"`{relations[name].member}`, which says who is `{name}`," for name in names]
    lists = dict.fromkeys(
        f"`{relations[name].operation}`" for name in names if relations[name].is_membership
    )
    short = f", or the list of {' or '.join(lists)} was not complete" if lists else ""
    return (
        f"{' and '.join(named)} is missing or null in that response and in what the owner"
        f" of the `{resource}` was shown{short}, so the viewer may be one: let an"
        " operation show it to the owner"
    )


def asked_as(identities: KnownIdentities, viewer: str) -> list[str]:
    """Labels of viewers who have the relations of a label to others' objects; a viewer with several
    is labelled by the strongest."""
    wanted = set(viewer.split("+"))
    pairs = ((v, o) for o in identities.names() for v in (None, *identities.names()) if v != o)
    held = ((identities.relations(v, o), v, o) for v, o in pairs)
    return sorted({identities.label(each, v, o) for each, v, o in held if wanted <= each})


def _as_others(viewer: str, names: Iterable[str]) -> str:
    return (
        f"callers who are `{viewer}` were tested as {' and '.join(f'`{each}`' for each in names)}"
    )


def _nobody_is(model: Model, identities: KnownIdentities, key: Key) -> str:
    """Why no viewer of this kind was tested: no identity has the relation, or no object names
    one."""
    if (names := asked_as(identities, key.viewer)) and key.viewer not in names:
        return _as_others(key.viewer, names)
    known = key.viewer in model.policy.relations
    for member in members_named(model, key.viewer) if known else ():
        declared = model.tables[key.resource].leaves
        if declared and not may_have(declared, member):
            return (
                f"`{member}` is not a field of `{key.resource}`, so nobody is `{key.viewer}` to one"
            )
        return (
            f"no `{key.resource}` in any response names another identity in `{member}`,"
            f" so nobody was `{key.viewer}` to it; create one that does"
        )
    return f"no identity is `{key.viewer}` to another's `{key.resource}`"


def _is_one_of(identities: KnownIdentities, viewers: Iterable[str], label: str) -> bool:
    """Whether one of these identities has a label; an empty name is an anonymous caller."""
    return any(
        label in (ANYONE if not viewer else "", *_labels(identities, viewer)) for viewer in viewers
    )


def _unread(matrix: Matrix, identities: KnownIdentities, key: Key) -> str:
    """Says that a response to such a viewer did not have the form that the document declares;
    otherwise empty."""
    for (endpoint, viewer), media_type in matrix.unread.items():
        labels = (ANYONE,) if not viewer else _labels(identities, viewer)
        if endpoint == key.endpoint and key.viewer in labels:
            return (
                f"the response to `{key.viewer}` was {f'`{media_type}`' if media_type else 'text'},"
                " not JSON as the document declares, with a success status, so it may be a"
                " refusal: refuse with 401, 403 or 404"
            )
    return ""


def _labels(identities: KnownIdentities, viewer: str) -> set[str]:
    """Labels of an identity towards other owners."""
    who = viewer or None
    pairs = ((identities.relations(who, owner), owner) for owner in identities.names())
    return {identities.label(held, who, owner) for held, owner in pairs if owner != viewer}


def is_anybodys(matrix: Matrix, resource: str) -> bool:
    """Whether any response contained an object of this resource that belongs to a test identity."""
    return any(name == resource for _, name in matrix.carried)


def resources_without_owner(matrix: Matrix) -> list[str]:
    """Resources that were seen, but never with a test identity as owner."""
    return sorted({name for _, name in matrix.outsiders if not is_anybodys(matrix, name)})
