"""P8, unequal endpoints: one endpoint filters, its sister does not."""
