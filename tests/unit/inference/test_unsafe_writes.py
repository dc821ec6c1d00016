"""What trial writes leave alone, told by words, roles and relations of the document."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from oakum.inference.lexicon import word_set
from oakum.inference.unsafe_writes import (
    asks_for_change,
    ends,
    is_stamp,
    life_cycle,
    more_than_sets,
    moves_by_itself,
    sets_off,
    staff_matter,
    takes_from_others,
)
from oakum.openapi.model import Json, Operation, Shape
from oakum.policy.model import OperationRule, Relation

PLAIN = Operation("updateUser", "PATCH", "/users/{id}")
RELATIONS = {
    "moderation": Relation("moderation", "claim", claim="roles", has="mod"),
    "staff": Relation("staff", "claim", claim="roles", has="admin"),
    "owner": Relation("owner", "owner"),
}

ENDING = word_set(
    "is_active isActive active disabled suspended suspendedUntil locked locked_at deleted_at "
    "deletedAt role roles is_admin email emailAddress password status account_status state "
    "accountState banned archived mfa_secret totp expires_at"
)
OTHERS = word_set("nickname plan newsletter_enabled hair_state marital_status city weight discount")


def why(operation: Operation, rule: OperationRule | None = None, *, named: bool = False) -> str:
    return staff_matter(operation, rule or OperationRule("updateUser"), RELATIONS, named=named)


@pytest.mark.parametrize(
    "changed",
    [
        {"path": "/admin/users/{id}"},
        {"path": "/v1/admin-panel/users/{id}"},
        {"path": "/users/{id}/suspend"},
        {"path": "/users/{id}:ban"},
        {"path": "/moderation/{id}"},
        {"path": "/posts/{id}/approve"},
        {"path": "/billing/plan"},
        {"path": "/accounts/{id}/payments"},
        {"id": "adminUpdateUser"},
        {"id": "suspendUser"},
        {"id": "impersonate_user"},
        {"tags": ("Users", "Admin")},
        {"summary": "Suspends an account"},
        {"summary": "Set a member's level (staff only)"},
        {"description": "Sets the level. Requires the moderator role."},
        {"description": "Only administrators may call this."},
        {"scopes": frozenset({"users:write", "admin"})},
        {"scopes": frozenset({"write:moderation"})},
        {"extensions": {"x-required-roles": ["STAFF"]}},
    ],
    ids=lambda changed: str(
        {k: sorted(v) if isinstance(v, frozenset) else v for k, v in changed.items()}
    ),
)
def test_words_tags_scopes_and_roles_make_a_staff_matter(changed: dict[str, object]) -> None:
    assert why(replace(PLAIN, **changed))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "changed",
    [
        {},
        {"path": "/users/{id}/badminton"},
        {"path": "/staffordshire/{id}"},
        {"id": "setBanner"},
        {"tags": ("Users",), "summary": "Updates a user's profile"},
        {"description": "The profile is shown to everybody, administrators too."},
        {"scopes": frozenset({"users:write"})},
        {"extensions": {"x-rate-limit": ["admin"]}},
    ],
    ids=lambda changed: str(
        {k: sorted(v) if isinstance(v, frozenset) else v for k, v in changed.items()}
    ),
)
def test_what_anybody_does_is_no_staff_matter(changed: dict[str, object]) -> None:
    assert not why(replace(PLAIN, **changed))  # type: ignore[arg-type]


def test_what_only_staff_may_call_by_the_contract_is_a_staff_matter() -> None:
    assert why(PLAIN, OperationRule("updateUser", call=("staff",)))
    assert why(PLAIN, OperationRule("updateUser", call=("moderation", "staff")))
    assert not why(PLAIN, OperationRule("updateUser", call=("owner", "staff")))


def test_what_the_contract_names_may_be_called_what_it_does() -> None:
    approve = replace(PLAIN, id="approveFollower", path="/followers/{id}/approve")
    assert why(approve)
    assert not why(approve, named=True)
    assert why(replace(approve, path="/admin/followers/{id}"), named=True)


@pytest.mark.parametrize(
    "name",
    sorted(ENDING),
)
def test_the_life_of_an_account_hangs_on_a_member(name: str) -> None:
    assert life_cycle(name)
    assert life_cycle(f"profile.{name}")


@pytest.mark.parametrize(
    "name",
    sorted(OTHERS),
)
def test_the_life_of_an_account_does_not_hang_on_others(name: str) -> None:
    assert not life_cycle(name)


def test_values_that_end_something_are_told_from_those_that_raise_it() -> None:
    assert ends("verified", False)
    assert not ends("verified", True)
    assert ends("phase", "cancelled")
    assert not ends("phase", "accepted")
    assert ends("is_active", True)
    assert ends("deleted_at", "2030-01-01")


@pytest.mark.parametrize(
    ("name", "value", "takes"),
    [
        ("is_default", False, True), ("isPrimary", True, True), ("pinned", None, True),
        ("position", 3, True), ("sortOrder", 2.5, True), ("default_language", "en", False),
        ("position", "goalkeeper", False), ("featured", True, False), ("order_total", 7, False),
        ("main_text", "x", False),
    ],
)  # fmt: skip
def test_what_one_object_of_an_account_has_is_told_by_name_and_kind(
    name: str, value: Json, takes: bool
) -> None:
    shape = Shape(kinds=frozenset({"boolean"} if value is None else ()))
    assert takes_from_others(name, shape, value) is takes
    assert takes_from_others(f"terms.{name}", None, value) is (takes and value is not None)


@pytest.mark.parametrize("path", ["/orders/{id}/cancel", "/orders/{id}/assign", "/a/{id}/publish"])
def test_what_acts_does_more_than_to_set(path: str) -> None:
    assert more_than_sets(replace(PLAIN, id=f"POST {path}", method="POST", path=path))


def test_what_updates_only_sets() -> None:
    assert not more_than_sets(PLAIN)
    assert not more_than_sets(replace(PLAIN, id="edit_note", path="/notes/{id}/edit"))


def test_a_parameter_that_asks_for_a_change_is_told_from_one_that_filters() -> None:
    asking = "update_content markAsRead mark refresh force sync set_read"
    assert all(map(asks_for_change, asking.split()))
    filtering = "updated_since created_after offset charset start start_date store_id update_time"
    assert not any(map(asks_for_change, (*filtering.split(), "commit_sha")))
    assert asks_for_change("start", kinds=frozenset({"boolean"}))


def test_the_description_of_a_parameter_says_that_giving_it_changes_something() -> None:
    assert asks_for_change("read", "Whether to mark the entries as read")
    assert asks_for_change("keep", "If true, saves the content that was found.")
    assert asks_for_change("content", "Refreshes what is stored")
    assert not asks_for_change("q", "If true, only users that were updated are returned")
    assert not asks_for_change("limit", "Sets how many there are on a page")


STAMPS = [
    ("updated_on", "2026-11-27T20:11:02Z"),
    ("last_login_on", "2026/11/27 20:11:02 +0100"),
    ("updated", 1_764_274_262),
    ("modifiedAt", 1_764_274_262_123),
    ("edited", "Fri, 27 Nov 2026 20:11:02 GMT"),
    ("created_on", "2026-11-27"),
    ("profile.updatedAt", "1764274262"),
]


@pytest.mark.parametrize(("name", "value"), STAMPS)
def test_a_time_that_an_api_sets_by_itself_is_told_by_name_and_form(name: str, value: Json) -> None:
    assert is_stamp(name, value) and moves_by_itself(name, value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("birth_date", "1990-05-05"),
        ("updated", True),
        ("updated", "by hand"),
        ("phone", 4_915_112_345_678),
        ("credits", 1_764_274_262),
        ("plan", "gold"),
        ("updated", ""),
    ],
)
def test_what_a_person_sets_is_no_stamp(name: str, value: Json) -> None:
    assert not is_stamp(name, value) and not moves_by_itself(name, value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("created_ago", "5 minutes"), ("created_ago", "2 days, 3 hours"), ("updated", "just now"),
        ("seen", "about an hour ago"), ("posted", "3 Weeks ago"),
        ("created_ago", "1\xa0hour, 14\xa0minutes"),
    ],
)  # fmt: skip
def test_a_time_in_words_goes_on_by_itself(name: str, value: Json) -> None:
    assert moves_by_itself(name, value)


@pytest.mark.parametrize(
    ("name", "value"),
    [("cooking_time", "5 minutes"), ("created_ago", "in Paris"), ("title", "2 days"), ("ago", 5)],
)
def test_a_duration_that_a_person_sets_does_not(name: str, value: Json) -> None:
    assert not moves_by_itself(name, value)


def test_counters_move_by_themselves_and_are_no_stamps() -> None:
    for name in ("lock_version", "etag", "views_count", "login_count"):
        assert moves_by_itself(name, 4) and not is_stamp(name, 4)


WRITTEN_DOWN = [
    "title", "body", "colour", "city", "first_name", "about_me", "notes", "displayName",
    "profile.bio",
]  # fmt: skip


@pytest.mark.parametrize("name", WRITTEN_DOWN)
def test_what_somebody_writes_down_sets_nothing_off(name: str) -> None:
    assert not sets_off(name, None, "text")
    assert not sets_off(name, Shape(kinds=frozenset({"string", "null"})), None)


@pytest.mark.parametrize("name", ["plan", "level", "tier", "weight"])
def test_what_something_is_like_sets_nothing_off_unless_a_value_says_it_is_over(name: str) -> None:
    assert not sets_off(name, None, 3) and not sets_off(name, None, "plus")
    assert not sets_off(name, Shape(kinds=TEXT, enum=("free", "plus")), "free")
    for enum in (("new", "accepted"), ("free", "closed"), ("on", "void")):
        assert sets_off(name, Shape(kinds=TEXT, enum=enum), enum[0])
    assert sets_off(f"approval_{name}", None, 3) and sets_off(name, None, True)


@pytest.mark.parametrize(
    "name",
    [
        "ruling", "ack", "waiver_text", "signature_text", "approval_note", "cancel_reason",
        "milestone", "retention_days", "strikes", "seats", "quota", "score", "signed", "phase",
        "verdict", "resolution_note", "consent", "hold", "anything",
    ],
)  # fmt: skip
def test_what_any_other_text_sets_off_may_stay(name: str) -> None:
    assert sets_off(name, None, "text") and sets_off(name, Shape(kinds=TEXT), None)
    assert sets_off(name, None, 3)


@given(st.text(st.characters(categories=["Ll"]), min_size=4, max_size=12))
def test_a_word_that_nobody_knows_sets_something_off(word: str) -> None:
    known = not (sets_off(word, None, "text") and sets_off(f"{word}_description", None, "text"))
    assume(not known)  # one of the few: `caption`, or `other` beside one of them
    assert sets_off(f"{word}_note", None, "text") and sets_off(f"note_{word}", None, "text")


TEXT = frozenset({"string"})


@pytest.mark.parametrize("name", WRITTEN_DOWN)
@pytest.mark.parametrize(
    ("shape", "value"),
    [
        (Shape(kinds=TEXT, enum=("free", "plus")), "free"),
        (Shape(kinds=TEXT, pattern="^[a-z]$"), "a"),
        (Shape(kinds=TEXT, format="date"), None),
        (Shape(kinds=frozenset({"boolean"})), None),
        (Shape(kinds=frozenset({"integer"})), 3),
        (None, 3),
        (None, True),
        (None, "2031-01-01"),
        (None, "2031-01-01T00:00:00Z"),
        (None, ["0a1b"]),
        (Shape(kinds=frozenset({"array"})), None),
        (None, {"kind": "text"}),
        (None, None),
    ],
)
def test_what_is_not_plainly_a_free_text_may_set_something_off(
    name: str, shape: Shape | None, value: Json
) -> None:
    assert sets_off(name, shape, value)
