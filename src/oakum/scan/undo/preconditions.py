"""The state that a write is based on: an entity tag (RFC 9110, 13.1.1), or a version in its body.

An API that requires it refuses a write that names no state or an old one. Such a refusal does not
show who may write, and a write is undone only with the state that it has produced.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace

import orjson

from oakum.exchange import Request, Response, json_bytes
from oakum.exposure.knowledge import objects_of
from oakum.openapi.model import Json

_OF_TAGS = (400, 412, 428)
_OF_STATE = (*_OF_TAGS, 409, 422)
"""What may refuse the state that a request is based on, and not its caller."""


def send_on(
    send: Callable[[Request], Response],
    request: Request,
    look: Callable[[], Response | None],
    kept: Collection[str] = (),
    this: tuple[str, Json] = ("", None),
) -> Response:
    """The answer to a request; where it refuses the state that this is based on, to the same on the
    state that `look` shows. `kept`: members of the body that stay as they are; `this`: member and
    value that name the object."""
    answer = send(request)
    if answer.status not in (_OF_STATE if request.body else _OF_TAGS):
        return answer
    seen = look()
    fresh = based_on(request, seen, answer.status, kept, this) if seen is not None else request
    return answer if fresh == request else send(fresh)


def based_on(
    request: Request, seen: Response, status: int, kept: Collection[str], this: tuple[str, Json]
) -> Request:
    """A request with the tag, and the other members, of the object that an answer shows."""
    if not 200 <= seen.status < 300:
        return request
    headers, tag = request.headers, seen.headers.get("etag", "")
    if status in _OF_TAGS and tag:
        headers = {**headers, "if-match": tag}
    elif status == 428:
        headers = {**headers, "if-match": "*"}
    body = _with_members(request.body, seen.body, kept, this) if kept else request.body
    return replace(request, headers=headers, body=body)


def _with_members(
    sent: bytes, shown: bytes, kept: Collection[str], this: tuple[str, Json]
) -> bytes:
    try:
        body, seen = orjson.loads(sent), orjson.loads(shown)
    except orjson.JSONDecodeError:
        return sent
    found = [*objects_of(seen)]
    named = [each for each in found if this[0] in each and each[this[0]] == this[1]]
    fresh = _renewed(body, named or found, frozenset(kept))
    return sent if fresh == body else json_bytes(fresh)


def _renewed(body: Json, seen: list[Mapping[str, Json]], kept: frozenset[str]) -> Json:
    """The body with what the one object that has these members holds by now; unchanged where there
    are several, for one of them may be somebody else's."""
    if isinstance(body, list):
        return [_renewed(each, seen, kept) for each in body]
    if not isinstance(body, dict):
        return body
    if kept.isdisjoint(body):
        return {name: _renewed(each, seen, kept) for name, each in body.items()}
    alike = seen
    if len(alike) > 1:
        alike = [each for each in alike if kept & body.keys() <= each.keys()]
    if len(alike) > 1:
        alike = [each for each in alike if body.keys() <= each.keys()]
    if len(alike) != 1:
        return body
    return {name: each if name in kept else alike[0].get(name, each) for name, each in body.items()}
