"""Who may call an operation is held against what it returns."""

# ruff: noqa: E501 - a message stands on one line, as its reader sees it

from __future__ import annotations

import pytest

from tests.unit.policy.crew import QUIET, warnings

CALL = "`guest` may call `%s`, but no `%s` has a member `guest_ids`; so `guest` never holds there: the member must be in an object that the operation returns, or whose key a parameter holds"


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("getRide: {call: [guest]}", [CALL % ("getRide", "Ride")]),
        ("getRide: {call: [member]}", []),
        ("getRide: {call: [guest], shows: {Workout: /workout}}", []),
        ("getRide: {call: [guest], params: {rideId: Workout.id}}", []),
        ("getRide: {call: [guest], params: {rideId: Workout.total_work}}", [CALL % ("getRide", "Ride")]),
    ],
    ids=["no member", "no member needed", "another resource", "a key", "no key"],
)  # fmt: skip
def test_a_caller_whom_no_object_of_the_operation_can_name_is_told(
    rule: str, expected: list[str]
) -> None:
    named = QUIET.replace(
        "owner: {is: owner}\n", "owner: {is: owner}\n      guest: {field: guest_ids}\n"
    )
    told = warnings(named.replace("    guard: {", f"      {rule}\n    guard: {{"))
    assert [each for each in told if "may call" in each and "`guest`" in each] == expected


LIST = "`call` of `getWorkout` holds for each `Comment` in `comments` of `Workout`, too, though `Comment` shows fields to `member`; so those of other owners are removed; if they may be seen there, let a wider relation call it, and let the lines of `Workout` say who sees it"


@pytest.mark.parametrize(
    ("owner", "see", "rule", "expected"),
    [
        ("text", "member", "call: [owner]", [LIST]),
        ("text", "member", "call: [follower, owner]", [LIST]),
        ("text", "member", "call: [member]", []),
        ("text", "member", "call: [owner, member]", []),
        ("text", "follower", "call: [owner, member]", []),
        ("text", "member", "call: []", []),
        ("text", "owner", "call: [owner]", []),
        ("text", "member", "call: [owner], reads: false", []),
        ("{parent: true}", "member", "call: [owner]", []),
        ("none", "member", "call: [owner]", []),
    ],
)
def test_a_list_of_others_objects_that_call_empties_is_told(
    owner: str, see: str, rule: str, expected: list[str]
) -> None:
    comment = "Comment: {owner: {parent: true}, fields: {text: [{see: owner}]}}"
    assert comment in QUIET
    policy = QUIET.replace(
        comment, f"Comment: {{owner: {owner}, fields: {{text: [{{see: {see}}}]}}}}"
    )
    told = warnings(policy.replace("    guard: {", f"      getWorkout: {{{rule}}}\n    guard: {{"))
    assert [each for each in told if "holds for each" in each] == expected


@pytest.mark.parametrize(
    ("shows", "named"),
    [
        ("{Member: /data, Workout: /data/workouts/*}", ["`Workout` in `workouts` of `Member`"]),
        ("{Member: /data, Workout: /data/workout}", []),
        ("{Ride: /data, Workout: /data/workouts/*}", []),
    ],
    ids=["a list", "one object", "in what is nobody's"],
)
def test_a_list_that_only_shows_names_is_told_too(shows: str, named: list[str]) -> None:
    rule = f"getRide: {{call: [owner], shows: {shows}}}"
    policy = QUIET.replace("'id, user_id, user,", "id: [{see: member}], 'user_id, user,")
    told = warnings(policy.replace("    guard: {", f"      {rule}\n    guard: {{"))
    found = [each for each in told if "holds for each" in each]
    assert len(found) == len(named)
    assert all(name in each for name, each in zip(named, found, strict=True))


def test_where_the_path_says_whose_a_list_is_no_object_is_held_to_call() -> None:
    comment = "Comment: {owner: {parent: true}, fields: {text: [{see: owner}]}}"
    policy = QUIET.replace(comment, "Comment: {owner: text, fields: {text: [{see: member}]}}")
    rule = "getWorkouts: {%scall: [owner]}"
    found = {
        whose: [
            each
            for each in warnings(
                policy.replace("    guard: {", f"      {rule % whose}\n    guard: {{")
            )
            if "holds for each" in each
        ]
        for whose in ("owner: memberId, ", "")
    }
    assert found["owner: memberId, "] == []
    assert len(found[""]) == 1


@pytest.mark.parametrize(("reads", "many"), [("", 0), ("reads: true, ", 1)])
def test_nobody_is_told_to_let_more_callers_write(reads: str, many: int) -> None:
    comment = "Comment: {owner: {parent: true}, fields: {text: [{see: owner}]}}"
    policy = QUIET.replace(comment, "Comment: {owner: text, fields: {text: [{see: member}]}}")
    rule = f"workoutDetails: {{{reads}call: [owner]}}"
    told = warnings(policy.replace("    guard: {", f"      {rule}\n    guard: {{"))
    assert len([each for each in told if "holds for each" in each]) == many


def test_a_list_in_what_is_nobodys_is_what_call_is_for() -> None:
    comment = "Comment: {owner: {parent: true}, fields: {text: [{see: owner}]}}"
    policy = QUIET.replace(comment, "Comment: {owner: text, fields: {text: [{see: member}]}}")
    policy = policy.replace("owner: user_id", "owner: none")
    rule = "getWorkout: {call: [owner]}"
    told = warnings(policy.replace("    guard: {", f"      {rule}\n    guard: {{"))
    assert [each for each in told if "holds for each" in each] == []
