"""P16: revocation not enforced."""
