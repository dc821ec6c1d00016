"""nginx in front of an API that misbehaves: what it does around the runtime."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from oakum.guard import nginx
from oakum.guard.lua import long_string, source
from oakum.guard.nginx import Nginx
from tests.gateway.client import ask
from tests.gateway.engine import Engine, start
from tests.gateway.upstream import GOOD, Upstream, serving

PLAN = '{"contract":"0123456789abcdef","guard":{"max_body":65536,"tokens":null}}'

pytestmark = [
    pytest.mark.server,
    pytest.mark.skipif(
        shutil.which("nginx", path="/usr/sbin:/usr/bin") is None, reason="nginx is not installed"
    ),
]


@pytest.fixture(autouse=True, scope="module")
def core() -> Iterator[None]:
    """The runtime decides nothing here: see `core.lua`."""
    text = (Path(__file__).parent / "core.lua").read_text("utf-8")

    def bundle(adapter: str, plan: str) -> str:
        parts = [("json", source("json")), ("passage", text)]
        loaded = [f'package.preload["oakum.{n}"] = function(...)\n{t}\nend\n' for n, t in parts]
        return "".join((*loaded, f"local PLAN = {long_string(plan)}\n", adapter))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(nginx, "bundle", bundle)
        yield


@pytest.fixture(scope="module")
def api() -> Iterator[Upstream]:
    with serving() as upstream:
        yield upstream


@pytest.fixture(scope="module")
def engine(api: Upstream) -> Iterator[Engine]:
    with start(Nginx(), PLAN, api.url, timeout=1.0) as running:
        yield running


def test_passes(engine: Engine) -> None:
    reply = ask(engine.listen, "GET", "/things/1?x=y")
    assert (reply.status, reply.body) == (200, GOOD)
