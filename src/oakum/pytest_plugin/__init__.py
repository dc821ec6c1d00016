"""The contract inside a test-suite: every answer that its tests receive, judged for its caller."""
