"""Parse Server: a back end whose operator writes the policy, as lists of protected fields."""
