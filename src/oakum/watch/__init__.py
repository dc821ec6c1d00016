"""The live view of traffic in a terminal: `oakum observe watch`."""
