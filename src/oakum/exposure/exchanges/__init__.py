"""What the exchanges of a test suite or of recorded traffic show: callers, owners, settings."""
