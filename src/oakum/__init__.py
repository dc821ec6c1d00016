"""Oakum: proves data leaks in APIs, from one exposure contract."""

__version__ = "0.1.0"
