"""P11, feed exposure: events are not filtered for each receiver, or no longer are."""
