"""Requests the contact that a target names for security matters (RFC 9116)."""

from __future__ import annotations

from collections.abc import Callable

from oakum.exchange import Request, Response
from oakum.http import security_txt
from oakum.http.origin import origin_of
from oakum.scan.transport.certificates import CertificateRefused
from oakum.scan.transport.governor import Governor


def request_contact(
    send: Callable[[Request], Response], target: str
) -> tuple[Response, str | None]:
    """The response to the request of a target's `security.txt`, and its text; None: it is none."""
    url = origin_of(target) + security_txt.WELL_KNOWN
    response = send(Request("GET", url, {"accept": "text/plain"}))
    if response.status != 200 or response.media_type != "text/plain":
        return response, None
    return response, response.body.decode("utf-8", "replace")


def contact_notes(governor: Governor, target: str) -> list[str]:
    """Notes on the `security.txt` of a target; none where it has none."""
    try:
        _, text = request_contact(governor.send, target)
    except CertificateRefused:
        return []  # it tells only those who show a certificate, which this request does not
    return security_txt.notes(text) if text is not None else []
