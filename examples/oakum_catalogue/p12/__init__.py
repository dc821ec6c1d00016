"""P12: mass assignment and function level authorization."""
