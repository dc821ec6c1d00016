"""The plan: a compiled contract as plain data that an engine reads when it starts."""
