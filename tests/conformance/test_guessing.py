"""Who guesses credentials, and by what an address is counted, for the reference and the runtime."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oakum.guard.address import block
from tests.conformance.exchanges import Outcome, Request, cases
from tests.conformance.lua import runtime
from tests.conformance.test_exchanges import IMPLEMENTATIONS


@pytest.mark.parametrize("file", ["callers", "keys"])
@pytest.mark.parametrize("engine", sorted(IMPLEMENTATIONS))
def test_guessing_credentials_is_braked_and_who_is_known_goes_on(
    engine: str, file: str, tmp_path: Path
) -> None:
    case = next(case for case in cases() if case.file == file)
    setup = case.setup(tmp_path)
    good = {"callers": "sid=ann", "keys": "Bearer key-of-ann"}[file]
    name = {"callers": "cookie", "keys": "authorization"}[file]
    if file == "callers":
        turned = {"request": {"target": "/me"}, "answer": {"status": 401, "body": "{}"}}
        setup.upstream.script.append(turned)
    with IMPLEMENTATIONS[engine](setup) as guard:

        def ask(value: str, address: str = "192.0.2.7") -> Outcome:
            sent = Request("GET", "/members/ann", ((name, value),), address=address)
            return guard.exchange(sent)

        assert ask(good).response.status == 200
        for number in range(101):
            assert ask(f"sid=guess{number}").response.status == 401
        late = ask("sid=another")
        assert (late.response.status, late.asked, late.audit["denied"]) == (429, [], "rate")
        assert ask("sid=another", "192.0.2.8").response.status == 401
        assert ask(good).response.status == 200  # known before
        setup.clock.now += 60
        assert ask("sid=another").response.status == 401


ADDRESSES = st.one_of(
    st.ip_addresses().map(str),
    st.ip_addresses(v=6).map(lambda each: each.exploded),
    st.ip_addresses(v=4).map("::ffff:{}".format),
    st.ip_addresses(v=4).map("{}:443".format),
    st.ip_addresses(v=6).map("[{}]:443".format),
    st.text("0123456789abcdef:.[]%xG ", max_size=24),
)


@given(ADDRESSES)
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
        ("", None),
    ],
)
def test_another_spelling_is_no_other_caller(text: str, said: str | None) -> None:
    assert block(text) == said
