"""Abuse seen in calls: who walks ids, scrapes lists, probes for accounts, shares a token."""
