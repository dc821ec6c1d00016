"""Parameters by which a list is filtered or searched, and what is asked of them."""
