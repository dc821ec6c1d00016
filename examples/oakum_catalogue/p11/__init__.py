"""P11, live feeds: what is pushed is not filtered for who receives it, or not any more."""
