"""Scans and restorations in processes of their own, killed by the API at a request."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch

from oakum.scan.census import object_snapshots
from tests.forked import Forked
from tests.scan.servers import App, Call, Reply, serve
from tests.shell import environment
from tests.unit.cli.shell import Done, oakum

At = Callable[[Call], bool]


@dataclass
class Killer:
    """An API that kills who asks at the first call of which `at` says so. `done`: once it has done
    what was asked, before it answers; else before it does it."""

    app: App
    at: At = lambda call: False
    done: bool = True
    victim: Forked | None = None

    def __call__(self, call: Call) -> Reply:
        strikes = self.victim is not None and self.at(call)
        if strikes and not self.done:
            return self._strike()
        reply = self.app(call)
        return self._strike() if strikes else reply

    def _strike(self) -> Reply:
        assert self.victim is not None
        self.victim.kill()
        self.victim = None
        return Reply(drop=True)


@dataclass(frozen=True)
class Bench:
    """A folder with the files of a scan, and the API of it while it runs."""

    folder: Path
    api: Killer
    target: str

    def _words(self, more: tuple[str, ...]) -> list[str]:
        files = [str(self.folder / "exposure.yaml"), "--target", self.target]
        files += ["--identities", str(self.folder / "identities.yaml"), "--rate", "1000"]
        return ["scan", *files, "--journal", str(self.folder / "journal"), *more]

    def _killed(self, more: tuple[str, ...], at: At, done: bool) -> None:
        self.api.at, self.api.done = at, done
        process = Forked(*self._words(more), environment=environment())
        self.api.victim = process
        try:
            assert process.wait() == -signal.SIGKILL
        finally:
            process.kill()
            self.api.victim = None

    def scan_killed(self, at: At, *more: str, done: bool = True) -> None:
        """A scan that writes, and is killed."""
        self._killed(("--allow-writes", "--quiet", *more), at, done)

    def restore_killed(self, at: At, *, done: bool = True) -> None:
        """A restoration that is killed."""
        self._killed(("--restore",), at, done)

    def scan(self, *more: str) -> Done:
        """A scan to its end."""
        with patch.object(object_snapshots, "_AGAIN", (0.0, 0.0)):
            return oakum(*self._words(more))

    def restore(self) -> Done:
        """A restoration to its end."""
        with patch.object(object_snapshots, "_AGAIN", (0.0, 0.0)):  # the API of a test does not lag
            return oakum(*self._words(("--restore",)))


@contextmanager
def killing(folder: Path, app: App) -> Iterator[Bench]:
    """An API that kills, and the files of a scan in a folder."""
    api = Killer(app)
    with serve(api) as server:
        yield Bench(folder, api, server.url)
