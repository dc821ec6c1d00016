"""Closes cells by absence: objects missing from a list, fields missing from an object."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from oakum.authz import Model
from oakum.authz.table import closed_by_absence
from oakum.exposure.cells.matrix import NOBODY, Entry, Key, Matrix, Observation, Outcome
from oakum.exposure.cells.report_cells import asked_as_more
from oakum.exposure.endpoints.probes import Probe
from oakum.exposure.known_identities import KnownIdentities
from oakum.exposure.relation_fields import is_one_of_many, shows_setting
from oakum.finding import Result
from oakum.scan.coverage.untested import Section
from oakum.scan.engine import Engine
from oakum.scan.evaluation.requested_object import parameter_naming


def close_lists(engine: Engine) -> None:
    """Closes cells whose field or object was missing for a viewer. Runs last, since it needs the
    owners' own views."""
    more = asked_as_more(engine.matrix)
    _give_cells_to_ways(engine.matrix)
    for (endpoint, _), answers in engine.responses.seen.items():
        shown = set().union(*answers.values())
        picks = not engine.matrix.probes[endpoint].personal
        for viewer, sighted in answers.items():
            if picks:
                present = {owner for owner, _ in sighted}
                left_out = {NOBODY, *engine.identities.names()} - present
                engine.matrix.passed_over |= {(endpoint, viewer, owner) for owner in left_out}
            # Shown without the field before not shown at all: the former is stronger evidence.
            for owner, resource in sorted(shown, key=lambda each: (each not in sighted, each)):
                probe = engine.matrix.probes[endpoint]
                missing = (owner, resource) not in sighted
                # A list below an owner's object: what others were shown there may be missing from
                # it.
                below = not picks and not parameter_naming(
                    probe, engine.model.policy.resources[resource]
                )
                if owner != viewer or (below and missing):
                    absent = missing and (picks or below)
                    held = engine.identities.relations(viewer, owner)
                    label = engine.identities.label(held, viewer, owner)
                    judged = engine.responses.judged.get(
                        (endpoint, viewer, owner, resource), {label}
                    )
                    under = frozenset[str]() if absent or label in judged else frozenset(judged)
                    other = owner == NOBODY and bool(under)
                    if (endpoint, resource, label) not in more and not other:
                        _close(engine, probe, viewer, owner, resource, under, absent=absent)


def _give_cells_to_ways(matrix: Matrix) -> None:
    """Gives variants of an operation the cells of a resource that they alone show
    (`?include=notes`): an object that is missing there closes them like in a documented list."""
    ways = {
        (way.id, name): way.operation.id
        for way in matrix.probes.values()
        if way.how and way.asks is None
        for name in way.shows
        if (way.id, name) in matrix.carried and (way.operation.id, name) not in matrix.carried
    }
    for key, entry in list(matrix.entries.items()) if ways else ():
        for (way, name), operation in ways.items():
            if key[:2] == (operation, name):
                matrix.entries.setdefault(key._replace(endpoint=way), Entry(entry.granted))


def unread(
    model: Model,
    probes: Iterable[Probe],
    identities: KnownIdentities,
    seen: Mapping[tuple[str, str], Mapping[str | None, set[tuple[str, str]]]],
) -> set[tuple[str, str]]:
    """(identity, `Resource.state`) that an endpoint shows but nobody has read yet, because of the
    budget or an unknown id; cells that depend on it cannot be judged."""
    every = list(probes)
    found = set[tuple[str, str]]()
    for name, resource in model.policy.resources.items():
        if is_one_of_many(model, resource):
            continue  # such objects have a state each, stored by key
        states = {f"{name}.{each}": s.member for each, s in resource.states.items() if s.member}
        endpoints = [
            g for g in every if any(shows_setting(g.shows, name, at) for at in states.values())
        ]
        for who in identities.names():
            places = ((g.id, who if g.sources else "") for g in endpoints)
            shown = any((who, name) in seen.get(at, {}).get(who, ()) for at in places)
            # Absence is evidence only where the field is shown for somebody's object.
            carried = {state for _, state in identities.states}
            found |= {(who, state) for state in states if not shown or state not in carried}
    return found - identities.states.keys()


def judge_by_entitled(engine: Engine) -> None:
    """Closes cells of fields that no owner was shown, by what entitled viewers were shown, and
    reopens those that later responses contradict. A value that is not its owner's leaks if it is
    what they were shown."""
    entitled, matrix = engine.evaluator.entitled, engine.matrix
    entitled.take_back(matrix)
    for request_key, leak in [*entitled.leaks()]:
        entry = matrix.entries.get(leak.key)
        if entry is not None and entry.result is not Result.LEAK:
            # Its request is sent again to confirm it, and judged by what is known then.
            outcome = Outcome(request_key, 0, (leak,), tentative=True)
            engine.record(matrix.probes[leak.key.endpoint], outcome)
    for seen in [*entitled.tell()]:
        key, entry = seen.key, matrix.entries.get(seen.key)
        untested = entry is not None and entry.result is Result.UNTESTED
        if untested and not matrix.is_doubtful(key):
            key_of_request = f"{key.endpoint}|{seen.viewer or ''}|{seen.owner}|entitled"
            outcome = Outcome(key_of_request, 0, (seen,))
            engine.record(matrix.probes[key.endpoint], outcome)


def _close(
    engine: Engine,
    probe: Probe,
    viewer: str | None,
    owner: str,
    resource: str,
    under: Collection[str],
    *,
    absent: bool,
) -> None:
    """Closes cells of one viewer and owner by absence. `absent`: the list contained no object of
    the owner; `under`: further relations under which all objects of the owner were judged: a field
    in the response is in a cell of theirs, a missing one is closed there, too."""
    endpoint = probe.id
    closed = tuple(
        Observation(key, False, Result.CLOSED, viewer, owner)
        for key in engine.matrix.undecided_cells(endpoint, viewer, owner, resource)
        if _is_shut(engine, key, viewer, owner, absent=absent)
        and all(_is_closed(engine, key._replace(viewer=each)) for each in under)
    )
    if absent:
        engine.matrix.ends.by_absence.update(each.key for each in closed)
    if closed:
        engine.record(probe, Outcome(f"{endpoint}|{viewer or ''}|{owner}|list", 0, closed))


def _is_closed(engine: Engine, key: Key) -> bool:
    entry = engine.matrix.entries.get(key)
    return entry is not None and entry.result is Result.CLOSED


def _is_shut(engine: Engine, key: Key, viewer: str | None, owner: str, *, absent: bool) -> bool:
    """Whether the absence of a denied field is evidence.

    It is if its owner was shown the field, or if nobody may see it at all. It is not if the field
    came empty.
    """
    if (key.endpoint, viewer or "", owner, key.resource, key.field) in engine.matrix.ends.blank:
        return False
    if engine.matrix.entries[key].granted or engine.matrix.is_doubtful(key):
        return False
    if engine.matrix.is_unclear(key.endpoint, viewer, owner, key.resource):
        return False
    resource = engine.model.policy.resources[key.resource]
    own = any(resource.states[name].member for name, _ in key.state)
    if own and is_one_of_many(engine.model, resource) and not _was_left_out(engine, key, owner):
        return False
    if engine.identities.in_doubt(owner, key.resource) & {name for name, _ in key.state}:
        return False
    known = (owner, key.resource, key.field) in engine.knowledge.present
    if is_one_of_many(engine.model, resource) and _names_one(engine, key):
        # Another object of the owner may have the field: its absence from this one proves nothing.
        here = engine.matrix.own.get((key.endpoint, owner, key.resource), ())
        empty = (owner, key.resource, key.field) in engine.knowledge.empty
        known = key.field in here and (known or empty)
    expected = known or closed_by_absence(engine.model.tables[key.resource], key.field)
    if expected and viewer != owner:  # owners are only compared with entitled viewers
        return True
    # The response has no object of the owner, although entitled viewers were shown some.
    entitled = engine.evaluator.entitled
    by = entitled.objects(owner, key.resource, key.field) if absent else ()
    if by:
        entitled.close(key, by)
    return bool(by)


def _was_left_out(engine: Engine, key: Key, owner: str) -> bool:
    """Whether the owner has objects in the state of the cell that the list left out. Where a
    request names one object by its key, its own response decides."""
    return not _names_one(engine, key) and engine.evaluator.shown_in(key.endpoint, owner, key)


def _names_one(engine: Engine, key: Key) -> bool:
    """Whether requests to the endpoint of a cell name one object."""
    probe = engine.matrix.probes[key.endpoint]
    return bool(parameter_naming(probe, engine.model.policy.resources[key.resource]))


def say_stated(engine: Engine) -> None:
    """Remarks on settings that only the identities file states: a mistake there would falsify
    results."""
    whose: dict[str, list[str]] = {}
    for name, path in sorted(engine.identities.stated):
        whose.setdefault(path, []).append(name)
    engine.results.remark(
        *(
            f"`{path}` of {', '.join(names)} is known only from the identities file, and no"
            f" response confirms it: if that line is wrong, so are the verdicts for it"
            for path, names in whose.items()
        )
    )


def say_why(engine: Engine) -> None:
    """Remarks why endpoints were never requested."""
    say_stated(engine)
    told = engine.results.gaps.reasons(Section.CELLS)
    for probe in engine.state.probes:
        if probe.id in told or engine.state.was_asked(probe):
            continue
        lacking = [*probe.unfilled, *probe.sources]
        lacking.sort(key=lambda name: _is_known(engine, probe, name))
        named = f"`{lacking[0]}`" if lacking else "its parameters"
        hint = _what_helps(engine, probe, probe.sources.get(lacking[0], "") if lacking else "")
        engine.results.note_gap(probe.id, f"no value for {named} is known; {hint}", Section.CELLS)


def _what_helps(engine: Engine, probe: Probe, source: str) -> str:
    """What the user may write so that a parameter with this source has a value."""
    hint = f"name its source under `operations: {probe.operation.id}: params:`"
    resource, _, path = source.partition(".")
    known = engine.model.policy.resources.get(resource)
    if known is None or path != known.key or known.is_account or probe.unfilled:
        return hint
    # `owns:` of the identities file names objects of an owner, and these have none.
    if known.owner.kind == "none":
        return f"no response showed a `{resource}` that has one: {hint}"
    hint = f"name an object as `owns: {{{resource}: …}}` in the identities file"
    if known.owner.kind == "creator" and not engine.context.may.writes:
        hint += ", or allow the scan to create one with --allow-writes"
    return hint


def _is_known(engine: Engine, probe: Probe, name: str) -> bool:
    """Whether values are known of the field that fills a parameter."""
    source = probe.sources.get(name)
    return source is not None and bool(engine.knowledge.values(source, None))
