"""Tests beyond the documented requests, one file each, in the order in which they run.

A technique gets the engine after all documented endpoints were asked. It asks on through
`engine.put` (answers judged like any other, at endpoints of `Probe.otherwise`), or through
`engine.send` where it compares answers itself, and leaves what it finds as cells or as a `Signal`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import filterfalse

from oakum.scan.checks import CHECKS, Check
from oakum.scan.technique import Technique, is_silent
from oakum.scan.techniques import (
    account_enumeration,
    accounts,
    bulk_exposure,
    cache,
    calls,
    counts_of_owners,
    creations,
    feeds,
    graphql_paths,
    id_enumeration,
    inference,
    offline,
    options,
    orders,
    paired_worlds,
    parents,
    refusals,
    revocation,
    shadow_endpoints,
    tenants,
    totals,
    writes,
)


def brought(checks: Iterable[Check]) -> Iterator[Technique]:
    """Rules that bring the technique that finds them: one file has both."""
    return (each for each in checks if isinstance(each, Technique))


_BROUGHT = [*brought(CHECKS)]

TECHNIQUES: tuple[Technique, ...] = (
    *filter(is_silent, _BROUGHT),  # what is known already waits for no budget
    offline,
    calls,
    cache,
    options,
    parents,
    tenants,
    bulk_exposure,
    graphql_paths,
    shadow_endpoints,
    account_enumeration,
    inference,
    paired_worlds,
    orders,
    totals,
    counts_of_owners,
    refusals,
    revocation,
    feeds,
    writes,
    creations,
    accounts,
    id_enumeration,
    *filterfalse(is_silent, _BROUGHT),
)

__all__ = ["TECHNIQUES", "brought"]
