"""The cells of the contract: what is known of each, and why the others are untested."""
