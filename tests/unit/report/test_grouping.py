from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import pytest

from oakum.errors import ExitCode, Location
from oakum.finding import Cell, Endpoint, Finding, Report, Result, State
from oakum.output.terminal_text import visible
from oakum.report.grouping import (
    by_item,
    defects,
    exit_code,
    findings_in_order,
    skipped_by_reason,
    state_words,
    untested_by_reason,
    verdict_words,
    weakest_first,
    when_words,
)
from tests.unit.report.sample import PROMISE, clean, sample, untrusted

KNOWN: tuple[State, ...] = tuple(
    (("hide_age", hidden), ("private", private))
    for hidden in ("false", "true")
    for private in ("false", "true")
)


def finding(**changes: object) -> Finding:
    base = Finding(
        rule="excess-field",
        verdict="proven",
        resource="Member",
        field="email",
        viewer="member",
        state=(),
        endpoints=(Endpoint("GET", "/members/{id}"),),
        owasp="API3:2023",
        cwe=("CWE-213",),
        severity="medium",
        title="member sees `email` of a Member",
        advice="leave it out",
        contract_location=Location("exposure.yaml", 9, 7),
    )
    return replace(base, **changes)  # type: ignore[arg-type]


def report(*findings: Finding, cells: tuple[Cell, ...] = ()) -> Report:
    return replace(clean(), findings=findings, cells=cells, field_lines={})


def test_each_finding_stands_in_exactly_one_defect() -> None:
    whole = sample()
    brought = [found for defect in defects(whole) for found in defect.findings]
    assert len(brought) == len(whole.findings)
    assert set(brought) == set(whole.findings)


def test_many_findings_become_a_dozen_defects() -> None:
    assert len(sample().findings) > 130
    assert len(defects(sample())) == 12


def test_the_gravest_defect_comes_first_and_over_blocks_last() -> None:
    first, *_, last = defects(sample())
    assert (first.first.verdict, first.first.severity) == ("proven", "critical")
    assert last.first.verdict == "over_blocked"


def test_the_broadest_come_first_of_what_is_as_grave_and_then_a_broken_promise() -> None:
    broken = finding(rule="privacy-setting-not-enforced", promise=PROMISE, resource="Workout")
    many = [finding(field=name) for name in ("email", "phone", "birthday")]
    graver = finding(severity="high", rule="foreign-object")
    ordered = defects(report(finding(rule="a-rule", field="x"), *many, broken, graver))
    assert [(defect.first.rule, len(defect.findings)) for defect in ordered] == [
        ("foreign-object", 1),
        ("excess-field", 3),
        ("privacy-setting-not-enforced", 1),
        ("a-rule", 1),
    ]


def test_a_sentence_says_of_how_many_fields_a_title_is_true() -> None:
    said = "Any member can read other users' expenses (`Expense.{}`)"
    found = [
        finding(resource="Expense", field=name, title=said.format(name)) for name in ("a", "b")
    ]
    (one,), (both,) = defects(report(found[0])), defects(report(*found))
    assert one.sentence == "Any member can read other users' expenses (`Expense.a`)"
    assert both.sentence == "Any member can read other users' expenses (2 fields)"


def test_what_contradicts_drafted_lines_alone_is_no_finding_of_the_api() -> None:
    guess = finding(verdict="suspected", drafted=True, doubts=("contradicts a drafted line: a:1",))
    assert exit_code(report(guess)) is ExitCode.NOT_TRUSTWORTHY
    assert exit_code(report(guess, finding(field="phone"))) is ExitCode.FINDINGS
    assert exit_code(report(finding(verdict="suspected"))) is ExitCode.FINDINGS
    assert verdict_words(report(guess)) == "1 defect, against drafted lines only"
    assert defects(report(guess))[0].doubts == ("contradicts a drafted line: a:1",)


def test_viewers_to_whom_the_same_happens_share_a_defect() -> None:
    both = report(finding(), finding(viewer="pending", title="pending sees `email` of a Member"))
    (defect,) = defects(both)
    assert defect.viewers == ("member", "pending")
    assert defect.sentence == "member sees `email` of a Member"


@pytest.mark.parametrize(
    "difference",
    [
        {"endpoints": (Endpoint("GET", "/search"),)},
        {"field": "phone"},
        {"contract_location": Location("exposure.yaml", 10, 7)},
        {"advice": "ask for a session"},
        {"state": (("private", "true"),)},
    ],
)
def test_viewers_to_whom_something_else_happens_do_not(difference: dict[str, object]) -> None:
    cells = tuple(
        Cell(
            "Member",
            "email",
            "member",
            (("private", value),),
            Endpoint("GET", "/"),
            False,
            Result.LEAK,
        )
        for value in ("false", "true")
    )
    apart = report(finding(), finding(viewer="pending", **difference), cells=cells)
    assert len(defects(apart)) == 2


def test_a_sentence_counts_the_fields_it_does_not_name() -> None:
    (defect,) = defects(
        report(finding(), finding(field="phone", title="member sees `phone` of a Member."))
    )
    assert defect.sentence == "member sees `email` of a Member, and 1 more field"


def test_findings_without_a_field_keep_their_title() -> None:
    (defect,) = defects(report(finding(field="", title="a member may look at every Member.")))
    assert defect.sentence == "a member may look at every Member"
    assert defect.fields == ()
    assert defect.occasions == (((), ""),)


def test_main_endpoints_come_before_the_others() -> None:
    main, other, side = (
        Endpoint("GET", "/main"),
        Endpoint("GET", "/other"),
        Endpoint("GET", "/side"),
    )
    (defect,) = defects(
        report(finding(endpoints=(main, side)), finding(field="phone", endpoints=(other, side)))
    )
    assert defect.endpoints == (main, other, side)


def test_fields_follow_the_contract_not_the_alphabet() -> None:
    lines = {"Member.zebra": Location("c", 1, 1), "Member.ant": Location("c", 2, 1)}
    both = replace(report(finding(field="ant"), finding(field="zebra")), field_lines=lines)
    assert [found.field for found in findings_in_order(both)] == ["zebra", "ant"]


def test_the_promise_stands_only_beside_the_rule_that_breaks_it() -> None:
    (kept,) = defects(report(finding(promise=PROMISE)))
    (broken,) = defects(report(finding(promise=PROMISE, rule="privacy-setting-not-enforced")))
    (too,) = defects(report(finding(promise=PROMISE, also=("privacy-setting-not-enforced",))))
    assert (kept.promise, broken.promise, too.promise) == ("", PROMISE, PROMISE)


def test_the_fact_names_viewer_fields_and_state() -> None:
    defect = next(d for d in defects(sample()) if d.promise and d.first.viewer == "follower")
    assert defect.fact == "follower sees `age_decade` and `gender` when hide_age and private"


def test_occasions_say_which_field_in_which_state() -> None:
    defect = next(d for d in defects(sample()) if d.first.rule == "excess-field")
    assert defect.occasions == (
        (("age_decade", "gender"), "when hide_age and not private"),
        (("birthday", "email", "height", "phone_number", "weight"), ""),
    )


@pytest.mark.parametrize(
    ("states", "words"),
    [
        (KNOWN, "in every state"),
        ((KNOWN[1], KNOWN[3]), "when private"),
        ((KNOWN[0], KNOWN[1]), "when not hide_age"),
        ((KNOWN[3],), "when hide_age and private"),
        ((KNOWN[0], KNOWN[3]), "when not hide_age and not private or hide_age and private"),
        ((KNOWN[1], KNOWN[2], KNOWN[3]), "except when not hide_age and not private"),
        (((),), ""),
    ],
)
def test_states_are_said_in_as_few_words_as_are_exact(
    states: tuple[State, ...], words: str
) -> None:
    assert when_words(states, KNOWN) == words


def test_every_set_of_states_is_said_exactly() -> None:
    def meant(words: str) -> set[State]:
        if words == "in every state":
            return set(KNOWN)
        terms = [set(term.split(" and ")) for term in words.split("when ")[1].split(" or ")]
        hit = {s for s in KNOWN if any(t <= set(state_words(s).split(" and ")) for t in terms)}
        return set(KNOWN) - hit if words.startswith("except") else hit

    for size in range(1, len(KNOWN) + 1):
        for states in combinations(KNOWN, size):
            assert meant(when_words(states, KNOWN)) == set(states)


def test_a_field_knows_only_the_settings_that_bear_on_it() -> None:
    endpoint, pairs = Endpoint("GET", "/"), (KNOWN[1], KNOWN[3])
    others = [("email", state) for state in ((("private", "false"),), (("private", "true"),))]
    cells = tuple(
        Cell("Member", name, "member", state, endpoint, False, Result.LEAK)
        for name, state in (*others, *(("gender", state) for state in KNOWN))
    )
    found = (
        *(finding(state=state) for _, state in others),
        *(finding(field="gender", state=state) for state in pairs),
    )
    (defect,) = defects(report(*found, cells=cells))
    assert defect.occasions == ((("email",), "in every state"), (("gender",), "when private"))


def test_one_state_alone_needs_no_words() -> None:
    assert when_words([KNOWN[0]], [KNOWN[0]]) == ""


def test_levels_are_said_with_their_name() -> None:
    assert state_words((("audience", "crew"), ("private", "true"))) == "audience crew and private"


def test_viewers_are_ordered_by_what_the_contract_grants_them() -> None:
    assert weakest_first(sample()) == (
        "anyone",
        "blocked",
        "member",
        "pending",
        "ex_follower",
        "follower",
        "staff",
        "owner",
    )


def test_a_proof_stands_whatever_else_went_wrong() -> None:
    suspected = replace(finding(), verdict="suspected")
    distrusted = replace(untrusted(), findings=(suspected,))
    assert exit_code(replace(untrusted(), findings=(finding(),))) is ExitCode.NOT_TRUSTWORTHY
    assert exit_code(distrusted) is ExitCode.NOT_TRUSTWORTHY
    assert exit_code(untrusted()) is ExitCode.NOT_TRUSTWORTHY
    assert exit_code(report(suspected)) is ExitCode.FINDINGS
    assert exit_code(clean()) is ExitCode.CLEAN


def test_no_green_without_having_looked() -> None:
    assert verdict_words(clean()) == "no leak found"
    assert verdict_words(clean(untested=True)) == "no leak found in the tested cells"
    assert verdict_words(replace(clean(), cells=())) == "no leak found in the tested cells"
    assert verdict_words(untrusted()) == "not trustworthy"
    assert verdict_words(sample()) == "12 defects"


def test_what_was_untested_is_told_by_reason_the_commonest_first() -> None:
    (first, most), (second, fewer) = untested_by_reason(sample())
    assert first == "the owner was never seen to see it"
    assert "ex_follower" in second
    assert len(most) > len(fewer)
    assert len(most) + len(fewer) == sample().count(Result.UNTESTED)


def test_skipped_operations_are_told_by_reason() -> None:
    assert [(reason, len(endpoints)) for reason, endpoints in skipped_by_reason(sample())] == [
        ("it writes", 2),
        ("its summary says `rebuild`: it may change something", 1),
    ]


def test_what_a_screen_would_obey_is_written_out() -> None:
    assert visible("a\x1b[31m\n\u202eb é") == r"a\x1b[31m\n\u202eb é"


def test_defects_stand_under_the_full_name_of_their_owasp_item_in_the_order_they_had() -> None:
    found = defects(sample())
    groups = by_item(found)
    assert [name for name, _ in groups if name.startswith("API1")] == [
        "API1:2023 Broken Object Level Authorization"
    ]
    assert all(each.first.owasp in name for name, group in groups for each in group)
    assert sorted(found, key=id) == sorted((d for _, group in groups for d in group), key=id)
    firsts = [found.index(group[0]) for _, group in groups]
    assert firsts == sorted(firsts)
    for _, group in groups:
        places = [found.index(each) for each in group]
        assert places == sorted(places)
