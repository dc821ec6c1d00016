"""A scan listens to feeds of every kind, and hears what leaks there and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from starlette.types import ASGIApp, Receive, Scope, Send

from oakum.finding import Finding
from tests.catalogue.play import play
from tests.scan.club import EXPOSURE, LEAKS, entry

pytestmark = pytest.mark.server


def heard(findings: tuple[Finding, ...]) -> set[tuple[str, str]]:
    """(field, endpoint) of what leaks to members, and in feeds alone."""
    found = {(each.rule, each.verdict, each.viewer) for each in findings}
    assert found <= {("feed-exposure", "proven", "member")}
    return {(each.field, f"{d.method} {d.path}") for each in findings for d in each.endpoints}


def test_what_leaks_in_a_feed_is_heard(tmp_path: Path) -> None:
    made, club = entry(LEAKS)
    played = play(made, "leaky", 1, tmp_path)
    assert not played.report.distrust
    assert heard(played.report.findings) == set(LEAKS.values())
    assert played.after == played.before
    assert club.firsts[0] == {"subscribe": "a-4711", "quiet": False}
    lines = [each.evidence.curl for each in played.report.findings if each.evidence]
    assert lines
    assert all("accept: " in line for line in lines)


def test_what_leaks_in_the_frame_of_a_change_itself_is_heard(tmp_path: Path) -> None:
    """It may be from before the change or from after: neither lets anybody see the score."""
    made, _ = entry(("close",))
    played = play(made, "leaky", 1, tmp_path)
    assert heard(played.report.findings) == {LEAKS["close"]}
    assert played.after == played.before


def test_a_feed_that_keeps_to_the_contract_is_clean(tmp_path: Path) -> None:
    made, _ = entry(())
    played = play(made, "fixed", 1, tmp_path)
    assert not played.report.distrust
    assert heard(played.report.findings) == set()
    assert played.after == played.before
    told = {each.endpoint.operation: each.reason for each in played.report.skipped}
    assert "a scan listens to it" in told["news"]
    assert "a scan listens to it" in told["openRoom"]
    assert not any("a feed" in note for note in played.report.notes)


def mute(status: int) -> Callable[[ASGIApp], ASGIApp]:
    """Answers each feed of events with this status and nothing else."""

    def around(app: ASGIApp) -> ASGIApp:
        async def asked(scope: Scope, receive: Receive, send: Send) -> None:
            headers = dict(scope.get("headers", ()))
            if scope["type"] != "http" or b"event-stream" not in headers.get(b"accept", b""):
                await app(scope, receive, send)
                return
            kind = [(b"content-type", b"text/event-stream")]
            await send({"type": "http.response.start", "status": status, "headers": kind})
            await send({"type": "http.response.body", "body": b""})

        return asked

    return around


AT_THE_DESK = EXPOSURE.replace(
    "owner: {is: owner}}", 'owner: {is: owner}, desk: {claim: role, has: desk, untested: "none"}}'
).replace("operations:\n", "operations:\n  news: {call: [desk]}\n")


@pytest.mark.parametrize(
    ("status", "exposure", "trusted"),
    [(200, EXPOSURE, False), (403, EXPOSURE, False), (403, AT_THE_DESK, True)],
    ids=["silent", "refuses all", "is for others"],
)
def test_a_feed_that_shows_nobody_what_the_contract_grants_is_untested(
    tmp_path: Path, status: int, exposure: str, trusted: bool
) -> None:
    """To refuse all is right only where no identity may see anything of it."""
    made, _ = entry((), exposure=exposure)
    report = play(made, "fixed", 1, tmp_path, mute(status)).report
    words = f"a feed from which no frame came (answered {status})"
    assert any(words in each for each in (report.notes if trusted else report.distrust))
    assert not any(words in each for each in (report.distrust if trusted else report.notes))


def test_without_leave_to_change_what_changes_nothing_is_heard(tmp_path: Path) -> None:
    made, _ = entry(LEAKS, options=())
    played = play(made, "leaky", 1, tmp_path)
    assert heard(played.report.findings) == {LEAKS[each] for each in ("replay", "lines", "join")}
