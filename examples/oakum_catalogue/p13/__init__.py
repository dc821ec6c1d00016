"""P13: talk before the door."""
