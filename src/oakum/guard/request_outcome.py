"""A request that the guard forwards, or its own response to one that it denies."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from oakum.guard.compiled.granted_endpoint import GrantedEndpoint
from oakum.guard.concealed_object_visibility import ConcealedSight
from oakum.guard.lookups import Lookups
from oakum.http.octets import octets
from oakum.openapi.model import Json
from oakum.routing.http_messages import HttpRequest, HttpResponse


@dataclass
class GuardedRequest:
    """A request under guard, with its audit record so far."""

    asked: HttpRequest
    forward: HttpRequest
    """The rewritten request for the API."""
    contract: str
    time: float
    raw: bool = False
    """Whether the response is forwarded unread: a static file or a WebSocket."""
    switch: bool = False
    """Whether it requests a WebSocket; then a response is forwarded unread only if it switches
    protocols."""
    preflight: bool = False
    endpoint: GrantedEndpoint | None = None
    params: Mapping[str, str] = field(default_factory=dict)
    lookups: Lookups | None = None
    stale: frozenset[str] = frozenset()
    """Ids and marks whose cached look-ups are dropped once this write has been forwarded."""
    who: str = "anonymous"
    status: int | None = None
    upstream: int | None = None
    removed: Mapping[str, int] = field(default_factory=dict)
    denied: str | None = None
    bytes_out: int | None = None
    shown: bool = False
    """Whether anything of an object was sent to the client."""
    sight: ConcealedSight | None = None
    """The concealed objects that it names; None: none."""

    @property
    def tag(self) -> bytes:
        """Hash input that distinguishes equal responses to different requests."""
        declared = self.endpoint.operation.beside_names if self.endpoint else ()
        beside = (value for name, value in self.asked.headers if name in declared)
        texts = map(octets, (self.forward.target, *beside))
        return b"\0".join((*texts, self.forward.body))

    @property
    def audit(self) -> dict[str, Json]:
        """The audit record: without personal data and undeclared names."""
        return {
            "time": int(self.time * 1000) / 1000,
            "contract": self.contract,
            "who": self.who,
            "op": self.endpoint.operation.id if self.endpoint else None,
            "method": self.asked.method,
            "status": self.status,
            "upstream": self.upstream,
            "removed": dict(sorted(self.removed.items())),
            "denied": self.denied,
            "lookups": self.lookups.asked if self.lookups else 0,
            "failed": self.lookups.failed if self.lookups else 0,
            "bytes_in": len(self.asked.body),
            "bytes_out": self.bytes_out,
        }


@dataclass(frozen=True)
class Refusal(HttpResponse):
    """The guard's own response to a request that it denied."""

    audit: Mapping[str, Json] = field(default_factory=dict, kw_only=True)
