"""Envoy, alone: what it lets pass around a runtime that decides nothing."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from oakum.guard import envoy
from oakum.guard.target import problem
from tests.gateway.client import ask
from tests.gateway.engine import Engine, start
from tests.gateway.stub import plan, stubbed
from tests.gateway.upstream import GOOD, SECRET, Upstream, serving

pytestmark = pytest.mark.server


@pytest.fixture(scope="module")
def upstream() -> Iterator[Upstream]:
    with serving() as found:
        yield found


@pytest.fixture(scope="module")
def engine(upstream: Upstream) -> Iterator[Engine]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(envoy, "bundle", stubbed)
        with start(envoy.Envoy(), plan(), upstream.url, timeout=1.0) as found:
            yield found


def test_an_answer_passes(engine: Engine) -> None:
    reply = ask(engine.listen, "GET", "/x")
    assert (reply.status, reply.body) == (200, GOOD)
    assert {name for name, _ in reply.headers} == {"content-type", "content-length", "date"}


def test_the_runtime_may_ask_the_api_when_it_has_the_answer(engine: Engine) -> None:
    reply = ask(engine.listen, "GET", "/ask-response")
    assert reply.body == b"200:" + GOOD + b"|200:" + GOOD + b"|" + GOOD


@pytest.mark.parametrize(
    ("way", "status"),
    [
        ("cut-length", 502),
        ("cut-chunked", 502),
        ("two-lengths", 502),
        ("both-lengths", 502),
        ("gzip", 502),
        ("brotli", 502),
        ("garbage", 502),
        ("hangup", 502),
        ("big?16385", 502),
        ("big-chunked?50000", 502),
        ("slow?2", 504),
        ("stalled?2", 504),
        ("raise-enter", 502),
        ("raise-after-ask", 502),
        ("raise-leave", 502),
        ("raise-after-ask-response", 502),
        ("raise-audit", 502),
    ],
)
def test_whatever_goes_wrong_is_one_of_our_own_replies(
    engine: Engine, way: str, status: int
) -> None:
    reply = ask(engine.listen, "GET", f"/{way}")
    assert (reply.status, reply.body) == (status, problem(status).encode())
    assert {name: value for name, value in reply.headers if name != "date"} == {
        "content-type": "application/problem+json",
        "cache-control": "no-store",
        "content-length": str(len(reply.body)),
    }
    assert SECRET not in reply.body
