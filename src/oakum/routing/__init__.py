"""Finds the operation and the caller of a request, and plans look-ups.

Guard, tests and recorded traffic share it.
"""
