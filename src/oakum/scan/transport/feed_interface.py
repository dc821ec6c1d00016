"""The interface of an open feed, as the engine sees it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from oakum.exchange import Request


@dataclass(frozen=True)
class Frame:
    """One event of a feed (`data` of server-sent events) or one message of a WebSocket."""

    data: bytes
    id: str = ""
    """The event's id, with which a feed can be resumed."""


class Stream(Protocol):
    """An open feed. Frames are collected in the background."""

    status: int
    """Status of the opening response; 101 for a WebSocket; 0 if it failed or is still pending."""
    over: bool
    """Whether the feed has ended."""

    def frames(self, seconds: float) -> list[Frame]:
        """Frames since the last call, after waiting up to so many seconds."""
        ...

    def close(self) -> None:
        """Closes the connection without waiting."""
        ...


class Listen(Protocol):
    """Opens a feed as an identity; a `101` operation as a WebSocket."""

    def __call__(
        self,
        viewer: str | None,
        request: Request,
        /,
        *,
        websocket: bool = False,
        first: bytes = b"",
    ) -> Stream:
        """`first` is sent once a WebSocket is open."""
        ...
