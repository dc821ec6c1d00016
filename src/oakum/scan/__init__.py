"""`oakum scan`: proves what a running API shows against its contract."""
