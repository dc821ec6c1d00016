"""What a request says of what it is about, and what a look-up is sent of that."""

from __future__ import annotations

import pytest

from oakum.guard.compiled.lookup_selection import LookupSelection, SuppliedParameter
from oakum.guard.tenant_selection import Conditions, conditions
from oakum.routing.http_messages import Denial, HttpRequest

SELECTS = LookupSelection(("x-region", "x-tenant"), ("org",), ("space",))
HOST = ("x-forwarded-host", "api.test")


def said(query: str = "", *headers: tuple[str, str], host: str = "api.test") -> Conditions:
    return conditions(HttpRequest("GET", "/x", headers, b"", host), query, SELECTS)


DIFFERENT = [
    said(),
    said(host="other.test"),
    said("", ("x-tenant", "a")),
    said("", ("x-tenant", "b")),
    said("", ("x-tenant", "a"), ("x-tenant", "b")),
    said("", ("x-tenant", "b"), ("x-tenant", "a")),
    said("", ("x-region", "a")),
    said("", ("cookie", "org=a")),
    said("space=a"),
    said("space=a&space=b"),
    said("space[x]=a"),
    said("", ("x-tenant", "")),
]


def test_conditions_that_differ_have_keys_that_differ() -> None:
    assert len({each.key for each in DIFFERENT}) == len(DIFFERENT)


def test_what_selects_nothing_is_not_in_the_key() -> None:
    other = (("accept-language", "de"), ("cookie", "theme=dark"), ("x-trace", "1"))
    assert said("limit=1", *other).key == said().key


def test_a_look_up_is_sent_what_it_declares_of_the_query_and_the_rest_as_it_came() -> None:
    one = said("space=a", ("x-tenant", "t"), ("cookie", "sid=1; org=o"))
    told = one.parameters_for(LookupSelection(query=("space",)))
    assert told is not None
    assert told.headers == (("x-tenant", "t"), HOST)
    assert (told.cookies, told.query) == (("org=o",), ("space=a",))
    assert told.merge_into("space=default&limit=9") == "limit=9&space=a"
    other = one.parameters_for(LookupSelection())
    assert other is not None
    assert (other.query, other.merge_into("limit=9")) == ((), "limit=9")


@pytest.mark.parametrize(("only", "sent"), [(True, "2"), (False, "t")])
def test_the_only_value_of_a_look_up_counts_more_than_the_requests(only: bool, sent: str) -> None:
    told = said("", ("x-tenant", "t")).parameters_for(
        LookupSelection(supplied=(SuppliedParameter("header", "x-tenant", "2", only),))
    )
    assert told is not None
    assert told.headers == (("x-tenant", sent), HOST)


def test_a_look_up_is_not_asked_without_what_it_requires_or_with_what_may_filter_it() -> None:
    assert said().parameters_for(LookupSelection(needed=(("header", "x-tenant"),))) is None
    assert (
        said("", ("x-tenant", "t")).parameters_for(
            LookupSelection(needed=(("header", "x-tenant"),))
        )
        is not None
    )
    assert (
        said().parameters_for(LookupSelection(query=("space",), needed=(("query", "space"),)))
        is None
    )
    assert (
        said("space=a").parameters_for(LookupSelection(query=("space",), unclear=("space",)))
        is None
    )


@pytest.mark.parametrize("cookie", ["org=a; org=b", 'org="a;b"', "x=1, org=a", "ORG=a", "%6frg=a"])
def test_a_cookie_that_servers_read_differently_is_refused(cookie: str) -> None:
    with pytest.raises(Denial) as caught:
        said("", ("cookie", cookie))
    assert caught.value.status == 400


def test_what_belongs_to_this_hop_is_no_condition() -> None:
    hop = ("connection", "x-tenant, cookie")
    assert said("", hop, ("x-tenant", "t"), ("cookie", "org=a")).key == said().key
