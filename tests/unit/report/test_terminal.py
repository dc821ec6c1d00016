from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import replace
from textwrap import dedent

import pytest
from rich.console import Console

from oakum.finding import Report, Writes
from oakum.report import terminal
from tests.unit.report.sample import clean, hostile, sample, untrusted


def shown(report: Report) -> str:
    return terminal.text(report).decode()


def coloured(report: Report, width: int = 80, **options: object) -> str:
    page = io.StringIO()
    console = Console(file=page, width=width, force_terminal=True, **options)  # type: ignore[arg-type]
    terminal.render(report, console)
    return page.getvalue()


def only(rule: str, viewer: str) -> Report:
    """The sample with nothing to say but the findings of one rule and one viewer on Members."""
    kept = (
        f for f in sample().findings if (f.rule, f.viewer, f.resource) == (rule, viewer, "Member")
    )
    return replace(
        sample(), findings=tuple(kept), skipped=(), identities=(), notes=(), writes=Writes()
    )


def test_a_broken_promise_stands_beside_the_fact() -> None:
    said = shown(only("privacy-setting-not-enforced", "member"))
    assert said == dedent(
        """\
        http://127.0.0.1:8000 against exposure.yaml
        run 5f0c2a, 2026-01-20T09:30:00Z, 41.3 s, 412 of 2,000 requests

        API3:2023 Broken Object Property Level Authorization

        PROVEN  high  privacy-setting-not-enforced
          member sees `last_workout_at` of a Member whose owner is private, and 8 more
          fields
          promised  "Only people who follow you can see your profile and your workouts"
          in fact   member sees `last_workout_at`, `location`, `streaks.current_weekly`
                    and 6 more fields when private
          fields    last_workout_at, location, streaks.current_weekly, total_followers,
                    total_workouts, workout_counts.*.count, workout_counts.*.name,
                    age_decade, gender; when private
          endpoints GET /api/user/{userNameOrId}
                    GET /api/user/search
                    GET /api/user/search/{query}
                    and 3 more endpoints
          contract  exposure.yaml:23:7, exposure.yaml:26:7
          advice    read the owner's setting where the answer is built, once for every
                    endpoint, and leave the fields out for callers who do not follow the
                    owner
          ids       API3:2023 CWE-213 CWE-359 finding-ca4206aca7e12cb8 and 10 more

        Untested: nothing is known about 93 of 2,040 cells
          47        the owner was never seen to see it (Member)
          46        no identity could be made `ex_follower` of an owner (Member,
                    Workout)

        1 defect
        findings: 11 proven, 0 suspected, 0 over-blocked
        cells: 866 open, 664 closed, 393 leaking, 24 over-blocked, 93 untested
        requests: 0.21 per decided cell
        exit 1: findings
        """
    )


def test_a_run_that_exercised_nothing_is_not_green() -> None:
    assert shown(untrusted()) == dedent(
        """\
        http://127.0.0.1:8000 against exposure.yaml
        run 5f0c2a, 2026-01-20T09:30:00Z, 41.3 s, 3 of 2,000 requests

        Why the run is not trustworthy
          -         `ann` could not log in: the answer was 401
          -         no cell was shown

        Untested: nothing is known about 2,040 of 2,040 cells
          2,040     `ann` could not log in (Member, Ride, Settings, Workout)

        Operations not called
          2         it writes: DELETE /api/user/{userId}, PUT /api/user/{userId}
          1         its summary says `rebuild`: it may change something: GET
                    /api/admin/reindex

        Writes
          sent      7 requests that write
          undone    2 of 3 changes, read back
          left      1
                    a new `Note` of ann could not be undone: check it by hand
          untried   POST /admin/x: not written to, for `admin`

        Identities
          failed    ann: login answered 401

        Notes
          -         `total` of search answers changed by itself, so it was not judged

        Not trustworthy
        findings: 0 proven, 0 suspected, 0 over-blocked
        cells: 0 open, 0 closed, 0 leaking, 0 over-blocked, 2,040 untested
        exit 3: not trustworthy
        """
    )


def test_a_clean_run_says_so_in_its_last_lines() -> None:
    assert shown(clean()).splitlines()[-5:] == [
        "No leak found",
        "findings: 0 proven, 0 suspected, 0 over-blocked",
        "cells: 890 open, 1,057 closed, 0 leaking, 0 over-blocked, 0 untested",
        "requests: 0.21 per decided cell",
        "exit 0: clean",
    ]


def test_viewers_alike_are_named_in_one_block() -> None:
    assert "  also      the same holds for pending\n" in shown(sample())


def test_many_defects_do_not_flood() -> None:
    """Twelve in full, the gravest; of the others a sentence and the line to change."""
    base = sample().findings[0]
    many = tuple(
        replace(base, resource=f"R{at:02}", severity="low", title=f"anyone sees `id` of R{at:02}")
        for at in range(40)
    )
    said = shown(replace(clean(), findings=many))
    assert said.count("PROVEN  low") == 12
    assert "  low       anyone sees `id` of R12 (exposure.yaml:21:7)\n" in said
    assert "R39" in said
    assert len(said.splitlines()) < 150


def test_many_reasons_do_not_flood() -> None:
    cells = tuple(
        replace(cell, reason=f"reason {at:02}") for at, cell in enumerate(untrusted().cells[:20])
    )
    said = shown(replace(untrusted(), cells=cells))
    assert "reason 07" in said and "reason 08" not in said
    assert "  12        for 12 more reasons\n" in said


def test_findings_without_field_endpoint_or_id_leave_no_empty_row() -> None:
    bare = replace(sample().findings[-1], endpoints=(), owasp="", cwe=(), advice="", state=())
    item, block = shown(replace(clean(), findings=(bare,))).split("\n\n")[1:3]
    assert item == "Beyond the OWASP API Security Top 10"
    assert block == dedent(
        """\
        SUSPECTED  medium  no-throttle
          a member may look at more than 100 different Members an hour
          contract  exposure.yaml:88:3
          ids       finding-43215c73d734edb5"""
    )


def test_a_drafted_contract_is_called_so() -> None:
    assert "(drafted and not confirmed)" in shown(replace(clean(), stated=False))


@pytest.mark.parametrize("make", [sample, clean, untrusted, hostile])
def test_plain_text_fits_80_columns_and_trails_no_space(make: Callable[[], Report]) -> None:
    lines = shown(make()).splitlines()
    assert max(map(len, lines)) <= 80
    assert [line for line in lines if line != line.rstrip()] == []


def test_colour_adds_nothing_but_colour(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    from rich.text import Text

    said = coloured(sample(), color_system="standard")
    assert "\x1b[" in said
    assert Text.from_ansi(said).plain.rstrip() == shown(sample()).rstrip()


def test_no_color_is_honoured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    said = coloured(sample(), color_system="standard")
    assert "\x1b[31m" not in said and "\x1b[1;31m" not in said


def test_a_narrow_terminal_loses_no_word() -> None:
    words = coloured(sample(), width=40, color_system=None).split()
    wide = shown(sample()).split()
    assert "".join(words) == "".join(wide)


def test_what_an_api_named_cannot_command_the_terminal() -> None:
    said = shown(hostile())
    assert "\x1b" not in said and "\u202e" not in said
    assert r"\x1b[31m" in said
    assert "[red]markup[/red]" in said  # shown, not read as markup


def test_a_name_cannot_forge_a_line() -> None:
    forged = replace(clean(), notes=("fine\nexit 0: clean",))
    assert shown(forged).count("\nexit 0: clean") == 1
