"""Nothing that tested nothing makes a release pass: empty, cut, foreign, old and edited reports."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import orjson
import pytest

from oakum.authz import compile_contract
from oakum.errors import ExitCode
from oakum.finding import IdentityState, Report, Result
from oakum.gate import ReportSource, VerdictInputs, combine_reports, judge
from oakum.openapi.model import Json
from oakum.policy.contract import contract_digest, load
from oakum.policy.model import ExitCriteria
from oakum.policy.resource_schemas import view
from tests import shell
from tests.gate.club import POLICY, clean, forged, leak, leaking, saved, written
from tests.unit.cli.shell import Done, oakum


@pytest.fixture
def contract(tmp_path: Path) -> Path:
    return written(tmp_path)


def gate(contract: Path, report: Path, *more: object) -> Done:
    return oakum("gate", contract, "--report", report, *more)


def test_the_report_that_all_others_here_are_made_of_is_green(contract: Path) -> None:
    done = gate(contract, saved(clean(contract), contract.with_name("scan.json")))
    assert (done.code, done.err) == (0, ""), done.out
    assert "This release may ship" in done.out


# --------------------------------------------------------------------------- no such report

FILES = {
    "empty": (b"", "the file is empty"),
    "blank": (b"  \n", "the file is empty"),
    "no JSON": (b"hello", "not valid JSON"),
    "a list": (b"[]", "should be an object"),
    "an object of another tool": (b'{"runs": []}', "`schema` is missing"),
    "an older schema": (b'{"schema": "oakum.report/0"}', "none of `oakum.report/2`"),
    "a page": (b"<!doctype html>", "is HTML"),
}


@pytest.mark.parametrize("name", FILES)
def test_a_file_that_is_no_report_is_refused(contract: Path, name: str) -> None:
    data, said = FILES[name]
    path = contract.with_name("scan.json")
    path.write_bytes(data)
    done = gate(contract, path)
    assert done.code == 2
    assert said in done.err
    assert "scan.json" in done.err


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.999])
def test_a_report_that_was_cut_off_is_refused(contract: Path, share: float) -> None:
    path = saved(clean(contract), contract.with_name("scan.json"))
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])
    assert gate(contract, path).code == 2


def test_a_report_that_is_not_there_is_refused(contract: Path) -> None:
    assert gate(contract, contract.with_name("none.json")).code == 2


# --------------------------------------------------------------------------- edited by hand


def no_findings(content: Json) -> None:
    content["findings"] = []


def no_findings_and_counts(content: Json) -> None:
    content["findings"] = []
    content["summary"]["proven"] = 0


def closed_cells(content: Json) -> None:
    for cell in content["coverage"]["cells"]:
        if cell["result"] == "leak":
            cell["result"] = "closed"


def milder(content: Json) -> None:
    content["findings"][0]["verdict"] = "suspected"


def another_viewer(content: Json) -> None:
    content["findings"][0]["viewer"] = "owner"


def fewer_cells(content: Json) -> None:
    del content["coverage"]["cells"][0]


def without_digest(content: Json) -> None:
    del content["digest"]


EDITS = [
    no_findings, no_findings_and_counts, closed_cells, milder, another_viewer, fewer_cells,
]  # fmt: skip


@pytest.mark.parametrize("seal", [False, True], ids=["old digest", "digest made anew"])
@pytest.mark.parametrize("edit", EDITS)
def test_an_edited_report_is_refused(
    contract: Path, edit: Callable[[Json], None], seal: bool
) -> None:
    path = saved(leaking(clean(contract), leak()), contract.with_name("scan.json"))
    done = gate(contract, forged(path, edit, seal=seal))
    assert done.code == 2, done.out
    assert re.search(r"scan\.json:1:\d+: ", done.err)


def test_a_report_without_a_digest_is_refused(contract: Path) -> None:
    path = saved(clean(contract), contract.with_name("scan.json"))
    done = gate(contract, forged(path, without_digest, seal=False))
    assert done.code == 2
    assert "no `digest`" in done.err


# --------------------------------------------------------------------------- proves nothing

WORTHLESS: dict[str, tuple[Callable[[Report], Report], str]] = {
    "no cells, as of a plugin that met no endpoint": (
        lambda r: replace(r, cells=()),
        "nothing was tested",
    ),
    "distrusted, as of an API that was down": (
        lambda r: replace(r, distrust=("the target could not be reached",)),
        "could not be reached",
    ),
    "an identity that was logged out": (
        lambda r: replace(r, identities=(*r.identities, IdentityState("pia", False))),
        "`pia` was not logged in",
    ),
    "no caller received any data": (
        lambda r: replace(
            r, cells=tuple(c for c in r.cells if c.result is Result.CLOSED)
        ),
        "prove nothing",
    ),
    "no request": (lambda r: replace(r, requests=0), "no request"),
    "a drafted contract": (lambda r: replace(r, stated=False), "drafted contract"),
    "no time": (lambda r: replace(r, started=""), "does not say when"),
    "a time to come": (lambda r: replace(r, started="2999-01-01T00:00:00Z"), "in the future"),
    "an old one": (lambda r: replace(r, started="2020-01-01T00:00:00Z"), " old, and may be 1d"),
    "another state of the contract": (
        lambda r: replace(r, contract_digest="0" * 64),
        "has changed since",
    ),
    "all cells of a viewer left out": (
        lambda r: replace(r, cells=tuple(c for c in r.cells if c.viewer != "member")),
        "no report has a cell for it",
    ),
    "a state that was never met": (
        lambda r: replace(
            r, cells=tuple(c for c in r.cells if c.state != (("private", "true"),))
        ),
        "had `private` true",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", WORTHLESS)
def test_a_report_that_proves_nothing_is_not_trusted(contract: Path, name: str) -> None:
    made, said = WORTHLESS[name]
    done = gate(contract, saved(made(clean(contract)), contract.with_name("scan.json")))
    assert done.code == 3, done.out
    assert said in done.out
    assert "must not ship" in done.out


def test_one_worthless_report_among_good_ones_is_not_hidden(contract: Path) -> None:
    good = saved(clean(contract), contract.with_name("good.json"))
    bad = saved(replace(clean(contract), cells=()), contract.with_name("bad.json"))
    done = gate(contract, good, "--report", bad)
    assert done.code == 3
    assert "bad.json: the run has no cells" in done.out


def test_a_report_is_not_older_than_asked_for(contract: Path) -> None:
    path = saved(clean(contract, timedelta(hours=3)), contract.with_name("scan.json"))
    assert gate(contract, path).code == 0
    assert gate(contract, path, "--max-age", "4h").code == 0
    done = gate(contract, path, "--max-age", "2h")
    assert (done.code, "may be 2h" in done.out) == (3, True)
    assert gate(contract, path, "--max-age", "2").code == 2


def test_a_report_of_another_contract_is_refused(contract: Path) -> None:
    report = clean(contract)
    other = replace(report, cells=tuple(replace(c, resource="Invoice") for c in report.cells))
    done = gate(contract, saved(other, contract.with_name("scan.json")))
    assert done.code == 2
    assert "another contract: it mentions `Invoice`" in done.err


def test_a_changed_contract_asks_for_a_new_scan(contract: Path) -> None:
    path = saved(clean(contract), contract.with_name("scan.json"))
    contract.write_text(POLICY.replace("email: [{see: owner}]", "email: [{see: member}]"))
    assert gate(contract, path).code == 3


def test_a_comment_or_a_waiver_in_the_contract_asks_for_none(contract: Path) -> None:
    path = saved(clean(contract), contract.with_name("scan.json"))
    contract.write_text(f"# {'-' * 60}\n{POLICY}exit_criteria: {{suspected: 3}}\n")
    assert gate(contract, path).code == 0


def test_without_a_digest_of_the_contract_its_files_may_not_be_newer(contract: Path) -> None:
    report = replace(clean(contract, timedelta(hours=1)), contract_digest="")
    done = gate(contract, saved(report, contract.with_name("scan.json")))
    assert done.code == 3
    assert "older than the contract's files" in done.out


def test_no_criterion_can_be_set_so_low_that_nothing_is_enough(tmp_path: Path) -> None:
    criteria = """
    exit_criteria: {shown: 0, states: false, security: false, classified: false, suspected: 999}
    """
    contract = written(tmp_path, criteria)
    report = replace(clean(contract), cells=())
    assert gate(contract, saved(report, tmp_path / "scan.json")).code == 3


# --------------------------------------------------------------------------- of real runs


def test_an_api_that_was_down_is_not_green(tmp_path: Path) -> None:
    contract = written(tmp_path)
    identities = tmp_path / "identities.yaml"
    identities.write_text("identities: {ann: {header: 'Authorization: Bearer made-up'}}\n")
    identities.chmod(0o600)
    report = tmp_path / "scan.json"
    target = f"http://127.0.0.1:{shell.free_port()}"
    scanned = oakum(
        "scan", contract, "--target", target, "--identities", identities, "--json", report,
        "--quiet", "--rate", 2000,
    )  # fmt: skip
    assert scanned.code == 3, scanned.err
    assert gate(contract, report).code == 3


LOGGED_OUT = {
    "one identity": (r"(username: ann_\w+\s+password: )", r"\1no-"),
    "every identity": (r"password: \$password", "password: made-up"),
}


@pytest.mark.server
@pytest.mark.parametrize("who", LOGGED_OUT)
def test_a_scan_with_identities_logged_out_is_not_green(tmp_path: Path, who: str) -> None:
    with shell.cadence(tmp_path, "oakum demo cadence --stage fixed --kit kit") as address:
        identities = tmp_path / "kit/identities.yaml"
        text = identities.read_text(encoding="utf-8")
        broken = re.sub(*LOGGED_OUT[who], text)
        assert broken != text
        identities.write_text(broken, encoding="utf-8")
        report = tmp_path / "scan.json"
        contract = tmp_path / "kit/exposure.yaml"
        scanned = oakum(
            "scan", contract, "--target", address, "--identities", identities, "--json", report,
            "--quiet", "--rate", 2000, "--budget", 80,
        )  # fmt: skip
        assert scanned.code == 3, scanned.out
        assert not all(each["ok"] for each in orjson.loads(report.read_bytes())["identities"])
        assert gate(contract, report).code == 3


@pytest.mark.parametrize("bound", [0, 50, 100])
def test_a_contract_of_which_nothing_can_be_shown_is_not_met(tmp_path: Path, bound: float) -> None:
    """No field × viewer below the bound is no answer where there is no field × viewer at all."""
    path = written(tmp_path, policy=POLICY + "operations:\n  getMember: {reads: false}\n")
    said = load(path)
    assert said.policy is not None
    model = compile_contract(said.document, said.policy)
    now = datetime.now(UTC)
    report = replace(clean(path), cells=())
    evidence = combine_reports(
        [ReportSource(report, "1.json")], model, contract_digest(said), now, now, timedelta(days=1)
    )
    seen = view(said.document, said.policy)
    case = VerdictInputs(seen, model, ExitCriteria(shown=bound), now.date(), evidence, None)
    (shown,) = (each for each in judge(case).criteria if each.name == "shown")
    assert shown.status == "not met" and shown.fault is ExitCode.NOT_TRUSTWORTHY
