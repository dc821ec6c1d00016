"""Where a run keeps things: packages in a cache of its own, the rest in a folder that goes away."""

from __future__ import annotations

import os
import socket
from dataclasses import dataclass, field
from pathlib import Path


def cache() -> Path:
    """`FIELD_CACHE`, else a folder of the user's cache."""
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(os.environ.get("FIELD_CACHE") or Path(home) / "oakum-field")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass(frozen=True, slots=True)
class Place:
    """One run of one version: its folders, its port, and the names that a command may contain."""

    product: Path
    packages: Path
    work: Path
    port: int
    services: dict[str, str] = field(default_factory=dict)

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def fill(self, text: str) -> str:
        names = {
            "here": str(self.product),
            "packages": str(self.packages),
            "work": str(self.work),
            "port": str(self.port),
            "base": self.base,
            **self.services,
        }
        for name, value in names.items():
            text = text.replace("{" + name + "}", value)
        return text
