"""Edits of a policy's text: the fewest characters, and everything else as it was written."""

from __future__ import annotations

import pytest

from oakum.draft_review.policy_edits import (
    Close,
    Confirm,
    ConfirmCall,
    GrantEdit,
    SetOwner,
    Splice,
    apply_edit,
    difference,
)
from oakum.errors import InputError
from tests.unit.draft_review.world import CONTRACT

HEAD, _, LINES = CONTRACT.partition("    fields:\n")
FLOW = """\
resources:
  Tag:  # listed to all
    {draft: true, key: id, owner: none, fields:
      {"id, name, colour": [{see: [member]}],
      secret: []}}
"""


def changed(old: str, new: str) -> list[str]:
    """Lines of the new text that the old one has not, and those that are gone."""
    before, after = old.splitlines(), new.splitlines()
    return [f"-{each}" for each in before if each not in after] + [
        f"+{each}" for each in after if each not in before
    ]


def test_a_grant_adds_a_name_to_the_line() -> None:
    done = apply_edit(CONTRACT, GrantEdit("User", "home", ("home",), "member"))
    assert changed(CONTRACT, done) == [
        "-      home: [{see: [owner]}]",
        "+      home: [{see: [owner, member]}]",
    ]


def test_a_field_of_a_line_of_several_gets_a_line_of_its_own() -> None:
    line = "id, username, is_private"
    done = apply_edit(CONTRACT, Close("User", "username", ("username",), "anyone", ("member",)))
    assert changed(CONTRACT, done) == [
        f"-      {line}: [{{see: [anyone]}}]  # all of them",
        "+      id, is_private: [{see: [anyone]}]  # all of them",
        "+      username: [{see: [member]}]",
    ]


def test_a_field_below_a_line_stands_before_it() -> None:
    done = apply_edit(CONTRACT, Close("User", "home", ("home.street",), "owner"))
    assert "      home.street: []\n      home: [{see: [owner]}]\n" in done


def test_a_line_above_which_a_comment_stands_keeps_it() -> None:
    done = apply_edit(CONTRACT, GrantEdit("User", "id", ("id.x",), "owner"))
    assert "      id.x: [{see: [anyone, owner]}]\n      # these are names\n      id, user" in done


def test_a_comment_between_a_key_and_its_block_is_not_doubled() -> None:
    text = CONTRACT.replace("      email:\n", "      email, home.city:  # why\n")
    done = apply_edit(text, GrantEdit("User", "home.city", ("home.city",), "anyone"))
    assert "      email:  # why\n" in done and "      home.city:\n        - {see: [owner," in done


def test_closing_leaves_what_is_set() -> None:
    done = apply_edit(CONTRACT, Close("User", "email", ("email",), "owner"))
    assert "        - {set: [owner]}\n        - {see: [member], when" in done


def test_closing_removes_a_conditional_grant_and_its_line() -> None:
    done = apply_edit(CONTRACT, Close("User", "email", ("email",), "member"))
    assert changed(CONTRACT, done) == ["-        - {see: [member], when: {private: false}}"]


@pytest.mark.parametrize(
    ("grants", "left"),
    [
        ("[{see: [owner]}, {see: owner}]", "[]"),
        ("[{see: [member]}, {see: [owner]}, {see: owner}]", "[{see: [member]}]"),
        ("[{see: [owner]}, {see: owner}, {see: [member]}]", "[{see: [member]}]"),
        ("[{see: owner}, {see: [member]}, {see: owner}]", "[{see: [member]}]"),
        ("[{see: owner}, {see: [member, owner]}]", "[{see: [member]}]"),
    ],
)
def test_all_grants_of_a_relation_are_closed(grants: str, left: str) -> None:
    flow = CONTRACT.replace("home: [{see: [owner]}]", f"home: {grants}")
    assert f"      home: {left}\n" in apply_edit(flow, Close("User", "home", ("home",), "owner"))
    lines = "".join(f"\n        - {each}" for each in grants[1:-1].split(", {"))
    lines = lines.replace("- see", "- {see")
    block = CONTRACT.replace("home: [{see: [owner]}]", f"home:{lines}")
    done = apply_edit(block, Close("User", "home", ("home",), "owner"))
    assert ("      home: []\n" if left == "[]" else f"home:\n        - {left[1:-1]}\n") in done


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_the_last_grant_of_a_block_is_closed_for_one_of_several_fields(newline: str) -> None:
    text = CONTRACT.replace("      email:\n", "      email, home.city:\n").replace("\n", newline)
    done = apply_edit(text, Close("User", "email", ("email",), "member"))
    block = ["      home.city:", "        - {see: [owner], set: [owner]}"]
    block.append("        - {see: [member], when: {private: false}}")
    mine = ["      email:", "        - {see: [owner], set: [owner]}"]
    assert newline.join([*block, *mine]) in done
    assert f"{newline}{newline}" not in done


def test_a_field_whose_line_never_counts_is_not_written_twice() -> None:
    text = CONTRACT.replace("      email:\n", "      home: []\n      home.city: []\n      email:\n")
    with pytest.raises(InputError) as told:
        apply_edit(text, GrantEdit("User", "home", ("home.city",), "anyone"))
    [problem] = told.value.problems
    assert problem.message == "the line of `home.city` never counts, since `home` comes first"


def test_a_grant_in_every_state_does_not_join_a_conditional_one() -> None:
    done = apply_edit(CONTRACT, GrantEdit("User", "email", ("email",), "anyone"))
    assert "        - {see: [owner, anyone], set: [owner]}\n" in done


def test_a_field_without_a_line_gets_one_at_the_end() -> None:
    done = apply_edit(CONTRACT, GrantEdit("User", "", ("password_hash",), "owner"))
    assert done.replace("      password_hash: [{see: [owner]}]\n", "") == CONTRACT


def test_lines_between_braces_stay_between_braces() -> None:
    done = apply_edit(FLOW, Close("Tag", "name", ("name",), "member"))
    assert '      {"id, colour": [{see: [member]}],\n       name: [],\n      secret: []}}' in done
    assert "secret: [{see: [member]}]}}" in apply_edit(
        FLOW, GrantEdit("Tag", "secret", ("secret",), "member")
    )


@pytest.mark.parametrize("text", [CONTRACT, CONTRACT.replace("\n", "\r\n")])
def test_a_confirmed_resource_loses_its_mark_and_its_line(text: str) -> None:
    newline = "\r\n" if "\r" in text else "\n"
    before, mark, after = text.partition(f"    draft: true{newline}")
    assert mark and apply_edit(text, Confirm("User")) == before + after


def test_a_mark_between_braces_goes_with_its_comma() -> None:
    assert "    {key: id, owner: none" in apply_edit(FLOW, Confirm("Tag"))
    last = "resources: {Tag: {key: id, owner: none, draft: true}}"
    assert apply_edit(last, Confirm("Tag")) == "resources: {Tag: {key: id, owner: none}}"


def test_an_owner_takes_the_place_of_a_guess_and_of_its_reason() -> None:
    done = apply_edit(CONTRACT, SetOwner("Note", "field", ("user_id",)))
    assert changed(CONTRACT, done) == [
        "-    owner: none  # who owns it? the document does not say",
        "+    owner: user_id",
    ]
    assert "owner: {path: uid}" in apply_edit(CONTRACT, SetOwner("Note", "path", ("uid",)))
    assert "owner: [a, b]" in apply_edit(CONTRACT, SetOwner("Note", "field", ("a", "b")))


def test_a_comment_beside_the_name_of_what_is_no_draft_stays() -> None:
    text = FLOW.replace("draft: true, ", "")
    done = apply_edit(text, SetOwner("Tag", "field", ("user_id",)))
    assert "  Tag:  # listed to all\n" in done and "owner: user_id" in done


def test_a_question_beside_the_name_goes_with_its_answer() -> None:
    done = apply_edit(FLOW, SetOwner("Tag", "field", ("user_id",)))
    assert changed(FLOW, done) == [
        "-  Tag:  # listed to all",
        "-    {draft: true, key: id, owner: none, fields:",
        "+  Tag:",
        "+    {draft: true, key: id, owner: user_id, fields:",
    ]


def test_json_stays_json() -> None:
    text = '{"resources": {"A": {"owner": "none", "fields": {"a, b": [{"see": ["x"]}]}}}}'
    done = apply_edit(text, GrantEdit("A", "b", ("b",), "y"))
    assert '"a": [{"see": ["x"]}]' in done and '"b": [{"see": ["x", "y"]}]' in done


def test_names_that_yaml_would_read_otherwise_are_quoted() -> None:
    done = apply_edit(CONTRACT, GrantEdit("User", "", ("no",), "true"))
    assert '      "no": [{see: ["true"]}]\n' in done
    done = apply_edit(CONTRACT, GrantEdit("User", "", ("a b: [x] # y",), "owner"))
    assert '      "a b: [x] # y": [{see: [owner]}]\n' in done


@pytest.mark.parametrize(
    ("text", "edit", "said"),
    [
        (CONTRACT, Confirm("Nobody"), "no resource `Nobody`"),
        (CONTRACT, GrantEdit("User", "nothing", ("nothing",), "owner"), "`nothing` has no line"),
        (
            "resources: {A: {owner: none}}",
            GrantEdit("A", "", ("a",), "b"),
            "has no lines of fields",
        ),
        ("resources: {A: {owner: none}}", Confirm("A"), "has no `draft: true`"),
        ("a: [", Confirm("A"), "not valid YAML"),
        ("", Confirm("A"), "has no policy"),
    ],
)
def test_what_cannot_be_edited_is_told(text: str, edit: Confirm | GrantEdit, said: str) -> None:
    with pytest.raises(InputError, match=said):
        apply_edit(text, edit, "exposure.yaml")


def test_an_alias_is_not_edited_behind_the_back_of_its_anchor() -> None:
    text = "resources:\n  A: &a {draft: true, owner: none}\n  B: *a\n"
    with pytest.raises(InputError, match="is an alias"):
        apply_edit(text, Confirm("B"))


def test_a_difference_is_one_splice_and_its_inverse_takes_it_back() -> None:
    for old, new in (("abcd", "abXd"), ("", "a"), ("aa", "aaa"), ("same", "same"), ("ab", "ba")):
        splice = difference(old, new)
        assert splice.on(old) == new
        assert splice.inverse.on(new) == old
    assert difference("abcd", "abXd") == Splice(2, "c", "X")


@pytest.mark.parametrize(
    ("text", "done"),
    [
        (
            "operations:\n  # above\n  a, b, c:  # why\n    draft: true\n    call: []\n  d: {}\n",
            "operations:\n  # above\n  a, c:  # why\n    draft: true\n    call: []\n"
            "  b:\n    call: []\n  d: {}\n",
        ),
        (
            'operations: {"a, b, c": {draft: true, call: []}, d: {}}',
            'operations: {"a, c": {draft: true, call: []},\n             b: {call: []}, d: {}}',
        ),
        (
            'operations:\n  "GET /x/{id}, b": {call: [], draft: true}  # why\n',
            'operations:\n  "GET /x/{id}": {call: [], draft: true}  # why\n  b: {call: []}\n',
        ),
        (
            '{"operations": {"a, b": {"draft": true, "call": []}}}',
            '{"operations": {"a": {"draft": true, "call": []},\n'
            '                "b": {"call": []}}}',
        ),
    ],
)
def test_one_of_several_operations_gets_a_line_of_its_own(text: str, done: str) -> None:
    assert apply_edit(text, ConfirmCall("b")) == done


def test_a_key_behind_a_question_mark_is_not_split() -> None:
    with pytest.raises(InputError, match="cannot be split"):
        apply_edit("operations:\n  ? a,\n    b\n  : {draft: true, call: []}\n", ConfirmCall("b"))


def test_who_may_set_a_field_is_granted_and_closed() -> None:
    done = apply_edit(CONTRACT, GrantEdit("User", "home", ("home",), "owner", "set"))
    assert "home: [{see: [owner]}, {set: [owner]}]" in done
    assert apply_edit(done, Close("User", "home", ("home",), "owner", (), "set")) == CONTRACT
    done = apply_edit(CONTRACT, Close("User", "email", ("email",), "owner", (), "set"))
    assert "- {see: [owner]}" in done
    done = apply_edit(done, Close("User", "email", ("email",), "owner"))
    assert "see: [owner]" not in done.split("email:")[1].split("home:")[0]
    done = apply_edit(FLOW, GrantEdit("Tag", "secret", ("secret",), "member", "set"))
    assert "set: [member]" in done.replace('"', "")
