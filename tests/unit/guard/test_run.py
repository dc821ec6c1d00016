"""What supervises an engine: it is kept alive, given new contracts, and ended in good order."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.client import HTTPConnection
from pathlib import Path
from socket import AF_INET6, create_server, has_ipv6
from typing import Any

import pytest

from oakum.errors import InputError, TargetError
from oakum.guard import run
from oakum.guard.run import EngineSupervisor, GuardEvent, GuardOptions, run_engine
from tests.gateway.puppet import NEVER_SWAPPED, RELOADED_BY_SIGNAL, SWAPPED, Puppet
from tests.patience import patient, tries, wait
from tests.ports import free_port
from tests.unit.guard.small import DOCUMENT, KEYED, OTHER, POLICY, write

pytestmark = pytest.mark.server


@pytest.fixture
def contract(tmp_path: Path) -> Path:
    return write(tmp_path)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "_POLL", 0.02)
    monkeypatch.setattr(run, "_BACKOFF", (0.01, 0.02))


def options(contract: Path, **more: Any) -> GuardOptions:
    return GuardOptions(
        contract, "http://127.0.0.1:9", "127.0.0.1:0", more.pop("engine", Puppet()), **more
    )


@contextmanager
def guarded(
    options: GuardOptions, lines: list[bytes] | None = None
) -> Iterator[tuple[EngineSupervisor, list[GuardEvent]]]:
    told: list[GuardEvent] = []
    with run_engine(options, told.append, lines.append if lines is not None else None) as guard:
        yield guard, told


def ask(address: str, path: str = "/") -> tuple[int, str]:
    connection = HTTPConnection(address, timeout=patient(5))
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    finally:
        connection.close()


def contract_of(guard: EngineSupervisor) -> str:
    return str(json.loads(ask(guard.listen)[1])["contract"])


def until(guard: EngineSupervisor, true: Callable[[], bool]) -> None:
    for _ in tries(10, pause=0.005):
        if true():
            return
        guard.tick()
    raise AssertionError("it never came")


def kinds(told: list[GuardEvent]) -> list[str]:
    return [each.kind for each in told]


# ------------------------------------------------------------ start and end


def test_it_says_what_it_guards_once_the_engine_answers(contract: Path) -> None:
    with guarded(options(contract)) as (guard, told):
        (first,) = told
        assert ask(guard.listen)[0] == 200
        assert first.words.startswith(
            f"guarding http://127.0.0.1:9 on http://{guard.listen} with puppet: 1 endpoints,"
            " contract "
        )
        assert contract_of(guard) == first.data["contract"]


def test_the_folder_is_private_and_gone_afterwards(contract: Path) -> None:
    engine = Puppet()
    with guarded(options(contract, engine=engine)) as (guard, _):
        ask(guard.listen)
        folder = engine.validated[0].parent
        assert (folder / "audit.jsonl").exists()
        assert folder.stat().st_mode & 0o777 == 0o700
        assert all(file.stat().st_mode & 0o077 == 0 for file in folder.rglob("*") if file.is_file())
        assert not engine.validated[0].exists()
    assert not folder.exists()


def test_the_engine_is_ended_in_good_order(contract: Path) -> None:
    lines: list[bytes] = []
    with guarded(options(contract), lines) as (guard, _):
        address = guard.listen
    assert json.loads(lines[-1])["op"] == "end"
    with pytest.raises(OSError):
        ask(address)


def test_an_engine_that_does_not_end_is_killed(contract: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr(run, "_GRACE", 0.1)
    deaf = replace(SWAPPED, stop=signal.SIGCONT)
    with guarded(options(contract, engine=Puppet(control=deaf))) as (guard, _):
        address = guard.listen
    with pytest.raises(OSError):
        ask(address)


def test_an_engine_that_does_not_come_up_is_told_with_its_words(contract: Path) -> None:
    with pytest.raises(TargetError, match=r"puppet did not start listening on .*: it is broken"):
        run_engine(options(contract, engine=Puppet(broken=True)), lambda _: None).__enter__()


def test_an_engine_that_fails_once_is_started_again(contract: Path) -> None:
    with guarded(options(contract, engine=Puppet(fails=1))) as (guard, told):
        assert ask(guard.listen)[0] == 200
        assert kinds(told) == ["guarding"]


def test_an_address_in_use_is_refused_before_anything_starts(contract: Path) -> None:
    with create_server(("127.0.0.1", 0)) as other:
        listen = f"127.0.0.1:{other.getsockname()[1]}"
        with pytest.raises(InputError, match=f"--listen `{listen}`: address already in use"):
            run_engine(replace(options(contract), listen=listen), lambda _: None).__enter__()


def test_a_contract_with_a_mistake_does_not_start(contract: Path) -> None:
    contract.write_text(POLICY.replace("[owner]", "[ownr]"), encoding="utf-8")
    with pytest.raises(InputError, match=r"exposure.yaml:7:.*`ownr`"):
        run_engine(options(contract), lambda _: None).__enter__()


# ------------------------------------------------------------ secrets


def test_a_secret_that_nobody_has_set_is_told_at_its_line(
    contract: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CLINIC_KEY", raising=False)
    contract.write_text(KEYED, encoding="utf-8")
    with pytest.raises(InputError, match=r"exposure.yaml:8:\d+: `CLINIC_KEY` is not set"):
        run_engine(options(contract), lambda _: None).__enter__()


def test_secrets_reach_the_engine_through_its_environment_and_no_file(
    contract: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLINIC_KEY", "made-up-service-key")
    monkeypatch.setenv("SOMEBODYS_TOKEN", "not-for-the-engine")
    contract.write_text(KEYED, encoding="utf-8")
    state = tmp_path / "state"
    with guarded(options(contract, state=state)) as (guard, told):
        seen = json.loads(ask(guard.listen)[1])["env"]
        assert seen.keys() == {"PATH", "CLINIC_KEY", "OAKUM_AUDIT_KEY"}
        assert seen["CLINIC_KEY"] == "made-up-service-key"
        assert len(seen["OAKUM_AUDIT_KEY"]) == 64
        written = b"".join(file.read_bytes() for file in state.rglob("*") if file.is_file())
        assert b"made-up-service-key" not in written
        assert seen["OAKUM_AUDIT_KEY"].encode() not in written
        assert "made-up-service-key" not in str(told)


def test_the_key_of_the_audit_is_the_operators_when_there_is_one(
    contract: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OAKUM_AUDIT_KEY", "made-up-audit-key")
    with guarded(options(contract)) as (guard, _):
        assert json.loads(ask(guard.listen)[1])["env"]["OAKUM_AUDIT_KEY"] == "made-up-audit-key"


# ------------------------------------------------------------ the engine dies


def test_a_dead_engine_is_started_again_and_that_is_said(contract: Path) -> None:
    with guarded(options(contract)) as (guard, told):
        first = json.loads(ask(guard.listen)[1])["pid"]
        with pytest.raises(OSError):
            ask(guard.listen, "/die")
        until(guard, lambda: "restarted" in kinds(told))
        assert json.loads(ask(guard.listen)[1])["pid"] != first
        assert kinds(told) == ["guarding", "died", "restarted"]
        assert told[1].words == "puppet ended with code 7; it restarts in 0.01 s"
        assert "oakum_guard_restarts_total 1" in guard.text()


def test_an_engine_that_keeps_dying_is_started_ever_later(contract: Path) -> None:
    engine = Puppet()
    with guarded(options(contract, engine=engine)) as (guard, told):
        engine.broken = True
        with pytest.raises(OSError):
            ask(guard.listen, "/die")
        until(guard, lambda: kinds(told).count("died") == 3)
        assert [each.data["wait"] for each in told if each.kind == "died"] == [0.01, 0.02, 0.02]
        assert not guard.up and "oakum_guard_up 0" in guard.text()


# ------------------------------------------------------------ a new contract


@pytest.mark.parametrize("control", [SWAPPED, RELOADED_BY_SIGNAL])
def test_a_changed_contract_is_swapped_in_under_the_running_engine(
    contract: Path, control: Any
) -> None:
    lines: list[bytes] = []
    with guarded(options(contract, engine=Puppet(control=control)), lines) as (guard, told):
        before = json.loads(ask(guard.listen)[1])
        contract.write_text(OTHER, encoding="utf-8")
        until(guard, lambda: "reloaded" in kinds(told))
        after = json.loads(ask(guard.listen)[1])
        assert after["pid"] == before["pid"]
        assert after["contract"] == told[-1].data["contract"] != before["contract"]
        assert 'oakum_guard_reloads_total{outcome="accepted"} 1' in guard.text()
        assert f'contract="{after["contract"]}"' in guard.text()
        if control.reload is not None:
            until(guard, lambda: any(b"reopened" in line for line in lines))


def test_an_engine_that_cannot_swap_is_started_anew(contract: Path) -> None:
    with guarded(options(contract, engine=Puppet(control=NEVER_SWAPPED))) as (guard, told):
        before = json.loads(ask(guard.listen)[1])
        contract.write_text(OTHER, encoding="utf-8")
        until(guard, lambda: "reloaded" in kinds(told))
        after = json.loads(ask(guard.listen)[1])
        assert after["pid"] != before["pid"] and after["contract"] != before["contract"]
        assert "died" not in kinds(told)


def test_a_mistake_in_the_new_contract_is_told_and_the_old_one_stays(contract: Path) -> None:
    with guarded(options(contract)) as (guard, told):
        before = contract_of(guard)
        contract.write_text(POLICY.replace("[owner]", "[ownr]"), encoding="utf-8")
        until(guard, lambda: "refused" in kinds(told))
        assert before in told[-1].words and "exposure.yaml:7:" in told[-1].words
        assert contract_of(guard) == before
        for _ in range(20):  # told once, not each second
            guard.tick()
            time.sleep(0.01)
        assert kinds(told).count("refused") == 1
        assert 'oakum_guard_reloads_total{outcome="refused"} 1' in guard.text()
        contract.write_text(OTHER, encoding="utf-8")
        until(guard, lambda: "reloaded" in kinds(told))
        assert contract_of(guard) != before


def test_what_the_engine_refuses_does_not_reach_it(contract: Path) -> None:
    with guarded(options(contract, engine=Puppet(refuses="phone"))) as (guard, told):
        before = contract_of(guard)
        document = contract.with_name("openapi.yaml")
        document.write_text(DOCUMENT.replace("email", "phone"), encoding="utf-8")
        contract.write_text(POLICY.replace("email", "phone"), encoding="utf-8")
        until(guard, lambda: "refused" in kinds(told))
        assert contract_of(guard) == before


def test_a_secret_that_the_new_contract_names_must_be_there(
    contract: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CLINIC_KEY", raising=False)
    with guarded(options(contract)) as (guard, told):
        contract.write_text(KEYED, encoding="utf-8")
        until(guard, lambda: "refused" in kinds(told))
        monkeypatch.setenv("CLINIC_KEY", "made-up")
        assert guard.reload()
        assert json.loads(ask(guard.listen)[1])["env"]["CLINIC_KEY"] == "made-up"


def test_the_document_and_key_files_are_watched_too(contract: Path) -> None:
    with guarded(options(contract)) as (guard, told):
        document = contract.with_name("openapi.yaml")
        document.write_text(DOCUMENT.replace("/me:", "/self:"), encoding="utf-8")
        until(guard, lambda: "reloaded" in kinds(told))


def test_a_file_that_only_the_new_contract_reads_is_watched(contract: Path) -> None:
    part = contract.with_name("part.yaml")
    part.write_text("{id: {type: string}, email: {type: string}}", encoding="utf-8")
    with guarded(options(contract)) as (guard, told):
        document = contract.with_name("openapi.yaml")
        inline = "properties: {id: {type: string}, email: {type: string}}"
        assert inline in DOCUMENT
        document.write_text(DOCUMENT.replace(inline, "$ref: part.yaml"), encoding="utf-8")
        part.write_text("properties: {id: {type: string}, email: {type: string}}")
        until(guard, lambda: kinds(told).count("reloaded") == 1)
        part.write_text("properties: {id: {type: integer}, email: {type: string}}")
        until(guard, lambda: kinds(told).count("reloaded") == 2)


# ------------------------------------------------------------ the audit


def test_audit_lines_are_counted_and_handed_on(contract: Path) -> None:
    lines: list[bytes] = []
    with guarded(options(contract), lines) as (guard, _):
        for _ in range(3):
            ask(guard.listen, "/users")
        until(guard, lambda: sum(b"/users" in line for line in lines) == 3)
        assert 'oakum_guard_requests_total{denied="",op="/users",status="200"} 3' in guard.text()


def test_the_engine_writes_into_the_file_that_was_named(contract: Path, tmp_path: Path) -> None:
    audit = tmp_path / "logs.jsonl"
    audit.write_text('{"op":"old","status":200}\n', encoding="utf-8")
    with guarded(options(contract, audit=audit)) as (guard, _):
        ask(guard.listen, "/users")
        until(guard, lambda: "/users" in guard.text())
        assert 'op="old"' not in guard.text()
    assert audit.read_text(encoding="utf-8").count("/users") == 1


def test_the_audit_goes_to_a_file(contract: Path) -> None:
    with pytest.raises(
        InputError, match="is not a file that can be appended to; `-` is standard output"
    ):
        run_engine(options(contract, audit=Path("/dev/null")), lambda _: None).__enter__()


def test_a_log_that_nobody_asked_for_does_not_fill_the_disk(
    contract: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(run, "_LOG", 100)
    state = tmp_path / "state"
    with guarded(options(contract, state=state)) as (guard, _):
        for _ in range(3):
            ask(guard.listen, "/users")
        until(guard, lambda: (state / "audit.old").exists())
        until(guard, lambda: "reopened" in guard.text())


# ------------------------------------------------------------ its folder


def test_a_folder_that_others_may_write_to_is_refused(contract: Path, tmp_path: Path) -> None:
    state = tmp_path / "state"
    state.mkdir()
    state.chmod(0o777)
    with pytest.raises(InputError, match=r"other users may write into this folder; .*chmod 700"):
        run_engine(options(contract, state=state), lambda _: None).__enter__()


def test_two_guards_do_not_share_a_folder(contract: Path, tmp_path: Path) -> None:
    state = tmp_path / "state"
    with (
        guarded(options(contract, state=state)),
        pytest.raises(InputError, match="another guard runs in this folder"),
    ):
        run_engine(options(contract, state=state), lambda _: None).__enter__()
    with guarded(options(contract, state=state)):
        pass  # it can be used again


# ------------------------------------------------------------ health


def test_addresses_may_be_those_of_ip_6(contract: Path) -> None:
    if not has_ipv6 or not usable("::1"):
        pytest.skip("no IPv6 on this machine")
    with guarded(options(contract, admin="[::1]:0")) as (guard, told):
        assert str(told[0].data["admin"]).startswith("[::1]:")
        assert ask(guard.admin, "/readyz")[0] == 200


def test_one_address_for_requests_and_for_health_is_refused(contract: Path) -> None:
    both = f"127.0.0.1:{free_port()}"
    with pytest.raises(InputError, match=f"--listen `{both}`: address already in use"):
        run_engine(replace(options(contract, admin=both), listen=both), lambda _: None).__enter__()


def usable(host: str) -> bool:
    try:
        create_server((host, 0), family=AF_INET6).close()
    except OSError:
        return False
    return True


def test_health_and_metrics_are_served_beside(contract: Path) -> None:
    engine = Puppet()
    with guarded(options(contract, engine=engine, admin="127.0.0.1:0")) as (guard, told):
        admin = guard.admin
        assert ask(admin, "/healthz") == (200, "ok\n")
        assert ask(admin, "/readyz") == (200, "ready\n")
        assert "oakum_guard_up 1" in ask(admin, "/metrics")[1]
        assert ask(admin, "/other")[0] == 404
        engine.broken = True
        with pytest.raises(OSError):
            ask(guard.listen, "/die")
        until(guard, lambda: "died" in kinds(told))
        assert ask(admin, "/healthz")[0] == 200
        assert ask(admin, "/readyz")[0] == 503
    with pytest.raises(OSError):
        ask(admin, "/healthz")


def test_an_engine_that_does_not_take_a_new_contract_is_started_anew(
    contract: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run, "_APPLY", 0.02)
    deaf = replace(SWAPPED, applied="/never-another-text")
    with guarded(options(contract, engine=Puppet(control=deaf))) as (guard, told):
        before = json.loads(ask(guard.listen)[1])
        contract.write_text(OTHER, encoding="utf-8")
        assert guard.reload()
        after = json.loads(ask(guard.listen)[1])
        assert kinds(told) == ["guarding", "reloaded"]
        assert after["pid"] != before["pid"] and after["contract"] != before["contract"]


# ------------------------------------------------------------ signals

_PROGRAM = """
import sys
from pathlib import Path
from oakum.guard import run
from tests.gateway.puppet import Puppet
run._POLL = 3600.0
audit = Path(sys.argv[3]) if sys.argv[3:] else None
upstream = "http://127.0.0.1:9"
options = run.GuardOptions(Path(sys.argv[1]), upstream, sys.argv[2], Puppet(), audit=audit)
run.serve(options, lambda each: print(each.words, flush=True))
"""


_CHANGED_AT_ONCE = _PROGRAM.replace("lambda each: print(each.words, flush=True)", "told").replace(
    "import sys\n",
    """import os, signal, sys
def told(each):
    print(each.words, flush=True)
    if each.kind == "guarding":
        Path(sys.argv[1]).write_text(OTHER, encoding="utf-8")
        os.kill(os.getpid(), signal.SIGHUP)
from tests.unit.guard.small import OTHER
""",
)


@contextmanager
def served(
    contract: Path, audit: Path | None = None, program: str = _PROGRAM
) -> Iterator[tuple[subprocess.Popen[str], str, list[str]]]:
    command = [sys.executable, "-c", program, str(contract), "127.0.0.1:0"]
    command += [str(audit)] if audit is not None else []
    root = str(Path(__file__).parents[3])
    child = subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, env=os.environ, cwd=root,
        start_new_session=True,
    )  # fmt: skip
    said: list[str] = []
    assert child.stdout is not None
    said.append(child.stdout.readline())
    reader = threading.Thread(target=lambda: said.extend(child.stdout or ()), daemon=True)
    reader.start()
    try:
        listens = re.search(r" on http://(\S+) with ", said[0])
        assert listens, said
        yield child, listens[1], said
    finally:
        child.terminate()  # a guard that is killed leaves its engine
        try:
            child.wait(patient(20))
        finally:
            child.kill()
            reader.join(patient(5))


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_when_told_and_ends_the_engine(contract: Path, number: int) -> None:
    with served(contract) as (child, listen, said):
        child.send_signal(number)
        assert child.wait(patient(10)) == 0
        assert said[0].startswith("guarding ")
    assert said[-1] == f"puppet has ended on {signal.Signals(number).name}\n"
    with pytest.raises(OSError):
        ask(listen)


def test_ctrl_c_in_a_terminal_reaches_the_engine_through_us_only(
    contract: Path, tmp_path: Path
) -> None:
    audit = tmp_path / "audit.jsonl"
    with served(contract, audit) as (child, _, _):
        os.killpg(child.pid, signal.SIGINT)
        assert child.wait(patient(10)) == 0
    assert json.loads(audit.read_text(encoding="utf-8"))["op"] == "end"  # it was told to, by us


def test_a_contract_that_changes_while_it_starts_is_read_too(contract: Path) -> None:
    with served(contract, program=_CHANGED_AT_ONCE) as (_, _, said):
        wait(lambda: any("is now in force" in line for line in said))


def test_sighup_reads_the_contract_anew(contract: Path) -> None:
    with served(contract) as (child, listen, said):
        before = json.loads(ask(listen)[1])["contract"]
        contract.write_text(OTHER, encoding="utf-8")
        child.send_signal(signal.SIGHUP)
        wait(lambda: any("is now in force" in line for line in said))
        assert json.loads(ask(listen)[1])["contract"] != before
