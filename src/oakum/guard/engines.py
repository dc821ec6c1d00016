"""The engines of the guard by name; each is imported only when it is used."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from oakum.errors import InputError

if TYPE_CHECKING:
    from oakum.guard.engine_protocol import EngineTarget


def _envoy() -> EngineTarget:
    from oakum.guard.envoy import Envoy

    return Envoy()


def _nginx() -> EngineTarget:
    from oakum.guard.nginx import Nginx

    return Nginx()


ENGINES: Mapping[str, Callable[[], EngineTarget]] = {"envoy": _envoy, "nginx": _nginx}
"""Engine name → its factory, in order of preference."""


def is_installed(engine: EngineTarget) -> bool:
    try:
        engine.program()
    except InputError:
        return False
    return True
