"""`mass-assignment`: owners set members of their own objects that nobody may set.

Limits: it does not tell what the member does; `roles` may open every endpoint, or none.
Remedy: read from a request what its schema declares, and nothing else.
"""

from oakum.exposure.leak_severity import Leak
from oakum.exposure.rule_documentation import Incident, Story
from oakum.rules import Rule

RULE = Rule("mass-assignment", "API3:2023", ("CWE-915",))

STORY = Story(
    "A request sets members of the caller's own object that only the server should set.",
    "Anybody can become an administrator by sending `roles`, `plan` or `verified` with their profile.",
    Incident(
        "FIA portal for drivers", "2025",
        "the request that saves a profile accepted `roles`; as administrators the researchers could read password hashes and passports of some 7,000 drivers",
    ),
    (
        "bind each request to its own schema, with only the writable members",
        "refuse other members, or drop them; document that with `additionalProperties: false`",
        "give roles, plans and marks of trust functions of their own",
    ),
    "refuses",
    "the request with 422, or removes the member (`unknown: remove`), for every member that no `set` of the contract allows this caller.",
    ("OWASP Mass Assignment Cheat Sheet",),
)  # fmt: skip

REFERENCE = """
*API3:2023 · CWE-915*

**Finds** fields of their own that owners can set although no `set` of the contract allows it. The scan sends another value, sees it in the
owner's own view, restores the old value, and sees that again. Needs `--allow-writes`. The owner is tried on an object that the run itself makes, which is given to another identity, if both could make one of
their own and remove it: whoever has it then removes it. It does not try fields that vary by themselves, times, settings, fields that the life of an object depends on, and fields that let somebody in: keys, handles, passwords, addresses,
members that a relation by `field` reads. On an object that was there before the run it tries only free texts (no `enum`, pattern or format)
whose name is a word for what somebody writes down: `title`, `name`, `text`, `note`, `description`, `bio`, `body`, `comment`, `caption`, `city`, `colour` and the like; and numbers
and values of an `enum` for what something is like: `plan`, `tier`, `level`, `weight` and the like. What any other sets off may stay: a
`cancel_reason` cancels, the third of `strikes` bars. All others are tried only on objects that the run itself makes; else *Writes* in the
report names each as not tried, with the reason.

A member that the document lets a creation have and no change of the object, and that no `set` names anybody for, is not tried at the creation,
since this may say that nobody changes it later: *Writes* names it. `set: [owner]` says that owners may state it, another relation in `set` that
they may not. Authority, such as a role, is tried all the same.

**Limits**: the rule does not tell what the field does.

**Remedy**: read from a request what its schema declares, and nothing else.

**Example**: `PATCH /me` with `"roles": ["admin"]`.
"""


def matches(leak: Leak) -> bool:
    """Whether the owner wrote the member and read the value back afterwards."""
    return leak.only("mass-assignment")


def title(leak: Leak) -> str:
    """One sentence: who can set which member."""
    return f"owners can set their own `{leak.resource}.{leak.field}`, although no rule allows it"


def advice(leak: Leak) -> str:
    """The fix for this leak in the API, as one sentence: it replaces the first step of `STORY.fix`."""
    return "bind requests to a schema of writable members, and drop or refuse all others"
