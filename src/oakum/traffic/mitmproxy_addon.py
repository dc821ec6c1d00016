"""An addon for mitmproxy (10 or later) that records exchanges for `oakum observe`.

    oakum observe addon > oakum_addon.py
    mitmdump -q -s oakum_addon.py --set oakum_out=- | oakum observe traffic -

The lines contain whole bodies and credentials, as mitmproxy itself has them. In a pipe they are
never stored. A file is readable by you alone (mode 0600): delete it after `oakum observe` has read
it.

It is one file, and imports nothing but mitmproxy.
"""

from __future__ import annotations

import base64
import json
import os
import sys
from typing import Any, TextIO


class OakumLines:
    """The add-on: writes one line for each finished exchange."""

    def __init__(self) -> None:
        self._out: TextIO | None = None
        self._name = ""
        self._hosts: tuple[str, ...] = ()
        self._most = 1 << 20

    def load(self, loader: Any) -> None:
        """Called once by mitmproxy when it loads the add-on: declares its three options."""
        loader.add_option("oakum_out", str, "", "where to write: a file, or - for standard output")
        loader.add_option("oakum_hosts", str, "", "only these hosts, separated by commas")
        loader.add_option(
            "oakum_body", int, self._most, "maximum bytes of a body to keep; longer ones are cut"
        )

    def configure(self, updated: set[str]) -> None:
        """Called by mitmproxy when options change: applies them."""
        from mitmproxy import ctx  # type: ignore[import-not-found]

        self.set(ctx.options.oakum_out, ctx.options.oakum_hosts, ctx.options.oakum_body)

    def set(self, out: str, hosts: str = "", most: int = 1 << 20) -> None:
        """Sets the output, the hosts and the maximum body size."""
        self._hosts = tuple(each.strip() for each in hosts.split(",") if each.strip())
        self._most = most
        if out != self._name:
            self.done()
            self._name, self._out = out, _open_output(out)

    def done(self) -> None:
        """Closes the output file."""
        if self._out is not None and self._out is not sys.stdout:
            self._out.close()
        self._out, self._name = None, ""

    def response(self, flow: Any) -> None:
        """Called by mitmproxy for each response: writes the exchange."""
        if self._out is None or (self._hosts and flow.request.pretty_host not in self._hosts):
            return
        self._out.write(json.dumps(self._line(flow), ensure_ascii=False) + "\n")
        self._out.flush()

    def _line(self, flow: Any) -> dict[str, Any]:
        asked: dict[str, Any] = {
            "method": flow.request.method,
            "url": flow.request.pretty_url,
            "headers": _headers(flow.request),
        }
        sent, cut = _body(flow.request, self._most)
        if sent and not cut and isinstance(sent, str):
            asked["body"] = sent
        peer = getattr(flow.client_conn, "peername", None)
        if peer:
            asked["peer"] = peer[0]
        came: dict[str, Any] = {
            "status": flow.response.status_code,
            "headers": _headers(flow.response),
        }
        held, cut = _body(flow.response, self._most)
        if isinstance(held, bytes):
            came |= {"body": base64.b64encode(held).decode("ascii"), "encoding": "base64"}
        elif held is not None:
            came["body"] = held
        if cut:
            came["truncated"] = True
        return {"at": flow.request.timestamp_start, "request": asked, "response": came}


def _open_output(out: str) -> TextIO | None:
    if out in ("", "-"):
        return sys.stdout if out else None
    made = os.open(out, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    return os.fdopen(made, "a", encoding="utf-8")


def _headers(message: Any) -> dict[str, str]:
    """Repeated ones joined, as RFC 9110 (5.3) allows; cookies by a semicolon."""
    found: dict[str, str] = {}
    for name, value in message.headers.items(multi=True):
        key = name.lower()
        between = "; " if key == "cookie" else ", "
        found[key] = f"{found[key]}{between}{value}" if key in found else value
    found.pop("content-encoding", None)  # bodies are written decompressed
    return found


def _body(message: Any, most: int) -> tuple[str | bytes | None, bool]:
    """The decompressed body, as text if possible, and whether it was cut; None without a body."""
    try:
        data = message.content
    except ValueError:  # its content encoding is wrong
        data = message.raw_content
    if data is None:
        return None, False
    kept = data[:most]
    try:
        return kept.decode("utf-8"), len(data) > most
    except UnicodeDecodeError:
        return kept, len(data) > most


addons = [OakumLines()]
