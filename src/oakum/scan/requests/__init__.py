"""Requests: which endpoints can be asked, and every parameter and body filled in."""
