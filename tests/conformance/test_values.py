"""Values of any spelling in every place that decides: one outcome of all implementations."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.conformance.exchange_lua import lua_guard
from tests.conformance.exchange_middleware import asgi_guard, wsgi_guard
from tests.conformance.exchange_python import python_guard
from tests.conformance.exchanges import Case, Guard, Request, Response, Setup

GUARDS = {"python": python_guard, "lua": lua_guard, "asgi": asgi_guard, "wsgi": wsgi_guard}
AT = "/members/x"
HALVES = (
    "\\ud800",
    "\\udfff",
    "\\uD83D\\uDE00",
    "\\uDE00\\uD83D",
    "a\\ud800",
    "\\u0000",
    "\\u0085",
)
NUMBERS = (
    "9007199254740992", "9007199254740993", "9223372036854775808", "-9007199254740993", "-0", "0",
    "0.0", "-0.0", "1e0", "1E400", "-1e999", "1e-400", "100000", "1E5", "1" * 400, "9" * 4300,
    "9" * 4301, "NaN", "Infinity", "-Infinity", "01", "+1", "1.", ".5", "0x10", "1_000",
    "1000", "1,000", "1'000", "-1", "-1.0", "-01", "+-1", "-1,-2", "'-1'", "-1e3", "-1,000",
)  # fmt: skip
LITERALS = st.one_of(
    st.sampled_from([f'"{each}"' for each in HALVES]),
    st.sampled_from(NUMBERS),
    st.sampled_from([f'"{each}"' for each in NUMBERS]),
    st.sampled_from(
        [
            "true",
            "false",
            "null",
            "[]",
            "{}",
            '""',
            '" "',
            '"\\u00a0"',
            '"\\u2003\\u200b\\u3000"',
            '"\\u00e9"',
            '"ann"',
            '"Ann"',
            "[1]",
        ]
    ),
)


@dataclass
class Round:
    """Four guards of one contract, asked alike."""

    guards: dict[str, tuple[Guard, Setup]]
    turn: int = 0

    def ask(self, script: dict[str, str], *, method: str = "GET", body: str = "") -> list[object]:
        """What each makes of one request of a caller who never called before."""
        self.turn += 1
        said = {"content-type": "application/json"} if body else {}
        headers = tuple({"cookie": f"sid=s{self.turn}", **said}.items())
        found: list[object] = []
        for name, (guard, setup) in self.guards.items():
            setup.clock.now += 61  # no credentials of before count as guesses
            setup.upstream.script = [
                {"request": {"target": at, "method": how}, "answer": {"body": text}}
                for at, text in script.items()
                for how in {"GET", method if at == AT else "GET"}
            ]
            outcome = guard.exchange(Request(method, AT, headers, body.encode()))
            seen = outcome.forwarded and outcome.forwarded.body
            denied = outcome.audit["denied"]
            found.append((name, _plain(outcome.response), seen, denied))
            assert denied != "error", found
        return found


def _plain(response: Response) -> tuple[int, bytes]:
    return response.status, response.body


@pytest.fixture(scope="module")
def guards(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Round]:
    case = Case("values", "values", {}, {"contract": "club.yaml"})
    with ExitStack() as stack:
        made: dict[str, tuple[Guard, Setup]] = {}
        for name, implementation in GUARDS.items():
            folder: Path = tmp_path_factory.mktemp(name)
            setup = case.setup(folder)
            made[name] = (stack.enter_context(implementation(setup)), setup)
        yield Round(made)


def alike(found: list[object]) -> bool:
    return len({each[1:] for each in found if isinstance(each, tuple)}) == 1


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_whatever_value_decides_every_implementation_decides_alike(
    guards: Round, data: st.DataObject
) -> None:
    draw = data.draw
    mine = draw(LITERALS, label="who-am-I")
    theirs = draw(st.one_of(st.just(mine), LITERALS), label="owner")
    listed = draw(st.lists(st.one_of(st.just(mine), LITERALS), max_size=2), label="followers")
    out = draw(st.lists(LITERALS, max_size=2), label="blocked")
    ids = [",".join(f'{{"id":{each}}}' for each in ids) for ids in (listed, out)]
    script = {
        "/me": f'{{"id":{mine}}}',
        AT: f'{{"id":{theirs},"name":"X","email":"x@x.test","city":"Ulm"}}',
    }
    # As a path says it; where a server decodes paths, it is told apart from nothing.
    plain = theirs.strip('"')
    for about in {plain, quote(plain, safe=""), "x"}:
        script[f"/members/{about}/followers?limit=3"] = f'{{"data":[{ids[0]}]}}'
        script[f"/members/{about}/blocked"] = f'{{"data":[{ids[1]}],"total":{len(out)}}}'
    found = guards.ask(script)
    assert alike(found), found


@settings(max_examples=80, deadline=None)
@given(name=LITERALS, key=LITERALS)
def test_whatever_value_is_written_every_implementation_passes_alike(
    guards: Round, name: str, key: str
) -> None:
    script = {"/me": '{"id":"x"}', AT: f'{{"id":"x","name":{name},"email":{key}}}'}
    found = guards.ask(script, method="PUT", body=f'{{"name":{name},"email":{key}}}')
    assert alike(found), found
