"""What the identities are shown as their own, before a run writes and after it has undone
everything."""
