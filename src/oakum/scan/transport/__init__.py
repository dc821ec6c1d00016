"""Sockets, feeds and rate: the only modules of `scan` that send anything."""
