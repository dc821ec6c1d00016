"""The people of a small API: the key of each is told by their name."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from types import MappingProxyType

from starlette.requests import Request

from tests.catalogue.play import Played

_NOTHING: Mapping[str, str] = MappingProxyType({})


def sender(request: Request) -> str:
    """The name whose key a request carries, whether somebody has it or not."""
    return request.headers.get("authorization", "").removeprefix("Bearer key-")


def identities(names: Collection[str], more: Mapping[str, str] = _NOTHING) -> str:
    """An identities file; `more`: name → what else is in the line."""
    return "identities:\n" + "".join(
        f'  {name}: {{header: "Authorization: Bearer key-{name}"{more.get(name, "")}}}\n'
        for name in names
    )


def told(played: Played) -> Collection[tuple[str, str, str]]:
    """Field, viewer and verdict of each finding."""
    return {(each.field, each.viewer, each.verdict) for each in played.report.findings}
