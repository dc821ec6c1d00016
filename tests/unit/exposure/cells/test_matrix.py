"""The cells, what is known of them, and why something is not."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import pytest

from oakum.authz.table import allows, deciding_states, granted_to_nobody, leaf_index
from oakum.exposure.cells.matrix import (
    LOOSE,
    NOBODY,
    Doubt,
    Key,
    Matrix,
    Observation,
    Outcome,
    state_key,
)
from oakum.exposure.cells.report_cells import report_cells
from oakum.exposure.known_identities import KnownIdentities
from oakum.finding import Answer, Endpoint, Evidence, Result
from oakum.openapi.model import Json
from tests.unit.scan.studio import known_identities, model, probe

PRIVATE, PUBLIC = (("private", "true"),), (("private", "false"),)
BIO = Key("getPerson", "Person", "bio", "member", PRIVATE)
PHONE = Key("getPerson", "Person", "phone", "member", ())
VIP = Key("getPerson", "Person", "vip", "member", ())
NAME = Key("getPerson", "Person", "name", "member", ())
OWN_BIO = Key("getPerson", "Person", "bio", "owner", PRIVATE)
EVIDENCE = Evidence(None, Answer("cat", "member", 200, "application/json"), "curl")


def matrix(*endpoints: str, who: KnownIdentities | None = None) -> Matrix:
    return Matrix(
        model(),
        [probe(endpoint) for endpoint in endpoints or ("getPerson",)],
        who or known_identities(),
    )


def seen(
    key: Key, result: Result, viewer: str | None = "cat", owner: str = "ann",
    evidence: Evidence | None = None,
) -> Observation:  # fmt: skip
    granted = result in (Result.OPEN, Result.OVER_BLOCK)
    return Observation(key, granted, result, viewer, owner, evidence)


def outcome(request_key: str, *observations: Observation, **more: Iterable[object]) -> Outcome:
    return Outcome(request_key, 200, observations, **more)  # type: ignore[arg-type]


def shown_to_owner(*keys: Key) -> Outcome:
    """Ann's own view of her page."""
    return outcome(
        "own", *(seen(replace_viewer(key), Result.OPEN, "ann") for key in keys),
        sighted=[("ann", "Person")],
        witnessed=[("ann", "Person", key.field) for key in keys],
    )  # fmt: skip


def replace_viewer(key: Key) -> Key:
    return key._replace(viewer="owner")


# ------------------------------------------------------------ the squares


def test_every_field_has_a_square_for_each_kind_of_viewer_in_each_state_that_decides_it() -> None:
    found = matrix()
    assert set(found.entries) == {
        Key("getPerson", "Person", field, viewer, state)
        for field in ("id", "name", "bio", "phone", "vip", "password_hash")
        for viewer in ("anyone", "member", "follower", "owner")
        for state in ((PRIVATE, PUBLIC) if field == "bio" else ((),))
    }
    assert {entry.result for entry in found.entries.values()} == {Result.UNTESTED}


def test_a_relation_of_the_contract_in_which_nobody_stands_has_its_squares_too() -> None:
    lonely = matrix(who=known_identities(relationships={}, names=["ann"]))
    assert "follower" in {key.viewer for key in lonely.entries}


def test_a_kind_of_viewer_that_only_the_file_knows_has_squares_of_its_own() -> None:
    found = matrix(who=known_identities(relationships={("cat", "ann"): frozenset({"pending"})}))
    pending = Key("getPerson", "Person", "bio", "pending", PRIVATE)
    assert found.entries[pending].granted is False
    assert found.entries[pending._replace(state=PUBLIC)].granted is True


def test_what_is_nobodys_has_no_owners_and_no_followers() -> None:
    assert {key.viewer for key in matrix("getCourse").entries} == {"anyone", "member"}


@pytest.mark.parametrize(
    ("field", "viewer", "state", "granted"),
    [
        ("name", "member", (), True), ("name", "anyone", (), False),
        ("bio", "member", PUBLIC, True), ("bio", "member", PRIVATE, False),
        ("bio", "follower", PRIVATE, True), ("bio", "owner", PRIVATE, True),
        ("phone", "owner", (), True), ("phone", "follower", (), False),
        ("password_hash", "owner", (), False),
    ],
)  # fmt: skip
def test_a_square_knows_what_the_contract_grants(
    field: str, viewer: str, state: tuple[tuple[str, str], ...], granted: bool
) -> None:
    assert matrix().entries[Key("getPerson", "Person", field, viewer, state)].granted is granted


# ------------------------------------------------------------ learning


@pytest.mark.parametrize(
    ("first", "second", "kept"),
    [
        (Result.CLOSED, Result.LEAK, Result.LEAK),
        (Result.LEAK, Result.CLOSED, Result.LEAK),
        (Result.OPEN, Result.OVER_BLOCK, Result.OVER_BLOCK),
        (Result.OPEN, Result.CLOSED, Result.OPEN),
    ],
)
def test_one_object_that_leaks_is_a_leak(first: Result, second: Result, kept: Result) -> None:
    found = matrix()
    found.apply("getPerson", outcome("one", seen(BIO, first)))
    found.apply("getPerson", outcome("two", seen(BIO, second)))
    assert found.entries[BIO].result is kept


def test_a_finding_is_confirmed_by_a_second_answer_and_by_nothing_less() -> None:
    found = matrix()
    leak = seen(PHONE, Result.LEAK, evidence=EVIDENCE)
    found.apply("getPerson", outcome("one", leak, leak))
    found.apply("getPerson", outcome("one", leak))
    assert found.confirmed == set()
    found.apply("getPerson", outcome("two", seen(PHONE, Result.CLOSED)))
    assert found.confirmed == set()
    found.apply("getPerson", outcome("three", replace(leak, evidence=None)))
    assert found.confirmed == {PHONE.finding}
    assert found.evidence == {PHONE.finding: EVIDENCE}


def test_endpoints_of_one_defect_share_its_name() -> None:
    assert PHONE.finding == PHONE._replace(endpoint="listPeople").finding
    assert PHONE.finding != PHONE._replace(viewer="follower").finding


# ------------------------------------------------------------ what is still worth asking


def test_an_answer_may_decide_the_squares_of_its_viewer_in_the_owners_state() -> None:
    who = known_identities()
    who.states[("ann", "Settings.private")] = True
    found = matrix(who=who)
    fields = {key.field for key in found.undecided_cells("getPerson", "cat", "ann")}
    assert fields == {"id", "name", "bio", "phone", "vip", "password_hash"}
    states = {
        key.state for key in found.undecided_cells("getPerson", "cat", "ann") if key.field == "bio"
    }
    assert states == {PRIVATE}
    found.apply("getPerson", outcome("one", seen(BIO, Result.CLOSED)))
    assert "bio" not in {key.field for key in found.undecided_cells("getPerson", "cat", "ann")}
    # the owner turns it off: another square, not decided yet
    who.states[("ann", "Settings.private")] = False
    assert "bio" in {key.field for key in found.undecided_cells("getPerson", "cat", "ann")}


def test_what_the_owner_does_not_get_at_an_endpoint_is_not_worth_asking_there() -> None:
    found = matrix()
    found.apply("getPerson", shown_to_owner(NAME, PHONE))
    fields = {key.field for key in found.undecided_cells("getPerson", "cat", "ann")}
    # `password_hash`: nobody is to see it, so that its absence says something by itself
    assert fields == {"name", "phone", "password_hash"}


def test_an_endpoint_given_up_is_not_asked_unless_it_is_known_to_show() -> None:
    found = matrix()
    found.hopeless.add(("getPerson", "ann", "Person"))
    assert list(found.undecided_cells("getPerson", "cat", "ann")) == []
    assert list(found.undecided_cells("getPerson", "cat", "ann", only="Person"))
    assert list(found.undecided_cells("getPerson", "cat", "bob"))


def test_a_list_that_left_somebody_out_is_not_asked_for_what_it_does_not_owe() -> None:
    found = matrix("listPeople")
    found.passed_over.add(("listPeople", "cat", "ann"))
    granted = {
        key.field
        for key in found.undecided_cells("listPeople", "cat", "ann")
        if found.entries[key].granted
    }
    assert granted == set()
    assert list(found.undecided_cells("listPeople", "cat", "ann"))


def test_nobody_owns_no_person() -> None:
    assert list(matrix().undecided_cells("getPerson", "cat", NOBODY)) == []
    assert list(matrix("getCourse").undecided_cells("getCourse", "cat", "ann"))


# ------------------------------------------------------------ doubts


def doubtful(why: str) -> Outcome:
    leak = seen(VIP, Result.LEAK, evidence=EVIDENCE)
    return outcome("one", doubts=[Doubt(why, leak)])


def test_a_common_value_stays_undecided_until_the_endpoint_gives_itself_away() -> None:
    found = matrix()
    found.apply("getPerson", doubtful("too common a value"))
    found.settle()
    assert found.entries[VIP].result is Result.UNTESTED
    assert found.is_doubtful(VIP)
    assert found.doubts("getPerson", "cat")
    assert not found.doubts("getPerson", "bob")
    found.apply("getPerson", outcome("two", seen(VIP, Result.LEAK, owner="bob")))
    found.settle()
    assert not found.is_doubtful(VIP)
    assert found.confirmed == {VIP.finding}  # two answers by now


def test_another_value_is_a_placeholder_unless_the_field_reads_differently_for_everybody() -> None:
    found = matrix()
    found.apply("getPerson", doubtful("another value"))
    found.settle()
    assert found.entries[VIP].result is not Result.LEAK
    assert found.evidence == {}
    other = matrix()
    other.apply("getPerson", doubtful("another value"))
    other.apply("getPerson", outcome("two", relative=[("Person", "vip")]))
    other.settle()
    assert other.entries[VIP].result is Result.LEAK


@pytest.mark.parametrize("why", ["another value", "too common a value"])
def test_a_leak_in_one_state_proves_nothing_of_another_value_in_another_state(why: str) -> None:
    """In a world made by switching a setting, another object's value came out proven."""
    found = matrix()
    there = BIO._replace(state=PUBLIC)
    found.apply("getPerson", outcome("one", seen(there, Result.LEAK, evidence=EVIDENCE)))
    found.apply("getPerson", outcome("two", seen(there, Result.LEAK)))
    for request_key in ("three", "four"):
        leak = seen(BIO, Result.LEAK, evidence=EVIDENCE)
        found.apply("getPerson", outcome(request_key, doubts=[Doubt(why, leak)]))
        found.settle()
    assert found.confirmed == {there.finding}
    assert (found.entries[BIO].result is Result.LEAK) is (why == "too common a value")


def test_a_doubt_in_a_square_that_no_document_plans_is_settled_like_any_other() -> None:
    """What an undocumented way shows has no square before something leaks there."""
    found = matrix()
    there, here = (BIO._replace(endpoint="getPerson ?all=1", state=each) for each in (PUBLIC, ()))
    leak = seen(here, Result.LEAK, evidence=EVIDENCE)
    found.apply(there.endpoint, outcome("one", seen(there, Result.LEAK, evidence=EVIDENCE)))
    found.apply(here.endpoint, outcome("two", doubts=[Doubt("too common a value", leak)]))
    found.settle()
    assert not found.is_doubtful(here)
    assert here.finding not in found.confirmed


# ------------------------------------------------------------ the finished matrix


def reasons(found: Matrix, why: dict[str, str], reach: bool = True) -> dict[Key, str]:
    everybody = {("Person", key.viewer): reach for key in found.entries}
    return {
        Key("getPerson", cell.resource, cell.field, cell.viewer, cell.state): cell.reason
        for cell in report_cells(found, why, everybody)
    }


def test_each_square_that_is_untested_has_its_reason() -> None:
    found = matrix()
    assert reasons(found, {"getPerson": "no value"})[BIO] == "no value"
    assert reasons(found, {}, reach=False)[BIO] == "no identity is `member` to another's `Person`"
    endpoint = found.endpoint("getPerson")
    assert (
        reasons(found, {})[BIO]
        == f"{endpoint.method} {endpoint.path} showed no `Person` to anybody"
    )
    assert endpoint.path.startswith("/")
    found.apply("getPerson", shown_to_owner(NAME))
    assert reasons(found, {})[BIO] == "no owner was shown a `bio` that is not empty"
    below = matrix()
    below.apply("getPerson", shown_to_owner(BIO._replace(field="bio.words")))
    assert reasons(below, {})[BIO] == "the members of `bio` have cells of their own"
    found.apply("getPerson", shown_to_owner(BIO, PHONE))
    assert reasons(found, {})[BIO] == "no owner was in the state private=true when `member` asked"
    assert reasons(found, {})[PHONE] == "no response decided it"
    found.apply("getPerson", doubtful("too common a value"))
    assert "too common" in reasons(found, {})[VIP]


def test_a_decided_square_has_no_reason_and_says_who_asked_whom() -> None:
    found = matrix()
    found.apply("getPerson", outcome("one", seen(PHONE, Result.LEAK)))
    found.apply(
        "getPerson", outcome("two", seen(PHONE._replace(viewer="anyone"), Result.CLOSED, None))
    )
    cells = {(c.field, c.viewer): c for c in report_cells(found, {}, {})}
    assert cells["phone", "member"].reason == ""
    assert cells["phone", "member"].identity == "cat → ann"
    assert cells["phone", "anyone"].identity == "nobody logged in → ann"


def test_a_granted_field_that_an_endpoint_does_not_carry_is_no_square_of_its() -> None:
    found = matrix()
    found.apply("getPerson", shown_to_owner(NAME))
    keys = reasons(found, {})
    assert Key("getPerson", "Person", "bio", "member", PUBLIC) not in keys
    assert BIO in keys  # denied: it must be known what would come


def test_a_repeated_reading_gives_the_same_cells() -> None:
    outcomes = [shown_to_owner(NAME, PHONE), outcome("one", seen(PHONE, Result.LEAK))]
    made = []
    for _ in range(2):
        found = matrix()
        for each in outcomes:
            found.apply("getPerson", each)
        made.append(report_cells(found, {}, {}))
    assert made[0] == made[1]


# ------------------------------------------------------------ small questions to a table


def test_a_field_is_ruled_by_its_own_line() -> None:
    table = model().tables["Person"]
    assert table.leaves[leaf_index(table, "bio")] == "bio"
    assert leaf_index(table, "unheard.of") == -1
    assert deciding_states(table, "bio") == ("private",)
    assert deciding_states(table, "phone") == deciding_states(table, "unheard.of") == ()
    assert granted_to_nobody(table, "password_hash") and granted_to_nobody(table, "unheard.of")
    assert not granted_to_nobody(table, "bio")
    assert not allows(table, "unheard.of", frozenset({"owner"}), {})


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ({"private": True}, "true"), ({"private": False}, "false"), ({}, "unknown"),
        ({"private": "ann@example.com"}, "unknown"), ({"private": 1}, "unknown"),
    ],
)  # fmt: skip
def test_a_state_is_named_by_what_decides(values: dict[str, Json], text: str) -> None:
    table = model().tables["Person"]
    assert state_key(table, "bio", {**values, "other": 1}) == (("private", text),)
    assert state_key(table, "phone", values) == ()


# ------------------------------------------------------------ what owes nobody anything


def test_what_only_ever_stands_inside_another_object_owes_nobody_a_place() -> None:
    """Until it was seen on its own there; what then stands inside as well changes nothing."""
    found = matrix()
    mine = shown_to_owner(NAME)
    found.apply("getPerson", replace(mine, embedded=(("Person", True),)))
    assert NAME not in reasons(found, {})
    found.apply("getPerson", outcome("two", embedded=[("Person", False)]))
    assert NAME in reasons(found, {})
    found.apply("getPerson", outcome("three", embedded=[("Person", True)]))
    assert NAME in reasons(found, {})
    assert PHONE in reasons(found, {})  # denied: not owed, and to be known all the same


@pytest.mark.parametrize("drafted", ["line", "policy"])
def test_a_grant_that_nobody_has_stated_is_not_broken(drafted: str) -> None:
    """The cell of an over-block against a guess is closed and granted to nobody; a leak stays."""
    stated = model()
    if drafted == "policy":
        guess = replace(stated, policy=replace(stated.policy, stated=False))
    else:
        table = stated.tables["Person"]
        lines = tuple(replace(rule, draft=True) for rule in table.rules)
        guess = replace(stated, tables={**stated.tables, "Person": replace(table, rules=lines)})
    for known, expected in (
        (stated, (Result.OVER_BLOCK, True)),
        (guess, (Result.CLOSED, False)),
    ):
        found = Matrix(known, [probe("getPerson")], known_identities())
        found.apply("getPerson", shown_to_owner(NAME, PHONE))
        found.apply(
            "getPerson", outcome("one", seen(NAME, Result.OVER_BLOCK), seen(PHONE, Result.LEAK))
        )
        cells = {(c.field, c.viewer): (c.result, c.granted) for c in report_cells(found, {}, {})}
        assert cells["name", "member"] == expected
        assert cells["phone", "member"] == (Result.LEAK, False)


@pytest.mark.parametrize("first", ["bare", "both"])
def test_evidence_that_shows_the_owners_side_too_is_kept(first: str) -> None:
    """Whichever comes first; of two that do, the first."""
    both = Evidence(Answer("ann", "owner", 200, "application/json"), EVIDENCE.viewer, "curl")
    later = Evidence(Answer("ann", "owner", 200, "text/csv"), EVIDENCE.viewer, "curl")
    found = matrix()
    for number, each in enumerate([EVIDENCE, both] if first == "bare" else [both, EVIDENCE]):
        found.apply("getPerson", outcome(f"{number}", seen(BIO, Result.LEAK, evidence=each)))
    found.apply("getPerson", outcome("later", seen(BIO, Result.LEAK, evidence=later)))
    assert found.evidence[BIO.finding] is both


# ------------------------------------------------------------ whom a question is about


def test_a_closed_cell_is_asked_again_of_the_viewer_for_whom_it_is_wanted_and_of_no_other() -> None:
    found = matrix(who=known_identities(relationships={}))
    found.apply("getPerson", shown_to_owner(PHONE))
    found.apply("getPerson", outcome("one", seen(PHONE, Result.CLOSED)))
    found.insists = lambda key, viewer: key.field == "phone" and viewer == "cat"
    assert PHONE in found.undecided_cells("getPerson", "cat", "ann")
    found.apply("getPerson", outcome("two", seen(PHONE, Result.CLOSED, "bob")))
    assert "phone" not in {key.field for key in found.undecided_cells("getPerson", "bob", "ann")}


def test_what_is_nobodys_is_asked_about_without_an_owner() -> None:
    assert list(matrix("getCourse").undecided_cells("getCourse", "cat", NOBODY))


def test_an_operation_that_is_not_asked_has_an_endpoint_too() -> None:
    found = matrix("getPerson")
    assert found.endpoint("getPerson") is probe("getPerson").endpoint
    assert found.endpoint("deletePerson") == Endpoint(
        "DELETE", "/people/{personId}", "deletePerson"
    )


@pytest.mark.parametrize(
    ("endpoint", "path", "own"),
    [
        ("getMe", "/me", True), ("getNews", "/me/news", True), ("getNews", "/menu", False),
        ("getNews", "/news", False), ("getPerson", "/me/{personId}", False),
    ],
)  # fmt: skip
def test_what_stands_below_who_am_i_and_takes_no_id_is_about_its_caller(
    endpoint: str, path: str, own: bool
) -> None:
    there = replace(probe(endpoint), operation=replace(probe(endpoint).operation, path=path))
    assert Matrix(model(), [there], known_identities()).is_own(endpoint) is own
    assert not Matrix(model(), [there], known_identities()).is_own("nothing")


@pytest.mark.parametrize(
    ("path", "viewer", "hidden"),
    [
        # a person is shown to members, and nothing of them to nobody
        ("/people/{personId}/posts/{postId}", "cat", False),
        ("/people/{personId}/posts/{postId}", None, True),
        ("/posts/{postId}", None, False),  # the person comes in the query: no part of the path
    ],
)
def test_an_object_below_another_is_not_owed_to_who_may_not_know_of_that_one(
    path: str, viewer: str | None, hidden: bool
) -> None:
    sources = {"postId": "Post.id", "personId": "Person.id"}
    there = replace(
        probe("listPosts"), operation=replace(probe("listPosts").operation, path=path),
        sources=sources,
    )  # fmt: skip
    who = known_identities()
    who.states[("ann", "Settings.private")] = True
    assert matrix("listPosts", who=who).hides_way(there, "Post", viewer, "ann") is hidden


@pytest.mark.parametrize(
    ("why", "reason"), [("too common a value", "too common"), (LOOSE, "outside every object")]
)
def test_a_value_that_cannot_be_told_leaves_its_cell_open_whatever_else_did_not_come(
    why: str, reason: str
) -> None:
    """`vip: false` of one object of ann's came to a stranger; another question showed none."""
    for first in ("doubt", "absence"):
        found = matrix()
        found.apply("getPerson", shown_to_owner(VIP))
        said = [doubtful(why), outcome("two", seen(VIP, Result.CLOSED))]
        for each in said if first == "doubt" else reversed(said):
            found.apply("getPerson", each)
        found.settle()
        assert reason in reasons(found, {})[VIP]
        cells = {(c.field, c.viewer): c.result for c in report_cells(found, {}, {})}
        assert cells["vip", "member"] is Result.UNTESTED
