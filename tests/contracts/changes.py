"""Changes of one place of a file, in as little of the file as the place needs."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sized
from typing import Any

At = tuple[Any, ...]
"""Keys that lead to a place."""


def changed(content: Any, at: At, value: Any) -> Any:
    """The content with another value at a place; what is beside the way to it is the same."""
    key, *below = at
    found = copy.copy(content)
    found[key] = changed(content[key], tuple(below), value) if below else value
    return found


def without(content: Any, at: At) -> Any:
    key, *below = at
    found = copy.copy(content)
    if below:
        found[key] = without(content[key], tuple(below))
    else:
        del found[key]
    return found


def around(content: Any, at: At, mistakes: Callable[[Any], Sized]) -> Any:
    """What a place needs around it to be without mistake, so that those of a change are its own:
    the less is read, thousands of times."""
    for depth in (0, 1):
        inner = content[at[0]] if depth else content
        if len(at) <= depth or not isinstance(inner, dict):
            break
        for key in [key for key in inner if key != at[depth]]:
            less = without(content, (*at[:depth], key))
            if not mistakes(less):
                content = less
    return content
