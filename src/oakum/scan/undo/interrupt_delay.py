"""Delays interrupts while a write is in flight, and while what a run has changed and found is put
back and written."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

_PATIENCE = 2
"""How many interrupts `heard_late` ignores."""


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


@contextmanager
def heard_late(say: Callable[[], None]) -> Iterator[None]:
    """Ignores Ctrl-C and SIGTERM until the third one, since half-restored settings are worse than a
    delay, and a lost report wastes the run. `say` tells the user that work is being finished.
    Outside the main thread nothing is changed."""
    if threading.current_thread() is not threading.main_thread():
        yield  # signals only reach the main thread
        return
    patience = iter(range(_PATIENCE))

    def hear(signum: int, frame: FrameType | None) -> None:
        if next(patience, None) is None:
            raise KeyboardInterrupt
        say()

    before = {each: signal.signal(each, hear) for each in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)


def _pass_on(handler: object, signum: int, frame: FrameType | None) -> None:
    if callable(handler):
        handler(signum, frame)
    elif handler is signal.SIG_DFL:
        raise KeyboardInterrupt
