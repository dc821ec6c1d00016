"""Parameters of a request that name the version that it is based on, such as `If-Match`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from urllib.parse import parse_qsl, urlencode

from oakum.exchange import Request
from oakum.exposure.endpoints.probes import Probe
from oakum.exposure.values.knowledge import canonical
from oakum.http.json_pointer import member_at
from oakum.inference.object_version_names import names_version
from oakum.openapi.model import Json

Versions = tuple[tuple[str, str], ...]
"""(parameter, member): what says in a query or header the version that this member of the object
tells."""


def versions_of(probe: Probe, resource: str, key: str) -> Versions:
    """What a write of one object says of its version beside path and body."""
    found: dict[str, str] = {}
    for each in probe.operation.parameters:
        name, _, member = probe.sources.get(each.name, "").partition(".")
        told = names_version(each.name) or names_version(member)
        if each.where in ("query", "header") and name == resource and member != key and told:
            found[each.name] = member
    return tuple(found.items())


def at_version(request: Request, shown: Mapping[str, Json], versions: Versions) -> Request:
    """A request with the version of an object as a response shows it."""
    known = {
        name: canonical(value)
        for name, member in versions
        if (value := told_by(shown, member)) is not None
    }
    path, _, query = request.url.partition("?")
    pairs = parse_qsl(query, keep_blank_values=True)
    fresh = [(name, known.get(name, value)) for name, value in pairs]
    url = request.url if fresh == pairs else f"{path}?{urlencode(fresh)}"
    lower = {name.lower(): value for name, value in known.items()}
    headers = {name: lower.get(name.lower(), each) for name, each in request.headers.items()}
    return replace(request, url=url, headers=headers)


def told_by(shown: Mapping[str, Json], member: str) -> Json:
    """What a member of an object at a dotted path tells; None: it has none there."""
    return member_at(dict(shown), member.split("."))
