"""Every implementation of the guard against the exchanges that all of them must do alike."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from tests.conformance.exchange_lua import lua_guard
from tests.conformance.exchange_middleware import asgi_guard, wsgi_guard
from tests.conformance.exchange_python import python_guard
from tests.conformance.exchanges import Case, Guard, Setup, cases, check, request

IMPLEMENTATIONS: dict[str, Callable[[Setup], AbstractContextManager[Guard]]] = {
    "lua": lua_guard,
    "python": python_guard,
}
ASKS_MORE = frozenset(("python",))
MIDDLEWARE: dict[str, Callable[[Setup], AbstractContextManager[Guard]]] = {
    "asgi": asgi_guard,
    "wsgi": wsgi_guard,
}
UNHEARD = frozenset(
    (
        ("asgi", "nobody can be asked about"),  # what an application raises is an answer of 500
        ("wsgi", "nobody can be asked about"),
        ("wsgi", "the key twice is refused"),
        ("wsgi", "two media types"),  # servers hand one value for each name
        ("wsgi", "of no body nothing is said that has two readings"),
        ("wsgi", "no host is none of the contract's"),  # then the server's own name stands there
        ("wsgi", "a body that was cut short"),  # a body ends when its pieces do
        # A path is decoded by the server, and comes without its fragment.
        ("wsgi", "an escaped slash"),
        ("wsgi", "an escape that is none"),
        ("wsgi", "an escape cut short"),
        ("wsgi", "a fragment"),
        ("wsgi", "a byte outside of ASCII"),
        ("wsgi", "an escaped literal is no parameter"),
        ("wsgi", "nor is one in escapes, which routers compare before or after decoding"),
        ("wsgi", "an escaped suffix is no part of a parameter"),
        ("wsgi", "nor an escaped one"),
        ("wsgi", "a preflight where an escaped one is needed"),
        ("wsgi", "an escaped one is a character of the value"),
        ("wsgi", "the object is asked for with the id as it came"),
    )
)
"""What cannot be said to an implementation by its protocol."""
CASES = [pytest.param(case, id=f"{case.file}: {case.name}") for case in cases()]
WITHIN = [
    pytest.param(case, engine, id=f"{case.file}: {case.name}-{engine}")
    for case in cases()
    for engine in sorted(MIDDLEWARE)
    if (engine, case.name) not in UNHEARD
]


@pytest.mark.parametrize("engine", sorted(IMPLEMENTATIONS))
@pytest.mark.parametrize("case", CASES)
def test_exchange(case: Case, engine: str, tmp_path: Path) -> None:
    setup = case.setup(tmp_path)
    with IMPLEMENTATIONS[engine](setup) as guard:
        for step in case.steps:
            setup.clock.now += step.get("wait", 0)
            sent = request(step["request"])
            outcome = guard.exchange(sent)
            check(step["expect"], outcome, sent.method, asks_more=engine in ASKS_MORE)


@pytest.mark.parametrize(("case", "engine"), WITHIN)
def test_exchange_within_an_application(case: Case, engine: str, tmp_path: Path) -> None:
    setup = case.setup(tmp_path)
    with MIDDLEWARE[engine](setup) as guard:
        for step in case.steps:
            setup.clock.now += step.get("wait", 0)
            sent = request(step["request"])
            check(step["expect"], guard.exchange(sent), sent.method, asks_more=True)
