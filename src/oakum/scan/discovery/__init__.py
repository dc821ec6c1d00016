"""Facts that no document states: endpoints in scripts, versions, id schemes, differences between
refusals."""
