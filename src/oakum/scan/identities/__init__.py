"""Test accounts: the identities file, logins, sessions, relationships, own accounts."""
