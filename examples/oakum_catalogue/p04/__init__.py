"""P4: fat object."""
