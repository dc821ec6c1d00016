"""Work as a number that no load changes: calls in Python, instructions of the machine in Lua; for
what runs in processes of its own, seconds of a processor."""

from __future__ import annotations

import os
import resource
import sys
from collections.abc import Callable
from pathlib import Path
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


def processor_of_children() -> float:
    """Seconds of a processor that all have taken which this process has started and seen end."""
    taken = resource.getrusage(resource.RUSAGE_CHILDREN)
    return taken.ru_utime + taken.ru_stime


def processor_of_family() -> float:
    """Seconds of a processor that all running descendants of this process have taken: a browser."""
    parents, taken = dict[int, int](), dict[int, float]()
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            said = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue  # it has ended
        process = int(stat.parent.name)
        parents[process] = int(said[1])
        taken[process] = sum(map(int, said[11:15])) / os.sysconf("SC_CLK_TCK")
    return sum(taken[each] for each in parents if _descends(each, parents))


def _descends(process: int, parents: dict[int, int]) -> bool:
    above = parents.get(process, 0)
    return above == os.getpid() or (above != 0 and _descends(above, parents))
