"""HTTP, feeds and rate limiting: the only modules of `scan` that open sockets."""
