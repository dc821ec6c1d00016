"""P13: pre-login disclosure."""
