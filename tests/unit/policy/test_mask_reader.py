"""`masked`: how forms are written, and what is wrong with others."""

# ruff: noqa: E501 - a message stands on one line, as its reader sees it

from __future__ import annotations

import pytest

from oakum.policy.mask import Mask
from tests.unit.policy.grammar import policy, read, said_of_resource, whole

HINT = "write `stars`, `empty`, `{first: 1}`, `{last: 4}`, `{decimals: 1}` or `{beside: city}`, or a list of them"
FORM = f"`masked` must be the form of a masked value, not the word `dots`; {HINT}"


def fields(grant: str) -> str:
    return f"fields: {{a: [{{see: owner}}, {grant}]}}"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("stars", (Mask("stars"),)),
        ("[empty, stars]", (Mask("empty"), Mask("stars"))),
        ("{last: 4}", (Mask("ends", 0, 4),)),
        ("{first: 1, last: 4}", (Mask("ends", 1, 4),)),
        ("{decimals: 0}", (Mask("decimals"),)),
        ("[{beside: city}, empty, empty]", (Mask("beside", member="city"), Mask("empty"))),
    ],
)
def test_a_grant_names_one_form_or_several(text: str, expected: tuple[Mask, ...]) -> None:
    found = policy(
        whole(f"resources: {{Member: {{owner: id, {fields(f'{{see: member, masked: {text}}}')}}}}}")
    )
    (line,) = found.resources["Member"].fields
    assert [each.see for each in line.grants] == [("owner",)]
    assert [(each.see, each.masked) for each in line.masked] == [(("member",), expected)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("dots", FORM),
        ("[]", f"`masked` lists no form, so this shows nothing; {HINT}"),
        ("{}", f"a mask has one form; {HINT}"),
        ("{last: 4, decimals: 1}", f"a mask has one form; {HINT}"),
        ("{lats: 4}", "a mask has no key `lats`; did you mean `last`?"),
        ("{last: 0}", "`last` must be a number from 1 to 64, not the number `0`"),
        ("{last: four}", "`last` must be a number from 1 to 64, not the word `four`"),
        ("{decimals: -1}", "`decimals` must be a number from 0 to 64, not the number `-1`"),
    ],
)
def test_any_other_form_is_a_mistake(text: str, expected: str) -> None:
    assert said_of_resource(fields(f"{{see: member, masked: {text}}}")) == [expected]


def test_a_masked_value_is_seen_and_not_set() -> None:
    alone = "`masked` can only be combined with `see`"
    more = "; write `set` in a grant of its own"
    assert said_of_resource(fields("{see: member, set: member, masked: stars}")) == [alone + more]
    assert said_of_resource(fields("{set: member, masked: stars}")) == [alone + more]


def test_a_mistake_has_its_place() -> None:
    text = whole("""
        resources:
          Member:
            owner: id
            fields:
              a:
                - {see: member, masked: {last: no}}
    """)
    assert read(text)[1] == ["7:40: `last` must be a number from 1 to 64, not the word `no`"]
