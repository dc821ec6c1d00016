"""`revocation-not-enforced`: access continues after a grant has ended.

It cannot know how long: a copy that dies within a minute and one that never does look alike.
Remedy: check the right when something is read, not when a link, a cursor or a copy is made.
"""

from oakum.rules import Rule
from oakum.scan.checks.leak import Leak, seen, which, who
from oakum.scan.stories import Incident, Story

RULE = Rule("revocation-not-enforced", "API1:2023", ("CWE-613", "CWE-672"))

STORY = Story(
    "The right to see has ended, and a link, a cursor or a copy from before still opens.",
    "Who unfollows, blocks or goes private believes that it is over.",
    Incident(
        "Jack'd", "2018-2019",
        "private photos could be fetched by their address, without a login; it was left open"
        " for"
        " a year after it was reported",
    ),
    (
        "decide at each reading, not when a link or a cursor is made",
        "bind links to the right that they were made under, and let them die with it",
        "end sessions, subscriptions, indexes and copies when the right ends",
    ),
    "partly",
    "it asks anew who may see what with each request, so that fields go when a relation or a"
    " setting has changed, at most `ttl` later. A link to a store that is not behind it is out"
    " of its reach.",
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

**Cannot know** how long it lasts.

**Remedy**: check the right when something is read, not when a link or a cursor is made.

**Example**: Bob no longer follows Pia; the cursor of his last page still leads to her flights.
"""


def matches(leak: Leak) -> bool:
    """Shown only through a link, cursor or session from before the revocation."""
    return leak.only("stale")


def title(leak: Leak) -> str:
    """One sentence: who still sees what of whom."""
    return f"{who(leak)} can still read {seen(leak)} after the right to it has ended{which(leak)}"


def advice(leak: Leak) -> str:
    """What to change in the API."""
    return (
        "decide anew at each reading: bind links and cursors to the right they were made under,"
        " and let the end of that right end them"
    )
