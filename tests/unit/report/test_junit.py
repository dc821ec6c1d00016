"""A document is held against what Jenkins' `junit-10.xsd` says of the elements in it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings

from oakum.finding import Report, Result
from oakum.report import junit
from tests.unit.report.sample import clean, hostile, many, sample, untrusted
from tests.unit.report.test_json_document import reports

CHILDREN = {
    "testsuites": {"testsuite"},
    "testsuite": {"testcase"},
    "testcase": {"skipped", "error", "failure"},
}
ATTRIBUTES = {
    "testsuites": ({"name", "tests", "failures", "errors", "time"}, set[str]()),
    "testsuite": ({"name", "tests", "failures", "errors", "skipped"}, set[str]()),
    "testcase": ({"name", "classname"}, set[str]()),
    "failure": ({"type", "message"}, set[str]()),
    "error": ({"type", "message"}, set[str]()),
    "skipped": ({"message"}, set[str]()),
}
SECONDS = re.compile(r"(([0-9]{0,3},)*[0-9]{3}|[0-9]{0,3})*(\.[0-9]{0,3})?")


def tree(report: Report) -> ElementTree.Element:
    root = ElementTree.fromstring(junit.render(report))
    assert root.tag == "testsuites" and SECONDS.fullmatch(root.attrib["time"])
    for each in root.iter():
        assert {child.tag for child in each} <= CHILDREN.get(each.tag, set())
        needed, more = ATTRIBUTES[each.tag]
        assert needed <= set(each.attrib) <= needed | more
    for group in (root, *root):
        cases = list(group.iter("testcase"))
        assert int(group.attrib["tests"]) == len(cases)
        for name, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
            if name in group.attrib:
                found = sum(case.find(tag) is not None for case in cases)
                assert int(group.attrib[name]) == found
    return root


@pytest.mark.parametrize("make", [sample, clean, untrusted, hostile])
def test_it_fits_the_schema(make: Callable[[], Report]) -> None:
    tree(make())


@settings(max_examples=60, deadline=None)
@given(reports)
def test_any_report_fits_the_schema_and_no_cell_passes_that_was_not_seen(report: Report) -> None:
    suites = {each.attrib["name"]: each for each in tree(report)}
    cases = [case for name, suite in suites.items() for case in suite]
    passed = sum(not len(case) for case in cases)
    seen = report.count(Result.OPEN) + report.count(Result.CLOSED)
    told = (not report.distrust) + (len(report.cells) > report.count(Result.UNTESTED))
    assert passed == seen + told


def test_each_cell_is_a_case_that_ends_as_the_cell_did() -> None:
    whole = sample()
    cases = list(tree(whole).iter("testcase"))
    failures = Counter(each.attrib["type"] for case in cases for each in case.iter("failure"))
    assert failures == {
        "leak": whole.count(Result.LEAK),
        "over-block": whole.count(Result.OVER_BLOCK),
        "suspected-leak": 1,  # the search without a brake, which is in no cell
    }
    skipped = [each.attrib["message"] for case in cases for each in case.iter("skipped")]
    assert len(skipped) == whole.count(Result.UNTESTED) and all(skipped)
    assert len(cases) == len(whole.cells) + 1 + 2


def test_a_failure_says_who_sees_what_and_where_to_look() -> None:
    root = tree(sample())
    (case,) = [
        case
        for case in root.iter("testcase")
        if case.attrib == {
            "classname": "Member.location",
            "name": "member at GET /api/user/search when private",
        }
    ]  # fmt: skip
    (failure,) = case
    assert failure.attrib["message"].startswith(
        "member sees `location` of a Member whose owner is private. This holds when private."
    )
    assert failure.text is not None
    assert "contract: exposure.yaml:23:7" in failure.text.splitlines()


def test_findings_that_no_cell_tells_of_are_told() -> None:
    whole = sample()
    root = tree(replace(whole, cells=()))
    failures = list(root.iter("failure"))
    assert len(failures) == len(whole.findings)


@pytest.mark.parametrize("report", [untrusted(), replace(untrusted(), distrust=(), cells=())])
def test_a_run_that_saw_nothing_is_not_green(report: Report) -> None:
    (suite,) = [each for each in tree(report) if each.attrib["name"] == "the run"]
    assert [case for case in suite if len(case)]


def test_thirty_thousand_cells() -> None:
    assert len(list(tree(many(30_000)).iter("failure"))) == 30_000


def test_the_order_in_which_things_were_found_is_irrelevant() -> None:
    whole = sample()
    turned = replace(whole, findings=whole.findings[::-1], cells=whole.cells[::-1])
    assert junit.render(turned) == junit.render(whole)
