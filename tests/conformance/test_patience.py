"""The cases within an application hold on a machine that has better things to do."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest

from oakum.policy.model import Guarding
from tests.conformance.exchange_lua import lua_guard
from tests.conformance.exchange_middleware import asgi_guard, wsgi_guard
from tests.conformance.exchange_python import python_guard
from tests.conformance.exchanges import Case, Guard, Outcome, Request, Response, Setup


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


@pytest.mark.parametrize("implementation", [python_guard, lua_guard])
def test_the_objects_that_a_request_names_are_looked_at_no_longer_together_than_three(
    implementation: Callable[[Setup], AbstractContextManager[Guard]], tmp_path: Path
) -> None:
    found = _linked(implementation, tmp_path, range(20), slow=0.9, guard={"timeout": "1s"})
    assert found.response.status == 404
    assert len(found.asked) == 5  # who-am-I, and four that began within three seconds


@pytest.mark.parametrize("implementation", [python_guard, lua_guard])
def test_the_objects_that_a_request_names_need_no_more_look_ups_together(
    implementation: Callable[[Setup], AbstractContextManager[Guard]], tmp_path: Path
) -> None:
    found = _linked(implementation, tmp_path, range(3), listed=True, guard={"lookups": 5})
    assert (found.response.status, len(found.asked)) == (404, 6)
    found = _linked(implementation, tmp_path, range(3), listed=True, guard={"lookups": 6})
    assert (found.response.status, len(found.asked)) == (422, 7)


@pytest.mark.parametrize("implementation", [python_guard, lua_guard])
def test_what_an_api_says_slowly_is_as_old_as_the_question(
    implementation: Callable[[Setup], AbstractContextManager[Guard]], tmp_path: Path
) -> None:
    seen = {"id, by": [{"see": ["fan"]}]}
    policy = {
        "relations": {"fan": {"in": "listFans", "id": "/*"}},
        "resources": {"Note": {"fields": seen}},
        "guard": {"ttl": "2s"},
    }
    note = {"request": {"target": "/notes/n1"}, "answer": {"body": '{"id":"n1","by":"u1"}'}}
    fans = {"request": {"target": "/users/u1/fans"}, "answer": {"body": '["pia"]'}}
    me = {"request": {"target": "/me"}, "answer": {"body": '{"id":"pia"}'}}
    said = {"upstream": [note, fans, me], "policy": policy}
    setup = Case("any", "patience", said, {"contract": "longer.yaml"}).setup(tmp_path)
    answer = setup.upstream.answer

    def slow(request: Request) -> Response | None:
        setup.clock.now += 1.2 if request.target == "/users/u1/fans" else 0.0
        return answer(request)

    setup.upstream.answer = slow  # type: ignore[method-assign]
    read = Request("GET", "/notes/n1", (("x-session", "pia"),))
    with implementation(setup) as guard:
        asked = [len(guard.exchange(read).asked)]
        setup.clock.now += 0.7
        asked.append(len(guard.exchange(read).asked))
        setup.clock.now += 0.2
        asked.append(len(guard.exchange(read).asked))
    assert asked == [2, 0, 2]


def _linked(
    implementation: Callable[[Setup], AbstractContextManager[Guard]],
    folder: Path,
    keys: range,
    guard: dict[str, Any],
    slow: float = 0.0,
    *,
    listed: bool = False,
) -> Outcome:
    """What becomes of a write that the API refuses, which names these notes. `listed`: each is of
    another owner, whose list has to be looked up, too."""
    script = [{"request": {"target": "/me"}, "answer": {"body": '{"id":"pia"}'}}]
    refused = {"status": 422, "body": '{"error":"no"}'}
    script.append({"request": {"target": "/links", "method": "POST"}, "answer": refused})
    for key in keys:
        by = f"u{key}" if listed else "pia"
        said = {"body": f'{{"id":"n{key}","by":"{by}"}}'}
        script.append({"request": {"target": f"/notes/n{key}"}, "answer": said})
        script.append({"request": {"target": f"/users/u{key}/fans"}, "answer": {"body": '["pia"]'}})
    case = Case("any", "patience", {"upstream": script}, {"contract": "longer.yaml"})
    case.said["policy"] = {"guard": guard}
    if listed:
        seen = {"id, by": [{"see": ["fan"]}]}
        fan = {"in": "listFans", "id": "/*"}
        more = {"relations": {"fan": fan}, "resources": {"Note": {"fields": seen}}}
        case.said["policy"] |= more
    folder = folder / str(len(list(folder.iterdir())))
    folder.mkdir()
    setup = case.setup(folder)
    answer = setup.upstream.answer

    def late(request: Request) -> Response | None:
        setup.clock.now += slow
        return answer(request)

    setup.upstream.answer = late  # type: ignore[method-assign]
    body = json.dumps({"moreNoteIDs": [f"n{key}" for key in keys]}).encode()
    headers = (("x-session", "pia"), ("content-type", "application/json"))
    with implementation(setup) as made:
        return made.exchange(Request("POST", "/links", headers, body))
