"""`page-limit-not-enforced`: a list returns larger pages than the document or the contract allows.

Limits: lists with no more objects than one page are not tested, nor is a limit that neither the
document nor the contract declares.
Remedy: check the page size on the server, and refuse or cut what is larger.
"""

from __future__ import annotations

from oakum.exposure.leak_severity import Leak, things, who
from oakum.exposure.rule_documentation import Incident, Story
from oakum.rules import Rule

RULE = Rule("page-limit-not-enforced", "API4:2023", ("CWE-770", "CWE-1284"), "low")

STORY = Story(
    "The document gives a maximum page size, and the API returns more.",
    "A caller who collects everybody's data needs a handful of requests, which no rate limit notices.",
    Incident(
        "Venmo", "2018",
        "everybody could read the public feed without a login, as often as one request in half a minute; 208 million transactions of one year were collected",
    ),
    (
        "check the page size on the server: answer 400, or cut the page to the maximum",
        "apply the same maximum where the caller leaves the size out",
    ),
    "partly",
    "The guard answers 400 to a page size beyond `at_most`, not beyond the document's maximum; `limits:` on different owners counts each object of a page.",
    ("RFC 9110, 15.5.1",),
)  # fmt: skip

REFERENCE = """
*API4:2023 · CWE-770, CWE-1284*

**Finds** lists of other people's objects whose page size has a `maximum` in the document, or `at_most` in the contract, and which return more.
The scan asks for one more than the maximum, as the first kind of viewer that the list shows anything to, and again if that many came.

**Limits**: lists with no more objects than the maximum are not tested, nor is a maximum of 1,000 or more. A limit that is declared nowhere
is unknown; [`at_most`](policy-language.md#at_most) in the contract declares it.

**Remedy**: check the page size on the server; answer `400`, or cut the page to the maximum.

**Example**: `limit` has `maximum: 100`, and `GET /members?limit=101` returns 101 members.
"""


def matches(leak: Leak) -> bool:
    """Whether only pages larger than allowed showed it."""
    return leak.only("page-limit")


def title(leak: Leak) -> str:
    """One sentence: who receives how many objects at once."""
    return f"{who(leak)} can list {things(leak)} without the documented limit: {leak.says}"


def advice(leak: Leak) -> str:
    """The fix for this leak in the API, as one sentence: it replaces the first step of `STORY.fix`."""
    return "check the page size on the server: answer 400, or cut the page to the maximum"
