"""Offline HTML pages, terminal-safe text, and atomic file output.

This package has what all pages share: styles, writing to a file, and escaping of foreign text. The
package that makes a page decides what it says.
"""
