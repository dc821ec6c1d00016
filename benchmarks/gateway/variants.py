"""What is measured, one entry a proxy: how it is started, and what it can remove.

A variant that this machine cannot run raises `Absent`, and the run says so and goes on.
"""

from __future__ import annotations

import contextlib
import importlib.util
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import orjson
import ours
import peers
import proxies
import world
from load import Absent, Server, free_port, get, started


@dataclass(frozen=True)
class Place:
    """Where the proxies of one run stand."""

    world: world.World
    upstream: Server
    core: int
    """Of the proxies; the API and the load share another one."""
    folder: Path


Start = Callable[[Place, str], contextlib.AbstractContextManager[Server]]
"""Given where, and the algorithm of the tokens."""


@dataclass(frozen=True)
class Variant:
    """One way to stand before the API."""

    name: str
    removes: Literal["nothing", "a fixed list", "by viewer"]
    start: Start
    algorithms: tuple[str, ...] = ("RS256",)
    """Each is measured; the tokens are sent also to proxies that do not look at them."""
    warm: int = 1
    """Seconds of load with each answer before it counts: a virtual machine compiles first."""


def check(variant: Variant, algorithm: str, server: Server, made: world.World) -> str:
    """What is wrong with what the callers get, or nothing."""
    for token in made.tokens[algorithm]:
        for path, whole in world.BODIES.items():
            expected = {
                "nothing": whole,
                "a fixed list": world.stripped(path),
                "by viewer": world.seen(path, world.subject(token)),
            }[variant.removes]
            status, body = get(server.port, path, token)
            if status != 200:
                return f"{status} for {path}: {body[:200]!r}"
            if orjson.loads(body) != expected:
                return f"{path} does not show {world.subject(token)} what it should"
    return ""


@contextlib.contextmanager
def _direct(place: Place, algorithm: str) -> Iterator[Server]:
    yield place.upstream


@contextlib.contextmanager
def _nginx(place: Place, algorithm: str) -> Iterator[Server]:
    port = free_port()
    command = proxies.nginx(place.folder / "nginx", port, place.upstream.port)
    with started(command, port, place.core, place.folder / "nginx.log") as server:
        yield server


@contextlib.contextmanager
def _envoy(place: Place, algorithm: str) -> Iterator[Server]:
    port = free_port()
    command = proxies.envoy(place.folder / "envoy", port, place.upstream.port)
    with started(command, port, place.core, place.folder / "envoy.log") as server:
        yield server


@contextlib.contextmanager
def _envoy_jwt(place: Place, algorithm: str) -> Iterator[Server]:
    port, folder = free_port(), place.folder / f"envoy-{algorithm}"
    keys = place.world.keys(algorithm)
    command = proxies.envoy(folder, port, place.upstream.port, keys)
    with started(command, port, place.core, folder / "log") as server:
        yield server


def _engine(name: str) -> Start:
    """Oakum's guard on an engine."""

    @contextlib.contextmanager
    def run(place: Place, algorithm: str) -> Iterator[Server]:
        port, folder = free_port(), place.folder / f"oakum-{name}-{algorithm}"
        to = place.upstream.port
        command, env = ours.engine(name, folder, port, to, place.world, algorithm)
        log = place.folder / f"oakum-{name}-{algorithm}.log"
        with started(command, port, place.core, log, env) as server:
            yield server

    return run


@contextlib.contextmanager
def _guard(place: Place, algorithm: str) -> Iterator[Server]:
    port = free_port()
    command, env = ours.guard("envoy", port, place.upstream.port, place.world.policy(algorithm))
    with started(command, port, place.core, place.folder / "guard.log", env) as server:
        yield server


def _peer(name: str, start: Callable[[Path, int, Place], peers.Start]) -> Start:
    """A server that takes a folder of its own and asks the API."""

    @contextlib.contextmanager
    def run(place: Place, algorithm: str) -> Iterator[Server]:
        port = free_port()
        command, env = start(place.folder / name, port, place)
        log = place.folder / f"{name}.log"
        with started(command, port, place.core, log, env) as server:
            yield server

    return run


def _python(app: str) -> Start:
    """A proxy in Python; `app` as ASGI servers take it."""

    @contextlib.contextmanager
    def run(place: Place, algorithm: str) -> Iterator[Server]:
        port = free_port()
        env = {
            "API_PORT": str(place.upstream.port),
            "API_KEYS": str(place.world.keys(algorithm)),
            "API_ALGORITHM": algorithm,
            "API_CONTRACT": str(place.world.policy(algorithm)),
        }
        log = place.folder / f"{app.partition(':')[0]}.log"
        with started(_asgi(app, port), port, place.core, log, env) as server:
            yield server

    return run


def _asgi(app: str, port: int) -> list[str]:
    """The fastest server that is installed beside us; one process, one thread."""
    here = str(Path(__file__).parent)
    if importlib.util.find_spec("granian"):
        command = [sys.executable, "-m", "granian", "--interface", "asgi", "--no-ws"]
        command += ["--working-dir", here, "--log-level", "error"]
    elif importlib.util.find_spec("uvicorn"):
        command = [sys.executable, "-m", "uvicorn", "--no-access-log", "--app-dir", here]
        command += ["--log-level", "error", "--lifespan", "off"]
    else:
        raise Absent("neither `granian` nor `uvicorn` is installed")
    return [*command, "--host", "127.0.0.1", "--port", str(port), app]


BASE = Variant("Envoy, pass-through", "nothing", _envoy)
VARIANTS = (
    Variant("direct (cost of the API itself)", "nothing", _direct),
    Variant("nginx, pass-through", "nothing", _nginx),
    BASE,
    Variant("Envoy + jwt_authn, cached", "nothing", _envoy_jwt, ("RS256", "HS256")),
    Variant("Oakum on Envoy", "by viewer", _engine("envoy"), ("RS256", "HS256")),
    Variant("Oakum on nginx", "by viewer", _engine("nginx"), ("RS256", "HS256")),
    Variant("Oakum on Envoy, with its supervisor", "by viewer", _guard),
    Variant("Oakum as ASGI middleware", "by viewer", _python("guarded:app")),
    Variant("plain Python proxy", "by viewer", _python("plain:app")),
    Variant(
        "Lura (KrakenD)",
        "a fixed list",
        _peer("lura", lambda folder, port, place: peers.lura(folder, port, place.upstream.port)),
    ),
    Variant(
        "Spring Cloud Gateway",
        "a fixed list",
        _peer(
            "spring", lambda folder, port, place: peers.spring(folder, port, place.upstream.port)
        ),
        warm=15,
    ),
    Variant(
        "Wallarm API Firewall",
        "nothing",
        _peer(
            "firewall",
            lambda folder, port, place: peers.api_firewall(
                folder, port, place.upstream.port, place.world.document
            ),
        ),
    ),
)
