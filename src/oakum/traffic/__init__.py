"""Recorded API traffic: which fields each caller received, stored without values."""
