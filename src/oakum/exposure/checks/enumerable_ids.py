"""`enumerable-ids`: an id is the only protection of an object, and ids can be guessed.

Limits: a rate limit that starts later, or that counts distinct objects or addresses, is not seen;
the scan requests only its own objects, at its own rate.
Remedy: use random keys of 128 bits, or authorize the caller, and answer 429 after many attempts.
"""

from oakum.exposure.leak_severity import Leak, whose
from oakum.exposure.rule_documentation import Incident, Story
from oakum.rules import Rule

RULE = Rule("enumerable-ids", "API4:2023", ("CWE-340", "CWE-799"), "medium")

STORY = Story(
    "Only a key keeps strangers out, and whoever has seen a few keys can derive the others.",
    "A program can try all keys in days and collect every record, even if no single response reveals too much.",
    Incident(
        "Dell", "2024",
        "anybody could register as a partner and look up orders by a seven-character tag; nothing stopped an attacker who tried tags for weeks and took 49 million records",
    ),
    (
        "use random 128-bit keys, and show them only to those who need them",
        "if keys must be short, require a login, or something else that only the holder knows",
        "answer 429 with `Retry-After` to callers who try many, by account and by address",
    ),
    "partly",
    "`limits:` on calls answer 429, and a limit on the number of owners stops the enumeration. The keys do not change.",
    ("RFC 9562, 8", "RFC 6585, 4"),
)  # fmt: skip

REFERENCE = """
*API4:2023 · CWE-340, CWE-799*

**Finds** a key that the contract hides, at an endpoint that opens to anybody with the key, if the key can be guessed. The scan reads the
ids of identities' own objects as numbers in every usual base, as short codes, and as times. If they are sequential or few, it requests its
own objects again and again, as a caller who may not know the keys: 40 times, 60 if the document declares a `429`, or as often as needed to
exceed a `limits:` of the contract, at most 200. A `429`, another refusal, another page, slow responses or a counter of what is left is a rate
limit, and no finding. If keys cannot be guessed, the scan looks for them outside the objects of other responses. The evidence says how many
records are behind the endpoint, with a 95 % interval (the German tank problem). The endpoint has to show something that the contract lets this
caller see; anything beyond that is a leak with its own rule.

**Limits**: a rate limit that starts later, counts different objects or addresses, or counts misses is not seen, because the scan requests
only keys of its identities' own objects.

**Remedy**: draw keys of 128 bits at random; or require a login. Answer 429 to callers who try many.

**Example**: the tag of a lost dog is a number, and `GET /tags/{number}` tells anybody whose dog it is.
"""


def matches(leak: Leak) -> bool:
    """Whether keys of the scan's own objects are predictable and repeated requests were not
    limited."""
    return leak.only("id-enumeration")


def title(leak: Leak) -> str:
    """One sentence: who can find out what, and how."""
    return f"`{leak.viewer}` can find out every {whose(leak)}: {leak.says}"


def advice(leak: Leak) -> str:
    """The fix for this leak in the API, as one sentence: it replaces the first step of `STORY.fix`."""
    return "use random 128-bit keys, and show them to nobody else; answer 429 with Retry-After to callers who try many, by account and by address"
