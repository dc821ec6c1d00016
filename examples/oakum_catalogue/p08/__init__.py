"""P8, unequal endpoints: one endpoint filters, another does not."""
