"""`oakum …` in a process of its own, without the half second that its imports take.

It is forked from a process that has imported the commands and does nothing else, so a test can kill
it like any other. What a reader of the documentation types is run by `tests/shell.py` instead."""

from __future__ import annotations

import os
import signal
import sys
from multiprocessing import get_context

from oakum.cli import main
from tests.patience import patient

_CONTEXT = get_context("forkserver")
_CONTEXT.set_forkserver_preload(["oakum.cli.scan", "httpx2", "cryptography.fernet", __name__])


class Forked:
    """`oakum ARGUMENTS…` as it runs, in an environment of its own; what it prints is dropped."""

    def __init__(self, *arguments: str, environment: dict[str, str]) -> None:
        self._process = _CONTEXT.Process(target=_oakum, args=(arguments, environment))
        self._process.start()

    def wait(self) -> int:
        """Its exit code, or the negative number of the signal that has ended it."""
        self._process.join(patient(120))
        assert self._process.exitcode is not None, "it does not end"
        return self._process.exitcode

    def kill(self) -> None:
        self._process.kill()


def _oakum(arguments: tuple[str, ...], environment: dict[str, str]) -> None:
    os.environ.clear()
    os.environ.update(environment)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    nothing = os.open(os.devnull, os.O_RDWR)
    for stream in range(3):
        os.dup2(nothing, stream)
    sys.argv = ["oakum", *arguments]
    main.run()
