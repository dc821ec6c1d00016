from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import jsonschema_rs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from oakum.errors import InputError, Location
from oakum.exposure.checks import RULES
from oakum.finding import (
    Answer,
    Cell,
    Endpoint,
    Evidence,
    Finding,
    IdentityState,
    Line,
    Report,
    Result,
    SkippedOperation,
)
from oakum.openapi.model import Json
from oakum.openapi.typed_json import FORMERLY
from oakum.report import json_document
from oakum.report.integrity import faults
from oakum.rules import FORMER
from tests.unit.report.sample import clean, hostile, sample, untrusted

DOCS = Path(__file__).parents[3] / "docs" / "reference"
SCHEMA = json.loads((DOCS / "report-2.schema.json").read_text())


def closed(schema: Json) -> Json:
    """The schema with no key allowed that it does not name: what we write is all documented."""
    if isinstance(schema, list):
        return [closed(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    strict = {key: closed(value) for key, value in schema.items()}
    if "required" in strict and "properties" in strict:
        strict["additionalProperties"] = False
    return strict


VALIDATOR = jsonschema_rs.validator_for(closed(SCHEMA))


@pytest.mark.parametrize("make", [sample, clean, untrusted, hostile])
def test_every_report_fits_the_schema_to_the_last_key(make: Callable[[], Report]) -> None:
    document = json.loads(json_document.render(make()))
    assert [error.message for error in VALIDATOR.iter_errors(document)] == []


def test_the_schema_demands_every_key() -> None:
    document = json.loads(json_document.render(sample()))
    for key in list(document):
        assert not VALIDATOR.is_valid({k: v for k, v in document.items() if k != key}), key


def test_the_page_documents_every_key_of_the_report() -> None:
    page = (DOCS / "report.md").read_text()
    assert [key for key in SCHEMA["properties"] if f"`{key}`" not in page] == []


def test_the_head_says_what_was_run() -> None:
    document = json.loads(json_document.render(sample()))
    assert document["schema"] == "oakum.report/2"
    assert document["oakum"] == "0.1.0"
    assert (document["requests"], document["budget"]) == (412, 2000)
    assert document["trustworthy"] is True
    assert json.loads(json_document.render(untrusted()))["trustworthy"] is False


def test_the_summary_counts_findings_and_cells_apart() -> None:
    whole = sample()
    verdicts = Counter(finding.verdict for finding in whole.findings)
    summary = json.loads(json_document.render(whole))["summary"]
    assert summary == {
        "proven": verdicts["proven"],
        "suspected": 1,
        "over_blocked": verdicts["over_blocked"],
        "untested": whole.count(Result.UNTESTED),
        "open": whole.count(Result.OPEN),
        "closed": whole.count(Result.CLOSED),
        "cells": len(whole.cells),
    }
    assert summary["over_blocked"] != whole.count(Result.OVER_BLOCK)


def test_coverage_by_resource_adds_up() -> None:
    coverage = json.loads(json_document.render(sample()))["coverage"]
    assert sum(part["cells"] for part in coverage["by_resource"].values()) == len(sample().cells)
    for part in coverage["by_resource"].values():
        assert sum(part.values()) == 2 * part["cells"]


def test_a_finding_shows_its_main_endpoint_first() -> None:
    finding = next(f for f in sample().findings if len(f.endpoints) > 1)
    only = json.loads(json_document.render(replace(sample(), findings=(finding,))))["findings"][0]
    assert (only["method"], only["path"]) == (
        finding.endpoints[0].method,
        finding.endpoints[0].path,
    )
    assert [endpoint["path"] for endpoint in only["endpoints"]] == [
        endpoint.path for endpoint in finding.endpoints
    ]
    assert only["state"] == dict(finding.state)
    assert only["fingerprint"] == finding.fingerprint


def test_the_order_in_which_things_were_found_is_irrelevant() -> None:
    whole = sample()
    turned = replace(
        whole,
        findings=whole.findings[::-1],
        cells=whole.cells[::-1],
        skipped=whole.skipped[::-1],
        field_lines=dict(reversed(whole.field_lines.items())),
    )
    assert json_document.render(turned) == json_document.render(whole)


# ----------------------------------------------------------------- reading back

words = st.text(max_size=12)
states = st.dictionaries(words, words, max_size=3).map(lambda d: tuple(sorted(d.items())))
numbers = st.integers(0, 2**40)
endpoints = st.builds(Endpoint, words, words, words)
locations = st.builds(Location, words, numbers, numbers)
lines = st.builds(Line, words, words, words, st.sampled_from(["", "canary", "leak", "granted"]))
answers = st.builds(
    Answer, words, words, numbers, words, st.lists(lines, max_size=3).map(tuple), numbers
)
evidences = st.builds(Evidence, st.none() | answers, answers, words, st.booleans(), words)
texts = st.lists(words, max_size=3).map(tuple)
findings = st.builds(
    Finding,
    rule=words,
    verdict=st.sampled_from(["proven", "suspected", "over_blocked"]),
    resource=words,
    field=words,
    viewer=words,
    state=states,
    endpoints=st.lists(endpoints, max_size=3).map(tuple),
    owasp=words,
    cwe=texts,
    severity=st.sampled_from(["critical", "high", "medium", "low"]),
    title=words,
    advice=words,
    contract_location=locations,
    also=texts,
    promise=words,
    evidence=st.none() | evidences,
)
cells = st.builds(
    Cell,
    words,
    words,
    words,
    states,
    endpoints,
    st.booleans(),
    st.sampled_from(Result),
    words,
    words,
)
reports = st.builds(
    Report,
    target=words,
    contract=words,
    stated=st.booleans(),
    run=words,
    started=words,
    seconds=st.floats(0, 1e9),
    requests=numbers,
    budget=numbers,
    findings=st.lists(findings, max_size=3).map(tuple),
    cells=st.lists(cells, max_size=4).map(tuple),
    skipped=st.lists(st.builds(SkippedOperation, endpoints, words), max_size=2).map(tuple),
    identities=st.lists(
        st.builds(IdentityState, words, st.booleans(), words, texts), max_size=2
    ).map(tuple),
    distrust=texts,
    notes=texts,
    version=words,
    field_lines=st.dictionaries(words, locations, max_size=2),
)


@settings(max_examples=60, deadline=None)
@given(reports)
def test_reading_back_gives_the_same_report(report: Report) -> None:
    written = json_document.render(report)
    back = json_document.read(written)
    assert Counter(back.findings) == Counter(report.findings)
    assert Counter(back.cells) == Counter(report.cells)
    assert Counter(back.skipped) == Counter(report.skipped)
    rest = {"findings": (), "cells": (), "skipped": ()}
    assert replace(back, **rest) == replace(report, **rest)  # type: ignore[arg-type]
    assert json_document.render(back) == written


def test_keys_of_later_versions_are_passed_over() -> None:
    document = json.loads(json_document.render(clean()))
    document["weather"] = "fair"
    assert json_document.read(json.dumps(document).encode()) == json_document.read(
        json_document.render(clean())
    )


@pytest.mark.parametrize(
    ("old", "new"), [(old, rule.id) for rule in RULES.values() for old in FORMER.get(rule.id, ())]
)
def test_a_report_with_ids_that_rules_had_is_read_as_of_today(old: str, new: str) -> None:
    document = json.loads(json_document.render(sample()))
    written = document["findings"][0]
    written |= {"rule": old, "also": [old]}
    back = json_document.read(json.dumps(document).encode())
    found = next(each for each in back.findings if each.also == (new,))
    assert (found.rule, found.title) == (new, written["title"])
    assert replace(found, rule=old).fingerprint == found.fingerprint


def first_version(value: Json) -> Json:
    """As version 1 wrote it: `doors` for `endpoints`, `not_shown` for `untested`."""
    if isinstance(value, dict):
        return {FORMERLY.get(key, key): first_version(each) for key, each in value.items()}
    if isinstance(value, list):
        return [first_version(each) for each in value]
    return {"untested": "not_shown", "oakum.report/2": "oakum.report/1"}.get(value, value)


def test_a_report_of_version_1_is_read_as_what_it_says() -> None:
    document = first_version(json.loads(json_document.render(sample())))
    assert document["schema"] == "oakum.report/1" and document["findings"][0]["doors"]
    assert document["summary"]["not_shown"] > 0
    document["digest"] = json_document.report_digest(document)
    data = json.dumps(document).encode()
    back = json_document.read(data)
    assert back == json_document.read(json_document.render(sample()))
    assert faults(data, back, "r.json") == []


def broken(change: Callable[[Json], object]) -> str:
    document = json.loads(json_document.render(sample()))
    change(document)
    with pytest.raises(InputError) as caught:
        json_document.read(json.dumps(document, indent=1).encode(), "r.json")
    (problem,) = caught.value.problems
    return str(problem)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda d: d.pop("target"), "`target` is missing"),
        (lambda d: d.update(schema="oakum.report/3"), "`oakum.report/3` is none of"),
        (lambda d: d.update(requests="412"), "this should be a whole number"),
        (lambda d: d.update(requests=True), "this should be a whole number"),
        (lambda d: d.update(stated=1), "this should be true or false"),
        (lambda d: d.update(findings={}), "this should be a list"),
        (lambda d: d.update(coverage=[]), "this should be an object"),
        (lambda d: d.update(seconds=None), "this should be a number"),
        (lambda d: d["findings"][3].update(title=7), "this should be text"),
        (lambda d: d["findings"][0].update(verdict="guilty"), "`guilty` is none of `proven`"),
        (lambda d: d["coverage"]["cells"][0].update(result="over-block"), "`over-block` is none"),
    ],
)
def test_what_is_no_report_is_refused_with_its_place(
    change: Callable[[Json], object], message: str
) -> None:
    said = broken(change)
    assert message in said
    assert said.startswith("r.json:")


def test_the_place_of_a_mistake_is_its_line() -> None:
    whole = json.loads(json_document.render(sample()))
    lines_before = json.dumps(whole, indent=1).split("\n")
    line = next(at for at, text in enumerate(lines_before, 1) if '"requests"' in text)
    assert broken(lambda d: d.update(requests="many")).startswith(f"r.json:{line}:14: ")


def test_what_is_no_json_is_refused() -> None:
    with pytest.raises(InputError, match=r"r\.json:1:1: not valid JSON"):
        json_document.read(b"oops", "r.json")


@pytest.mark.parametrize("drafted", [True, False])
def test_a_run_that_found_only_what_contradicts_drafts_is_not_told_as_trustworthy(
    drafted: bool,
) -> None:
    """It ends with 3, and its report says the same."""
    found = tuple(replace(each, drafted=drafted) for each in sample().findings)
    report = replace(sample(), findings=found, distrust=())
    told = json_document.document(report)
    assert found and told["trustworthy"] is not drafted
    assert ("drafted" in " ".join(told["distrust"])) is drafted, "and it says why"


@given(
    drafted=st.lists(st.booleans(), max_size=3), distrust=st.lists(st.just("a reason"), max_size=1)
)
def test_what_is_not_trustworthy_says_why(drafted: list[bool], distrust: list[str]) -> None:
    first = sample().findings[0]
    found = tuple(replace(first, drafted=each) for each in drafted)
    told = json_document.document(replace(sample(), findings=found, distrust=tuple(distrust)))
    assert told["trustworthy"] is (not told["distrust"])
