"""P5: contact oracle."""
