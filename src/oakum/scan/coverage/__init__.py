"""What a run did not test, why, and what would change that."""
