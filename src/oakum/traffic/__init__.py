"""What an API really sends, to whom, and what its front end really uses."""
