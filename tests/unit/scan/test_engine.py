"""In which order questions are asked, when asking stops, and what is concluded: a dialogue."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from oakum.exchange import Response
from oakum.finding import Result
from oakum.scan.coverage.untested import Section
from oakum.scan.journal import Journal, recall
from tests.unit.scan.studio import IDS, LOGIN, MISSING, Run, Studio, known_identities, reply


class Leaking(Studio):
    """Whoever has logged in reads everything of everybody at the main endpoint."""

    def getPerson(self, viewer: str | None, id: str, body: Any) -> Response:
        if viewer is None or id not in self.people:
            return MISSING
        return reply(self.people[id])


def order(studio: Studio, operation: str, whose: str) -> list[str]:
    """Who asked for somebody's object at an endpoint, in order."""
    asked = (line.split() for line in studio.asked)
    return [words[0] for words in asked if words[1:] == [operation, whose]]


def test_a_correct_api_is_clean_and_leaves_no_gap() -> None:
    run = Run(Studio(), settings=True).explore()
    results = Counter(cell.result for cell in run.cells.values())
    assert run.leaks == set()
    assert results[Result.OVER_BLOCK] == 0
    assert results[Result.OPEN] > 100
    assert results[Result.CLOSED] > 100
    unknown = {key for key, cell in run.cells.items() if cell.result is Result.UNTESTED}
    assert {key[0] for key in unknown} == {"getRoom"}  # no id of a room was ever seen


def test_a_leak_names_field_endpoint_and_viewer() -> None:
    run = Run(Leaking()).explore()
    assert run.leaks == {
        ("getPerson", "Person.bio", "member"),
        ("getPerson", "Person.phone", "member"),
        ("getPerson", "Person.phone", "follower"),
        ("getPerson", "Person.vip", "member"),
        ("getPerson", "Person.vip", "follower"),
    }
    assert run.cells["getPerson", "Person.bio", "member", "true"].identity == "cat → ann"


def test_the_owner_is_asked_before_the_others() -> None:
    studio = Studio()
    Run(studio).explore()
    for operation in ("getPerson", "listPosts"):
        assert order(studio, operation, "ann")[0] == "ann"
        assert set(order(studio, operation, "ann")) == {"ann", "bob", "cat", "-"}


def test_nobody_is_asked_about_an_object_that_its_owner_does_not_get() -> None:
    """Law 7, the cheap way: without the owner's own view no other answer could mean anything."""

    class Shy(Studio):
        def getPost(self, viewer: str | None, id: str, body: Any) -> Response:
            return MISSING

    run = Run(Shy(), ["getMe", "getSettings", "listPosts", "getPost"]).explore()
    closed = [
        cell
        for (endpoint, _, viewer, _), cell in run.cells.items()
        if endpoint == "getPost" and viewer != "anyone" and cell.result is not Result.UNTESTED
    ]
    assert closed == []


def test_nothing_is_closed_whose_owner_never_saw_it() -> None:
    """Law 7: `phone` is in nobody's answer, not even its owner's."""
    studio = Studio()
    for person in studio.people.values():
        del person["phone"]
    run = Run(studio, settings=True).explore()
    phone = {key: cell for key, cell in run.cells.items() if key[1] == "Person.phone"}
    assert len(phone) > 10
    assert {cell.result for cell in phone.values()} == {Result.UNTESTED}
    told = {cell.reason for key, cell in phone.items() if key[0] == "getPerson"}
    assert told == {"no owner was shown a `phone` that is not empty"}
    # … and what nobody is to see at all is closed by its absence alone
    assert run.result("getPerson", "Person.password_hash", "member") is Result.CLOSED


def test_a_decided_cell_is_not_asked_again() -> None:
    studio = Studio()
    run = Run(studio).explore()
    repeated = {line for line, times in Counter(studio.asked).items() if times > 1}
    # a last look at what an owner was shown before is no question about a cell
    assert all(line.split()[0] == line.split()[-1] for line in repeated)
    before = len(studio.asked)
    run.scheduler.round()
    assert len(studio.asked) == before


def test_each_of_a_kind_asks_for_each_others_objects_once() -> None:
    """Bob and cat are both but members to each other and to ann: neither speaks for the other."""
    studio = Studio()
    Run(
        studio, ["getMe", "getSettings", "getPerson"], who=known_identities(relationships={})
    ).explore()
    asked = [line.split() for line in studio.asked if " getPerson " in line]
    pairs = [(words[0], words[2]) for words in asked if words[0] not in ("-", words[2])]
    names = ("ann", "bob", "cat")
    assert {p for p in pairs if p[1] in names} == {(v, w) for v in names for w in names if v != w}


def test_an_endpoint_that_ignores_its_id_is_noticed_and_not_judged() -> None:
    class Mirror(Studio):
        """Answers about the caller, whoever was asked for."""

        def getPerson(self, viewer: str | None, id: str, body: Any) -> Response:
            return reply(self.people[IDS[viewer]]) if viewer else MISSING

    studio = Mirror()
    run = Run(studio, ["getMe", "getSettings", "getPerson"]).explore()
    assert run.leaks == set()
    assert any("ignores its parameter" in note for note in run.engine.results.notes)
    assert "GET /people/{personId}" in run.engine.results.notes[0]
    assert order(studio, "getPerson", "ann") == ["ann"]  # asking others would tell nothing
    assert not [c for c in run.cells.values() if c.result is Result.OVER_BLOCK]


def test_a_get_that_creates_what_is_not_there_is_requested_no_more_and_named() -> None:
    """`GET /posts/{postId}` of an API that opens a draft for whoever follows a link to none."""

    class Creating(Studio):
        def getPost(self, viewer: str | None, id: str, body: Any) -> Response:
            if viewer is None:
                return LOGIN
            if id not in self.posts:
                new = f"post-{len(self.posts)}-created"
                self.posts[new] = {**self.posts["post-ann-77"], "id": new}
                self.posts[new]["author_id"] = IDS[viewer]
                id = new
            return super().getPost(viewer, id, body)

    studio = Creating()
    run = Run(studio, ["getMe", "getSettings", "listPosts", "getPost"]).explore()
    assert len(studio.posts) == len(IDS) + 1
    assert not any("ignores its parameter" in note for note in run.engine.results.notes)
    [doubt] = run.engine.results.distrust
    assert doubt.startswith("GET /posts/{postId} answered an id that does not exist with a `Post`")
    assert "`getPost: {reads: false}`" in doubt
    reasons = {cell.reason for key, cell in run.cells.items() if key[0] == "getPost"}
    assert "GET /posts/{postId} may create what it shows, so nobody else requested it" in reasons
    asked = [line for line in studio.asked if " getPost " in line]
    assert len(asked) == len(studio.posts) - len(IDS) + 1  # one real post, one that is not there


def test_a_value_that_differs_is_no_leak() -> None:
    class Masking(Studio):
        def getPerson(self, viewer: str | None, id: str, body: Any) -> Response:
            answer = super().getPerson(viewer, id, body)
            if viewer is None or id not in self.people or IDS[viewer] == id:
                return answer
            return reply({**self.person(viewer, id), "phone": "+49-***-***"})

    run = Run(Masking()).explore()
    assert run.leaks == set()
    assert run.result("getPerson", "Person.phone", "member") is not Result.LEAK


@pytest.mark.parametrize("ann", [False, True])
def test_false_proves_nothing_until_true_was_seen(ann: bool) -> None:
    """`vip: false` may be a default that says nothing; `vip: true` at the same endpoint may not."""

    class Boasting(Studio):
        def getPerson(self, viewer: str | None, id: str, body: Any) -> Response:
            if viewer is None or id not in self.people:
                return MISSING
            return reply({**self.person(viewer, id), "vip": self.people[id]["vip"]})

    studio = Boasting()
    studio.people[IDS["ann"]]["vip"] = ann
    run = Run(studio, who=known_identities(relationships={})).explore()
    cell = run.cells["getPerson", "Person.vip", "member", ""]
    assert cell.result is (Result.LEAK if ann else Result.UNTESTED)
    if not ann:
        assert "too common to attribute" in cell.reason


def test_an_embedded_object_shares_the_fate_of_its_parent() -> None:
    """A post that is hidden takes its author along: no fault, though the name alone is granted."""
    run = Run(Studio(), ["getMe", "getSettings", "listPosts", "getPost"]).explore()
    assert run.result("getPost", "Person.name", "member") is Result.OPEN  # of bob, who is public
    assert not [c for c in run.cells.values() if c.result is Result.OVER_BLOCK]
    private = known_identities(relationships={})
    studio = Studio()
    studio.follows = ()
    for each in studio.settings.values():
        each["is_private"] = True
    run = Run(studio, ["getMe", "getSettings", "listPosts", "getPost"], who=private).explore()
    assert run.result("getPost", "Post.text", "member", "true") is Result.CLOSED
    assert run.result("getPost", "Person.name", "member") is None  # nothing is owed


def test_an_over_block_is_a_granted_field_that_its_owner_gets_and_another_does_not() -> None:
    class Strict(Studio):
        def getPerson(self, viewer: str | None, id: str, body: Any) -> Response:
            answer = super().getPerson(viewer, id, body)
            return answer if viewer and IDS[viewer] == id else MISSING

    run = Run(Strict()).explore()
    assert run.result("getPerson", "Person.name", "member") is Result.OVER_BLOCK
    assert run.result("getPerson", "Person.phone", "member") is Result.CLOSED


def test_a_list_that_picks_its_own_objects_owes_nobody_a_place() -> None:
    class Short(Studio):
        """Shows everybody only themselves."""

        def listPeople(self, viewer: str | None, id: str, body: Any) -> Response:
            return reply({"data": [self.people[IDS[viewer]]] if viewer else [], "total": 1})

    studio = Short()
    run = Run(studio, ["getMe", "getSettings", "listPeople"]).explore()
    assert not [c for c in run.cells.values() if c.result is Result.OVER_BLOCK]
    assert run.result("listPeople", "Person.name", "member") is None
    # what is denied and was left out, though the list showed it to its owner, is closed
    assert run.result("listPeople", "Person.phone", "member") is Result.CLOSED
    assert Counter(studio.asked)["ann listPeople"] == 1


def test_many_ids_go_in_one_question() -> None:
    studio = Studio()
    run = Run(studio, ["getMe", "getSettings", "listPosts", "getPosts"]).explore()
    asked = Counter(line for line in studio.asked if "getPosts" in line)
    assert asked and max(asked.values()) == 1
    assert run.result("getPosts", "Post.text", "member", "true") is Result.CLOSED
    assert run.result("getPosts", "Post.text", "member", "false") is Result.OPEN


def test_every_finding_is_asked_twice_owner_first() -> None:
    studio = Leaking()
    run = Run(studio, ["getMe", "getSettings", "getPerson"]).explore()
    leaks = {key.finding for key, _ in run.matrix.leaks()}
    assert leaks
    assert leaks <= run.matrix.confirmed
    again = [line for line, times in Counter(studio.asked).items() if times > 1]
    assert {line for line in again if "getPerson" in line} == {
        f"{viewer} getPerson ann" for viewer in IDS
    }
    back = studio.asked[::-1]
    assert back.index("ann getPerson ann") > back.index("cat getPerson ann")


def test_a_leak_that_does_not_come_twice_is_not_confirmed() -> None:
    class Flaky(Studio):
        def getPerson(self, viewer: str | None, id: str, body: Any) -> Response:
            first = self.asked.count("cat getPerson ann") == 1
            if viewer == "cat" and id == IDS["ann"] and first:
                return reply(self.people[id])
            return super().getPerson(viewer, id, body)

    run = Run(Flaky(), ["getMe", "getSettings", "getPerson"]).explore()
    assert ("getPerson", "Person.phone", "member") in run.leaks
    assert run.matrix.confirmed == set()


def test_a_world_is_made_for_the_cells_that_need_it_and_only_with_leave() -> None:
    studio = Studio()
    for each in studio.settings.values():
        each["is_private"] = True
    quiet = Run(studio).explore()
    assert quiet.result("getPerson", "Person.bio", "member", "false") is Result.UNTESTED
    assert not [line for line in studio.asked if "putSettings" in line]

    run = Run(studio, settings=True).explore()
    assert run.result("getPerson", "Person.bio", "member", "false") is Result.OPEN
    assert run.result("getPerson", "Person.bio", "member", "true") is Result.CLOSED
    assert {(flip.state, flip.after) for _, flip in run.flips} == {("Settings.private", False)}
    assert run.engine.context.account_settings is not None
    assert run.engine.context.account_settings.restore() == ()
    assert all(each["is_private"] for each in studio.settings.values())


def test_a_switch_that_does_nothing_is_found_out() -> None:
    class Decoration(Studio):
        """The setting is kept, and nobody looks at it."""

        def open_to(self, viewer: str | None, id: str) -> bool:
            return viewer is not None

    studio = Decoration()
    for each in studio.settings.values():
        each["is_private"] = False
    run = Run(studio, settings=True).explore()
    assert run.result("getPerson", "Person.bio", "member", "false") is Result.OPEN
    assert run.result("getPerson", "Person.bio", "member", "true") is Result.LEAK


def test_a_setting_that_the_api_does_not_take_is_told() -> None:
    class Stubborn(Studio):
        def putSettings(self, viewer: str | None, id: str, body: Any) -> Response:
            return reply({"error": "no"}, 400)

    run = Run(Stubborn(), settings=True).explore()
    assert run.result("getPerson", "Person.bio", "follower", "false") is not Result.LEAK
    assert any(
        "did not accept the setting: Settings.private=" in n for n in run.engine.results.notes
    )


def test_a_value_out_of_place_is_found_by_value() -> None:
    class Chatty(Studio):
        def getNews(self, viewer: str | None, id: str, body: Any) -> Response:
            text = f"today {self.people[IDS['ann']]['phone']} was called by the studio, twice"
            return Response(200, {"content-type": "text/plain"}, text.encode())

    run = Run(Chatty()).explore()
    # one look by two identities and by nobody: bob follows ann, and ann is the owner
    assert run.leaks == {
        ("getNews", "Person.phone", "anyone"),
        ("getNews", "Person.phone", "follower"),
    }


def test_an_endpoint_that_could_not_be_asked_says_what_it_lacks() -> None:
    run = Run(Studio()).explore()
    assert run.engine.results.gaps.reasons(Section.CELLS) == {
        "getRoom": "no value for `roomId` is known;"
        " name its source under `operations: getRoom: params:`"
    }


def test_replay_gives_the_same_cells_without_asking_again(tmp_path: Any) -> None:
    first = Run(Leaking()).explore()
    journal = Journal(tmp_path / "journal", "r", "t", "c", resume=False)
    for outcome in first.outcomes:
        journal.outcome(outcome)
    journal.close()
    studio = Leaking()
    second = Run(studio, replay=recall(tmp_path / "journal").outcomes).explore()
    assert second.cells == first.cells
    assert second.matrix.confirmed == first.matrix.confirmed
    assert second.matrix.evidence == first.matrix.evidence
    # Owners, and endpoints that pick their own objects, are asked again: values are in no journal.
    people = {*IDS, "-"}
    about = [line.split() for line in studio.asked if line.split()[-1] in people]
    assert about and all(viewer == whose for viewer, _, whose in about)
    assert len(studio.asked) < len(first.studio.asked)


def test_events_hold_names_and_no_value_of_anybody() -> None:
    studio = Leaking()
    run = Run(studio).explore()
    said = repr(run.events)
    assert {event.kind for event in run.events} == {"phase", "ask", "outcome"}
    for values in (*studio.people.values(), *studio.posts.values(), *studio.settings.values()):
        for value in values.values():
            assert not isinstance(value, str) or value not in said
    numbers = [event.data["number"] for event in run.events if event.kind == "ask"]
    assert numbers == list(range(1, len(studio.asked) + 1))


def test_a_target_that_stops_answering_is_not_believed_to_be_closed() -> None:
    """What its owners were shown before is asked for once more at the end."""

    class Tired(Studio):
        def getPerson(self, viewer: str | None, id: str, body: Any) -> Response:
            mine = viewer is not None and IDS[viewer] == id
            refuses = mine and self.asked.count(f"{viewer} getPerson {viewer}") > 1
            return MISSING if refuses else super().getPerson(viewer, id, body)

    endpoints = ["getMe", "getPerson"]
    assert Run(Studio(), endpoints).explore().engine.results.distrust == ()
    told = Run(Tired(), endpoints).explore().engine.results.distrust
    assert told and told[0].startswith("GET /people/{personId} no longer shows ann what it showed")
