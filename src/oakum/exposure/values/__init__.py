"""Owners' values: learnt, recognised where they come, and told from masks and from chance."""
