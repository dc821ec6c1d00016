"""P9, twins: an old version, an old host, a page for phones, a path that no document names."""
