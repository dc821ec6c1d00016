"""The exposure policy: its grammar, its model, and checks of it against an OpenAPI document."""
