"""Laws of the exposure matrix: what a cell means, and which answer may change it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from itertools import permutations

import pytest

from oakum.authz import Model
from oakum.exposure.cells.matrix import (
    ECHO,
    LOOSE,
    NOBODY,
    Doubt,
    Key,
    Matrix,
    Observation,
    Outcome,
)
from oakum.exposure.cells.report_cells import report_cells
from oakum.exposure.cells.untested_reasons import is_anybodys, resources_without_owner
from oakum.exposure.endpoints.probes import Query
from oakum.exposure.known_identities import KnownIdentities
from oakum.finding import Evidence, Result
from tests.unit.exposure.cells.test_matrix import (
    BIO,
    EVIDENCE,
    NAME,
    PHONE,
    PRIVATE,
    PUBLIC,
    VIP,
    doubtful,
    matrix,
    outcome,
    reasons,
    seen,
    shown_to_owner,
)
from tests.unit.scan import studio
from tests.unit.scan.evaluation.test_evaluator import policy
from tests.unit.scan.studio import known_identities, model, probe

AGAIN = Evidence(EVIDENCE.owner, EVIDENCE.viewer, "curl again")
MEMBER = frozenset({"member", "anyone"})


def behind_login(*operations: str) -> Model:
    """The studio, where these operations ask for a login."""
    every = dict(model().operations)
    for name in operations:
        every[name] = replace(every[name], security=(frozenset({"login"}),))
    return replace(model(), operations=every)


def private_ann() -> KnownIdentities:
    """Everybody's setting is known: only what was read makes a cell of a state."""
    who = known_identities()
    for name in who.names():
        who.states[(name, "Settings.private")] = True
    return who


# ------------------------------------------------------------ what the contract grants


def test_a_field_is_granted_to_nobody_logged_in_only_where_no_login_is_asked_for() -> None:
    for known, free in ((model(), True), (behind_login("getCourse"), False)):
        found = Matrix(known, [probe("getCourse")], known_identities())
        place = ("getCourse", "Course", "title", frozenset({"anyone"}))
        assert found.is_granted(*place, False, {}) is free
        assert found.is_granted(*place, True, {})


@pytest.mark.parametrize("called", [None, ("owner",)])
def test_an_undocumented_way_asks_for_no_login_but_keeps_the_contracts_callers(
    called: tuple[str, ...] | None,
) -> None:
    known = behind_login("getCourse")
    if called:
        rule = replace(known.rule("getCourse"), call=called)
        known = replace(known, rules={**known.rules, "getCourse": rule})
    way = probe("getCourse").otherwise("option", query=(("all", "1"),))
    found = Matrix(known, [probe("getCourse"), way], known_identities())
    granted = found.is_granted(way.id, "Course", "title", frozenset({"anyone"}), False, {})
    assert granted is (called is None)
    assert found.is_granted(way.id, "Course", "title", frozenset({"anyone", "owner"}), False, {})
    assert not found.is_granted(way.id, "Course", "code", frozenset({"anyone", "owner"}), True, {})


def test_what_may_be_seen_at_some_endpoint_hangs_on_the_setting_or_on_its_being_unread() -> None:
    who = known_identities(relationships={})
    found = matrix(who=who)
    assert found.sees("Person", "bio", "cat", "ann"), "nobody has read whether she is private"
    assert not found.sees("Person", "phone", "cat", "ann"), "no setting decides this one"
    for private in (True, False):
        who.states[("ann", "Settings.private")] = private
        assert found.sees("Person", "bio", "cat", "ann") is not private
        assert found.sees("Person", "bio", "ann", "ann")
        assert not found.sees("Person", "bio", None, "ann")


def test_a_catalogue_hides_no_way_though_nothing_of_it_is_shown() -> None:
    """Who may not read a course may be told who rides in it: it is nobody's."""
    text = studio.POLICY.replace("id, title: [{see: [anyone]}]", "id, title: [{see: [staff]}]")
    with policy(text):
        at = probe("listPosts")
        there = replace(
            at, sources={"courseId": "Course.id"},
            operation=replace(at.operation, path="/courses/{courseId}/posts"),
        )  # fmt: skip
        found = Matrix(studio.model(), [there], known_identities(relationships={}))
        assert not found.sees("Course", "title", "cat", NOBODY)
        assert not found.hides_way(there, "Post", "cat", "ann")


def test_the_state_of_one_owner_is_not_that_of_another() -> None:
    who = known_identities()
    who.states.update({("ann", "Settings.private"): False, ("bob", "Settings.private"): True})
    found = matrix(who=who)
    assert found.state("Person", "ann") == {"private": False}
    assert found.state("Person", "bob") == {"private": True}
    assert found.state("Course", NOBODY) == {}


# ------------------------------------------------------------ which cells there are

STAFF = {"staff": (frozenset({"anyone", "member", "staff"}), True)}


def expecting(*endpoints: str) -> Matrix:
    return Matrix(model(), [probe(endpoint) for endpoint in endpoints], known_identities(), STAFF)


def test_every_owned_resource_is_to_be_asked_as_every_kind_of_viewer_that_is_expected() -> None:
    found = expecting("getPerson", "getMe", "getCourse").entries
    assert found[BIO._replace(viewer="staff")].granted is False
    assert found[BIO._replace(viewer="staff", state=PUBLIC)].granted is True, "staff are members"
    staffed = {key.endpoint for key in found if key.viewer == "staff"}
    assert staffed == {"getPerson"}, "neither at who-am-I, nor of what is nobody's"


def test_a_kind_that_a_grant_names_is_asked_of_owned_resources_with_what_all_members_hold() -> None:
    alone = matrix(
        "getPerson", "getCourse", who=known_identities(relationships={}, names=["ann"])
    ).entries
    assert alone[BIO._replace(viewer="follower")].granted is True
    assert alone[NAME._replace(viewer="follower")].granted is True
    assert alone[PHONE._replace(viewer="follower")].granted is False
    assert alone[NAME._replace(viewer="anyone")].granted is False
    assert {key.viewer for key in alone if key.resource == "Course"} == {"anyone", "member"}


# ------------------------------------------------------------ what one answer changes


def test_the_strongest_answer_stands_in_whatever_order_they_come() -> None:
    """Untested, closed, open, over-block, leak: each goes before those that stand before it."""
    order = (Result.CLOSED, Result.OPEN, Result.OVER_BLOCK, Result.LEAK)
    for number in range(1, 5):
        for each in permutations(order[:number]):
            found = matrix()
            for turn, result in enumerate(each):
                viewer = f"viewer of {result.value}"
                found.apply("getPerson", outcome(f"{turn}", seen(BIO, result, viewer)))
            entry = found.entries[BIO]
            assert entry.result is order[number - 1]
            assert entry.viewer == f"viewer of {order[number - 1].value}"
            assert entry.granted is (order[number - 1] in (Result.OPEN, Result.OVER_BLOCK))


def test_cells_that_the_run_is_not_about_are_not_entered_and_teach_all_the_same() -> None:
    found = matrix()
    found.wanted = lambda key: key.field != "phone"
    found.apply("getPerson", outcome("one", seen(PHONE, Result.CLOSED), seen(BIO, Result.CLOSED)))
    assert found.entries[PHONE].result is Result.UNTESTED
    assert found.entries[BIO].result is Result.CLOSED
    assert found.closed_to == {("cat", PHONE), ("cat", BIO)}


def test_only_what_did_not_come_to_somebody_logged_in_is_closed_to_them() -> None:
    found = matrix()
    found.apply(
        "getPerson",
        outcome(
            "one", seen(PHONE, Result.CLOSED, None), seen(BIO, Result.LEAK),
            seen(NAME, Result.OPEN), seen(VIP, Result.CLOSED),
        ),
    )  # fmt: skip
    assert found.closed_to == {("cat", VIP)}


@pytest.mark.parametrize(
    ("viewer", "owner", "result", "own"),
    [
        ("ann", "ann", Result.OPEN, True), ("ann", "ann", Result.LEAK, True),
        ("ann", "ann", Result.CLOSED, False), ("cat", "ann", Result.OPEN, False),
        ("cat", "ann", Result.LEAK, False), ("cat", NOBODY, Result.OPEN, True),
        ("cat", NOBODY, Result.CLOSED, False),
    ],
)  # fmt: skip
def test_only_what_an_owner_was_shown_counts_as_shown_to_its_owner(
    viewer: str, owner: str, result: Result, own: bool
) -> None:
    found = matrix()
    found.apply("getPerson", outcome("one", seen(BIO, result, viewer, owner)))
    assert found.own == ({("getPerson", owner, "Person"): {"bio"}} if own else {})
    assert found.known == ({(owner, "Person", "bio")} if own else set())


def test_a_way_that_nobody_documented_owes_nobody_anything() -> None:
    way = probe("getPerson").otherwise("option", query=(("all", "1"),))
    found = matrix()
    found.open(way)
    here = NAME._replace(endpoint=way.id)
    block, leak = seen(here, Result.OVER_BLOCK), seen(BIO._replace(endpoint=way.id), Result.LEAK)
    found.apply(way.id, outcome("one", block, leak))
    assert here not in found.entries and found.refused == {}
    assert [key for key, _ in found.leaks()] == [BIO._replace(endpoint=way.id)]
    assert found.how(way.id) == "option" and found.how("getPerson") == ""
    assert found.operation(way.id) == "getPerson" == found.operation("getPerson")
    assert found.how("unheard of") == "" and found.operation("unheard of") == "unheard of"


def test_opening_a_way_makes_no_cell_and_takes_the_place_of_none() -> None:
    found = matrix()
    planned = set(found.entries)
    found.open(replace(probe("getPerson"), shows={"Person": ("new",)}))
    assert set(found.entries) == planned
    assert found.probes["getPerson"] is probe("getPerson")


def test_another_object_that_is_withheld_takes_nothing_from_who_was_shown_the_field() -> None:
    """While answers may only add leaks; what was not shown yet is blocked all the same."""
    for adding in (True, False):
        found = matrix()
        found.adding_only = adding
        found.apply("getPerson", outcome("one", seen(NAME, Result.OPEN), seen(BIO, Result.CLOSED)))
        blocks = [seen(each, Result.OVER_BLOCK) for each in (NAME, BIO)]
        found.apply("getPerson", outcome("two", *blocks))
        assert found.entries[NAME].result is (Result.OPEN if adding else Result.OVER_BLOCK)
        assert found.entries[BIO].result is Result.OVER_BLOCK
        assert (NAME.finding in found.refused) is not adding
        found.apply("getPerson", outcome("three", seen(NAME, Result.LEAK)))
        assert found.entries[NAME].result is Result.LEAK


# ------------------------------------------------------------ what proves a finding


def test_an_over_block_is_sure_when_its_request_is_refused_again_and_keeps_its_evidence() -> None:
    found = matrix()
    for request_key, repeats, evidence, sure in (
        ("one", "", None, False), ("one", "", EVIDENCE, False), ("two", "", AGAIN, False),
        ("three", "four", None, False), ("three", "two", None, False), ("five", "two", None, True),
        ("six", "", None, True),
    ):  # fmt: skip
        found.repeats = repeats
        found.apply(
            "getPerson", outcome(request_key, seen(NAME, Result.OVER_BLOCK, evidence=evidence))
        )
        assert found.refused[NAME.finding][1] is sure
    assert found.refused[NAME.finding][0] is EVIDENCE
    assert found.confirmed == set() and found.evidence == {}


def test_what_something_stands_against_confirms_nothing_and_the_first_reason_is_kept() -> None:
    found = matrix()
    for request_key in ("one", "two"):
        found.apply(
            "getPerson",
            outcome(request_key, replace(seen(PHONE, Result.LEAK), weak=f"mask {request_key}")),
        )
    assert found.confirmed == set() and found.weak == {PHONE.finding: "mask one"}
    assert found.entries[PHONE].result is Result.LEAK and not found.entries[PHONE].request_keys
    found.apply("getPerson", outcome("three", seen(PHONE, Result.LEAK)))
    assert found.confirmed == set(), "one answer that nothing stands against is one"
    assert found.entries[PHONE].request_keys == ["three"]
    found.apply("getPerson", outcome("four", seen(PHONE, Result.LEAK)))
    assert found.confirmed == {PHONE.finding}


def test_two_answers_of_which_one_refuses_confirm_neither() -> None:
    found = matrix()
    found.apply("getPerson", outcome("one", seen(NAME, Result.OVER_BLOCK)))
    found.apply("getPerson", outcome("two", seen(NAME, Result.LEAK)))
    assert found.refused[NAME.finding][1] is False
    found.apply("getPerson", outcome("three", seen(NAME, Result.OVER_BLOCK)))
    assert found.refused[NAME.finding][1] is False, "it leaks: a refusal is not its result"


# ------------------------------------------------------------ what cannot be told


def test_what_cannot_be_told_concerns_its_endpoint_viewer_owner_and_resource_alone() -> None:
    found = matrix()
    found.apply("getPerson", outcome("one", unclear=[("cat", "ann", "Person"), ("", "", "Post")]))
    assert found.is_unclear("getPerson", "cat", "ann", "Person")
    for place in (
        ("listPeople", "cat", "ann", "Person"), ("getPerson", "bob", "ann", "Person"),
        ("getPerson", "cat", "bob", "Person"), ("getPerson", "cat", "ann", "Post"),
        ("getPerson", None, "ann", "Person"),
    ):  # fmt: skip
        assert not found.is_unclear(*place), place
    assert found.is_unclear("getPerson", None, "ann", "Post"), "whoever's it is"
    assert found.is_unclear("getPerson", None, "bob", "Post")


@pytest.mark.parametrize("why", ["another value", "too common a value", ECHO, LOOSE])
def test_a_doubt_says_why_and_an_echo_is_never_settled(why: str) -> None:
    found = matrix()
    found.apply("getPerson", doubtful(why))
    assert found.doubt(VIP) == why and found.doubt(PHONE) == ""
    assert found.is_doubtful(VIP) and not found.is_doubtful(PHONE)
    assert found.doubts("getPerson", "cat") is (why != "another value")
    assert not found.doubts("listPeople", "cat") and not found.doubts("getPerson", None)
    found.apply("getPerson", outcome("two", seen(VIP, Result.LEAK), relative=[("Person", "vip")]))
    found.settle()
    assert found.is_doubtful(VIP) is (why in (ECHO, LOOSE))


def test_a_field_that_reads_differently_for_everybody_clears_its_own_doubt_only() -> None:
    found = matrix()
    bio = Doubt("another value", seen(BIO, Result.LEAK))
    found.apply("getPerson", outcome("one", doubts=[bio], relative=[("Person", "vip")]))
    found.apply("getPerson", doubtful("too common a value"))
    found.settle()
    assert found.entries[BIO].result is not Result.LEAK
    assert found.entries[VIP].result is not Result.LEAK, "too common is another matter"


def test_the_first_doubt_of_a_cell_is_kept() -> None:
    found = matrix()
    for why in ("another value", "too common a value"):
        found.apply("getPerson", doubtful(why))
    assert found.doubt(VIP) == "another value"


def test_a_leak_of_common_values_in_another_state_is_no_proof_and_says_so() -> None:
    found = matrix()
    there, here = BIO._replace(state=PUBLIC), BIO
    found.apply("getPerson", outcome("one", seen(there, Result.LEAK)))
    common = Doubt("too common a value", seen(here, Result.LEAK, evidence=EVIDENCE))
    for request_key in ("two", "three"):
        found.apply("getPerson", replace(outcome(request_key), doubts=(common,)))
        found.settle()
    assert here.finding not in found.confirmed
    assert "too common" in found.weak[here.finding]
    same = matrix()
    same.apply("getPerson", outcome("one", seen(here, Result.LEAK)))
    same.apply("getPerson", replace(outcome("two"), doubts=(common,)))
    same.settle()
    assert here.finding in same.confirmed, "in the same state the endpoint has given itself away"


# ------------------------------------------------------------ what is still worth asking


def test_a_leak_that_only_weak_answers_show_is_worth_another_question() -> None:
    found = matrix(who=known_identities(relationships={}))
    found.apply("getPerson", shown_to_owner(PHONE))
    found.apply("getPerson", outcome("one", replace(seen(PHONE, Result.LEAK), weak="a mask")))
    assert PHONE in found.undecided_cells("getPerson", "bob", "ann")
    found.apply("getPerson", outcome("two", seen(PHONE, Result.LEAK)))
    assert PHONE not in found.undecided_cells("getPerson", "bob", "ann")


def test_a_cell_is_undecided_for_its_own_kind_of_viewer_only() -> None:
    found = matrix()
    for viewer, label in (
        ("cat", "member"),
        ("bob", "follower"),
        ("ann", "owner"),
        (None, "anyone"),
    ):
        assert {key.viewer for key in found.undecided_cells("getPerson", viewer, "ann")} == {label}


def test_what_an_entitled_viewer_was_shown_is_decidable_before_the_owner_asks() -> None:
    """Bob, who follows ann, was shown her bio there: a field he was not shown tells nothing."""
    found = matrix(who=private_ann())
    found.apply(
        "getPerson",
        outcome("one", sighted=[("ann", "Person")], witnessed=[("ann", "Person", "bio")]),
    )
    fields = {key.field for key in found.undecided_cells("getPerson", "cat", "ann")}
    assert fields == {"bio", "password_hash"}
    assert found.shows(BIO, "ann") and not found.shows(BIO, "bob")
    found.known.add(("ann", "Person", "phone"))
    fields = {key.field for key in found.undecided_cells("getPerson", "cat", "ann")}
    assert fields == {"bio", "password_hash", "phone"}, "denied, and shown to its owner elsewhere"


def test_only_one_resource_of_an_endpoint_may_be_asked_about() -> None:
    found = matrix("getPost", who=private_ann())
    every = {key.resource for key in found.undecided_cells("getPost", "cat", "ann")}
    assert every == {"Post", "Person"}
    assert {key.resource for key in found.undecided_cells("getPost", "cat", "ann", "Post")} == {
        "Post"
    }


def test_an_endpoint_given_up_for_one_resource_is_still_asked_for_another() -> None:
    found = matrix("getPost", who=private_ann())
    found.hopeless.add(("getPost", "ann", "Person"))
    assert {key.resource for key in found.undecided_cells("getPost", "cat", "ann")} == {"Post"}
    assert {key.resource for key in found.undecided_cells("getPost", "cat", "bob")} == {
        "Post",
        "Person",
    }


def test_an_owner_with_objects_in_several_states_has_cells_in_each_of_them() -> None:
    who = known_identities(relationships={})
    who.states[("ann", "Settings.private")] = True
    found = matrix(who=who)
    found.conditions = lambda probe, resource, owner: (
        [{"private": False}, {}] if owner == "ann" else []
    )
    bio = [
        key.state for key in found.undecided_cells("getPerson", "cat", "ann") if key.field == "bio"
    ]
    assert bio == [PUBLIC, PRIVATE], "its own, and what the account says where it says nothing"


# ------------------------------------------------------------ the finished matrix


def finished(
    found: Matrix, why: Mapping[str, str] | None = None
) -> dict[tuple[str, str, str], Result]:
    return {
        (c.field, c.viewer, str(dict(c.state))): c.result
        for c in report_cells(found, why or {}, {})
    }


def test_a_way_that_nobody_documented_adds_its_leak_and_nothing_else() -> None:
    """However many ways there are by which the same operation leaks the same field."""
    ways = [
        probe("getPerson").otherwise("option", query=((name, "1"),), endpoint="/people/{personId}?")
        for name in ("all", "full")
    ]
    found = matrix()
    for way in ways:
        found.open(way)
        phone = PHONE._replace(endpoint=way.id)
        vip, bio = phone._replace(field="vip"), BIO._replace(endpoint=way.id)
        found.apply(
            way.id,
            outcome(
                f"by {way.query}", seen(phone, Result.LEAK), seen(vip, Result.CLOSED),
                seen(bio, Result.OPEN),
            ),
        )  # fmt: skip
    other = [c for c in report_cells(found, {}, {}) if c.endpoint.path != "/people/{personId}"]
    assert [(c.field, c.result) for c in other] == [("phone", Result.LEAK)]


def test_what_two_documented_queries_of_one_operation_tell_is_told_once() -> None:
    """A cell that one way has decided is not untested by another."""
    query = replace(probe("getPerson"), query=(("view", "full"),), endpoint=replace(
        probe("getPerson").endpoint, path="/people/{personId}?view=full"))  # fmt: skip
    found = Matrix(model(), [probe("getPerson"), query], known_identities())
    mine = shown_to_owner(PHONE, NAME)
    found.apply("getPerson", mine)
    found.apply("getPerson", outcome("one", seen(PHONE, Result.CLOSED)))

    def endpoints(field: str) -> set[str]:
        return {
            c.endpoint.path for c in report_cells(found, {}, {})
            if (c.field, c.viewer) == (field, "member")
        }  # fmt: skip

    assert query.id != "getPerson"
    assert endpoints("phone") == {"/people/{personId}"}, "decided there"
    assert len(endpoints("vip")) == 1, "decided nowhere, and told once"
    vip = VIP._replace(endpoint=query.id)
    found.apply(query.id, outcome("by the other", seen(vip, Result.CLOSED)))
    assert endpoints("vip") == {"/people/{personId}?view=full"}, "decided there alone"
    found.apply(query.id, outcome("two", seen(PHONE._replace(endpoint=query.id), Result.LEAK)))
    assert endpoints("phone") == {"/people/{personId}", "/people/{personId}?view=full"}


def test_a_promise_to_an_account_that_nobody_knows_is_not_broken() -> None:
    nameless = known_identities(relationships={})
    nameless.ids = {**nameless.ids, "cat": frozenset({nameless.placeholder("cat")})}
    for who, known in ((known_identities(relationships={}), True), (nameless, False)):
        found = matrix(who=who)
        found.apply("getPerson", outcome("one", seen(NAME, Result.OVER_BLOCK)))
        (cell,) = (
            c for c in report_cells(found, {}, {}) if (c.field, c.viewer) == ("name", "member")
        )
        expected = (Result.OVER_BLOCK, True) if known else (Result.CLOSED, False)
        assert (cell.result, cell.granted) == expected


def test_a_decided_cell_needs_no_pair_and_no_reason_while_an_untested_one_does() -> None:
    found = matrix()
    found.apply("getPerson", shown_to_owner(PHONE))
    found.apply("getPerson", outcome("one", seen(PHONE, Result.CLOSED)))
    told = {(c.field, c.viewer): c.reason for c in report_cells(found, {}, {})}
    assert told["phone", "member"] == "" != told["vip", "member"]
    assert "no identity is" not in told["vip", "member"], "that a member asked is known by now"
    assert "no identity is `follower`" in told["phone", "follower"]


def test_cells_of_an_endpoint_that_was_not_asked_are_all_untested_granted_ones_too() -> None:
    found = matrix()
    found.apply("getPerson", shown_to_owner(PHONE))
    assert ("name", "member", "{}") not in finished(found), "the page does not carry a name"
    assert finished(found, {"getPerson": "no time"})["name", "member", "{}"] is Result.UNTESTED


def test_a_list_owes_nobody_what_it_shows_of_others_and_a_page_does() -> None:
    """Of a granted field that was shown to somebody entitled, and not to this viewer."""
    for endpoint, owed in (("listPeople", False), ("getPerson", True)):
        found = matrix(endpoint)
        keys = [key._replace(endpoint=endpoint) for key in (NAME, PHONE)]
        found.apply(endpoint, shown_to_owner(*keys))
        assert (("name", "member", "{}") in finished(found)) is owed
        assert ("phone", "member", "{}") in finished(found), "denied: to be known all the same"


def test_what_no_owner_was_shown_there_owes_nobody_anything() -> None:
    """Bob was shown ann's name there, she never asked."""
    found = matrix()
    found.apply(
        "getPerson",
        outcome("one", sighted=[("ann", "Person")], witnessed=[("ann", "Person", "name")]),
    )
    assert ("name", "member", "{}") not in finished(found)


def test_a_resource_of_which_only_strangers_objects_came_is_not_judged() -> None:
    found = matrix("getPerson", "listPeople")
    found.outsiders[("listPeople", "Person")] = {"cat": {"p-zoe-9"}}
    found.outsiders[("listPeople", "Post")] = {"cat": {"p-zoe-9"}}
    assert resources_without_owner(found) == ["Person", "Post"]
    found.apply("getPerson", shown_to_owner(NAME))
    assert resources_without_owner(found) == ["Post"]
    assert is_anybodys(found, "Person") and not is_anybodys(found, "Post")


def test_graphql_queries_are_cells_of_the_one_operation_that_they_go_through() -> None:
    asked = replace(probe("getPerson"), asks=Query("{ person { name } }", {}, "person"))
    found = Matrix(model(), [asked], known_identities())
    assert {key.endpoint for key in found.entries} == {asked.id} != {"getPerson"}
    assert {cell.endpoint.operation for cell in report_cells(found, {}, {})} == {"getPerson"}


def test_an_answer_kept_from_an_earlier_run_says_the_same() -> None:
    """Applying one outcome twice adds nothing: its request_key names it."""
    found = matrix()
    leak = outcome("one", seen(PHONE, Result.LEAK, evidence=EVIDENCE))
    for _ in range(3):
        found.apply("getPerson", leak)
    assert found.confirmed == set()
    assert reasons(found, {})[PHONE] == ""
    assert Outcome("one", 200).whole and not Outcome("one", 200).tentative
    assert Key("a", "b", "c", "d", PRIVATE).finding == ("b", "c", "d", PRIVATE)


def test_what_may_change_is_the_same_whatever_was_asked_before() -> None:
    """Cells that are decided are left out of an index, and come back once a result is taken
    back, or a leak turns out to rest on nothing."""
    found, one = Matrix(studio.model(), [probe("getPerson")], known_identities()), "getPerson"
    first = [*found.undecided_cells(one, "cat", "ann")]
    for number, key in enumerate(first):
        entry = found.entries[key]
        result = Result.OPEN if entry.granted else Result.CLOSED
        seen = Observation(key, entry.granted, result, "cat", "ann")
        found.apply(one, Outcome(f"request {number}", 200, (seen,)))
        assert [*found.undecided_cells(one, "cat", "ann")] == first[number + 1 :]
    for key in reversed(first):
        found.take_back(found.entries[key])
    assert [*found.undecided_cells(one, "cat", "ann")] == first
    denied = next(key for key in first if not found.entries[key].granted)
    for result, weak in ((Result.CLOSED, ""), (Result.LEAK, "perhaps chance")):
        seen = Observation(denied, False, result, "cat", "ann", None, weak)
        found.apply(one, Outcome(f"{result}", 200, (seen,)))
        assert (denied in found.undecided_cells(one, "cat", "ann")) is bool(weak)
