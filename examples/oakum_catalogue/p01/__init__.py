"""P1: open door."""
