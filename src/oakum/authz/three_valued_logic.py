"""Three-valued logic of what is known of relations: true, false, or None for unknown.

Kleene's logic (1952): the result is unknown unless the known values alone decide it, so that less
knowledge never turns true into false or false into true. A rule that shows something needs `True`.
A rule that removes something applies for `True` and for None. `lua/decide.lua` has the same two
functions.
"""

from __future__ import annotations

from collections.abc import Iterable

Truth = bool | None


def without(own: Truth, taker: Truth) -> Truth:
    """`own` and not `taker`: a relation that another one (`unless`) takes away."""
    if own is False or taker is True:
        return False
    return None if own is None or taker is None else True


def both(own: Truth, other: Truth) -> Truth:
    """Conjunction of two values."""
    return every((own, other))


def every(values: Iterable[Truth]) -> Truth:
    """Conjunction of any number of values: false if one is false, else unknown (None) if one is."""
    found: Truth = True
    for each in values:
        if each is False:
            return False
        found = None if each is None else found
    return found
