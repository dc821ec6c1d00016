"""Whether this machine's clock agrees with a server's, which `Date` tells (RFC 9110, 6.6.1).

A one-time code, an ID token and a signed request are refused where the clocks differ.
"""

from __future__ import annotations

import email.utils

from oakum.exchange import Response

CLOCK_SECONDS = 20.0
"""Seconds of difference that a slow response may explain."""


def clock_off(response: Response, now: float) -> float:
    """Seconds that this machine's clock is ahead of the server's; 0 if it does not say its time."""
    try:
        said = email.utils.parsedate_to_datetime(response.headers.get("date", ""))
        return now - said.timestamp()
    except (ValueError, TypeError, OverflowError):
        return 0.0


def clock_words(off: float) -> str:
    """How far this machine's clock is off, as part of a message; `off`: seconds, positive if
    ahead."""
    where = "ahead of" if off > 0 else "behind"
    return f"this machine's clock is {abs(off):.0f} s {where} the server's"
