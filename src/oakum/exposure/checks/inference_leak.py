"""`inference-leak`: a hidden field changes which objects a response contains, their order or their
number.

Limits: it does not measure how much of the value many requests reveal; a filter reveals all of it.
Remedy: sort, filter and count only by what the caller may see of each object.
"""

from oakum.exposure.leak_severity import Leak, things, which, who
from oakum.exposure.rule_documentation import Incident, Story
from oakum.rules import Rule

RULE = Rule("inference-leak", "API3:2023", ("CWE-203", "CWE-200"))

STORY = Story(
    "A hidden field never appears in a response, but affects its order, its count or a filter.",
    "With enough requests, a filter reveals the exact value, and an order reveals it approximately.",
    Incident(
        "Hornet", "2024",
        "users' positions could be worked out even if they had hidden their distance",
    ),
    (
        "do not sort, filter or count by a field unless the caller may see it on every object",
        "exclude objects whose value is hidden from filters and counts by that field",
        "rounding does not help: requests from several places reveal the exact value again",
    ),
    "cannot",
    "it filters responses, but cannot see how the API computed them. It removes only undeclared parameters from the query.",
    ("Goguen and Meseguer, Security Policies and Security Models (1982)",),
)  # fmt: skip

REFERENCE = """
*API3:2023 · CWE-203, CWE-200*

**Finds** a hidden field that never appears in a response but affects it: a filter that finds its owner only by the right value, or an order
or a count that changes when the owner changes only this field. The scan tries filters with values that owners know of themselves: parameters
named like the field, with an operator (`email_cont`, `email__startswith`, `email[like]`) or another name for it (`phone_number`), searches, and
query languages (OData, SCIM, RSQL, JSON), also those that `params:` fills. A filter that is JSON by the document (an object, a media type, an
example), or whose parts are names of parameters (`filters[email]`), gets the condition at its top, inside `$or` and `$and`, in an operator
(`$in`), and on a member (`bank.iban`); first a condition on a field that the caller may see shows that the filter works, else a note says that it
was not tested. In GraphQL it asks fields of the root with one argument that is a text, for the hidden field of its name, or
for contact data and the like where it takes any text; who is found by a look-up of one object is *suspected*.
The owner has to come with the right value, and not with another of
the same form, twice; or a row that names nobody (a score, a snippet, a total), which must not come either if one word of the value differs. The
other value keeps every word that the caller sees of the owner, so that a search by the visible name is not a finding. Orders and
counts are proven in paired worlds (`--allow-own-settings`): the scan sets the field to low, low again, high and low; differences between two lows
are noise. It does so with fields of accounts, and of what each caller has one of. Without writes they are *suspected*: a list that is ordered by a
hidden field (a `sort` with any text, or with this value in the document) comes in the order of the owners' values, and neither as usual nor as for a
name that is no field; a total that the contract names as `counts` is larger than the list and large enough for others' hidden objects.

**Limits**: fields that owners cannot write (a date of birth that is set once) and lists in random order are not tested. Nor is the effect
of another object's field on an order: existing objects are not changed for this, and the report lists such fields as untried.

**Remedy**: do not sort, filter or count by a field that the caller may not see of every object. Until then a guard can remove such a parameter
([`without`](policy-language.md#what-finds-or-sorts-by-a-hidden-field)).

**Example**: `GET /runners?sort=weight_kg` shows no weight, but reveals who is heavier.
"""


def matches(leak: Leak) -> bool:
    """Whether the leak was found only by comparing responses."""
    return leak.only("inference")


def title(leak: Leak) -> str:
    """One sentence: the viewer, the hidden field, the owner, and the signal."""
    return f"{who(leak)} can infer hidden fields of {things(leak)}, which are never sent: {leak.says}{which(leak)}"


def advice(leak: Leak) -> str:
    """The fix for this leak in the API, as one sentence: it replaces the first step of `STORY.fix`."""
    return "do not sort, filter or count by a field unless the caller may see it on every object"
