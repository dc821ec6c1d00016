"""`oakum scan`: tests a running API against its contract."""
