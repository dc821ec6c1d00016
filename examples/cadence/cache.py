"""The cache in front of stages 1 and 2: it knows a URL, and not who is asking."""

from __future__ import annotations

from collections.abc import Callable

SECONDS = 10


class Cache:
    """Answers by their URL, each for `SECONDS`."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._held: dict[str, tuple[float, bytes]] = {}

    def keep(self, url: str, answer: bytes) -> None:
        now = self._clock()
        self._held = {
            known: (since, held)
            for known, (since, held) in self._held.items()
            if now - since < SECONDS
        }
        self._held[url] = now, answer

    def find(self, url: str) -> tuple[bytes, int] | None:
        """The answer and its age in seconds, unless it is too old."""
        since, answer = self._held.get(url, (0.0, b""))
        age = self._clock() - since
        return (answer, int(age)) if answer and age < SECONDS else None
