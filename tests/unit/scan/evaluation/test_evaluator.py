"""One answer looked at: judged by values, never by status or size."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any
from unittest.mock import patch

import pytest

from oakum.authz import Model
from oakum.exchange import Response
from oakum.exposure.cells.matrix import AROUND, HIDDEN, UNTOLD, Key, Observation, Outcome
from oakum.exposure.finding_evidence import Question
from oakum.finding import Result
from oakum.openapi.model import Json
from oakum.policy.model import OperationRule
from tests.unit.scan import studio
from tests.unit.scan.studio import IDS, Run, Studio, known_identities, probe, reply

ANN = Studio().people[IDS["ann"]]
CARD = {"id": ANN["id"], "name": ANN["name"]}
Seen = dict[tuple[str, str], Result]
Relationships = dict[tuple[str, str], frozenset[str]]


class Watch:
    """An evaluator that has been told ann's settings, and answers given to it one by one."""

    def __init__(
        self,
        private: bool = True,
        relationships: Relationships | None = None,
        claims: Mapping[str, Mapping[str, Any]] | None = None,
    ) -> None:
        who = known_identities(relationships=relationships or {}, claims=claims)
        self.run = Run(Studio(), who=who)
        for name in IDS:
            self.run.identities.states[(name, "Settings.private")] = private

    def look(
        self, viewer: str | None, answer: Any, of: str | None = "ann", endpoint: str = "getPerson",
        sent: tuple[str, ...] = (), batch: bool = False, again: str = "", **more: Any,
    ) -> Outcome:  # fmt: skip
        response = answer if isinstance(answer, Response) else reply(answer, **more)
        question = Question(
            f"{viewer} {endpoint} {of}{again}", endpoint, viewer, frozenset({of} if of else ()),
            {"personId": IDS[of]} if of else {}, frozenset(sent), "curl -s $TARGET",
        )  # fmt: skip
        asked = replace(probe(endpoint), batch=batch)
        outcome = self.run.evaluator.look(self.run.evaluator.judge(asked, question, response))
        self.run.matrix.apply(endpoint, outcome)
        return outcome


def results(outcome: Outcome) -> Seen:
    return {(each.key.resource, each.key.field): each.result for each in outcome.observations}


@pytest.fixture
def watch() -> Watch:
    """Ann, who is private, has seen her own page."""
    made = Watch()
    made.look("ann", ANN)
    return made


def test_an_owner_sees_their_own() -> None:
    own = results(Watch().look("ann", ANN))
    assert own.pop(("Person", "password_hash")) is Result.CLOSED  # and nobody sees this one
    assert set(own.values()) == {Result.OPEN}


@pytest.mark.parametrize(
    ("name", "differs"), [("Annabel", True), (ANN["name"], False), ("", False)]
)
def test_a_granted_value_that_is_not_what_its_owner_sees_depends_on_who_asks(
    watch: Watch, name: str, differs: bool
) -> None:
    found = watch.look("cat", {**CARD, "name": name}).relative
    assert found == ((("Person", "name"),) if differs else ())


def test_what_is_served_to_another_is_open_or_a_leak(watch: Watch) -> None:
    assert results(watch.look("cat", ANN)) == {
        ("Person", "id"): Result.OPEN,
        ("Person", "name"): Result.OPEN,
        ("Person", "bio"): Result.LEAK,
        ("Person", "phone"): Result.LEAK,
        ("Person", "vip"): Result.LEAK,
        ("Person", "password_hash"): Result.CLOSED,
    }


@contextmanager
def policy(text: str) -> Iterator[None]:
    """Another policy of the studio, for a while."""
    with patch.object(studio, "POLICY", text):
        yield


@pytest.mark.parametrize(
    ("grant", "shown"),
    [
        ("{see: [member]}", True),
        ("{see: [owner]}", False),
        ("{see: [member], when: {private: true}}", True),  # as ann is
        ("{see: [anyone], when: {private: false}}", False),
    ],
)
def test_a_value_out_of_place_is_no_leak_where_another_line_shows_it_in_the_owners_state(
    grant: str, shown: bool
) -> None:
    """Also where nobody has read before it was found that it stands there as well."""
    lines = "      id, author_id, course_id, text, author:\n"
    others = lines.replace(" text,", "")
    with policy(studio.POLICY.replace(lines, f"      text: [{grant}]\n{others}")):
        watch = Watch()
        watch.look("ann", ANN)
        news = Response(200, {"content-type": "text/plain"}, f"call {ANN['phone']} now".encode())
        watch.look("cat", news, endpoint="getNews")
        key = next(
            each for each, entry in watch.run.matrix.entries.items()
            if entry.result is Result.LEAK and (each.resource, each.field) == ("Person", "phone")
        )  # fmt: skip
        post = {"id": "post-77", "author_id": ANN["id"], "text": ANN["phone"]}
        watch.look("ann", post, endpoint="getPost")
        watch.run.evaluator.take_back()
        assert (key not in watch.run.matrix.entries) is shown  # no cell is left of it


@pytest.mark.parametrize("kept_back", [False, True])
def test_what_came_without_its_owner_is_what_was_asked_for(kept_back: bool) -> None:
    """And the member that says whose it is, is owed or not as the contract has it."""
    fields = "      id, author_id, course_id, text, author:\n"
    kept = "      author_id: [{see: [owner]}]\n" + fields.replace(" author_id,", "")
    with policy(studio.POLICY.replace(fields, kept) if kept_back else studio.POLICY):
        watch = Watch(private=False)
        post = {**Studio().posts["post-ann-77"], "author": CARD}
        watch.look("ann", post, endpoint="getPost")
        mute = {key: value for key, value in post.items() if key != "author_id"}
        found = results(watch.look("cat", mute, endpoint="getPost"))
    assert found["Post", "id"] is Result.OPEN
    assert found["Post", "author_id"] is (Result.CLOSED if kept_back else Result.OVER_BLOCK)


@pytest.mark.parametrize("status", [206, 403, 404, 500])
def test_a_leak_is_one_whatever_the_status_says(status: int) -> None:
    """Undeclared answers have no shape: the value itself names its owner's field."""
    watch = Watch()
    watch.look("ann", ANN)
    found = watch.look("cat", {"error": "no", "details": {"call": ANN["phone"]}}, status=status)
    assert results(found)[("Person", "phone")] is Result.LEAK


@pytest.mark.parametrize(
    "answer",
    [
        reply(CARD),
        reply({**CARD, "bio": None, "phone": "", "vip": None}),
        reply({"error": "not found"}, 404),
        reply(None),
        reply({}),
        Response(204),
    ],
    ids=["card", "nulls", "absent", "null", "empty", "nothing"],
)
def test_what_does_not_come_is_closed_when_its_owner_sees_it(watch: Watch, answer: Any) -> None:
    found = results(watch.look("cat", answer))
    for field in ("bio", "phone"):
        assert found[("Person", field)] is Result.CLOSED, field


@pytest.mark.parametrize("media", ["text/html", "application/json", ""])
def test_what_cannot_be_read_is_no_leak_and_no_object(watch: Watch, media: str) -> None:
    found = watch.look("cat", Response(200, {"content-type": media}, b"<!doctype html>{"))
    assert found.sighted == () and found.doubts == ()
    assert not {Result.LEAK, Result.OPEN} & set(results(found).values())


def test_nothing_is_closed_before_its_owner_was_seen_to_see_it() -> None:
    """Law 7: except for what nobody is to see."""
    closed = results(Watch().look("cat", CARD))
    assert {key for key, each in closed.items() if each is Result.CLOSED} == {
        ("Person", "password_hash")
    }
    nothing = Watch().look("cat", {"error": "not found"}, status=404)
    assert nothing.observations == ()


def test_an_owner_without_a_value_proves_nothing() -> None:
    watch = Watch()
    watch.look("ann", {**ANN, "phone": None})
    assert ("Person", "phone") not in results(watch.look("cat", CARD))


def test_a_granted_field_that_only_its_owner_gets_is_over_blocked() -> None:
    watch = Watch(private=False)
    watch.look("ann", ANN)
    found = results(watch.look("cat", {"id": ANN["id"]}))
    assert found[("Person", "name")] is Result.OVER_BLOCK
    assert found[("Person", "bio")] is Result.OVER_BLOCK
    assert found[("Person", "phone")] is Result.CLOSED


@pytest.mark.parametrize("nothing", ["", None, [], {}])
def test_a_field_in_which_its_owner_was_shown_nothing_is_not_over_blocked(nothing: Any) -> None:
    watch = Watch(private=False)
    watch.look("ann", {**ANN, "bio": nothing})
    found = results(watch.look("cat", {"id": ANN["id"]}))
    assert found[("Person", "name")] is Result.OVER_BLOCK
    assert ("Person", "bio") not in found


def test_a_count_that_does_not_come_is_not_over_blocked() -> None:
    """It goes with an object that is hidden, which the viewer cannot know of."""
    watch = Watch(private=False)
    watch.look("ann", ANN)
    counting = OperationRule("getPerson", counts=("/name",))
    with patch.object(Model, "rule", lambda _, __: counting):
        found = results(watch.look("cat", {"id": ANN["id"]}))
    assert ("Person", "name") not in found
    assert found[("Person", "bio")] is Result.OVER_BLOCK


def test_one_object_shown_is_enough_in_a_list() -> None:
    watch = Watch(private=False)
    people = [Studio().people[id] for id in IDS.values()]
    watch.look("ann", {"data": people[:1]}, None, "listPeople")
    watch.look("bob", {"data": people[1:2]}, None, "listPeople")
    found = watch.look("cat", {"data": [{"id": ANN["id"]}, people[1]]}, None, "listPeople")
    assert results(found)[("Person", "bio")] is Result.OPEN


def test_another_value_is_doubted(watch: Watch) -> None:
    found = watch.look("cat", {**CARD, "phone": "+49-***"})
    assert ("Person", "phone") not in results(found)
    assert [(doubt.why, doubt.leak.key.field) for doubt in found.doubts] == [
        ("another value", "phone")
    ]


def test_false_is_doubted_and_true_is_not(watch: Watch) -> None:
    assert results(watch.look("cat", {**CARD, "vip": True}))[("Person", "vip")] is Result.LEAK
    found = watch.look("cat", {**CARD, "vip": False})
    assert [doubt.why for doubt in found.doubts] == ["too common a value"]
    assert ("Person", "vip") not in results(found)


def test_what_nobody_is_to_see_leaks_to_its_owner_as_well() -> None:
    found = results(Watch().look("ann", {**ANN, "password_hash": "$2b$12$abcdefg"}))
    assert found[("Person", "password_hash")] is Result.LEAK


def test_a_person_outside_the_cast_is_not_judged(watch: Watch) -> None:
    stranger = {"id": "p-zoe-9999", "name": "Zoe", "phone": "+49-555-zoe", "bio": "hello"}
    found = watch.look("cat", {"data": [stranger]}, None, "listPeople")
    assert found.observations == () and found.sighted == ()
    assert "Zoe" not in repr(vars(watch.run.knowledge))


def test_what_nobody_is_to_see_leaks_of_a_person_outside_the_cast_as_well(watch: Watch) -> None:
    stranger = {"id": "p-zoe-9999", "name": "Zoe", "bio": "hello", "password_hash": "$2b$12$zoe"}
    found = watch.look("cat", {"data": [stranger]}, None, "listPeople")
    assert results(found) == {("Person", "password_hash"): Result.LEAK}
    (leak,) = found.observations
    assert leak.evidence is not None and "zoe" not in repr(leak.evidence).lower()


def test_an_empty_value_of_what_nobody_is_to_see_is_no_leak(watch: Watch) -> None:
    stranger = {"id": "p-zoe-9999", "name": "Zoe", "password_hash": ""}
    assert watch.look("cat", {"data": [stranger]}, None, "listPeople").observations == ()


def test_what_an_unproven_identity_is_shown_is_doubted_with_the_reason(watch: Watch) -> None:
    """A common value says little by itself; that nobody knows who was shown it says less."""
    with patch.object(watch.run.identities, "unproven", {"cat": "no who-am-I"}):
        found = watch.look("cat", {**CARD, "vip": False})
    assert [(doubt.why, doubt.leak.weak) for doubt in found.doubts] == [
        ("too common a value", "`cat` is not proven: no who-am-I")
    ]


def test_a_value_that_an_outsider_has_as_well_is_no_canary_and_closes_nothing() -> None:
    watch = Watch()
    watch.look("ann", {**ANN, "bio": "I love rowing on Sundays"})
    zoe = {"id": "p-zoe-9999", "bio": "I love rowing on Sundays"}
    watch.look("cat", {"data": [zoe]}, None, "listPeople")
    found = watch.look("cat", {"error": "I love rowing on Sundays"}, status=404)
    assert ("Person", "bio") not in results(found)


def test_an_echo_of_the_question_is_no_leak(watch: Watch) -> None:
    said = {"error": f"nothing found for {ANN['phone']}", "q": ANN["phone"]}
    found = watch.look("cat", said, sent=(ANN["phone"],), status=404)
    assert results(found)[("Person", "phone")] is Result.CLOSED
    assert results(watch.look("cat", said, status=404))[("Person", "phone")] is Result.LEAK


def test_an_object_that_echoes_what_was_asked_leaks_only_with_what_stands_beside_it() -> None:
    """A batch that answers `{id: the one you asked for, error: hidden}` tells of nobody."""
    sent, echo = (ANN["phone"],), {**CARD, "phone": ANN["phone"]}
    watch = Watch()
    watch.look("ann", ANN)
    found = watch.look("cat", echo, sent=sent, batch=True)
    assert ("Person", "phone") not in results(found)
    assert [each.leak.key.field for each in found.doubts] == ["phone"]
    found = watch.look("cat", {**echo, "bio": ANN["bio"]}, sent=sent, batch=True)
    assert results(found)[("Person", "phone")] is Result.LEAK


@pytest.mark.parametrize("sent", [(ANN["phone"],), ()], ids=["an echo", "not asked for"])
def test_what_holds_only_what_the_question_held_confirms_nothing(sent: tuple[str, ...]) -> None:
    """Seen once beside more; the second answer says back what it was asked for."""
    watch = Watch()
    watch.look("ann", ANN)
    found = watch.look("cat", {**CARD, "phone": ANN["phone"]})
    key = next(each.key for each in found.observations if each.key.field == "phone")
    watch.look("cat", {**CARD, "phone": ANN["phone"]}, endpoint="getPerson", of="ann", sent=sent,
               again="again")  # fmt: skip
    watch.run.matrix.settle()
    assert (key.finding in watch.run.matrix.confirmed) is (not sent)


@pytest.mark.parametrize("beside", ["bio", "name"])
def test_an_echo_beside_what_is_known_to_leak_there_confirms(beside: str) -> None:
    """That the value of `bio` is many people's by now makes the object no other one."""
    watch = Watch()
    watch.look("ann", ANN)
    answer = {**CARD, "phone": ANN["phone"], "bio": ANN["bio"]}
    found = watch.look("cat", answer)
    key = next(each.key for each in found.observations if each.key.field == "phone")
    watch.look("bob", {"id": IDS["bob"], "name": "Bob", "bio": ANN["bio"]}, of="bob")
    again = answer if beside == "bio" else {**CARD, "phone": ANN["phone"]}
    watch.look("cat", again, sent=(ANN["phone"],), again="again")
    assert (key.finding in watch.run.matrix.confirmed) is (beside == "bio")


@pytest.mark.parametrize("read", [True, False])
def test_a_setting_that_is_off_leaks_beside_its_owners_values_when_it_was_read(read: bool) -> None:
    """`false` tells of nobody, unless it is known to be what this owner has set."""
    watch = Watch(private=not read)
    watch.look("ann", ANN)
    with patch.object(Model, "settings_called", lambda *at: ["private"] * (at[2] == "vip")):
        alone = watch.look("cat", {**CARD, "vip": False})
        assert ("Person", "vip") not in results(alone)
        found = watch.look("cat", {**CARD, "vip": False, "phone": ANN["phone"]})
    assert (results(found).get(("Person", "vip")) is Result.LEAK) == read


@pytest.mark.parametrize(
    ("own", "shown", "leaks"),
    [("oars", "he spoke hoarsely", False), ("rowing", "likes rowing, they say", True)],
)
def test_a_value_inside_another_is_the_owners_when_it_is_too_long_for_chance(
    own: str, shown: str, leaks: bool
) -> None:
    watch = Watch()
    watch.look("ann", {**ANN, "bio": own})
    found = results(watch.look("cat", {**CARD, "bio": shown}))
    assert (found.get(("Person", "bio")) is Result.LEAK) == leaks


def test_an_over_block_has_both_answers_as_its_evidence() -> None:
    watch = Watch(private=False)
    watch.look("ann", ANN)
    found = watch.look("cat", {"id": ANN["id"]})
    each = next(each for each in found.observations if each.key.field == "bio")
    assert each.result is Result.OVER_BLOCK and each.evidence is not None
    assert each.evidence.owner is not None
    assert "/bio" in {line.pointer for line in each.evidence.owner.lines}
    assert {line.pointer for line in each.evidence.viewer.lines} == {"/id"}
    assert each.evidence.curl and ANN["bio"] not in repr(found)


def test_a_grant_that_is_not_honoured_elsewhere_confirms_no_leak() -> None:
    """An endpoint may be closed to who may see the field at another: both have one name."""
    run = Watch().run
    key = Key("getPerson", "Person", "bio", "member", ())
    other = key._replace(endpoint="listPeople")
    leak = Observation(key, False, Result.LEAK, "cat", "ann")
    block = Observation(other, True, Result.OVER_BLOCK, "cat", "ann")
    run.matrix.apply("getPerson", Outcome("a", 200, (leak,)))
    run.matrix.apply("listPeople", Outcome("b", 200, (block,)))
    run.matrix.repeats = "b"
    run.matrix.apply("listPeople", Outcome("c", 200, (block,)))
    assert key.finding not in run.matrix.confirmed
    assert run.matrix.refused[key.finding] == (None, True)


def test_a_value_in_a_header_or_in_running_text_is_found(watch: Watch) -> None:
    header = watch.look("cat", reply(CARD, **{"x-debug": ANN["phone"]}))
    assert results(header)[("Person", "phone")] is Result.LEAK
    text = f"2026-01-01 INFO the phone of the caller was {ANN['phone']} at noon".encode()
    log = watch.look("cat", Response(200, {"content-type": "text/plain"}, text), None, "getNews")
    assert results(log)[("Person", "phone")] is Result.LEAK


@pytest.mark.parametrize("truncated", [False, True])
@pytest.mark.parametrize("body", [{}, {"is_private": True, "theme": "theme-of-cat"}])
def test_a_value_outside_every_object_is_in_no_doubt_for_what_is_in_the_body(
    body: Json, truncated: bool
) -> None:
    """The settings in the body may be the viewer's own, or another's: of what stands in a header
    this says nothing. Nor does it close what the body may hold."""
    text = studio.POLICY.replace("owner: {path: personId}", "owner: {caller: true}")
    with policy(text):
        watch, studio_ = Watch(), Studio()
        for name in IDS:
            watch.look(name, studio_.people[IDS[name]], name)
        for name in ("ann", "cat"):
            own = {"is_private": True, "theme": f"theme-of-{name}"}
            watch.look(name, own, name, "getSettings")
        for again in "34":
            response = replace(reply(body, **{"x-debug": ANN["phone"]}), truncated=truncated)
            found = watch.look("cat", response, "ann", "getSettings", again=again)
    assert [(o.key.field, o.result, o.weak) for o in found.observations] == [
        ("phone", Result.LEAK, "")
    ]
    assert {each[1] for each in watch.run.matrix.confirmed} == {"phone"}


def test_an_object_inside_another_is_judged_as_its_own(watch: Watch) -> None:
    post = {"id": "post-bob-77", "author_id": IDS["bob"], "text": "hello", "author": ANN}
    found = watch.look("cat", post, None, "getPost")
    assert results(found)[("Person", "phone")] is Result.LEAK
    assert set(found.embedded) == {("Post", False), ("Person", True)}
    assert set(found.sighted) == {("bob", "Post"), ("ann", "Person")}


NOTES = (
    studio.DOCUMENT.replace("        text: {type: string}\n", """        text: {type: string}
        guest_ids: {type: array, items: {type: string}}
        notes: {type: array, items: {$ref: "#/components/schemas/Note"}}
""").replace("    Course:\n      type", """    Note:
      type: object
      properties: {words: {type: string}, draft: {type: string}}
    Course:
      type"""),
    studio.POLICY.replace("  owner: {is: owner}\n", """  owner: {is: owner}
  guest: {field: guest_ids}
""").replace("id, author_id, course_id, text", "id, author_id, course_id, guest_ids, notes, text")
    .replace("resources:\n", """resources:
  Note:
    owner: {parent: true}
    fields:
      words: [{see: [owner, guest]}]
      draft: [{see: [owner]}]
"""),
)  # fmt: skip


@pytest.mark.parametrize(("guests", "denied"), [(["cat"], False), (["bob"], True), ([], True)])
def test_a_part_accuses_nobody_whom_the_object_around_it_may_name_in_a_relation_it_grants(
    guests: list[str], denied: bool
) -> None:
    """A line of its own resource grants it to guests, and only the post around it tells who is one.
    What no line grants them is a leak all the same."""
    with patch.object(studio, "DOCUMENT", NOTES[0]), policy(NOTES[1]):
        watch = Watch(private=False)
        post = {
            **Studio().posts["post-ann-77"],
            "guest_ids": [IDS[each] for each in guests],
            "notes": [{"words": "words of ann's own", "draft": "a draft of ann's own"}],
        }
        watch.look("ann", post, endpoint="getPost")
        outcome = watch.look("cat", post, endpoint="getPost")
    leaks = {each for each, result in results(outcome).items() if result is Result.LEAK}
    assert ("Note", "draft") in leaks
    assert (("Note", "words") in leaks) is denied
    doubts = [each.leak.key.field for each in outcome.doubts if each.why == AROUND]
    assert doubts == ([] if denied else ["words"])


BOB = Studio().people[IDS["bob"]]
CHOICES: dict[str, tuple[Any, bool]] = {
    "of two owners and of nobody": ({"all": [ANN["bio"], BOB["bio"], "what nobody has"]}, True),
    "of the owners alone": ({"all": [ANN["bio"], BOB["bio"]]}, False),
    "of one owner": ({"all": [ANN["bio"], "what nobody has"]}, False),
    "with whose each is": (
        {"all": [{"of": each["id"], "is": each["bio"]} for each in (ANN, BOB)]
         + [{"of": "p-zoe-9", "is": "what nobody has"}]}, False,
    ),
    "with an address of each": (
        {"all": [{"to": each["phone"], "is": each["bio"]} for each in (ANN, BOB)]
         + [{"to": "", "is": "what nobody has"}]}, False,
    ),
}  # fmt: skip


@pytest.mark.parametrize("which", CHOICES)
def test_a_list_of_what_there_is_to_choose_proves_nothing_of_who_has_chosen(
    watch: Watch, which: str
) -> None:
    answer, may_be = CHOICES[which]
    watch.look("bob", BOB, "bob")
    watch.look("cat", answer, None, "getNews")
    watch.run.evaluator.take_back()
    (key,) = (
        key for key, entry in watch.run.matrix.leaks()
        if entry.result is Result.LEAK and key.field == "bio"
    )  # fmt: skip
    assert (key.finding in watch.run.matrix.suspect) is may_be


@pytest.mark.parametrize("declared", [False, True])
def test_a_choice_that_the_document_names_is_nobodys_unless_it_stands_with_its_owner(
    watch: Watch, declared: bool
) -> None:
    watch.run.knowledge.choices = frozenset({ANN["bio"]} if declared else ())
    listed = watch.look("cat", {"all": [ANN["bio"]]}, None, "getNews")
    assert (("Person", "bio") in results(listed)) is not declared
    beside = watch.look("cat", {"all": [{"of": ANN["id"], "is": ANN["bio"]}]}, None, "getNews")
    assert results(beside)["Person", "bio"] is Result.LEAK


def test_what_belongs_to_nobody_is_open_to_all() -> None:
    watch = Watch()
    course = {"id": "course-0451", "title": "Rowing", "code": None}
    found = watch.look(None, course, None, "getCourse")
    assert results(found)[("Course", "title")] is Result.OPEN


def test_csv_is_read_by_its_columns() -> None:
    watch = Watch()
    watch.look("ann", ANN)
    rows = f"id,note\r\n1,{ANN['phone']}\r\n".encode()
    answer = Response(200, {"content-type": "text/csv"}, rows)
    assert results(watch.look("cat", answer))[("Person", "phone")] is Result.LEAK


def test_a_cell_of_csv_may_be_long_and_a_row_may_have_more_cells_than_columns() -> None:
    watch = Watch()
    watch.look("ann", ANN)
    rows = f"id,note\r\n1,{'x' * 200_000}\r\n2,a,{ANN['phone']}\r\n".encode()
    answer = Response(200, {"content-type": "text/csv"}, rows)
    assert results(watch.look("cat", answer))[("Person", "phone")] is Result.LEAK


def test_a_single_object_where_a_list_is_declared_is_read_as_one() -> None:
    watch = Watch()
    post = {"id": "post-ann-77", "author_id": IDS["ann"], "text": "hello", "author": CARD}
    found = watch.look("ann", post, "ann", "listPosts")
    assert results(found)[("Post", "text")] is Result.OPEN


def test_settings_are_learnt_from_their_owners_own_answer_only() -> None:
    watch = Watch()
    watch.look("ann", {"is_private": False, "theme": "dusk"}, "ann", "getSettings")
    assert watch.run.identities.states[("ann", "Settings.private")] is False
    watch.look("cat", {"is_private": False, "theme": "dusk"}, "bob", "getSettings")
    assert watch.run.identities.states[("bob", "Settings.private")] is True


def test_what_an_owner_saw_before_a_flip_is_forgotten(watch: Watch) -> None:
    watch.run.identities.states[("ann", "Settings.private")] = False
    before = watch.look("cat", {"error": "not found"}, status=404)
    assert results(before)[("Person", "name")] is Result.OVER_BLOCK
    watch.run.evaluator.forget("ann")
    assert watch.look("cat", {"error": "not found"}, status=404).observations == ()


def test_evidence_is_both_answers_and_no_value(watch: Watch) -> None:
    found = watch.look("cat", ANN)
    leak = next(each for each in found.observations if each.key.field == "phone")
    assert leak.evidence is not None and leak.evidence.owner is not None
    sides = (leak.evidence.owner, leak.evidence.viewer)
    assert [(side.identity, side.relation) for side in sides] == [
        ("ann", "owner"),
        ("cat", "member"),
    ]
    marked = [[line for line in side.lines if line.mark] for side in sides]
    assert [[(line.pointer, line.mark) for line in lines] for lines in marked] == [
        [("/phone", "canary")],
        [("/phone", "leak")],
    ]
    assert marked[0][0].hash == marked[1][0].hash != ""  # the same value, told without it
    for value in (ANN["phone"], ANN["bio"], ANN["name"], ANN["id"]):
        assert value not in repr(found)


# ------------------------------------------------------------ what is kept of an answer


def test_whose_value_was_judged_and_whether_it_is_granted_stands_beside_it(watch: Watch) -> None:
    found = watch.look("cat", ANN)
    assert {each.owner for each in found.observations} == {"ann"}
    assert {each.viewer for each in found.observations} == {"cat"}
    by_field = {each.key.field: each.granted for each in found.observations}
    assert by_field["name"] is True and by_field["phone"] is False


def test_what_only_the_path_calls_somebodys_is_doubted_until_they_were_seen_to_have_it() -> None:
    """An error or a placeholder may stand there, and be nobody's."""
    page = {"is_private": True, "theme": "theme-of-ann"}
    first = Watch()
    assert Result.LEAK not in results(first.look("cat", page, endpoint="getSettings")).values()
    first.look("ann", page, endpoint="getSettings")
    told = results(first.look("cat", page, endpoint="getSettings"))
    assert told["Settings", "theme"] is Result.LEAK
    other = results(first.look("cat", {**page, "theme": "of nobody"}, endpoint="getSettings"))
    assert ("Settings", "theme") not in other


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [("phone", "0451", True), ("room", "0451", False), ("room", "04517", True)],
)
def test_a_value_outside_every_object_is_told_by_its_name_or_its_length(
    name: str, text: str, told: bool
) -> None:
    """A short text may stand under another name by chance; under its own it is not chance."""
    watch = Watch()
    watch.look("ann", {**ANN, "phone": text})
    outcome = watch.look("cat", {"error": "no", name: text}, status=403)
    found = results(outcome)["Person", "phone"]
    assert found is (Result.LEAK if told else Result.CLOSED)
    (seen,) = [each for each in outcome.observations if each.key.field == "phone"]
    assert not told or (seen.evidence is not None and "found by value" in seen.evidence.note)


def test_an_answer_that_was_cut_off_lacks_nothing(watch: Watch) -> None:
    """What did not come of it may stand behind the cut."""
    assert watch.look("cat", CARD).whole
    cut = watch.look("cat", replace(reply({"error": "gone"}, 404), truncated=True))
    assert not cut.whole and Result.CLOSED not in results(cut).values()


def test_the_state_in_which_an_owner_was_shown_theirs_is_remembered_by_endpoint(
    watch: Watch,
) -> None:
    evaluator = watch.run.evaluator
    private, public = (
        Key("getPerson", "Person", "bio", "member", (("private", said),))
        for said in ("true", "false")
    )
    assert evaluator.shown_in("getPerson", "ann", private)
    assert not evaluator.shown_in("getPerson", "ann", public)
    assert not evaluator.shown_in("listPeople", "ann", private)
    assert not evaluator.shown_in("getPerson", "bob", private)


def test_who_saw_objects_of_nobody_known_is_told_with_whose_they_were(watch: Watch) -> None:
    eve = {**ANN, "id": "p-eve-9", "name": "Eve", "phone": "+49-555-eve"}
    watch.look("cat", eve)
    watch.look("bob", eve)
    assert watch.run.matrix.outsiders["getPerson", "Person"] == {
        "cat": {"p-eve-9"}, "bob": {"p-eve-9"},
    }  # fmt: skip


def test_only_declared_names_may_stand_in_evidence(watch: Watch) -> None:
    evaluator = watch.run.evaluator
    assert evaluator.may_write("bio") and not evaluator.may_write("nickname")
    evaluator.declare(frozenset({"nickname"}))
    assert evaluator.may_write("bio", "nickname") and not evaluator.may_write(
        "bio", "ann@example.com"
    )


def test_what_endpoints_showed_one_of_themselves_is_forgotten_of_that_one() -> None:
    watch = Watch()
    bob = Studio().people[IDS["bob"]]
    watch.look("ann", ANN)
    watch.look("bob", bob, of="bob")
    faces = watch.run.evaluator
    faces.forget("ann")
    assert {who for who, *_ in watch.run.knowledge.faces} == {"bob"}


# ------------------------------------------------------------ embedded views of an object

MINI = {"id": ANN["id"], "name": ANN["name"]}
BOBS = {"id": IDS["bob"], "name": Studio().people[IDS["bob"]]["name"], "friends": [MINI]}


@pytest.mark.parametrize("order", ["own page first", "own mini first"])
def test_an_embedded_view_owes_no_more_than_it_shows_its_owner_in_that_place(order: str) -> None:
    """Ann is shown all of herself at the same endpoint: in another place of the answer."""
    watch = Watch(private=False)
    shown = [ANN, BOBS]
    for answer in shown if order == "own page first" else shown[::-1]:
        watch.look("ann", answer, "ann" if answer is ANN else "bob", again=str(order))
    seen = results(watch.look("cat", BOBS, "bob"))
    assert ("Person", "bio") not in seen


def test_the_object_that_was_asked_for_owes_what_its_owner_gets_in_its_place() -> None:
    """That an embedded view came beside it takes nothing off it."""
    watch = Watch(private=False)
    watch.look("ann", {**ANN, "friends": [MINI]})
    seen = results(watch.look("cat", CARD))
    assert seen["Person", "bio"] is Result.OVER_BLOCK
    absent = results(watch.look("cat", reply({"error": "no"}, status=404)))
    assert absent["Person", "bio"] is Result.OVER_BLOCK


def test_an_element_of_a_list_owes_what_its_owner_gets_as_another_element() -> None:
    watch = Watch(private=False)
    watch.look("ann", {"data": [CARD, ANN]}, None, endpoint="listPeople")
    seen = results(watch.look("cat", {"data": [CARD]}, None, endpoint="listPeople"))
    assert seen["Person", "bio"] is Result.OVER_BLOCK


# ------------------------------------------------------------ judged before the owner was shown it


def read_early(answer: str, owner_sees: str = ANN["phone"]) -> Watch:
    """Cat is handed ann's phone in this form before ann is shown her own."""
    watch = Watch()
    for again in ("", "again"):
        watch.look("cat", {**CARD, "phone": answer}, again=again)
    watch.look("ann", {**ANN, "phone": owner_sees})
    watch.run.evaluator.take_back()
    return watch


def phone(watch: Watch) -> tuple[Key, Result]:
    return next(
        (key, entry.result)
        for key, entry in watch.run.matrix.entries.items()
        if (key.endpoint, key.field, key.viewer) == ("getPerson", "phone", "member")
    )


@pytest.mark.parametrize("mask", ["+49-555-hidden", "+49-555-0", "another-per-author-31"])
def test_a_mask_seen_before_its_owner_was_shown_the_value_is_no_leak(mask: str) -> None:
    watch = read_early(mask)
    key, result = phone(watch)
    assert result is Result.UNTESTED
    assert watch.run.matrix.doubt(key) == "another value", "and the report says why"
    assert key.finding not in watch.run.matrix.confirmed


def test_a_value_seen_before_its_owner_was_shown_it_stays_a_leak_and_is_said_to_be_theirs() -> None:
    watch = read_early(ANN["phone"])
    key, result = phone(watch)
    assert result is Result.LEAK and key.finding in watch.run.matrix.confirmed
    assert "no response shows its owner" not in watch.run.matrix.evidence[key.finding].note


def test_what_its_owner_is_shown_nowhere_is_judged_by_the_object() -> None:
    watch = Watch()
    watch.look("cat", {**CARD, "phone": "+49-555-77001"})
    watch.run.evaluator.take_back()
    key, result = phone(watch)
    assert result is Result.LEAK
    assert "no response shows its owner" in watch.run.matrix.evidence[key.finding].note
    assert Watch().look("cat", {**CARD, "phone": "+49 x.x.x"}).doubts, "unless it looks masked"


def test_what_later_answers_may_take_back_is_said_to_be_tentative() -> None:
    watch = Watch()
    assert watch.look("cat", {**CARD, "phone": ANN["phone"]}).tentative, "ann was not shown it yet"
    watch.look("ann", ANN)
    assert not watch.look("cat", {**CARD, "phone": ANN["phone"]}, again="2").tentative
    assert watch.look("cat", {**CARD, "note": ANN["phone"]}, again="3").observations
    assert watch.look("cat", {"error": ANN["phone"]}, again="4", status=404).tentative, "by value"


def test_each_kind_of_viewer_has_evidence_of_its_own() -> None:
    """Bob is a member, cat asked to follow ann: what is kept of bob's leak is not cat's."""
    watch = Watch(relationships={("cat", "ann"): frozenset({"pending"})})
    watch.look("ann", ANN)
    for viewer, kind in (("bob", "member"), ("cat", "pending")):
        found = watch.look(viewer, ANN).observations
        leak = next(each for each in found if each.key.field == "phone")
        assert leak.key.viewer == kind
        assert leak.evidence is not None, viewer


def test_what_two_own_is_not_closed_to_the_other_of_them() -> None:
    """Cat owns the post as well: that it does not come to her closes nothing to members."""
    two = studio.POLICY.replace("owner: author_id", "owner: [author_id, course_id]")
    post = {**Studio().posts["post-ann-77"], "course_id": IDS["cat"]}
    closed = {}
    with policy(two):
        for viewer in ("cat", "bob"):
            watch = Watch()
            watch.look("ann", post, endpoint="getPost")
            question = Question(
                f"{viewer} getPost ann", "getPost", viewer, frozenset({"ann"}),
                {"postId": post["id"]}, frozenset(), "curl",
            )  # fmt: skip
            gone = watch.run.evaluator.look(
                watch.run.evaluator.judge(probe("getPost"), question, reply({}, 404))
            )
            closed[viewer] = {
                field for (name, field), result in results(gone).items()
                if name == "Post" and result is Result.CLOSED
            }  # fmt: skip
    assert closed["cat"] == set()
    assert "text" in closed["bob"]


def test_a_side_of_an_evidence_shows_what_kinds_of_values_came() -> None:
    evaluator = Watch().run.evaluator
    side = evaluator.side(None, "anyone", reply({"id": "post-1", "extra": ["x"]}))
    assert (side.identity, side.relation, side.status) == ("nobody logged in", "anyone", 200)
    assert side.media_type == "application/json"
    assert "post-1" not in str(side)
    assert {"/id"} <= {line.pointer for line in side.lines}
    garbled = evaluator.side("cat", "member", Response(200, {"content-type": "text/html"}, b"<p>"))
    assert garbled.identity == "cat"


TUTORS = studio.POLICY.replace(
    "  owner: {is: owner}", "  tutor: {field: course_id}\n  owner: {is: owner}"
).replace("see: [owner, follower]", "see: [owner, follower, tutor]")  # fmt: skip
CUT = {name: text for name, text in Studio().posts["post-ann-77"].items() if name != "course_id"}


@pytest.mark.parametrize(
    ("told", "result", "doubt"),
    [
        ([IDS["cat"]], Result.OPEN, None),
        (["c-1"], Result.LEAK, None),
        ([], None, UNTOLD),
        ([None], None, UNTOLD),
        (["c-1", IDS["cat"]], None, UNTOLD),
    ],
)
@pytest.mark.parametrize("came", [{}, {"course_id": None}])
def test_whom_a_member_names_that_is_hidden_is_told_by_what_its_owner_was_shown(
    told: list[str | None], result: Result | None, doubt: str | None, came: dict[str, None]
) -> None:
    """Whoever's id stands in `course_id` is a tutor, who may see all: where the owner was not shown
    it, or now one and then another, nobody knows. What no tutor may see leaks all the same."""
    with policy(TUTORS):
        watch = Watch()
        watch.look("ann", {**CUT, "draft": "a draft of ann's"}, endpoint="getPost")
        for turn, each in enumerate(told):
            watch.look("ann", {**CUT, "course_id": each}, endpoint="getPost", again=f"{turn}")
        found = watch.look("cat", {**CUT, "draft": "a draft of ann's", **came}, endpoint="getPost")
    said = results(found)
    assert said.get(("Post", "text")) is result
    assert said["Post", "draft"] is Result.LEAK
    assert {each.why for each in found.doubts if each.leak.key.field == "text"} == (
        {doubt} if doubt else set()
    )
    assert not any(each.weak for each in found.observations)


def test_a_viewer_whom_a_hidden_member_may_name_closes_nothing() -> None:
    bare = {"id": CUT["id"], "author_id": CUT["author_id"]}
    with policy(TUTORS):
        for course, result in (("c-1", Result.CLOSED), (None, None)):
            watch = Watch()
            watch.look("ann", {**CUT, "course_id": course}, endpoint="getPost")
            found = watch.look("cat", bare, endpoint="getPost")
            assert results(found).get(("Post", "text")) is result
            hidden = {each.leak.key.field for each in found.doubts if each.why == HIDDEN}
            assert ("text" in hidden) is (result is None)


@pytest.mark.parametrize(
    ("told", "result"), [(["c-1"], Result.OPEN), ([IDS["cat"]], Result.LEAK), ([], None)]
)
def test_whom_a_hidden_member_takes_a_relation_away_from_is_told_by_its_owner_too(
    told: list[str], result: Result | None
) -> None:
    """`course_id` names whoever is barred, and members see the text unless they are."""
    barred = studio.POLICY.replace(
        "  owner: {is: owner}",
        "  barred: {field: course_id}\n"
        "  welcome: {authenticated: true, unless: [barred]}\n  owner: {is: owner}",
    ).replace("see: [owner, follower]", "see: [owner, follower, welcome]")
    with policy(barred):
        watch = Watch()
        for each in told or [None]:
            watch.look("ann", {**CUT, "course_id": each}, endpoint="getPost")
        assert results(watch.look("cat", CUT, endpoint="getPost")).get(("Post", "text")) is result


def test_an_owner_whom_an_answer_leaves_out_is_known_from_another() -> None:
    """Cat owns the post with ann: what she is shown of it is hers, named in this answer or not."""
    two = studio.POLICY.replace("owner: author_id", "owner: [author_id, course_id]")
    post = {**Studio().posts["post-ann-77"], "course_id": IDS["cat"]}
    cut = {name: post[name] for name in post if name != "course_id"}
    with policy(two):
        watch = Watch()
        watch.look("ann", post, endpoint="getPost")
        assert Result.LEAK not in results(watch.look("cat", cut, endpoint="getPost")).values()
        assert results(watch.look("bob", cut, endpoint="getPost"))["Post", "text"] is Result.LEAK


def test_a_blank_that_its_owner_is_shown_as_well_is_not_closed() -> None:
    """Ann has no phone: that a stranger is shown none says nothing of a phone."""
    for phone, closed in (("", False), (ANN["phone"], True)):
        watch = Watch()
        watch.look("ann", {**ANN, "phone": phone})
        found = results(watch.look("cat", {**CARD, "phone": ""}))
        assert (found.get(("Person", "phone")) is Result.CLOSED) is closed


@pytest.mark.parametrize(("quoted", "closed"), [("open", True), ("closed", False)])
def test_what_an_open_object_says_beside_a_closed_one_is_not_of_that(
    quoted: str, closed: bool
) -> None:
    """Ann's second post is closed and does not come. What stands in its place is the text of the
    first, which anybody may read, or its own."""
    levels = "{course: {field: course_id, levels: [open, closed], missing: closed}}"
    head, post = studio.POLICY.split("  Post:\n")
    post = post.replace("{private: {of: Settings.private, missing: true}}", levels)
    post = post.replace("when: {private: false}", "when: {course: open}")
    posts = {
        state: {**Studio().posts["post-ann-77"], "id": f"post-{state}", "course_id": state,
                "text": f"what stands in the {state} post"}
        for state in ("open", "closed")
    }  # fmt: skip
    with policy(f"{head}  Post:\n{post}"):
        watch = Watch()
        found: dict[str, Outcome] = {}
        for viewer, answer in (("ann", None), ("cat", {"see": [posts[quoted]["text"]]})):
            for state, own in posts.items():
                question = Question(
                    f"{viewer} getPost {state}", "getPost", viewer, frozenset({"ann"}),
                    {"postId": own["id"]}, frozenset(), "curl",
                )  # fmt: skip
                response = reply(own) if answer is None else reply(answer, 404)
                outcome = watch.run.evaluator.look(
                    watch.run.evaluator.judge(probe("getPost"), question, response)
                )
                watch.run.matrix.apply("getPost", outcome)
                found[f"{viewer} {state}"] = outcome
    told = {
        each.result for each in found["cat closed"].observations
        if each.key.field == "text" and dict(each.key.state) == {"course": "closed"}
    }  # fmt: skip
    assert told == {Result.CLOSED if closed else Result.LEAK}
