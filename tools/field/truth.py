"""What is true of each version of a product, written from its advisories before the first scan.

`truth.sha256` holds the digest of every truth file. A run refuses a truth file that has another
one, so nobody can let the truth follow the findings.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

PRODUCTS = Path(__file__).parent / "products"
DIGESTS = PRODUCTS / "truth.sha256"
KINDS = {"data-exposure", "object-authorization", "inference"}


@dataclass(frozen=True, slots=True)
class Flaw:
    """A published flaw: present in versions from `vulnerable` on, and before `fixed`."""

    advisory: str
    kind: str
    vulnerable: str
    fixed: str
    operations: frozenset[str]
    fields: frozenset[str]  # `Resource.field` with all below it, or `Resource`
    viewers: frozenset[str]
    says: str

    def is_in(self, version: str) -> bool:
        return number(self.vulnerable) <= number(version) < number(self.fixed)

    def explains(self, finding: Mapping[str, Any]) -> bool:
        """Whether a finding of a report is this flaw: an operation, a field and a viewer of it."""
        operations = {each["operation"] for each in finding["endpoints"]}
        at = bool(operations & self.operations) or not operations
        where = f"{finding['resource']}.{finding['field']}"
        named = any(where == field or where.startswith(f"{field}.") for field in self.fields)
        return at and named and finding["viewer"] in self.viewers


@dataclass(frozen=True, slots=True)
class Truth:
    product: str
    flaws: tuple[Flaw, ...]

    def versions(self) -> list[str]:
        found = {each for flaw in self.flaws for each in (flaw.vulnerable, flaw.fixed)}
        return sorted(found, key=number)

    def flaws_in(self, version: str) -> list[Flaw]:
        return [flaw for flaw in self.flaws if flaw.is_in(version)]


def number(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))


def names() -> list[str]:
    return sorted(each.parent.name for each in PRODUCTS.glob("*/truth.yaml"))


def load(product: str) -> Truth:
    """The truth of a product; a file whose digest differs from the recorded one is refused."""
    file = PRODUCTS / product / "truth.yaml"
    if recorded().get(product) != file_digest(file):
        raise SystemExit(f"field: {file.name} of {product} is not the one of {DIGESTS.name}")
    data = yaml.safe_load(file.read_text(encoding="utf-8"))
    return Truth(data["product"], tuple(flaw(each) for each in data["flaws"]))


def flaw(data: Mapping[str, Any]) -> Flaw:
    if data["kind"] not in KINDS:
        raise SystemExit(f"field: `{data['kind']}` is no kind of flaw")
    return Flaw(
        data["advisory"],
        data["kind"],
        str(data["vulnerable"]),
        str(data["fixed"]),
        frozenset(data["operations"]),
        frozenset(data["fields"]),
        frozenset(data["viewers"]),
        data["says"],
    )


def file_digest(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def recorded() -> dict[str, str]:
    """Product → digest, in the form of sha256sum."""
    lines = DIGESTS.read_text(encoding="utf-8").split("\n") if DIGESTS.exists() else []
    return {path.split("/")[0]: value for value, path in map(str.split, filter(None, lines))}
