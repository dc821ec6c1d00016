"""Forms in which a parameter takes a question about a field, such as `field:value`."""

from __future__ import annotations

from oakum.inference.lexicon import word_set, words
from oakum.openapi.model import Parameter, Shape
from oakum.scan.filters.filter_parameters import EQUALS

_LANGUAGES = word_set("criteria filter filters where")
_SEARCHES = word_set("find keyword match q query search term text")
_ASKS = ("{field}:{value}", "{field} eq {value}", '{{"{field}":"{value}"}}')
_TYPED = (
    "{field} eq '{quoted}'",
    "contains({field},'{quoted}')",
    '{field} eq "{value}"',
    '{field}=="{value}"',
)
"""Literals of a text: OData (v4.01, 5.1.1.6.1), SCIM (RFC 7644, 3.4.2.2), RSQL."""
BARE = "{value}"


def forms(parameter: Parameter) -> tuple[str, ...]:
    """Query syntaxes that a parameter may accept, judged by its name; empty if none."""
    said = frozenset(words(parameter.name))
    if not said or parameter.shape.enum or not said <= _LANGUAGES | _SEARCHES | EQUALS:
        return ()
    bare = (BARE,) if said & _SEARCHES else ()
    if parameter.name.startswith("$"):  # OData's own parameters
        return (*_TYPED[:2], _ASKS[1]) if said & _LANGUAGES else bare
    asks = _ASKS if said & (_LANGUAGES | _SEARCHES) else ()
    return (*_TYPED[:1], *asks, *_TYPED[1:]) if said & _LANGUAGES else (*bare, *asks)


def put(form: str, field: str, value: str) -> str:
    """A query in one of `forms`. SCIM (RFC 7644, 3.5.2), RSQL and document stores name a member of
    the elements of a list without a step for the list: `emails.value`."""
    return form.format(field=field.replace(".*", ""), value=value, quoted=value.replace("'", "''"))


def is_text(shape: Shape) -> bool:
    """Whether a parameter accepts any text."""
    return not shape.enum and (not shape.kinds or "string" in shape.kinds)
