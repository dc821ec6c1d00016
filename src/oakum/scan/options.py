"""What a scan is asked to do: target and files, limits, techniques, writes and settings."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from oakum.scan.limits import Permissions
from oakum.scan.narrowing import Focus
from oakum.scan.transport.connection_options import Connection


@dataclass(frozen=True)
class Options:
    """What the user asked for."""

    contract: Path
    target: str
    identities: Path
    overlays: tuple[Path, ...] = ()
    budget: int = 500
    rate: float = 10.0
    allow_own_settings: bool = False
    allow_writes: bool = False
    """May create, change and delete, on objects that the run makes itself."""
    twins: bool = False
    """May guess at endpoints outside the document: older versions, answers for a phone."""
    twin: tuple[str, ...] = ()
    """Further addresses of the same API, such as an old host."""
    front_end: tuple[str, ...] = ()
    """Pages whose scripts are read for the paths that they name."""
    journal: Path | None = None
    resume: bool = False
    restore: bool = False
    """Only put back what the journal of a killed run remembers."""
    min_shown: float = 10.0
    """Percent of cells that must be decided for the run to be worth anything."""
    include: tuple[str, ...] = ()
    """Patterns of the operations that may be called; none: all."""
    exclude: tuple[str, ...] = ()
    """Patterns of operations that may not be called."""
    connection: Connection = field(default_factory=Connection)
    """Proxy, certificates and headers."""
    only: Focus | None = None
    """One finding that the run is about; None: all that there is."""

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
