"""Laws of verdicts: less budget, less evidence, less certainty never say more than more of it."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from oakum.exchange import Response
from oakum.exposure.cells.matrix import Matrix
from oakum.exposure.cells.report_cells import report_cells
from oakum.exposure.findings import conclude
from oakum.finding import Cell, Result, SkippedOperation
from oakum.policy.graphql_schema import TAG
from oakum.scan.coverage.untested_operations import find_untested, within_reach
from oakum.scan.settings.next_settings import reach
from tests.unit.exposure.cells.test_matrix import (
    BIO,
    NAME,
    PRIVATE,
    matrix,
    outcome,
    seen,
    shown_to_owner,
)
from tests.unit.scan.evaluation.test_evaluator import ANN, Watch, results
from tests.unit.scan.studio import (
    LOGIN,
    MISSING,
    Run,
    Studio,
    known_identities,
    model,
    probe,
    reply,
)

ENDPOINTS = ("getMe", "listPeople", "getPerson", "getSettings", "listPosts", "getPost", "getCourse")
FIELDS = ("bio", "phone", "vip")


class Leaky(Studio):
    """Members read these fields of everybody, at these endpoints."""

    def __init__(self, fields: frozenset[str], endpoints: frozenset[str]) -> None:
        super().__init__()
        self.fields, self.endpoints = fields, endpoints

    def shown(self, viewer: str | None, id: str, endpoint: str) -> dict[str, Any]:
        more = self.fields if endpoint in self.endpoints else ()
        return {**self.person(viewer, id), **{each: self.people[id][each] for each in more}}

    def listPeople(self, viewer: str | None, id: str, body: Any) -> Response:
        rows = [self.shown(viewer, each, "listPeople") for each in self.people]
        return reply({"data": rows, "total": len(rows)}) if viewer else LOGIN

    def getPerson(self, viewer: str | None, id: str, body: Any) -> Response:
        if viewer is None:
            return LOGIN
        return reply(self.shown(viewer, id, "getPerson")) if id in self.people else MISSING


leaking = st.builds(
    lambda fields, endpoints: (frozenset(fields), frozenset(endpoints)),
    st.sets(st.sampled_from(FIELDS)), st.sets(st.sampled_from(("listPeople", "getPerson"))),
)  # fmt: skip
some_endpoints = st.sets(st.sampled_from(ENDPOINTS[1:])).map(
    lambda found: ("getMe", *sorted(found))
)


@settings(max_examples=25, deadline=None)
@given(leaking, some_endpoints)
def test_fewer_endpoints_find_nothing_that_all_of_them_do_not(
    leaks: tuple[frozenset[str], frozenset[str]], endpoints: tuple[str, ...]
) -> None:
    whole = Run(Leaky(*leaks), ENDPOINTS).explore()
    part = Run(Leaky(*leaks), endpoints).explore()
    assert part.leaks <= whole.leaks
    closed = {key for key, cell in part.cells.items() if cell.result is Result.CLOSED}
    assert not {key[:3] for key in closed if len(key[3]) == 0} & whole.leaks


values = st.sampled_from([ANN["bio"], ANN["phone"], "", None, "***", "another value", 0, True, {}])
answers = st.dictionaries(st.sampled_from([*FIELDS, "more", TAG]), values)


@settings(max_examples=150, deadline=None)
@given(answers, st.sets(st.sampled_from([*FIELDS, "more"])))
def test_an_answer_with_fewer_members_never_leaks_more(
    more: dict[str, Any], dropped: set[str]
) -> None:
    watch = Watch()
    watch.look("ann", ANN)
    whole = {"id": ANN["id"], "name": ANN["name"], **more}
    less = {name: value for name, value in whole.items() if name not in dropped}
    full = results(watch.look("cat", whole))
    cut = results(watch.look("cat", less))
    leaks = {at for at, result in full.items() if result is Result.LEAK}
    assert {at for at, result in cut.items() if result is Result.LEAK} <= leaks


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from(["", "a mask, perhaps"]), min_size=1, max_size=5))
def test_only_two_answers_that_nothing_stands_against_prove(weak: list[str]) -> None:
    squares = matrix("getPerson")
    squares.apply("getPerson", shown_to_owner(BIO))
    for number, why in enumerate(weak):
        leak = replace(seen(BIO, Result.LEAK), weak=why)
        squares.apply("getPerson", outcome(f"request_key {number}", leak))
    (found,) = conclude(model(), known_identities(), squares)
    assert found.verdict == ("proven" if weak.count("") > 1 else "suspected")


@cache
def explored() -> tuple[list[Cell], set[tuple[str, str, str]]]:
    """The cells of a whole run, and what is within its reach."""
    run = Run(Studio(), ENDPOINTS, settings=True).explore()
    cells = report_cells(run.matrix, {}, reach(run.engine))
    return cells, within_reach(run.identities, run.matrix)


@settings(max_examples=40, deadline=None)
@given(st.sets(st.sampled_from(ENDPOINTS[1:])))
def test_more_that_was_left_out_is_never_cleaner(left: set[str]) -> None:
    cells, near = explored()
    before = {each.name for each in find_untested(model(), cells, [], near)}
    rest = [cell for cell in cells if cell.endpoint.operation not in left]
    gone = [SkippedOperation(probe(each).endpoint, "no time") for each in sorted(left)]
    after = {each.name for each in find_untested(model(), rest, gone, near)}
    somebodys = {f"GET {probe(each).endpoint.path}" for each in left - {"getCourse"}}
    assert after >= before - {f"GET {probe(each).endpoint.path}" for each in left}
    assert somebodys <= after


# ------------------------------------------------------------ lines that a mutant could leave out


def test_a_target_that_no_longer_shows_what_it_showed_is_told() -> None:
    class Wall(Studio):
        shut = False

        def __call__(self, viewer: str | None, request: Any) -> Response:
            return MISSING if self.shut else super().__call__(viewer, request)

    studio = Wall()
    run = Run(studio)
    shut = lambda _: setattr(studio, "shut", True)  # noqa: E731
    run.techniques = (type("Last", (), {"run": staticmethod(shut)}),)  # type: ignore[assignment]
    run.explore()
    assert any("started to refuse" in each for each in run.engine.results.distrust)
    assert not Run(Studio()).explore().engine.results.distrust


def test_an_over_block_of_a_draft_is_none() -> None:
    """A guessed grant is no promise: the cell is closed, and there is no finding."""
    drafted = replace(model(), policy=replace(model().policy, stated=False))
    for known in (model(), drafted):
        squares = Matrix(known, [probe("getPerson")], known_identities())
        squares.apply("getPerson", outcome("p", seen(NAME, Result.OVER_BLOCK)))
        (cell,) = (
            each
            for each in report_cells(squares, {}, {})
            if (each.field, each.viewer) == ("name", "member")
        )
        stated = known is not drafted
        assert cell.result is (Result.OVER_BLOCK if stated else Result.CLOSED)
        assert cell.granted is stated
        assert len(conclude(known, known_identities(), squares)) == stated


def test_what_came_only_inside_of_another_object_is_not_owed_alone() -> None:
    for inside in (True, False):
        squares = matrix("getPerson")
        squares.apply(
            "getPerson",
            outcome("p", embedded=[("Person", inside)], sighted=[("ann", "Person")],
                    witnessed=[("ann", "Person", "name")]),
        )  # fmt: skip
        assert (("getPerson", "Person") in squares.embedded) is inside
    both = matrix("getPerson")
    for inside in (True, False, True):
        both.apply("getPerson", outcome("p", embedded=[("Person", inside)]))
    assert not both.embedded  # once seen alone, it may be asked for alone


def test_a_weak_leak_stays_open_to_a_better_answer() -> None:
    squares = matrix("getPerson")
    squares.apply("getPerson", shown_to_owner(BIO))
    weak = replace(seen(BIO, Result.LEAK), weak="a mask, perhaps")
    squares.apply("getPerson", outcome("first", weak))
    (found,) = conclude(model(), known_identities(), squares)
    assert found.verdict == "suspected"
    for request_key in ("second", "third"):
        squares.apply("getPerson", outcome(request_key, seen(BIO, Result.LEAK)))
    (found,) = conclude(model(), known_identities(), squares)
    assert (found.verdict, found.state) == ("proven", PRIVATE)
