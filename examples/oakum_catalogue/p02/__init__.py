"""P2: authenticated, not authorized."""
