"""The runtime that interprets a compiled contract inside a gateway, as one text.

The modules beside this file are constant, hand-written and independent of the engine; each engine
adds an adapter. A contract adds data only: a JSON text, never code.
"""

from __future__ import annotations

import base64
import re
import zlib
from functools import cache
from importlib.resources import files

MODULES = (
    "inflate",
    "cache",
    "json",
    "trim",
    "id_spelling",
    "decide",
    "project",
    "csv",
    "events",
    "hash",
    "shared",
    "redis",
    "jwt",
    "media",
    "nested",
    "parts",
    "headers",
    "automaton",
    "route",
    "whole",
    "credentials",
    "tenant_selection",
    "lookups",
    "subject",
    "request_places",
    "stored_object",
    "forms",
    "graphql",
    "graphql_arguments",
    "caching",
    "mentions",
    "address",
    "guesses",
    "who",
    "audit",
    "enforcement",
)
"""Modules in dependency order; those without a file are skipped."""

_REQUIRED = re.compile(r'require[ (]*"oakum\.(\w+)"')


@cache
def source(module: str) -> str:
    """Lua source of a module, `json` for `oakum.json`; raises `FileNotFoundError`."""
    return (files(__name__) / f"{module}.lua").read_text(encoding="utf-8")


def bundle(adapter: str, plan: str, *, packed: bool = False) -> str:
    """One Lua chunk: every module under `require "oakum.…"`, the plan as the local `PLAN`, then the
    adapter. `packed`: the plan deflated, a tenth of its size or less."""
    text = long_string(plan)
    if packed:
        size = len(plan.encode())
        text = f'require("oakum.inflate").text("{pack(plan)}", {size})'
    return f"{preload(MODULES)}local PLAN = {text}\n{adapter}"


def pack(text: str) -> str:
    """A text as `inflate.lua` reads it."""
    made = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    return base64.b64encode(made.compress(text.encode()) + made.flush()).decode()


def required_modules(*roots: str) -> tuple[str, ...]:
    """Names of these modules and everything they require, in dependency order."""
    found: set[str] = set()
    todo = list(roots)
    while todo:
        name = todo.pop()
        if name not in found:
            found.add(name)
            todo += _REQUIRED.findall(source(name))
    return tuple(name for name in MODULES if name in found)


@cache
def preload(modules: tuple[str, ...]) -> str:
    """Lua that registers modules in `package.preload`."""
    here = files(__name__)
    return "".join(
        f'package.preload["oakum.{name}"] = function(...)\n{source(name)}\nend\n'
        for name in modules
        if (here / f"{name}.lua").is_file()
    )


def long_string(text: str) -> str:
    """A Lua long string of a text without line ends, at a bracket level that the text does not
    close."""
    level = ""
    while f"]{level}" in text:
        level += "="
    return f"[{level}[{text}]{level}]"
