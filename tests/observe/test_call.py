"""A call: what is kept of an exchange, and that nothing of it is anybody's value."""

from __future__ import annotations

import hmac
import json
from dataclasses import astuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oakum.traffic.call import Hasher, reduce_exchange
from oakum.traffic.inventory import read
from oakum.traffic.recorded_exchange import RecordedExchange, UnusableRecord, from_entry, from_log

HASHED = Hasher(b"k" * 32)


def passed(url: str, body: object, **more: str) -> RecordedExchange:
    return from_entry(
        {
            "at": 1_795_644_000,
            "request": {"method": "GET", "url": url, "headers": {"authorization": "Bearer x.y.z"},
                        **more},
            "response": {"status": 200, "headers": {"content-type": "application/json"},
                         "body": body},
        }
    )  # fmt: skip


def test_what_one_answer_hands_out_the_next_address_asks_for_by_the_same_hash() -> None:
    lists = passed("https://a.example/members?near=Oslo", [{"id": 7}, {"id": 8, "username": "ann"}])
    body = read(lists.exchange.response.body, "application/json")
    first = reduce_exchange(lists, body, "/members", "", (), HASHED)
    then = reduce_exchange(
        passed("https://a.example/members/8", {}), {}, "/members/{id}", "", ["8"], HASHED
    )
    assert first.handed == (HASHED("7"), HASHED("8"), HASHED("ann"))
    assert first.asked == (HASHED("Oslo"),)
    assert first.count == 2
    assert then.asked == (HASHED("8"),)
    assert then.caller == first.caller != 0
    assert first.at == 1_795_644_000_000


@given(st.text(st.characters(codec="utf-8"), max_size=20))
def test_a_caller_is_known_by_the_hash_that_the_guards_audit_writes(name: str) -> None:
    mark = HASHED(name)
    who = hmac.digest(b"k" * 32, name.encode(), "sha256").hex()[:16]
    assert Hasher.hash_text(mark) == who
    assert Hasher.parse_hash(who) == mark
    line = {"op": "getMember", "removed": {}, "method": "GET", "status": 200, "who": who}
    assert (
        reduce_exchange(from_log(line), None, "/members/{id}", "getMember", (), HASHED).caller
        == mark
    )


@pytest.mark.parametrize(
    "written",
    [
        1_795_644_000, 1_795_644_000_000, "1795644000.000", "2026-11-25T22:00:00Z",
        "2026-11-25T22:00:00.000+00:00", "25/Nov/2026:22:00:00 +0000", "2026-11-25T23:00:00+01:00",
    ],
)  # fmt: skip
def test_the_same_instant_is_read_from_every_way_of_writing_it(written: object) -> None:
    line = {"method": "GET", "path": "/", "status": 200, "time": written}
    assert from_log(line).at == 1_795_644_000_000


@pytest.mark.parametrize("written", ["…", "yesterday, I think", -1, 1e300, True, "9" * 39, [], 0])
def test_an_instant_that_cannot_be_read_is_unknown(written: object) -> None:
    assert from_log({"method": "GET", "path": "/", "status": 200, "time": written}).at == 0


def test_a_number_that_no_engine_holds_makes_a_record_unusable() -> None:
    with pytest.raises(UnusableRecord, match="longer than 64 bits"):
        passed("https://a.example/members", {"id": 2**70})


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("10.0.0.1", "10.0.0.1"), ("10.0.0.1:8080", "10.0.0.1"),
        ("[2001:db8::1]:80", "2001:db8::1"),
        ("2001:db8::1", "2001:db8::1"), ("10.0.0.1, 10.9.9.9", "10.0.0.1"), ("-", ""),
    ],
)  # fmt: skip
def test_an_address_is_that_of_the_client_without_its_port(said: str, meant: str) -> None:
    line = {"method": "GET", "path": "/", "status": 200, "remote_addr": said}
    assert from_log(line).peer == meant


@given(st.text(st.characters(codec="utf-8"), min_size=6), st.integers(10**9, 2**62))
def test_no_value_of_a_person_is_in_a_call(name: str, number: int) -> None:
    secret = f"secret-{name}"
    exchange = passed(
        "https://a.example/members", {"id": number, "username": secret}, peer="192.0.2.77"
    )
    body = json.loads(exchange.exchange.response.body)
    kept = repr(astuple(reduce_exchange(exchange, body, "/members/{id}", "", [secret], HASHED)))
    assert secret not in kept
    assert repr(secret)[1:-1] not in kept
    assert "192.0.2.77" not in kept
    assert str(number) not in kept.replace(str(HASHED(str(number))), "")
