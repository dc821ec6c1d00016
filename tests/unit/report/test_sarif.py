from __future__ import annotations

import gzip
import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from unittest.mock import patch

import jsonschema_rs
import pytest
from hypothesis import assume, given, settings

from oakum.errors import Location
from oakum.finding import Endpoint, Report
from oakum.openapi.model import Json
from oakum.report import sarif
from oakum.report.pipeline_formats import NO_FACTS, RenderFacts, RuleFacts
from tests.unit.report.sample import clean, hostile, many, sample, untrusted
from tests.unit.report.test_json_document import reports

SCHEMA = json.loads((Path(__file__).parent / "sarif-2.1.0.json").read_text())
VALIDATOR = jsonschema_rs.validator_for(SCHEMA, validate_formats=True)


def run(report: Report, facts: RenderFacts = NO_FACTS) -> Json:
    return read(sarif.render(report, facts))


def read(data: bytes) -> Json:
    document = json.loads(data)
    assert [f"{e.instance_path}: {e.message}" for e in VALIDATOR.iter_errors(document)][:3] == []
    return document["runs"][0]


@pytest.mark.parametrize("make", [sample, clean, untrusted, hostile])
def test_it_fits_the_schema(make: Callable[[], Report]) -> None:
    run(make())


@settings(max_examples=60, deadline=None)
@given(reports)
def test_any_report_fits_the_schema(report: Report) -> None:
    # a rule is a word of ours: two that differ in blanks alone are none
    assume(all(each.rule.strip() for each in report.findings))
    run(report)


def test_each_finding_is_a_result_at_its_line_with_its_endpoints() -> None:
    finding = next(f for f in sample().findings if len(f.endpoints) > 1)
    (result,) = run(replace(sample(), findings=(finding,)))["results"]
    (location,) = result["locations"]
    where = location["physicalLocation"]
    assert where["artifactLocation"] == {"uri": "exposure.yaml", "uriBaseId": "%SRCROOT%"}
    assert where["region"]["startLine"] == finding.contract_location.line
    assert [each["fullyQualifiedName"] for each in location["logicalLocations"]] == [
        f"{endpoint.method} {endpoint.path}" for endpoint in finding.endpoints
    ]
    assert location["logicalLocations"][0]["name"] == finding.endpoints[0].operation


def test_alerts_of_one_line_stay_apart_and_are_the_same_next_time() -> None:
    whole = sample()
    marks = [each["partialFingerprints"] for each in run(whole)["results"]]
    hashes = [each["primaryLocationLineHash"] for each in marks]
    assert len(set(hashes)) == len(whole.findings)
    moved = tuple(
        replace(f, contract_location=Location("exposure.yaml", 900), endpoints=f.endpoints[::-1])
        for f in whole.findings
    )
    again = run(replace(whole, findings=moved))["results"]
    assert {each["partialFingerprints"]["primaryLocationLineHash"] for each in again} == set(hashes)


def test_code_scanning_reads_of_each_alert_the_severity_of_its_finding() -> None:
    bands = {"critical": (9.1, 10), "high": (7.0, 8.9), "medium": (4.0, 6.9), "low": (0.1, 3.9)}
    whole = sample()
    document = run(whole)
    rules = document["tool"]["driver"]["rules"]
    by_mark = {f.fingerprint: f for f in whole.findings}
    for result in document["results"]:
        finding = by_mark[result["partialFingerprints"]["oakumFinding/v1"]]
        rule = rules[result["ruleIndex"]]
        assert rule["id"] == result["ruleId"]
        told = rule["properties"].get("security-severity")
        if finding.verdict == "over_blocked":
            assert told is None and "security" not in rule["properties"]["tags"]
        else:
            low, high = bands[finding.severity]
            assert low <= float(told) <= high
            assert "security" in rule["properties"]["tags"]


def test_what_is_only_suspected_is_no_error() -> None:
    guessed = tuple(replace(f, verdict="suspected") for f in sample().findings)
    results = run(replace(sample(), findings=guessed))["results"]
    assert {each["level"] for each in results} <= {"warning", "note"}
    assert all(each["message"]["text"].startswith("Suspected: ") for each in results)


def test_a_run_that_saw_nothing_is_an_alert_and_no_silence() -> None:
    document = run(untrusted())
    assert document["invocations"][0]["executionSuccessful"] is False
    assert document["invocations"][0]["exitCode"] == 3
    assert [each["ruleId"] for each in document["results"]] == ["run-not-trustworthy"] * 2
    assert run(clean())["results"] == []


def test_rules_tell_what_is_known_of_them() -> None:
    known = RuleFacts(
        "A field shows.", "People are hurt.", ("hide it",), "It removes the field.",
        (("CWE-359", "https://cwe.mitre.org/data/definitions/359.html"),),
    )  # fmt: skip
    rules = run(sample(), RenderFacts({"excess-field": known}))["tool"]["driver"]["rules"]
    (rule,) = [each for each in rules if each["id"] == "excess-field/medium"]
    assert rule["shortDescription"]["text"] == "A field shows."
    assert rule["helpUri"] == known.references[0][1]
    assert "- hide it" in rule["help"]["markdown"] and "It removes" in rule["help"]["text"]


@pytest.mark.parametrize(("count", "kept"), [(100, 100), (30_000, 25_000)])
def test_limits_of_code_scanning(count: int, kept: int) -> None:
    report = many(count)
    data = sarif.render(report)
    assert len(gzip.compress(data)) <= sarif.MOST_BYTES
    document = read(data)
    assert len(document["results"]) == kept
    graves = [each["properties"]["severity"] for each in document["results"]]
    order = ["critical", "high", "medium", "low"]
    assert graves == sorted(graves, key=order.index)
    assert document["properties"]["leftOut"] == count - kept
    said = json.dumps(document["invocations"])
    assert ("5,000 findings of 30,000 are omitted" in said) is (count > kept)


def test_what_is_too_large_is_cut_to_the_size_that_is_taken() -> None:
    with patch.object(sarif, "MOST_BYTES", 20_000):
        data = sarif.render(many(2000))
    assert len(gzip.compress(data)) <= 20_000
    document = json.loads(data)["runs"][0]
    assert 0 < len(document["results"]) < 2000
    assert document["properties"]["leftOut"] == 2000 - len(document["results"])
    graves = [each["properties"]["severity"] for each in document["results"]]
    assert graves[0] == "critical" and "low" not in graves


def test_a_message_has_no_placeholder_and_no_link() -> None:
    finding = replace(
        sample().findings[0],
        title="{0} sees [a](https://a.example)",
        endpoints=(Endpoint("GET", "/{id}"),),
    )
    (result,) = run(replace(sample(), findings=(finding,)))["results"]
    text = result["message"]["text"]
    assert "GET /:id" in text and "](" not in text
    assert not re.search(r"(?<!\{)\{(?!\{)", text)


def test_the_order_in_which_things_were_found_is_irrelevant() -> None:
    whole = sample()
    turned = replace(whole, findings=whole.findings[::-1], cells=whole.cells[::-1])
    assert sarif.render(turned) == sarif.render(whole)


def test_a_rule_that_nobody_knows_and_says_nothing_is_described_by_its_id() -> None:
    finding = replace(sample().findings[0], rule="-", title="", advice="")
    (rule,) = run(replace(sample(), findings=(finding,), distrust=()))["tool"]["driver"]["rules"]
    assert rule["fullDescription"] == rule["shortDescription"] == {"text": "-/critical"}
