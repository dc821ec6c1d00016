"""The plan: what a contract means, as plain data that an engine reads at its start."""
