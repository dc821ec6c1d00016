"""Removes the package prefix that generators put before schema names.

`protoc-gen-openapiv2` joins the last part of a package and a message: `v2User` of `memos.api.v2`,
`apiRun`, `lnrpcInvoice`. A prefix counts if several schemas have it, and if it ends in a version or
the document has a schema that only this generator writes. Generators for Go put a dot between,
after a lower-case package: `models.User`.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection

_LEAST = 2
_PREFIX = re.compile(r"([a-z][a-z0-9]*?)(?=[A-Z])")
_VERSION = re.compile(r"[a-z]*v\d+(?:p\d+)?(?:(?:alpha|beta)\d*)?")
_DOTTED = re.compile(r"[a-z][a-z0-9_]*\.(?=[A-Z][^.]*$)")
_GENERATED = re.compile(r"(?:google)?(?:protobufAny|[rR]pcStatus|runtimeError)")


def packages(schemas: Collection[str]) -> frozenset[str]:
    """Prefixes of schema names that stand for a package or a version: `v2` of `v2User`, `api` of
    `apiRun`."""
    found = Counter(match[1] for name in schemas if (match := _PREFIX.match(name)))
    generated = any(map(_GENERATED.fullmatch, schemas))
    return frozenset(
        prefix
        for prefix, often in found.items()
        if often >= _LEAST and (generated or _VERSION.fullmatch(prefix))
    )


def without_package(name: str, known: Collection[str]) -> str:
    """A schema's name without a known package prefix; `known`: as `packages` returns."""
    match = _PREFIX.match(name)
    if match is not None and match[1] in known:
        return name[match.end() :]
    dotted = _DOTTED.match(name)
    return name[dotted.end() :] if dotted is not None else name
