"""The cases within an application hold on a machine that has better things to do."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from oakum.policy.model import Guarding
from tests.conformance.exchange_middleware import asgi_guard, wsgi_guard
from tests.conformance.exchanges import Case, Guard, Request, Response, Setup


@pytest.mark.parametrize("implementation", [asgi_guard, wsgi_guard])
def test_a_slow_machine_changes_no_case(
    implementation: Callable[[Setup], AbstractContextManager[Guard]], tmp_path: Path
) -> None:
    timeout = 0.05
    assert timeout < Guarding().timeout
    said = {"upstream": [], "policy": {"guard": {"timeout": "50ms"}}}
    setup = Case("any", "patience", said, {"contract": "club.yaml"}).setup(tmp_path)
    answer = setup.upstream.answer

    def slow(request: Request) -> Response | None:
        time.sleep(3 * timeout)
        return answer(request)

    setup.upstream.answer = slow  # type: ignore[method-assign]
    with implementation(setup) as guard:
        found = guard.exchange(Request("GET", "/members/ann", (("cookie", "sid=ann"),)))
    assert (found.response.status, found.audit["lookups"]) == (200, 1)
