"""Values of the environment name nobody: the present time, versions, counters, names of hosts."""

from __future__ import annotations

import time
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from tests.scan.servers import Reply
from tests.scan.verdicts import NAMES, Api, Told, path, schema, told

MEMBER = """\
  Member:
    key: id
    owner: id
    fields:
      id: [{see: [member]}]
      motto, seen_at, build, ticket: [{see: [owner]}]
operations:
  getMember: {params: {memberId: Me.id}}
  listMembers: {call: [member]}
"""
MOTTOES = {id: f"Motto no {n} of many-{id}" for n, id in enumerate(NAMES.values())}
Beside = Callable[[], dict[str, str]]


def now(seconds: float | None = None) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


def scan(
    folder: Path,
    own: Callable[[str], dict[str, Any]],
    body: Beside = dict,
    headers: Beside = dict,
    shown: Callable[[str], dict[str, Any]] = lambda id: {},
    policy: str = MEMBER,
) -> Told:
    """An API that shows an owner `own` of theirs, and says `body` and `headers` in every answer;
    others are shown `shown`."""

    def about(who: str, id: str) -> dict[str, Any]:
        mine = NAMES.get(who) == id
        extra = {"motto": MOTTOES[id], **own(id)} if mine else shown(id)
        return {"id": id, **extra}

    def answer(status: int, value: dict[str, Any] | list[Any]) -> Reply:
        made = {**value, **body()} if isinstance(value, dict) else value
        more = tuple(headers().items())
        return Reply(status, made, (("content-type", "application/json"), *more))

    def member(who: str, id: str) -> Reply:
        known = who and id in NAMES.values()
        return answer(200, about(who, id)) if known else answer(404, {"error": "no"})

    def members(who: str) -> Reply:
        people = [about(who, id) for id in NAMES.values()]
        return answer(200, people) if who else answer(401, {"error": "no"})

    names = dict.fromkeys(("id", "motto", "seen_at", "build", "ticket"), "string")
    paths = path("/members/{memberId}", "getMember", "Member")
    paths += path("/members", "listMembers", "Member", many=True)
    return told(
        folder, schema("Member", **names), paths, policy,
        Api({"/members/([^/]+)": member, "/members": members}),
    )  # fmt: skip


def test_the_clock_of_a_server_is_no_leak_of_who_was_last_seen_at_that_moment(
    tmp_path: Path,
) -> None:
    clock = lambda: {"server_time": now()}  # noqa: E731
    run = scan(tmp_path, lambda id: {"seen_at": now()}, clock, clock)
    assert run.proven == set()
    assert all(each.field != "seen_at" for each in run.report.findings)
    assert run.results("Member.seen_at", "member") == {"closed"}


@pytest.mark.parametrize(("name", "leaks"), [("date", False), ("x-seen", True)])
def test_the_date_of_an_answer_is_no_leak_of_what_was_made_at_that_moment(
    tmp_path: Path, name: str, leaks: bool
) -> None:
    """HTTP's own form of a date (RFC 9110, 5.6.7), as some APIs write it in their bodies too."""
    moments = {id: f"Sat, 28 Nov 2026 12:00:{at:02} GMT" for at, id in enumerate(NAMES.values())}
    last = {"id": ""}

    def shown(id: str) -> dict[str, Any]:
        last["id"] = id
        return {}

    def headers() -> dict[str, str]:
        id, last["id"] = last["id"], ""
        return {name: moments[id]} if id else {}

    run = scan(tmp_path, lambda id: {"seen_at": moments[id]}, headers=headers, shown=shown)
    told = ("Member.seen_at", "member")
    assert (told in run.named("suspected")) is leaks and told not in run.proven


def test_the_time_is_a_leak_in_its_own_field(tmp_path: Path) -> None:
    moment = now()  # that of the whole scan, however long it takes
    fields = lambda id: {"seen_at": moment}  # noqa: E731
    run = scan(tmp_path, fields, lambda: {"server_time": moment}, shown=fields)
    assert "leak" in run.results("Member.seen_at", "member")


@pytest.mark.parametrize("answers", [3, 6, 7])
def test_a_time_that_goes_on_while_others_ask_is_not_closed(tmp_path: Path, answers: int) -> None:
    """As at an API that is slow: what several owners were shown at one moment, and each of them
    another time elsewhere, looks like a mask."""
    reads, began = count(), time.time()

    def fields(id: str) -> dict[str, Any]:
        return {"seen_at": now(began + next(reads) // answers)}

    run = scan(tmp_path, fields, shown=fields)
    assert "closed" not in run.results("Member.seen_at", "member")


def test_a_version_that_one_account_is_shown_is_no_leak_in_all_answers(tmp_path: Path) -> None:
    """Ann alone tries a preview: `build` names her, were it not everywhere."""
    ann = NAMES["ann"]
    own = lambda id: {"build": "2031.44-4f2a9c77"} if id == ann else {}  # noqa: E731
    run = scan(tmp_path, own, headers=lambda: {"x-build": "2031.44-4f2a9c77"})
    assert run.proven == set()


def test_what_is_an_owners_and_stands_in_every_answer_is_suspected(tmp_path: Path) -> None:
    """A banner "just joined: …" looks like a version: nobody can tell from outside."""
    ann = NAMES["ann"]
    motto = lambda id: {"ticket": "grown up in Lerwick"} if id == ann else {}  # noqa: E731
    run = scan(tmp_path, motto, headers=lambda: {"x-joined": "grown up in Lerwick"})
    assert run.proven == set()
    assert ("Member.ticket", "member") in run.named("suspected")
    assert "everybody gets it" in run.finding("Member.ticket", "member").doubts[0]


def test_a_counter_that_ticks_by_itself_is_no_leak(tmp_path: Path) -> None:
    ticks = count(70_000_000)
    at = {"last": ""}

    def own(id: str) -> dict[str, Any]:
        if id == NAMES["ann"]:
            at["last"] = f"t-{next(ticks)}"
            return {"ticket": at["last"]}
        return {}

    run = scan(tmp_path, own, headers=lambda: {"x-ticket": at["last"]})
    assert run.proven == set()


def test_a_value_that_is_one_owners_alone_leaks_in_a_header(tmp_path: Path) -> None:
    """What stays the same, and comes with its owner, is still proven wherever it stands."""
    last = {"id": ""}

    def shown(id: str) -> dict[str, Any]:
        last["id"] = id
        return {}

    def headers() -> dict[str, str]:
        id, last["id"] = last["id"], ""
        return {"x-motto": MOTTOES[id]} if id else {}

    run = scan(tmp_path, lambda id: {"seen_at": now()}, lambda: {"at": now()}, headers, shown)
    assert ("Member.motto", "member") in run.proven


# ------------------------------------------------------------ members that nobody has spoken of


def card(folder: Path, shown: Callable[[str], dict[str, Any]], own: bool = True) -> Told:
    """Members whose `motto` is theirs alone, and what an answer adds of its own accord."""
    return scan(folder, shown if own else lambda id: {}, shown=shown)


def test_a_member_that_neither_document_nor_contract_names_is_suspected(tmp_path: Path) -> None:
    """An alias of something that everybody may see: the document is behind, no more."""
    run = card(tmp_path, lambda id: {"number": id, "style": f"dark theme of {id}"})
    assert run.proven == set()
    assert run.named("suspected") >= {("Member.style", "member"), ("Member.style", "owner")}
    assert "names it" in run.finding("Member.style", "member").doubts[0]


def test_a_secret_that_neither_document_nor_contract_names_is_proven(tmp_path: Path) -> None:
    run = card(tmp_path, lambda id: {"password_hash": f"$2b$12$u7Zk{id}Qw"})
    assert ("Member.password_hash", "member") in run.proven


def test_an_unnamed_member_with_a_value_that_a_line_withholds_is_that_leak(tmp_path: Path) -> None:
    run = card(tmp_path, lambda id: {"slogan": MOTTOES[id]})
    assert ("Member.motto", "member") in run.proven
    assert not {each for each in run.proven if each[0] == "Member.slogan"}


def test_a_documented_member_that_no_line_names_is_nobodys_and_proven(tmp_path: Path) -> None:
    """What is not listed nobody sees: the contract says so of what the document declares."""
    fields = lambda id: {"build": f"secret-of-{id}"}  # noqa: E731
    before = "motto, seen_at, build, ticket"
    run = scan(tmp_path, fields, shown=fields, policy=MEMBER.replace(before, "motto, seen_at"))
    assert ("Member.build", "member") in run.proven


def test_a_value_that_another_line_shows_to_the_viewer_is_no_leak(tmp_path: Path) -> None:
    """A nickname that is the id: whoever may see the id may see it under any name."""
    run = scan(tmp_path, lambda id: {"ticket": id}, shown=lambda id: {"nick": id})
    assert run.proven == set()
