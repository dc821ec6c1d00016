"""Inputs that nobody would write: whatever comes in, Oakum answers in words and with a code."""
