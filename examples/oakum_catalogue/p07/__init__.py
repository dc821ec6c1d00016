"""P7: bulk exposure by search or batch."""
