"""Detects API abuse in recorded calls: id enumeration, scraping, account probing, shared tokens."""
