"""Facts that no document states: endpoints in scripts, versions, id schemes, differing refusals."""
