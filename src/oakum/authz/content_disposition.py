"""Whether a file name in `content-disposition` would reveal that no object is hidden.

If something is removed from a body, the name of its file goes, since it is mostly a field of the
object. So a name that is there tells that nothing was removed: where objects of a list may be
hidden, it never passes.
"""

from __future__ import annotations

from collections.abc import Iterator

from oakum.authz.compiled_model import (
    Model,
    answer_media,
    may_be_hidden,
    resources_in,
    shapes_within,
)
from oakum.authz.project import Call
from oakum.http.media_type import essence
from oakum.openapi.model import Media, Shape
from oakum.openapi.shape_queries import ways
from oakum.policy.resource_schemas import resource_of


def shows_whole(model: Model, call: Call) -> bool:
    """Whether a name beside this response would tell that no object is hidden."""
    media = answer_media(model.operations[call.operation], call.status, call.media_type)
    return media is not None and tells_hidden(model, call.operation, media)


def tells_hidden(model: Model, operation: str, media: Media) -> bool:
    """Whether a concealed object may be missing from a response that still shows something: each
    that is not the response itself."""
    shape, rows = media.shape, essence(media.type) == "text/csv"
    shown = model.shown.get(operation, ())
    names = {name for _, name in shown}
    names |= {name for name, _ in resources_in(shape, model.bound)} if shape is not None else set()
    hidden = {each for each in names if may_be_hidden(model, each)}
    if not hidden or rows or len(hidden) > 1:
        return bool(hidden)
    if any(at for at, name in shown if name in hidden):
        return True
    return shape is not None and (
        not (shown or _is_object(model, shape))
        or any(
            name in hidden
            for each in _within_several(model, shape)
            for name, _ in resources_in(each, model.bound)
        )
    )


def _is_object(model: Model, shape: Shape) -> bool:
    """Whether a whole response is one object of a resource, or `null`."""
    return all(resource_of(way, model.bound) for way in ways(shape) if way.kinds != {"null"})


def _within_several(model: Model, shape: Shape) -> Iterator[Shape]:
    """Shapes of elements of lists and maps, and of fields of objects."""
    for at in shapes_within(shape):
        below = [thunk for thunk in (at.items, at.extra) if thunk is not None]
        if resource_of(at, model.bound):
            below += at.properties.values()
        yield from (thunk() for thunk in below)
