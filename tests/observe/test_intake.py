"""Sources: what is read, what is skipped and why, and what is not trustworthy."""

from __future__ import annotations

import gzip
import io
import json
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from oakum.errors import InputError
from oakum.traffic.recorded_exchange import RecordedExchange, UnusableRecord, from_entry, from_log
from oakum.traffic.survey import Surveyor, observation
from oakum.traffic.traffic_files import LONGEST, STDIN, TrafficSource, records, sources

ENTRY: dict[str, Any] = {
    "request": {
        "method": "get",
        "url": "https://api.example.com/users/7?q=1",
        "headers": [{"name": "Cookie", "value": "sid=1"}, {"name": "cookie", "value": "b=2"}],
    },
    "response": {
        "status": 200,
        "headers": [{"name": "Content-Type", "value": "application/json"}],
        "content": {"size": 9, "mimeType": "application/json", "text": '{"id": 7}'},
    },
}
ENVOY = {"start_time": "…", "method": "GET", "path": "/users/7", "response_code": 200,
         "authority": "api.example.com"}  # fmt: skip
NGINX = {"time_iso8601": "…", "request": "GET /users/7?x=1 HTTP/1.1", "status": "404"}
AUDIT = {"time": 1.0, "who": "ab12", "op": "getUser", "method": "GET", "status": 200,
         "removed": {"Member.email": 3}, "denied": None}  # fmt: skip


def read(path: Path) -> tuple[list[RecordedExchange], TrafficSource]:
    (source,) = sources([str(path)])
    return list(records(source)), source


def lines(*values: Any) -> bytes:
    return b"".join(json.dumps(value).encode() + b"\n" for value in values)


def test_an_entry_is_the_same_in_a_har_and_in_lines(tmp_path: Path) -> None:
    (tmp_path / "a.har").write_text(json.dumps({"log": {"version": "1.2", "entries": [ENTRY]}}))
    (tmp_path / "a.ndjson").write_bytes(lines(ENTRY))
    (har,), one = read(tmp_path / "a.har")
    (line,), two = read(tmp_path / "a.ndjson")
    assert har == line
    assert (one.kind, two.kind) == ("har", "lines")
    request, response = har.exchange.request, har.exchange.response
    assert (request.method, request.headers["cookie"]) == ("GET", "sid=1; b=2")
    assert (response.status, response.is_json, response.body) == (200, True, b'{"id": 7}')
    assert (har.body, har.headers) == ("whole", True)


def test_access_logs_tell_endpoints_and_no_bodies(tmp_path: Path) -> None:
    (tmp_path / "access.log").write_bytes(lines(ENVOY, NGINX, AUDIT))
    (envoy, nginx, audit), _ = read(tmp_path / "access.log")
    assert envoy.exchange.request.url == "//api.example.com/users/7"
    assert nginx.exchange.request.url.endswith("/users/7?x=1")
    assert nginx.exchange.response.status == 404
    assert (audit.operation, audit.who, audit.removed) == ("getUser", "ab12", {"Member.email": 3})
    assert {each.body for each in (envoy, nginx, audit)} == {"absent"}
    assert not any(each.headers for each in (envoy, nginx, audit))


@pytest.mark.parametrize("suffix", ["", ".gz", ".zst"])
def test_packed_files_read_as_the_plain_ones(tmp_path: Path, suffix: str) -> None:
    pack = {"": bytes, ".gz": gzip.compress, ".zst": zstandard.compress}[suffix]
    (tmp_path / f"a{suffix}").write_bytes(pack(lines(ENVOY, ENVOY)))
    found, source = read(tmp_path / f"a{suffix}")
    assert (len(found), source.read, source.distrust) == (2, 2, "")


@pytest.mark.parametrize("suffix", [".gz", ".zst"])
def test_a_packed_file_that_is_cut_off_is_not_to_be_trusted(tmp_path: Path, suffix: str) -> None:
    pack = {".gz": gzip.compress, ".zst": zstandard.compress}[suffix]
    text = lines(*({**ENVOY, "path": f"/users/{n * 7919}"} for n in range(5000)))
    data = pack(text)
    (tmp_path / f"a{suffix}").write_bytes(data[: len(data) // 2])
    _, source = read(tmp_path / f"a{suffix}")
    assert "truncated" in source.distrust


@pytest.mark.parametrize("end", [b"\n", b"", b"no JSON at all"])
def test_lines_whose_last_one_is_cut_off_are_not_to_be_trusted(tmp_path: Path, end: bytes) -> None:
    text = lines(ENVOY, ENVOY).rstrip(b"\n")
    (tmp_path / "a").write_bytes(text[:-9])
    found, source = read(tmp_path / "a")
    assert len(found) == 1 and "truncated" in source.distrust
    (tmp_path / "a").write_bytes(text + b"\n" + end)
    found, source = read(tmp_path / "a")
    assert len(found) == 2 and not source.distrust


def test_a_har_that_is_cut_off_keeps_what_came_before(tmp_path: Path) -> None:
    text = json.dumps({"log": {"entries": [ENTRY, ENTRY]}})
    (tmp_path / "a.har").write_text(text[:-40])
    found, source = read(tmp_path / "a.har")
    assert len(found) == 1
    assert "truncated" in source.distrust


def test_what_is_skipped_is_counted_with_its_reason(tmp_path: Path) -> None:
    (tmp_path / "a.log").write_bytes(
        lines(ENVOY, {"hello": 1}, [1], {**ENVOY, "response_code": 0}) + b"no json\n\n"
    )
    found, source = read(tmp_path / "a.log")
    assert len(found) == 1
    assert source.skipped == {
        "a record without a method": 1,
        "a line that is not a JSON object": 1,
        "a request without an answer": 1,
        "a line that is not JSON": 1,
    }


def test_a_line_that_is_too_long_is_skipped_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("oakum.traffic.traffic_files.LONGEST", 1000)
    assert LONGEST > 1000
    (tmp_path / "a.log").write_bytes(lines(ENVOY, {**ENVOY, "agent": "x" * 5000}, ENVOY))
    found, source = read(tmp_path / "a.log")
    assert len(found) == 2
    assert source.skipped == {"a line that is too long": 1}


def test_nothing_read_is_not_to_be_trusted(tmp_path: Path) -> None:
    (tmp_path / "empty.ndjson").write_bytes(b"\n")
    _, source = read(tmp_path / "empty.ndjson")
    assert "gave no exchange" in source.distrust


def test_patterns_are_spread_and_names_that_lead_nowhere_are_all_told(tmp_path: Path) -> None:
    for name in ("b.log", "a.log"):
        (tmp_path / name).write_bytes(lines(ENVOY))
    found = sources([str(tmp_path / "*.log"), str(tmp_path / "a.log"), STDIN])
    assert [Path(each.name).name for each in found] == ["a.log", "b.log", "-"]
    with pytest.raises(InputError) as raised:
        sources([str(tmp_path / "x"), str(tmp_path / "y*")])
    assert len(raised.value.problems) == 2


def test_standard_input_is_a_source(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(lines(ENVOY))))
    (source,) = sources(["-"])
    assert len(list(records(source))) == 1


def test_a_body_that_a_browser_threw_away_is_absent_and_not_empty(tmp_path: Path) -> None:
    gone = {**ENTRY["response"], "content": {"size": 900, "mimeType": "application/json"}}
    (tmp_path / "a.ndjson").write_bytes(lines({**ENTRY, "response": gone}))
    (found,), _ = read(tmp_path / "a.ndjson")
    assert found.body == "absent"


ODD = ("GET", "http://[/", "/x", "/\x1b[31m")
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=6) | st.sampled_from(ODD),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(("request", "response", "method", "url", "status", "headers", "body",
                             "content", "text", "path", "op", "removed", "name", "value")),
            inner,
            max_size=5,
        )
    ),
    max_leaves=20,
)  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(JSON)
def test_no_record_is_too_odd(value: Any) -> None:
    for read_one in (from_entry, from_log):
        with suppress(UnusableRecord):
            passed = read_one(value)
            surveyor = Surveyor(b"k")
            surveyor.take(passed)
            done = surveyor.finish()
            observation(done, [], None, "")
            seen = [*done.endpoints.values(), *(each.counts for each in done.templates)]
            assert sum(each.seen for each in seen) + sum(done.aside.values()) == 1
