"""Where a body is cut that nests too deep."""

from __future__ import annotations
