"""The endpoints of an API, and how the values of a request are written."""
