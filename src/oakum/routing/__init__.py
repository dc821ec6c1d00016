"""Which operation a request calls, who sent it, and what is to be looked up: what guard, tests and
recorded traffic share."""
