"""What the exchanges of a test suite or of recorded traffic tell: callers, owners, settings."""
