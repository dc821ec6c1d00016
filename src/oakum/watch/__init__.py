"""A live view of traffic for a terminal: `oakum observe watch`."""
