"""A Lua state of its own with the guard's modules, as each worker of a gateway has one."""

from __future__ import annotations

import re
from typing import Any

from lupa.luajit21 import LuaRuntime

from oakum.guard.lua import source


def lua_state(*modules: str) -> Any:
    """Takes and gives texts as bytes, as the engines do. Modules come with those that they need."""
    state = LuaRuntime(encoding=None, unpack_returned_tuples=True)
    preload = state.globals()[b"package"][b"preload"]
    waiting, known = [*modules], set[str]()
    while waiting:
        name = waiting.pop()
        if name not in known:
            known.add(name)
            text = source(name)
            preload[b"oakum." + name.encode()] = state.compile(text.encode())
            waiting += re.findall(r'require[ (]*"oakum\.(\w+)"', text)
    return state
