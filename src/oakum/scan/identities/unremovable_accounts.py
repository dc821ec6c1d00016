"""Accounts of the run's own that cannot log in, so that the run cannot remove them.

A 201 says that an account was created (RFC 9110, 15.3.2), and so does a success that shows it with
its key. A 202 says only that it may be, and so does a 200 that shows nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from oakum.exchange import Response


@dataclass(frozen=True)
class Stray:
    """An account that was made, it seems, and cannot log in."""

    name: str
    """What the run has called it."""
    place: str = ""
    """Its key, else its address; empty: no answer has told either."""
    is_certain: bool = False
    """Whether the API has said that it was created, and not only that it took the request."""

    @classmethod
    def of(cls, name: str, key: str, answer: Response) -> Stray:
        """`key`: as the answer to the registration tells it; empty: it does not."""
        created = answer.status == 201
        address = urlsplit(answer.headers.get("location", "")).path if created else ""
        return cls(name, key or address, created or (answer.status != 202 and bool(key)))

    def words(self, registration: str, by_hand: str) -> str:
        """What the report says. `by_hand`: what removes one, in brackets; empty: nothing does."""
        place = f" (`{self.place}`)" if self.place else ""
        what = "may have been created: look for it by hand"
        if self.is_certain:
            what = f"was created: remove it by hand{by_hand}"
        return (
            f"an account `{self.name}`{place} that cannot log in {what}; if accounts must be"
            " confirmed first, keep scans from creating any with `operations:"
            f' {{{registration}: {{untested: "the reason"}}}}` in the contract'
        )


def made_up_name(name: str, called: Mapping[str, str]) -> str:
    """What an account is called, as far as the run has made that up."""
    return next((each for each in called.values() if each.startswith("oakum")), name)
