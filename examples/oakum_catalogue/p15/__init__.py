"""P15: leak by inference."""
