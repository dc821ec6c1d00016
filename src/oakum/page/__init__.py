"""Offline HTML pages, terminal-safe text, and atomic file output.

What all pages share: how they look, how they are written, and how what others named gets into
them. What a page says is of the package that makes it.
"""
