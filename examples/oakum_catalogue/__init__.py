"""Small APIs, one leak each, with a twin that does not leak: the patterns of leaks, to play with.

One module each, in a package for each pattern. `oakum demo catalogue list` and `serve` show them to
people; the tests hold the scanner to them: it must find all of every leaky one, and nothing in its
twin.
"""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache

from oakum_catalogue.kit import Entry

__all__ = ["Entry", "entries"]


@cache
def entries() -> dict[str, Entry]:
    """All of them by name, in the order of the patterns."""
    found: list[Entry] = []
    for package in pkgutil.iter_modules(__path__):
        if package.ispkg:
            inner = importlib.import_module(f"{__name__}.{package.name}")
            for module in pkgutil.iter_modules(inner.__path__):
                each = importlib.import_module(f"{inner.__name__}.{module.name}")
                found.append(each.ENTRY)
    return {each.name: each for each in found}
