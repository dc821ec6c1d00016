"""Marked YAML and JSON: what is read, where it stands, what is refused and how that is told."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from oakum.errors import InputError, Location
from oakum.openapi.source import (
    JsonPlaces,
    decode,
    json_location,
    node_location,
    parse,
    parse_json,
    read_bytes,
    read_text,
)


def refusal(text: str) -> list[str]:
    with pytest.raises(InputError) as caught:
        parse(text, "a.yaml")
    return [str(problem) for problem in caught.value.problems]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("no", "no"),
        ("on", "on"),
        ("yes", "yes"),
        ("true", True),
        ("False", False),
        ("010", 10),
        ("0o17", 15),
        ("0x1F", 31),
        ("-7", -7),
        ("1_000", "1_000"),
        ("12:30", "12:30"),
        ("1e3", 1000.0),
        (".5", 0.5),
        ("-.inf", float("-inf")),
        ("2021-05-05", "2021-05-05"),
        ("~", None),
        ("", None),
        ("'5'", "5"),
        ("!!str 5", "5"),
        ("<<", "<<"),
    ],
)
def test_scalars_are_those_of_yaml_1_2(text: str, value: Any) -> None:
    found = parse(f"a: {text}", "a.yaml").plain()["a"]
    assert found == value
    assert type(found) is type(value)


def test_every_value_knows_its_place() -> None:
    root = parse("a:\n  - b\n  - {c: 1}\n", "a.yaml")
    assert root.key("a").location == Location("a.yaml", 1, 1)  # type: ignore[union-attr]
    inner = root.get("a").elements[1]  # type: ignore[union-attr]
    assert inner.location == Location("a.yaml", 3, 5)
    assert inner.get("c").location == Location("a.yaml", 3, 9)  # type: ignore[union-attr]
    assert inner.get("d") is None
    assert root.plain() == {"a": ["b", {"c": 1}]}


def test_an_empty_file_is_null() -> None:
    assert parse("# nothing\n", "a.yaml").plain() is None


def test_status_codes_as_keys_are_text() -> None:
    assert parse("200: a\ntrue: b", "a.yaml").plain() == {"200": "a", "true": "b"}


def test_an_alias_is_the_value_once_more() -> None:
    root = parse("a: &x [1]\nb: *x\n", "a.yaml")
    assert root.get("b") is root.get("a")
    assert root.plain() == {"a": [1], "b": [1]}


def test_all_mistakes_at_once() -> None:
    text = "a: 1\na: 2\n? [b]\n: 3\nc: !!int x\nd: !foo y\ne: !!set {f}\n<<: {g: 1}\n1: a\n'1': b\n"
    assert refusal(text) == [
        "a.yaml:2:1: `a` stands here twice; first at a.yaml:1:1",
        "a.yaml:3:3: a key must be a plain word",
        "a.yaml:5:4: `x` cannot be read as `int`",
        "a.yaml:6:4: the tag `!foo` of `y` is not supported",
        "a.yaml:7:4: the tag `tag:yaml.org,2002:set` is not supported",
        "a.yaml:8:1: `<<` merges are not supported; write the keys out",
        "a.yaml:10:1: `1` stands here twice; first at a.yaml:9:1",
    ]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a: b: c", "a.yaml:1:5: not valid YAML: mapping values are not allowed in this context"),
        (
            "a:\n  " + ", ".join(f"field_{n}" for n in range(120)) + ": [x]",
            "a.yaml:2:1211: a key has at most 1,024 characters in YAML; write several lines",
        ),
        ("--- a\n--- b", "a.yaml:2:1: not valid YAML: but found another document"),
        ("a: *x", "a.yaml:1:4: not valid YAML: found undefined alias"),
        ("[" * 5000, "a.yaml:1:1001: not valid YAML: exceeded maximum nesting depth"),
        ("a: !!bool maybe", "a.yaml:1:4: `maybe` cannot be read as `bool`"),
        ("&x [*x, *x]", "a.yaml:1:1: an alias occurs inside its own value"),
    ],
)
def test_what_cannot_be_read(text: str, told: str) -> None:
    assert told in refusal(text)


def test_a_control_character_is_told_at_its_place() -> None:
    told = "a.yaml:2:5: not valid YAML: the character U+0000 must be escaped"
    assert refusal('é: 1\na: "\0"') == [told]


def test_depth_is_bounded() -> None:
    assert parse("[" * 200 + "]" * 200, "a.yaml").kind == "list"
    assert refusal("[" * 300 + "]" * 300) == ["a.yaml:1:202: nested deeper than 200 levels"]


def test_depth_is_bounded_without_the_c_library(monkeypatch: pytest.MonkeyPatch) -> None:
    def compose(*_: Any, **__: Any) -> None:
        raise RecursionError

    monkeypatch.setattr("yaml.compose", compose)
    assert refusal("[") == ["a.yaml: nested deeper than 200 levels"]


def test_aliases_cannot_explode() -> None:
    lines = ["a: &a [x, x, x, x, x, x, x, x, x]"]
    for before, name in zip("abcdefgh", "bcdefghi", strict=True):
        lines.append(f"{name}: &{name} [{', '.join([f'*{before}'] * 9)}]")
    assert refusal("\n".join(lines))[0].endswith(
        ": aliases make more than 2,000,000 values of this file"
    )


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"none\.yaml: no such file or directory$"):
        read_bytes(tmp_path / "none.yaml")
    latin = tmp_path / "latin.yaml"
    latin.write_bytes(b"a: 1\nb: \xe9\n")
    with pytest.raises(InputError, match=r"latin\.yaml:2:4: not UTF-8 text: "):
        read_text(latin)


def test_a_byte_order_mark_is_no_text(tmp_path: Path) -> None:
    path = tmp_path / "marked.yaml"
    path.write_bytes(b"\xef\xbb\xbfa: 1")
    assert read_text(path) == "a: 1"
    assert decode(b"\xef\xbb\xbfa", "a") == "a"


def test_json_errors_have_a_place() -> None:
    assert parse_json(b'{"a": [1]}', "a.json") == {"a": [1]}
    with pytest.raises(InputError, match=r"^a\.json:2:6: not valid JSON: "):
        parse_json(b'{\n"a": nope}', "a.json")


def test_a_key_that_stands_twice_in_json_is_named_with_both_places() -> None:
    with pytest.raises(InputError) as raised:
        parse_json(b'{"a": 1,\n "b": [{"c": {}, "c": {}}], "\\u0061": 2,\n"a": 3}', "a.json")
    assert [str(each) for each in raised.value.problems] == [
        "a.json:2:18: `c` stands here twice; first at a.json:2:9",
        "a.json:2:29: `a` stands here twice; first at a.json:1:2",
        "a.json:3:1: `a` stands here twice; first at a.json:1:2",
    ]
    assert parse_json(b'{"a": {"a": 1}, "b": [{"a": 1}, {"a": 1}]}', "a.json")


@pytest.mark.parametrize("number", ["1" + 400 * "0", "1" + 5000 * "0", "1e400"])
def test_a_number_that_is_too_large_is_called_so_and_the_text_not_invalid(number: str) -> None:
    said = r"^a\.json:1:8: a number here is larger than any that can be read, 1\.8e308$"
    with pytest.raises(InputError, match=said):
        parse_json(f'{{"a": [{number}]}}'.encode(), "a.json")


def test_json_places() -> None:
    text = '{\n  "a~/b": [1, {"c": "x\\"}"}],\n  "d": {} , "": 5\n}'
    places = JsonPlaces(text, "a.json")
    assert str(places.locate("")) == "a.json:1:1"
    assert str(places.locate("/a~0~1b/1/c")) == "a.json:2:21"
    assert str(places.locate("/d")) == "a.json:3:8"
    assert str(places.locate("/")) == "a.json:3:17"


def test_a_pointer_to_nothing_finds_the_nearest_value_around() -> None:
    text = '{"a": {"b": [1]}}'
    for pointer in ("/a/b/7", "/a/b/x/y"):
        assert str(json_location(text, "a.json", pointer)) == "a.json:1:13"
        assert str(node_location(parse(text, "a.json"), pointer)) == "a.json:1:13"


# YAML has its own escapes beyond the basic plane, and wants one for DEL.
TEXT = st.text(st.characters(max_codepoint=0xD7FF, exclude_characters="\x7f"), max_size=6)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=12,
)


def pointers(value: Any, pointer: str = "") -> list[tuple[str, Any]]:
    found = [(pointer, value)]
    if isinstance(value, dict):
        for name, child in value.items():
            part = name.replace("~", "~0").replace("/", "~1")
            found += pointers(child, f"{pointer}/{part}")
    if isinstance(value, list):
        for index, child in enumerate(value):
            found += pointers(child, f"{pointer}/{index}")
    return found


@given(VALUES)
def test_json_places_lead_to_their_values(value: Any) -> None:
    text = orjson.dumps(value, option=orjson.OPT_INDENT_2).decode()
    places = JsonPlaces(text, "a.json")
    lines = text.split("\n")
    for pointer, expected in pointers(value):
        place = places.locate(pointer)
        rest = "\n".join([lines[place.line - 1][place.column - 1 :], *lines[place.line :]])
        assert rest.startswith(orjson.dumps(expected).decode()[:1])
        if not isinstance(expected, dict | list):
            assert rest.startswith(orjson.dumps(expected).decode())


@given(VALUES)
def test_json_is_yaml(value: Any) -> None:
    assert parse(json.dumps(value), "a.json").plain() == value
