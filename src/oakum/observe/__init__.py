"""What an API really sends, told from traffic that a team already has."""
