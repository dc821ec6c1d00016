"""Drafts of what is told to others: what they say, what they leave open, what they never hold."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from oakum.advisory import Contact, Draft, csaf, json_document, statement, vendor
from oakum.exposure.checks import CHECKS, STORIES
from oakum.finding import Answer, Evidence, Finding, IdentityState, Line, Report
from oakum.memory import Memory, learn, record_event
from oakum.openapi.model import Json
from oakum.scan.discovery.keyspace_size import BEHIND, estimate, told_behind
from tests.unit.memory.world import FIXED, STAGE_1, STAGE_2, finding, report
from tests.unit.report.sample import HOSTILE, hostile

NOW = datetime(2026, 2, 20, 12, tzinfo=UTC)
DAY = date(2026, 1, 20)
COUNT = f"{estimate([19, 40, 60])} {BEHIND}"
NOTE = f"GET /members/{{id}}: it leaks, and its ids are whole numbers; {COUNT}"
PROMISE = "Only people you approve see your city"


def evidence(viewer: str) -> Evidence:
    identity = "nobody logged in" if viewer == "anyone" else "bob"
    sends = "" if viewer == "anyone" else '-H "Authorization: Bearer $BOB_TOKEN" '
    lines = (Line("/city", "string(9)", "aaaaaaaaaa", "leak"), Line("/nick", "string(4)"))
    return Evidence(
        Answer(
            "ann", "owner", 200, "application/json", (Line("/city", "string(9)", "bbbbbbbbbb"),)
        ),
        Answer(identity, viewer, 200, "application/json", lines),
        f'curl -s {sends}"$TARGET/members/$ANN_MEMBER_ID"',
        confirmed=True,
    )


def told(stage: Report, **more: object) -> Report:
    """A report with evidence, and the estimate of a walk among its notes."""
    return replace(
        stage,
        findings=tuple(
            replace(each, evidence=evidence(each.viewer), promise=PROMISE)
            for each in stage.findings
        ),
        identities=(IdentityState("ann", True), IdentityState("bob", True)),
        notes=(NOTE,),
        **more,  # type: ignore[arg-type]
    )


def drafted(whole: Report, memory: Memory | None = None, at: int = 0) -> Draft:
    return Draft(whole, whole.findings[at], Contact(), NOW, memory)


def all_of(draft: Draft) -> Iterator[str]:
    yield vendor(draft)
    yield statement(draft)
    yield json.dumps(csaf(draft), ensure_ascii=False)
    yield json.dumps(json_document(draft, vendor(draft), "vendor"), ensure_ascii=False)


STAGE_1_TOLD, STAGE_2_TOLD = told(report(1, STAGE_1)), told(report(2, STAGE_2))


# ------------------------------------------------------------ the owner of the API


def test_the_owner_is_told_what_where_to_whom_and_how_to_see_it() -> None:
    text = vendor(drafted(STAGE_2_TOLD))
    for words in (
        "fields: `city`",
        "shown to: `member`",
        "through: `GET /members/{id}`",
        f"your users are told: “{PROMISE}”",
        "    /city  string(9)\n",
        '    curl -s -H "Authorization: Bearer $CALLER_TOKEN" "$TARGET/members/$OWNER_MEMBER_ID"\n',
        "CWE-862 Missing Authorization",
        "      city: [{see: [<who may see it>]}]",
        "oakum guard exposure.yaml --upstream",
        "set the account so that it is private",
    ):
        assert words in text
    assert "/nick" not in text


def test_the_base_metrics_that_a_scan_proves_are_told_and_no_others() -> None:
    assert "CVSS:3.1/AV:N/AC:<…>/PR:L/UI:N/S:<…>/C:<…>/I:<…>/A:<…>" in vendor(drafted(STAGE_2_TOLD))
    anonymous = next(at for at, each in enumerate(STAGE_1_TOLD.findings) if each.viewer == "anyone")
    assert "/PR:N/" in vendor(drafted(STAGE_1_TOLD, at=anonymous))


def test_one_draft_is_about_all_findings_of_the_rule_and_the_resource() -> None:
    more = finding("authenticated-not-authorized", "birthday", "guest")
    other = finding("account-enumeration", "phone", "member")
    whole = replace(STAGE_2_TOLD, findings=(*STAGE_2_TOLD.findings, more, other))
    draft = drafted(whole)
    assert draft.fields == ("city", "birthday")
    assert draft.viewers == ("member", "guest")
    assert "phone" not in vendor(draft)


def test_the_estimate_of_records_is_told_with_its_interval_or_that_there_is_none() -> None:
    words = told_behind(NOTE)
    assert re.fullmatch(r"about \d+ \(95 %: \d+ to \d+\)", words)
    for text in all_of(drafted(STAGE_2_TOLD)):
        assert words in text
    unknown = drafted(replace(STAGE_2_TOLD, notes=()))
    assert "the number of records is not known" in vendor(unknown)
    assert "the number of records is not known" in statement(unknown)
    assert "`<your estimate and its basis>`" in vendor(unknown)
    assert "Records: not known" in json.dumps(csaf(unknown))
    elsewhere = replace(STAGE_2_TOLD, notes=(NOTE.replace("/members", "/orders"),))
    assert drafted(elsewhere).records == ()


@pytest.mark.parametrize("rule", [each.RULE.id for each in CHECKS])
def test_each_rule_can_be_told(rule: str) -> None:
    whole = replace(STAGE_2_TOLD, findings=(finding(rule, "city", "member"),))
    for text in all_of(drafted(whole)):
        assert "{" + "field}" not in text and "{viewer}" not in text
    does = STORIES[rule].does
    assert ("--upstream" in vendor(drafted(whole))) is (does != "cannot")
    assert csaf(drafted(whole))["vulnerabilities"][0]["cwe"]["name"]


# ------------------------------------------------------------ what is remembered


def story(*stages: Report) -> Memory:
    return learn(Memory(), stages)


def test_the_half_fix_and_the_clock_stand_in_the_draft() -> None:
    memory = story(report(1, STAGE_1), report(2, STAGE_2))
    one = next(each for each in memory.findings if each.viewer == "anyone")
    memory = record_event(memory, one, "reported", DAY, NOW.date())
    memory = record_event(memory, one, "fixed", date(2026, 2, 2), NOW.date())
    at = next(n for n, each in enumerate(STAGE_1_TOLD.findings) if each.viewer == "anyone")
    draft = drafted(STAGE_1_TOLD, memory, at)
    text = vendor(draft)
    assert "The fix is incomplete: the data is still shown to `member`." in text
    assert "- 2026-01-20: reported\n" in text
    assert "we mean to publish on 2026-04-20, 90 days after the report" in text
    assert "reported fixed on 2026\\-02\\-02" in text or "reported fixed on 2026-02-02" in text
    assert "fix is incomplete" in statement(draft)
    involved = csaf(draft)["vulnerabilities"][0]["involvements"][0]
    assert (involved["status"], involved["date"]) == ("contact_attempted", "2026-01-20T00:00:00Z")


def test_what_is_fixed_is_told_as_fixed_and_nothing_else_is() -> None:
    def status(*stages: Report) -> Json:
        return csaf(drafted(STAGE_2_TOLD, story(*stages)))["vulnerabilities"][0]["product_status"]

    half, whole = (report(1, STAGE_1), report(2, STAGE_2)), report(3, FIXED)
    assert status(*half) == {"known_affected": ["CSAFPID-0001"]}
    assert status(*half, whole) == {"fixed": ["CSAFPID-0001"]}
    suspected = replace(
        STAGE_2_TOLD, findings=(replace(STAGE_2_TOLD.findings[0], verdict="suspected"),)
    )
    (one,) = csaf(drafted(suspected))["vulnerabilities"]
    assert one["product_status"] == {"under_investigation": ["CSAFPID-0001"]}


# ------------------------------------------------------------ the authority


def test_the_statement_has_what_article_33_asks_for() -> None:
    text = statement(drafted(STAGE_2_TOLD))
    for words in (
        "Nature of the personal data breach (Article 33(3)(a))",
        "Contact (Article 33(3)(b))\n\nData protection officer or other contact point: `<name",
        "Likely consequences (Article 33(3)(c))",
        "Measures taken or proposed (Article 33(3)(d))",
        "within 72 hours",
        "Data protection by design and by default (Article 25)",
        "- location: `city`",
        "Approximate number of data subjects: `<number>`",
        "## What is proven\n\n1 of 1 finding is proven",
        "## What is not known",
        "not legal advice",
        PROMISE,
    ):
        assert words in text
    assert "no login is needed" not in text
    at = next(n for n, each in enumerate(STAGE_1_TOLD.findings) if each.viewer == "anyone")
    assert "without the individual's intervention: no login is needed" in statement(
        drafted(STAGE_1_TOLD, at=at)
    )


def test_a_run_that_cannot_be_trusted_says_so_to_an_authority() -> None:
    lost = told(report(2, STAGE_2), distrust=("the login failed",), stated=False)
    text = statement(drafted(lost))
    assert "not trustworthy" in text and "the login failed" in text
    assert "nobody has confirmed what it denies" in text


# ------------------------------------------------------------ what is never in it


def test_what_oakum_cannot_know_is_left_open_in_each() -> None:
    draft = drafted(STAGE_2_TOLD)
    for text, blanks in zip(all_of(draft), (8, 10, 3, 8), strict=True):
        assert len(re.findall(r"<[^<>\n]+>", text)) >= blanks


def test_evidence_is_shapes_and_no_identity_is_named() -> None:
    for text in all_of(drafted(STAGE_2_TOLD)):
        assert "aaaaaaaaaa" not in text and "bbbbbbbbbb" not in text
        assert not re.search(r"\b(ann|bob)\b|\$ANN|\$BOB", text, re.I)


def test_names_that_an_api_chose_make_no_markup_and_move_no_cursor() -> None:
    rule = CHECKS[0].RULE.id
    whole = hostile()
    found: tuple[Finding, ...] = tuple(replace(e, rule=rule, owasp="") for e in whole.findings)
    draft = drafted(replace(whole, findings=found))
    made = json.dumps(csaf(draft), ensure_ascii=False)
    for text in (vendor(draft), statement(draft), made):
        assert all(char.isprintable() or char == "\n" for char in text)
    for text in (vendor(draft), statement(draft)):
        prose = re.sub(r"`[^`\n]*`|^    .*$", "", text, flags=re.M)
        assert not [each for each in HOSTILE if each in prose]
        assert "<script" not in prose and "<img" not in prose


# ------------------------------------------------------------ CSAF


def test_the_document_has_what_csaf_asks_of_a_security_advisory() -> None:
    content = csaf(drafted(STAGE_2_TOLD))
    document = content["document"]
    assert (document["csaf_version"], document["category"]) == ("2.0", "csaf_security_advisory")
    assert set(document["publisher"]) >= {"category", "name", "namespace"}
    assert document["title"]
    tracking = document["tracking"]
    assert (tracking["status"], tracking["version"]) == ("draft", "0")  # 6.1.17
    assert tracking["revision_history"][-1]["number"] == tracking["version"]  # 6.1.16
    assert tracking["current_release_date"] == "2026-02-20T12:00:00Z"
    assert re.fullmatch(r"\S(.*\S)?", tracking["id"])
    (one,) = content["vulnerabilities"]
    assert set(one) >= {"notes", "product_status", "ids", "cwe", "remediations", "threats", "title"}
    assert one["cwe"] == {"id": "CWE-862", "name": "Missing Authorization"}  # 6.1.11
    assert {"text": drafted(STAGE_2_TOLD).finding.fingerprint, "system_name": "Oakum"} in one["ids"]
    known = content["product_tree"]["branches"][0]["branches"][0]["product"]["product_id"]
    used = [*one["product_status"].values(), *(e["product_ids"] for e in one["remediations"]),
            *(e["product_ids"] for e in one["threats"])]  # fmt: skip
    assert all(each == [known] for each in used)  # 6.1.1, 6.1.29
    kinds = {"description", "details", "faq", "general", "legal_disclaimer", "other", "summary"}
    for note in (*document["notes"], *one["notes"]):
        assert note["category"] in kinds and note["text"]
    assert {each["category"] for each in one["remediations"]} == {"none_available", "mitigation"}
    assert "scores" not in one
