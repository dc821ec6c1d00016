"""The products, a folder each: how to install, start and seed one, its contract, and its truth."""
