"""API keys that identify an application and no caller, as all its users send the same.

Such a key is never a person's credential. A key counts as one only if the document requires it for
every operation, has operations that require nothing else, and requires more for who-am-I.
Operations that require only the key are then open to everybody.
"""

from __future__ import annotations

from oakum.openapi.document import Document
from oakum.policy.model import Policy


def application_keys(document: Document, policy: Policy) -> frozenset[str]:
    """Names of the security schemes that identify an application, not a caller."""
    caller = document.operation(policy.caller.operation) if policy.caller.operation else None
    if policy.caller.api_key or (caller is None and not policy.caller.claim):
        return frozenset()
    asked = [set(each) for operation in document.operations for each in operation.security or ()]
    needed = [alternative for alternative in asked if alternative]
    more = caller.security if caller is not None else ()
    if not needed or (caller is not None and not more):
        return frozenset()
    return frozenset(
        name
        for name in needed[0]
        if _in_a_header(document, name)
        and all(name in each for each in needed)
        and {name} in needed
        and all(each - {name} for each in more or ())
    )


def _in_a_header(document: Document, name: str) -> bool:
    """Whether a scheme is an API key in a header other than `authorization` and `cookie`."""
    scheme = document.security_schemes.get(name)
    if not isinstance(scheme, dict) or scheme.get("type") != "apiKey":
        return False
    header = scheme.get("name")
    own = isinstance(header, str) and header.lower() not in ("authorization", "cookie")
    return scheme.get("in") == "header" and own
