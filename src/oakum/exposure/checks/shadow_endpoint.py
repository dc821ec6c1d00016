"""`shadow-endpoint`: an undocumented endpoint shows what documented ones hide.

Limits: it does not tell who still needs that endpoint, and tries only some endpoints.
Remedy: remove the old endpoint, or let both use the same checks.
"""

from oakum.exposure.leak_severity import Leak, describe_extent, which, who
from oakum.exposure.rule_documentation import Incident, Story
from oakum.rules import Rule

RULE = Rule("shadow-endpoint", "API9:2023", ("CWE-1059", "CWE-863"))

STORY = Story(
    "An undocumented endpoint shows data that the documented endpoints withhold.",
    "Fixes go where people look. An old version, an old host or a mobile variant keeps running without the fix, and attackers try those first.",
    Incident(
        "Optus", "2022",
        "a check broken in 2018 was fixed on the main host in 2021, but not on a second host that nobody used any more: 9.5 million customers",
    ),
    (
        "remove what nobody needs: the host, the version, the route",
        "let every version build its responses with the same code and the same checks",
        "keep a list of hosts and versions that respond, and scan each",
    ),
    "refuses",
    "it passes only documented paths and versions. It cannot protect hosts whose traffic does not pass through it.",
    ("RFC 8594",),
)  # fmt: skip

REFERENCE = """
*API9:2023 · CWE-1059, CWE-863*

**Finds** a field at an endpoint that no document has, while the documented endpoints obey the contract. With `--twins` the scan tries other
versions of documented paths (of `/v2/` the one before, the first, the next, and none at all), other values where the document lets a header,
a media type or a query parameter name a version, and a phone's `User-Agent`. With `--twin URL` it requests the same endpoints at another
address, with `--front-end URL` the paths in a page's scripts that the document lacks. It tries each as an owner first, and stops after one
response if this is not an API's. It searches responses of an unknown form, including data in a page, for objects of the contract's
kinds: by key, owner and two more members.

**Limits**: other endpoints than these are not tested. Objects whose members all have other names, and contain nothing that their owner sees
elsewhere, are not recognised.

**Remedy**: remove the old endpoint, or route it through the same authorization check; keep an inventory of deployed endpoints.

**Example**: `GET /v2/tenants/{id}` shows another tenant's name, `GET /v1/tenants/{id}` their IBAN too.
"""


def matches(leak: Leak) -> bool:
    """Whether no documented endpoint showed it."""
    return leak.only("shadow-endpoint")


def title(leak: Leak) -> str:
    """One sentence: the viewer, the field, and the owner."""
    return f"{who(leak)} can read {describe_extent(leak)} at an undocumented endpoint{which(leak)}"


def advice(leak: Leak) -> str:
    """The fix for this leak in the API, as one sentence: it replaces the first step of `STORY.fix`."""
    return "remove the endpoint, or document it and use the same authorization code as for the others; keep a list of all hosts and versions that respond"
