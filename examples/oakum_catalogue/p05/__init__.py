"""P5: account enumeration."""
