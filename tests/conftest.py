"""What holds for every test: a law is no faster or slower on a busy machine, and Ctrl-C is heeded,
also by what a test starts, where a shell has started the tests in the background without it."""

from __future__ import annotations

import signal

from hypothesis import settings

settings.register_profile("any machine", deadline=None)
settings.load_profile("any machine")

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
