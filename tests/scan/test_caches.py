"""What personal answers say to caches that many share, and what is no invitation."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from oakum.scan.options import Options
from oakum.scan.replay_result import ReplayVerdict, replay
from tests.scan import gym
from tests.scan.servers import Call, Reply, serve
from tests.scan.test_odd_writes import Odd, scan
from tests.scan.verdicts import NAMES, logged_in, path, schema, told

pytestmark = pytest.mark.server

RULE = "cacheable-personal-data"


def rules(headers: dict[str, str], folder: Path, path: str = "/me") -> dict[str, str]:
    """Rule → verdict of a careful API, one answer of which has more headers."""
    made, place = gym.entry(())

    def change(method: str, at: str, status: int, head: Any, body: bytes) -> Any:
        return status, {**head, **(headers if at.startswith(path) and status < 300 else {})}, body

    report = scan(made, Odd(place.app(), change), folder)
    return {each.rule: each.verdict for each in report.findings}


@pytest.mark.parametrize(
    "headers",
    [
        {"cache-control": "public, max-age=60"},
        {"cache-control": "max-age=5, s-maxage=60", "vary": "Accept-Encoding"},
        {"etag": '"v1"'},  # of every reader's answer
    ],
    ids=str,
)
def test_an_answer_that_invites_a_mix_up_is_suspected(
    headers: dict[str, str], tmp_path: Path
) -> None:
    assert rules(headers, tmp_path) == {RULE: "suspected"}


@pytest.mark.parametrize(
    "headers",
    [
        {"cache-control": "max-age=60"},  # with `Authorization`, for its caller's own cache alone
        {"cache-control": "public, max-age=60", "vary": "accept, AUTHORIZATION"},
        {"cache-control": "public, no-store"},
        {"cache-control": "public, s-maxage=0"},
        {"etag": 'W/"v1"'},
    ],
    ids=str,
)
def test_an_answer_that_keeps_its_readers_apart_is_clean(
    headers: dict[str, str], tmp_path: Path
) -> None:
    assert rules(headers, tmp_path) == {}


def test_what_everybody_may_see_may_be_kept(tmp_path: Path) -> None:
    made, place = gym.entry(())
    open_to_all = made.exposure.replace("see: [owner]", "see: [anyone]")
    made = replace(made, exposure=open_to_all.replace("see: [person]", "see: [anyone]"))

    def change(method: str, at: str, status: int, head: Any, body: bytes) -> Any:
        return status, {**head, "cache-control": "public"}, body

    report = scan(made, Odd(place.app(), change), tmp_path)
    assert RULE not in {each.rule for each in report.findings}


# ------------------------------------------------------------------- asked for again

CARD = """\
  Card: {key: id, owner: id, fields: {id: [{see: [member]}], phone: [{see: [owner]}]}}
"""


def cards(cache_control: str, status: int = 200, lacks: str = "") -> Any:
    """An API of one personal answer, which says this to caches."""

    def answer(who: str, call: Call) -> Reply:
        body = {"id": NAMES[who], "phone": f"+49-555-0100-{who}"}
        body.pop(lacks, None)
        return Reply(status, body if status < 300 else {}, (("cache-control", cache_control),))

    return logged_in(answer)


def test_the_most_private_field_is_named_and_what_nobody_can_know(tmp_path: Path) -> None:
    shapes, paths = schema("Card", id="string", phone="string"), path("/card", "getCard", "Card")
    (one,) = told(tmp_path, shapes, paths, CARD, cards("public, max-age=60")).report.findings
    assert (one.resource, one.field) == ("Card", "phone")
    assert one.evidence and one.evidence.viewer.relation == "owner" and one.viewer == "anyone"
    assert one.doubts == ("it is unknown whether there is a shared cache in front of the API",)


@pytest.mark.parametrize(
    ("now", "verdict"),
    [
        (cards("private, no-store"), ReplayVerdict.FIXED),
        (cards("public, max-age=60"), ReplayVerdict.STILL_OPEN),
        (cards("public, max-age=60", lacks="phone"), ReplayVerdict.STILL_OPEN),
        (cards("", 403), ReplayVerdict.UNTESTED),  # but for who-am-I: what it would say is unknown
    ],
    ids=["fixed", "open", "open-without-the-field", "refused"],
)
def test_only_an_answer_to_an_identity_tells_that_it_is_fixed(
    now: Any, verdict: ReplayVerdict, tmp_path: Path
) -> None:
    shapes, paths = schema("Card", id="string", phone="string"), path("/card", "getCard", "Card")
    run = told(tmp_path, shapes, paths, CARD, cards("public, max-age=60"))
    (one,) = run.report.findings
    with serve(now) as server:
        options = Options(
            tmp_path / "exposure.yaml", server.url, tmp_path / "identities.yaml", rate=1000
        )
        assert replay(run.report, one, options, lambda event: None).verdict is verdict
