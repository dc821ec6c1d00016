"""P12: role by request."""
