"""P2: login is taken for permission."""
