"""P10, GraphQL exposure: a field is denied on one path and sent on another."""
