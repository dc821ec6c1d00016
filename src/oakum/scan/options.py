"""What a scan is asked to do: target and files, limits, techniques, writes and settings."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from oakum.scan.limits import Permissions
from oakum.scan.replay_scope import Focus
from oakum.scan.transport.connection_options import Connection


@dataclass(frozen=True)
class Options:
    """The options of one scan."""

    contract: Path
    target: str
    identities: Path
    overlays: tuple[Path, ...] = ()
    budget: int = 500
    rate: float = 10.0
    allow_own_settings: bool = False
    allow_writes: bool = False
    """Whether it may create, change and delete objects, only those that it makes itself."""
    twins: bool = False
    """Whether it may guess undocumented endpoints: older versions, responses for phones."""
    twin: tuple[str, ...] = ()
    """Further addresses of the same API, such as an old host."""
    front_end: tuple[str, ...] = ()
    """Pages whose scripts are read for the paths that they name."""
    journal: Path | None = None
    resume: bool = False
    restore: bool = False
    """Whether it only restores what the journal of a killed run records."""
    min_shown: float = 10.0
    """Percentage of cells that must be decided for the run to count as trustworthy."""
    include: tuple[str, ...] = ()
    """Patterns of the operations that may be called; none: all."""
    exclude: tuple[str, ...] = ()
    """Patterns of operations that may not be called."""
    connection: Connection = field(default_factory=Connection)
    """Proxy, certificates and headers."""
    only: Focus | None = None
    """The finding that the run is limited to; None: no limit."""

    @property
    def may(self) -> Permissions:
        """What a run may do beyond reading documented endpoints."""
        return Permissions(
            self.allow_own_settings, self.allow_writes, self.twins, self.twin, self.front_end
        )

    @property
    def allowances(self) -> tuple[str, ...]:
        """Given options that allow more than reading documented endpoints."""
        said = {
            "--allow-own-settings": self.allow_own_settings,
            "--allow-writes": self.allow_writes,
            "--twins": self.twins,
            "--twin": self.twin,
            "--front-end": self.front_end,
        }
        return tuple(name for name, given in said.items() if given)
