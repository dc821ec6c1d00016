"""Whether a target limits the request rate, tested with a bounded number of requests.

A limit is whatever stops an enumeration: `429` (RFC 6585, 4), another refusal than before, a page
instead of the response (a captcha), a dropped connection, responses that take longer and longer.
The test uses the rate that is allowed for the run and no higher one, so *none* means none at that
rate. CWE-770, CWE-799.
"""

from __future__ import annotations

import math
import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from oakum.errors import TargetError
from oakum.exchange import Response
from oakum.exposure.response_reader import json_in
from oakum.policy.model import Limit
from oakum.scan.evaluation.response_summary import form_of
from oakum.scan.limits import Pace

USUAL = 40
"""Number of requests after which a careful API limits the rate."""
_LEAST = 20
"""Fewest requests from which a conclusion is drawn."""
_DECLARED = 60
"""Number of requests if the document mentions a rate limit."""
_MOST = 200
_BRIEF = 0.02
"""Share of a limit's window within which it almost never restarts."""
_LAST = 5
_SLOWER = 5.0
_SLOW = 0.5
"""Seconds below which a response counts as fast, however fast the others were."""


@dataclass(frozen=True)
class Burst:
    """What a series of requests showed about a rate limit."""

    asked: int
    seconds: float
    brake: str = ""
    """How the requests were limited, in words; empty if they were not."""
    announced: bool = False
    """Whether responses announced a number of remaining requests that decreased but was not used
    up."""


def request_count(pace: Pace, limit: Limit | None, *, declared: bool) -> int:
    """Number of requests that tests a rate limit; 0 if the budget is too small. `limit`: the
    contract's; `declared`: whether the document mentions one."""
    least = _DECLARED if declared else USUAL
    room = min(pace.requests_left // 2, _MOST)
    if limit is None:
        return min(least, room) if room >= _LEAST else 0
    enough = (many for many in range(least, room + 1) if exceeds(limit, many, many / pace.rate))
    return next(enough, 0)


def exceeds(limit: Limit, many: int, seconds: float) -> bool:
    """Whether this many requests in this many seconds exceed a limit, allowing for windows that
    restart in between."""
    windows = 1 if seconds < _BRIEF * limit.per else math.floor(seconds / limit.per) + 2
    return many > limit.most * windows


def burst(pace: Pace, asks: Sequence[Callable[[], Response]], many: int) -> Burst:
    """Sends requests in turn until one is limited. The first of `asks` is known to succeed; others
    that never do are ignored."""
    turns = dict(enumerate(asks))
    usual: dict[int, tuple[object, ...]] = {}
    took: list[float] = []
    left: list[float] = []
    began, asked, brake = time.monotonic(), 0, ""
    with pace.bare():
        while asked < many and not brake:
            for number, ask in list(turns.items())[: many - asked]:
                asked += 1
                try:
                    answer = ask()
                except TargetError:
                    brake = "no answer"
                    break
                took.append(pace.took)
                left += _requests_left(answer.headers)
                looks = _looks(answer)
                if number and number not in usual and 400 <= answer.status < 429:
                    del turns[number]
                    continue
                brake = _stops(answer, looks, usual.setdefault(number, looks)) or _drags(took)
                if brake:
                    break
    seconds = time.monotonic() - began
    announced = len(left) > _LAST and left[-1] > 0 and left[0] - left[-1] >= len(left) / 2
    return Burst(asked, seconds, brake, announced)


def _looks(answer: Response) -> tuple[object, ...]:
    status, media, places, _ = form_of(answer, json_in(answer))
    return status, media, places


def _stops(answer: Response, looks: tuple[object, ...], usual: tuple[object, ...]) -> str:
    if answer.status == 429:
        return "429"
    if not answer.ok:
        return f"a {answer.status} where there was none"
    return "" if looks == usual else "another answer than before"


def _drags(took: Sequence[float]) -> str:
    """Whether the last responses took increasingly longer than the first ones."""
    if len(took) < 3 * _LAST:
        return ""
    slowest = min(took[-_LAST:])
    return "slow answers" if slowest > max(_SLOW, _SLOWER * median(took[: 2 * _LAST])) else ""


_REMAINING = re.compile(r"^(?:x-)?rate-?limit(?:-requests)?-remaining$")
_PACKED = re.compile(r"(?:remaining|\br)\s*=\s*(\d+)")
"""`limit=100, remaining=50` and `"default";r=50;t=30` (draft-ietf-httpapi-ratelimit-headers)."""


def _requests_left(headers: Mapping[str, str]) -> list[float]:
    """The remaining number of requests according to a response; empty if it does not say."""
    for name, text in headers.items():
        if _REMAINING.match(name) and text.isascii() and text.strip().isdigit():
            return [float(text)]
    packed = _PACKED.search(headers.get("ratelimit", ""))
    return [float(packed[1])] if packed else []


def seconds_text(seconds: float) -> str:
    """Seconds as text: `0.4 s`, `12 s`."""
    return f"{seconds:.1f} s" if seconds < 10 else f"{math.ceil(seconds)} s"
