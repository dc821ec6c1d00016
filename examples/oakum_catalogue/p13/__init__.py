"""P13: talk before the endpoint."""
