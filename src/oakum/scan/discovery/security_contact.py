"""The contact that a target names for security matters (RFC 9116)."""

from __future__ import annotations

from oakum.exchange import Request
from oakum.http.origin import origin_of
from oakum.scan.transport.certificates import CertificateRefused
from oakum.scan.transport.client import Governor

_CONTACTS = ("contact:", "expires:", "policy:")


def contact_lines(governor: Governor, target: str) -> list[str]:
    """Remarks on the `security.txt` of a target; none where it has none."""
    url = origin_of(target) + "/.well-known/security.txt"
    try:
        response = governor.send(Request("GET", url, {"accept": "text/plain"}))
    except CertificateRefused:
        return []  # it tells only those who show a certificate, which this request does not
    if response.status != 200 or response.media_type != "text/plain":
        return []
    text = response.body.decode("utf-8", "replace")
    fields = [line for line in text.splitlines() if line.lower().startswith(_CONTACTS)]
    return [f"security.txt says {line.strip()[:200]}" for line in fields[:6]]
