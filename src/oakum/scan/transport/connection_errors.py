"""Why a request got no response, and whether the target or a proxy caused it.

No message contains the credentials of a proxy.
"""

from __future__ import annotations

from oakum.errors import TargetError
from oakum.exchange import Request
from oakum.http.origin import origin_of
from oakum.scan.transport.connection_options import Connection

_WANTS_CREDENTIALS = 407
"""RFC 9110, 15.5.8: only a proxy requests its own credentials with this status."""
_OF_TLS = ("SSL", "CERTIFICATE", "WRONG_VERSION", "TLS")


class Unreachable(TargetError):
    """No response; `again`: whether repeating the request is safe."""

    def __init__(self, message: str, *, again: bool) -> None:
        super().__init__(message)
        self.again = again


class NoAnswerError(Unreachable):
    """A request was sent, and no answer came in time."""

    def __init__(self, message: str) -> None:
        super().__init__(message, again=False)


def no_connection(origin: str, said: str, connection: Connection) -> Unreachable:
    """After an error before any byte of a request was sent; `said`: its message."""
    # TLS with the target is spoken inside a tunnel, once the proxy has been reached.
    of_target = origin.startswith("https:") and any(each in said.upper() for each in _OF_TLS)
    if connection.proxy and not of_target:
        words = _why_not(f"the proxy `{origin_of(connection.proxy)}`", said, "is it running?")
        return Unreachable(words, again=True)
    words = _why_not(f"`{origin}`", said, "is the API running?")
    if connection.proxy.startswith("https:"):
        words += f"; or the proxy `{origin_of(connection.proxy)}` does not speak TLS as it should"
    return Unreachable(words, again=True)


def _why_not(place: str, said: str, question: str) -> str:
    if "refused" in said:
        return f"nothing listens at {place}; {question}"
    if "Name or service" in said or "resolution" in said or "getaddrinfo" in said:
        return f"the host of {place} cannot be resolved"
    if "CERTIFICATE" in said.upper():
        hint = "if its authority is your own, name its file in `SSL_CERT_FILE`"
        return f"the certificate of {place} is not trusted here; {hint}"
    if "SSL" in said or "WRONG_VERSION" in said:
        return f"{place} does not speak TLS; is it `http://`?"
    return f"no connection to {place}"


def no_tunnel(request: Request, said: str) -> Unreachable:
    """After a proxy has not connected to the target; `said`: its status and reason."""
    status = said[:3] if said[:3].isdigit() else "no answer that is understood"
    return _not_passed(request, status)


def asks_for_credentials(request: Request, status: int, proxy: str | None) -> bool:
    """Whether an answer is the proxy's own demand. Inside a tunnel only the target answers."""
    is_plain = bool(proxy) and request.url.startswith("http:")
    return is_plain and status == _WANTS_CREDENTIALS


def not_passed(request: Request) -> Unreachable:
    """After a proxy has asked for credentials."""
    return _not_passed(request, f"{_WANTS_CREDENTIALS}")


def _not_passed(request: Request, status: str) -> Unreachable:
    words = f"the proxy lets no {request.method} pass to `{origin_of(request.url)}`: {status}"
    if status != f"{_WANTS_CREDENTIALS}":
        return Unreachable(words, again=True)
    hint = "it wants a user name and a password: `--proxy http://user:password@host:port`"
    return Unreachable(f"{words}; {hint}", again=False)


def ended_early(request: Request, connection: Connection, *, again: bool) -> Unreachable:
    """After the connection was closed in place of an answer."""
    place = f"`{origin_of(request.url)}`"
    if connection.proxy:
        place += f", or the proxy `{origin_of(connection.proxy)}`,"
    words = f"{place} closed the connection before it answered a {request.method}"
    return Unreachable(words, again=again)
