"""P4: excessive data exposure."""
