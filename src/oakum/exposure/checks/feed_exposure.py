"""`feed-exposure`: a live feed sends a field that no other endpoint shows.

Limits: frames about events that the scan did not cause are not seen, nor those after it stopped
listening.
Remedy: build each frame for its receiver, from what they may see when it is sent.
"""

from oakum.exposure.leak_severity import Leak, describe_extent, which, who
from oakum.exposure.rule_documentation import Incident, Story
from oakum.rules import Rule

RULE = Rule("feed-exposure", "API3:2023", ("CWE-200", "CWE-863"))

STORY = Story(
    "A live feed carries a field that no other endpoint shows to this listener.",
    "Pushed data is filtered once, when a listener connects, or not at all; the leak lasts as long as they listen.",
    Incident(
        "Freedom Chat", "2025",
        "every member joined one channel, and its messages contained the PINs of all others",
    ),
    (
        "filter every frame for its receiver, at the moment it is sent",
        "check again who they are and what they may see when a relation or a setting changes",
        "if a frame cannot be filtered for each receiver, send ids and let clients request the objects",
    ),
    "partly",
    "on nginx it filters server-sent events and JSON lines one by one, for each listener. On Envoy and in the middleware it refuses feeds. A WebSocket passes unfiltered, or is refused.",
    ("RFC 6455, 10", "WHATWG HTML, server-sent events"),
)  # fmt: skip

REFERENCE = """
*API3:2023 · CWE-200, CWE-863*

**Finds** a field in a frame of a live feed, while every other endpoint obeys the contract. Feeds are operations that answer
`text/event-stream` or lines of JSON, and those that declare a `101`, whose schema is that of a frame of a WebSocket. Each kind of viewer
listens, the owner joins, and the scan requests earlier frames (`?since=0`, `Last-Event-ID: 0`). With `--allow-own-settings` a relation ends
or a setting is closed while the feed is open; frames that come half a second later are checked against the new state.

**Limits**: events that the scan did not cause are not tested. The scan listens for a few seconds, and reports a feed that sends nothing in
that time.

**Remedy**: filter each frame for its receiver, at the moment it is sent.

**Example**: Ann is in a class, Pia joins, and Ann is sent `{"event": "join", "learner": {"nick": "pia", "city": "Leeds"}}`.
"""


def matches(leak: Leak) -> bool:
    """Whether only a feed showed the field, and no ordinary endpoint."""
    return leak.only("feed")


def title(leak: Leak) -> str:
    """One sentence: the receiver, the field, and the owner."""
    return f"{who(leak)} gets {describe_extent(leak)} in a live feed{which(leak)}"


def advice(leak: Leak) -> str:
    """The fix for this leak in the API, as one sentence: it replaces the first step of `STORY.fix`."""
    return "filter each frame for its receiver when it is sent; permission to connect is not permission to receive everything later"
