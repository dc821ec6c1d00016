"""Reports taken together, waivers on their last day, and what is said of what nobody judged."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from oakum.authz import Model, compile_contract
from oakum.errors import Location
from oakum.finding import Finding, Report, Result
from oakum.gate import CombinedReports, ReportSource, VerdictInputs, combine_reports, judge
from oakum.gate.combined_reports import foreign
from oakum.gate.guard_comparison import summarize_cells
from oakum.gate.required_coverage import expected_pairs, unreachable
from oakum.gate.unclassified_fields import find_unclassified
from oakum.gate.waivers import apply_waivers, is_excused
from oakum.memory import RememberedFinding
from oakum.memory.model import Stamp
from oakum.policy.contract import load
from oakum.policy.model import ExitCriteria, Waiver
from oakum.policy.resource_schemas import view
from tests.gate import club
from tests.gate.club import DOCUMENT, POLICY, leak, leaking, written
from tests.gate.test_criteria import found, judged

NOW = datetime(2026, 11, 27, 12, 0, tzinfo=UTC)
TODAY = date(2026, 11, 27)


def clean(contract: Path) -> Report:
    return club.clean(contract, now=NOW)


def model(contract: Path) -> Model:
    loaded = load(contract)
    assert loaded.policy is not None
    return compile_contract(loaded.document, loaded.policy)


def together(contract: Path, *reports: Report, changed: datetime | None = None) -> CombinedReports:
    age = timedelta(minutes=45)
    sources = [ReportSource(each, f"{n}.json") for n, each in enumerate(reports)]
    before = changed or NOW - timedelta(days=1)
    return combine_reports(sources, model(contract), reports[0].contract_digest, before, NOW, age)


@pytest.fixture
def contract(tmp_path: Path) -> Path:
    return written(tmp_path)


def test_what_any_report_found_is_kept(contract: Path) -> None:
    first = leaking(clean(contract), leak("email"), leak("city", verdict="suspected"))
    second = leaking(clean(contract), leak("email", severity="critical"))
    got = together(contract, first, second).findings
    assert {(each.field, each.severity) for each in got} == {
        ("email", "critical"),
        ("city", "high"),
    }


def test_runs_are_limited_until_one_of_them_may_change_settings(contract: Path) -> None:
    bound = clean(contract)
    free = replace(bound, allowed=("--allow-own-settings",))
    assert together(contract, bound).limited
    assert not together(contract, bound, free).limited
    assert not together(contract, free).limited


def lines(contract: Path) -> Mapping[str, Location]:
    return {
        f"{name}.{leaf}": rule.location
        for name, table in model(contract).tables.items()
        for leaf, rule in zip(table.leaves, table.rules, strict=True)
    }


def test_a_report_without_a_digest_is_of_this_contract_by_its_lines(contract: Path) -> None:
    """A report of an older version says at least where each line stood."""
    mine = replace(clean(contract), contract_digest="", field_lines=dict(lines(contract)))
    assert together(contract, mine).stale == ()
    moved = {**mine.field_lines, "Member.email": Location("exposure.yaml", 99, 1)}
    for other in (moved, {}):
        (why,) = together(contract, replace(mine, field_lines=other)).stale
        assert "other lines" in why


def test_a_report_speaks_of_this_contract_or_is_foreign(contract: Path) -> None:
    mine = replace(clean(contract), contract_digest="", field_lines=dict(lines(contract)))
    assert foreign(mine, model(contract)) == ""
    other = replace(mine, field_lines={"Ghost.name": Location("exposure.yaml", 1, 1)})
    assert "`Ghost`" in foreign(other, model(contract))


@pytest.mark.parametrize(("age", "said"), [(50, "50m"), (90, "1.5h"), (36 * 60, "1.5d")])
def test_how_old_a_report_is_stands_in_the_largest_unit(
    contract: Path, age: int, said: str
) -> None:
    begun = (NOW - timedelta(minutes=age)).isoformat()
    (why,) = together(contract, replace(clean(contract), started=begun)).stale
    assert why.endswith(f"it is {said} old, and may be 45m")


# --------------------------------------------------------------------------- waivers


def waiver(expires: date, fingerprint: str) -> Waiver:
    return Waiver("agreed", "the team", expires, fingerprint)


def remembered(one: Finding) -> RememberedFinding:
    stamp = Stamp("1", NOW.isoformat())
    return RememberedFinding(
        one.fingerprint, one.rule, one.verdict, one.severity, one.resource, one.field, one.viewer,
        one.state, (), stamp, stamp, stamp,
    )  # fmt: skip


@pytest.mark.parametrize(("days", "counts"), [(-1, True), (0, False), (1, False)])
def test_a_waiver_holds_to_the_end_of_its_last_day(days: int, counts: bool) -> None:
    one = leak()
    said = waiver(TODAY + timedelta(days=days), one.fingerprint)
    kept = apply_waivers([one], [], [said], [], TODAY)
    assert (bool(kept.findings), kept.waived[0].expired) == (counts, counts)


# --------------------------------------------------------------------------- words and places


def test_each_criterion_has_a_title_and_what_is_not_met_says_what_to_do(tmp_path: Path) -> None:
    """The same for those that no report was given for."""
    done = judged(tmp_path, leak(verdict="suspected"), leak("city", verdict="over_blocked"))
    for name in ("suspected", "over_blocks"):
        each = found(done, name)
        assert each["status"] == "not_met" and len(each["advice"]) > 20
    assert found(done, "over_blocks")["figure"] == "1 grant"
    contract = tmp_path / "exposure.yaml"
    loaded = load(contract)
    assert loaded.policy is not None
    seen = view(loaded.document, loaded.policy)
    alone = judge(VerdictInputs(seen, model(contract), ExitCriteria(), TODAY))
    assert all(each.title for each in alone.criteria)


def test_of_many_cells_two_are_named_and_the_rest_is_counted(contract: Path) -> None:
    cells = [each for each in clean(contract).cells if each.result is Result.OPEN][:5]
    for count, ending in ((1, "`owner`"), (2, "`owner`"), (3, "1 more cell"), (5, "3 more cells")):
        (said,) = summarize_cells(cells[:count], "was untested")
        assert said.endswith(ending) or (count < 3 and "more" not in said), said


def of(folder: Path, document: str, policy: str = POLICY) -> tuple[str, ...]:
    loaded = load(written(folder, document=document, policy=policy))
    assert loaded.policy is not None
    return find_unclassified(view(loaded.document, loaded.policy))


ANSWER = 'content: {application/json: {schema: {$ref: "#/components/schemas/Member"}}}'


def envelope(schema: str) -> str:
    """The document, with another operation that answers so."""
    more = f"""\
  /more:
    get:
      operationId: more
      responses: {{"200": {{description: m, content: {{application/json: {{schema: {schema}}}}}}}}}
components:
"""
    return DOCUMENT.replace("components:\n", more, 1)


def test_what_stands_around_objects_is_told_by_its_whole_path(tmp_path: Path) -> None:
    nested = (
        "{type: object, properties: {meta: {type: object, properties: {phone: {type: string}}}}}"
    )
    (said,) = of(tmp_path, envelope(nested))
    assert said == "`meta.phone` of `GET /more`: no rule mentions the operation"


def test_an_answer_of_one_of_two_kinds_declares_something(tmp_path: Path) -> None:
    either = "{oneOf: [{type: object, properties: {phone: {type: string}}}, {type: string}]}"
    assert not any("declares no response" in each for each in of(tmp_path, envelope(either)))
    (said,) = of(tmp_path, envelope("{type: object}"))
    assert "declares no response" in said


def test_an_envelope_that_holds_itself_is_walked_once(tmp_path: Path) -> None:
    tree = envelope('{$ref: "#/components/schemas/Tree"}').replace(
        "  schemas:\n",
        "  schemas:\n    Tree: {type: object, properties: {phone: {type: string}, "
        'next: {$ref: "#/components/schemas/Tree"}}}\n',
    )
    assert [each.partition(" ")[0] for each in of(tmp_path, tree)] == ["`phone`"]


@pytest.mark.parametrize(
    ("media", "asked"),
    [("application/json", True), ("text/event-stream; charset=utf-8", False),
     ("text/event-stream", False)],
)  # fmt: skip
def test_a_feed_is_not_asked_cell_by_cell(tmp_path: Path, media: str, asked: bool) -> None:
    document = DOCUMENT.replace("application/json: {schema", f'"{media}": {{schema')
    loaded = load(written(tmp_path, document=document))
    assert loaded.policy is not None
    seen = view(loaded.document, loaded.policy)
    told = {
        resource
        for resource, _ in expected_pairs(seen, compile_contract(loaded.document, loaded.policy))
    }
    assert told == ({"Member"} if asked else set())


def test_a_remembered_finding_is_excused_by_its_own_waiver_in_force() -> None:
    one = remembered(leak())
    for said, holds in (
        (waiver(TODAY, one.fingerprint), True),
        (waiver(TODAY - timedelta(days=1), one.fingerprint), False),
        (waiver(TODAY + timedelta(days=9), "0" * 16), False),
    ):
        assert is_excused(one, [said], [], TODAY) is holds


NOTE = """\
  Note:
    key: id
    owner: owner_id
    main: getNote
    fields: {{id: [{{see: {sees}}}], owner_id: [{{see: owner}}]}}
  Pen:
    key: id
    owner: id
    fields: {{id: [{{see: member}}], ink: [{{see: owner}}]}}
"""
AUTHORED = DOCUMENT.replace(
    "components:\n",
    """\
  /notes/{id}:
    get:
      operationId: getNote
      parameters: [{name: id, in: path, required: true, schema: {type: string}}]
      responses: {"200": {description: one, content: {application/json: {schema: {$ref: "#/components/schemas/Note"}}}}}
components:
""",  # noqa: E501
).replace(
    "  schemas:\n",
    """\
  schemas:
    Pen: {type: object, properties: {id: {type: string}, ink: {type: string}}}
    Note:
      type: object
      properties:
        id: {type: string}
        owner_id: {type: string}
        pens: {type: array, items: {$ref: "#/components/schemas/Pen"}}
""",
)


@pytest.mark.parametrize(("sees", "asked"), [("owner", {"owner"}), ("member", {"owner", "member"})])
def test_nobody_is_asked_for_what_stands_in_others_that_they_may_not_see(
    tmp_path: Path, sees: str, asked: set[str]
) -> None:
    path = written(tmp_path, document=AUTHORED, policy=POLICY + NOTE.format(sees=sees))
    loaded = load(path)
    assert loaded.policy is not None
    seen, compiled = view(loaded.document, loaded.policy), model(path)
    assert {viewer for name, viewer in expected_pairs(seen, compiled) if name == "Pen"} == asked
    left = ["`Pen` for `member`: only inside `Note`, which shows them nothing"]
    assert [*unreachable(seen, compiled)] == ([] if "member" in asked else left)
