"""Operations that create an object, each with the one that deletes it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from oakum.authz import Model
from oakum.exposure.endpoints.probes import Probe, probe_of
from oakum.inference.side_effects import classify
from oakum.scan.coverage.uncalled_operations import (
    barring_reason,
    named_by,
    remover,
    why_no_creation,
)
from oakum.scan.requests.written_resources import written_resources


@dataclass(frozen=True)
class Creation:
    """How objects of a resource are created and deleted."""

    resource: str
    at: tuple[str, ...]
    """Where in the body the object stands."""
    make: Probe
    remove: Probe
    named: str = ""
    """The member whose value stands in the path of `remove`, where that is not the key."""


def creations(model: Model, params: Mapping[str, Mapping[str, str]]) -> Iterator[Creation]:
    """Operations that create an object which another operation can delete."""
    for operation in model.operations.values():
        verdict = classify(operation, model.rule(operation.id))
        if (
            operation.method != "POST"
            or verdict.kind != "write"
            or barring_reason(model, operation)
        ):
            continue
        make = probe_of(model, operation, params.get(operation.id, {}))
        for resource, at in written_resources(model, operation):
            known = model.policy.resources[resource]
            if not known.key or known.owner.kind == "none":
                continue
            if why_no_creation(model, operation, resource):
                continue
            remove = remover(model, operation, resource, params)
            if remove is not None:
                yield Creation(resource, at, make, remove, named_by(model, remove, resource))
