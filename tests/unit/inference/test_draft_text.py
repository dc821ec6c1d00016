"""Fields under one name, and lines that a reader of YAML takes as they are meant."""

from __future__ import annotations

import yaml

from oakum.inference.draft_text import comment, folded, lines


def test_fields_of_an_object_are_one_name_where_they_share_a_group() -> None:
    assert folded({"a.b": "1", "a.c.*.d": "1", "a.c.*.e": "1", "f.*": "1"}) == {
        "a": "1",
        "f.*": "1",
    }
    assert folded({"a.b": "1", "a.c.d": "2", "a.c.e": "2"}) == {"a.b": "1", "a.c": "2"}


def test_what_a_document_leaves_open_is_covered_by_no_name_above_it() -> None:
    assert folded({"a.b.**": "1", "a.c": "1"}) == {"a.b.**": "1", "a.c": "1"}


def test_a_line_between_braces_is_one_key() -> None:
    written = "\n".join(lines(["id", "a.b"], "[{see: [owner]}]", quoted=True)).strip()
    assert yaml.safe_load("{" + written + "}") == {"id, a.b": [{"see": ["owner"]}]}


def test_a_long_list_of_fields_is_broken_between_names() -> None:
    names = [f"field_{number}" for number in range(40)]
    written = list(lines(names, "[]"))
    assert len(written) > 1
    assert all(len(line) <= 100 for line in written)
    assert [name for line in written for name in yaml.safe_load(line)] != []
    assert ", ".join(next(iter(yaml.safe_load(line))) for line in written) == ", ".join(names)


def test_a_comment_stays_a_comment_whatever_it_quotes() -> None:
    assert all(line.startswith("      #") for line in comment("one\ntwo: [" + "x " * 200))
