"""P6: enumerable ids without a rate limit."""
