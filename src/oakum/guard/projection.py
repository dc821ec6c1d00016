"""How a response of the API is cut down, by its media type."""

from __future__ import annotations

from collections.abc import Callable

from oakum.authz.compiled_model import answer_media
from oakum.authz.csv_projection import project_csv
from oakum.authz.project import Projection, project
from oakum.guard.compiled.enforcement_plan import kind_of
from oakum.http.media_type import is_json
from oakum.openapi.model import Media, Operation
from oakum.routing.content_type import read_media_type
from oakum.routing.http_messages import HttpResponse

NULL = b"null"


def projector(operation: Operation, answered: HttpResponse) -> Callable[..., Projection] | None:
    """The projection for a media type; None when the response is not declared or not readable."""
    said = read_media_type([value for name, value in answered.headers if name == "content-type"])
    media = answer_media(operation, answered.status, str(said)) if said else None
    if said is None or media is None or said.charset not in ("", "utf-8", "us-ascii"):
        return None
    if is_json(said.type):
        return project
    return project_csv if said.type == "text/csv" and kind_of(media) == "csv" else None


def nullable(media: Media) -> bool:
    """Whether a whole response may be `null`, which says that there is no object: a hidden one is
    then answered so, too."""
    shape = media.shape
    if kind_of(media) != "json" or shape is None or shape.empty_as_null is not None:  # GraphQL
        return False
    return "null" in shape.kinds


def may_be_null(operation: Operation, answered: HttpResponse) -> bool:
    """`nullable` of the declared response that applies."""
    media = answer_media(operation, answered.status, answered.media)
    return media is not None and nullable(media)


def is_null(body: bytes) -> bool:
    """Whether a body is `null`, whatever white space is around it."""
    return body.strip(b" \t\r\n") == NULL
