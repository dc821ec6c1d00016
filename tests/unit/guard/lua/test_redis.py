"""The fleet's count: Redis may refuse more, never allow more, and never keeps a request waiting."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from socket import AF_INET, create_connection, socket
from struct import pack
from threading import Barrier, Thread

import pytest
from redis import Redis

from tests.patience import patient, tries
from tests.ports import free_port
from tests.unit.guard.lua_state import lua_state

NOW = 1_800_000_000.0
KEY = b"a key of the whole fleet"
LOOPBACK = bytes((127, 0, 0, 1))
PATIENT = 2.0
"""Seconds for tests that need an answer, on a machine that may be busy."""
PASSWORD = "p@ss:word/made%up"
_LIMITS = b"""{
  {name = "Member", kind = "distinct", most = 100, per = 3600},
  {name = "callers", kind = "rate", most = 100, per = 3600},
}"""
_OPEN = (
    b"""
local path, url, key, log, timeout = ...
local redis = {url = url, key = key, log = log, timeout = timeout}
return require("oakum.shared").open(path, %b, redis)
"""
    % _LIMITS
)

server = pytest.mark.skipif(not shutil.which("redis-server"), reason="no redis-server is installed")


class Node:
    """One worker of one node: a file of its own, the fleet's Redis."""

    def __init__(self, path: Path, url: str, timeout: float | None = None) -> None:
        self.path, self.said = path, list[str]()
        self.lua = lua_state("hash", "redis", "shared")
        opened = self.lua.execute(_OPEN, os.fsencode(path), url.encode(), KEY, self._log, timeout)
        assert not isinstance(opened, tuple), opened
        self.state = opened

    def _log(self, level: bytes, text: bytes) -> None:
        self.said.append(f"{level.decode()} {text.decode()}")

    def awake(self) -> None:
        """Does not wait any longer before it asks Redis again."""
        self.lua.execute(b"(...).fleet.rest = 0", self.state)

    def move(self, port: int | None) -> None:
        """Has an address of this machine at another port, or none."""
        where = None if port is None else pack("=H", AF_INET) + pack(">H4s8x", port, LOOPBACK)
        self.lua.execute(
            b"""
            local state, family, at = ...
            state.fleet.address = at and { family = family, length = #at, address = at }""",
            self.state,
            int(AF_INET),
            where,
        )

    def distinct(self, caller: str, owner: str, most: int = 100) -> bool:
        call = self.state[b"distinct"]
        return call(self.state, 0, caller.encode(), owner.encode(), most, 3600.0, NOW) is True

    def distinct_all(self, caller: str, owners: list[str]) -> bool:
        listed = self.lua.table_from([owner.encode() for owner in owners])
        call = self.state[b"distinct_all"]
        return call(self.state, 0, caller.encode(), listed, 100, 3600.0, NOW) is True

    def rate(self, caller: str, most: int = 100) -> bool:
        return self.state[b"rate"](self.state, 1, caller.encode(), most, 3600.0, NOW) is True


Make = Callable[..., Node]


@pytest.fixture
def node(tmp_path: Path) -> Iterator[Make]:
    made: list[Path] = []

    def make(url: str, timeout: float | None = None) -> Node:
        made.append(tmp_path / f"state{len(made)}")
        return Node(made[-1], url, timeout)

    yield make
    for each in made:
        each.unlink()


@contextmanager
def redis_server(port: int, folder: Path, *options: str) -> Iterator[None]:
    command = ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", "", *options]
    running = subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL)
    try:
        for _ in tries(5):
            with suppress(OSError):
                create_connection(("127.0.0.1", port), patient(0.2)).close()
                break
        yield
    finally:
        running.kill()
        running.wait(patient(10))


@contextmanager
def listening(answer: bytes | None, backlog: int = 5) -> Iterator[int]:
    """A server that says `answer` to whatever it receives; None: nothing, ever."""
    with socket() as endpoint:
        endpoint.bind(("127.0.0.1", 0))
        endpoint.listen(backlog)
        kept: list[socket] = []

        def serve() -> None:
            try:
                while True:
                    kept.append(endpoint.accept()[0])
                    kept[-1].recv(65536)
                    kept[-1].sendall(answer or b"")
            except OSError:
                return

        if answer is not None:
            Thread(target=serve, daemon=True).start()
        yield int(endpoint.getsockname()[1])
        for each in kept:
            each.close()


def took(call: Callable[[], object]) -> float:
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def url(port: int) -> str:
    return f"redis://127.0.0.1:{port}"


# --------------------------------------------------------------------------- a fleet that counts


@server
def test_two_nodes_together_show_what_one_may(node: Make, tmp_path: Path) -> None:
    port = free_port()
    with redis_server(port, tmp_path):
        nodes = [node(url(port), PATIENT), node(url(port), PATIENT)]
        barrier = Barrier(2)

        def greedy(turn: int) -> set[str]:
            barrier.wait(patient(20))
            mine = [f"o{(n + 150 * turn) % 300}" for n in range(300)]
            return {owner for owner in mine if nodes[turn].distinct("u1", owner)}

        with ThreadPoolExecutor(2) as pool:
            first, second = pool.map(greedy, range(2))
        assert len(first | second) == 100
        assert first and second
        # What one node showed is seen for the other too, though the budget is used up.
        assert all(nodes[1].distinct("u1", owner) for owner in first)
        assert not nodes[1].distinct("u1", "new")
        assert nodes[1].distinct("u2", "new")
        assert [each.said for each in nodes] == [[], []]


@server
def test_a_list_passes_whole_or_counts_for_nothing_in_the_fleet(node: Make, tmp_path: Path) -> None:
    port = free_port()
    with redis_server(port, tmp_path):
        one, other = node(url(port), PATIENT), node(url(port), PATIENT)
        assert one.distinct_all("u1", [f"o{n}" for n in range(60)])
        assert not other.distinct_all("u1", [f"p{n}" for n in range(41)])
        assert other.distinct_all("u1", [f"p{n}" for n in range(40)])
        assert not one.distinct("u1", "o60")
        # A new contract says less than what was shown already.
        assert not other.distinct("u1", "new", most=50)
        assert other.distinct("u1", "o7", most=50)


@server
def test_two_nodes_together_let_as_many_calls_pass_as_one(node: Make, tmp_path: Path) -> None:
    port = free_port()
    with redis_server(port, tmp_path):
        nodes = [node(url(port), PATIENT), node(url(port), PATIENT)]
        barrier = Barrier(2)

        def greedy(turn: int) -> int:
            barrier.wait(patient(20))
            return sum(nodes[turn].rate("u1") for _ in range(150))

        with ThreadPoolExecutor(2) as pool:
            assert sum(pool.map(greedy, range(2))) == 100
        assert not any(each.rate("u1") for each in nodes)
        assert all(each.rate("u2", most=2) for each in nodes)
        assert not any(each.rate("u2", most=2) for each in nodes)
        # An owner that a caller has seen is no call of theirs, and the other way round.
        assert nodes[0].distinct("u1", "o1")
        assert [each.said for each in nodes] == [[], []]


@server
def test_a_call_that_the_fleet_refused_asks_it_no_more(node: Make, tmp_path: Path) -> None:
    port = free_port()
    with redis_server(port, tmp_path), Redis(port=port) as redis:
        one, other = node(url(port), PATIENT), node(url(port), PATIENT)
        assert one.rate("u1", most=2) and one.rate("u1", most=2)
        assert not other.rate("u1", most=2)
        asked = redis.info("commandstats")["cmdstat_eval"]["calls"]
        assert not any(each.rate("u1", most=2) for each in (one, other, other))
        assert redis.info("commandstats")["cmdstat_eval"]["calls"] == asked


@server
def test_when_redis_dies_each_node_counts_calls_alone(node: Make, tmp_path: Path) -> None:
    port = free_port()
    with redis_server(port, tmp_path):
        nodes = [node(url(port), PATIENT), node(url(port), PATIENT)]
        assert all(each.rate("u1", most=5) for each in nodes)
    for each in nodes:
        assert [each.rate("u1", most=5) for _ in range(6)] == [True] * 4 + [False] * 2
        assert len(each.said) == 1 and each.said[0].startswith("warn redis cannot be used: ")


@server
def test_redis_holds_no_id_and_forgets_when_the_window_is_over(node: Make, tmp_path: Path) -> None:
    port = free_port()
    with redis_server(port, tmp_path):
        assert node(url(port), PATIENT).distinct_all("caller-in-clear", ["owner-a", "owner-b"])
        with Redis(port=port) as redis:
            (name,) = redis.keys()
            members = redis.smembers(name)
            assert name.startswith(b"oakum:") and len(members) == 2
            for each in (name, *members):
                assert b"owner" not in each and b"caller" not in each and b"Member" not in each
            assert 3600 <= redis.ttl(name) <= 3660
            redis.flushall()
            assert node(url(port), PATIENT).rate("caller-in-clear")
            (name,) = redis.keys()
            assert b"caller" not in name and 3600 <= redis.ttl(name) <= 3660
            assert redis.get(name) == b"1"


@server
def test_password_user_and_database(node: Make, tmp_path: Path) -> None:
    port = free_port()
    escaped = "p%40ss%3Aword%2Fmade%25up"
    with redis_server(port, tmp_path, "--requirepass", PASSWORD):
        for who in (f":{escaped}", f"default:{escaped}"):
            assert node(f"redis://{who}@localhost:{port}/3", PATIENT).distinct("u1", f"o{who}")
        with Redis(port=port, password=PASSWORD, db=3) as redis:
            (name,) = redis.keys()
            assert redis.scard(name) == 2
        outsider = node(url(port), PATIENT)
        assert outsider.distinct("u1", "o1")
        assert outsider.said == [
            "warn redis cannot be used: it answers NOAUTH; this node counts alone until it can"
        ]


# --------------------------------------------------------------------------- a fleet without Redis


@server
def test_when_redis_dies_each_node_counts_alone_and_says_so_once(
    node: Make, tmp_path: Path
) -> None:
    port = free_port()
    with redis_server(port, tmp_path):
        nodes = [node(url(port), PATIENT), node(url(port), PATIENT)]
        assert all(each.distinct_all("u1", [f"o{n}" for n in range(70)]) for each in nodes)
    for each in nodes:
        assert sum(each.distinct("u1", f"o{n}") for n in range(300)) == 100
        assert len(each.said) == 1 and each.said[0].startswith("warn redis cannot be used: ")
    with redis_server(port, tmp_path):
        time.sleep(1.05)
        assert not nodes[0].distinct("u1", "p1"), "Redis forgot, this node did not"
        assert nodes[1].distinct("u2", "p1")
        assert nodes[1].said[1:] == ["info redis can be used again"]


@server
def test_a_restart_of_redis_between_two_questions_is_no_outage(node: Make, tmp_path: Path) -> None:
    port = free_port()
    one = None
    for owner in ("o1", "o2"):
        with redis_server(port, tmp_path):
            one = one or node(url(port), PATIENT)
            assert one.distinct("u1", owner)
            with Redis(port=port) as redis:
                assert len(redis.keys()) == 1
    assert one is not None and one.said == []


def test_a_redis_that_never_answers_delays_one_request_a_second(node: Make) -> None:
    """Whether it was asked is seen by who connects."""
    with socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(300)
        one = node(url(int(listener.getsockname()[1])))
        begun = time.monotonic()
        assert 0.045 < took(lambda: one.distinct("u1", "o1")) < patient(0.3)
        assert callers(listener) == 1
        for n in range(200):
            if time.monotonic() - begun < 0.9:  # within the second
                one.distinct("u2", f"p{n}")
        assert callers(listener) == 0
        assert len(one.said) == 1 and "no answer in time" in one.said[0]
        time.sleep(1.0)
        assert 0.045 < took(lambda: one.distinct("u1", "o2")) < patient(0.3)
        paused = time.monotonic()
        assert callers(listener) == 1
        time.sleep(1.1)
        if time.monotonic() - paused < 1.9:  # the second pause is twice as long
            one.distinct("u1", "o3")
        assert callers(listener) == 0
        assert len(one.said) == 1
        assert not one.distinct("u2", "o1")


def callers(listener: socket) -> int:
    """How many have connected since this was asked last."""
    listener.setblocking(False)
    count = 0
    with suppress(BlockingIOError):
        while True:
            listener.accept()[0].close()
            count += 1
    return count


def test_a_redis_that_accepts_nobody_delays_as_little(node: Make) -> None:
    with listening(None, backlog=0) as port:
        waiting = []
        for _ in range(3):  # fills the queue of connections, so that the next one hangs
            each = socket()
            each.setblocking(False)
            each.connect_ex(("127.0.0.1", port))
            waiting.append(each)
        one = node(url(port))
        assert 0.045 < took(lambda: one.distinct("u1", "o1")) < patient(0.3)
        assert "no answer in time" in one.said[0]
        for each in waiting:
            each.close()


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (b"HTTP/1.1 400 Bad Request\r\n", "it does not speak as Redis does"),
        (b"+OK\r\n", "it does not speak as Redis does"),
        (b":-1\r\n", "it does not speak as Redis does"),
        (b"-LOADING u1 in memory\r\n", "it answers LOADING"),
        (b"x" * 2000, "it answers at length"),
    ],
)
def test_what_is_no_answer_is_an_outage(node: Make, answer: bytes, why: str) -> None:
    with listening(answer) as port:
        one = node(url(port), PATIENT)
        assert one.distinct("u1", "o1")
        assert one.said == [
            f"warn redis cannot be used: {why}; this node counts alone until it can"
        ]


def test_redis_is_asked_for_the_first_sight_only_and_never_past_the_nodes_own_count(
    node: Make,
) -> None:
    with listening(b":1\r\n") as port:
        one = node(url(port), PATIENT)
        for _ in range(3):
            assert one.distinct("u1", "o1")  # the server answers once: a second question would wait
        assert one.said == []
        assert not one.distinct_all("u1", [f"p{n}" for n in range(100)])
        assert one.said == []


@pytest.mark.parametrize(
    ("address", "key", "why"),
    [
        ("rediss://127.0.0.1", KEY, "it is not of the form `redis://host:port`"),
        ("redis://secret@127.0.0.1", KEY, "a password stands after a colon"),
        ("redis://127.0.0.1:6379/one", KEY, "it is not of the form"),
        ("redis://127.0.0.1", b"short", "a key of at least 16 bytes"),
    ],
)
def test_what_cannot_be_used_is_said_without_a_password(
    tmp_path: Path, address: str, key: bytes, why: str
) -> None:
    opened = lua_state("hash", "redis", "shared").execute(
        _OPEN, os.fsencode(tmp_path / "state"), address.encode(), key, None, None
    )
    assert isinstance(opened, tuple) and opened[0] is None
    assert why in opened[1].decode()
    assert b"secret" not in opened[1]


def test_a_name_without_an_address_is_an_outage(node: Make) -> None:
    one = node("redis://nowhere.invalid:1")
    outage = "warn redis cannot be used: no address is known for `nowhere.invalid`"
    assert one.said == [f"{outage}; this node counts alone until it can"]
    for number in range(20):
        one.awake()
        assert took(partial(one.distinct, f"u{number}", "o1")) < patient(0.1)
        assert not one.distinct(f"u{number}", "o2", most=1)
    assert len(one.said) == 1


@server
@pytest.mark.parametrize("known", [False, True])
def test_a_name_is_looked_up_anew_while_redis_cannot_be_reached(
    node: Make, tmp_path: Path, known: bool
) -> None:
    """At the start it had no address, or the one of a server that is no more."""
    port, gone = free_port(), free_port()
    with redis_server(port, tmp_path):
        nodes = [node(f"redis://localhost:{port}", PATIENT), node(url(port), PATIENT)]
        nodes[0].move(gone if known else None)
        assert nodes[0].distinct("u1", "o1", most=1)
        assert "cannot be used" in nodes[0].said[0]
        for number, _ in enumerate(tries(10)):
            nodes[0].awake()
            nodes[0].distinct(f"c{number}", "o1", most=1)
            if nodes[0].said[1:]:
                break
        assert nodes[0].said[1:] == ["info redis can be used again"]
        nodes[0].distinct("u2", "o1", most=1)
        assert not nodes[1].distinct("u2", "o2", most=1)


def test_the_sixth_version_of_the_internet_protocol(node: Make) -> None:
    one = node("redis://[::1]:1")
    assert one.distinct("u1", "o1")
    assert "refused" in one.said[0] or "Cannot assign" in one.said[0]
