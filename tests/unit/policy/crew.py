"""Policies checked against the shared document, `tests/contracts/crew.yaml`."""

# ruff: noqa: E501 - a line of a policy stands on one line

from __future__ import annotations

from functools import cache
from pathlib import Path
from textwrap import dedent

from oakum.openapi.document import Document
from oakum.policy.check import check
from oakum.policy.model import Policy
from tests.unit.policy.grammar import policy, whole

FILE = Path(__file__).parents[2] / "contracts" / "crew.yaml"

QUIET = """
    caller: {operation: getMe, id: /id}
    order: [anyone, member, follower, owner]
    relations:
      anyone: {}
      member: {authenticated: true}
      follower: {in: listFollowers, id: /data/*/id, unless: [blocked]}
      blocked: {in: listBlocked, id: /data/*/id}
      owner: {is: owner}
    resources:
      Member:
        schemas: [Member, MemberMini]
        owner: id
        main: getMember
        states:
          private: {field: is_private, missing: true, switch: {operation: updateSettings, set: /is_private}}
        fields:
          id, username, image_url, tags, is_private, audience: [{see: member}]
          location, birthday:
            - see: [owner, follower]
            - {see: [member], when: {private: false}}
          streaks.best: [{see: owner}]
          streaks, workout_counts.*: [{see: owner}]
          extras.**: [{see: owner}]
          email: []
      Workout:
        key: id
        owner: user_id
        fields: {'id, user_id, user, guest_ids, reviewer_ids, workspace_id, total_work': [{see: owner}], comments: [{see: owner}]}
      Comment: {owner: {parent: true}, fields: {text: [{see: owner}]}}
      Message: {key: id, owner: [sender_id, recipient_id], fields: {'id, text, sender_id, recipient_id': [{see: owner}]}}
      Award: {key: name, owner: {path: memberId}, fields: {name: [{see: anyone}]}}
      Ride: {owner: none, fields: {'id, title': [{see: anyone}]}}
    operations:
      searchMembers: {counts: [/total]}
      GET /old/search/{q}: {shows: {Member: /results/*}}
      updateMember: {sets: {Member: ""}}
    guard: {pass: [/, "/page/**", "/members/*/photo"]}
"""
"""A policy that speaks of everything, so that nothing is told."""


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
