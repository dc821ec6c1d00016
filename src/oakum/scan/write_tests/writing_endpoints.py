"""Which operations a write test uses: those that change one existing object or a list by key."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from oakum.authz import Model
from oakum.exposure.endpoints.probes import Probe, probe_of
from oakum.exposure.endpoints.request_bodies import body_shape
from oakum.finding import Endpoint
from oakum.http.methods import WRITES
from oakum.inference.lexicon import FieldClass, classify_field, word_set, words
from oakum.inference.side_effects import classify
from oakum.inference.unsafe_writes import more_than_sets
from oakum.openapi.model import Operation, Shape
from oakum.scan.coverage.uncalled_operations import barring_reason
from oakum.scan.coverage.untested import Section, UntestedItem
from oakum.scan.requests.bulk_writes import bulk, why_not
from oakum.scan.requests.written_resources import last_parameter, written_resources
from oakum.scan.write_tests.addressed_object import to_one_object

_CHANGES = word_set("change edit modify patch save set update")


def writing_endpoints(
    model: Model, params: Mapping[str, Mapping[str, str]]
) -> Iterator[tuple[Probe, str]]:
    """Writing operations on one object that is there already, with the resource they write."""
    for operation in model.operations.values():
        verdict = classify(operation, model.rule(operation.id))
        if operation.method not in WRITES or verdict.kind != "write":
            continue
        if barring_reason(model, operation) or more_than_sets(operation):
            continue
        probe = probe_of(model, operation, params.get(operation.id, {}))
        if (many := bulk(model, operation)) is not None:
            if not why_not(model, operation, many):
                yield to_one_object(model, probe, many.resource), many.resource
            continue
        named = operation.method != "POST" or _sets_what_is_there(operation, probe)
        for resource in _resources(model, operation, probe) if named else ():
            if operation.method != "POST" or _is_told_from_a_new_one(model, probe, resource):
                yield to_one_object(model, probe, resource), resource


def bulk_left_out(model: Model) -> Iterator[UntestedItem]:
    """Writes of many objects at once to which nothing is sent, each with why."""
    for operation in model.operations.values():
        many = bulk(model, operation)
        write = classify(operation, model.rule(operation.id)).kind == "write"
        if (
            many is None
            or not write
            or barring_reason(model, operation)
            or more_than_sets(operation)
        ):
            continue
        if why := why_not(model, operation, many):
            endpoint = Endpoint(operation.method, operation.path, operation.id)
            said = f"not written to `{many.resource}` by key, because {why}"
            yield UntestedItem(endpoint, said, Section.WRITES)


def _resources(model: Model, operation: Operation, probe: Probe) -> list[str]:
    """What is written; where neither contract nor document says it, what the path ends with, if a
    body may set members of it. Without a body `PUT /me/starred/{id}` makes a link: it would stay,
    for to send the old values again does not end it."""
    found = [name for name, _ in written_resources(model, operation)]
    name, _, field = probe.sources.get(last_parameter(operation.path), "").partition(".")
    known = model.policy.resources.get(name)
    if found or known is None or known.key != field or known.owner.kind == "none":
        return found
    return [name] if _may_set_members(model, operation, name) else []


def _may_set_members(model: Model, operation: Operation, resource: str) -> bool:
    """Whether a declared body has a member of a resource, or does not say what it has."""
    shape = body_shape(operation)
    if not operation.body or (shape is not None and shape.kinds - {"object", "null"}):
        return False
    names = {path.partition(".")[0] for path in model.tables[resource].leaves}
    return shape is None or not shape.properties or not names.isdisjoint(shape.properties)


def _sets_what_is_there(operation: Operation, probe: Probe) -> bool:
    """Whether a POST sets members of the one object that it names. Else it may make one, or link
    two (`POST /albums/{id}/photos`), and nothing says how that is undone."""
    in_path = {each.name for each in operation.parameters if each.where == "path"}
    said = frozenset((*words(operation.path.replace("/", " ")), *words(operation.id)))
    own = last_parameter(operation.path) in probe.personal & in_path
    linked = len({probe.sources[name] for name in probe.personal}) > 1
    shape = body_shape(operation) or Shape()
    keys = [
        name
        for name, thunk in shape.properties.items()
        if name not in probe.sources
        and name in shape.required
        and classify_field(name, thunk()) is FieldClass.KEY
    ]
    return bool(probe.personal) and (own or bool(said & _CHANGES)) and not (linked or keys)


def _is_told_from_a_new_one(model: Model, probe: Probe, resource: str) -> bool:
    """Whether what a POST changes is not another object that it makes: one with a key, and not one
    of another resource than the object at the end of the path (`POST /boards/{id}` with a card)."""
    last = probe.sources.get(last_parameter(probe.operation.path), "").partition(".")[0]
    return bool(model.policy.resources[resource].key) and last in ("", resource)
