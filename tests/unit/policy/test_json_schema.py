"""The schemas of contract and waivers, beside the reader: neither may take what the other does not
know."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from itertools import groupby
from typing import Any

import jsonschema_rs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from oakum.errors import Problem
from oakum.openapi.source import parse
from oakum.policy import json_schema
from oakum.policy.exit_criteria import parse_waivers
from oakum.policy.json_schema_builders import record
from oakum.policy.parser import parse_policy
from oakum_catalogue import entries
from tests.contracts.changes import around, changed, without
from tests.contracts.test_any_policy import JUNK, POLICIES, spots
from tests.unit.policy.grammar import policy, whole

CONTRACT = jsonschema_rs.validator_for(json_schema.contract())
WAIVERS = jsonschema_rs.validator_for(json_schema.waivers())
MORE = """
caller: {api_key: true}
relations:
  owner: {is: owner}
  member: {authenticated: true}
  friend: {between: true}
  fan: {in: listFans, id: /data/*/id, begin: [{operation: befriend, by: owner}], end: unfriend}
  staff: {in: listStaff, field: clinic, id: /data/*/id, role: /data/*/role, has: chief}
  maker: {field: maker_id, claim: sub, unless: [friend], requires: member, untested: rare}
resources:
  Member:
    owner: [id, other]
    severity: high
    fields:
      "a, b.*.c": {draft: false, severity: low, instead: refuse, grants: []}
      phone: [{see: member, masked: [{last: 4}, {first: 1, last: 2}, stars, {decimals: 0}]}]
      city: [{see: member, masked: {beside: area}}]
  Doc: {owner: {path: docId}, key: id, draft: true}
  Mail: {owner: {query: user}}
  Note: {owner: {parent: Doc}}
  Pin: {owner: {creator: true}}
  Log: {owner: none}
operations:
  list: {at_most: {limit: 50}}
  getMe: {login: /user/id, graphql: schema.graphql, draft: true, call: owner}
guard: {api_keys: keys.json, request_headers: [X-A], cookies: sid, max_body: 10}
exit_criteria:
  proven: low
  suspected: 0
  over_blocks: 3
  shown: 12.5
  states: true
  security: false
  classified: true
  max_age: 12h
  static: {countable-ids: off}
  waivers:
    - {finding: 4f4e24eb841bb0fa, reason: later, owner: ann, expires: 2030-12-31}
    - {cell: {field: Member.a, viewer: member, state: {private: true}}, reason: r, owner: o,
       expires: "20301231"}
  approvals: [{widening: finding-4f4e24eb, reason: fine, owner: bob}]
"""


OF_THE_REST = re.compile(
    r"is not a (relation|resource|state)|has no value|occurs twice|depends on itself|stands nowhere"
    r"|has two lines|is not a member of the object with the id|has no owner|is drafted"
    r"|nothing to except"
    r"|names no state|has no key|setting of the parent|does not name the file of API keys"
)
"""Mistakes that the rest of the file makes, such as a name that nothing defines: no schema sees
them."""


def _read(text: str) -> Any:
    return parse(text, "p").plain()


WHOLE = [*POLICIES, _read(whole(MORE))]


def mistakes(content: Any) -> list[Problem]:
    problems: list[Problem] = []
    parse_policy(parse(json.dumps(content), "p"), problems)
    return problems


@pytest.mark.parametrize("content", WHOLE)
def test_the_whole_language_is_in_the_schema(content: Any) -> None:
    assert not mistakes(content)
    CONTRACT.validate(content)


def changes() -> Iterator[tuple[tuple[Any, ...], Any]]:
    for everything in WHOLE:
        for stem, places in groupby(spots(everything), lambda at: at[:2]):
            content = around(everything, stem, mistakes)
            for at in places:
                yield at, without(content, at)
                for value in JUNK:
                    yield at, changed(content, at, value)
                inner = content
                for key in at:
                    inner = inner[key]
                if isinstance(inner, dict):
                    yield at, changed(content, at, {**inner, "unknwon": True})


@pytest.mark.long
def test_what_the_reader_takes_the_schema_takes_and_what_is_misshapen_it_refuses() -> None:
    """Each value of the language in turn is left out, changed for every kind of thing, and given
    an unknown key."""
    refused = 0
    for at, content in changes():
        found, valid = mistakes(content), CONTRACT.is_valid(content)
        if valid:
            assert all(OF_THE_REST.search(each.message) for each in found), (at, found)
        else:
            assert found, (at, [each.message for each in CONTRACT.iter_errors(content)])
            refused += 1
    assert refused > 4000


@settings(max_examples=200, deadline=None)
@given(
    st.sampled_from(WHOLE),
    st.lists(st.tuples(st.integers(0), st.sampled_from(JUNK)), min_size=1, max_size=3),
)
def test_whatever_the_reader_takes_the_schema_takes(
    content: Any, places: list[tuple[int, Any]]
) -> None:
    for number, value in places:
        every = list(spots(content))
        content = changed(content, every[number % len(every)], value)
    if not mistakes(content):
        CONTRACT.validate(content)


@pytest.mark.parametrize("name", entries())
def test_the_contracts_of_the_catalogue_are_valid(name: str) -> None:
    CONTRACT.validate(_read(entries()[name].exposure))


WAIVED = {
    "waivers": [
        {"finding": "4f4e24eb", "reason": "r", "owner": "o", "expires": "2030-12-31"},
        {"cell": {"field": "Member.id", "viewer": "member"}, "reason": "r", "owner": "o",
         "expires": "2030-12-31"},
    ]
}  # fmt: skip


def test_a_file_of_waivers_is_read_as_its_schema_says() -> None:
    known = policy(whole(""))
    tried = [WAIVED, *(without(WAIVED, at) for at in spots(WAIVED))]
    tried += [changed(WAIVED, at, value) for at in spots(WAIVED) for value in JUNK]
    for content in tried:
        problems: list[Problem] = []
        parse_waivers(parse(json.dumps(content), "w"), known, problems)
        if WAIVERS.is_valid(content):
            assert all(OF_THE_REST.search(each.message) for each in problems), content
        else:
            assert problems, content


def test_a_key_that_only_one_of_the_two_knows_is_an_error() -> None:
    with pytest.raises(KeyError, match="differ"):
        record(("see", "set"), {"see": {}})
