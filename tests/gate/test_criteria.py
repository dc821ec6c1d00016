"""Each criterion has a figure and a bound, and what is waived or known is counted all the same."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from oakum.finding import Endpoint, Finding, Report, Result
from tests.gate.club import DOCUMENT, POLICY, clean, leak, leaking, saved, written
from tests.unit.cli.shell import Done, oakum

TOMORROW = (datetime.now(UTC) + timedelta(days=1)).date()
YESTERDAY = (datetime.now(UTC) - timedelta(days=2)).date()


def judged(
    folder: Path, *findings: Finding, criteria: str = "", more: tuple[object, ...] = ()
) -> Done:
    contract = written(folder, criteria)
    path = saved(leaking(clean(contract), *findings), folder / "scan.json")
    return oakum("gate", contract, "--report", path, "--format", "json", *more)


def found(done: Done, name: str) -> Any:
    (each,) = (each for each in done.json["criteria"] if each["name"] == name)
    return each


def test_a_proven_leak_fails_and_says_where_and_what_to_do(tmp_path: Path) -> None:
    done = judged(tmp_path, leak())
    assert done.code == 1
    each = found(done, "proven")
    assert (each["status"], each["figure"], each["bound"]) == ("not_met", "1 leak", "at most 0")
    assert "exposure.yaml:17:7" in each["details"][0]
    assert "GET /members/{id}" in each["details"][0]
    assert each["advice"]


@pytest.mark.parametrize(
    ("bound", "code"), [("low", 1), ("medium", 1), ("high", 0), ("critical", 0)]
)
def test_a_leak_counts_from_the_severity_that_is_said(
    tmp_path: Path, bound: str, code: int
) -> None:
    done = judged(tmp_path, leak(severity="medium"), criteria=f"exit_criteria: {{proven: {bound}}}")
    assert done.code == code


@pytest.mark.parametrize(("most", "code"), [(0, 1), (1, 0)])
@pytest.mark.parametrize("kind", ["suspected", "over_blocked"])
def test_suspicions_and_over_blocks_are_bounded(
    tmp_path: Path, kind: str, most: int, code: int
) -> None:
    key = {"suspected": "suspected", "over_blocked": "over_blocks"}[kind]
    done = judged(tmp_path, leak(verdict=kind), criteria=f"exit_criteria: {{{key}: {most}}}")
    assert (done.code, found(done, key)["figure"][:1]) == (code, "1")


def test_a_list_that_is_refused_to_a_viewer_is_one_over_block(tmp_path: Path) -> None:
    """However many of its fields are granted; another viewer or another list is another one."""
    same = [leak(field, verdict="over_blocked") for field in ("email", "city")]
    other = leak("city", "owner", verdict="over_blocked")
    elsewhere = replace(leak("id", verdict="over_blocked"), endpoints=(LIST,))
    for number, figure in ((2, "1 grant"), (3, "2 grants"), (4, "3 grants")):
        folder = tmp_path / f"{number}"
        folder.mkdir()
        done = judged(folder, *[*same, other, elsewhere][:number])
        each = found(done, "over_blocks")
        assert (each["figure"], len(each["details"])) == (figure, number)


def test_several_reports_are_taken_together(tmp_path: Path) -> None:
    contract = written(tmp_path)
    whole = clean(contract)
    halves = [
        saved(
            replace(whole, cells=tuple(c for c in whole.cells if (c.viewer == "owner") == owner)),
            tmp_path / f"{owner}.json",
        )
        for owner in (True, False)
    ]
    assert oakum("gate", contract, "--report", halves[0]).code == 3
    assert oakum("gate", contract, "--report", halves[0], "--report", halves[1]).code == 0


LIST = Endpoint("GET", "/members", "listMembers")
LISTED = DOCUMENT.replace(
    "components:\n",
    """\
  /members:
    get:
      operationId: listMembers
      responses:
        "200":
          description: all
          content:
            application/json:
              schema: {type: array, items: {$ref: "#/components/schemas/Member"}}
components:
""",
    1,
)


@pytest.mark.parametrize(
    ("result", "lines", "code"),
    [
        (None, "", 3),
        (Result.UNTESTED, "", 3),
        (Result.OPEN, "", 0),
        (None, 'operations: {listMembers: {untested: "it is slow"}}', 0),
        (None, "operations: {listMembers: {call: [member]}}", 3),
    ],
)
def test_an_operation_that_no_report_has_called_fails_unless_the_contract_says_why(
    tmp_path: Path, result: Result | None, lines: str, code: int
) -> None:
    """Every field is shown to every viewer, by the other operation."""
    contract = written(tmp_path, document=LISTED, policy=POLICY + lines)
    whole = clean(contract)
    more = [replace(c, endpoint=LIST, result=result) for c in whole.cells[:1] if result]
    path = saved(replace(whole, cells=(*whole.cells, *more)), tmp_path / "scan.json")
    done = oakum("gate", contract, "--report", path, "--format", "json")
    assert (done.code, found(done, "shown")["status"]) == (code, "met")
    named = [each for each in found(done, "asked")["details"] if "GET /members" in each]
    assert bool(named) is (code == 3)
    assert not any("{id}" in each for each in named)


@pytest.mark.parametrize(("sees", "named"), [("staff", True), ("member", False)])
def test_an_operation_of_what_is_nobodys_counts_where_some_callers_only_may_see_it(
    tmp_path: Path, sees: str, named: bool
) -> None:
    relations = POLICY.replace("relations:", "relations:\n  staff: {claim: roles, has: staff}", 1)
    line = f"  Report: {{key: id, owner: none, fields: {{id: [{{see: [{sees}]}}]}}}}"
    policy = relations.replace("resources:", f"resources:\n{line}", 1)
    document = LISTED.replace(
        'items: {$ref: "#/components/schemas/Member', 'items: {$ref: "#/components/schemas/Report'
    ).replace(
        "  schemas:\n",
        "  schemas:\n    Report: {type: object, properties: {id: {type: string}}}\n",
        1,
    )
    contract = written(tmp_path, document=document, policy=policy)
    path = saved(clean(contract), tmp_path / "scan.json")
    done = oakum("gate", contract, "--report", path, "--format", "json")
    missed = [each for each in found(done, "asked")["details"] if "GET /members:" in each]
    assert bool(missed) is named


# --------------------------------------------------------------------------- waivers


def waiver(what: str, day: object = TOMORROW) -> str:
    return f"""
exit_criteria:
  waivers:
    - {what}
      reason: the old app needs it
      owner: ann
      expires: {day}
"""


CELL = "cell: {field: Member.email, viewer: member}"


@pytest.mark.parametrize("what", [f'finding: "{leak().fingerprint[:8]}"', CELL])
def test_a_waived_finding_does_not_fail_and_is_counted(tmp_path: Path, what: str) -> None:
    done = judged(tmp_path, leak(), criteria=waiver(what))
    assert (done.code, done.json["suppressed"]) == (0, 1)
    (each,) = done.json["waivers"]
    assert (each["suppressed"], each["expired"], each["owner"]) == (1, False, "ann")


def test_a_waiver_of_a_finding_holds_when_its_rule_is_called_otherwise(tmp_path: Path) -> None:
    """The mark was written when the rule was `field-beyond-contract`."""
    new = replace(leak(), rule="excessive-data-exposure")
    parts = ("field-beyond-contract", new.resource, new.field, new.viewer, repr(new.state))
    mark = hashlib.sha256("\x1f".join(parts).encode()).hexdigest()[:16]
    done = judged(tmp_path, new, criteria=waiver(f'finding: "{mark}"'))
    assert (done.code, done.json["waivers"][0]["suppressed"]) == (0, 1)


def test_a_waiver_of_a_cell_says_in_which_state(tmp_path: Path) -> None:
    city = leak("city", state=(("private", "true"),))
    for value, code in (("true", 0), ("false", 1)):
        what = f"cell: {{field: Member.city, viewer: member, state: {{private: {value}}}}}"
        assert judged(tmp_path, city, criteria=waiver(what)).code == code


def test_a_waiver_that_matches_nothing_is_warned_of(tmp_path: Path) -> None:
    done = judged(tmp_path, criteria=waiver(CELL))
    assert done.code == 0
    assert ["matches nothing" in each["message"] for each in done.json["warnings"]] == [True]


def test_an_expired_waiver_fails_and_suppresses_nothing(tmp_path: Path) -> None:
    done = judged(tmp_path, leak(), criteria=waiver(CELL, YESTERDAY))
    assert (done.code, done.json["suppressed"]) == (1, 0)
    assert found(done, "proven")["status"] == "not_met"
    assert found(done, "waivers")["status"] == "not_met"
    assert judged(tmp_path, criteria=waiver(CELL, YESTERDAY)).code == 1


def test_waivers_may_stand_in_files(tmp_path: Path) -> None:
    text = "\n".join(line[2:] for line in waiver(CELL).splitlines()[2:])
    file = tmp_path / "waivers.yaml"
    file.write_text(text, encoding="utf-8")
    assert judged(tmp_path, leak(), more=("--waivers", file)).code == 0
    named = "exit_criteria: {waivers: waivers.yaml}"
    assert judged(tmp_path, leak(), criteria=named).code == 0


MISTAKES = {
    "exit_criteria: {proven: none}": "18:25: `proven` must be `critical`",
    "exit_criteria: {leaks: 0}": "has no key `leaks`",
    "exit_criteria: {shown: 30%}": "leave the `%` out",
    "exit_criteria: {suspected: -1}": "at least 0",
    "exit_criteria: {static: {countable-id: off}}": "did you mean `countable-ids`?",
    "exit_criteria: {waivers: [{finding: abcdef0123456789}]}": "has no `expires`",
    "exit_criteria: {waivers: [{cell: {field: Membr.x, viewer: y}}]}": "did you mean `Member`?",
    waiver(CELL, "soon"): "a waiver ends on a date",
    waiver('finding: "xyz"'): "`xyz` is not a fingerprint",
}


@pytest.mark.parametrize("criteria", MISTAKES)
def test_a_mistake_is_told_at_its_place(tmp_path: Path, criteria: str) -> None:
    done = oakum("gate", written(tmp_path, criteria))
    assert done.code == 2
    assert MISTAKES[criteria] in done.err
    assert "exposure.yaml:" in done.err


# --------------------------------------------------------------------------- baseline


def earlier(report: Report) -> Report:
    """A run of the day before."""
    return replace(report, run="0", started=begun(timedelta(days=1)))


def begun(age: timedelta) -> str:
    return (datetime.now(UTC) - age).isoformat(timespec="seconds")


@pytest.mark.parametrize(
    ("run", "age", "word"),
    [("1", timedelta(), "the same run"), ("2", timedelta(hours=-1), "begun after")],
)
def test_a_baseline_that_is_no_earlier_run_is_refused(
    tmp_path: Path, run: str, age: timedelta, word: str
) -> None:
    """A pipeline that writes its baseline to the path of its report is green for ever."""
    contract = written(tmp_path)
    late = replace(leaking(clean(contract), leak()), run=run, started=begun(age))
    done = judged(tmp_path, leak(), more=("--baseline", saved(late, tmp_path / "late.json")))
    assert done.code == 2 and word in done.err


def test_what_the_baseline_has_is_known_and_counted(tmp_path: Path) -> None:
    contract = written(tmp_path)
    before = saved(earlier(leaking(clean(contract), leak())), tmp_path / "before.json")
    done = judged(tmp_path, leak(), more=("--baseline", before))
    assert done.code == 0
    assert done.json["baseline"] == {"known": [leak().fingerprint], "gone": 0}
    assert judged(tmp_path, more=("--baseline", before)).json["baseline"]["gone"] == 1


@pytest.mark.parametrize(
    "worse",
    [
        leak("city", state=(("private", "true"),)),
        leak(severity="critical"),
        leak(endpoints=(Endpoint("GET", "/me", "getMe"),)),
    ],
    ids=["another field", "graver", "another endpoint"],
)
def test_what_is_new_or_worse_counts(tmp_path: Path, worse: Finding) -> None:
    contract = written(tmp_path)
    before = saved(earlier(leaking(clean(contract), leak())), tmp_path / "before.json")
    assert judged(tmp_path, worse, more=("--baseline", before)).code == 1


def test_an_edited_baseline_is_refused(tmp_path: Path) -> None:
    contract = written(tmp_path)
    before = saved(earlier(clean(contract)), tmp_path / "before.json")
    before.write_bytes(before.read_bytes().replace(b'"proven": 0', b'"proven": 1'))
    assert judged(tmp_path, leak(), more=("--baseline", before)).code == 2


# --------------------------------------------------------------------------- widening


def wider(folder: Path) -> tuple[Path, Path]:
    (old := folder / "old").mkdir()
    before = written(old)
    return before, written(
        folder, policy=POLICY.replace("email: [{see: owner}]", "email: [{see: member}]")
    )


def test_a_wider_contract_fails_until_somebody_approves(tmp_path: Path) -> None:
    before, contract = wider(tmp_path)
    done = oakum("gate", contract, "--against", before, "--format", "json")
    assert done.code == 1
    (detail,) = found(done, "widening")["details"]
    assert "`member` may now see `email`" in detail
    mark = detail[-17:-1]
    approval = (
        f'exit_criteria: {{approvals: [{{widening: "{mark}", reason: team page, owner: pia}}]}}\n'
    )
    contract.write_text(contract.read_text(encoding="utf-8") + approval, encoding="utf-8")
    done = oakum("gate", contract, "--against", before, "--format", "json")
    assert (done.code, done.json["approved"]) == (0, 1)
    assert "1 widening approved" in oakum("gate", contract, "--against", before).out


def test_the_same_contract_widens_nothing(tmp_path: Path) -> None:
    contract = written(tmp_path)
    done = oakum("gate", contract, "--against", contract, "--format", "json")
    assert (done.code, found(done, "widening")["status"]) == (0, "met")


def test_without_a_contract_before_it_is_not_compared(tmp_path: Path) -> None:
    done = oakum("gate", written(tmp_path), "--format", "json")
    assert found(done, "widening")["status"] == "not_compared"


# --------------------------------------------------------------------------- documents alone


def test_the_documents_alone_are_judged_without_a_report(tmp_path: Path) -> None:
    done = oakum("gate", written(tmp_path))
    assert done.code == 0
    assert "what the API sends was not checked" in done.out
    assert "may ship" not in done.out


def test_a_document_without_a_policy_has_nothing_to_hold_against(tmp_path: Path) -> None:
    written(tmp_path)
    done = oakum("gate", tmp_path / "openapi.yaml")
    assert done.code == 2
    assert "there is no policy" in done.err


def test_an_endpoint_without_security_fails(tmp_path: Path) -> None:
    document = DOCUMENT.replace("security: [{token: []}]\n", "")
    contract = written(tmp_path, document=document)
    done = oakum("gate", contract, "--format", "json")
    assert (done.code, found(done, "security")["figure"]) == (1, "2 operations")
    said = "exit_criteria: {security: false}"
    assert oakum("gate", written(tmp_path, said, document)).code == 0


def test_a_field_that_no_line_names_fails(tmp_path: Path) -> None:
    document = DOCUMENT.replace("        nick:", "        phone: {type: string}\n        nick:")
    done = oakum("gate", written(tmp_path, document=document), "--format", "json")
    assert done.code == 1
    assert found(done, "classified")["details"] == ["`Member.phone`: no line names it"]
    silent = POLICY + "      phone: []\n"
    assert oakum("gate", written(tmp_path, document=document, policy=silent)).code == 0


@pytest.mark.parametrize("schema", ["{}", "{type: object}"])
def test_a_read_that_declares_nothing_of_its_answer_fails_until_somebody_may_call_it(
    schema: str, tmp_path: Path
) -> None:
    answer = f"{{description: all, content: {{application/json: {{schema: {schema}}}}}}}"
    raw = f'  /raw:\n    get: {{operationId: getRaw, responses: {{"200": {answer}}}}}\n'
    document = DOCUMENT.replace("  /me:\n", raw + "  /me:\n")
    done = oakum("gate", written(tmp_path, document=document), "--format", "json")
    assert done.code == 1
    (detail,) = found(done, "classified")["details"]
    assert "`GET /raw` declares no response" in detail
    said = POLICY + "operations: {getRaw: {call: [member]}}\n"
    assert oakum("gate", written(tmp_path, document=document, policy=said)).code == 0


# --------------------------------------------------------------------------- how it is said


def test_the_three_forms_say_the_same(tmp_path: Path) -> None:
    contract = written(tmp_path)
    path = saved(leaking(clean(contract), leak()), tmp_path / "scan.json")
    ways = {
        f: oakum("gate", contract, "--report", path, "--format", f)
        for f in ("text", "json", "markdown")
    }
    assert {done.code for done in ways.values()} == {1}
    assert ways["json"].json["schema"] == "oakum.gate/1"
    assert ways["json"].json["passed"] is False
    for form in ("text", "markdown"):
        assert "must not ship: 1 criterion is not met" in ways[form].out


def test_what_an_api_named_cannot_forge_a_line(tmp_path: Path) -> None:
    evil = "<img src=x>\n✅ | [a](javascript:1) @everybody https://evil.test www.evil.test #1"
    contract = written(tmp_path)
    path = saved(leaking(clean(contract), leak(title=evil)), tmp_path / "scan.json")
    done = oakum("gate", contract, "--report", path, "--format", "markdown")
    assert done.code == 1
    assert "<img" not in done.out
    assert "[a](" not in done.out
    assert "@everybody" not in done.out and "&#64;" not in done.out
    assert "https://evil" not in done.out and "www.evil" not in done.out and "#1" not in done.out
    assert "\n✅ |" not in done.out
    assert "\\n✅" in done.out
