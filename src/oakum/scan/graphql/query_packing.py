"""Groups fields of the root into as few queries as a request may hold."""

from __future__ import annotations

from collections.abc import Sequence

from oakum.scan.graphql.selection_sets import Root


def pack(roots: Sequence[Root], most: int, fields: int) -> list[list[Root]]:
    """Groups roots by kind into at most `most` groups, unless that exceeds `fields` fields in one
    of them."""
    if len(roots) <= most:
        return [[root] for root in roots]
    groups: list[list[Root]] = []
    for root in sorted(roots, key=lambda each: (each.rank, bool(each.holes()))):
        share = max(len(roots) // most, 1)
        last = groups[-1] if groups else []
        size = sum(each.pick.size for each in last) + root.pick.size
        alike = last and last[0].rank == root.rank and bool(last[0].holes()) == bool(root.holes())
        if last and alike and len(last) <= share and size <= fields:
            last.append(root)
        else:
            groups.append([root])
    return groups
