"""Path parameters that hold several segments, such as `users/7` in place of `{name}`.

A gRPC service binds `/v1/{name=users/*}` to one member, and the document that is made of it has
`/v1/{name}` with `pattern: users/[^/]+`, although a path parameter is one segment (OpenAPI 3.1,
4.8.12.1). The words around the one that is chosen become part of the path, and what `name` holds
stays `users/7`: the name by which bodies call the object, too. So they do before a verb
(`/v1/{name}:purge`), which would otherwise be read as part of the name in `/v1/{name}`.

Other patterns that admit a slash (`.+`, several `[^/]+`) leave their parameter one segment.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from oakum.openapi.model import Parameter

_WORDS = r"[A-Za-z0-9_.~-]+"
_VERB = re.compile(rf"(?::{_WORDS})?")
"""A custom method (`:purge`) after the name."""
_CLASS = re.compile(r"\[[^\]]*\]")
_ANY = re.compile(r"\^?\.[+*]\$?")
"""The pattern for `**`."""
_SPREAD = re.compile(rf"\^?((?:{_WORDS}/)*)\[\^/\]\+((?:/{_WORDS})*)\$?")


def spread(path: str, parameters: Sequence[Parameter]) -> tuple[str, tuple[Parameter, ...]]:
    """The path with the literal text of such patterns, and the parameters with the text around
    their values."""
    found: list[Parameter] = []
    for each in parameters:
        place = f"{{{each.name}}}"
        said = _SPREAD.fullmatch(each.shape.pattern) if each.where == "path" else None
        if said is None or said[1] == said[2] or not _stands_alone(path, place):
            found.append(each)
            continue
        path = path.replace(place, f"{said[1]}{place}{said[2]}")
        found.append(replace(each, before=said[1], after=said[2]))
    return path, tuple(found)


def _stands_alone(path: str, place: str) -> bool:
    """Whether a parameter is a whole segment of a path, but for a verb behind it."""
    before, _, after = path.partition(place)
    verb, *_ = after.split("/")
    return before.endswith("/") and place not in after and bool(_VERB.fullmatch(verb))


def is_several_segments(parameter: Parameter) -> bool:
    """Whether a parameter may hold several segments in an unknown structure."""
    pattern = _CLASS.sub("", parameter.shape.pattern)
    kept = parameter.before or parameter.after or parameter.where != "path"
    return not kept and ("/" in pattern or bool(_ANY.fullmatch(pattern)))
