"""Work as a number that no load changes: calls in Python, instructions of the machine in Lua."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import FrameType
from typing import Any


def calls(run: Callable[[], object]) -> int:
    """Functions that Python enters, built-in ones included, while this runs."""
    counted = 0

    def hear(frame: FrameType, event: str, about: object) -> None:
        nonlocal counted
        counted += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(hear)
    try:
        run()
    finally:
        sys.setprofile(before)
    return counted


STEP = 100
"""Instructions from one look of the counter to the next."""

COUNTER = b"""
jit.off()
jit.flush()
return function(work, text)
  local looks = 0
  debug.sethook(function() looks = looks + 1 end, "", 100)
  work(text)
  debug.sethook()
  return looks
end
"""


def instructions(lua: Any, work: Any, text: bytes) -> int:
    """Instructions of the virtual machine that a function of Lua takes, to the nearest `STEP`."""
    return int(lua.execute(COUNTER)(work, text)) * STEP
