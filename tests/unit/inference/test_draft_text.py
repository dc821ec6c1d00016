"""Fields under one name, and lines that a reader of YAML takes as they are meant."""

from __future__ import annotations

import yaml

from oakum.draft_review.policy_edits import ConfirmCall, apply_edit
from oakum.inference.draft_text import (
    WIDTH,
    comment,
    covering_rank,
    fold_groups,
    folded_by_grants,
    lines,
    operations,
    wrap_line,
)


def test_fields_of_an_object_are_one_name_where_they_share_a_group() -> None:
    assert fold_groups({"a.b": "1", "a.c.*.d": "1", "a.c.*.e": "1", "f.*": "1"}) == {
        "a": "1",
        "f.*": "1",
    }
    assert fold_groups({"a.b": "1", "a.c.d": "2", "a.c.e": "2"}) == {"a.b": "1", "a.c": "2"}


def test_what_a_document_leaves_open_is_covered_by_no_name_above_it() -> None:
    assert fold_groups({"a.b.**": "1", "a.c": "1"}) == {"a.b.**": "1", "a.c": "1"}


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


PLAIN, PERSONAL, SECRET = (0, "", "[]"), (1, "", "[]"), (2, "", "[]")
FIRST = (-1, "", "[]")


def test_fields_of_every_kind_are_one_name_where_they_share_grants() -> None:
    assert folded_by_grants({"a.b": PLAIN, "a.c.*.d": PERSONAL, "a.c.*.e": PLAIN, "f": PLAIN}) == {
        "a": PERSONAL,
        "f": PLAIN,
    }
    other = (1, "", "[{see: [owner]}]")
    assert folded_by_grants({"a.b": PLAIN, "a.c.d": other, "a.c.e": other}) == {
        "a.b": PLAIN,
        "a.c": other,
    }
    why = (0, "listed to all", "[]")
    assert folded_by_grants({"a.b": PLAIN, "a.c": why}) == {"a.b": PLAIN, "a.c": why}
    assert folded_by_grants({"a.b.**": PLAIN, "a.c": PLAIN}) == {"a.b.**": PLAIN, "a.c": PLAIN}


def test_secrets_in_an_object_are_lines_of_their_own_before_it() -> None:
    named = folded_by_grants({"a.*.b": PLAIN, "a.*.c": PERSONAL, "a.*.k": SECRET, "k": SECRET})
    assert named == {"a.*.k": FIRST, "a.*": PERSONAL, "k": SECRET}
    assert [covering_rank(each, named) for each in ("a.*.b", "a.*.k", "k")] == [
        PERSONAL,
        FIRST,
        SECRET,
    ]
    assert folded_by_grants({"a.b": PLAIN, "a.k": SECRET}) == {"a.b": PLAIN, "a.k": SECRET}


def test_secrets_stay_apart_through_every_object_around_them() -> None:
    named = folded_by_grants(
        {"a.b.c": PLAIN, "a.b.d": PLAIN, "a.b.k": SECRET, "a.e": PLAIN, "a.f": PERSONAL}
    )
    assert named == {"a.b.k": FIRST, "a": PERSONAL}


ENTRIES = [
    ("a.b", "{}", "shows no resource"),
    ("GET /x", "{}", ""),
    ("c", "{}", "shows no resource"),
    ("b, c", "{}", "shows no resource"),
    ("d", "{call: [owner]}", "shows no resource"),
    ("GET /y", "{}", ""),
]


def test_operations_with_the_same_value_and_remark_share_a_key() -> None:
    assert [*operations(ENTRIES, shared=True)] == [
        "  a.b, c: {}  # shows no resource",
        '  "GET /x, GET /y": {}',
        '  "b, c": {}  # shows no resource',
        "  d: {call: [owner]}  # shows no resource",
    ]
    assert [*operations(ENTRIES[:2], shared=False)] == [
        "  a.b: {}  # shows no resource",
        '  "GET /x": {}',
    ]


def test_names_that_together_are_another_name_have_a_key_each() -> None:
    entries = [("b", "{}", ""), ("c", "{}", ""), ("b, c", "{reads: false}", "")]
    assert [*operations(entries, shared=True)] == ["  b: {}", "  c: {}", '  "b, c": {reads: false}']


def test_a_key_of_many_operations_is_about_a_line_long() -> None:
    names = [f"operation{n}" for n in range(200)]
    made = [*operations([(name, "{}", "") for name in names], shared=True)]
    assert len(made) < 30 and all(len(line) < WIDTH + 8 for line in made)
    read = yaml.safe_load("\n".join(made))
    assert [name for each in read for name in each.split(", ")] == names


def test_a_remark_of_many_operations_stands_once_above_them() -> None:
    names = [f"operation{n}" for n in range(200)]
    entries = [(name, "{}", "shows no resource") for name in names]
    made = [*operations([*entries, ("other", "{}", "why"), ("last", "{}", "")], shared=True)]
    assert made[:3] == ["  other: {}  # why", "  last: {}", "  # shows no resource, each of these:"]
    assert not any("#" in line for line in made[3:])
    assert WIDTH < max(map(len, made)) < 2 * WIDTH + 8
    assert yaml.safe_load("\n".join(made)).keys() >= {"other", "last"}
    assert len([*operations(entries[:9], shared=True)]) == 2  # a few keep it beside them


def test_a_long_value_goes_on_below_and_reads_the_same() -> None:
    places = ", ".join(f'"/a, {{b}}/{at}/*"' for at in range(40))
    value = f'{{draft: true, call: [owner], shows: {{User: [{places}], "a,b": /c}}}}'
    text = "\n".join(wrap_line("  getUser: ", value, "  # why"))
    assert max(map(len, text.split("\n"))) <= WIDTH + 8
    assert text.endswith("  # why")
    assert yaml.safe_load(text) == {"getUser": yaml.safe_load(value)}
    whole = f"operations:\n{text}\n  other: {{}}\n"
    done = yaml.safe_load(apply_edit(whole, ConfirmCall("getUser")))["operations"]
    assert done == {"getUser": yaml.safe_load(value.replace("draft: true, ", "")), "other": {}}


def test_a_value_of_about_a_line_stays_on_it() -> None:
    assert [*wrap_line("  a: ", f"{{params: {{b: {'c' * 120}}}}}")] == [
        f"  a: {{params: {{b: {'c' * 120}}}}}"
    ]
