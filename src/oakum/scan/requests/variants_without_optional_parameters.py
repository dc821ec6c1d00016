"""Variants of an endpoint that leave out optional parameters which the contract fills.

They are sent besides the filled request. A filter may hide what the request without it shows; and
where an object has several names, such as an id and a number, an API may check its caller for one
of them and not for another (CWE-639), or only if it gets both.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from oakum.authz import Model
from oakum.exposure.endpoints.probes import (
    Probe,
    is_shown_alone,
    list_members,
    names_a_person,
)
from oakum.exposure.endpoints.request_bodies import body_members, body_shape
from oakum.inference.lexicon import FieldClass, classify_field, word_set, words

_NAMES = (
    FieldClass.KEY,
    FieldClass.HANDLE,
    FieldClass.CONTACT,
    FieldClass.IDENTITY_DOCUMENT,
)
_NUMBERS = word_set("no nr num number code ref reference serial sku barcode isbn")
"""Last words of fields by which people name one object of many."""


def asking_for_all(probes: Iterable[Probe]) -> Iterator[Probe]:
    """Variants without any optional parameter that the contract fills."""
    for probe in probes:
        if lacks := tuple(name for name in probe.sources if _is_optional(probe, name)):
            yield _without(probe, lacks, f"without {' and '.join(lacks)}")


def asking_by_each_name(model: Model, probes: Iterable[Probe]) -> Iterator[Probe]:
    """Variants with one of several optional parameters that name the same object by different
    fields of it, each alone."""
    for probe in probes:
        for resource, names in _names_of_one(model, probe).items():
            one = is_shown_alone(model, probe.operation, resource)
            owned = model.policy.resources[resource].owner.kind != "none"
            for name in names:
                lacks = tuple(each for each in names if each != name)
                way = _without(probe, lacks, f"by {name} alone")
                # A list is filtered by a number, and need not have each object that has it.
                chosen = {name} if owned and one and not way.batch else set[str]()
                yield replace(way, alone=name, personal=way.personal | chosen)


def _names_of_one(model: Model, probe: Probe) -> dict[str, list[str]]:
    """Resource → optional parameters that name an object of it, if there are several for several
    fields and nothing that is required names it."""
    found: dict[str, list[str]] = {}
    needed = set[str]()
    for name, source in probe.sources.items() if probe.asks is None else ():
        resource = source.partition(".")[0]
        if resource not in model.policy.resources:
            continue
        if not _may_be_left_out(probe, name):
            needed.add(resource)
        elif _names_one(model, probe, source):
            found.setdefault(resource, []).append(name)
    return {
        resource: names
        for resource, names in found.items()
        if resource not in needed and len({probe.sources[each] for each in names}) > 1
    }


def _names_one(model: Model, probe: Probe, source: str) -> bool:
    """Whether a field tells one object from others; any may where one is asked for."""
    resource, _, path = source.partition(".")
    if names_a_person(model, source) or path == model.policy.resources[resource].key:
        return True
    said = words(path)
    return (
        is_shown_alone(model, probe.operation, resource)
        or classify_field(path) in _NAMES
        or bool(said and said[-1] in _NUMBERS)
    )


def _without(probe: Probe, lacks: tuple[str, ...], said: str) -> Probe:
    sources = {name: each for name, each in probe.sources.items() if name not in lacks}
    return replace(
        probe,
        endpoint=replace(probe.endpoint, path=f"{probe.endpoint.path} {said}"),
        sources=sources,
        personal=probe.personal.difference(lacks),
        batch=probe.batch and not list_members(probe.operation).isdisjoint(sources),
        lacks=lacks,
    )


def _is_optional(probe: Probe, name: str) -> bool:
    """Whether a request may omit a filled parameter or body member. Bodies that may be empty are
    left to `bulk_exposure`."""
    shape = body_shape(probe.operation)
    in_body = all(each.name != name for each in probe.operation.parameters)
    if in_body and (shape is None or not shape.required):
        return False
    return _may_be_left_out(probe, name)


def _may_be_left_out(probe: Probe, name: str) -> bool:
    """Whether a valid request may lack a filled parameter or body member."""
    for parameter in probe.operation.parameters:
        if parameter.name == name:
            return not parameter.required and parameter.where in ("query", "header")
    known = body_members(probe.operation).get(name)
    return body_shape(probe.operation) is not None and not (known and known.required)
