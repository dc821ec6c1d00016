"""P3: privacy setting not enforced."""
