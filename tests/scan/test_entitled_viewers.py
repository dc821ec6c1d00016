"""A field that its owner may not see: what an entitled viewer is shown tells that it is closed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.scan.verdicts import IDENTITIES, NAMES, RELATIONS, Api, Told, path, schema, told

pytestmark = pytest.mark.server
POLICY = """\
  Note:
    key: id
    owner: by
    main: getNote
    fields:
      id, by, text, checked_by: [{see: [owner, WHO]}]
      remark: [{see: WHO}]
operations:
  getNote: {params: {id: Note.id}}
"""
NEXT = {"ann": "bob", "bob": "cat", "cat": "ann"}
NOTES = {
    f"n-{id}": {
        "id": f"n-{id}", "by": id, "text": f"text of {name} 4471", "checked_by": NAMES[NEXT[name]],
        "remark": f"remark 8{n}53 on {name}'s note",
    }
    for n, (name, id) in enumerate(NAMES.items())
}  # fmt: skip
SCHEMA = schema("Note", id="string", by="string", text="string", checked_by="string",
                remark="string")  # fmt: skip
ONE, MANY = path("/notes/{id}", "getNote", "Note"), path("/notes", "listNotes", "Note", many=True)
FIELD, CLAIM = "checker: {field: checked_by}", "checker: {claim: roles, has: staff}"


def scan(
    folder: Path, *, relation: str = FIELD, paths: str = ONE + MANY, shown: str = "",
    staff: str = "", all_read: bool = False, instead: Any = ..., remark: str = "",
) -> Told:  # fmt: skip
    """Notes with a remark for whoever is `checker`. `shown`: how the API is wrong; `staff`: who has
    the claim; `all_read`: everybody is shown the notes, without the remark, or with what is
    `instead` of it, its owner an empty one; `remark`: that of all notes."""

    named = {id: name for name, id in NAMES.items()}

    def is_checker(who: str, note: dict[str, Any]) -> bool:
        own = note["by"] == NAMES.get(who)
        return who in staff.split() if staff else not own and note["checked_by"] == NAMES.get(who)

    def view(who: str, note: dict[str, Any]) -> dict[str, Any]:
        row = {name: note[name] for name in note if name != "remark"}
        if is_checker(who, note):
            said = {"nobody": {}, "each another": {"remark": f"{note['remark']}, says {who}"}}
            row |= said.get(shown, {"remark": note["remark"]})
        elif shown == f"to {'owner' if note['by'] == NAMES.get(who) else 'member'}":
            row["remark"] = note["remark"]
        elif instead is not ...:
            row["remark"] = None if note["by"] == NAMES.get(who) else instead
        elif shown == "elsewhere":
            row["meta"] = {"hint": note["remark"]}
        return row

    def reads(who: str, note: dict[str, Any]) -> bool:
        return all_read or NAMES[who] == note["by"] or is_checker(who, note)

    def one(who: str, id: str) -> Any:
        found = notes.get(id)
        return (view(who, found) if found and reads(who, found) else 404) if who else 401

    def many(who: str) -> Any:
        return [view(who, each) for each in notes.values() if reads(who, each)] if who else 401

    def desk(who: str, id: str) -> Any:
        found = notes.get(id)
        return view(who, found) if found and who and is_checker(who, found) else 403

    # whoever is of the staff keeps no notes, for they would see their own remark
    notes = {id: each for id, each in NOTES.items() if named[each["by"]] not in staff.split()}
    notes = {id: {**each, "remark": remark or each["remark"]} for id, each in notes.items()}
    every = {"/notes": many, "/notes/([^/]+)": one, "/desk/([^/]+)": desk}
    identities = IDENTITIES
    for name in NAMES:
        roles = "[staff]" if name in staff.split() else "[]"
        identities = identities.replace(
            f"k: key-of-{name}-778", f"k: key-of-{name}-778, claims: {{roles: {roles}}}"
        )
    policy = POLICY.replace("WHO", "checker")
    if "/desk" in paths:
        policy += "  getDesk: {call: [checker], params: {id: Note.id}}\n"
    return told(
        folder, SCHEMA, paths, policy, Api(every), identities=identities,
        relations=RELATIONS.replace("owner: {is", f"{relation}, owner: {{is"),
    )  # fmt: skip


@pytest.mark.parametrize("all_read", [False, True])
@pytest.mark.parametrize(("relation", "staff"), [(FIELD, ""), (CLAIM, "cat")])
def test_what_an_entitled_viewer_is_shown_closes_the_field_to_all_others(
    tmp_path: Path, relation: str, staff: str, all_read: bool
) -> None:
    found = scan(tmp_path, relation=relation, staff=staff, all_read=all_read)
    assert not found.report.findings or all_read
    for viewer in ("owner", "member", "anyone"):
        assert found.results("Note.remark", viewer) == {"closed"}, viewer
    assert found.results("Note.remark", "checker") == {"open"}


def test_at_an_endpoint_of_the_entitled_their_view_stands_for_the_owners(tmp_path: Path) -> None:
    desk = path("/desk/{id}", "getDesk", "Note")
    found = scan(tmp_path, relation=CLAIM, staff="cat", paths=ONE + MANY + desk)
    assert not found.report.findings
    for viewer in ("owner", "member", "anyone"):
        assert found.results("Note.remark", viewer, "/desk/{id}") == {"closed"}, viewer


@pytest.mark.parametrize(
    ("shown", "staff"), [("nobody", "cat"), ("each another", "bob cat"), ("elsewhere", "cat")]
)
def test_nothing_is_closed_where_no_one_value_was_seen_or_it_stands_elsewhere(
    tmp_path: Path, shown: str, staff: str
) -> None:
    """Nobody was shown the remark, or each another one, or it came under another name."""
    found = scan(tmp_path, relation=CLAIM, staff=staff, shown=shown, all_read=True)
    for viewer in ("owner", "member"):
        assert "closed" not in found.results("Note.remark", viewer), viewer


@pytest.mark.parametrize("viewer", ["owner", "member"])
def test_a_leak_of_the_field_is_found_as_before(tmp_path: Path, viewer: str) -> None:
    found = scan(tmp_path, relation=CLAIM, staff="cat", shown=f"to {viewer}", all_read=True)
    assert ("Note.remark", viewer) in found.proven


@pytest.mark.parametrize("paths", [ONE + MANY, MANY + ONE])
@pytest.mark.parametrize("relation", [FIELD, CLAIM])
def test_what_an_owner_is_shown_empty_and_another_whole_leaks_if_the_entitled_are_shown_the_same(
    tmp_path: Path, relation: str, paths: str
) -> None:
    staff = "cat" if relation == CLAIM else ""
    found = scan(
        tmp_path, relation=relation, staff=staff, shown="to member", all_read=True, instead=None,
        paths=paths,
    )  # fmt: skip
    assert ("Note.remark", "member") in found.proven
    assert ("Note.remark", "owner") not in found.proven
    assert found.results("Note.remark", "owner") == {"closed"}


def test_a_word_that_stands_there_for_all_is_no_leak(tmp_path: Path) -> None:
    for instead, remark in (("withheld 0815", ""), ("no remark 0815", "no remark 0815")):
        found = scan(
            tmp_path, relation=CLAIM, staff="cat", all_read=True, instead=instead, remark=remark
        )
        assert ("Note.remark", "member") not in found.proven, remark
        assert "closed" not in found.results("Note.remark", "member")
