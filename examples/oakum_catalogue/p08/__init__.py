"""P8, unequal doors: one door filters, its sister does not."""
