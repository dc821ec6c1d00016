"""Ids of the identities' objects that only their own lists reveal."""

from __future__ import annotations

from collections.abc import Iterator

from oakum.exposure.cells.matrix import Matrix


def own_ids(matrix: Matrix) -> Iterator[tuple[str, str]]:
    """(identity, owner id) for each identity's own list.

    If two identities call a list without parameters and each receives objects of a single,
    different owner, that owner id counts as their own. Lists with several owners prove nothing.
    """
    for (endpoint, _), answers in matrix.outsiders.items():
        own = {
            viewer: next(iter(ids))
            for viewer, ids in answers.items()
            if viewer is not None and len(ids) == 1
        }
        alone = len(own) == len(answers) and len(set(own.values())) == len(own)
        if not matrix.probes[endpoint].personal and len(own) > 1 and alone:
            yield from own.items()
