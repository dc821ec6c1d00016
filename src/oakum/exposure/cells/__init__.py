"""The cells of the contract: the result of each, and why the others are untested."""
