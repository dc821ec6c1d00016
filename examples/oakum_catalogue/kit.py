"""What every API of the catalogue is made of, and the few things that they share."""

from __future__ import annotations

import random
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, TypeAlias

from starlette.applications import Starlette
from starlette.requests import HTTPConnection

Json: TypeAlias = Any
Mode = Literal["leaky", "fixed"]
PATTERNS: Mapping[str, str] = {
    "P1": "missing authentication",
    "P2": "authenticated, not authorized",
    "P3": "privacy setting not enforced",
    "P4": "excessive data exposure",
    "P5": "account enumeration",
    "P6": "enumerable ids without a rate limit",
    "P7": "bulk exposure by search or batch",
    "P8": "unequal endpoints",
    "P9": "shadow endpoints",
    "P10": "GraphQL exposure",
    "P11": "feed exposure",
    "P12": "mass assignment and function level authorization",
    "P13": "pre-login disclosure",
    "P14": "cross-user cache",
    "P15": "inference leak",
    "P16": "revocation not enforced",
}


@dataclass(frozen=True)
class Truth:
    """Something that the leaky API shows, or lets be done, against its contract."""

    resource: str
    fields: tuple[str, ...]
    """Each of them leaks to each of `viewers`."""
    viewers: tuple[str, ...]
    """Relations, as findings call them: `anyone`, `member`, `follower`, `owner` …"""
    endpoint: str
    """Where, such as `GET /orders/{id}`: a finding has to name this endpoint among its own."""
    verdict: str = "proven"
    """What a scan can say of it: `suspected` where no line of the contract speaks of it."""


@dataclass(frozen=True)
class Entry:
    """One small API that leaks in one way, its fixed twin, and what is needed to test it."""

    name: str
    """Such as `p05-login-hint`; what `oakum demo catalogue serve` takes."""
    pattern: str
    """`P1` to `P16`."""
    title: str
    """One sentence: what leaks, how."""
    convention: str
    """Id scheme, envelope, naming, authentication, pagination: what sets it apart."""
    document: str
    """OpenAPI, as YAML."""
    exposure: str
    """The contract's policy, as YAML, with `api: openapi.yaml`."""
    identities: Callable[[int], str]
    """Seed → identities file, as YAML; the passwords are made up."""
    app: Callable[[Mode, int], Starlette]
    """(mode, seed) → the API, new. `app.state.db` holds all that lasts, as JSON values."""
    truth: tuple[Truth, ...]
    decoys: tuple[str, ...]
    """What looks like a leak here and is none, one sentence each."""
    options: tuple[str, ...] = ()
    """Options of `oakum scan` without which it cannot be found; `{target}` is the API's address."""
    files: Mapping[str, str] = field(default_factory=dict)
    """Further files beside the policy: a GraphQL schema."""

    def write(self, folder: Path, seed: int) -> Path:
        """Write the files of a scan into a folder, made if need be; the policy's path."""
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in {**self.files, "openapi.yaml": self.document}.items():
            (folder / name).write_text(text, encoding="utf-8")
        secret = folder / "identities.yaml"
        secret.touch(mode=0o600)
        secret.chmod(0o600)
        secret.write_text(self.identities(seed), encoding="utf-8")
        policy = folder / "exposure.yaml"
        policy.write_text(self.exposure, encoding="utf-8")
        return policy


class Tokens:
    """Bearer tokens in memory: given at login, looked up afterwards. They are no lasting data."""

    def __init__(self, scheme: str = "Bearer") -> None:
        self._scheme = scheme
        self._whose: dict[str, str] = {}

    def give(self, who: str) -> str:
        """A new token for an account."""
        token = secrets.token_urlsafe(24)
        self._whose[token] = who
        return token

    def whose(self, asked: HTTPConnection) -> str:
        """The account whose token a request or a WebSocket carries; empty: nobody's."""
        scheme, _, token = asked.headers.get("authorization", "").partition(" ")
        return self._whose.get(token, "") if scheme == self._scheme else ""


def drawn(seed: int, name: str) -> random.Random:
    """Made-up data, the same for the same seed: draw from this and from nothing else."""
    return random.Random(f"{name}/{seed}")


def words(rng: random.Random, many: int = 3) -> str:
    """A made-up text that stands nowhere else: `kelo marit supan`."""
    syllables = ["ba", "ke", "lo", "ma", "ri", "su", "pa", "ne", "to", "vi", "du", "ga", "he", "jo"]
    return " ".join("".join(rng.choices(syllables, k=rng.randint(2, 4))) for _ in range(many))
