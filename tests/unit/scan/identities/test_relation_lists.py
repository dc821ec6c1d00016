"""A list is whole by evidence; only of a whole one it is known who is not on it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oakum.authz.complete_lists import ListPlace
from oakum.exchange import Request, Response
from oakum.exposure.known_identities import KnownIdentities
from oakum.exposure.values.knowledge import Knowledge
from oakum.scan.identities import relation_lists
from oakum.scan.identities.relation_lists import ListedAccounts, Relations, read_list
from tests.unit.exposure.values.test_knowledge import instance
from tests.unit.scan.studio import IDS, TARGET, model, probe, reply

AT = ListPlace(("data", "*", "id"))
ONE = Request("GET", "http://127.0.0.1/list", {})


def rows(*ids: str) -> list[dict[str, str]]:
    return [{"id": each} for each in ids]


def read(*pages: Any, names: tuple[str, ...] = ("page",), **headers: str) -> ListedAccounts | None:
    """A list of so many pages, of which the last is given for each further number."""

    def ask(who: str | None, request: Request, /) -> Response:
        number = int(request.url.partition("page=")[2] or 1)
        made = reply(pages[min(number, len(pages)) - 1])
        return Response(made.status, {**made.headers, **headers}, made.body)

    return read_list(ask, "ann", ONE, names, AT)


@pytest.mark.parametrize(
    "around",
    [
        {}, {"total": 2}, {"next": None}, {"has_more": False}, {"meta": {"total_pages": 1}},
        {"paging": {"count": 2, "next": ""}}, {"error": None}, {"older": None}, {"omitted": 0},
    ],
    ids=str,
)  # fmt: skip
def test_a_list_that_says_nothing_else_is_whole(around: dict[str, Any]) -> None:
    assert read({"data": rows("a", "b"), **around}) == ListedAccounts(frozenset("ab"), True)


@pytest.mark.parametrize("fields", [("id", "title"), ("id",)])
def test_a_title_says_nothing_of_the_list_if_it_is_a_field_of_the_object_around_it(
    fields: tuple[str, ...],
) -> None:
    """Else it may be that of a problem (RFC 9457)."""
    thread = reply({"id": "t-1", "title": "Garden plans", "members": rows("a", "b")})
    shown = replace(probe("getPost"), shows={"Thread": fields})
    place = relation_lists.place_in(shown, "/members/*/id")
    place = replace(place, declared={"id": frozenset(), "title": frozenset()})
    found = read_list(lambda who, request: thread, "ann", ONE, (), place)
    assert found == ListedAccounts(frozenset("ab"), "title" in fields)


@pytest.mark.parametrize(
    "around",
    [
        {"total": 3}, {"next": "c2"}, {"has_more": True}, {"meta": {"total_pages": 2}},
        {"paging": {"cursor": "x"}}, {"links": {"next": {"href": "x"}}}, {"error": "busy"},
        {"page_info": {"hasNextPage": True}}, {"totalCount": 20}, {"truncated": True},
        {"LastEvaluatedKey": {"id": 5}}, {"older": {"href": "/list?p=2"}}, {"marker": "b"},
        {"paging": {"after": "b"}}, {"omitted": 3}, {"shards": 2}, {"lastKeyRead": {}},
        {"data": [{"id": "a"}, {"id": "b"}, {"id": None}]},
    ],
    ids=str,
)  # fmt: skip
def test_a_list_that_says_that_it_goes_on_is_not_whole(around: dict[str, Any]) -> None:
    found = read({"data": rows("a", "b"), **around}, names=())
    assert found is not None and found.ids == frozenset("ab") and not found.whole


@pytest.mark.parametrize(
    "headers",
    [
        {"link": '<?page=2>; rel="next"'}, {"x-total-count": "9"},
        {"content-range": "items 0-0/9"}, {"content-range": "items 0-0/*"},
    ],
    ids=str,
)  # fmt: skip
def test_headers_count_as_members_do(headers: dict[str, str]) -> None:
    found = read({"data": rows("a")}, names=(), **headers)
    assert found is not None and not found.whole


def test_a_range_that_is_all_there_is_says_nothing_more() -> None:
    found = read({"data": rows("a")}, names=(), **{"content-range": "items 0-0/1"})
    assert found is not None and found.whole


def test_as_many_as_a_page_are_not_all_unless_something_says_so() -> None:
    ten = rows(*"abcdefghij")
    silent, counted, more = (
        read({"data": ten}), read({"data": ten, "total": 10}), read({"data": ten}, {"data": []}),
    )  # fmt: skip
    assert silent is not None and not silent.whole
    assert counted is not None and counted.whole
    assert more is not None and more.whole  # the next page is empty


def test_more_pages_than_are_read_are_not_all() -> None:
    pages = [{"data": rows(f"a{n}", f"b{n}", f"c{n}")} for n in range(50)]
    found = read(*pages)
    assert found is not None and len(found.ids) == 120 and not found.whole


def test_an_empty_member_that_nobody_explains_is_silent_where_the_document_declares_it() -> None:
    place = replace(AT, declared={"shards": frozenset()})
    for shards, at, whole in (("", AT, False), ("", place, True), (0, place, False)):
        value = {"data": rows("a"), "shards": shards}
        found = read_list(lambda *_, value=value: reply(value), "ann", ONE, (), at)
        assert found == ListedAccounts(frozenset("a"), whole)


def test_all_pages_are_read() -> None:
    found = read({"data": rows(*"ab")}, {"data": rows(*"cd")}, {"data": rows("e")})
    assert found == ListedAccounts(frozenset("abcde"), True)


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats(allow_nan=False) | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.sampled_from(["data", "id", "next", "total"]), inner, max_size=3)
        ),
        max_leaves=8,
    )
)
def test_no_answer_without_the_list_is_whole(value: Any) -> None:
    found = read(value)
    has = isinstance(value, dict) and isinstance(value.get("data"), list | dict)
    assert found is None or not found.whole or has


class Lists:
    """Who follows whom, shown as a list without a word beside it."""

    def __init__(self) -> None:
        self.rows = {IDS["ann"]: [IDS["bob"], "p-somebody"], IDS["bob"]: [], IDS["cat"]: []}
        self.turns = False

    def __call__(self, who: str | None, request: Request, /) -> Response:
        id = request.url.removeprefix(TARGET).split("/")[2]
        shown = self.rows[id]
        if self.turns:  # another at each asking
            shown = self.rows[id] = shown[1:] + shown[:1] if len(shown) > 1 else shown
            shown = shown[:1]
        return reply({"data": rows(*shown)})

    def read(self) -> Relations:
        knowledge = Knowledge()
        for name, id in IDS.items():
            knowledge.learn_own(name, instance(id=id))
        known = model().policy
        follower = replace(known.relations["follower"], operation="listFollowers")
        rules = replace(known, relations={**known.relations, "follower": follower})
        page = probe("getPerson")
        endpoint = replace(page.operation, id="list", path=f"{page.operation.path}/followers")
        identities = KnownIdentities(
            rules, {name: frozenset({id}) for name, id in IDS.items()}, {}, {}
        )
        probes = {"listFollowers": replace(page, operation=endpoint)}
        found = Relations(rules, probes, identities, knowledge, TARGET, self)
        found.take()
        assert len(found.before) == 3
        return found


def test_lists_that_are_as_they_were_are_not_told() -> None:
    assert Lists().read().differences() == ()


@pytest.mark.parametrize(
    ("after", "words"),
    [
        (["p-somebody"], ["bob no more"]),
        ([IDS["bob"]], ["1 other account no more"]),
        ([], ["bob no more", "1 other account no more"]),
        ([IDS["bob"], "p-somebody", IDS["cat"]], ["cat only now"]),
    ],
)  # fmt: skip
def test_who_is_on_a_list_no_more_or_only_now_is_told(after: list[str], words: list[str]) -> None:
    lists = Lists()
    found = lists.read()
    lists.rows[IDS["ann"]] = after
    said = found.differences()
    assert len(said) == len(words)
    assert all(any(word in each for each in said) for word in words)
    assert all("`follower` list of ann" in each and "p-somebody" not in each for each in said)


@pytest.mark.parametrize("stated", [True, False])
def test_who_was_taken_off_a_list_has_lost_what_was_told_of_them(stated: bool) -> None:
    lists = Lists()
    found = lists.read()
    if stated:
        found.identities.retie("bob", "ann", frozenset({"follower"}))
    lists.rows[IDS["ann"]] = ["p-somebody"]
    found.differences()
    assert found.identities.lost == ({("bob", "follower", "ann")} if stated else set())


def test_a_list_that_differs_from_itself_has_lost_nobody() -> None:
    lists = Lists()
    found = lists.read()
    lists.turns = True
    assert found.differences() == ()


def test_who_is_listed_and_not_told_of_is_in_doubt_and_named_and_nobody_else() -> None:
    lists = Lists()
    lists.rows[IDS["bob"]] = [IDS["ann"]]
    found = lists.read()
    found.identities.retie("ann", "bob", frozenset({"follower"}))
    notes = [*found.doubt()]
    assert set(found.identities.doubted) == {("bob", "ann")}
    assert "`follower`" in found.identities.unproven_of("bob", "ann")
    assert not found.identities.unproven_of("ann", "bob") and not found.identities.unproven_of(
        "cat", "ann"
    )
    assert [each for each in notes if "add `bob is follower of ann`" in each] == notes != []
    assert "p-somebody" not in str(notes)


def test_lists_that_are_known_are_not_read_again_before_the_run_writes() -> None:
    lists, asked = Lists(), list[str]()
    found = lists.read()

    def ask(who: str | None, request: Request, /) -> Response:
        asked.append(request.url)
        return lists(who, request)

    found.ask = ask
    assert [*found.doubt()] != []
    found.take()
    assert asked == []


def test_a_list_whose_path_needs_what_is_not_known_is_named_and_no_other() -> None:
    found = Lists().read()
    assert [*found.unread()] == []
    del found.before["follower", "bob"]
    assert [*found.unread()] == []  # it was asked for: what it answered is no list
    found.knowledge = Knowledge()
    (said,) = found.unread()
    assert "the `follower` list of bob is untested: GET /people/{personId}/followers" in said
    knowledge = Knowledge()
    knowledge.learn_own("ann", instance(id=IDS["ann"]))
    found.knowledge, found.before = knowledge, {}
    (said,) = found.unread()
    assert "list of bob, cat is" in said
    with patch.object(relation_lists, "_MOST", 0):
        (said,) = found.unread()
    assert "list of ann, bob, cat is" in said and "more than 0 lists" in said
