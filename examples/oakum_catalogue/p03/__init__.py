"""P3: the privacy flag is decoration."""
