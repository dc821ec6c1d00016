"""Changes privacy settings of test accounts when allowed, waits until the change is visible, and
restores them."""
