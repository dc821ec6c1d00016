"""A Lua state of its own with the guard's modules, as each worker of a gateway has one."""

from __future__ import annotations

from typing import Any

from lupa.luajit21 import LuaRuntime

from oakum.guard.lua import source


def lua_state(*modules: str) -> Any:
    """Takes and gives texts as bytes, as the engines do."""
    state = LuaRuntime(encoding=None, unpack_returned_tuples=True)
    preload = state.globals()[b"package"][b"preload"]
    for name in modules:
        preload[b"oakum." + name.encode()] = state.compile(source(name).encode())
    return state
