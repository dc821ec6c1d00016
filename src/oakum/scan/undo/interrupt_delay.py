"""Delays interrupts while a write is in flight, so that its outcome is known."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def heard_afterwards() -> Iterator[None]:
    """Delays Ctrl-C and SIGTERM to the end of the block, so that a setting is not restored while
    the write is still in progress. A second signal takes effect at once. Outside the main thread
    nothing is delayed."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    heard: list[tuple[int, FrameType | None]] = []

    def hear(signum: int, frame: FrameType | None) -> None:
        heard.append((signum, frame))
        if len(heard) > 1:
            _pass_on(before[signal.Signals(signum)], signum, frame)

    both = (signal.SIGINT, signal.SIGTERM)
    before = {each: signal.getsignal(each) for each in both}
    for each in both:
        signal.signal(each, hear)
    try:
        yield
    finally:
        for each in both:
            signal.signal(each, before[each] or signal.default_int_handler)
    if len(heard) == 1:
        _pass_on(before[signal.Signals(heard[0][0])], *heard[0])


def _pass_on(handler: object, signum: int, frame: FrameType | None) -> None:
    if callable(handler):
        handler(signum, frame)
    elif handler is signal.SIG_DFL:
        raise KeyboardInterrupt
