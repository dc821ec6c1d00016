"""Client certificates (RFC 8446, 4.4.2): loads one, and says why a server refuses one."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from oakum.errors import NOWHERE, InputError, Location, Problem, TargetError

_ALERTS = {
    "certificate_required": "requires a client certificate",
    "unknown_ca": "refused the client certificate: it does not know its authority",
    "bad_certificate": "refused the client certificate as bad",
    "certificate_expired": "refused the client certificate: it has expired",
    "certificate_revoked": "refused the client certificate: it is revoked",
    "certificate_unknown": "refused the client certificate",
    "unsupported_certificate": "refused the client certificate: it is of another kind",
    "handshake_failure": "refused the connection; does it require a client certificate?",
}
"""Alerts of TLS (RFC 8446, 6.2) about a certificate."""


class CertificateRefused(TargetError):
    """The server ended the connection because of the client's certificate, or for want of one."""


@dataclass(frozen=True)
class Certificate:
    """A certificate with its private key, in PEM."""

    file: Path
    key: Path | None = None
    password: Callable[[], str] | None = field(default=None, repr=False, compare=False)
    location: Location = field(default=NOWHERE, compare=False)


def load_certificate(context: ssl.SSLContext, certificate: Certificate) -> ssl.SSLContext:
    """The context with the certificate in it. Raises `InputError` if it cannot be used."""
    # Without a function OpenSSL would ask for the password of a key at the terminal.
    password = certificate.password or (lambda: "")
    try:
        context.load_cert_chain(certificate.file, certificate.key, password)
    except ssl.SSLError as error:
        said = str(error).upper()
        why = "the key does not belong to the certificate"
        if "MISMATCH" not in said:
            why = "is not a certificate with its key in PEM, or the password of the key is wrong"
        raise _wrong(certificate, why) from None
    except OSError as error:
        raise _wrong(certificate, (error.strerror or "cannot be read").lower()) from None
    return context


def _wrong(certificate: Certificate, why: str) -> InputError:
    return InputError([Problem(certificate.location, f"`{certificate.file.name}`: {why}")])


def page_refusal(body: bytes) -> str:
    """What a page says of a client certificate: nginx answers 400 over TLS that it has accepted.
    Empty for other pages."""
    if b"No required SSL certificate was sent" in body:
        return _ALERTS["certificate_required"]
    return _ALERTS["certificate_unknown"] if b"The SSL certificate error" in body else ""


def refusal(said: str) -> str:
    """What an error of a connection says of a client certificate; empty for other errors."""
    words = said.lower().replace(" ", "_")
    if "alert" not in words:
        return ""
    return next((text for alert, text in _ALERTS.items() if alert in words), "")
