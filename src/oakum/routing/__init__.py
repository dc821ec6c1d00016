"""Finds the operation and the caller of a request. Guard, tests and recorded traffic share it."""
