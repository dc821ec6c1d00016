"""`oakum explain`: a rule, a finding of a report, and what is neither."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from oakum.errors import Location
from oakum.exposure.checks import CHECKS, RULES, STORIES
from oakum.finding import Endpoint, Evidence, Finding, Report
from oakum.report import json_document
from oakum.rules import FORMER
from tests.unit.cli.shell import oakum
from tests.unit.report.sample import hostile, sample

RULE = "privacy-setting-not-enforced"


def finding(report: Report, rule: str) -> Finding:
    return next(each for each in report.findings if each.rule == rule)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A report whose rules are of this version."""
    report = sample()
    known = {check.RULE.id for check in CHECKS}
    found = [each for each in report.findings if each.rule in known]
    other = replace(found[0], rule="account-enumeration", viewer="anyone", state=())
    path = tmp_path / "report.json"
    path.write_bytes(json_document.render(replace(report, findings=(*found, other))))
    return path


def read(file: Path) -> Report:
    return json_document.read(file.read_bytes())


@pytest.mark.parametrize("rule", STORIES)
def test_a_rule_is_explained_without_a_report(rule: str) -> None:
    text, data = oakum("explain", rule), oakum("explain", rule, "--format", "json")
    assert (text.code, text.err, data.code) == (0, "", 0)
    assert text.out.startswith(f"{rule}\n")
    for heading in ("What it is", "Why it matters", "How to fix it", "What `oakum guard` does"):
        assert f"\n{heading}" in text.out
    assert max(map(len, text.out.splitlines())) <= 100
    said = data.json
    assert said["schema"] == "oakum.explain/2"
    assert (said["rule"], said["finding"], said["findings"]) == (rule, None, [])
    assert said["leak"] is (rule != "over-block")
    assert said["guard"]["does"] == STORIES[rule].does
    assert "{" not in said["guard"]["words"]


@pytest.mark.parametrize("name", ["API3", "api3:2023", "BOPLA"])
def test_an_item_of_owasp_lists_its_rules_and_findings(name: str, file: Path) -> None:
    text, data = oakum("explain", name), oakum("explain", name, "--report", file, "--format=json")
    assert (text.code, text.err, data.code) == (0, "", 0)
    assert text.out.startswith("API3:2023 Broken Object Property Level Authorization (BOPLA)\n")
    assert f"\n{RULE}\n  {STORIES[RULE].what.split('.')[0][:40]}" in text.out
    assert max(map(len, text.out.splitlines())) <= 100
    assert data.json["owasp"]["id"] == "API3:2023"
    assert {each["rule"] for each in data.json["rules"]} == {
        each.id for each in RULES.values() if each.owasp == "API3:2023"
    }
    of_item = {f.fingerprint for f in read(file).findings if RULES[f.rule].owasp == "API3:2023"}
    assert set(data.json["findings"]) == of_item != set()


@pytest.mark.parametrize(
    ("old", "new"), [(old, rule.id) for rule in RULES.values() for old in FORMER.get(rule.id, ())]
)
def test_a_rule_is_explained_by_the_ids_that_it_had(old: str, new: str) -> None:
    done = oakum("explain", old)
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith(f"{new} (formerly {old})\n")
    assert oakum("explain", old, "--format", "json").json["rule"] == new


def test_an_item_without_a_rule_says_so() -> None:
    done = oakum("explain", "API7")
    assert done.code == 0
    assert "a scan does not look for it" in done.out


def test_a_finding_is_explained_with_its_line_and_how_to_ask_again(file: Path) -> None:
    found = finding(read(file), RULE)
    done = oakum("explain", found.fingerprint, "--report", file)
    words = " ".join(done.out.split())
    assert (done.code, done.err) == (0, "")
    assert f"{RULE}: {' '.join(found.title.rstrip('.').split())}" in words
    for part in (found.advice, found.fingerprint, str(found.contract_location), found.promise):
        assert part and part in words
    for endpoint in found.endpoints:
        assert f"{endpoint.method} {endpoint.path}" in words
    assert (
        f"it removes `{found.resource}.{found.field}` from responses to `{found.viewer}`" in words
    )
    assert found.evidence and found.evidence.curl in done.out.splitlines()


def test_a_finding_for_machines_is_that_of_the_report(file: Path) -> None:
    found = finding(read(file), RULE)
    said = oakum("explain", found.fingerprint, "--report", file, "--format", "json").json
    assert said["finding"]["fingerprint"] == found.fingerprint
    assert said["finding"]["contract_location"]["line"] == found.contract_location.line
    assert said["finding"]["state"] == dict(found.state)


def test_what_the_guard_cannot_do_is_said(file: Path) -> None:
    found = finding(read(file), "account-enumeration")
    done = oakum("explain", found.fingerprint, "--report", file)
    assert "it cannot help: statuses" in " ".join(done.out.split())


def test_a_rule_with_a_report_names_its_findings(file: Path) -> None:
    of_rule = {each.fingerprint for each in read(file).findings if each.rule == RULE}
    text = oakum("explain", RULE, "--report", file)
    assert all(f"  {each}  " in text.out for each in of_rule)
    said = oakum("explain", RULE, "--report", file, "--format", "json").json
    assert set(said["findings"]) == of_rule


def test_the_beginning_of_a_fingerprint_will_do(file: Path) -> None:
    fingerprint = read(file).findings[0].fingerprint
    whole = oakum("explain", fingerprint, "--report", file).out
    assert oakum("explain", fingerprint[:12], "--report", file).out == whole
    assert oakum("explain", f"finding-{fingerprint}", "--report", file).out == whole


def test_what_is_neither_rule_nor_finding_is_refused_in_words(file: Path) -> None:
    def refused(*words: object) -> str:
        done = oakum("explain", *words)
        assert (done.code, done.out) == (2, "")
        return done.err

    assert "did you mean `revocation-not-enforced`?" in refused("revocation-not-enforceds")
    assert "there are bola-write, " in refused("xyz")
    assert "give the report that contains it: --report" in refused("0123456789abcdef")
    assert "no finding `0123456789abcdef`" in refused("0123456789abcdef", "--report", file)
    digit = max("0123456789abcdef", key=lambda d: sum(
        each.fingerprint.startswith(d) for each in read(file).findings
    ))  # fmt: skip
    assert "begins several fingerprints" in refused(digit, "--report", file)
    assert "no finding" in refused("", "--report", file)
    file.write_text("<html>")
    assert "is HTML" in refused("abcd", "--report", file)


def test_a_rule_of_another_version_is_told(tmp_path: Path) -> None:
    report = sample()
    file = tmp_path / "old.json"
    file.write_bytes(json_document.render(report))
    known = {check.RULE.id for check in CHECKS} | {"over-block"}
    old = next(each for each in report.findings if each.rule not in known)
    done = oakum("explain", old.fingerprint, "--report", file)
    assert done.code == 2
    assert f"`{old.rule}` belongs to another version of Oakum" in done.err


def test_nothing_that_an_api_named_obeys_a_screen(tmp_path: Path) -> None:
    bad = "\x1b]0;x\x07\u202e"
    found = Finding(
        RULE, "proven", f"M{bad}", f"f{bad}", f"v{bad}", ((f"s{bad}", bad),),
        (Endpoint("GET", f"/{bad}", ""),), "", (), "low", f"t{bad}", f"a{bad}", Location(bad, 1, 1),
        (), f"p{bad}", replace(evidence(), curl=f"curl {bad}"),
    )  # fmt: skip
    file = tmp_path / "report.json"
    file.write_bytes(json_document.render(replace(hostile(), findings=(found,))))
    done = oakum("explain", found.fingerprint, "--report", file)
    assert done.code == 0
    assert not {"\x1b", "\x07", "\u202e"} & set(done.out)


def evidence() -> Evidence:
    return next(each.evidence for each in sample().findings if each.evidence)
