"""Parameters that filter or search a list, and the requests that test them."""
