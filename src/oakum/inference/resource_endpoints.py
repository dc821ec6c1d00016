"""The endpoints of a resource: those that change it, and the one that shows it by its key."""

from __future__ import annotations

import re

from oakum.inference.path_nouns import is_of_caller, last_parameter, noun_of_path, nouns
from oakum.inference.response_objects import is_item
from oakum.inference.schema_groups import DocumentTypes, Thing
from oakum.openapi.document import Document
from oakum.openapi.model import Operation

_VERSION = re.compile(r"/v(\d{1,3})(?=/|$)")


def changes(world: DocumentTypes, document: Document) -> dict[int, list[Operation]]:
    """`id()` of each thing → operations that change it: those that return it, or whose path names
    it."""
    answered = {
        seen.operation.id: thing
        for thing in world.things
        for seen in thing.objects
        if not seen.inside
    }
    by_noun = {thing.noun: thing for thing in world.things}
    found: dict[int, list[Operation]] = {}
    for endpoint in document.operations:
        if endpoint.method in ("POST", "PUT", "PATCH") and endpoint.body:
            named = map(noun_of_path, reversed(endpoint.path.split("/")))
            of_path = next((by_noun[noun] for noun in named if noun in by_noun), None)
            thing = (
                answered.get(endpoint.id)
                or of_path
                or (world.account if is_of_caller(endpoint) else None)
            )
            found.setdefault(id(thing), []).append(endpoint)
    return found


def main_endpoint(thing: Thing) -> str:
    """The operation that shows one such thing by its key; empty if there is none."""
    found = [
        seen.operation
        for seen in thing.objects
        if not seen.inside
        and seen.operation.method == "GET"
        and is_item(seen)
        and thing.noun in nouns(seen.operation.path, last_parameter(seen.operation.path))
    ]
    found.sort(key=lambda endpoint: (endpoint.path.count("/"), -_version(endpoint.path)))
    return found[0].id if found else ""


def _version(path: str) -> int:
    """The version that a path names (`/v2/…`): of two endpoints that are alike the newer one
    counts."""
    return max((int(number) for number in _VERSION.findall(path)), default=0)
