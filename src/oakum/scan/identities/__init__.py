"""Test accounts: the identities file, logins, sessions, relationships, accounts that a run
makes."""
