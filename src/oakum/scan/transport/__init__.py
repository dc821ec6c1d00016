"""HTTP, feeds and rate limiting: the only modules of `scan` that send anything to a target."""
