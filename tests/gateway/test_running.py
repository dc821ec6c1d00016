"""Real engines under the supervisor: what the page of the gateway says of them when things fail."""

from __future__ import annotations

import hmac
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from http.client import HTTPConnection, HTTPException
from itertools import cycle
from pathlib import Path
from socket import create_connection, create_server
from stat import S_IMODE
from typing import Any

import pytest

from oakum.errors import InputError
from oakum.guard import engines, run
from oakum.guard import envoy as of_envoy
from oakum.guard import nginx as of_nginx
from oakum.guard.denylist import DeniedCaller, render
from oakum.guard.engine_admin_client import ask_admin, path_of
from oakum.guard.engine_files import folder_of
from oakum.guard.engine_protocol import EngineTarget
from oakum.guard.engines import is_installed
from oakum.guard.envoy import Envoy
from oakum.guard.nginx import Nginx
from oakum.guard.run import EngineSupervisor, GuardEvent, GuardOptions, run_engine
from tests.gateway import upstream
from tests.gateway.club import KEY, POLICY, Club, fields
from tests.gateway.engine import whole_lines
from tests.patience import patient, tries
from tests.ports import free_port

ENGINES = [
    pytest.param(
        engine,
        id=name,
        marks=pytest.mark.skipif(not is_installed(engine()), reason=f"{name} is not installed"),
    )
    for name, engine in engines.ENGINES.items()
]


def staged(*stages: str) -> list[Any]:
    """One (stage of cadence, engine) for each engine: every pair would tell little more."""
    return [
        pytest.param((stage, each.values[0]), id=f"{each.id}-{stage}", marks=each.marks)
        for stage, each in zip(cycle(stages), ENGINES, strict=False)
    ]


REDIS = shutil.which("redis-server")
pytestmark = pytest.mark.server


@pytest.fixture(params=ENGINES)
def engine(request: pytest.FixtureRequest) -> EngineTarget:
    made: EngineTarget = request.param()
    return made


@pytest.fixture
def club(tmp_path: Path) -> Iterator[Club]:
    made = Club(tmp_path)
    made.write()
    with made.serving():
        yield made


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "_POLL", 0.05)


class Answer:
    """One request, on a connection of its own."""

    def __init__(
        self, address: str, path: str, who: str = "", timeout: float = 10, **more: str
    ) -> None:
        connection = HTTPConnection(address, timeout=patient(timeout))
        headers = {"authorization": f"Bearer tok-{who}"} if who else {}
        named = {name.replace("_", "-"): value for name, value in more.items()}
        try:
            connection.request("GET", path, headers=headers | named)
            answer = connection.getresponse()
            self.status = answer.status
            self.body = answer.read()
            self.headers = {name.lower(): value for name, value in answer.getheaders()}
        finally:
            connection.close()


class Guarded:
    """A guard, what it has told, and somebody to look after it."""

    def __init__(self, running: EngineSupervisor, told: list[GuardEvent]) -> None:
        self.running, self.told = running, told

    def ask(self, path: str, who: str = "", timeout: float = 10, **more: str) -> Answer:
        return Answer(self.running.listen, path, who, timeout, **more)

    def until(self, true: Callable[[], bool]) -> None:
        for _ in tries(20):
            if true():
                return
            self.running.tick()
        raise AssertionError([each.words for each in self.told])

    def heard(self, kind: str) -> bool:
        return any(each.kind == kind for each in self.told)


def options(club: Club, engine: EngineTarget) -> GuardOptions:
    environ = {**os.environ, "CLUB_KEY": KEY}
    return GuardOptions(club.contract, club.url, "127.0.0.1:0", engine, environ=environ)


@contextmanager
def guarded(options: GuardOptions) -> Iterator[Guarded]:
    told: list[GuardEvent] = []
    with run_engine(options, told.append) as made:
        yield Guarded(made, told)


# ------------------------------------------------------------ what passes


def test_each_caller_sees_what_the_contract_grants_them(club: Club, engine: EngineTarget) -> None:
    with guarded(options(club, engine)) as guard:
        seen = {who: guard.ask("/members/ann", who) for who in ("", "cat", "bob", "ann")}
        assert {who: fields(answer.body) for who, answer in seen.items()} == {
            "": {"id", "name"},
            "cat": {"id", "name"},
            "bob": {"id", "name", "city"},
            "ann": {"id", "name", "city", "email"},
        }
        assert guard.ask("/admin").status == 404
        guard.until(lambda: 'denied="route"' in guard.running.text())
        text = guard.running.text()
        assert 'oakum_guard_requests_total{denied="",op="getMember",status="200"} 4' in text
        assert 'oakum_guard_removed_total{field="Member.email"} 3' in text
        assert "oakum_guard_errors_total 0" in text
        assert "oakum_guard_audit_unreadable_total 0" in text


@pytest.mark.parametrize("chosen", [False, True], ids=["any free port", "a port of one's choice"])
def test_a_guard_never_takes_what_listens_at_its_port_for_its_engine(
    club: Club, engine: EngineTarget, monkeypatch: pytest.MonkeyPatch, chosen: bool
) -> None:
    """Another program took the port after it was found free and before the engine bound it."""
    spawn = subprocess.Popen
    wanted = replace(options(club, engine), listen=f"127.0.0.1:{free_port() if chosen else 0}")
    with ExitStack() as stack:
        taken: list[str] = []

        def late(command: list[str], **rest: Any) -> Any:
            if not taken:
                taken.append(guard.listen)
                host, port = guard.listen.split(":")
                stack.enter_context(create_server((host, int(port))))
            return spawn(command, **rest)

        folder = stack.enter_context(folder_of(None))
        guard = EngineSupervisor(wanted, folder, lambda _: None)
        stack.callback(guard.close)
        monkeypatch.setattr(run.subprocess, "Popen", late)
        if chosen:
            with pytest.raises(InputError, match="address already in use"):
                guard.start()
            assert not guard.up
        else:
            guard.start()
            assert guard.listen not in taken
            assert fields(Answer(guard.listen, "/members/ann", "cat").body) == {"id", "name"}


def test_no_other_user_of_the_machine_reaches_what_ends_the_engine(club: Club) -> None:
    with guarded(options(club, Envoy())) as guard:
        at = path_of(guard.running._deployment.admin)
        assert at is not None
        assert at.is_socket()
        assert S_IMODE(at.parent.stat().st_mode) == 0o700
        assert ask_admin(f"unix:{at}", "GET", "/ready")[0] == 200
    assert not at.parent.exists()


def test_who_takes_no_more_connections_is_not_ready(club: Club) -> None:
    with guarded(options(club, Envoy())) as guard:
        assert guard.running.up
        ask_admin(guard.running._deployment.admin, "POST", "/drain_listeners")
        guard.until(lambda: not guard.running.up)


def test_observing_changes_nothing_and_tells_what_it_would_have(
    club: Club, engine: EngineTarget, tmp_path: Path
) -> None:
    audit = tmp_path / "audit.jsonl"
    with guarded(replace(options(club, engine), observe=True, audit=audit)) as guard:
        assert "in observe mode" in guard.told[0].words
        assert "password" in fields(guard.ask("/members/ann").body)
        guard.until(lambda: bool(whole_lines(audit)))
    (line,) = map(json.loads, whole_lines(audit))
    assert (line["status"], line["removed"]["Member.email"]) == (200, 1)


# ------------------------------------------------------------ a new contract


RELOADS = int(os.environ.get("RELOADS", "6"))
CITY, EMAIL = "city: [{see: [owner, friend]}]", "email: [{see: [owner]}]"
CONTRACTS = {
    frozenset(("id", "name", "city")): POLICY.replace(EMAIL, "email: []"),
    frozenset(("id", "name", "email")): POLICY.replace(CITY, "city: []"),
}
"""What each shows to an owner; a mixture of the two would show both or none."""


def test_contracts_are_taken_one_after_the_other_and_never_mixed(
    club: Club, engine: EngineTarget
) -> None:
    """Under load; `RELOADS=100` for as many. Every third time a broken one comes first."""
    club.write(policy=CONTRACTS[frozenset(("id", "name", "city"))])
    seen: Counter[object] = Counter()
    with guarded(replace(options(club, engine), workers=2)) as guard:
        done = threading.Event()

        def load() -> None:
            while not done.is_set():
                try:
                    answer = guard.ask("/members/ann", "ann")
                    good = answer.status == 200
                    seen[frozenset(fields(answer.body)) if good else answer.status] += 1
                except (OSError, HTTPException) as error:
                    seen[repr(error)] += 1

        clients = [threading.Thread(target=load) for _ in range(2)]
        for client in clients:
            client.start()
        try:
            for number in range(RELOADS):
                wanted, policy = list(CONTRACTS.items())[(number + 1) % 2]
                if number % 3 == 0:
                    refused = sum(each.kind == "refused" for each in guard.told)
                    club.write(policy=policy.replace("is: owner", "is: king"))
                    guard.until(lambda n=refused: counted(guard, "refused") > n)
                before = counted(guard, "reloaded")
                club.write(policy=policy)
                guard.until(lambda n=before: counted(guard, "reloaded") > n)
                guard.until(lambda w=wanted: fields(guard.ask("/members/ann", "ann").body) == w)
        finally:
            done.set()
            for client in clients:
                client.join()
        assert not guard.heard("died")
        assert counted(guard, "reloaded") == RELOADS
        assert counted(guard, "refused") == -(-RELOADS // 3)
    assert seen.keys() == CONTRACTS.keys(), seen
    print(f"{engine.name}: {RELOADS} contracts, {seen.total()} requests, none failed or mixed")


def counted(guard: Guarded, kind: str) -> int:
    return sum(each.kind == kind for each in guard.told)


def test_a_mistake_in_a_new_contract_changes_nothing(club: Club, engine: EngineTarget) -> None:
    with guarded(options(club, engine)) as guard:
        club.write(policy=POLICY.replace("[owner, friend]", "[owner, frend]"))
        guard.until(lambda: guard.heard("refused"))
        assert "`frend`" in guard.told[-1].words
        assert fields(guard.ask("/members/ann", "bob").body) == {"id", "name", "city"}
        assert 'reloads_total{outcome="refused"} 1' in guard.running.text()


# ------------------------------------------------------------ the deny list


AUDIT = "a made-up key of the audit"


def listed(file: Path, *names: str, until: str = "2999-01-01T00:00:00Z", key: str = AUDIT) -> Path:
    whom = (hmac.digest(key.encode(), name.encode(), "sha256").hex()[:16] for name in names)
    entries = [DeniedCaller(who, "walks", "2026-01-01T00:00:00Z", until) for who in whom]
    file.write_text(render(entries, key.encode()), encoding="utf-8")
    return file


def test_callers_on_the_list_are_turned_away_and_a_changed_list_is_taken(
    club: Club, engine: EngineTarget, tmp_path: Path
) -> None:
    file = listed(tmp_path / "deny.json", "bob")
    plain = options(club, engine)
    keyed = {**plain.environ, "OAKUM_AUDIT_KEY": AUDIT}
    with guarded(replace(plain, deny=file, environ=keyed)) as guard:

        def turned() -> set[str]:
            statuses = {who: guard.ask("/members/ann", who).status for who in ("", "ann", "bob")}
            assert set(statuses.values()) <= {200, 403}
            return {who for who, status in statuses.items() if status == 403}

        assert "1 caller denied" in guard.told[0].words
        assert turned() == {"bob"}
        refused = guard.ask("/members/ann", "bob")
        assert refused.body == b'{"type":"about:blank","title":"Forbidden","status":403}'
        listed(file, "ann", "bob")
        guard.until(lambda: guard.heard("reloaded"))
        guard.until(lambda: turned() == {"ann", "bob"})
        for broken in ('{"schema": "oakum.deny/1"', None):
            before = counted(guard, "refused")
            file.unlink() if broken is None else file.write_text(broken)
            guard.until(lambda n=before: counted(guard, "refused") > n)
            assert turned() == {"ann", "bob"}
        listed(file, "bob", until="2026-01-02T00:00:00Z")
        guard.until(lambda: turned() == set())
        guard.until(lambda: 'denied="listed"' in guard.running.text())
        assert not guard.heard("died")


def test_a_list_without_the_key_of_the_audit_warns_and_a_missing_one_is_a_mistake(
    club: Club, tmp_path: Path
) -> None:
    file = listed(tmp_path / "deny.json", "bob")
    plain = replace(options(club, Envoy()), deny=file)
    environ = {name: each for name, each in plain.environ.items() if name != "OAKUM_AUDIT_KEY"}
    with guarded(replace(plain, environ=environ)) as guard:
        assert "rejects nobody: `OAKUM_AUDIT_KEY` is not set" in guard.told[0].words
        assert guard.ask("/members/ann", "bob").status == 200
    other = {**environ, "OAKUM_AUDIT_KEY": "another key"}
    with (
        pytest.raises(InputError, match="with another key"),
        guarded(replace(plain, environ=other)),
    ):
        pass
    with (
        pytest.raises(InputError, match="no such file"),
        guarded(replace(plain, deny=tmp_path / "x")),
    ):
        pass


# ------------------------------------------------------------ what dies


def pid_of(guard: Guarded) -> int:
    child = guard.running._child
    assert child is not None
    return child.pid


def alive(group: int) -> list[int]:
    """Processes of a group that can still do something."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, _, member = stat.read_text().rpartition(")")[2].split()[:3]
        except OSError:
            continue
        if int(member) == group and state not in "ZX":
            found.append(int(stat.parent.name))
    return found


def test_a_killed_engine_comes_back(club: Club, engine: EngineTarget) -> None:
    with guarded(options(club, engine)) as guard:
        died = pid_of(guard)
        os.kill(died, signal.SIGKILL)
        guard.until(lambda: guard.heard("restarted"))
        assert alive(died) == []  # nobody of old goes on, under a contract of old
        assert "ended by signal 9" in guard.told[1].words
        assert fields(guard.ask("/members/ann").body) == {"id", "name"}


def test_a_killed_worker_of_nginx_is_replaced(club: Club) -> None:
    if not is_installed(Nginx()):
        pytest.skip("apt-get install nginx libnginx-mod-http-lua")
    with guarded(options(club, Nginx())) as guard:
        assert guard.ask("/members/ann").status == 200  # it listens before it has a worker
        engine = pid_of(guard)
        worker = int(Path(f"/proc/{engine}/task/{engine}/children").read_text().split()[0])
        os.kill(worker, signal.SIGKILL)
        guard.until(lambda: not Path(f"/proc/{worker}").exists())
        assert fields(guard.ask("/members/ann", "bob").body) == {"id", "name", "city"}
        guard.running.tick()
        assert not guard.heard("died")


def test_what_is_under_way_is_answered_at_the_end(club: Club, engine: EngineTarget) -> None:
    club.slow["members"] = 1.0
    found: list[Answer] = []
    with guarded(options(club, engine)) as guard:
        client = threading.Thread(target=lambda: found.append(guard.ask("/members/ann")))
        client.start()
        guard.until(lambda: club.asked["members"] > 0)
        address = guard.running.listen
    client.join()
    assert [fields(each.body) for each in found] == [{"id", "name"}]
    with pytest.raises(OSError):
        Answer(address, "/members/ann")


def test_an_api_that_restarts_is_asked_again(tmp_path: Path, engine: EngineTarget) -> None:
    club = Club(tmp_path)
    club.write()
    port = free_port()
    club.url = f"http://127.0.0.1:{port}"
    with guarded(options(club, engine)) as guard:
        for _ in range(2):
            away = guard.ask("/members/ann")
            assert away.body == b'{"type":"about:blank","title":"Bad Gateway","status":502}'
            with in_a_process_of_its_own(port):
                for _ in range(2):
                    assert fields(guard.ask("/members/ann").body) == {"id", "name"}


BROKEN = """
openapi: 3.1.0
info: {title: Broken, version: "1"}
paths:
  /204: {get: {operationId: good, responses: {"204": {description: d}}}}
  /hangup: {get: {operationId: write, responses: {"204": {description: d}}}}
  /read/hangup: {get: {operationId: read, responses: {"204": {description: d}}}}
"""
WRITES = """
exposure: 1
api: openapi.yaml
relations: {anyone: {}}
resources: {}
operations:
  good: {call: [anyone]}
  read: {call: [anyone]}
  write: {call: [anyone], reads: false}
"""


@pytest.mark.parametrize("observe", [False, True])
def test_a_get_that_writes_is_sent_once(
    tmp_path: Path, engine: EngineTarget, *, observe: bool
) -> None:
    (tmp_path / "openapi.yaml").write_text(BROKEN)
    (tmp_path / "exposure.yaml").write_text(WRITES)
    with upstream.serving() as api:
        made = GuardOptions(tmp_path / "exposure.yaml", api.url, "127.0.0.1:0", engine)
        with guarded(replace(made, observe=observe)) as guard:
            for path, times in (("/hangup", 1), ("/read/hangup", 2)):
                guard.ask("/204")  # so that a connection is kept
                api.received.clear()
                assert guard.ask(path, x_envoy_retry_on="reset,5xx").status == 502
                assert [each.path for each in api.received] == [path] * times


@contextmanager
def in_a_process_of_its_own(port: int) -> Iterator[None]:
    """The club, killed in the end with all of its connections."""
    command = [sys.executable, "-m", "tests.gateway.club", str(port)]
    process = subprocess.Popen(command, cwd=Path(__file__).parents[2], stdout=subprocess.PIPE)
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        yield
    finally:
        process.kill()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()


def hasty() -> str:
    """A contract whose questions are given up soon: as soon as no good answer is late."""
    return POLICY.replace("timeout: 60s", f"timeout: {round(1000 * patient(0.2))}ms")


def test_a_look_up_that_hangs_closes_what_depends_on_it(club: Club, engine: EngineTarget) -> None:
    club.write(policy=hasty())
    club.slow["friends"] = 600.0
    with guarded(options(club, engine)) as guard:
        assert fields(guard.ask("/members/ann", "bob").body) == {"id", "name"}
        assert fields(guard.ask("/members/ann", "ann").body) == {"id", "name", "city", "email"}
        guard.until(lambda: "oakum_guard_lookups_failed_total 1" in guard.running.text())
        club.slow.clear()
        guard.until(lambda: fields(guard.ask("/members/ann", "bob").body) >= {"city"})


def test_a_caller_who_cannot_be_told_waits_and_nobody_else_does(
    club: Club, engine: EngineTarget
) -> None:
    club.write(policy=hasty())
    club.slow["me"] = 600.0
    with guarded(options(club, engine)) as guard:
        answer = guard.ask("/members/ann", "bob")
        assert answer.status == 503 and answer.headers["retry-after"]
        assert fields(guard.ask("/members/ann").body) == {"id", "name"}


def test_requests_go_on_while_the_supervisor_stands_still(club: Club, engine: EngineTarget) -> None:
    listen = f"127.0.0.1:{free_port()}"
    with commanded(club, engine, listen) as program:
        program.send_signal(signal.SIGSTOP)
        try:
            for _ in range(3):
                assert fields(Answer(listen, "/members/ann", "bob").body) == {"id", "name", "city"}
        finally:
            program.send_signal(signal.SIGCONT)


def test_the_program_prints_the_audit_and_ends_when_told(club: Club, engine: EngineTarget) -> None:
    listen = f"127.0.0.1:{free_port()}"
    with commanded(club, engine, listen) as program:
        Answer(listen, "/members/ann")
        program.send_signal(signal.SIGTERM)
        out, err = program.communicate(timeout=patient(20))
    assert program.returncode == 0
    assert json.loads(out)["op"] == "getMember"
    assert err == f"{engine.name} has ended on SIGTERM\n"


@contextmanager
def commanded(club: Club, engine: EngineTarget, listen: str) -> Iterator[subprocess.Popen[str]]:
    """`oakum guard` itself, its first lines read."""
    command = [sys.executable, "-m", "oakum", "guard", str(club.contract), "--audit", "-"]
    command += ["--upstream", club.url, "--listen", listen, "--engine", engine.name]
    program = subprocess.Popen(
        command, env={**os.environ, "CLUB_KEY": KEY}, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    try:
        assert program.stderr is not None
        assert program.stderr.readline().startswith(f"guarding {club.url} on http://{listen} with")
        assert "health and metrics" in program.stderr.readline()
        yield program
    finally:
        program.terminate()
        program.communicate(timeout=patient(20))


def test_once_a_contract_is_in_force_no_worker_goes_by_the_old_one(
    club: Club, engine: EngineTarget
) -> None:
    """Ann shows her city to her friend bob, and to nobody by the other contract."""
    closed = POLICY.replace("city: [{see: [owner, friend]}]", "city: [{see: [owner]}]")
    with guarded(replace(options(club, engine), workers=3)) as guard:
        started = guard.running._starts
        for policy, there in ((closed, False), (POLICY, True)) * 3:
            club.write(policy=policy)
            before = len(guard.told)
            guard.until(lambda since=before: bool(guard.told[since:]))  # type: ignore[misc]
            with ThreadPoolExecutor(12) as pool:
                bodies = pool.map(lambda _: guard.ask("/members/ann", "bob").body, range(24))
                assert {"city" in fields(body) for body in bodies} == {there}
            assert guard.told[-1].kind == "reloaded"
        assert guard.running._starts == started


MOST, SLACK = 100, 115


def shown(who: str, *guards: Guarded) -> int:
    """How many of 130 members somebody is shown who asks on several connections at once."""
    with ThreadPoolExecutor(8) as pool:
        asked = [(guards[n % len(guards)], f"/members/m{n}") for n in range(130)]
        answers = list(pool.map(lambda each: each[0].ask(each[1], who).status, asked))
    assert set(answers) <= {200, 429}
    return answers.count(200)


def test_workers_count_together(club: Club, engine: EngineTarget) -> None:
    club.write(limit=MOST)
    with guarded(replace(options(club, engine), workers=2)) as guard:
        assert MOST <= shown("cat", guard) <= SLACK
        assert guard.ask("/members/m0", "bob").status == 200


Fleet = Callable[[Guarded, Guarded], list[int]]


def of_a_fleet(club: Club, engine: EngineTarget, folder: Path, asking: Fleet) -> list[int]:
    """What two guards with one Redis answer, which has longer for it than outside of tests: a guard
    whose Redis is late counts alone for a while, as it should."""
    with pytest.MonkeyPatch.context() as patch, redis(folder) as store:
        for module in (of_envoy, of_nginx):
            patch.setattr(module, "bundle", waiting(module.bundle))
        both = replace(options(club, engine), redis=store)
        keyed = {"OAKUM_AUDIT_KEY": "made-up-key-of-the-fleet"}
        both = replace(both, environ={**both.environ, **keyed})
        with guarded(both) as one, guarded(both) as other:
            found = asking(one, other)
            logs = [each.running._deployment.folder / "engine.log" for each in (one, other)]
            assert not any("redis cannot be used" in log.read_text() for log in logs)
            return found


def waiting(bundle: Callable[..., str]) -> Callable[..., str]:
    """The runtime, with a minute for an answer of Redis."""

    def bundled(adapter: str, plan: str, **more: bool) -> str:
        made = bundle(adapter, plan, **more)
        assert made.count("options.timeout or 0.05") == 1
        return made.replace("options.timeout or 0.05", "options.timeout or 60")

    return bundled


@pytest.mark.skipif(not REDIS, reason="apt-get install redis-server")
def test_a_fleet_counts_together_as_exactly(
    club: Club, engine: EngineTarget, tmp_path: Path
) -> None:
    def asking(one: Guarded, other: Guarded) -> list[int]:
        return [shown("cat", one, other), other.ask("/members/m0", "bob").status]

    club.write(limit=MOST)
    count, untouched = of_a_fleet(club, engine, tmp_path, asking)
    assert MOST <= count <= SLACK
    assert untouched == 200


@pytest.mark.skipif(not REDIS, reason="apt-get install redis-server")
def test_two_guards_with_one_redis_count_together(
    club: Club, engine: EngineTarget, tmp_path: Path
) -> None:
    def asking(one: Guarded, other: Guarded) -> list[int]:
        statuses = [one.ask(f"/members/m{n}", "cat").status for n in range(2)]
        return [*statuses, *(other.ask(f"/members/m{n}", "cat").status for n in range(2, 5))]

    club.write(limit=3)
    assert of_a_fleet(club, engine, tmp_path, asking) == [200, 200, 200, 429, 429]


@pytest.mark.skipif(not REDIS, reason="apt-get install redis-server")
def test_two_guards_with_one_redis_count_calls_together(
    club: Club, engine: EngineTarget, tmp_path: Path
) -> None:
    def asking(one: Guarded, other: Guarded) -> list[int]:
        known = [each.ask("/members/m1", "cat").status for each in (one, one, other, other, one)]
        known.append(other.ask("/members/m1", "bob").status)
        return [*known, *(each.ask("/members/m1").status for each in (one, other, other, one))]

    rates = "callers: {rate: 3, per: 1d}\n  anonymous: {rate: 2, per: 1d}"
    club.write(policy=POLICY.replace("callers: {rate: 100000, per: 1m}", rates))
    found = of_a_fleet(club, engine, tmp_path, asking)
    assert found == [200, 200, 200, 429, 429, 200, 200, 200, 429, 429]


@contextmanager
def redis(folder: Path) -> Iterator[str]:
    """A store on a free port, in memory only."""
    port = free_port()
    command = [str(REDIS), "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir"]
    process = subprocess.Popen([*command, str(folder)], stdout=subprocess.DEVNULL)
    try:
        for _ in tries(10):
            with suppress(OSError):
                create_connection(("127.0.0.1", port), patient(1)).close()
                break
        yield f"127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(patient(10))


@pytest.mark.parametrize("host", ["127.0.0.1", "redis.invalid"])
def test_limits_hold_without_the_redis_that_several_guards_share(
    club: Club, engine: EngineTarget, host: str
) -> None:
    club.write(limit=3)
    gone = f"{host}:{free_port()}"
    alone = options(club, engine)
    with pytest.raises(InputError, match="OAKUM_AUDIT_KEY"):
        guarded(replace(alone, redis=gone)).__enter__()
    keyed = {**alone.environ, "OAKUM_AUDIT_KEY": "made-up-key-of-the-fleet"}
    with guarded(replace(alone, redis=gone, environ=keyed)) as guard:
        statuses = [guard.ask(f"/members/m{n}", "cat").status for n in range(5)]
        assert statuses == [200, 200, 200, 429, 429]
