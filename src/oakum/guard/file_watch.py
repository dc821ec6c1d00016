"""Watches the files of a contract for changes.

Asked again and again, since what editors, `mv` and Kubernetes' ConfigMaps do to a file has no
common notice but this: its path leads to other bytes.
"""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path

Stamp = tuple[int, int, int] | None
Content = bytes | None


class Watch:
    """The files as they were when they were last taken over."""

    def __init__(self, paths: Iterable[Path]) -> None:
        self.adopt(paths)

    def adopt(self, paths: Iterable[Path]) -> None:
        """Take these files, as they are now, for what is in force.

        To be called before they are read: what changes meanwhile is then seen as a change.
        """
        self._stamps = {path: _stamp(path) for path in paths}
        self._content = {path: _content(path) for path in self._stamps}
        self._last = self._stamps

    def add(self, paths: Iterable[Path]) -> None:
        """Further files, found while the others were read."""
        for path in paths:
            if path not in self._stamps:
                self._stamps[path] = _stamp(path)
                self._content[path] = _content(path)

    def changed(self) -> bool:
        """Whether any file has other bytes, and has held still since the last question.

        A file that is being written is not read half; one that was only touched is no news.
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
