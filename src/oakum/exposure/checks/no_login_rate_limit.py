"""`no-login-rate-limit`: wrong secrets can be tried again and again without delay.

Limits: a rate limit that starts later, or that counts many addresses together, is not seen.
Remedy: limit attempts by account and by address, and answer `429` (RFC 6585, 4).
"""

from oakum.exposure.leak_severity import Leak
from oakum.exposure.rule_documentation import Incident, Story
from oakum.rules import Rule

RULE = Rule("no-login-rate-limit", "API2:2023", ("CWE-307",), "medium")

STORY = Story(
    "The login accepts any number of guesses without slowing the caller down.",
    "Programs try passwords from other leaks on every account, and guess a code of four or six digits in minutes.",
    Incident(
        "Freedom Chat", "2025",
        "nothing limited how many telephone numbers could be checked for an account",
    ),
    (
        "after a few wrong secrets answer 429 with `Retry-After`, by account and by address",
        "make a code expire after a few tries, not only after a time",
        "refuse passwords known from leaks; offer a second factor",
    ),
    "partly",
    "`limits:` on calls answer 429 by address. It does not know which account a login is for,"
    " so guesses from many addresses pass.",
    ("RFC 6585, 4", "NIST SP 800-63B, 5.2.2"),
)  # fmt: skip

REFERENCE = """
*API2:2023 · CWE-307*

**Finds** logins without a rate limit: the scan sends ten wrong secrets in a row for an account that it made itself, each with the same
response, and then the right one, which is accepted at once. Needs `--allow-writes`, and a registration that the document describes.

**Limits**: a rate limit that starts later, or that counts many addresses together, is not seen.

**Remedy**: after a few wrong secrets answer `429` with `Retry-After`, by account and by address.

**Example**: `POST /login` that answers the hundredth wrong password like the first.
"""


def matches(leak: Leak) -> bool:
    """Whether the right password still worked after wrong ones, for an account that the
    scan made."""
    return leak.only("guess")


def title(leak: Leak) -> str:
    """One sentence: which secret can be guessed at the login."""
    return f"no rate limit on login: `{leak.resource}.{leak.field}` can be guessed"


def advice(leak: Leak) -> str:
    """The fix for this leak in the API, as one sentence: it replaces the first step of `STORY.fix`."""
    return "after a few wrong secrets answer 429 with Retry-After, by account and by address"
