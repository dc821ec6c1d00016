"""The path at which an application is mounted, and the paths of its document.

A document may write the paths of a mounted application with the prefix, in `paths` or `servers`, or
without it: a framework that generates the document only knows the rest. In both cases a request is
judged by the path that the framework routes, and look-ups are written as the request was (CWE-436).
A prefix that one framework would remove and another would keep is not accepted.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal
from urllib.parse import quote

SAFE = "/:@!$&'()*+,;=~"
"""Characters that need no escape in a path, besides letters and digits."""


@dataclass(frozen=True)
class Mount:
    """Where an application is mounted, and whether its document writes that prefix."""

    root: str
    """Path prefix as the server reports it, without a trailing slash; empty: not mounted."""
    stated: Literal["all", "some", "none"] = "all"
    """Whether all, some or none of the document's paths have the prefix; `some`: requests are
    matched both with and without it."""

    def below(self, path: str) -> bool:
        """Whether a decoded path is below the prefix."""
        return bool(self.root) and (path == self.root or path.startswith(self.root + "/"))

    def inward(self, path: str, target: str) -> str:
        """The document's path for a request; empty if there is none. `path`: decoded, as the
        application reads it; `target`: as received."""
        if not self.root or self.stated == "some":
            return target
        prefix = quote(self.root, safe=SAFE)
        if self.below(path):
            begins = target == prefix or target.startswith(prefix + "/")
            return (target if self.stated == "all" else target[len(prefix) :]) if begins else ""
        if path.startswith(self.root):
            return ""
        return prefix + target if self.stated == "all" else target

    def outward(self, target: str, *, below: bool) -> str:
        """The path for a request to the application; `below`: whether the original request had the
        prefix."""
        if not self.root or self.stated == "some":
            return target
        prefix = quote(self.root, safe=SAFE)
        if self.stated == "none":
            return prefix + target if below else target
        return target if below else target.removeprefix(prefix)


def mount_at(root: str, paths: Iterable[str]) -> Mount:
    """The mount of an application at `root`, given the paths of its document."""
    root = root.rstrip("/")
    prefix = root.split("/")[1:]
    begin = [_begins(path.split("/")[1:], prefix) for path in paths]
    if not any(each is not False for each in begin):
        return Mount(root, "none")
    return Mount(root, "all" if all(begin) else "some")


def _begins(path: list[str], prefix: list[str]) -> bool | None:
    """Whether a path begins with a prefix; None: a parameter of it may."""
    pairs = list(zip(path, prefix, strict=False))
    if len(pairs) < len(prefix) or any(one != other and "{" not in one for one, other in pairs):
        return False
    return True if all(one == other for one, other in pairs) else None
