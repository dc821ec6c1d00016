"""Law 2 on the page: a stronger relation or a more open state never shows less."""

# ruff: noqa: E501 - a message stands on one line, as its reader sees it

from __future__ import annotations

import pytest

from oakum.policy.monotonicity import closed_shows_more, weaker_sees_more
from tests.unit.policy.grammar import policy

AROUND = """
exposure: 1
order: {order}
relations:
  anyone: {{}}
  member: {{authenticated: true}}
  follower: {{in: listFollowers, id: /data/*/id}}
  owner: {{is: owner}}
  staff: {{claim: roles, has: staff}}
resources:
  Member:
    owner: id
    states:
      private: {{field: is_private}}
      listed: {{field: is_listed, open: true}}
      level: {{field: audience, levels: [everyone, crew, only_me]}}
    fields:
      {line}
"""


def told(line: str, order: str = "[anyone, member, follower, owner]") -> list[str]:
    found = policy(AROUND.format(line=line, order=order))
    resource = found.resources["Member"]
    problems = [*weaker_sees_more(found, resource), *closed_shows_more(found, resource)]
    return [str(each).split(": ", 1)[1] for each in problems]


@pytest.mark.parametrize(
    "line",
    [
        "a: [{see: anyone}]",  # everybody is anyone
        "a: [{see: member}]",  # owners and followers are logged in
        "a: [{see: owner}]",
        "a: [{see: [owner, follower]}, {see: member, when: {private: false}}]",
        "a: [{see: owner}, {see: follower, when: {level: [everyone, crew]}}]",
        "a: [{see: staff}]",  # not in the order
        "a: [{see: owner, when: {private: true}}, {see: owner, when: {private: false}}]",
        "a: []",
        "a: [{set: owner}]",
    ],
)
def test_what_grows_is_not_mentioned(line: str) -> None:
    assert told(line) == []


def test_a_weaker_relation_that_sees_more_is_named_with_both_relations() -> None:
    assert told("a, b.c: [{see: follower}]") == [
        "`follower` sees `a`, `b.c`, but the stronger `owner` does not"
    ]


def test_one_case_is_enough() -> None:
    line = "a: [{see: follower}, {see: staff, when: {private: true}}]"
    assert len(told(line)) == 1 + len(["`staff` in the more closed state"])


def test_an_order_turned_round_is_noticed() -> None:
    assert told("a: [{see: member}]", order="[owner, anyone]") == [
        "`owner` sees `a`, but the stronger `anyone` does not"
    ]


def test_the_state_in_which_it_does_is_named() -> None:
    line = "a: [{see: owner, when: {private: false}}, {see: follower, when: {level: everyone}}]"
    assert told(line) == [
        "`follower` sees `a`, but the stronger `owner` does not;"
        " when `private` is `true` and `level` is `everyone`"
    ]


def test_without_an_order_relations_are_not_compared() -> None:
    assert told("a: [{see: follower}]", order="[]") == []


def test_each_chain_is_an_order_of_its_own() -> None:
    line = "a: [{see: [follower]}]"
    assert told(line, order="[[member, follower], [member, staff]]") == []
    assert told(line, order="[[follower, staff], [follower, owner]]") == [
        "`follower` sees `a`, but the stronger `staff` does not",
        "`follower` sees `a`, but the stronger `owner` does not",
    ]


@pytest.mark.parametrize(
    ("when", "closed", "opened"),
    [
        ("private: true", "`private` is `true`", "`false`"),
        ("listed: false", "`listed` is `false`", "`true`"),
        ("level: only_me", "`level` is `only_me`", "`crew`"),
        ("level: [everyone, only_me]", "`level` is `only_me`", "`crew`"),
    ],
)
def test_a_closed_state_that_shows_more_is_told(when: str, closed: str, opened: str) -> None:
    assert told(f"a: [{{see: member, when: {{{when}}}}}]", order="[]") == [
        f"`member` sees `a` when {closed}, but not when it is the more open {opened}"
    ]


def test_states_are_compared_with_the_others_held_fixed() -> None:
    line = "a: [{see: member, when: {private: false, level: crew}}, {see: member, when: {level: everyone}}]"
    assert told(line, order="[]") == []


def test_true_is_not_one() -> None:
    found = policy(
        AROUND.replace("levels: [everyone, crew, only_me]", "levels: [1, true]").format(
            line="a: [{see: member, when: {level: 1}}]", order="[]"
        )
    )
    assert list(closed_shows_more(found, found.resources["Member"])) == []


def test_more_cases_than_anybody_reads_are_left_to_the_compiler() -> None:
    states = {f"s{i}": f"s{i}: {{field: f{i}}}" for i in range(13)}
    when = ", ".join(f"{name}: true" for name in states)
    found = policy(
        f"exposure: 1\nrelations: {{owner: {{is: owner}}}}\nresources:\n  M:\n    owner: id\n"
        f"    states: {{{', '.join(states.values())}}}\n    fields: {{a: [{{see: owner, when: {{{when}}}}}]}}"
    )
    assert list(closed_shows_more(found, found.resources["M"])) == []
