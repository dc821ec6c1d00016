"""`untrusted-origin-allowed`: a personal answer that pages of any site may read."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from oakum.errors import ExitCode
from oakum.scan.options import Options
from oakum.scan.replay_result import ReplayVerdict, replay
from oakum.scan.techniques import untrusted_origin_allowed as technique
from tests.scan.servers import Call, Reply, serve
from tests.scan.verdicts import KEYS, NAMES, Told, path, schema, told

pytestmark = pytest.mark.server

POLICY = """\
  Card:
    key: id
    owner: id
    fields: {id: [{see: [member]}], "phone": [{see: [owner]}]}
"""
COOKIES = "identities:\n" + "".join(
    f'  {name}: {{send: "Cookie: sid=$k", k: {key}}}\n' for key, name in KEYS.items()
)
HEADERS = COOKIES.replace("Cookie: sid=", "X-Key: ")
APP = "https://app.example.com"


def api(allows: str, credentials: str = "true", lacks: str = "") -> Callable[[Call], Reply]:
    """An API that allows pages of an origin to read it; `*origin`: of that which asks."""

    def answer(call: Call) -> Reply:
        who = KEYS.get(call.cookies.get("sid", call.headers.get("x-key", "")), "")
        if not who:
            return Reply(401, {"error": "log in"})
        if call.path == "/me":
            return Reply(200, {"id": NAMES[who]})
        origin = call.headers.get("origin", "") if allows == "*origin" else allows
        said = [("access-control-allow-origin", origin)] if origin else []
        said += [("access-control-allow-credentials", credentials)] if credentials else []
        body = {"id": NAMES[who], "phone": f"+49-555-0100-{who}"}
        body.pop(lacks, None)
        return Reply(200, body, tuple(said))

    return answer


def scanned(folder: Path, app: Callable[[Call], Reply], identities: str = COOKIES) -> Told:
    return told(
        folder, schema("Card", id="string", phone="string"), path("/card", "getCard", "Card"),
        POLICY, app, identities,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("allows", "pages"), [("*origin", "any site"), ("null", "the origin `null`")]
)
def test_the_leak_is_found(allows: str, pages: str, tmp_path: Path) -> None:
    run = scanned(tmp_path, api(allows))
    (one,) = run.report.findings
    assert (one.rule, one.verdict, one.field) == (technique.RULE.id, "suspected", "phone")
    assert pages in one.title and "SameSite" in one.doubts[0]
    assert one.evidence and one.evidence.viewer.relation == "owner" and one.viewer == "anyone"
    assert "origin: " in one.evidence.curl.lower()
    assert run.code is ExitCode.FINDINGS


@pytest.mark.parametrize(
    ("allows", "credentials"), [(APP, "true"), ("*", "true"), ("*origin", ""), ("", "")],
    ids=["a-fixed-origin", "a-star-with-which-no-login-goes", "no-login", "no-header"],
)  # fmt: skip
def test_the_fixed_twin_is_clean(allows: str, credentials: str, tmp_path: Path) -> None:
    run = scanned(tmp_path, api(allows, credentials))
    assert (run.report.findings, run.code) == ((), ExitCode.CLEAN)
    assert [technique.RULE.id in item.tested for item in run.report.items].count(True) == 1


def test_no_browser_sends_a_key_by_itself(tmp_path: Path) -> None:
    asked: list[str] = []

    def app(call: Call) -> Reply:
        asked.append(call.headers.get("origin", ""))
        return api("*origin")(call)

    run = scanned(tmp_path, app, HEADERS)
    assert (run.report.findings, run.code, {*asked}) == ((), ExitCode.CLEAN, {""})
    why = dict(pair for item in run.report.items for pair in item.untested)
    assert why[technique.RULE.id] == "no identity logs in with a cookie"


@pytest.mark.parametrize(("allows", "times"), [(APP, 2), ("", 1)])
def test_only_reads_are_asked_and_no_more_than_answers_heed_origins(
    allows: str, times: int, tmp_path: Path
) -> None:
    asked: list[tuple[str, str]] = []

    def app(call: Call) -> Reply:
        if call.headers.get("origin"):
            asked.append((call.method, call.path))
        return api(allows, "true" if allows else "")(call)

    scanned(tmp_path, app)
    assert sorted(asked) == [("GET", "/card")] * times + [("GET", "/me")]


@pytest.mark.parametrize(
    ("now", "lacks", "verdict"),
    [
        (APP, "", ReplayVerdict.FIXED),
        ("*origin", "", ReplayVerdict.STILL_OPEN),
        ("*origin", "phone", ReplayVerdict.STILL_OPEN),
    ],
    ids=["fixed", "open", "open-without-the-field"],
)
def test_a_fix_is_confirmed(now: str, lacks: str, verdict: ReplayVerdict, tmp_path: Path) -> None:
    run = scanned(tmp_path, api("*origin"))
    with serve(api(now, lacks=lacks)) as server:
        options = Options(
            tmp_path / "exposure.yaml", server.url, tmp_path / "identities.yaml", rate=1000
        )
        again = replay(run.report, run.report.findings[0], options, lambda event: None)
    assert again.verdict is verdict
