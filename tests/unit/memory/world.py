"""Reports of an API of two endpoints, made of what each cell was; and the story of a half fix."""

from __future__ import annotations

from collections.abc import Mapping

from oakum.errors import Location
from oakum.finding import Cell, Endpoint, Finding, Report, Result, State

ONE, LIST = (
    Endpoint("GET", "/members/{id}", "getMember"),
    Endpoint("GET", "/members", "listMembers"),
)
PRIVATE: State = (("private", "true"),)
OWN = Cell("Member", "city", "owner", PRIVATE, ONE, True, Result.OPEN)
"""Without which a run has shown nothing to anybody."""
Square = tuple[str, str, Endpoint]
"""Field, viewer, endpoint."""


def rule_of(viewer: str, squares: Mapping[Square, Result]) -> str:
    """As a scan names it: what a login is taken for shows only once anonymous callers are out."""
    if viewer == "anyone":
        return "missing-authentication"
    shut = Result.CLOSED in [r for (_, who, _), r in squares.items() if who == "anyone"]
    return "authenticated-not-authorized" if shut else "privacy-setting-not-enforced"


def report(
    day: int, squares: Mapping[Square, Result], *, sound: bool = True, run: str = ""
) -> Report:
    """The report of a scan on a day of January 2026 that saw this."""
    cells = [
        Cell("Member", name, viewer, PRIVATE, endpoint, result is Result.OPEN, result)
        for (name, viewer, endpoint), result in squares.items()
    ]
    leaks: dict[tuple[str, str], list[Endpoint]] = {}
    for (name, viewer, endpoint), result in squares.items():
        if result is Result.LEAK:
            leaks.setdefault((name, viewer), []).append(endpoint)
    return Report(
        target="http://127.0.0.1:1",
        contract="exposure.yaml",
        stated=True,
        run=run or f"run{day}",
        started=f"2026-01-{day:02}T12:00:00Z",
        seconds=1.0,
        requests=10,
        budget=100,
        findings=tuple(
            finding(rule_of(viewer, squares), name, viewer, tuple(sorted(endpoints)))
            for (name, viewer), endpoints in leaks.items()
        ),
        cells=(*cells, OWN),
        skipped=(),
        identities=(),
        distrust=() if sound else ("identity `ann`: the login failed",),
    )


def finding(rule: str, name: str, viewer: str, endpoints: tuple[Endpoint, ...] = (ONE,)) -> Finding:
    """A proven leak of a private member's field."""
    return Finding(
        rule=rule,
        verdict="proven",
        resource="Member",
        field=name,
        viewer=viewer,
        state=PRIVATE,
        endpoints=endpoints,
        owasp="API1:2023",
        cwe=("CWE-862", "CWE-639"),
        severity="high",
        title=f"`{viewer}` reads `Member.{name}`",
        advice="compare the caller with the owner",
        contract_location=Location("exposure.yaml", 12, 7),
    )


def squares(anyone: Result, member: Result, endpoint: Endpoint = ONE) -> dict[Square, Result]:
    """`city` at one endpoint, for the two kinds of strangers."""
    return {("city", "anyone", endpoint): anyone, ("city", "member", endpoint): member}


LEAK, CLOSED, OPEN, UNTESTED = Result.LEAK, Result.CLOSED, Result.OPEN, Result.UNTESTED
STAGE_1, STAGE_2, FIXED = squares(LEAK, LEAK), squares(CLOSED, LEAK), squares(CLOSED, CLOSED)
UNSEEN = squares(UNTESTED, UNTESTED)
"""Peloton's API before its first fix, after it, fixed, and a run shown nothing of it."""
