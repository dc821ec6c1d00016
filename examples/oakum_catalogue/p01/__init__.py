"""P1: missing authentication."""
