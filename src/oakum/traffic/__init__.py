"""Recorded API traffic: who was sent what, kept without values."""
