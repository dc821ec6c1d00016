"""Members that a write test leaves out, with the reason, for the report."""

from __future__ import annotations

from collections.abc import Mapping

from oakum.finding import Endpoint
from oakum.inference.lexicon import LETS_IN, FieldClass, classify_field
from oakum.inference.unsafe_writes import is_stamp, takes_from_others
from oakum.openapi.model import Json, Shape
from oakum.policy.model import Resource
from oakum.scan.coverage.untested import Section, UntestedItem


def why_left_out(resource: Resource, path: str, shape: Shape | None, value: Json) -> str:
    """Why a member is not tested although the contract lets nobody set it; empty if it is
    tested."""
    name = path.partition(".")[0]
    if name == resource.key:
        return "it names the object"
    if name in resource.owner.members:
        return "it names the object's owner"
    if (kind := classify_field(path, shape)) in LETS_IN:
        refers = kind is FieldClass.KEY
        return (
            "it refers to another object" if refers else "it names an account or grants it access"
        )
    if is_stamp(path, value):
        return "it is a time, which the API may set itself"
    if takes_from_others(path, shape, value):
        return "it may change other objects of the owner"
    return ""


def left_out(endpoint: Endpoint, members: Mapping[str, str]) -> UntestedItem:
    """Members that were not tested at a write, with reasons."""
    by: dict[str, list[str]] = {}
    for name, why in members.items():
        by.setdefault(why, []).append(f"`{name}`")
    said = "; ".join(f"{', '.join(names)}, for {why}" for why, names in by.items())
    return UntestedItem(endpoint, f"members not tried: {said}", Section.WRITES)
