"""The cases within an application hold on a machine that has better things to do."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from oakum.policy.model import Guarding
from tests.conformance.exchange_lua import lua_guard
from tests.conformance.exchange_middleware import asgi_guard, wsgi_guard
from tests.conformance.exchange_python import python_guard
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


@pytest.mark.parametrize("implementation", [python_guard, lua_guard])
def test_the_look_ups_of_a_write_take_no_longer_together_than_three(
    implementation: Callable[[Setup], AbstractContextManager[Guard]], tmp_path: Path
) -> None:
    keys = range(100, 110)
    script = [
        {"request": {"target": f"/counts/{key}"}, "answer": {"body": f'{{"num":{key},"by":"ann"}}'}}
        for key in keys
    ]
    me = {"request": {"target": "/me"}, "answer": {"body": '{"id":"ann"}'}}
    said = {"upstream": [*script, me], "policy": {"guard": {"timeout": "1s"}}}
    shared = {"contract": "ledger.yaml"}
    setup = Case("any", "patience", said, shared).setup(tmp_path)
    answer, began = setup.upstream.answer, setup.clock.now

    def slow(request: Request) -> Response | None:
        setup.clock.now += 0.9
        return answer(request)

    setup.upstream.answer = slow  # type: ignore[method-assign]
    form = (("x-session", "ann"), ("content-type", "application/x-www-form-urlencoded"))
    body = "&".join(f"nums={key}" for key in keys).encode()
    with implementation(setup) as guard:
        found = guard.exchange(Request("POST", "/counts/close", form, body))
    assert found.forwarded is None
    assert len(found.asked) == 5  # who-am-I, and four that began within three seconds
    assert setup.clock.now - began < 5
