"""The pytest plugin: judges every response that a test suite receives, for its caller."""
