"""P1: open endpoint."""
