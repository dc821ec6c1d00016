"""P14: wrong-recipient cache."""
