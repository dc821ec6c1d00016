"""P6: walkable keys, no brake."""
