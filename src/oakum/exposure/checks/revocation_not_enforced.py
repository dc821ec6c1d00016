"""`revocation-not-enforced`: access continues after a grant has ended.

Limits: it does not tell for how long; access that ends within a minute and access that never ends
look alike.
Remedy: check authorization at each read, not when a link, a cursor or a copy is made.
"""

from oakum.exposure.leak_severity import Leak, describe_extent, which, who
from oakum.exposure.rule_documentation import Incident, Story
from oakum.rules import Rule

RULE = Rule("revocation-not-enforced", "API1:2023", ("CWE-613", "CWE-672"))

STORY = Story(
    "Permission has ended, but an earlier link, cursor or copy still works.",
    "Users who unfollow, block or go private believe that access has ended.",
    Incident(
        "Jack'd", "2018-2019",
        "private photos could be fetched by URL without a login; this stayed open for a year after it was reported",
    ),
    (
        "decide at each read, not when a link or a cursor is created",
        "bind links to the permission they were created with, and invalidate them when it ends",
        "end sessions, subscriptions, index entries and copies when the permission ends",
    ),
    "partly",
    "it decides anew for each request, so fields disappear at most `ttl` after a relation or a setting has changed. It cannot check links to a store that is not behind it.",
    ("RFC 7009",),
)  # fmt: skip

REFERENCE = """
*API1:2023 · CWE-613, CWE-672*

**Finds** data that is still shown after the permission has ended: by a signed link, a cursor, or a copy that was made before. Needs
`--allow-own-settings`, and in the contract `begin` and `end` of a relation, or a state's `switch`.

The scan begins a relation between two identities without one, sees it begin, and ends it. It never ends a relation that existed before the
run, because nobody knows whether it can begin again. The list that shows the relation has to be complete: if it continues, or may continue,
the scan begins nothing. If every identity is already related to every other, the rule stays untested, and a note says so. The scan also
undoes what the API changes beside the relation, as far as `begin` and `end` can, and no finding depends on what was left. If a list shows
the change late, the scan reads it again for some 8 s; if a change was accepted but does not appear, the scan changes this relation no
more. After a setting was changed and restored, the scan requests up to six endpoints that the setting opens once more, as one stranger each;
if something is still shown, the run left it, and the report says so.

**Limits**: the rule does not tell how long the access lasts.

**Remedy**: check the right when something is read, not when a link or a cursor is made.

**Example**: Bob no longer follows Pia; the cursor of his last page still leads to her flights.
"""


def matches(leak: Leak) -> bool:
    """Whether it was shown only through a link, cursor or session from before the revocation."""
    return leak.only("revocation")


def title(leak: Leak) -> str:
    """One sentence: the viewer who still has access, the field, and the owner."""
    return f"{who(leak)} can still read {describe_extent(leak)} after the right to it has ended{which(leak)}"


def advice(leak: Leak) -> str:
    """The fix for this leak in the API, as one sentence: it replaces the first step of `STORY.fix`."""
    return "decide anew at each read: bind links and cursors to the permission they were created with, and invalidate them when it ends"
