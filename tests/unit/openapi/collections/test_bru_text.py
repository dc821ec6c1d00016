"""The blocks of a `.bru` file."""

from __future__ import annotations

import pytest

from oakum.errors import InputError
from oakum.openapi.collections.bru_text import answer, blocks


def test_pairs_of_a_block() -> None:
    text = "headers {\n  ~\"a b\": 1\n  c:d: e\n  @note\n  f: '''\n    g\n  '''\n}\n"
    (block,) = blocks(text, "x")
    assert [(each.name, each.value, each.disabled) for each in block.pairs] == [
        ("a b", "1", True),
        ("c", "d: e", False),
        ("f", "g", False),
    ]


def test_text_and_lists_are_blocks_too() -> None:
    found = blocks('body:json {\n  {\n    "a": 1\n  }\n}\n\nvars:secret [\n  a\n]\n', "x")
    assert [(each.name, each.line) for each in found] == [("body:json", 1), ("vars:secret", 7)]
    assert found[0].text == '{\n  "a": 1\n}'


@pytest.mark.parametrize(
    ("text", "said"),
    [("a\n", "x:1:1: this line belongs"), ("\nget {\n  url: a\n", "x:2:1: the block `get` is not")],
)
def test_a_mistake_has_its_place(text: str, said: str) -> None:
    with pytest.raises(InputError, match=said):
        blocks(text, "x")


def test_an_example_without_a_status_is_no_answer() -> None:
    (example,) = blocks(
        "example {\n  response: {\n    body: {\n      content: 1\n    }\n  }\n}\n", "x"
    )
    assert answer(example) is None
