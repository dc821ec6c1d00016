"""Ids of the identities that only their own lists reveal."""

from __future__ import annotations

from collections.abc import Iterator

from oakum.exposure.matrix import Matrix


def own_ids(matrix: Matrix) -> Iterator[tuple[str, str]]:
    """(identity, owner id) of each identity's own list, which is then taken for theirs.

    Asked for a list without naming anybody, two identities each get objects of one single owner,
    and not of the same one: then each was given their own. Nothing else is read so: a list with
    several owners says nothing of who asks.
    """
    for (endpoint, _), answers in matrix.outsiders.items():
        own = {
            viewer: next(iter(ids))
            for viewer, ids in answers.items()
            if viewer is not None and len(ids) == 1
        }
        alone = len(own) == len(answers) and len(set(own.values())) == len(own)
        if not matrix.gates[endpoint].personal and len(own) > 1 and alone:
            yield from own.items()
