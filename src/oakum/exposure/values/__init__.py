"""Owners' values: learnt, recognised in responses, and distinguished from masks and chance."""
