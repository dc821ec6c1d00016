"""Whether a target requires a client certificate.

A server may refuse by a TLS alert, which `certificates` reads, or just close the connection, as
asyncio servers do. Then another caller's request decides: the target requires a certificate if it
answers a caller with one, and then again not one without.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from oakum.errors import TargetError
from oakum.exchange import Request, Response
from oakum.http.origin import origin_of

REFUSAL = "closes each connection that shows no client certificate"


@dataclass
class RequiredCertificate:
    """What the answers of a run tell. `origin`: of the target; a certificate is shown to no other.
    `shown`: whose certificate; empty: no identity has one, so that nothing can be told."""

    origin: str = ""
    shown: str = ""
    _is_required: bool = False
    _is_optional: bool = False
    """Somebody without a certificate was answered."""

    def answers(self, request: Request) -> None:
        """Records that a request was answered."""
        if not request.certificate and origin_of(request.url) == self.origin:
            self._is_required, self._is_optional = False, True

    def is_missing(self, request: Request, ask: Callable[[Request], Response]) -> bool:
        """Whether a request got no answer because it shows no certificate. `ask` sends once."""
        is_bare = bool(self.shown) and not request.certificate
        if not is_bare or origin_of(request.url) != self.origin:
            return False
        if not (self._is_required or self._is_optional):
            bare = Request("GET", request.url.partition("?")[0], {"accept": "*/*"})
            self._is_required = _is_answered(
                replace(bare, certificate=self.shown), ask
            ) and not _is_answered(bare, ask)
        return self._is_required


def required_certificate(target: str, certificates: Iterable[str]) -> RequiredCertificate:
    """Before the first request of a run. `certificates`: the callers that show one."""
    of_tls = target.startswith("https:")
    return RequiredCertificate(origin_of(target), next(iter(certificates), "") if of_tls else "")


def _is_answered(request: Request, ask: Callable[[Request], Response]) -> bool:
    try:
        ask(request)
    except TargetError:
        return False
    return True
