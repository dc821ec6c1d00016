"""Watches the files of a contract for changes.

It polls, since editors, `mv` and Kubernetes' ConfigMaps change files in different ways. All of them
have in common that the path then leads to other bytes.
"""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path

Stamp = tuple[int, int, int] | None
Content = bytes | None


class FileWatch:
    """Fingerprints of the files at the last load."""

    def __init__(self, paths: Iterable[Path]) -> None:
        self.adopt(paths)

    def adopt(self, paths: Iterable[Path]) -> None:
        """Takes these files, as they are now, as the loaded state.

        Call this before reading them, so that a change in between is noticed.
        """
        self._stamps = {path: _stamp(path) for path in paths}
        self._content = {path: _content(path) for path in self._stamps}
        self._last = self._stamps

    def add(self, paths: Iterable[Path]) -> None:
        """Adds files that were discovered while reading the others."""
        for path in paths:
            if path not in self._stamps:
                self._stamps[path] = _stamp(path)
                self._content[path] = _content(path)

    def has_changed(self) -> bool:
        """Whether any file has new bytes and has been stable since the last call.

        A file that is still being written is not read, and a mere `touch` is ignored.
        """
        stamps = {path: _stamp(path) for path in self._stamps}
        still, self._last = stamps == self._last, stamps
        if not still or stamps == self._stamps:
            return False
        if {path: _content(path) for path in stamps} == self._content:
            self._stamps = stamps
            return False
        return True


def _stamp(path: Path) -> Stamp:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino


def _content(path: Path) -> Content:
    try:
        return sha256(path.read_bytes()).digest()
    except OSError:
        return None
