"""Tests of writes and creations, and what they need; `scan/techniques` runs them."""
