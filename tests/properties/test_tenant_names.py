"""What a parser of JSON reads as the name of a member names the tenant, however it is spelt."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from oakum.guard.compiled.lookup_selection import LookupSelection
from oakum.guard.compiled.tenants_in_bodies_and_queries import names_tenant
from oakum.openapi.model import Json
from oakum.routing.http_messages import HttpRequest
from tests.properties.pool import LAW

OWN = LookupSelection(body=("tenant", "org_id"))
NAMES = ("tenant", "org_id", "orgId", "ten", "text", "a b", "é")
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.sampled_from((*NAMES, '"tenant":', "x")),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=3)
    ),
    max_leaves=8,
)


def members(value: Json) -> set[str]:
    """Names of all members of a value."""
    if isinstance(value, dict):
        return {*value}.union(*map(members, value.values()))
    return set[str]().union(*map(members, value)) if isinstance(value, list) else set()


@st.composite
def spelt(draw: st.DrawFn) -> bytes:
    """A value with escapes and white space where JSON allows them."""
    text, made = json.dumps(draw(VALUES)), list[str]()
    for before, each in zip(" " + text, text, strict=False):
        if each.isalpha() and before != "\\" and draw(st.booleans()) and '"' in text:
            made.append(f"\\u00{ord(each):02X}" if draw(st.booleans()) else each)
        elif each == ":":
            made.append(draw(st.sampled_from((":", " :", "\n\t:"))))
        else:
            made.append(each)
    return "".join(made).encode()


@LAW
@given(spelt())
def test_a_name_that_a_parser_reads_names_the_tenant(body: bytes) -> None:
    try:
        read = json.loads(body)
    except ValueError:
        return
    asked = HttpRequest("POST", "/x", (("content-type", "application/json"),), body)
    if not members(read).isdisjoint(("tenant", "org_id", "orgId")):
        assert names_tenant(asked, "", OWN)
