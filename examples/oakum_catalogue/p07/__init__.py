"""P7: harvest by search or batch."""
