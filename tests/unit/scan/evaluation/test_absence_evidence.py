"""What did not come closes a cell only where it was to be expected, and nothing that is granted."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from oakum.authz.table import granted_to_nobody
from oakum.exposure.cells.matrix import NOBODY, Doubt, Observation, Outcome
from oakum.finding import Result
from oakum.scan.coverage.untested import Section
from oakum.scan.evaluation.absence_evidence import close_lists, say_why
from tests.unit.scan.studio import IDS, Run, Studio, model

ENDPOINTS = ("listPeople", "getPerson", "listPosts", "getPosts", "getCourse")
FIELDS = {
    "Person": ("id", "name", "bio", "phone", "vip", "password_hash"),
    "Post": ("id", "text"),
    "Course": ("title", "code"),
}
VIEWERS = st.sampled_from([None, *IDS])
SIGHTED = st.sets(st.tuples(st.sampled_from([NOBODY, *IDS]), st.sampled_from([*FIELDS])))
SEEN = st.dictionaries(
    st.tuples(st.sampled_from(ENDPOINTS), st.sampled_from(["", *IDS])),
    st.dictionaries(VIEWERS, SIGHTED, max_size=4),
    max_size=4,
)
PRESENT = st.sets(
    st.tuples(
        st.sampled_from([*IDS]),
        st.just("Person"),
        st.sampled_from(FIELDS["Person"]),
    )
)
Seen = dict[tuple[str, str], dict[str | None, set[tuple[str, str]]]]


def closed(run: Run) -> list[Observation]:
    return [each for outcome in run.outcomes for each in outcome.observations]


def why(run: Run) -> dict[str, str]:
    return run.engine.results.gaps.reasons(Section.CELLS)


def ready(seen: Seen, present: set[tuple[str, str, str]]) -> Run:
    """A run that has seen this, and nothing else."""
    run = Run(Studio())
    run.engine.responses.seen = seen
    run.knowledge.present |= present
    return run


@settings(max_examples=50, deadline=None)
@given(SEEN, PRESENT)
def test_only_what_is_denied_and_was_to_be_expected_is_closed(
    seen: Seen, present: set[tuple[str, str, str]]
) -> None:
    run = ready(seen, present)
    close_lists(run.engine)
    contract = Run(Studio()).matrix.entries
    for each in closed(run):
        key = each.key
        assert each.result is Result.CLOSED and not each.granted
        assert not contract[key].granted and each.viewer != each.owner
        pages = [answers for (endpoint, _), answers in seen.items() if endpoint == key.endpoint]
        there = [answers for answers in pages if each.viewer in answers]
        assert any((each.owner, key.resource) in set().union(*a.values()) for a in there)
        assert (each.owner, key.resource, key.field) in present or granted_to_nobody(
            model().tables[key.resource], key.field
        )


@settings(max_examples=50, deadline=None)
@given(SEEN, PRESENT)
def test_what_was_closed_is_not_closed_again(
    seen: Seen, present: set[tuple[str, str, str]]
) -> None:
    run = ready(seen, present)
    close_lists(run.engine)
    results = {key: entry.result for key, entry in run.matrix.entries.items()}
    run.events.clear()
    close_lists(run.engine)
    assert not closed(run)
    assert results == {key: entry.result for key, entry in run.matrix.entries.items()}


@settings(max_examples=50, deadline=None)
@given(SEEN, PRESENT, st.data())
def test_a_leak_and_a_doubt_stay_what_they_are(
    seen: Seen, present: set[tuple[str, str, str]], data: st.DataObject
) -> None:
    plain = ready(seen, present)
    close_lists(plain.engine)
    if not closed(plain):
        return
    one = data.draw(st.sampled_from(closed(plain)))
    leak = Observation(one.key, False, Result.LEAK, one.viewer, one.owner)
    run = ready(seen, present)
    run.matrix.apply(one.key.endpoint, Outcome("before", 200, (leak,)))
    close_lists(run.engine)
    assert run.matrix.entries[one.key].result is Result.LEAK
    run = ready(seen, present)
    run.matrix.apply(
        one.key.endpoint, Outcome("before", 200, doubts=(Doubt("another value", leak),))
    )
    close_lists(run.engine)
    assert one.key not in {each.key for each in closed(run)}


@settings(max_examples=50, deadline=None)
@given(SEEN)
def test_an_endpoint_passes_over_only_whom_it_did_not_show_and_only_where_it_picks_them(
    seen: Seen,
) -> None:
    run = ready(seen, set())
    close_lists(run.engine)
    for endpoint, viewer, owner in run.matrix.passed_over:
        assert not run.matrix.probes[endpoint].personal
        pages = [answers for (name, _), answers in seen.items() if name == endpoint]
        shown = [{who for who, _ in answers[viewer]} for answers in pages if viewer in answers]
        assert any(owner not in each for each in shown)


def phone(run: Run) -> set[str]:
    """Viewers to whom the list of people is closed for phones."""
    return {e.key.viewer for e in closed(run) if e.key.field == "phone"}


def test_a_field_that_its_owner_was_never_shown_is_closed_to_nobody() -> None:
    answers: dict[str | None, set[tuple[str, str]]] = {
        "ann": {("ann", "Person")},
        "bob": {("ann", "Person")},
        "cat": set(),
        None: set(),
    }
    run = ready({("listPeople", ""): answers}, set())
    close_lists(run.engine)
    assert phone(run) == set()
    run = ready({("listPeople", ""): answers}, {("ann", "Person", "phone")})
    close_lists(run.engine)
    assert phone(run) == {"follower", "member", "anyone"}


def test_where_nobody_was_shown_an_object_its_absence_says_nothing() -> None:
    answers: dict[str | None, set[tuple[str, str]]] = {"bob": set(), "cat": set(), None: set()}
    run = ready({("listPeople", ""): answers}, {("ann", "Person", "phone")})
    close_lists(run.engine)
    assert closed(run) == []


def test_of_an_endpoint_that_was_never_asked_it_is_said_what_it_lacked() -> None:
    run = Run(Studio())
    run.engine.results.note_gap("getRoom", "as was said before", Section.CELLS)
    say_why(run.engine)
    assert "`personId`" in why(run)["getPerson"]
    assert why(run)["getRoom"] == "as was said before"
    run = Run(Studio(), ["getPerson"]).explore()
    assert "getPerson" not in why(run)


def test_of_two_parameters_the_one_without_a_value_is_named() -> None:
    run = Run(Studio(), ["getPerson"]).explore()
    known, unknown = "Person.id", "Person.view"
    probe = run.engine.state.probes[0]
    view = replace(probe.operation, id="getView")
    both = replace(probe, operation=view, sources={"personId": known, "view": unknown}, unfilled=())
    run.engine.state.probes.append(both)
    say_why(run.engine)
    assert why(run)["getView"].startswith("no value for `view` is known")


def test_an_object_of_somebody_may_be_named_in_the_identities_file_and_one_of_nobody_may_not() -> (
    None
):
    run = Run(Studio(), ["getPerson"])
    probe = run.engine.state.probes[0]
    for name, source in (("getPaper", "Post.id"), ("getPlace", "Course.id")):
        operation = replace(probe.operation, id=name)
        lacks = replace(probe, operation=operation, sources={"id": source}, unfilled=())
        run.engine.state.probes.append(lacks)
    say_why(run.engine)
    assert "name an object as `owns: {Post: …}` in the identities file" in why(run)["getPaper"]
    assert why(run)["getPlace"] == (
        "no value for `id` is known; no response showed a `Course` that has one: name its source"
        " under `operations: getPlace: params:`"
    )
