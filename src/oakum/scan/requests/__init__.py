"""Chooses endpoints, and builds requests with every parameter and body filled in."""
