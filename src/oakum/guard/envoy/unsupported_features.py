"""What Envoy cannot serve of a contract: streams of events or lines, and unknown methods."""

from __future__ import annotations

from collections.abc import Iterator

from oakum.errors import Problem
from oakum.http.media_type import essence
from oakum.openapi.document import Document
from oakum.routing.content_type import FEEDS

_METHODS = """ACL BIND CHECKOUT CONNECT COPY DELETE GET HEAD LINK LOCK MERGE MKACTIVITY MKCALENDAR
MKCOL MOVE NOTIFY OPTIONS PATCH POST PROPFIND PROPPATCH PURGE PUT QUERY REBIND REPORT SEARCH SOURCE
SUBSCRIBE TRACE UNBIND UNLINK UNLOCK UNSUBSCRIBE"""
"""Methods that Envoy accepts; it answers others with 400, and QUERY without a body."""


def unserved_operations(document: Document) -> Iterator[Problem]:
    """Warns about each operation that Envoy refuses or does not know."""
    for operation in document.operations:
        answers = [each for several in operation.responses.values() for each in several]
        if any(essence(each.type) in FEEDS for each in answers):
            yield Problem(
                document.locate(operation.pointer),
                f"`{operation.id}` is a feed, and Envoy refuses feeds",
                "`--engine nginx` filters it event by event",
            )
        if operation.method not in _METHODS.split():
            yield Problem(
                document.locate(operation.pointer),
                f"Envoy does not know the method `{operation.method}` of `{operation.id}`",
                "`--engine nginx` and the middleware accept it",
            )
