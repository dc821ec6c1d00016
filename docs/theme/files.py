"""MkDocs hook: the pages of the site are the repository's Markdown files, at their places.

A link between two files then works on the site as it does in the repository. MkDocs knows only
one folder of pages; the home page and four others are files of the repository's root.
"""

from __future__ import annotations

import re
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

ROOT = Path(__file__).parents[2]
OUTSIDE = (
    "README.md",
    "ARCHITECTURE.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "SECURITY.md",
    "LICENSE",
    "benchmarks/gateway/peers/README.md",
    "tests/test_threat_model.py",
)
"""Files outside `docs/` that pages link to."""


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Names each file by its path in the repository; the addresses on the site have no `docs/`."""

    def moved(path: str) -> File:
        file = File(path, str(ROOT), config.site_dir, config.use_directory_urls)
        if path == "docs/README.md":
            file.dest_uri = "all-pages/index.html"
        else:
            file.dest_uri = file.dest_uri.removeprefix("docs/")
        return file

    inside = [file for file in files if file.src_dir == config.docs_dir]
    for file in inside:
        files.remove(file)
        files.append(moved(f"docs/{file.src_uri}"))
    for path in OUTSIDE:
        files.append(moved(path))
    return files


def on_page_markdown(markdown: str, **_: object) -> str:
    """Shows the name of the file that a fence holds (`yaml file=exposure.yaml`) above it."""
    return re.sub(r"^(\s*```\w+) file=(\S+)$", r'\1 title="\2"', markdown, flags=re.MULTILINE)
