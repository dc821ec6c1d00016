"""Policies checked against the shared document, `tests/contracts/crew.yaml`."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from textwrap import dedent

from oakum.openapi.document import Document
from oakum.policy.check import check
from oakum.policy.model import Policy
from tests.unit.policy.grammar import policy, whole

FILE = Path(__file__).parents[2] / "contracts" / "crew.yaml"


@cache
def document() -> Document:
    """The shared document, read once."""
    found = Document.load(FILE)
    found.file = "crew.yaml"
    return found


def written(part: str) -> Policy:
    """A policy around a top-level part; a resource `Member` is there when it names none."""
    part = dedent(part)
    if "resources:" not in part:
        part += "\nresources: {Member: {schemas: [Member, MemberMini], owner: id}}"
    return policy(whole(part))


def errors(part: str) -> list[str]:
    """What is wrong with a policy beside the document, without places."""
    return [str(each).split(": ", 1)[1] for each in check(document(), written(part))[0]]


def warnings(part: str) -> list[str]:
    """What a reader should know of it, without places."""
    found, told = check(document(), written(part))
    assert found == []
    return [str(each).split(": ", 1)[1] for each in told]


def of_member(body: str) -> str:
    """A policy whose only resource is a member with this body."""
    lines = dedent(body).strip("\n").replace("\n", "\n    ")
    return f"resources:\n  Member:\n    {lines}"
