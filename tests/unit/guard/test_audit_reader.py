"""The engine's log: each line once, however the file comes and goes."""

from __future__ import annotations

from pathlib import Path

import pytest

from oakum.guard.audit_reader import AuditRecord, Tail, record_of


def write(path: Path, text: str) -> None:
    with path.open("a", encoding="utf-8") as file:
        file.write(text)


def read(tail: Tail) -> list[bytes]:
    return list(tail.lines())


def test_what_was_there_before_is_left_and_what_comes_is_read_once(tmp_path: Path) -> None:
    log = tmp_path / "audit.log"
    write(log, "old\n")
    with Tail(log) as tail:
        assert read(tail) == []
        write(log, "one\ntwo\n")
        assert read(tail) == [b"one", b"two"]
        assert read(tail) == []


def test_a_file_that_comes_later_is_read_from_its_start(tmp_path: Path) -> None:
    log = tmp_path / "audit.log"
    with Tail(log) as tail:
        assert read(tail) == []
        write(log, "one\n")
        assert read(tail) == [b"one"]


def test_half_a_line_waits_for_its_other_half(tmp_path: Path) -> None:
    log = tmp_path / "audit.log"
    with Tail(log) as tail:
        write(log, "one\ntw")
        assert read(tail) == [b"one"]
        assert read(tail) == []
        write(log, "o\n")
        assert read(tail) == [b"two"]


def test_a_renamed_file_is_read_to_its_end_before_its_successor(tmp_path: Path) -> None:
    log, old = tmp_path / "audit.log", tmp_path / "audit.log.1"
    with Tail(log) as tail:
        write(log, "one\n")
        assert read(tail) == [b"one"]
        log.rename(old)
        write(old, "two\n")  # the engine has not reopened it yet
        assert read(tail) == [b"two"]
        write(old, "three\n")
        write(log, "four\n")
        assert read(tail) == [b"three", b"four"]


def test_a_truncated_file_is_read_from_its_start(tmp_path: Path) -> None:
    log = tmp_path / "audit.log"
    with Tail(log) as tail:
        write(log, "one\ntwo and a ha")
        read(tail)
        log.write_text("new\n", encoding="utf-8")
        assert read(tail) == [b"new"]


def test_a_line_without_end_is_dropped_and_the_next_one_read(tmp_path: Path) -> None:
    log = tmp_path / "audit.log"
    with Tail(log) as tail:
        write(log, "x" * (3 << 20))
        read(tail)
        write(log, "\n{}\n")
        found = read(tail)
        assert found[-1] == b"{}"
        assert all(len(line) <= 1 << 21 for line in found)


def test_a_line_tells_what_became_of_a_request() -> None:
    line = (
        b'{"time":1,"contract":"3f","who":"ab","op":"getUser","method":"GET","status":200,'
        b'"upstream":200,"removed":{"Member.email":3},"denied":null,"lookups":4,"failed":1}'
    )
    assert record_of(line) == AuditRecord("getUser", 200, "", {"Member.email": 3}, 4, 1)


def test_a_request_without_an_endpoint_has_no_operation() -> None:
    assert record_of(b'{"op":null,"status":404,"denied":"route"}') == AuditRecord("", 404, "route")


@pytest.mark.parametrize(
    "line", [b"", b"-", b"[]", b"null", b'{"status":"200"}', b"{", b"\xff", b'{"op":"x"}']
)
def test_other_lines_are_no_records(line: bytes) -> None:
    assert record_of(line) is None


def test_what_is_no_number_counts_nothing() -> None:
    found = record_of(b'{"status":200,"removed":[1],"lookups":"3","failed":-1,"op":7,"denied":{}}')
    assert found == AuditRecord("", 200)
