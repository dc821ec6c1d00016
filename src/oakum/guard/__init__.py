"""`oakum guard`: both functions of the meaning, compiled into a gateway."""
