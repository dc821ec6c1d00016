"""Cadence: a stand-in for the Peloton API of 2021, with the leaks it had and without them."""

from __future__ import annotations

from cadence.app import bound, create_app, serve
from cadence.kit import write_kit
from cadence.people import personas

__all__ = ["bound", "create_app", "personas", "serve", "write_kit"]
