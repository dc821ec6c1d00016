"""Policies written inline, and what is said of them, as short as a test can read it."""

from __future__ import annotations

from textwrap import dedent

from oakum.errors import Problem
from oakum.openapi.source import parse
from oakum.policy.model import Policy
from oakum.policy.parser import parse_policy

RELATIONS = """
relations:
  anyone: {}
  member: {authenticated: true}
  owner: {is: owner}
"""
RESOURCES = """
resources:
  Member:
    owner: id
    states: {private: {field: is_private, missing: true}}
    fields: {id: [{see: member}]}
"""


def read(text: str) -> tuple[Policy | None, list[str]]:
    """A policy and its problems, each as `line:column: message; hint`."""
    problems: list[Problem] = []
    policy = parse_policy(parse(text, "p"), problems)
    return policy, [str(problem).removeprefix("p:") for problem in sorted(problems)]


def policy(text: str) -> Policy:
    """A policy that has nothing wrong."""
    found, problems = read(text)
    assert found is not None
    assert problems == []
    return found


def whole(part: str) -> str:
    """A policy around a top-level part; relations and resources are added when it has none."""
    part = dedent(part).strip("\n")
    text = f"exposure: 1\n{part}\n"
    text += "" if "relations:" in part else RELATIONS
    return text + ("" if "resources:" in part else RESOURCES)


def said(part: str) -> list[str]:
    """What is wrong with a top-level part, without places."""
    return [line.split(": ", 1)[1] for line in read(whole(part))[1]]


def said_of_relation(relation: str) -> list[str]:
    """What is wrong with `x`, given its value."""
    return said(
        f"relations:\n  owner: {{is: owner}}\n  member: {{authenticated: true}}\n  x: {relation}"
    )


def said_of_resource(body: str) -> list[str]:
    """What is wrong with a resource that has an owner, given the rest of it."""
    lines = dedent(body).strip("\n").replace("\n", "\n    ")
    owner = "" if "owner:" in body.split("fields")[0] else "\n    owner: id"
    return said(f"resources:\n  Member:{owner}\n    {lines}")
