"""Text of others as a screen may show it."""

from __future__ import annotations

from oakum.errors import visible

__all__ = ["visible"]
