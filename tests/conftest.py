"""What holds for every test: a law is no faster or slower on a busy machine, a scan within the test
waits for answers as long as this machine needs, and Ctrl-C is heeded, also by what a test starts,
where a shell has started the tests in the background without it."""

from __future__ import annotations

import signal

import pytest
from hypothesis import settings

from oakum.scan.transport import client
from tests.patience import patient

settings.register_profile("any machine", deadline=None)
settings.load_profile("any machine")

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True)
def _unhurried_scans(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "TIMEOUT", patient(client.TIMEOUT))
