"""P9, shadow endpoints: an old version, an old host, a page for phones, a path that no document names."""
