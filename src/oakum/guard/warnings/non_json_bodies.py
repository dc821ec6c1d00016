"""Warnings about request bodies that are not JSON: forms, files, other media types."""

from __future__ import annotations

from collections.abc import Iterator

from oakum.errors import Problem
from oakum.guard.compiled.compiled_contract import CompiledContract
from oakum.guard.compiled.enforcement_plan import kind_of
from oakum.guard.compiled.file_uploads import unset_files
from oakum.guard.compiled.granted_endpoint import GrantedEndpoint
from oakum.routing.content_type import FORM, PARTS


def unread_forms(contract: CompiledContract, endpoint: GrantedEndpoint) -> Iterator[Problem]:
    """Warns about form bodies of a resource that a gateway cannot read."""
    for media in sorted(endpoint.checks.unjudged):
        yield Problem(
            contract.location(endpoint.operation),
            f"a gateway cannot read which fields a `{media}` body of"
            f" `{endpoint.operation.id}` sets: it is refused with 415",
            "let clients send a body that contains the resource, or say with `sets` where it is",
        )
    if endpoint.write and (files := [*unset_files(contract.model, endpoint.operation)]):
        name, resource = files[0]
        yield Problem(
            contract.location(endpoint.operation),
            f"no line lets anybody set `{name}` of a `{resource}`, so each form of"
            f" `{endpoint.operation.id}` with that file is refused with 422",
            f"write `{name}: [{{set: […]}}]` in `fields` of `{resource}`",
        )
    said = [
        each.type
        for each in endpoint.operation.body
        if kind_of(each) != "json" and endpoint.resource_form(each.type) is None
        if each.type != PARTS or not endpoint.checks.upload
    ]
    if not (endpoint.binds or endpoint.checks.plain.body) or not said:
        return
    types = ", ".join(f"`{each}`" for each in dict.fromkeys(said))
    hint = "let clients send JSON there, or declare it at an operation of its own"
    if FORM in said or PARTS in said:
        hint = "if the form is the resource, name its schema in `schemas` of that"
        hint += "; one with a file passes if it names no field that its owner may not set"
    what = "sets of a resource" if endpoint.binds else "names by keys"
    yield Problem(
        contract.location(endpoint.operation),
        f"a gateway judges what a body of `{endpoint.operation.id}` {what}, and cannot in"
        f" {types}: that is refused with 415",
        hint,
    )
