"""`oakum …` in a process of its own, without the half second that its imports take.

It is forked from a process that has imported the commands and does nothing else, so a test can kill
it like any other. What a reader of the documentation types is run by `tests/shell.py` instead."""

from __future__ import annotations

import gc
import os
import signal
import sys
from collections.abc import Mapping
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory

from oakum.cli import main
from tests.patience import patient
from tests.unit.cli.shell import Done

_CONTEXT = get_context("forkserver")
_CONTEXT.set_forkserver_preload(["oakum.cli.scan", "httpx2", "cryptography.fernet", __name__])


class Forked:
    """`oakum ARGUMENTS…` as it runs, in an environment of its own; `out` and `err`: files for what
    it prints, which is dropped else."""

    def __init__(
        self,
        *arguments: str,
        environment: Mapping[str, str],
        out: Path = Path(os.devnull),
        err: Path = Path(os.devnull),
    ) -> None:
        given = (arguments, dict(environment), str(out), str(err))
        self._process = _CONTEXT.Process(target=_oakum, args=given)
        self._process.start()

    def wait(self) -> int:
        """Its exit code, or the negative number of the signal that has ended it."""
        self._process.join(patient(120))
        if self._process.exitcode is None:
            self.kill()
            raise AssertionError("it does not end")
        return self._process.exitcode

    def kill(self) -> None:
        self._process.kill()


def run(*arguments: str, environment: Mapping[str, str]) -> Done:
    """What a command prints, and how it ends."""
    with TemporaryDirectory() as folder:
        out, err = Path(folder, "out"), Path(folder, "err")
        code = Forked(*arguments, environment=environment, out=out, err=err).wait()
        return Done(code, out.read_text("utf-8"), err.read_text("utf-8"))


def _oakum(arguments: tuple[str, ...], environment: dict[str, str], out: str, err: str) -> None:
    os.environ.clear()
    os.environ.update(environment)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    for stream, file in ((1, out), (2, err)):
        os.dup2(os.open(file, os.O_WRONLY | os.O_CREAT, 0o600), stream)
    gc.freeze()  # as `main` does when it has imported a command
    sys.argv = ["oakum", *arguments]
    main.run()
