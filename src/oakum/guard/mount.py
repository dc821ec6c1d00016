"""The path below which an application is mounted, and the paths of its document.

A document writes the paths of a mounted application with the prefix, in `paths` or `servers`, or
without it: a framework that makes its document knows only what follows. Either way a request is
judged by the path that the framework reads, and what is asked of the application is written as the
request was (CWE-436). A prefix that one framework would take away and another not is no place.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal
from urllib.parse import quote

SAFE = "/:@!$&'()*+,;=~"
"""What a path may hold without an escape, beside letters and digits."""


@dataclass(frozen=True)
class Mount:
    """Where an application is mounted, and which paths of its document begin there."""

    root: str
    """As the server says it, without a slash at its end; empty: nowhere."""
    stated: Literal["all", "some", "none"] = "all"
    """`some`: paths are taken as they come, with the prefix or not."""

    def below(self, path: str) -> bool:
        """Whether a path as frameworks read it, decoded, is below the prefix."""
        return bool(self.root) and (path == self.root or path.startswith(self.root + "/"))

    def inward(self, path: str, target: str) -> str:
        """The path of the document for a request; empty for none. `path`: what the application
        reads, decoded; `target`: the same as it came."""
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
        """The path to ask the application for, as a request has it that is `below` the prefix or
        was rid of it on its way."""
        if not self.root or self.stated == "some":
            return target
        prefix = quote(self.root, safe=SAFE)
        if self.stated == "none":
            return prefix + target if below else target
        return target if below else target.removeprefix(prefix)


def mount_at(root: str, paths: Iterable[str]) -> Mount:
    """An application at `root` whose document has `paths`."""
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
