"""`oakum observe abuse`: logs and kept calls become events, a report and a deny list."""

from __future__ import annotations

import json
import re
import sys
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from pathlib import Path

import pytest
from click.testing import CliRunner

from oakum.abuse.baseline import FEWEST
from oakum.cli.main import main
from oakum.cli.observe_options import key_of
from oakum.errors import InputError
from oakum.traffic.call import Hasher
from tests.unit.guard.small import write


@dataclass(frozen=True)
class Done:
    code: int
    output: str
    stdout: str


def run(*args: object, given: str | None = None) -> Done:
    done = CliRunner().invoke(
        main, ["observe", "abuse", *map(str, args)], input=given, standalone_mode=False
    )
    if isinstance(done.exception, InputError):
        return Done(2, str(done.exception), "")
    assert done.exception is None, done.exception
    return Done(done.return_value, done.output, done.stdout)


def access(tmp_path: Path, *, walks: int = 300, callers: int = FEWEST + 5) -> Path:
    """An access log with names of callers, and without answers."""
    lines = []
    for minute in range(20):
        for who in range(callers):
            lines.append((minute * 60 + who / 100, f"user-{who}", f"/members/{who * 91 + 7}", 200))
    for i in range(walks):
        lines.append((i * 1_200 / walks, "secret-mallory", f"/members/{70_000 + i}", 404))
    file = tmp_path / "access.ndjson"
    rows = [
        {"time": 1_795_564_800 + at, "user": who, "remote_addr": "192.0.2.7", "status": status,
         "request": f"GET {path} HTTP/1.1"}
        for at, who, path, status in sorted(lines)
    ]  # fmt: skip
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return file


def test_a_log_becomes_events_a_report_and_a_deny_list(tmp_path: Path) -> None:
    log, key = access(tmp_path), tmp_path / "key"
    key.write_text("a key of the audit in tests\n")
    files = {name: tmp_path / name for name in ("report", "events", "deny")}
    done = run(log, "--key", key, "--json", files["report"], "--events", files["events"], "--deny",
               files["deny"])  # fmt: skip
    assert done.code == 1, done.output
    who = Hasher.hash_text(Hasher(b"a key of the audit in tests")("secret-mallory"))
    report = json.loads(files["report"].read_text())
    (event,) = map(json.loads, files["events"].read_text().splitlines())
    (listed,) = json.loads(files["deny"].read_text())["callers"]
    assert report["schema"] == event["schema"] == "oakum.abuse/2"
    assert [each["who"] for each in report["callers"]] == [event["who"]] == [listed["who"]] == [who]
    assert report["callers"][0]["events"][0]["kind"] == "walk"
    assert sum(point[1] for point in report["callers"][0]["series"]) == 300
    told = done.output + "".join(each.read_text() for each in files.values())
    for value in ("mallory", "user-1", "192.0.2.7", "70001"):
        assert value not in told


def test_who_the_guard_refuses_everywhere_is_told_from_its_audit_alone(tmp_path: Path) -> None:
    log, deny = tmp_path / "audit.jsonl", tmp_path / "deny"
    rows = [
        (minute * 60, f"{who:016x}", "getMember", 200)
        for minute in range(20)
        for who in range(1, FEWEST + 5)
    ]
    rows += [(i * 50, "f" * 16, f"operation{i}", 404) for i in range(20)]
    rows += [(i * 50, "anonymous", f"operation{i}", 401) for i in range(20)]
    log.write_text(
        "".join(
            json.dumps({"time": 1_795_564_800 + at, "who": who, "op": op, "method": "GET",
                        "status": status, "removed": {}}) + "\n"
            for at, who, op, status in sorted(rows)
        )
    )  # fmt: skip
    assert run(log, "--key", _key(tmp_path), "--deny", deny).code == 1
    assert [each["who"] for each in json.loads(deny.read_text())["callers"]] == ["f" * 16]


def test_a_contract_tells_whose_a_token_is_so_that_a_guard_knows_them(tmp_path: Path) -> None:
    lines = []
    for row in map(json.loads, access(tmp_path).read_text().splitlines()):
        claims = urlsafe_b64encode(json.dumps({"sub": row["user"]}).encode()).decode().strip("=")
        url = "https://club.example" + row["request"].split()[1]
        asked = {
            "method": "GET",
            "url": url,
            "headers": {"authorization": f"Bearer e30.{claims}.x"},
        }
        answer = {"status": row["status"], "headers": {}, "body": {"id": url.rpartition("/")[2]}}
        lines.append({"at": row["time"], "request": asked, "response": answer})
    log, deny = tmp_path / "log.ndjson", tmp_path / "deny"
    log.write_text("".join(json.dumps(line) + "\n" for line in lines))
    contract = write(tmp_path)
    said = contract.read_text().replace("{operation: getMe, id: /id}", "{jwt: sub}")
    contract.write_text(said + "guard: {jwt: {keys: keys.json}}\n")
    unnamed = run(log, "--key", _key(tmp_path), "--deny", deny)
    assert (unnamed.code, json.loads(deny.read_text())["callers"]) == (1, [])
    assert "known only by credentials" in unnamed.output
    run(log, "--key", _key(tmp_path), "--deny", deny, "--contract", contract)
    who = Hasher.hash_text(Hasher(b"a key of the audit in tests")("secret-mallory"))
    assert [each["who"] for each in json.loads(deny.read_text())["callers"]] == [who]


def test_a_list_that_is_there_is_added_to_and_one_that_is_broken_is_not_lost(
    tmp_path: Path,
) -> None:
    log, key, deny = access(tmp_path), tmp_path / "key", tmp_path / "deny"
    key.write_text("a key of the audit in tests")
    run(log, "--key", key, "--deny", deny)
    made = json.loads(deny.read_text())
    stays = {"who": "0" * 16, "reason": "by hand", "since": "2026-01-01T00:00:00Z",
             "until": "2999-01-01T00:00:00Z"}  # fmt: skip
    ended = stays | {"who": "1" * 16, "until": "2026-01-02T00:00:00Z"}
    deny.write_text(json.dumps(made | {"callers": [*made["callers"], stays, ended]}))
    run(log, "--key", key, "--deny", deny)
    assert {each["who"] for each in json.loads(deny.read_text())["callers"]} == {
        "0" * 16, made["callers"][0]["who"],
    }  # fmt: skip
    deny.write_text("{")
    done = run(log, "--key", key, "--deny", deny)
    assert (done.code, deny.read_text()) == (2, "{")


def test_a_deny_list_needs_the_key_of_the_guard(tmp_path: Path) -> None:
    done = run(access(tmp_path), "--deny", tmp_path / "deny")
    assert done.code == 2
    assert "OAKUM_AUDIT_KEY" in done.output
    assert not (tmp_path / "deny").exists()


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ('{"method":"GET","path":"/a","status":200,"user":"u"}\n' * 3, "no record names both"),
        (
            '{"method":"GET","path":"/a","status":200,"time":1795564800}\n' * 3,
            "no record names both",
        ),
        ("", "gave no exchange"),
        ('{"method":"GET","path":"/a/1","status":200,"user":"u","time":1795564800}\n', "minutes"),
    ],
)
def test_what_can_tell_nothing_is_never_green(given: str, why: str) -> None:
    done = run("-", given=given)
    assert done.code == 3
    assert why in done.output


def test_nobody_told_is_clean_and_events_may_go_to_a_pipe(tmp_path: Path) -> None:
    quiet = run(access(tmp_path, walks=0))
    assert quiet.code == 0
    assert "no caller does more than chance explains" in quiet.output
    piped = run("-", "--events", "-", given=access(tmp_path).read_text())
    assert [json.loads(line)["kind"] for line in piped.stdout.splitlines()] == ["walk"]


def test_several_logs_are_one_stream_in_the_order_of_time(tmp_path: Path) -> None:
    lines = access(tmp_path).read_text().splitlines(keepends=True)
    halves = tmp_path / "a.ndjson", tmp_path / "b.ndjson"
    halves[0].write_text("".join(lines[::2]))
    halves[1].write_text("".join(lines[1::2]))
    one = run(tmp_path / "access.ndjson", "--format", "json", "--key", _key(tmp_path))
    two = run(*halves, "--format", "json", "--key", _key(tmp_path))
    first, second = (json.loads(each.stdout) for each in (one, two))
    assert first["callers"] == second["callers"] != []


def _key(folder: Path) -> Path:
    file = folder / "key"
    file.write_text("a key of the audit in tests")
    return file


def test_kept_calls_are_a_source_too_and_never_make_a_list_under_another_key(
    tmp_path: Path,
) -> None:
    log, kept = access(tmp_path), tmp_path / "kept"
    keep = ["observe", "keep", str(log), "-o", str(kept)]
    assert CliRunner().invoke(main, keep, standalone_mode=False).return_value == 0
    report = json.loads(run(kept, "--format", "json").stdout)
    assert [each["events"][0]["what"] for each in report["callers"]] == ["missed"]
    assert report["sources"][0]["read"] == report["summary"]["calls"] == 20 * (FEWEST + 5) + 300
    refused = run(kept, "--deny", tmp_path / "deny", "--key", _key(tmp_path))
    assert (refused.code, "another key" in refused.output) == (2, True)


def test_under_one_key_file_a_log_and_what_was_kept_of_it_name_the_same_caller(
    tmp_path: Path,
) -> None:
    log, kept, key = access(tmp_path), tmp_path / "kept", tmp_path / "made.key"
    keep = ["observe", "keep", str(log), "-o", str(kept), "--key", str(key)]
    done = CliRunner().invoke(main, keep, standalone_mode=False)
    assert done.return_value == 0
    listed = []
    for source in (log, kept):
        deny = tmp_path / f"{source.name}.deny"
        assert run(source, "--key", key, "--deny", deny).code == 1
        listed.append([each["who"] for each in json.loads(deny.read_text())["callers"]])
    assert listed[0] == listed[1] != []


def test_what_is_not_installed_is_said_with_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "datasketches", None)
    lacking = run(access(tmp_path))
    assert (lacking.code, "pip install '.[observe]'" in lacking.output) == (2, True)


def test_kept_calls_make_a_list_under_the_key_of_the_guard(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log, key, deny = access(tmp_path, walks=150), _key(tmp_path), tmp_path / "deny"
    keep = ["observe", "keep", str(log), "-o"]
    CliRunner().invoke(main, [*keep, str(tmp_path / "a"), "--key", str(key)], standalone_mode=False)
    monkeypatch.setenv("OAKUM_AUDIT_KEY", key.read_text())
    CliRunner().invoke(main, [*keep, str(tmp_path / "b")], standalone_mode=False)
    who = Hasher.hash_text(Hasher(key.read_bytes())("secret-mallory"))
    for folder, said in (("a", ()), ("b", ("--key", key))):
        done = run(tmp_path / folder, "--deny", deny, *said)
        assert done.code == 1, done.output
        assert [each["who"] for each in json.loads(deny.read_text())["callers"]] == [who]
        deny.unlink()


def test_a_key_is_the_text_of_a_file_and_one_that_is_easily_had_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made, weak, empty = tmp_path / "made", tmp_path / "weak", tmp_path / "empty"
    key = key_of(made, make=True)
    assert re.fullmatch(rb"[0-9a-f]{64}", key)
    assert made.stat().st_mode & 0o777 == 0o600
    assert key_of(made) == key_of(made, make=True) == made.read_bytes().strip() == key
    assert len(capsys.readouterr().err.splitlines()) == 1  # that it was made
    weak.write_text(" short\n")
    weak.chmod(0o644)
    assert key_of(weak) == key_of(weak, make=True) == b"short"
    said = capsys.readouterr().err.splitlines()
    assert said[:2] == said[2:]
    assert ["fewer than 16 bytes" in said[0], "chmod 600" in said[1]] == [True, True]
    empty.touch()
    for make in (False, True):
        with pytest.raises(InputError, match="is empty"):
            key_of(empty, make=make)
    with pytest.raises(InputError):
        key_of(tmp_path / "never")
    with pytest.raises(InputError):
        key_of(tmp_path / "no folder" / "key", make=True)
