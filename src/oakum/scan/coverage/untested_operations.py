"""Operations that can show personal data and were not tested, and what to do about each.

A run is clean only if each such operation was tested, whatever the share of decided cells. An
operation counts as tested if it showed somebody what the contract grants them, and if it answered
each kind of viewer that an identity represents. What the contract excludes with a reason is not
counted.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping

from oakum.authz import Model
from oakum.authz.compiled_model import is_open_to_members, is_withheld
from oakum.authz.decide import through
from oakum.errors import count_of, few
from oakum.exposure.cells.matrix import Matrix
from oakum.exposure.cells.report_cells import asked_as_more
from oakum.exposure.cells.untested_reasons import NO_REQUEST, asked_as
from oakum.exposure.endpoints.probes import probe_of
from oakum.exposure.known_identities import KnownIdentities
from oakum.finding import Cell, Result, SkippedOperation
from oakum.inference.side_effects import classify
from oakum.openapi.model import Operation
from oakum.scan.coverage.untested import UntestedItem

_MOST_NAMED = 8
_NO_TEXT = re.compile(r"(?:application/(?:octet-stream|pdf|zip)|audio|font|image|video)\b", re.I)
"""Media types that no value is looked for in."""


def find_untested(
    model: Model,
    cells: Iterable[Cell],
    skipped: Iterable[SkippedOperation],
    reach: Collection[tuple[str, str, str]],
) -> list[UntestedItem]:
    """Operations without a test. `reach`: (operation, resource, viewer) for which an identity has
    the relation to an owner whose object was shown there."""
    found = [*_find_unasked(model, skipped)]
    by_operation: dict[str, list[Cell]] = {}
    for cell in cells:
        if is_withheld(model, cell.resource):
            by_operation.setdefault(cell.endpoint.operation, []).append(cell)
    for operation, own in by_operation.items():
        rule = model.rule(operation)
        endpoint = next((c.endpoint for c in own if c.result is not Result.LEAK), own[0].endpoint)
        # A value of a resource that the operation does not show tells nothing of what it shows.
        known = model.operations.get(operation)
        shows = probe_of(model, known, {}).shows if known is not None else ()
        own = [each for each in own if each.resource in shows] or own
        if not rule.untested and (why := _missing_for(model, own, reach)):
            found.append(UntestedItem(f"{endpoint.method} {endpoint.path}", why))
    return sorted(set(found), key=lambda each: each.name)


def _find_unasked(model: Model, skipped: Iterable[SkippedOperation]) -> Iterator[UntestedItem]:
    """Operations that read owned data and were not requested."""
    for each in skipped:
        operation = model.operations.get(each.endpoint.operation)
        if operation is None or model.rule(operation.id).untested:
            continue
        reads = classify(operation, model.rule(operation.id)).kind == "read"
        if (operation.method == "GET" or reads) and _may_show(model, operation):
            verdict = classify(operation)
            named = verdict.kind == "destructive" and each.reason == verdict.reason
            hint = "; if it only reads, say `reads: true` in its rule" if named else ""
            yield UntestedItem(
                f"{operation.method} {operation.path}", f"not asked: {each.reason}{hint}"
            )


def _may_show(model: Model, operation: Operation) -> bool:
    """Whether an operation that reads can show somebody's data: objects of the contract, or else a
    text without a schema, whose parameter names somebody's object or which `call:` keeps from some
    who are logged in."""
    probe, rule = probe_of(model, operation, {}), model.rule(operation.id)
    if probe.shows:
        return any(is_withheld(model, name) for name in probe.shows)
    media = operation.success()
    if rule.graphql or media is None or _NO_TEXT.match(media.type):
        return False
    names = model.policy.resources.keys() & {s.partition(".")[0] for s in probe.sources.values()}
    login = model.policy.only("anyone", "authenticated")
    kept = rule.call is not None and not through(model, operation.id, login, True)
    return kept or any(is_withheld(model, name) and _is_somebodys(model, name) for name in names)


def _is_somebodys(model: Model, resource: str) -> bool:
    return model.policy.resources[resource].owner.kind != "none"


def within_reach(identities: KnownIdentities, matrix: Matrix) -> set[tuple[str, str, str]]:
    """(operation, resource, viewer) for which an identity has the relation to an owner whose object
    was shown."""
    found = set[tuple[str, str, str]]()
    for endpoint, owner, resource in {each[:3] for each in matrix.witnessed} | matrix.own.keys():
        # An object that only another body or query shows counts as shown by the operation.
        plain = not matrix.how(endpoint)
        if owner and (plain or (matrix.operation(endpoint), resource) not in matrix.carried):
            for viewer in (None, *identities.names()):
                if (
                    viewer
                    and (endpoint, viewer, owner) in matrix.passed_over
                    and matrix.is_own(endpoint)
                ):
                    continue
                label = identities.label(identities.relations(viewer, owner), viewer, owner)
                found.add((matrix.operation(endpoint), resource, label))
    more = asked_as_more(matrix)  # there, objects give these viewers another relation
    return found - {(matrix.operation(at), resource, label) for at, resource, label in more}


def unseen(
    model: Model,
    identities: KnownIdentities,
    cells: Iterable[Cell],
    reach: Mapping[tuple[str, str], bool],
) -> Iterator[str]:
    """Kinds of viewers with a grant that no identity represents. `reach`: (resource, viewer) →
    whether any pair of identities has the relation.

    Relations by an object's field are only known for objects that were seen. A viewer with several
    relations (`pub+own`) counts for each of them.
    """
    relations, missing = model.policy.relations, dict[str, None]()
    cells = tuple(cells)
    seen = {
        relation
        for cell in cells if cell.result is not Result.UNTESTED
        for relation in cell.viewer.split("+")
    }  # fmt: skip
    for cell in cells:
        met = any(reach.get((name, cell.viewer)) for name in model.policy.resources)
        for viewer in cell.viewer.split("+") if _is_somebodys(model, cell.resource) else ():
            relation = relations.get(viewer)
            if relation is None or relation.untested or met or viewer in seen:
                continue
            if not asked_as(identities, viewer):
                missing[viewer] = None
    for viewer in missing:
        yield (
            f"no identity is `{viewer}`: nothing is known about such callers; list one, or"
            f' say in the contract why there is none: `untested: "the reason"` at `{viewer}`'
        )


def recent(model: Model, places: Collection[tuple[str, str]]) -> Iterator[str]:
    """A remark that hidden times of the last minutes were not searched for outside their fields.
    `places`: (resource, field path) in which owners were shown such times."""
    hidden = [
        f"{name}.{path}"
        for name, path in sorted(places)
        if not is_open_to_members(model, name, path)
    ]
    if hidden:
        yield (
            f"{few(hidden, 3)} of the identities' objects are times of the last minutes, which any"
            " response may contain, so they were looked for only in their own fields; scan again in"
            " five minutes"
        )


def shown_in_graph(matrix: Matrix) -> bool:
    """Whether a GraphQL query showed an owner any of their own data: fields in GraphQL have no
    cells unless they leak."""
    return any(
        fields and owner and (probe := matrix.probes.get(endpoint)) is not None and probe.asks
        for (endpoint, owner, _), fields in matrix.own.items()
    )


def alone(model: Model, identities: KnownIdentities) -> Iterator[str]:
    """Why strangers are untested: a single account cannot request another's object."""
    owned = any(_is_somebodys(model, name) for name in model.policy.resources)
    if owned and len(identities.names()) < 2:
        yield (
            "nobody requested another user's object: there is only one identity; list a second"
            " account, so that a stranger can"
        )


def _missing_for(model: Model, cells: list[Cell], reach: Collection[tuple[str, str, str]]) -> str:
    """What is missing for an operation to count as tested; empty if nothing is. Owners who may not
    call it need not be shown their own data there."""
    if not any(cell.result in (Result.OPEN, Result.LEAK) for cell in cells):
        reasons = [cell.reason for cell in cells if cell.reason]
        return max(reasons, key=reasons.count) if reasons else "it showed nobody anything"
    decided: dict[str, bool] = {}
    for cell in cells:
        operation = cell.endpoint.operation
        if (operation, cell.resource, cell.viewer) in reach and not _is_barred(model, cell):
            known = cell.result is not Result.UNTESTED
            decided[cell.viewer] = decided.get(cell.viewer, False) or known
    blind = [viewer for viewer, known in decided.items() if not known]
    if not blind:
        return ""
    reasons = [cell.reason for cell in cells if cell.viewer in blind and cell.reason]
    why = max(reasons, key=reasons.count) if reasons else NO_REQUEST
    return f"nothing is known of {' and '.join(f'`{each}`' for each in blind)} there: {why}"


def _is_barred(model: Model, cell: Cell) -> bool:
    """Whether a cell belongs to owners whom `call:` does not allow to call the operation."""
    label, call = {*cell.viewer.split("+")}, model.rule(cell.endpoint.operation).call
    owners = any("owner" in model.policy.kinds(each) for each in label & {*model.policy.relations})
    basic = model.policy.only("anyone", "authenticated")
    return owners and call is not None and (label | basic).isdisjoint(call)


def trust_reasons(found: list[UntestedItem]) -> Iterator[str]:
    """Untested operations as reasons to distrust the run, each with a remedy."""
    for each in found[:_MOST_NAMED]:
        yield (
            f"{each.name} is untested: {each.reason}; fix that, or mark it in the contract"
            ' with `untested: "the reason"`'
        )
    if (left := len(found) - _MOST_NAMED) > 0:
        yield f"{count_of(left, 'more operation')} are untested too"


def vain(why: str) -> str:
    """Says that no setting could be changed although the run was allowed to."""
    return (
        f"no own setting could be changed ({why}): nothing is known about other values than the"
        " present ones; fix that, or scan without `--allow-own-settings`"
    )


def cut_short(techniques: Iterable[str]) -> Iterator[str]:
    """What was left out when the budget was spent, by techniques that would have sent something."""
    if left := list(dict.fromkeys(techniques)):
        named = ", ".join(f"`{each}`" for each in left)
        yield (
            f"the budget ended before these techniques were done: {named}; what they would have"
            " found is unknown; raise `--budget`"
        )


def bent(found: tuple[str, str]) -> str:
    """Says that a response had another form than the document declares."""
    endpoint, pointer = found
    return (
        f"{endpoint} sent one object where the document declares a list (at {pointer}): judged"
        f" as a list of one, but a guard with this document withholds it; correct the document"
    )


def unclear_masks(matrix: Matrix) -> Iterator[str]:
    """Why a run without findings is not trusted if a masked field contained a value that has no
    form of the contract and may or may not be the owner's."""
    named = {
        f"`{key.resource}.{key.field}`"
        for key in matrix.beyond
        if key in matrix.entries and matrix.entries[key].result is not Result.LEAK
    }
    if named:
        yield (
            f"{', '.join(sorted(named))} came with a value that has no masked form of the contract,"
            " and nothing distinguishes it from its owner's; look at what others are shown"
        )


def shown_twice(found: tuple[tuple[str, str], set[str]]) -> str:
    """Says that two identities were shown one object as their own."""
    (endpoint, resource), names = found
    return (
        f"{endpoint} showed {' and '.join(sorted(names))} a `{resource}` as their own that it"
        f" had also shown to somebody else as theirs: a shared cache may be involved, or the"
        f" endpoint names its caller as the owner; if it belongs to both, say so in its `owner:`,"
        " and if two objects have this key, name another `key:`"
    )
