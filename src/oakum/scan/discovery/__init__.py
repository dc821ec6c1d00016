"""What no document says: endpoints in scripts, versions, id schemes, differing refusals."""
