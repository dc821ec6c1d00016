"""Reads a `cookie` header (RFC 6265, 4.2.1), as it came: nothing is decoded or unquoted."""

from __future__ import annotations

from collections.abc import Iterator


def cookie_pairs(header: str) -> Iterator[tuple[str, bool, str]]:
    """Name, whether a `=` follows it, and value of each cookie.

    Spaces and tabs around a cookie are no part of it. One before the `=` is part of the name: some
    servers read it so, and others do not.
    """
    for piece in header.split(";"):
        name, equals, value = piece.strip(" \t").partition("=")
        yield name, bool(equals), value


def cookie_names(header: str) -> Iterator[str]:
    """Names as the most lenient server reads them: without any white space around them."""
    return (name.strip() for name, _, _ in cookie_pairs(header))
