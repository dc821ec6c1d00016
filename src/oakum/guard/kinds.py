"""JSON scalar types as bits, for an engine's innermost loop."""

from __future__ import annotations

from oakum.authz.table import scalars
from oakum.openapi.model import Shape

_BITS = {"string": 1, "integer": 2, "number": 6, "boolean": 8}
_NULL = 16


def bits_of(shape: Shape) -> int:
    """Bits for the scalar types allowed outside every resource; `null` is always allowed."""
    bits = _NULL
    for kind in scalars(shape):
        bits |= _BITS[kind]
    return bits
