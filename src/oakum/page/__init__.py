"""A page that a person opens, reads and sends on: one file, no server, no network, no trust.

What all pages share: how they look, how they are written, and how what others named gets into
them. What a page says is of the package that makes it.
"""
