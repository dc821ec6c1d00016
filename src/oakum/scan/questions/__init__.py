"""Questions of which cells follow: each asks documented endpoints once more, in its own way."""
