"""P14: cross-user cache."""
