"""What holds for every format that a pipeline shows to more people than the report itself."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from oakum.errors import Location
from oakum.finding import Report
from oakum.report import FORMATS
from oakum.report.pipeline_formats import place, top
from tests.unit.report.sample import hostile, sample
from tests.unit.report.test_json_document import reports

FORMS = ("sarif", "junit", "gitlab", "github", "markdown")
RENDER = dict(FORMATS)


def without(report: Report, secret: str = "") -> Report:
    """The report with this in the place of all that was seen of people, and of who looked."""
    findings = tuple(replace(each, evidence=None) for each in report.findings)
    if secret:
        seen = next(f.evidence for f in sample().findings if f.evidence and f.evidence.owner)
        line = replace(seen.viewer.lines[0], pointer=secret, shape=secret, hash=secret)
        answer = replace(seen.viewer, identity=secret, lines=(line,))
        told = replace(seen, viewer=answer, owner=answer, curl=secret, note=secret)
        findings = tuple(replace(each, evidence=told) for each in report.findings)
    return replace(
        report,
        target=secret,
        findings=findings,
        cells=tuple(replace(cell, identity=secret) for cell in report.cells),
        identities=tuple(
            replace(each, name=secret, message=secret, relations=(secret,))
            for each in report.identities
        ),
    )


@pytest.mark.parametrize("form", FORMS)
@settings(max_examples=40, deadline=None)
@given(report=reports, secret=st.text(min_size=1))
def test_nothing_that_was_seen_of_anybody_bears_on_it(
    form: str, report: Report, secret: str
) -> None:
    """Stronger than the absence of values: the bytes are the same whatever the evidence was."""
    assert RENDER[form](without(report, secret)) == RENDER[form](without(report))


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("report", [sample(), hostile()], ids=["sample", "hostile"])
def test_no_shape_hash_curl_or_identity_is_in_it(form: str, report: Report) -> None:
    text = RENDER[form](without(report, "Zq7-secret")).decode()
    assert "Zq7" not in text
    if report is sample():
        whole = RENDER[form](report).decode()
        assert not [w for w in ("9f3ac1d2", "string(12)", "curl", "_TOKEN", "→ pia") if w in whole]


@pytest.mark.parametrize("form", FORMS)
def test_nothing_in_it_is_obeyed_by_a_screen(form: str) -> None:
    text = RENDER[form](hostile()).decode()
    assert not [char for char in "\x1b\u202e\u2028" if char in text]


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("exposure.yaml", "exposure.yaml"),
        ("./api/exposure.yaml", "api/exposure.yaml"),
        ("api\\exposure.yaml", "api/exposure.yaml"),
        ("/srv/checkout/api/exposure.yaml", "exposure.yaml"),
        ("../elsewhere/exposure.yaml", "exposure.yaml"),
        ("C:\\checkout\\exposure.yaml", "exposure.yaml"),
        ("", "fallback.yaml"),
        ("/", "exposure.yaml"),
    ],
)
def test_a_place_is_a_path_within_the_repository(given: str, shown: str) -> None:
    finding = replace(sample().findings[0], contract_location=Location(given, 0, 0))
    assert place(finding, replace(sample(), contract="fallback.yaml")) == Location(shown, 1, 1)
    assert top(replace(sample(), contract=given or "fallback.yaml")) == Location(shown, 1, 1)
