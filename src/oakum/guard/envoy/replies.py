"""What Envoy says by itself, in the words of every other denial."""

from __future__ import annotations

from collections.abc import Iterator

from oakum.contract.model import Json
from oakum.guard.envoy.parts import SPACE
from oakum.guard.target import PROBLEM_HEADERS, RETRY_AFTER, problem

STATUSES = (400, 401, 403, 404, 408, 413, 422, 426, 429, 431, 500, 501, 502, 503, 504)
"""Those that a problem body is ready for; the sentinel knows the same."""


def local_replies() -> dict[str, Json]:
    """The first mapper that matches makes the reply; the policy's own replies are left alone."""
    line = {"filter": SPACE, "path": [{"key": "line"}], "value": {"present_match": True}}
    ours = {"metadata_filter": {"matcher": line, "match_if_key_not_found": False}}
    return {"mappers": [{"filter": ours}, *_mappers()]}


def _mappers() -> Iterator[dict[str, Json]]:
    upgrade = {"header_filter": {"header": {"name": "upgrade", "present_match": True}}}
    yield _mapper(_all(status("EQ", 403), upgrade), 404)  # an upgrade that no path takes
    yield _mapper(status("EQ", 403), 502)  # the gate: the policy has failed
    yield _mapper(status("EQ", 500), 502)  # an answer longer than the buffer, or no policy
    overflow = {"response_flag_filter": {"flags": ["UO", "OM"]}}
    yield _mapper(_all(status("EQ", 503), overflow), 503)
    yield _mapper(status("EQ", 503), 502)  # the API refused, cut off, or spoke no HTTP
    for each in STATUSES:
        yield _mapper(status("EQ", each), each)


def _mapper(condition: dict[str, Json], made: int) -> dict[str, Json]:
    headers = [*PROBLEM_HEADERS[1:]]
    if made in (429, 503):
        headers.append(("retry-after", RETRY_AFTER))
    return {
        "filter": condition,
        "status_code": made,
        "headers_to_add": [
            {"header": {"key": name, "value": value}, "append_action": "OVERWRITE_IF_EXISTS_OR_ADD"}
            for name, value in headers
        ],
        "body_format_override": {
            "text_format_source": {"inline_string": problem(made)},
            "content_type": dict(PROBLEM_HEADERS)["content-type"],
        },
    }


def status(comparison: str, value: int) -> dict[str, Json]:
    """A filter on the status of a reply: `EQ`, `GE` or `LE` the value."""
    against = {"default_value": value, "runtime_key": "oakum.unset"}
    return {"status_code_filter": {"comparison": {"op": comparison, "value": against}}}


def _all(*filters: dict[str, Json]) -> dict[str, Json]:
    return {"and_filter": {"filters": list(filters)}}
