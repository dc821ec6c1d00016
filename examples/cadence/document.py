"""`python -m cadence.document`: write the document that every stage serves beside this file."""

from __future__ import annotations

from pathlib import Path

import yaml

from cadence.app import create_app

SHIPPED = Path(__file__).with_name("openapi.yaml")


def written() -> str:
    """The document as the file holds it."""
    document = create_app("fixed", members=0).openapi()
    return yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=100)


if __name__ == "__main__":
    SHIPPED.write_text(written(), encoding="utf-8")
