"""`weak-jwt-secret`: tokens are signed with a common word.

It cannot know a key that is weak in another way. Nothing is sent to find it.
Remedy: a key of at least as many random bits as the hash has (RFC 7518, 3.2), or a key pair.
"""

from oakum.rules import Rule
from oakum.scan.checks.leak import Leak
from oakum.scan.stories import Incident, Story

RULE = Rule("weak-jwt-secret", "API2:2023", ("CWE-521", "CWE-347"), "critical")

STORY = Story(
    "Tokens are signed with a word that everybody tries first.",
    "Who knows the key writes a token for any account and any role, without asking anybody, and"
    " no log tells it from a real one.",
    Incident(
        "Apache Superset", "2023",
        "installations that had kept the key of the documentation took session cookies that"
        " anybody could sign, also as an administrator (CVE-2023-27524)",
    ),
    (
        "sign with 32 random bytes or more out of a store of secrets, or with a key pair",
        "end all tokens given so far: those that were forged look like the others",
        "let the server not start with a key that is empty, short or of the documentation",
    ),
    "cannot",
    "it verifies signatures with the same key, and a guessed key makes right ones.",
    ("RFC 7518, 3.2", "RFC 8725, 3.5"),
)  # fmt: skip

REFERENCE = """
*API2:2023 · CWE-521, CWE-347*

**Finds** tokens signed with a common word, such as `secret`, or with the name of the API. The scan tries a few hundred words in memory on
the identities' own tokens (JWT with HS256, HS384 or HS512). It creates no token, and sends nothing.

**Cannot know** a key that is weak in another way.

**Remedy**: a key of as many random bits as the hash has (RFC 7518, 3.2), or a key pair; then revoke all existing tokens.

**Example**: `jwt.encode(claims, "secret")`.
"""


def matches(leak: Leak) -> bool:
    """A guessed secret reproduces the signature of an own token."""
    return leak.only("token-key")


def title(leak: Leak) -> str:
    """One sentence: who can be whom."""
    return (
        f"whoever has an account can write a token for any other: its {leak.says} key is a common"
        " word"
    )


def advice(leak: Leak) -> str:
    """What to change in the API."""
    return "sign with 32 random bytes or more from a secret store, and end all tokens given so far"
