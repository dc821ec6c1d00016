"""Laws of whose an object is and of which object a value may come."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import pytest

from oakum.authz import Leaf, Model, ObjectInstance, compile_contract
from oakum.exposure.cells.matrix import Matrix
from oakum.exposure.evaluation_context import EvaluationContext, ValueSource, sources_of_value
from oakum.exposure.evidence import Redactor
from oakum.exposure.finding_evidence import Question
from oakum.exposure.relation_fields import is_one_of_many
from oakum.exposure.values.knowledge import Knowledge
from oakum.openapi.model import Json
from oakum.policy.model import Owner, Relation
from oakum.scan.evaluation.ownership import KnownInstances, Ownership
from tests.unit.scan import studio
from tests.unit.scan.evaluation.test_evaluator import policy
from tests.unit.scan.evaluation.test_ownership import with_drafts
from tests.unit.scan.studio import IDS, known_identities, probe

TEXT = "a text that is long enough"
OPEN = {"draft": False}


def drafts() -> Model:
    """Posts say of themselves whether they are drafts, and who their tutor is."""
    text = studio.POLICY.replace(
        "  owner: {is: owner}", "  tutor: {field: course_id}\n  owner: {is: owner}"
    ).replace(
        "    main: getPost\n    states: {private: {of: Settings.private, missing: true}}",
        "    main: getPost\n    states: {draft: {field: author, missing: true}}",
    ).replace(
        "        - {see: [member], when: {private: false}}\n  Course",
        "        - {see: [member], when: {draft: false}}\n        - see: [tutor]\n  Course",
    )  # fmt: skip
    with policy(text):
        found = studio.contract()
        assert found.policy is not None
        return compile_contract(found.document, found.policy)


DRAFTS = drafts()


def context(model: Model = DRAFTS) -> EvaluationContext:
    who = known_identities(relationships={})
    for name in who.names():
        who.states[(name, "Settings.private")] = True
    knowledge = Knowledge()
    matrix = Matrix(model, [probe("getPost")], who)
    return EvaluationContext(
        model, who, knowledge, matrix, Redactor(b"key of this run", frozenset())
    )


def instance(resource: str, owners: Iterable[str] = (), **fields: Json) -> ObjectInstance:
    leaves = tuple(Leaf(name, (name,), value, False) for name, value in fields.items())
    return ObjectInstance(resource, (), tuple(owners), frozenset(), {}, leaves, fields)


# ------------------------------------------------------------ whose it is


def test_an_object_is_its_viewers_where_it_belongs_to_several_and_they_are_one() -> None:
    both = instance("Post", (IDS["ann"], IDS["bob"]))
    for viewer, whose in (("ann", "ann"), ("bob", "bob"), ("cat", "ann"), (None, "ann")):
        assert context().who(both, viewer) == whose
    assert context().who(instance("Post", ("p-zoe-9",)), "cat") == "", (
        "somebody outside the identities"
    )
    assert context().who(instance("Course", (IDS["ann"],)), "ann") == "", "a catalogue is nobody's"
    assert context().is_nobodys("Course") and not context().is_nobodys("Post")


# ------------------------------------------------------------ of which object a value may come


def test_a_value_comes_of_each_object_that_has_it_in_the_state_of_that_object() -> None:
    at = context()
    at.knowledge.objects["ann", "Post"] = [
        {"id": "1", "text": TEXT}, {"id": "2", "text": TEXT}, {"id": "3", "text": "another text"},
    ]  # fmt: skip
    at.knowledge.conditions["ann", "Post", "1"] = {"draft": True}
    at.knowledge.conditions["ann", "Post", "2"] = {"draft": False}
    at.knowledge.conditions["ann", "Post", "3"] = {"draft": False}
    for each in ("1", "2", "3"):
        at.knowledge.kin["ann", "Post", each] = {"cat": frozenset(), "bob": frozenset({"tutor"})}
    none, tutor = frozenset[str](), frozenset({"tutor"})
    assert at.sources("cat", "ann", "Post", "text", TEXT) == [
        ValueSource(none, {"draft": True}), ValueSource(none, {"draft": False}),
    ]  # fmt: skip
    assert at.sources("bob", "ann", "Post", "text", "another text") == [ValueSource(tutor, OPEN)]
    assert at.sources(None, "ann", "Post", "text", "another text") == [ValueSource(none, OPEN)]
    unknown = at.sources("cat", "bob", "Post", "text", TEXT)
    assert {each.state["draft"] for each in unknown} == {True, False}, "in any state"
    assert {each.kin for each in unknown} == {tutor} and len(unknown) == 2, "naming anybody"


def test_a_value_of_objects_that_are_alike_to_everybody_has_one_source_that_says_nothing() -> None:
    at = context()
    assert at.sources(None, "ann", "Person", "phone", "x") == [ValueSource(frozenset(), {})]
    plain = context(studio.model())
    assert plain.sources("cat", "ann", "Post", "text", "x") == [ValueSource(frozenset(), {})]
    assert not plain.is_of_an_open_one("cat", "ann", "Post", "text", "x")


@pytest.mark.parametrize(
    ("draft", "tutor", "viewer", "sees"),
    [
        (False, False, "cat", True), (True, False, "cat", False), (True, True, "cat", True),
        (None, False, "cat", True), (True, None, "cat", True), (True, None, None, False),
        (None, False, None, False), (True, False, "ann", True),
    ],
)  # fmt: skip
def test_a_value_may_be_seen_that_may_come_of_an_object_the_contract_shows(
    draft: bool | None, tutor: bool | None, viewer: str | None, sees: bool
) -> None:
    """`None`: nobody has read it; then it may be so."""
    at = context()
    at.knowledge.objects["ann", "Post"] = [{"id": "1", "text": TEXT}]
    if draft is not None:
        at.knowledge.conditions["ann", "Post", "1"] = {"draft": draft}
    if tutor is not None:
        held = frozenset({"tutor"} if tutor else ())
        at.knowledge.kin["ann", "Post", "1"] = {"cat": held}
    assert at.may_see(viewer, "ann", "Post", "text", TEXT) is sees
    if viewer != "ann":
        assert at.is_of_an_open_one(viewer, "ann", "Post", "text", TEXT) is sees


def test_a_field_that_hangs_on_a_setting_nobody_has_read_may_be_seen() -> None:
    at = context(studio.model())
    assert not at.may_see("cat", "ann", "Person", "bio", TEXT)
    del at.identities.states["ann", "Settings.private"]
    assert at.may_see("cat", "ann", "Person", "bio", TEXT)
    assert not at.may_see("cat", "ann", "Person", "phone", TEXT)
    assert at.may_see("ann", "ann", "Person", "phone", TEXT)
    at.identities.states["ann", "Settings.private"] = False
    assert at.may_see("cat", "ann", "Person", "bio", TEXT), "in the state of this very owner"
    assert not at.may_see("cat", "bob", "Person", "bio", TEXT)


def test_where_a_loose_value_stood_is_remembered_by_endpoint_viewer_and_whose_was_asked() -> None:
    at = context()
    for request_key, viewer, targets in (
        ("1", "cat", {"ann"}),
        ("2", "cat", {"ann"}),
        ("3", None, ()),
    ):
        asked = Question(
            request_key, "getPost", viewer, frozenset(targets), {}, frozenset(), "curl"
        )
        at.stray("ann", TEXT, asked)
    assert at.strays == {
        ("ann", TEXT): {("getPost", "cat", "ann"): {"1", "2"}, ("getPost", None, None): {"3"}}
    }


def test_an_object_that_has_no_key_may_be_in_whatever_state_its_kind_was_seen_in() -> None:
    knowledge = Knowledge()
    knowledge.objects["ann", "Post"] = [{"text": TEXT}]
    knowledge.conditions["ann", "Post", ""] = {"draft": True}
    value = ("Post", "text", TEXT)
    made = sources_of_value(with_drafts(), knowledge, None, "ann", value)
    assert made == [ValueSource(frozenset(), {"draft": True})]


# ------------------------------------------------------------ objects of their caller

KEY = "post-1"


def callers(*, batch: bool = False) -> tuple[Ownership, object]:
    made = DRAFTS
    post = replace(made.policy.resources["Post"], owner=Owner("caller"))
    resources = {**made.policy.resources, "Post": post}
    known = Knowledge()
    reader = Ownership(
        replace(made, policy=replace(made.policy, resources=resources)),
        known_identities(relationships={}),
        known,
    )
    return reader, replace(probe("getPost"), batch=batch)


def read(
    reader: Ownership, at: object, viewer: str | None, of: Iterable[str], each: ObjectInstance
) -> tuple[tuple[str, ...], KnownInstances]:
    asked = Question("q", "getPost", viewer, frozenset(of), {"postId": KEY}, frozenset(), "curl")
    found = reader.read(at, asked, [each])  # type: ignore[arg-type]
    known = found.known.get(each.pointer)
    return (known.owners if known and known.owners else each.owners), found


@pytest.mark.parametrize(
    ("of", "batch", "known", "key", "whose", "weak"),
    [
        (["ann"], False, True, KEY, "ann", False),  # the key is known to be ann's
        (["ann"], False, False, None, "ann", True),  # nothing in it rules out
        (["ann"], False, False, KEY, "cat", False),  # it has a key, and nobody knows it
        (["ann"], True, True, KEY, "cat", False),  # of many it says nothing whose this one is
        (["ann", "bob"], False, True, KEY, "cat", False), ([], False, True, KEY, "cat", False),
        (["cat"], False, True, KEY, "cat", False),
    ],
)  # fmt: skip
def test_what_the_contract_calls_its_callers_is_anothers_that_was_asked_for_as_theirs(
    of: list[str], batch: bool, known: bool, key: str | None, whose: str, weak: bool
) -> None:
    reader, at = callers(batch=batch)
    if known:
        reader.knowledge.own["ann", "Post", "id"] = {KEY}
    value = {"text": TEXT, **({"id": key} if key else {})}
    owners, found = read(reader, at, "cat", of, instance("Post", (IDS["cat"],), **value))
    assert owners == (IDS[whose],)
    assert (found.given == {()}) is (whose == "ann")
    assert ("nothing in it rules out" in found.weak.get((), "")) is weak


def test_nobody_logged_in_has_nothing_of_their_own() -> None:
    reader, at = callers()
    _, found = read(reader, at, None, [], instance("Post", (), id=KEY))
    assert found.unclear == {"Post"} and not found.mute
    _, found = read(reader, at, "cat", [], instance("Post", (IDS["cat"],), id=KEY))
    assert found.unclear == set()


def test_an_object_that_names_another_account_as_its_key_is_that_accounts_but_in_a_list() -> None:
    reader, at = callers()
    named = instance("Post", (IDS["cat"],), id=IDS["ann"])
    assert read(reader, at, "cat", [], named)[0] == (IDS["ann"],)
    listed = replace(named, pointer=("rows", "0"))
    owners, found = read(reader, at, "cat", [], listed)
    assert owners == (IDS["cat"],) and found.unclear == set(), "a friend in one's own list"
    mine = instance("Post", (IDS["cat"],), id=IDS["cat"])
    assert read(reader, at, "cat", [], mine)[0] == (IDS["cat"],)


def test_what_another_was_shown_first_as_their_own_is_clearly_nobodys() -> None:
    reader, at = callers()
    reader.knowledge.learn_own("ann", instance("Post", (), id=KEY, text=TEXT))
    again = instance("Post", (IDS["cat"],), id=KEY)
    _, found = read(reader, at, "cat", [], again)
    assert found.unclear == {"Post"} and found.mute == {()}
    _, found = read(reader, at, "ann", [], instance("Post", (IDS["ann"],), id=KEY))
    assert found.unclear == set() == found.mute
    _, found = read(reader, at, "cat", [], instance("Post", (IDS["cat"],), id="post-8"))
    assert found.unclear == set() == found.mute


# ------------------------------------------------------------ claimed by whoever asks


@pytest.mark.parametrize(
    ("text", "course", "asked", "claimed", "whose"),
    [
        (TEXT, "c-17", True, True, "ann"),  # one value of hers, and nothing unlike: it is hers
        (TEXT, "c-17", False, True, ""), (TEXT, "c-18", True, True, ""),
        (TEXT, "c-18", False, True, ""), ("of cat's own", "c-18", True, False, "cat"),
        ("of cat's own", "c-17", True, False, "cat"), ("", "c-17", True, True, ""),
        ("", "c-17", False, False, "cat"), (True, "", True, True, ""),
    ],
)  # fmt: skip
def test_who_is_written_into_whatever_they_ask_for_owns_nothing_by_that(
    text: Json, course: str, asked: bool, claimed: bool, whose: str
) -> None:
    """Ann was shown the post as hers; cat's answer says that it is cat's. A key that counts anew
    for each owner names two: then values of the same account tell."""
    reader = Ownership(DRAFTS, known_identities(relationships={}), Knowledge())
    reader.knowledge.learn_own(
        "ann", instance("Post", (), id=KEY, author_id=IDS["ann"], text=TEXT, course_id="c-17")
    )
    each = instance(
        "Post", (IDS["cat"],), id=KEY, author_id=IDS["cat"], text=text, course_id=course
    )
    owners, found = read(reader, probe("getPost"), "cat", ["ann"] if asked else [], each)
    assert found.claimed == ({"Post"} if claimed else set())
    assert (found.mute == {()}) is (claimed and not whose)
    assert (found.unclear == {"Post"}) is (claimed and not whose)
    if whose:
        assert owners == (IDS[whose],)


def test_what_says_that_it_is_the_one_who_was_shown_it_first_is_claimed_by_nobody() -> None:
    reader = Ownership(DRAFTS, known_identities(relationships={}), Knowledge())
    mine = instance("Post", (IDS["ann"],), id=KEY, author_id=IDS["ann"], text=TEXT)
    reader.knowledge.learn_own("ann", mine)
    for viewer in ("cat", None, "ann"):
        _, found = read(reader, probe("getPost"), viewer, ["ann"], mine)
        assert found.claimed == set() == found.mute
    both = replace(mine, owners=(IDS["ann"], IDS["cat"]))
    assert read(reader, probe("getPost"), "cat", ["ann"], both)[1].claimed == set()


# ------------------------------------------------------------ several owners, some left out


def shared_post() -> Ownership:
    post = DRAFTS.policy.resources["Post"]
    two = replace(post, owner=replace(post.owner, members=("author_id", "course_id")))
    resources = {**DRAFTS.policy.resources, "Post": two}
    made = replace(DRAFTS, policy=replace(DRAFTS.policy, resources=resources))
    return Ownership(made, known_identities(relationships={}), Knowledge())


@pytest.mark.parametrize("told", [True, False])
def test_owners_that_an_answer_leaves_out_are_those_that_another_named(told: bool) -> None:
    reader = shared_post()
    if told:
        reader.knowledge.parties["Post", KEY] = (IDS["ann"], IDS["bob"])
    cut = instance("Post", (IDS["ann"],), id=KEY, author_id=IDS["ann"])
    owners, found = read(reader, probe("getPost"), "cat", [], cut)
    assert owners == ((IDS["ann"], IDS["bob"]) if told else (IDS["ann"],))
    assert found.partial == {()}
    for viewer, perhaps in (("cat", not told), (None, not told), ("ann", False)):
        weak = read(reader, probe("getPost"), viewer, [], cut)[1].weak.get((), "")
        assert ("another owner, `course_id`" in weak) is perhaps, viewer
    whole = instance("Post", (IDS["ann"],), id=KEY, author_id=IDS["ann"], course_id="c-1")
    assert read(reader, probe("getPost"), "cat", [], whole)[1].partial == set()


# ------------------------------------------------------------ who is what to an object


@pytest.mark.parametrize(
    ("viewer", "told", "cut", "named"),
    [
        ("cat", [], True, {"tutor": None}),  # nobody knows what the whole object says
        ("cat", [True], True, {"tutor": True}),
        ("cat", [False], True, {"tutor": False}),
        ("cat", [True, False], True, {"tutor": None}),  # now this, and now that
        ("cat", [True], False, {"tutor": True}),  # the response leaves somebody out
        ("cat", [False], False, {}), ("cat", [], False, {}),
        ("ann", [True], True, {}), (None, [True], True, {}),
    ],
)  # fmt: skip
def test_whom_an_object_names_is_as_its_owner_was_shown_or_unknown(
    viewer: str | None, told: list[bool], cut: bool, named: dict[str, bool | None]
) -> None:
    reader = Ownership(DRAFTS, known_identities(relationships={}), Knowledge())
    for each in told:
        reader.knowledge.learn_related(("ann", "Post", KEY), "cat", "tutor", each)
    reader.knowledge.learn_related(("ann", "Post", KEY), "cat", "tutor", None)
    reader.knowledge.learn_related(("ann", "Post", "another"), "cat", "tutor", not any(told))
    more = {} if cut else {"course_id": "c-1"}
    post = instance("Post", (IDS["ann"],), id=KEY, author_id=IDS["ann"], text=TEXT, **more)
    _, found = read(reader, probe("getPost"), viewer, ["ann"], post)
    assert (found.known[()].named if () in found.known else {}) == named
    unknown = {name for name, each in named.items() if each is None}
    assert found.untold.get((), frozenset()) == unknown
    assert found.weak == {}


def test_a_relation_whose_member_a_resource_does_not_have_stands_against_nothing() -> None:
    reader = Ownership(DRAFTS, known_identities(relationships={}), Knowledge())
    person = instance("Person", (IDS["ann"],), id=IDS["ann"], phone=TEXT)
    assert read(reader, probe("getPerson"), "cat", ["ann"], person)[1].untold == {}
    assert DRAFTS.policy.relations["tutor"] == replace(
        DRAFTS.policy.relations["tutor"], kind="field", member="course_id"
    )
    assert isinstance(DRAFTS.policy.relations["tutor"], Relation)


# ------------------------------------------------------------ nobody's, and what stands inside


def test_a_catalogues_object_is_nobodys_whoever_was_asked_for() -> None:
    reader = Ownership(DRAFTS, known_identities(relationships={}), Knowledge())
    owners, found = read(reader, probe("getPerson"), "cat", ["ann"], instance("Course", id="c-1"))
    assert owners == () and found == KnownInstances()


@pytest.mark.parametrize(
    ("endpoint", "of", "batch", "given"),
    [
        ("getPerson", ["ann"], False, True), ("getSettings", ["ann"], False, True),
        ("listPosts", ["ann"], False, True), ("getPost", ["ann"], False, False),
        ("getPerson", ["ann"], True, False), ("getPerson", ["ann", "bob"], False, False),
        ("getPerson", [], False, False), ("getMe", ["ann"], False, False),
    ],
)  # fmt: skip
def test_what_names_nobody_is_whose_account_or_object_was_asked_for(
    endpoint: str, of: list[str], batch: bool, given: bool
) -> None:
    """By an account's id whatever stands there; by a post's id a post, and no settings."""
    reader = Ownership(studio.model(), known_identities(relationships={}), Knowledge())
    asked = Question("q", endpoint, "cat", frozenset(of), {}, frozenset(), "curl")
    at = replace(probe(endpoint), batch=batch)
    each = instance("Person", id=None, phone=TEXT)
    found = reader.read(at, asked, [each])
    assert (found.given == {()}) is given
    assert (found.unclear == {"Person"}) is not given
    assert (found.known.keys() == {()}) is given
    if given:
        assert found.known[()].owners == (IDS["ann"],)
        around = replace(instance("Course", id="c-1"), pointer=())
        inner = replace(each, pointer=("author",))
        inside = reader.read(at, asked, [around, inner])
        assert inside.given == set() and inside.unclear == {"Person"}, "it may be anybody's there"


def test_an_object_that_names_its_owner_is_theirs_whoever_was_asked_for() -> None:
    reader = Ownership(studio.model(), known_identities(relationships={}), Knowledge())
    bobs = instance("Person", (IDS["bob"],), id=IDS["bob"])
    assert read(reader, probe("getPerson"), "cat", ["ann"], bobs) == (
        (IDS["bob"],),
        KnownInstances(),
    )


def test_what_is_its_parents_is_no_better_proof_than_that() -> None:
    text = studio.POLICY.replace(
        "    owner: {path: personId}\n", "    owner: {parent: true}\n"
    ).replace("owner: author_id", "owner: [author_id, course_id]")  # fmt: skip
    with policy(text):
        reader = Ownership(studio.model(), known_identities(relationships={}), Knowledge())
    outer = instance("Post", (IDS["ann"],), id=KEY, author_id=IDS["ann"])
    inner = replace(
        instance("Settings", (IDS["ann"],), theme=TEXT), pointer=("more", "settings"), partly=True
    )
    other = replace(instance("Person", (IDS["ann"],), bio=TEXT), pointer=("by",), partly=True)
    asked = Question("q", "getPost", "cat", frozenset({"ann"}), {}, frozenset(), "curl")
    found = reader.read(probe("getPost"), asked, [inner, outer, other])
    assert found.weak.keys() == {(), ("more", "settings")}, "another resource has its own owner"
    assert found.weak["more", "settings"] == found.weak[()]
    plain = replace(inner, partly=False)
    assert reader.read(probe("getPost"), asked, [outer, plain]).weak.keys() == {()}
    mine = replace(asked, viewer="ann")
    assert reader.read(probe("getPost"), mine, [outer, inner]).weak == {}


# ------------------------------------------------------------ which objects to ask for


def test_an_object_may_be_found_by_a_member_and_is_asked_for_in_the_state_of_its_key() -> None:
    """`/texts/{text}` is filled with texts of posts; the state stands beside the key."""
    reader = Ownership(with_drafts(), known_identities(relationships={}), Knowledge())
    for number, (text, draft) in enumerate((("a", True), ("b", True), ("c", False))):
        row = {"id": f"post-{number}", "text": text}
        reader.knowledge.objects.setdefault(("ann", "Post"), []).append(row)
        reader.knowledge.conditions["ann", "Post", f"post-{number}"] = {"draft": draft}
    named = replace(probe("getPost"), sources={"text": "Post.text"}, personal=frozenset({"text"}))
    assert reader.turns(probe("getPost"), "ann") == [0, 2] == reader.turns(named, "ann")
    aside = replace(named, personal=frozenset[str]())
    assert reader.turns(aside, "ann") == [0]


def test_at_most_four_objects_of_an_owner_are_asked_for_at_one_endpoint() -> None:
    reader = Ownership(with_drafts(), known_identities(relationships={}), Knowledge())
    for number in range(6):
        row = {"id": f"post-{number}"}
        reader.knowledge.objects.setdefault(("ann", "Post"), []).append(row)
        reader.knowledge.conditions["ann", "Post", f"post-{number}"] = {"draft": number}
    assert reader.turns(probe("getPost"), "ann") == [0, 1, 2, 3]


def test_the_key_of_an_instance_is_its_own_or_the_one_it_was_asked_for_by() -> None:
    reader = Ownership(studio.model(), known_identities(relationships={}), Knowledge())
    post = studio.model().policy.resources["Post"]
    asked = Question("q", "getPost", "cat", frozenset(), {"postId": "post-9"}, frozenset(), "curl")
    own, none = instance("Post", id="post-1"), instance("Post", text=TEXT)
    for each, inner, at, key in (
        (own, False, probe("getPost"), "post-1"), (own, True, probe("getPost"), "post-1"),
        (none, False, probe("getPost"), "post-9"), (none, True, probe("getPost"), ""),
        (none, False, replace(probe("getPost"), batch=True), ""),
        (none, False, probe("listPosts"), ""),
    ):  # fmt: skip
        assert reader.key_of(at, asked, each, post, inner) == key
    bare = replace(asked, params={})
    assert reader.key_of(probe("getPost"), bare, none, post, False) == ""


@pytest.mark.parametrize(
    ("resource", "many"), [("Post", True), ("Person", False), ("Settings", False), ("Course", True)]
)
def test_an_owner_may_have_many_of_what_has_a_key_and_is_no_account(
    resource: str, many: bool
) -> None:
    """Settings have no key; those that others read an account's state from are one, key or not."""
    made = studio.model()
    assert is_one_of_many(made, made.policy.resources[resource]) is many
    keyed = replace(made.policy.resources["Settings"], key="id")
    assert not is_one_of_many(made, keyed)
    assert is_one_of_many(made, replace(keyed, name="Drafts"))


# ------------------------------------------------------------ expanded objects


def test_a_whole_object_where_the_document_has_none_is_known_by_what_others_told() -> None:
    known = Knowledge()
    known.objects["bob", "Post"] = [{"id": "post-7", "text": "a text of bob's"}]
    reader = Ownership(studio.model(), known_identities(relationships={}), known)

    def inside(path: str, value: Json, at: tuple[str, ...]) -> Leaf:
        return Leaf(path, at, value, False)

    leaves = (
        inside("id", "p-1", ("id",)),
        inside("last.id", "post-7", ("last", "id")),
        inside("last.text", "a text of bob's", ("last", "text")),
        inside("last.more", {}, ("last", "more")),
        inside("next.id", "post-8", ("next", "id")),
    )
    outer = ObjectInstance("Person", (), (IDS["ann"],), frozenset(), {}, leaves, {})
    assert reader.expanded_references([outer]) == {("last",): "Post"}
    there = replace(instance("Post", id="post-7"), pointer=("last",))
    assert reader.expanded_references([outer, there]) == {}, (
        "where an object is read already, it is that"
    )


def test_a_callers_object_that_has_no_key_stays_its_callers() -> None:
    reader, at = callers()
    owners, found = read(reader, at, "cat", [], instance("Post", (IDS["cat"],), text=TEXT))
    assert owners == (IDS["cat"],)
    assert found.unclear == set() and found.given == set() and found.mute == set()


def test_of_whom_no_object_is_known_the_first_that_comes_is_asked_for() -> None:
    reader = Ownership(with_drafts(), known_identities(relationships={}), Knowledge())
    assert reader.turns(probe("getPost"), "ann") == [0]
    reader.knowledge.conditions["ann", "Post", ""] = {"draft": True}
    assert reader.conditions(probe("getPost"), with_drafts().policy.resources["Post"], "ann") == []
    person = with_drafts().policy.resources["Person"]
    reader.knowledge.conditions["ann", "Person", IDS["ann"]] = {"private": True}
    assert reader.conditions(probe("getPerson"), person, "ann") == [], "an account has one state"
