"""Remarks on an endpoint: duplicate hosts, older versions, missing credentials."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator

from oakum.errors import few
from oakum.openapi.model import Operation as Declared
from oakum.traffic.inventory import HostCounts, SeenEndpoint
from oakum.traffic.observation_model import EndpointNote

_VERSION = re.compile(r"v(\d{1,3})")
_PARAMETER = re.compile(r"\{[^{}]*\}")
_FEW = 8
_ENOUGH = 3
"""Number of responses of a host from which missing fields are reported."""


def twins(endpoint: SeenEndpoint, names: frozenset[str]) -> Iterator[EndpointNote]:
    """Hosts where an endpoint requires less authentication or returns other fields."""
    sites = {host: site for host, site in sorted(endpoint.sites.items()) if site.good}
    if len(sites) < 2:
        return
    open_ = [host for host, site in sites.items() if site.auth["none"]]
    shut = [host for host, site in sites.items() if not site.auth["none"]]
    if open_ and shut and not any(sites[host].auth.keys() == {"unknown"} for host in shut):
        without, with_ = few(open_, _FEW), few(shut, _FEW)
        says = f"answers without credentials at {without}, but only with them at {with_}"
        yield EndpointNote("twin-host", says)
    for host, site in sites.items():
        others = [_paths(each, names, 0) for name, each in sites.items() if name != host]
        more = _paths(site, names, 0.5) - frozenset[str]().union(*others)
        if more and all(each.good >= _ENOUGH for each in sites.values()):
            says = (
                f"has fields at `{host}` that no other of its hosts has: {few(sorted(more), _FEW)}"
            )
            yield EndpointNote("twin-host", says)


def _paths(site: HostCounts, names: frozenset[str], share: float) -> frozenset[str]:
    """Field paths present in at least this share of the objects that could have them."""
    found = site.answer.fields(names) if site.answer is not None else ()
    return frozenset(path for path, learnt, around in found if learnt.value_count >= share * around)


def older(method: str, path: str, known: Collection[tuple[str, str]]) -> Iterator[EndpointNote]:
    """A note if a path equals that of another endpoint except for a lower version. `known`:
    (method, path) of all endpoints."""
    mine = _version(path)
    if mine is None:
        return
    number, bare = mine
    newer = {
        other
        for how, other in known
        if how == method
        for found in [_version(other)]
        if found is not None and found[1] == bare and found[0] > number
    }
    if newer:
        yield EndpointNote(
            "older-version", f"an older version of {method} {few(sorted(newer), _FEW)}"
        )


def _version(path: str) -> tuple[int, tuple[str, ...]] | None:
    """The version that a path names, and the path without it and without names of parameters."""
    parts = _PARAMETER.sub("{}", path).strip("/").split("/")
    for at, part in enumerate(parts):
        if found := _VERSION.fullmatch(part):
            return int(found[1]), (*parts[:at], *parts[at + 1 :])
    return None


def answers_without_credentials(
    declared: Declared, endpoint: SeenEndpoint
) -> Iterator[EndpointNote]:
    """A note if an endpoint responded successfully without the credentials that the document
    requires."""
    if endpoint.auth["none"] and not declared.anonymous:
        schemes = sorted({name for each in declared.security or () for name in each})
        says = (
            f"answered {endpoint.auth['none']:,} × without credentials, but the document requires "
        )
        yield EndpointNote("no-credentials", f"{says}{few(schemes, _FEW)}")


def holds_credentials(endpoints: Iterable[SeenEndpoint]) -> bool:
    """Whether any record contains credentials, which browsers and proxies often remove."""
    return any(each.auth.keys() - {"none", "unknown"} for each in endpoints)
