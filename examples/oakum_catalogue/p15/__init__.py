"""P15: inference leak."""
