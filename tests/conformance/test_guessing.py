"""Who guesses credentials, and by what an address is counted, for the reference and the runtime."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from oakum.guard.client_address import block
from tests.conformance.exchanges import Guard, Outcome, Request, Response, Upstream, cases
from tests.conformance.lua import runtime
from tests.conformance.test_exchanges import IMPLEMENTATIONS, MIDDLEWARE

GUESSED = {"request": {"target": "/me"}, "answer": {"status": 401, "body": "{}"}}
"""What who-am-I says of everybody whom the case does not know."""


class Asking:
    """A guard to which somebody sends credentials of members, in the first second of a minute."""

    def __init__(
        self, engine: str, file: str, folder: Path, guard: dict[str, Any] | None = None
    ) -> None:
        case = next(case for case in cases() if case.file == file)
        if guard:
            case = replace(case, said={**case.said, "policy": {"guard": guard}})
        self.setup = case.setup(folder)
        self.setup.clock.now = float(self.setup.clock.now // 3600 + 1) * 3600
        if file == "callers":
            self.setup.upstream.script.append(GUESSED)
        self.made = GUARDS[engine](self.setup)
        self.guard: Guard

    def __enter__(self) -> Asking:
        self.guard = self.made.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self.made.__exit__(None, None, None)

    def ask(self, address: str = "192.0.2.7", **credentials: str) -> Outcome:
        sent = Request("GET", "/members/ann", tuple(credentials.items()), address=address)
        return self.guard.exchange(sent)

    def status(self, address: str = "192.0.2.7", **credentials: str) -> int:
        return self.ask(address, **credentials).response.status


GUARDS = {**IMPLEMENTATIONS, **MIDDLEWARE}


@pytest.mark.parametrize("file", ["callers", "keys"])
@pytest.mark.parametrize("engine", sorted(GUARDS))
def test_guessing_credentials_is_braked_and_who_is_known_goes_on(
    engine: str, file: str, tmp_path: Path
) -> None:
    good = {"callers": {"cookie": "sid=ann"}, "keys": {"authorization": "Bearer key-of-ann"}}[file]
    other = {"callers": "cookie", "keys": "authorization"}[file]
    with Asking(engine, file, tmp_path) as it:
        assert it.status(**good) == 200
        for number in range(100):
            assert it.status(**{other: f"sid=guess{number}"}) == 401
        late = it.ask(**{other: "sid=another"})
        assert (late.response.status, late.asked, late.audit["denied"]) == (429, [], "rate")
        assert dict(late.response.headers)["retry-after"] == "60"
        assert it.status("192.0.2.8", **{other: "sid=another"}) == 401
        assert it.status(**good) == 200
        it.setup.clock.now += 40  # longer than what who-am-I says is cached
        assert it.status(**good) == 200
        assert it.status(**{other: "sid=another"}) == 429
        it.setup.clock.now += 20
        assert it.status(**{other: "sid=another"}) == 401


@pytest.mark.parametrize("engine", sorted(GUARDS))
def test_keys_guessed_beside_an_own_one_where_a_tenant_is_named_are_braked(
    engine: str, tmp_path: Path
) -> None:
    own = {"authorization": "Bearer key-of-ann"}

    def status(**more: str) -> int:
        sent = Request("GET", "/users/bob", tuple({**own, **more}.items()))
        return it.guard.exchange(sent).response.status

    with Asking(engine, "orgs_keys", tmp_path) as it:
        assert status() == 200
        for number in range(105):
            assert status(**{"x-org-id": f"guess{number}"}) == 200
        assert status(**{"x-org-id": "another"}) == 429
        assert status(**{"x-org-id": "guess7"}) == 200
        assert status() == 200


NAMELESS = {
    "no id": {"body": '{"id":null}'},
    "null": {"body": "null"},
    "an account of guests": {"headers": {"cache-control": "no-cache"}, "body": '{"id":"guest"}'},
}


@pytest.mark.parametrize("said", sorted(NAMELESS))
@pytest.mark.parametrize("engine", sorted(GUARDS))
def test_guesses_that_who_am_i_answers_without_a_name_count(
    engine: str, said: str, tmp_path: Path
) -> None:
    with Asking(engine, "callers", tmp_path) as it:
        it.setup.upstream.script[-1] = {"request": {"target": "/me"}, "answer": NAMELESS[said]}
        for number in range(100):
            assert it.status(cookie=f"sid=guess{number}") == (
                503 if said == "an account of guests" else 401
            )
        late = it.ask(cookie="sid=another")
        assert (late.response.status, late.asked) == (429, [])


@pytest.mark.parametrize("engine", sorted(GUARDS))
def test_a_who_am_i_that_fails_counts_nobody(engine: str, tmp_path: Path) -> None:
    with Asking(engine, "callers", tmp_path) as it:
        answer = {"status": 500, "body": "{}"}
        it.setup.upstream.script[-1] = {"request": {"target": "/me"}, "answer": answer}
        for number in range(105):
            assert it.status(cookie=f"sid={number}") == 503


@pytest.mark.parametrize("engine", sorted(GUARDS))
def test_who_was_known_and_is_not_is_braked_like_all(engine: str, tmp_path: Path) -> None:
    with Asking(engine, "callers", tmp_path) as it:
        assert it.status(cookie="sid=ann") == 200
        it.setup.upstream.script.insert(0, GUESSED)
        it.setup.clock.now += 3600  # remembered for an hour at least
        for number in range(98):
            assert it.status(cookie=f"sid=guess{number}") == 401
        assert it.status(cookie="sid=ann") == 401
        assert it.status(cookie="sid=another") == 401
        it.setup.clock.now += 31
        late = it.ask(cookie="sid=ann")
        assert (late.response.status, late.asked) == (429, [])


@pytest.mark.parametrize("engine", sorted(GUARDS))
def test_guesses_beside_a_credential_of_ones_own_count(engine: str, tmp_path: Path) -> None:
    with Asking(engine, "callers", tmp_path) as it:
        for number in range(105):
            assert it.status(cookie="sid=ann", authorization=f"Basic guess{number}") == 200
        late = it.ask(cookie="sid=ann", authorization="Basic another")
        assert (late.response.status, late.asked) == (429, [])
        assert it.status("192.0.2.8", cookie="sid=ann", authorization="Basic another") == 200
        it.setup.clock.now += 40
        assert it.status(cookie="sid=ann", authorization="Basic guess1") == 200
        assert it.status(cookie="sid=ann") == 429  # was never sent alone


@pytest.mark.parametrize("engine", sorted(GUARDS))
def test_a_credential_that_the_contract_names_once_more_is_guessed_all_the_same(
    engine: str, tmp_path: Path
) -> None:
    with Asking(engine, "callers", tmp_path, {"cookies": ["sid", "theme"]}) as it:
        known = {"target": "/me", "headers": {"authorization": "Bearer own"}}
        it.setup.upstream.script.insert(0, {"request": known, "answer": {"body": '{"id":"ann"}'}})
        for number in range(105):
            assert it.status(authorization="Bearer own", cookie=f"sid=guess{number}") == 200
        late = it.ask(authorization="Bearer own", cookie="sid=another")
        assert (late.response.status, late.asked) == (429, [])


@pytest.mark.parametrize("engine", sorted(GUARDS))
def test_guesses_in_whatever_cookie_beside_a_credential_of_ones_own_count(
    engine: str, tmp_path: Path
) -> None:
    with Asking(engine, "visitors", tmp_path) as it:
        for number in range(106):
            assert it.status(authorization="Bearer own", cookie=f"sessionid=g{number}") == 200
        late = it.ask(authorization="Bearer own", cookie="sessionid=another")
        assert (late.response.status, late.asked) == (429, [])
        away = {"authorization": "Bearer own", "cookie": "sessionid=another"}
        assert it.status("192.0.2.8", **away) == 429
        it.setup.clock.now += 40  # longer than what who-am-I says is cached
        assert it.status(authorization="Bearer own", cookie="sessionid=g105") == 200
        assert it.status(authorization="Bearer own") == 200
        assert it.status(authorization="Bearer theirs", cookie="sessionid=another") == 200
        it.setup.clock.now += 20
        assert it.status(authorization="Bearer own", cookie="sessionid=another") == 200


@pytest.mark.parametrize("engine", sorted(GUARDS))
@pytest.mark.parametrize("file", ["forgery", "forgery_keys"])
def test_values_against_forgery_are_no_guesses(engine: str, file: str, tmp_path: Path) -> None:
    with Asking(engine, file, tmp_path) as it:
        for number in range(105):
            assert it.status(**{"cookie": f"XSRF-TOKEN={number}", "x-csrf-token": "t"}) == 200
        assert it.status(cookie="sid=guess") == {"forgery": 200, "forgery_keys": 401}[file]


@pytest.mark.parametrize("engine", sorted(GUARDS))
def test_people_who_send_two_credentials_each_are_no_guesses(engine: str, tmp_path: Path) -> None:
    with Asking(engine, "callers", tmp_path) as it:
        for number in range(120):
            known = {"target": "/me", "headers": {"cookie": f"sid={number}"}}
            said = {"request": known, "answer": {"body": f'{{"id":"u{number}"}}'}}
            it.setup.upstream.script.insert(0, said)
            for key in ("a", "b"):
                found = it.ask(cookie=f"sid={number}", authorization=f"Bearer {key}")
                assert found.audit["denied"] != "rate"


@pytest.mark.parametrize("engine", sorted(IMPLEMENTATIONS))
def test_guesses_that_are_sent_at_once_are_no_more(engine: str, tmp_path: Path) -> None:
    with Asking(engine, "callers", tmp_path) as it:
        for number in range(95):
            assert it.status(cookie=f"sid=guess{number}") == 401
        statuses: list[tuple[int, str]] = []
        answer, left = it.setup.upstream.answer, iter(range(20))

        def slow(request: Request) -> Response | None:
            """While one is asked about, the next one comes."""
            if request.target == "/me" and (number := next(left, None)) is not None:
                found = it.ask(cookie=f"sid=another{number}").response
                wait = dict(found.headers).get("retry-after", "")
                statuses.append((found.status, wait))
            return answer(request)

        object.__setattr__(it.setup, "upstream", Slow(slow))
        assert it.status(cookie="sid=first") == 401
        assert statuses == [(429, "1"), *[(401, "")] * 4]
        assert it.status(cookie="sid=last") == 429


@pytest.mark.parametrize("engine", sorted(IMPLEMENTATIONS))
def test_who_is_somebody_gives_the_place_back(engine: str, tmp_path: Path) -> None:
    with Asking(engine, "callers", tmp_path) as it:
        for number in range(99):
            assert it.status(cookie=f"sid=guess{number}") == 401
        for number in range(9):
            known = {"target": "/me", "headers": {"cookie": f"sid=s{number}"}}
            said = {"request": known, "answer": {"body": '{"id":"ann"}'}}
            it.setup.upstream.script.insert(0, said)
            assert it.status(cookie=f"sid=s{number}") == 200
        it.setup.upstream.script.insert(0, {"request": {"target": "/me"}, "answer": "nothing"})
        it.setup.clock.now += 2
        for number in range(3):  # of whom nobody says who they are
            assert it.status(cookie=f"sid=n{number}") == 503
        it.setup.upstream.script.pop(0)
        assert it.status(cookie="sid=another") == 401
        assert it.status(cookie="sid=last") == 429


class Slow(Upstream):
    def __init__(self, answer: Callable[[Request], Response | None]) -> None:
        super().__init__([])
        self._answer = answer

    def answer(self, request: Request) -> Response | None:
        return self._answer(request)


ADDRESSES = st.one_of(
    st.ip_addresses().map(str),
    st.ip_addresses(v=6).map(lambda each: each.exploded),
    st.ip_addresses(v=4).map("::ffff:{}".format),
    st.ip_addresses(v=4).map("{}:443".format),
    st.ip_addresses(v=6).map("[{}]:443".format),
    st.text("0123456789abcdef:.[]%xG ", max_size=24),
)


@given(ADDRESSES)
@example(":::")
@example("1::x")
def test_an_address_is_counted_alike_everywhere(text: str) -> None:
    found = runtime().eval(b'require("oakum.address").block')(text.encode())
    assert (found and found.decode()) == block(text)


@given(st.ip_addresses(v=6), st.integers(0, 2**64 - 1))
def test_another_address_of_the_same_network_is_no_other_caller(one: object, host: int) -> None:
    number = int(one)  # type: ignore[call-overload]
    other = type(one)(number >> 64 << 64 | host)  # type: ignore[call-arg]
    mapped = number >> 32 == 0xFFFF
    assert mapped or block(str(one)) == block(str(other)) or (number >> 64) == 0


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("2001:DB8::1", "2001:db8:0:0::/64"),
        ("[2001:db8:0:0::2]:443", "2001:db8:0:0::/64"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("::FFFF:c000:201", "192.0.2.1"),
        ("192.0.2.1:80", "192.0.2.1"),
        ("192.0.02.1", None),
        ("unknown", None),
        (":::", None),
        ("1::x", None),
        ("", None),
    ],
)
def test_another_spelling_is_no_other_caller(text: str, said: str | None) -> None:
    assert block(text) == said
