"""`weak-jwt-secret`: tokens are signed with a common word.

Limits: keys that are weak in another way are not found. Nothing is sent to the target for it.
Remedy: a key of at least as many random bits as the hash has (RFC 7518, 3.2), or a key pair.
"""

from oakum.exposure.leak_severity import Leak
from oakum.exposure.rule_documentation import Incident, Story
from oakum.rules import Rule

RULE = Rule("weak-jwt-secret", "API2:2023", ("CWE-521", "CWE-347"), "critical")

STORY = Story(
    "Tokens are signed with a word that attackers try first.",
    "Whoever knows the key can forge a token for any account and any role, and logs cannot distinguish it from a real one.",
    Incident(
        "Apache Superset", "2023",
        "installations that kept the key from the documentation accepted session cookies that anybody could sign, even as an administrator (CVE-2023-27524)",
    ),
    (
        "sign with at least 32 random bytes from a secret store, or with a key pair",
        "revoke all existing tokens: forged ones look like the others",
        "refuse to start with an empty or short key, or with the one from the documentation",
    ),
    "cannot",
    "it verifies signatures with the same key, and forged tokens have a valid signature.",
    ("RFC 7518, 3.2", "RFC 8725, 3.5"),
)  # fmt: skip

REFERENCE = """
*API2:2023 · CWE-521, CWE-347*

**Finds** tokens signed with a common word, such as `secret`, or with the name of the API. The scan tries a few hundred words in memory on
the identities' own tokens (JWT with HS256, HS384 or HS512). It creates no token, and sends nothing.

**Limits**: a key that is weak in another way is not found.

**Remedy**: a key of as many random bits as the hash has (RFC 7518, 3.2), or a key pair; then revoke all existing tokens.

**Example**: `jwt.encode(claims, "secret")`.
"""


def matches(leak: Leak) -> bool:
    """Whether a guessed secret reproduces the signature of one of the scan's own tokens."""
    return leak.only("token-key")


def title(leak: Leak) -> str:
    """One sentence: who can impersonate whom."""
    return f"any account holder can forge a token for any other account: its {leak.says} key is a common word"


def advice(leak: Leak) -> str:
    """The fix for this leak in the API, as one sentence: it replaces the first step of `STORY.fix`."""
    return "sign with at least 32 random bytes from a secret store, and revoke all existing tokens"
