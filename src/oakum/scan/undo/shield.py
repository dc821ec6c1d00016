"""Delays interrupts while a write is in flight, so that its outcome is known."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def heard_afterwards() -> Iterator[None]:
    """Ctrl-C or SIGTERM within it is heard when it ends: a setting that is put back while the
    write that changed it is still under way would be changed once more. A second one is heard at
    once. Where signals are not this thread's, nothing is held back."""
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
