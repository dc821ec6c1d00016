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
    """The event's id, with which a feed can be taken up again."""


class Stream(Protocol):
    """An open feed. Frames are gathered in the background from the moment it is opened."""

    status: int
    """HTTP status of the answer that opened it; 101 for a WebSocket; 0: it could not be opened, or
    has not answered yet."""
    over: bool
    """Whether nothing more can come."""

    def frames(self, seconds: float) -> list[Frame]:
        """What has come since the last call, having waited so long for more, or till the end."""
        ...

    def close(self) -> None:
        """Hang up. Does not wait for it."""
        ...


class Listen(Protocol):
    """Opens a feed as an identity; a `101` operation is opened as a WebSocket."""

    def __call__(
        self,
        viewer: str | None,
        request: Request,
        /,
        *,
        websocket: bool = False,
        first: bytes = b"",
    ) -> Stream:
        """`first` is sent when a WebSocket is open."""
        ...
