"""Envoy's own error responses as problem details, like every other denial."""

from __future__ import annotations

from collections.abc import Iterator

from oakum.guard.envoy.config_elements import SPACE
from oakum.openapi.model import Json
from oakum.routing.problem_details import PROBLEM_HEADERS, RETRY_AFTER, problem

STATUSES = (400, 401, 403, 404, 408, 413, 422, 426, 429, 431, 500, 501, 502, 503, 504)
"""Statuses with a problem body; the sentinel has the same list."""


def local_replies() -> dict[str, Json]:
    """Maps Envoy's replies; the first matching mapper wins, and the policy's own replies are left
    alone."""
    return {"mappers": [{"filter": _metadata_filter("line")}, *_mappers()]}


def _mappers() -> Iterator[dict[str, Json]]:
    upgrade = {"header_filter": {"header": {"name": "upgrade", "present_match": True}}}
    yield _mapper(_all(status("EQ", 403), upgrade), 404)  # an upgrade on a path that allows none
    yield _mapper(status("EQ", 403), 502)  # the Lua filter has failed
    unsent = {"response_flag_filter": {"flags": ["UF", "UH"]}}
    overflow = {"response_flag_filter": {"flags": ["UO", "OM"]}}
    # no API was reached, so this reveals nothing about an object
    yield _mapper(_all(status("EQ", 503), unsent), 502)
    yield _mapper(_all(status("EQ", 503), overflow), 503)
    # A write that was done is not said to have failed because its response is too long.
    for each in _DONE:
        yield _keep_status(each)
    # A failing response must not reveal an object to a caller who may see nothing of it.
    failed = (status("GE", 500), blind(True))
    yield _mapper(_all(*failed, _metadata_filter("origin")), 404, *_READABLE)
    yield _mapper(_all(*failed), 404)
    yield _mapper(status("EQ", 500), 502)  # a response longer than the buffer, or no policy
    yield _mapper(status("EQ", 503), 502)  # the API refused, closed the connection or broke HTTP
    for each in STATUSES:
        yield _mapper(status("EQ", each), each)


_DONE = tuple(each for each in range(200, 300) if each != 204)
"""Statuses of a success that may have a body (RFC 9110, 15.3): an unknown one counts as 200."""


def _keep_status(done: int) -> dict[str, Json]:
    """The status of a write that was done, in place of Envoy's reply to a response too long for its
    buffer."""
    said = {"string_match": {"exact": str(done)}}
    matcher = {"filter": SPACE, "path": [{"key": "done"}], "value": said}
    was_done = {"metadata_filter": {"matcher": matcher, "match_if_key_not_found": False}}
    made = _mapper(_all(status("EQ", 500), was_done), done)
    made["headers_to_add"] = [_header("cache-control", "private, no-store")]
    made["body_format_override"] = {"text_format_source": {"inline_string": ""}}
    return made


_READABLE = (
    ("access-control-allow-origin", f"%DYNAMIC_METADATA({SPACE}:origin)%"),
    ("access-control-allow-credentials", "true"),
)


def blind(said: bool) -> dict[str, Json]:
    """A filter: whether the policy has marked the object as concealed from this caller."""
    return _metadata_filter("blind", said)


def _metadata_filter(key: str, said: bool = True) -> dict[str, Json]:
    value = {"present_match": True} if said else {"string_match": {"exact": ""}}
    matcher = {"filter": SPACE, "path": [{"key": key}], "value": value}
    return {"metadata_filter": {"matcher": matcher, "match_if_key_not_found": not said}}


def _mapper(condition: dict[str, Json], made: int, *more: tuple[str, str]) -> dict[str, Json]:
    # All headers, also the media type: in the same order as the policy writes them.
    headers = [*PROBLEM_HEADERS, *more]
    if made in (429, 503):
        headers.append(("retry-after", RETRY_AFTER))
    return {
        "filter": condition,
        "status_code": made,
        "headers_to_add": [_header(name, value) for name, value in headers],
        "body_format_override": {
            "text_format_source": {"inline_string": problem(made)},
            "content_type": dict(PROBLEM_HEADERS)["content-type"],
        },
    }


def _header(name: str, value: str) -> dict[str, Json]:
    header = {"key": name, "value": value}
    return {"header": header, "append_action": "OVERWRITE_IF_EXISTS_OR_ADD"}


def status(comparison: str, value: int) -> dict[str, Json]:
    """A filter on the reply's status: `EQ`, `GE` or `LE` the value."""
    against = {"default_value": value, "runtime_key": "oakum.unset"}
    return {"status_code_filter": {"comparison": {"op": comparison, "value": against}}}


def _all(*filters: dict[str, Json]) -> dict[str, Json]:
    return {"and_filter": {"filters": list(filters)}}
