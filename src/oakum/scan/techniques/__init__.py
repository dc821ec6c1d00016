"""What goes beyond the documented questions: one file each, in the order in which they run.

A technique gets the engine after all documented endpoints were asked. It asks on through
`engine.put` (answers judged like any other, at endpoints of `Gate.otherwise`), or through
`engine.send` where it compares answers itself, and leaves what it finds as cells or as a `Signal`.
"""

from __future__ import annotations

from oakum.scan.technique import Technique
from oakum.scan.techniques import (
    accounts,
    cache,
    calls,
    creations,
    feeds,
    graph,
    harvest,
    inference,
    offline,
    options,
    parents,
    stale,
    talk,
    twins,
    walk,
    worlds,
    writes,
)

TECHNIQUES: tuple[Technique, ...] = (
    offline,
    calls,
    cache,
    options,
    parents,
    harvest,
    graph,
    twins,
    talk,
    inference,
    worlds,
    stale,
    feeds,
    writes,
    creations,
    accounts,
    walk,
)

__all__ = ["TECHNIQUES"]
