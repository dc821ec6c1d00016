"""Schemas to shapes: references, compositions, unions, recursion, and the paths below."""

from __future__ import annotations

from itertools import islice
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from oakum.authz.compiled_model import resources_in
from oakum.openapi.document import Document
from oakum.openapi.model import Shape
from oakum.openapi.schema import children, either, elements, flatten
from oakum.openapi.shape_queries import (
    containers,
    is_null_if_empty,
    member_by_name,
    names_of,
    scalars,
    solid,
)


def document(schemas: dict[str, Any], version: str = "3.1.0") -> Document:
    raw = {"openapi": version, "paths": {}, "components": {"schemas": schemas}}
    return Document.parse(orjson.dumps(raw), "api.json")


def shape(schema: Any, **others: Any) -> Shape:
    return document({"It": schema, **others}).schemas["It"]()


def ref(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}


def paths(found: Shape, **options: int) -> dict[str, list[str]]:
    return {path: sorted(leaf.kinds) for path, leaf in flatten(found, **options)}


STRING = {"type": "string"}
INTEGER = {"type": "integer"}


# ------------------------------------------------------------------------------- one schema


@pytest.mark.parametrize(
    ("schema", "kinds"),
    [
        (STRING, ["string"]),
        ({"type": "string", "nullable": True}, ["null", "string"]),
        ({"type": ["string", "null"]}, ["null", "string"]),
        ({"type": ["string", 5, "blob"]}, ["string"]),
        ({"type": "file"}, []),
        ({"properties": {}}, []),
        ({"properties": {"a": STRING}}, ["object"]),
        ({"properties": {"a": STRING}, "nullable": True}, ["null", "object"]),
        ({"additionalProperties": STRING}, ["object"]),
        ({"items": STRING}, ["array"]),
        ({"enum": ["a", 1, None]}, ["integer", "null", "string"]),
        ({"const": 1.5}, ["number"]),
        ({"allOf": [{"type": "number"}, {"type": "integer"}]}, ["integer"]),
        ({"allOf": [{"type": ["string", "null"]}, STRING]}, ["string"]),
        ({"allOf": [STRING, INTEGER]}, ["integer", "string"]),
        ({"oneOf": [STRING, INTEGER]}, ["integer", "string"]),
        ({"oneOf": [STRING, {}]}, []),
        ({"type": "string", "oneOf": [{"format": "a"}, {"format": "b"}]}, ["string"]),
        ({"nullable": True, "allOf": [STRING]}, ["null", "string"]),
        ({"anyOf": [STRING, {"type": "null"}]}, ["null", "string"]),
        ({"anyOf": [STRING, {"enum": [None]}]}, ["null", "string"]),
        ({"anyOf": [STRING, INTEGER, {"const": None}]}, ["integer", "null", "string"]),
        (True, []),
        (False, []),
        ({}, []),
    ],
)
def test_kinds(schema: Any, kinds: list[str]) -> None:
    assert sorted(shape(schema).kinds) == kinds


def test_what_a_schema_says_beside_its_structure() -> None:
    found = shape(
        {
            "type": "string",
            "format": "date",
            "enum": ["2001-01-01"],
            "example": "2001-01-01",
            "readOnly": True,
            "writeOnly": True,
            "required": ["a", 5],
        }
    )
    assert (found.format, found.enum, found.example) == ("date", ("2001-01-01",), "2001-01-01")
    assert (found.read_only, found.write_only, found.required) == (True, True, {"a"})
    assert found.names == {"It"}
    assert found.pointer == "/components/schemas/It"


def test_examples_and_const_of_3_1() -> None:
    assert shape({"examples": [7, 8]}).example == 7
    assert shape({"const": 7}).enum == (7,)


def test_words_that_make_no_sense_say_nothing() -> None:
    sloppy = {"required": True, "enum": "a", "properties": [], "allOf": {}, "items": 5, "$ref": 1}
    assert paths(shape(sloppy)) == {"": []}


def test_children_are_made_once() -> None:
    found = shape({"properties": {"a": {"properties": {"b": STRING}}}})
    assert found.properties["a"]() is found.properties["a"]()
    assert found.properties["a"]().pointer == "/components/schemas/It/properties/a"


def test_a_pointer_escapes_names() -> None:
    found = shape({"properties": {"a/b~c": STRING}})
    assert found.properties["a/b~c"]().pointer == "/components/schemas/It/properties/a~1b~0c"


def test_forbidden_members_are_none() -> None:
    found = shape({"properties": {"a": False, "b": True}, "additionalProperties": False})
    assert list(children(found)) == ["b"]
    assert found.extra is None


def test_lists_and_maps() -> None:
    assert paths(shape({"prefixItems": [STRING], "items": INTEGER})) == {"*": ["integer", "string"]}
    assert paths(shape({"items": [STRING, INTEGER]})) == {"*": ["integer", "string"]}
    assert paths(shape({"items": False})) == {"": []}
    assert paths(shape({"additionalProperties": True, "properties": {"a": STRING}})) == {
        "a": ["string"],
        "*": [],
    }
    patterns = {"patternProperties": {"^a": STRING, "^b": False}, "unevaluatedProperties": INTEGER}
    assert paths(shape(patterns)) == {"*": ["integer", "string"]}


def undeclared(schema: dict[str, Any], **others: Any) -> dict[str, list[str]]:
    """The types of members that no `properties` names, by their names; without those that there
    are none of."""
    found = {name: member_by_name(shape(schema, **others), name) for name in ("a", "ab", "b", "c")}
    return {name: sorted(each.kinds) for name, each in found.items() if each is not None}


def test_a_pattern_declares_the_members_whose_names_it_matches() -> None:
    by_name = {"patternProperties": {"^a": STRING, "^b": False}}
    texts = {"a": ["string"], "ab": ["string"]}
    assert undeclared(by_name) == texts
    assert undeclared({**by_name, "additionalProperties": False}) == texts
    for word in ("additionalProperties", "unevaluatedProperties"):
        assert undeclared({**by_name, word: INTEGER}) == {**texts, "c": ["integer"]}
    two = {"allOf": [by_name, {"patternProperties": {"^[bc]": INTEGER}}]}
    assert undeclared(two) == {**texts, "c": ["integer"]}
    either = {"anyOf": [by_name, {"additionalProperties": INTEGER}]}
    assert undeclared(either)["b"] == ["integer"]
    around = {**by_name, "anyOf": [{"additionalProperties": INTEGER}, {"title": "t"}]}
    assert "b" not in undeclared(around)


def test_two_patterns_that_match_a_name_are_both_about_its_member() -> None:
    both = {"patternProperties": {"a": {"minLength": 1}, "b$": STRING}}
    assert undeclared(both) == {"a": [], "ab": ["string"], "b": ["string"]}


def test_a_pattern_that_every_name_matches_is_as_other_members() -> None:
    for every in ("", ".*", "^.*$", "^.+$", "^"):
        assert len(undeclared({"patternProperties": {every: STRING}})) == 4
    assert shape({"patternProperties": {"": STRING}}).by_name is None
    assert undeclared({"patternProperties": {"^$": STRING}}) == {}
    assert undeclared({"patternProperties": {"^a": False}}) == {}


def test_a_schema_of_names_is_one_of_undeclared_members() -> None:
    texts = {"additionalProperties": STRING}
    every = ["a", "ab", "b", "c"]
    assert [*undeclared({**texts, "propertyNames": {"pattern": "b"}})] == ["ab", "b"]
    assert [*undeclared({**texts, "propertyNames": {"enum": ["c", 5]}})] == ["c"]
    assert [*undeclared({**texts, "propertyNames": ref("Name")}, Name={"const": "a"})] == ["a"]
    assert undeclared({**texts, "propertyNames": False}) == {}
    for nothing in ({"maxLength": 1}, True, 5, ref("Nobody")):
        assert [*undeclared({**texts, "propertyNames": nothing})] == every
    own = {"properties": {"z": INTEGER}, "propertyNames": {"pattern": "^a$"}}
    assert undeclared({"allOf": [texts, own]}) == {"a": ["string"]}
    assert [*children(shape(own))] == ["z"]
    recursive = {**texts, "propertyNames": ref("It")}
    assert [*undeclared(recursive)] == every


def test_where_a_pattern_cannot_be_compiled_no_undeclared_member_is_known() -> None:
    for more in ({"additionalProperties": STRING}, {}):
        assert undeclared({"patternProperties": {"^(?=a)": STRING, "b": STRING}, **more}) == {}


# ------------------------------------------------------------------- references, compositions


def test_names_are_those_of_all_references_on_the_way() -> None:
    schemas = {
        "Base": {"properties": {"id": STRING}},
        "Alias": ref("Base"),
        "User": {"allOf": [ref("Alias"), {"properties": {"name": STRING}}]},
    }
    found = document(schemas).schemas["User"]()
    assert found.names == {"Base", "Alias", "User"}
    assert sorted(found.properties) == ["id", "name"]


@given(st.permutations("ABCDEF"), st.lists(st.lists(st.integers(0, 5), max_size=4), max_size=6))
def test_a_schema_is_called_first_by_what_takes_in_the_others(
    names: list[str], taken: list[list[int]]
) -> None:
    """Of components that take in earlier ones in any order, also twice and by a detour."""
    parts: dict[int, list[int]] = {key: [] for key in range(6)} | {
        at: [other for other in below if other < at] for at, below in enumerate(taken)
    }
    schemas = {
        names[at]: {"allOf": [*map(ref, map(names.__getitem__, below)), {"title": names[at]}]}
        for at, below in parts.items()
    }
    doc = document(schemas)
    for name, thunk in doc.schemas.items():
        said = [*names_of(thunk())]
        assert said[0] == name and {*said} == thunk().names
        for at, each in enumerate(said):
            assert doc.schemas[each]().names.isdisjoint(said[:at])


def test_what_a_loop_of_components_is_called_ends() -> None:
    doc = document({"A": {"allOf": [ref("B"), STRING]}, "B": {"allOf": [ref("A"), ref("B")]}})
    assert [[*names_of(doc.schemas[name]())] for name in "AB"] == [["A", "B"], ["B", "A"]]


def test_a_reference_is_the_component_itself() -> None:
    doc = document({"User": {"properties": {"a": STRING}}, "List": {"items": ref("User")}})
    assert elements(doc.schemas["List"]()) is doc.schemas["User"]()


def test_a_pointer_may_be_written_as_in_an_address() -> None:
    found = shape({"$ref": "#/components/schemas/A%20b~1c"}, **{"A b/c": STRING})
    assert found.names == {"It", "A b/c"}


def test_siblings_of_a_reference_are_heard() -> None:
    found = shape({**ref("User"), "nullable": True, "example": 5}, User={"type": "object"})
    assert found.kinds == {"object", "null"}
    assert found.example == 5
    assert found.names == {"It", "User"}


def test_only_schemas_give_names() -> None:
    schemas = {
        "User": {"properties": {"id": STRING}, "$defs": {"Pet": {"type": "object"}}},
        "It": {
            "properties": {
                "id": {"$ref": "#/components/schemas/User/properties/id"},
                "pet": {"$ref": "#/components/schemas/User/$defs/Pet"},
                "all": {"$ref": "#"},
            }
        },
    }
    found = children(document(schemas).schemas["It"]())
    assert {name: set(child.names) for name, child in found.items()} == {
        "id": set(),
        "pet": {"Pet"},
        "all": set(),
    }


def test_all_of_merges_a_member_that_several_parts_declare() -> None:
    found = shape(
        {"allOf": [{"properties": {"a": STRING}}], "properties": {"a": {"format": "date"}}}
    )
    inner = found.properties["a"]()
    assert (inner.kinds, inner.format) == ({"string"}, "date")
    assert found.properties["a"]() is inner


def test_schemas_that_meet_again_are_one_shape() -> None:
    schemas = {
        "A": {"properties": {"a": STRING, "next": ref("A")}},
        "B": {"properties": {"b": STRING, "next": ref("B")}},
        "It": {"allOf": [ref("A"), ref("B")]},
    }
    both = document(schemas).schemas["It"]().properties["next"]()
    assert both.names == {"A", "B"}
    assert both.properties["next"]() is both


def test_elements_satisfy_every_part() -> None:
    parts = [{"items": {"type": ["string", "null"]}}, {"items": {"type": "string"}}]
    assert paths(shape({"allOf": parts})) == {"*": ["string"]}
    parts = [{"items": STRING}, {"prefixItems": [INTEGER, {"type": "null"}]}]
    assert paths(shape({"allOf": parts})) == {"*": ["integer", "null", "string"]}


def test_requirements_of_all_parts_add_up() -> None:
    assert shape({"required": ["a"], "allOf": [{"required": ["b"]}]}).required == {"a", "b"}


def test_one_alternative_is_no_union() -> None:
    found = shape({"anyOf": [ref("User"), {"type": "null"}]}, User={"properties": {"a": STRING}})
    assert found.branches == ()
    assert found.names == {"It", "User"}
    assert found.kinds == {"object", "null"}
    assert shape({"oneOf": [STRING, False]}).branches == ()


def test_members_common_to_all_alternatives_stand_in_properties() -> None:
    found = shape(
        {"oneOf": [ref("Cat"), ref("Dog")], "properties": {"own": STRING}},
        Cat={"properties": {"id": STRING, "claws": INTEGER}},
        Dog={"properties": {"id": INTEGER, "bark": STRING}},
    )
    assert sorted(found.properties) == ["id", "own"]
    assert found.properties["id"]().kinds == {"string", "integer"}
    assert [sorted(branch().names) for branch in found.branches] == [["Cat"], ["Dog"]]
    assert sorted(children(found)) == ["bark", "claws", "id", "own"]
    assert found.properties["id"]() is children(found)["id"]


LIMITS = [
    [{"required": ["id"]}, {"required": ["ref"]}],
    [{"minProperties": 1}, {"title": "T", "maxProperties": 9}, True],
]
SHUT = {"additionalProperties": False}
NOTE = {"type": "object", "properties": {"id": STRING, "ref": {"type": ["object", "null"]}}}


@pytest.mark.parametrize("word", ["anyOf", "oneOf"])
@pytest.mark.parametrize("limits", LIMITS)
def test_alternatives_that_only_limit_declare_nothing(word: str, limits: list[Any]) -> None:
    for inner in ({word: limits}, {"allOf": [{word: limits}]}):
        found = shape(NOTE | inner)
        assert (found.kinds, found.branches) == ({"object"}, ())
        assert is_null_if_empty(found, "ref") and not is_null_if_empty(found, "id")
        assert solid(found)


@pytest.mark.parametrize("declared", [NOTE, {"properties": NOTE["properties"]}])
def test_an_alternative_is_of_the_kinds_that_are_declared_beside_it(declared: Any) -> None:
    """Without a type, a text would be one of them."""
    found = shape(declared | {"anyOf": [{"required": ["id"], "not": {}}, SHUT, ref("Any")]}, Any={})
    assert not scalars(found)
    assert containers(found) == {"object"}
    assert is_null_if_empty(found, "ref")


def test_an_alternative_that_says_its_own_kind_is_of_that_kind() -> None:
    found = shape({"type": "object", "oneOf": [STRING, {"required": ["id"], "not": {}}]})
    assert scalars(found) == {"string"}


def test_alternatives_within_an_alternative_are_of_those_kinds_too() -> None:
    inner = {"oneOf": [{"not": {}}, {"format": "uuid"}]}
    found = shape({"type": "integer", "anyOf": [ref("In"), {"format": "x"}]}, In=inner)
    assert scalars(found) == {"integer"}
    assert found.branches[0]() is found.branches[0]()


def test_an_alternative_within_its_own_composition_is_no_alternative() -> None:
    schemas = {
        "Pet": {"oneOf": [ref("Cat"), ref("Dog")], "properties": {"id": STRING}},
        "Cat": {"allOf": [ref("Pet")], "properties": {"claws": INTEGER}},
        "Dog": {"allOf": [ref("Pet")], "properties": {"bark": STRING}},
    }
    doc = document(schemas)
    assert paths(doc.schemas["Cat"]()) == {"claws": ["integer"], "id": ["string"]}
    assert sorted(paths(doc.schemas["Pet"]())) == ["bark", "claws", "id"]


def test_discriminator() -> None:
    schemas = {
        "Pet": {
            "oneOf": [ref("Cat"), ref("Dog"), {"type": "object"}],
            "discriminator": {
                "propertyName": "kind",
                "mapping": {"c": "#/components/schemas/Cat", "x": "#/components/schemas/None"},
            },
        },
        "Cat": {"properties": {"claws": INTEGER}},
        "Dog": {"properties": {"bark": STRING}},
    }
    found = document(schemas).schemas["Pet"]()
    assert found.discriminator == ("kind", {"c": "Cat", "Dog": "Dog"})


def test_a_discriminator_alone_lists_the_alternatives() -> None:
    schemas = {
        "Pet": {
            "properties": {"kind": STRING},
            "discriminator": {"propertyName": "kind", "mapping": {"cat": "Cat", "dog": "Dog"}},
        },
        "Cat": {"allOf": [ref("Pet"), {"properties": {"claws": INTEGER}}]},
        "Dog": {"allOf": [ref("Pet"), {"properties": {"bark": STRING}}]},
    }
    doc = document(schemas)
    assert sorted(paths(doc.schemas["Pet"]())) == ["bark", "claws", "kind"]
    assert sorted(paths(doc.schemas["Cat"]())) == ["claws", "kind"]


def test_a_reference_that_leads_nowhere_may_be_anything() -> None:
    found = shape({"properties": {"a": ref("None"), "b": {**ref("None"), "type": "string"}}})
    assert paths(found) == {"a": [], "b": ["string"]}


def test_loops_of_references_end() -> None:
    schemas = {"A": ref("B"), "B": ref("A"), "C": {"allOf": [ref("C")], "type": "object"}}
    doc = document(schemas)
    assert doc.schemas["A"]().kinds == frozenset()
    assert doc.schemas["C"]().kinds == {"object"}
    assert doc.schemas["A"]().names == {"A", "B"}


def test_alternatives_that_are_each_other_end() -> None:
    schemas = {
        "A": {"oneOf": [ref("B"), {"properties": {"x": STRING}}]},
        "B": {"oneOf": [ref("A"), {"properties": {"y": STRING}}]},
    }
    for name in schemas:
        assert sorted(paths(document(schemas).schemas[name]())) == ["x", "y"]


def test_alternatives_that_are_nothing_but_each_other_are_anything() -> None:
    names = "ABC"
    schemas = {name: {"oneOf": [ref(n) for n in names if n != name]} for name in names}
    for name in names:
        assert paths(document(schemas).schemas[name]()) == {"": []}


def test_unions_within_unions_within_unions() -> None:
    schema: Any = {"properties": {"a": STRING}}
    for _ in range(90):
        schema = {"oneOf": [schema, {"properties": {"a": STRING}}]}
    assert paths(shape(schema)) == {"a": ["string"]}


# --------------------------------------------------------------------------------- unions


def test_the_same_alternatives_are_the_same_union() -> None:
    a, b, c = (Shape(kinds=frozenset((kind,))) for kind in ("string", "integer", "null"))
    assert either([a]) is a
    assert either([a, b]) is either([b, a, a])
    assert either([either([a, b]), c]) is either([a, b, c])
    assert either([a, b]).kinds == {"string", "integer"}


def test_a_union_says_what_all_its_alternatives_say() -> None:
    a = Shape(names=frozenset("AX"), format="date", enum=("a",), read_only=True, example=1)
    b = Shape(names=frozenset("BX"), format="date", enum=("b",), read_only=True, write_only=True)
    union = either([a, b])
    assert (union.names, union.format, union.enum) == ({"X"}, "date", ("a", "b"))
    assert (union.read_only, union.write_only, union.example) == (True, False, 1)
    assert either([a, Shape()]).format == ""


# ----------------------------------------------------------------------------- field paths


def test_leaves_are_found_through_lists_maps_and_alternatives() -> None:
    found = shape(
        {
            "properties": {
                "id": STRING,
                "workout_counts": {"additionalProperties": {"properties": {"count": INTEGER}}},
                "tags": {"items": STRING},
                "free": {"type": "object"},
                "customer": {"anyOf": [STRING, ref("Customer")]},
            }
        },
        Customer={"properties": {"name": STRING}},
    )
    assert paths(found) == {
        "id": ["string"],
        "workout_counts.*.count": ["integer"],
        "tags.*": ["string"],
        "free": ["object"],
        "customer": ["string"],
        "customer.name": ["string"],
    }


def test_a_list_at_the_root() -> None:
    assert paths(shape({"items": {"properties": {"a": STRING}}})) == {"*.a": ["string"]}


def test_recursion_ends_at_the_second_visit() -> None:
    node = {"properties": {"name": STRING, "children": {"items": ref("It")}, "parent": ref("It")}}
    assert list(paths(shape(node))) == ["name", "children.*", "parent"]


def test_a_nullable_reference_is_the_same_schema_once_more() -> None:
    node = {"properties": {"name": STRING, "parent": {"anyOf": [ref("It"), {"type": "null"}]}}}
    assert list(paths(shape(node))) == ["name", "parent"]


def test_a_cycle_is_cut_wherever_it_is_entered() -> None:
    schemas = {
        "A": {"properties": {"a": STRING, "b": ref("B")}},
        "B": {"properties": {"c": STRING, "a": ref("A")}},
        "C": {"properties": {"a": ref("A"), "b": ref("B")}},
    }
    doc = document(schemas)
    expected = {
        "A": ["a", "b.c", "b.a"],
        "B": ["c", "a.a", "a.b"],
        "C": ["a.a", "a.b.c", "a.b.a", "b.c", "b.a.a", "b.a.b"],
    }
    for order in ("ABC", "CBA"):
        fresh = document(schemas)
        assert {name: list(paths(fresh.schemas[name]())) for name in order} == expected
    assert list(paths(doc.schemas["A"]())) == expected["A"]


def test_an_alternative_that_comes_back_is_cut_and_the_others_are_not() -> None:
    schemas = {
        "User": {"properties": {"id": STRING, "of": {"oneOf": [ref("User"), ref("Team")]}}},
        "Team": {"properties": {"size": INTEGER}},
    }
    assert list(paths(document(schemas).schemas["User"]())) == ["id", "of", "of.size"]


def test_members_lifted_from_alternatives_are_walked_once() -> None:
    union = {"oneOf": [ref("User"), ref("Team")]}
    schemas = {
        "User": {"properties": {"id": STRING, "of": union}},
        "Team": {"properties": {"size": INTEGER, "of": union}},
    }
    found = document(schemas).schemas["User"]()
    assert list(paths(found)) == ["id", "of", "of.size", "of.of"]


def test_an_alternative_that_may_be_anything_is_a_leaf() -> None:
    assert paths(shape({"oneOf": [STRING, {}]}), max_depth=0) == {"": []}
    assert paths(shape({"oneOf": [{"properties": {"a": STRING}}, {}]})) == {"": [], "a": ["string"]}


def test_alternatives_that_only_require_members_add_no_leaf() -> None:
    either_one = {"anyOf": [{"required": ["a"]}, {"required": ["b"]}]}
    assert paths(shape({"properties": {"a": STRING, "b": STRING}, **either_one})) == {
        "a": ["string"],
        "b": ["string"],
    }


def test_depth_is_bounded() -> None:
    found = shape({"properties": {"a": {"properties": {"b": {"items": STRING}}}}})
    assert list(paths(found, max_depth=0)) == [""]
    assert list(paths(found, max_depth=1)) == ["a"]
    assert list(paths(found, max_depth=2)) == ["a.b"]
    assert list(paths(found, max_depth=3)) == ["a.b.*"]
    assert list(paths(found, max_depth=2)) == ["a.b"]


def test_each_path_once_though_a_name_holds_a_dot() -> None:
    found = shape({"properties": {"a.b": STRING, "a": {"properties": {"b": INTEGER}}}})
    assert [path for path, _ in flatten(found)] == ["a.b"]


def test_resources_that_all_embed_each_other_end() -> None:
    names = [f"R{index}" for index in range(20)]
    member = {name.lower(): ref(name) for name in names}
    schemas = {name: {"properties": {"id": STRING, **member}} for name in names}
    found = [path for path, _ in flatten(document(schemas).schemas["R0"]())]
    assert len(found) == len(set(found))
    assert {"id", "r1.id", "r1.r2.id", "r1.r2.r3"} <= set(found)
    assert "r1.r2.r3.id" not in found


# ------------------------------------------------------------------------------ any schema

NAMES = ("A", "B", "C", "D")
LEAVES = st.sampled_from([STRING, INTEGER, {}, True, False, {"type": "null"}, {"type": "object"}])
SCHEMAS = st.recursive(
    LEAVES | st.sampled_from(NAMES).map(ref),
    lambda inner: st.one_of(
        st.dictionaries(st.sampled_from("xyz"), inner).map(lambda p: {"properties": p}),
        inner.map(lambda each: {"items": each}),
        inner.map(lambda each: {"additionalProperties": each}),
        st.tuples(st.sampled_from(["allOf", "oneOf", "anyOf"]), st.lists(inner, max_size=3)).map(
            lambda pair: {pair[0]: pair[1]}
        ),
        st.tuples(inner, inner).map(
            lambda pair: {**(pair[0] if isinstance(pair[0], dict) else {}), "allOf": [pair[1]]}
        ),
    ),
    max_leaves=6,
)
GRAPHS = st.fixed_dictionaries(dict.fromkeys(NAMES, SCHEMAS))


@given(GRAPHS)
@settings(max_examples=150, deadline=None)
def test_any_graph_of_schemas_is_read_and_flattened(schemas: dict[str, Any]) -> None:
    doc = document(schemas)
    for name in NAMES:
        found = [path for path, _ in flatten(doc.schemas[name](), max_depth=6)]
        assert found
        assert len(found) == len(set(found))


@given(GRAPHS, st.permutations(NAMES))
@settings(max_examples=100, deadline=None)
def test_the_paths_do_not_depend_on_who_asked_before(
    schemas: dict[str, Any], order: list[str]
) -> None:
    doc = document(schemas)
    for name in order:
        alone = document(schemas).schemas[name]()
        assert paths(doc.schemas[name](), max_depth=5) == paths(alone, max_depth=5)


@pytest.mark.parametrize("word", ["oneOf", "anyOf"])
@pytest.mark.parametrize("itself", [ref("It"), {"allOf": [ref("It")]}, ref("Other")])
def test_what_is_but_itself_or_something_else_is_something_else(word: str, itself: Any) -> None:
    """Were it read as no statement at all, every value would be declared."""
    found = shape({word: [itself, INTEGER]}, Other={"allOf": [ref("It")]})
    assert scalars(found) == {"integer"}
    assert containers(found) == frozenset()


@pytest.mark.parametrize("word", ["oneOf", "anyOf"])
def test_what_is_but_itself_is_nothing(word: str) -> None:
    found = shape({word: [ref("It"), ref("It")]})
    assert (scalars(found), containers(found)) == (frozenset(), frozenset())


def test_an_alternative_that_says_more_is_still_one_of_its_union() -> None:
    cat = {"allOf": [ref("Pet"), {"properties": {"lives": INTEGER}}]}
    found = shape(cat, Pet={"oneOf": [ref("It"), ref("Dog")]}, Dog={"type": "string"})
    assert paths(found) == {"lives": ["integer"]}


@given(GRAPHS)
@settings(max_examples=100, deadline=None)
def test_the_search_for_resources_ends_in_any_graph(schemas: dict[str, Any]) -> None:
    doc = document(schemas)
    bound = dict.fromkeys(NAMES, "Thing")
    for name in NAMES:
        found = resources_in(either([doc.schemas[name]()] * 2), bound)
        assert len(list(islice(found, 1000))) < 1000
