"""Recorded traffic evaluated against a document or a contract."""
