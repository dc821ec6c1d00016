"""Requests the contact that a target names for security matters (RFC 9116)."""

from __future__ import annotations

from collections.abc import Callable

from oakum.exchange import Request, Response
from oakum.http import security_txt
from oakum.http.origin import origin_of
from oakum.scan.transport.certificates import CertificateRefused
from oakum.scan.transport.rate_and_budget import Governor


def request_contact(
    send: Callable[[Request], Response], target: str
) -> tuple[Response, str | None]:
    """(the response to a request of the target's `security.txt`, its text; None if it is no such
    file)."""
    url = origin_of(target) + security_txt.WELL_KNOWN
    response = send(Request("GET", url, {"accept": "text/plain"}))
    if response.status != 200 or response.media_type != "text/plain":
        return response, None
    return response, response.body.decode("utf-8", "replace")


def contact_notes(governor: Governor, target: str) -> list[str]:
    """The lines of a target's `security.txt` as notes for the report; empty if it has none."""
    try:
        _, text = request_contact(governor.send, target)
    except CertificateRefused:
        return []  # the target requires a client certificate, which this request does not have
    return security_txt.notes(text) if text is not None else []
