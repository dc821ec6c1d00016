"""`oakum guard`: compiles a contract into a gateway, and enforces it."""
