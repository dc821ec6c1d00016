"""P16: stale grant."""
