"""Turns leaks of the matrix into findings: one for each field, viewer and state."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import replace

from oakum.authz import Model
from oakum.authz.table import Table, allows, combinations, deciding_states, leaf_index, may_allow
from oakum.errors import Location
from oakum.exposure.cells.matrix import UNREAD, Entry, Key, Matrix, state_key
from oakum.exposure.checks import CHECKS, OVER_BLOCK, Leak, severity
from oakum.exposure.known_identities import KnownIdentities
from oakum.exposure.leak_signal import Signal
from oakum.exposure.unknown_claims import unheard, values_of
from oakum.finding import Evidence, Finding, Result, State
from oakum.inference.lexicon import FieldClass, classify_field
from oakum.openapi.model import Json
from oakum.policy.model import SEVERITIES, Policy, Severity, promises_of

_BASIC = ("anyone", "authenticated")


Place = tuple[str, str, str, State]
"""(endpoint, resource, field, state): a cell without its viewer."""


def conclude(
    model: Model, identities: KnownIdentities, matrix: Matrix, signals: Iterable[Signal] = ()
) -> list[Finding]:
    """Findings, most severe first. With a drafted contract they are at most *suspected*."""
    groups: dict[tuple[Result, str, str, str, State], list[tuple[Key, Entry]]] = {}
    for key, entry in matrix.leaks():
        if entry.result is Result.OVER_BLOCK and _owes_nothing(model, identities, key, entry):
            continue
        name = (entry.result, key.resource, key.field, key.viewer, key.state)
        groups.setdefault(name, []).append((key, entry))
    leaking: dict[tuple[str, str], set[str]] = {}
    for result, resource, field, viewer, _ in groups:
        if result is Result.LEAK:
            leaking.setdefault((resource, viewer), set()).add(field)
    refused = _closed_to_anonymous(matrix)
    made = [
        _over_block(model, matrix, cells) if name[0] is Result.OVER_BLOCK
        else _leak(model, identities, matrix, cells, leaking[name[1], name[3]], refused)
        for name, cells in groups.items()
    ]  # fmt: skip
    told: dict[tuple[str, str, str, str, State], list[Signal]] = {}
    for each in signals:
        same = (each.how, each.resource, each.field, each.viewer, each.state)
        told.setdefault(same, []).append(each)
    made += [_signal_finding(model, identities, together) for together in told.values()]
    return in_order(made)


def in_order(findings: Iterable[Finding]) -> list[Finding]:
    """Sorts findings: proven before suspected, then by severity, number of fields and states, and
    rule."""
    made = list(findings)
    verdicts = ("proven", "suspected", "over_blocked")
    rules = [check.RULE.id for check in CHECKS] + [OVER_BLOCK.id]
    breadth = Counter((each.verdict, each.rule, each.resource, each.viewer) for each in made)

    def urgency(f: Finding) -> tuple[int, int, int, int, str, str, str, State]:
        return (
            verdicts.index(f.verdict), SEVERITIES.index(f.severity),
            -breadth[f.verdict, f.rule, f.resource, f.viewer],
            rules.index(f.rule), f.resource, f.viewer, f.field, f.state,
        )  # fmt: skip

    return sorted(made, key=urgency)


def _promise(policy: Policy, key: Key) -> str:
    """What the contract quotes as promised to users: for the settings that decide the cell, or else
    for the resource."""
    resource, told = policy.resources[key.resource], dict(key.state)
    found = [
        promise
        for name, state in resource.states.items()
        for value, promise in promises_of(policy, state)
        if told.get(name) == value
    ]
    return " ".join(dict.fromkeys(found)) or resource.promise


def _owes_nothing(model: Model, identities: KnownIdentities, key: Key, entry: Entry) -> bool:
    """Whether an over-block is no defect: the grant is only drafted, or the account of the caller
    is unknown."""
    guessed = not model.policy.stated or model.draft_line(key.resource, key.field) is not None
    return guessed or identities.is_unknown(entry.viewer)


def _doubts(
    model: Model,
    identities: KnownIdentities,
    resource: str,
    field: str,
    viewers: Iterable[str | None],
) -> tuple[tuple[str, ...], bool]:
    """(reasons why the finding is no proof, whether one of them is an unconfirmed contract
    line)."""
    found: list[str] = []
    line = model.draft_line(resource, field) if resource in model.tables else None
    if not model.policy.stated:
        found.append("contradicts a drafted contract that nobody has confirmed")
    elif line is not None:
        found.append(f"contradicts a drafted line: {line}")
    unstated = bool(found)
    for viewer in dict.fromkeys(viewers):
        # Viewers other than the test identities are provisioned accounts, whose owner is known.
        if viewer in identities.ids and identities.is_unknown(viewer):
            found.append(
                f"the account of `{viewer}` is unknown, and so is what it may see; add `facts:"
                " {id: …}` to it"
            )
    return tuple(found), unstated


def _leak(
    model: Model,
    identities: KnownIdentities,
    matrix: Matrix,
    cells: list[tuple[Key, Entry]],
    together: Collection[str],
    refused: Collection[Place],
) -> Finding:
    """The finding for cells that leak. `together`: all leaking fields of such objects; `refused`:
    cells that were closed to anonymous callers."""
    cells = sorted(cells, key=lambda pair: _endpoint_order(model, matrix, pair[0]))
    key, _ = cells[0]
    leak = _describe(model, identities, matrix, cells, together, refused)
    hit = [check for check in CHECKS if check.matches(leak)]
    rule = hit[0].RULE
    confirmed, weak = key.finding in matrix.confirmed, matrix.weak.get(key.finding, "")
    viewers = [entry.viewer for _, entry in cells]
    doubts, drafted = _doubts(model, identities, key.resource, key.field, viewers)
    for why in (_why_unnamed(model, matrix, key, leak.owner), matrix.suspect.get(key.finding, "")):
        doubts = (*doubts, why) if why else doubts
    if why := _unread_state(model, identities, cells):
        doubts = (*doubts, why)
    state = {**matrix.state(key.resource, cells[0][1].owner), **values_of(model, key)}
    called = _refusing_call(model, identities, matrix, cells)
    if not leak.owner and (
        why := unheard(model, identities, matrix.closed_to, key, viewers, state)
    ):
        doubts = (*doubts, why)
    return Finding(
        rule=rule.id,
        verdict="suspected" if doubts or not confirmed else "proven",
        resource=key.resource,
        field=key.field,
        viewer=key.viewer,
        state=key.state,
        endpoints=tuple(dict.fromkeys(matrix.endpoint(each.endpoint) for each, _ in cells)),
        owasp=rule.owasp,
        cwe=rule.cwe,
        severity=_stated_severity(model, key.resource, key.field) or severity(leak),
        title=hit[0].title(leak),
        advice=_CALL_ADVICE if called is not None else hit[0].advice(leak),
        contract_location=called or _line(model, key),
        also=tuple(c.RULE.id for c in hit[1:] if c is not CHECKS[-1]),
        promise=leak.promise if leak.open_elsewhere or leak.state else "",
        evidence=_evidence(matrix, key),
        doubts=doubts if doubts or confirmed else (weak or "it was seen only once",),
        drafted=drafted,
    )


def _unread_state(
    model: Model, identities: KnownIdentities, cells: Iterable[tuple[Key, Entry]]
) -> str:
    """Why a leak is no proof if a setting could not be read: with another value the contract grants
    the field. Empty if it does not matter."""
    for key, entry in cells:
        names = [name for name, value in key.state if value == UNREAD]
        held = identities.relations(entry.viewer, entry.owner)
        read = {n: value for n, value in values_of(model, key).items() if n not in names}
        if names and may_allow(model.tables[key.resource], key.field, held, read):
            said = ", ".join(f"`{name}`" for name in names)
            return (
                f"the object has no value of {said} that the contract names, so it is unknown what"
                " its owner has set"
            )
    return ""


def _why_unnamed(model: Model, matrix: Matrix, key: Key, owner: bool) -> str:
    """Why a leak of an unnamed member is no proof: neither the contract nor, for another user's
    object, the document names it. Empty if it is named, or if its name says that it is a secret."""
    if leaf_index(model.tables[key.resource], key.field) >= 0:
        return ""
    if owner:
        return "no line of the contract mentions it; add one that says who may see it"
    if classify_field(key.field) is FieldClass.SECRET:
        return ""
    declared = {
        path for probe in matrix.probes.values() for path in probe.shows.get(key.resource, ())
    }
    steps = key.field.split(".")
    above = {".".join(steps[: n + 1]) for n in range(len(steps))} & declared
    if any(not _is_granted(model, key, each) for each in above):
        return ""
    return "neither the document nor the contract names it; add a line that says who may see it"


def _is_granted(model: Model, key: Key, path: str) -> bool:
    """Whether a line shows the viewer this place, so that undeclared members below it are not
    withheld on purpose."""
    table = model.tables[key.resource]
    index = leaf_index(table, path)
    return index >= 0 and any(key.viewer in grant.see for grant in table.rules[index].grants)


def _stated_severity(model: Model, resource: str, field: str) -> Severity | None:
    """The severity that the contract states for a leak of this field; None if it states none."""
    table = model.tables.get(resource)
    if table is None:
        return None
    index = leaf_index(table, field)
    return table.rules[index].severity if index >= 0 else table.resource.severity


def _signal_finding(model: Model, identities: KnownIdentities, signals: list[Signal]) -> Finding:
    """One finding for equal signals at one or several endpoints."""
    first = next((each for each in signals if each.sure), signals[0])
    anonymous = first.identity is None
    resource = model.policy.resources.get(first.resource)
    leak = Leak(
        first.resource, first.field, first.viewer, first.state, classify_field(first.field),
        anonymous, False, first.viewer == "owner", False, False, (), "",
        frozenset({first.how}), first.says, resource is None or resource.owner.kind != "none",
        resource is not None and resource.is_account,
    )  # fmt: skip
    doubts, drafted = _doubts(model, identities, first.resource, first.field, [first.identity])
    if not doubts and (unproven := identities.unproven_of(first.identity, "")):
        doubts = (unproven,)
    if why := _no_word_on_writing(model, first):
        doubts = (*doubts, why)
    if model.rule(first.endpoint.operation).draft:
        place = model.rule(first.endpoint.operation).location
        doubts, drafted = (*doubts, f"contradicts a drafted line: {place}"), True
    check = next(each for each in CHECKS if each.matches(leak))
    return Finding(
        rule=check.RULE.id,
        verdict="proven" if first.sure and not doubts else "suspected",
        resource=first.resource,
        field=first.field,
        viewer=first.viewer,
        state=first.state,
        endpoints=tuple(dict.fromkeys(each.endpoint for each in signals)),
        owasp=check.RULE.owasp,
        cwe=check.RULE.cwe,
        severity=_stated_severity(model, first.resource, first.field)
        or check.RULE.severity
        or severity(leak),
        title=check.title(leak),
        advice=check.advice(leak),
        contract_location=_told_at(model, first),
        evidence=replace(first.evidence, confirmed=first.sure),
        doubts=doubts if doubts or first.sure else (first.doubt or f"may be chance: {first.says}",),
        drafted=drafted,
    )


def _no_word_on_writing(model: Model, signal: Signal) -> str:
    """Why a write by a caller whom `call:` allows is no proof: no contract line says who may set a
    field of such objects. Empty if a line does, or if `call:` does not allow the caller."""
    table = model.settable.get(signal.resource)
    let_in = {*(model.rule(signal.endpoint.operation).call or ())} & {*signal.viewer.split("+")}
    if signal.how not in ("bola-write", "mass-assignment") or table is None or not let_in:
        return ""
    if any(grant.see for rule in table.rules for grant in rule.grants):
        return ""
    return (
        f"`call:` admits `{signal.viewer}`, but no line of `{signal.resource}` says who may set"
        f" its fields; add `set:` to them"
    )


def _told_at(model: Model, signal: Signal) -> Location:
    """The contract line of the field, or of the operation if the finding has no field."""
    if signal.resource in model.tables:
        return model.field_location(signal.resource, signal.field)
    first = next(iter(model.policy.resources.values()), None)
    said = model.rule(signal.endpoint.operation).location
    return said if said.line or first is None else first.location


def _evidence(matrix: Matrix, key: Key) -> Evidence | None:
    evidence = matrix.evidence.get(key.finding)
    confirmed = key.finding in matrix.confirmed
    weak = "" if confirmed else matrix.weak.get(key.finding, "")
    if evidence is None:
        return None
    note = "; ".join(filter(None, (evidence.note, weak)))
    return replace(evidence, confirmed=confirmed, note=note)


def _describe(
    model: Model,
    identities: KnownIdentities,
    matrix: Matrix,
    cells: list[tuple[Key, Entry]],
    together: Collection[str],
    refused: Collection[Place],
) -> Leak:
    key, entry = cells[0]
    policy = model.policy
    table = model.tables[key.resource]
    # The label has what the members of the object make the viewer, too.
    named = policy.relations.keys() & {*key.viewer.split("+")}
    held = identities.relations(entry.viewer, entry.owner) | named
    kinds = policy.kinds(*held)
    own = {name for name, each in table.resource.states.items() if each.member}
    of_owner = matrix.state(key.resource, entry.owner)
    state = {name: value for name, value in of_owner.items() if name not in own}
    state.update(values_of(model, key))
    anonymous = entry.viewer is None
    owned = table.resource.owner.kind != "none"
    stranger = (
        not anonymous
        and kinds <= {*_BASIC, "lookup"}
        and not _relation_grants(model, key.resource, held)
    )
    entitled = _sees_something(table, held, state)
    names = {table.resource.key, *table.resource.owner.members}
    whole = owned and not entitled and (stranger or anonymous) and bool({*together} - names)
    return Leak(
        key.resource,
        key.field,
        key.viewer,
        key.state,
        classify_field(key.field),
        anonymous,
        stranger,
        "owner" in kinds,
        not anonymous and all(_place(each) in refused for each, _ in cells),
        entitled,
        ()
        if _is_granted_by_line(model, identities, matrix, *cells[0])
        else _open_state(model, key, held),
        _promise(model.policy, key),
        _techniques(matrix, cells),
        owned=owned,
        account=table.resource.is_account,
        whole=whole,
        unguessable=_unguessable(matrix, cells),
        some=any(
            (name, each) in matrix.closed_to for each, _ in cells for name in identities.names()
        ),
    )


def _sees_something(table: Table, held: frozenset[str], state: dict[str, Json]) -> bool:
    """Whether a line shows whoever has these relations any field of the object; a state that is
    not known may be any."""
    unknown = [name for name in table.resource.states if name not in state]
    return any(table.see(held, {**each, **state}) for each in combinations(table, unknown))


def _unguessable(matrix: Matrix, cells: list[tuple[Key, Entry]]) -> bool:
    """Whether each endpoint names the object by UUIDs alone, and no other endpoint has shown this
    viewer the keys of such objects."""
    key = cells[0][0]
    for each, _ in cells:
        probe = matrix.probes.get(each.endpoint)
        if probe is None or probe.batch or not probe.personal:
            return False
        named = [p for p in probe.operation.parameters if p.name in probe.personal]
        if not named or any(p.shape.format != "uuid" for p in named):
            return False
    shown = (Result.OPEN, Result.LEAK)
    return not any(
        entry.result in shown and not matrix.probes[at.endpoint].personal
        for at, entry in matrix.entries.items()
        if (at.resource, at.viewer) == (key.resource, key.viewer) and at.endpoint in matrix.probes
    )


def _techniques(matrix: Matrix, cells: list[tuple[Key, Entry]]) -> frozenset[str]:
    """Techniques that all endpoints needed to show the leak; empty if a documented request did."""
    found = frozenset(matrix.causes.get(key, matrix.how(key.endpoint)) for key, _ in cells)
    return frozenset() if "" in found else found


def _relation_grants(model: Model, resource: str, held: frozenset[str]) -> bool:
    """Whether holding a looked-up relation grants anything: `follower` does, `blocked` does not."""
    table = model.tables[resource]
    return any(
        name in table.relations for name in held if not model.policy.kinds(name) <= {*_BASIC}
    )


def _place(key: Key) -> Place:
    return key.endpoint, key.resource, key.field, key.state


def _closed_to_anonymous(matrix: Matrix) -> set[Place]:
    """Cells whose endpoints refused anonymous callers or sent them no data."""
    asked: dict[Place, bool] = {}
    for key, entry in matrix.entries.items():
        if entry.viewer is None and entry.owner:
            closed = entry.result is Result.CLOSED
            asked[_place(key)] = asked.get(_place(key), True) and closed
    return {place for place, closed in asked.items() if closed}


def _open_state(model: Model, key: Key, held: frozenset[str]) -> State:
    """A state in which the contract grants the leaked field; empty if there is none."""
    table = model.tables[key.resource]
    for state in combinations(table, deciding_states(table, key.field)):
        if allows(table, key.field, held, state):
            return state_key(table, key.field, state)
    return ()


def _over_block(model: Model, matrix: Matrix, cells: list[tuple[Key, Entry]]) -> Finding:
    cells = sorted(cells, key=lambda pair: _endpoint_order(model, matrix, pair[0]))
    key, _ = cells[0]
    evidence, sure = matrix.refused.get(key.finding, (None, False))
    return Finding(
        rule=OVER_BLOCK.id,
        verdict="over_blocked",
        resource=key.resource,
        field=key.field,
        viewer=key.viewer,
        state=key.state,
        endpoints=tuple(dict.fromkeys(matrix.endpoint(each.endpoint) for each, _ in cells)),
        owasp=OVER_BLOCK.owasp,
        cwe=OVER_BLOCK.cwe,
        severity="low",
        title=f"`{key.viewer}` is granted `{key.resource}.{key.field}` but does not get it",
        advice="serve the field to this viewer, or remove the grant from the contract",
        contract_location=_line(model, key),
        evidence=replace(evidence, confirmed=sure) if evidence is not None else None,
    )


def _endpoint_order(model: Model, matrix: Matrix, key: Key) -> tuple[bool, bool, str, str]:
    endpoint, how = matrix.endpoint(key.endpoint), matrix.how(key.endpoint)
    main = model.policy.resources[key.resource].main
    return (bool(how), key.endpoint != main, endpoint.path, endpoint.method)


def _line(model: Model, key: Key) -> Location:
    return model.field_location(key.resource, key.field)


_CALL_ADVICE = (
    "the field's own line lets this caller see it, and `call:` of the operation does not: refuse"
    " such callers there; without `owner:`, `call:` asks each object of the response whose it is"
)


def _refusing_call(
    model: Model, identities: KnownIdentities, matrix: Matrix, cells: list[tuple[Key, Entry]]
) -> Location | None:
    """The line with the `call:` that alone makes a leak of what these cells show, since the line of
    the field grants it; None if a line of the field hides it anywhere."""
    key = cells[0][0]
    rule = model.rule(matrix.operation(key.endpoint))
    if rule.call is None or not rule.location.line:
        return None
    alone = all(_is_granted_by_line(model, identities, matrix, *each) for each in cells)
    return rule.location if alone else None


def _is_granted_by_line(
    model: Model, identities: KnownIdentities, matrix: Matrix, key: Key, entry: Entry
) -> bool:
    """Whether the line of a field grants it to the caller of a cell, whatever `call:` says."""
    held = identities.relations(entry.viewer, entry.owner)
    state = {**matrix.state(key.resource, entry.owner), **values_of(model, key)}
    return allows(model.tables[key.resource], key.field, held, state)
