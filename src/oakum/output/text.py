"""Makes foreign text safe to print on a terminal."""

from __future__ import annotations

from oakum.errors import visible

__all__ = ["visible"]
