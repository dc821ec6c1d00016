"""What no document says: endpoints in scripts, versions, how ids are made, how failures differ."""
