"""Rows that show what stands beside hidden objects, because they stand within a resource."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests import quick_yaml
from tests.conformance.exchanges import FOLDER
from tests.unit.guard.warnings.contracts import said
from tests.unit.guard.warnings.test_graphql_arguments import warned

REMARKS = quick_yaml.load((FOLDER / "contracts" / "remarks.yaml").read_text(encoding="utf-8"))
WORDS = "the gateway hides a `Note` in"


def root(fields: str, **resources: Any) -> Any:
    def change(_: dict[str, Any], policy: dict[str, Any]) -> None:
        policy["resources"]["Query"] = {"owner": "none", "fields": {fields: [{"see": ["member"]}]}}
        policy["resources"].update(resources)

    return change


@pytest.mark.parametrize(
    "fields", ["search", "audit, search", "search.hits.*.snippet", "search.hits", "search.**"]
)
def test_a_line_of_the_root_that_covers_a_row_is_named(tmp_path: Path, fields: str) -> None:
    found = warned(tmp_path, root(fields))
    assert f"{WORDS} `Query.search.hits`" in found
    assert "make the type of `search.hits` a resource" in found


def test_a_row_at_the_root_and_one_within_another_are_named(tmp_path: Path) -> None:
    assert f"{WORDS} `Query.folders`" in warned(tmp_path, root("folders"))
    assert f"{WORDS} `Query.search.hits` and 1 more" not in warned(tmp_path, root("search"))


@pytest.mark.parametrize("fields", ["audit, stats", "search.total", "kinds, place, note"])
def test_a_line_without_such_a_row_is_not(tmp_path: Path, fields: str) -> None:
    assert f"{WORDS} `Query" not in warned(tmp_path, root(fields))


def test_a_row_whose_type_is_a_resource_is_not(tmp_path: Path) -> None:
    hit = {"owner": "none", "fields": {"score": [{"see": ["member"]}]}}
    assert f"{WORDS} `Query" not in warned(tmp_path, root("search", Hit=hit))


def test_a_row_is_not_where_the_root_is_no_resource(tmp_path: Path) -> None:
    assert f"{WORDS} `Query" not in warned(tmp_path)


def test_a_line_of_a_page_that_is_a_resource_is_named(tmp_path: Path) -> None:
    def few(_: dict[str, Any], policy: dict[str, Any]) -> None:
        policy["resources"]["HitPage"]["fields"] = {"total, places": [{"see": ["member"]}]}

    assert f"{WORDS} `HitPage.hits`, but this line still shows the fields beside" in warned(
        tmp_path
    )
    assert f"{WORDS} `HitPage" not in warned(tmp_path, few)


NOTE = {"$ref": "#/components/schemas/Note"}
FULL, BRIEF = "#/components/schemas/Full", "#/components/schemas/Brief"
TEXT = {"type": "string"}


def of_two_schemas(
    first: Any, second: Any, method: str = "get", line: str = "id, page"
) -> Callable[[dict[str, Any], dict[str, Any]], None]:
    """A resource that two operations show by the schemas `first` and `second`."""

    def change(document: dict[str, Any], policy: dict[str, Any]) -> None:
        row = {"type": "object", "properties": {"score": {"type": "integer"}, "note": NOTE}}
        page = {"type": "array", "items": row}
        schemas = document["components"]["schemas"]
        schemas["Brief"] = {"type": "object", "properties": {"id": TEXT}}
        schemas["Full"] = {"type": "object", "properties": {"id": TEXT, "page": page}}
        for id, verb, schema in (("first", "get", first), ("second", method, second)):
            content = {"application/json": {"schema": schema}}
            answer = {"200": {"description": "d", "content": content}}
            document["paths"][f"/{id}"] = {verb: {"operationId": id, "responses": answer}}
            policy["operations"][id] = {"call": ["member"]}
        policy["resources"]["Group"] = {
            "key": "id",
            "owner": "id",
            "schemas": ["Brief", "Full"],
            "fields": {line: [{"see": ["member"]}]},
        }

    return change


@pytest.mark.parametrize(("first", "second"), [(BRIEF, FULL), (FULL, BRIEF)])
@pytest.mark.parametrize("method", ["get", "post"])
def test_a_row_is_named_whichever_operation_shows_it(
    tmp_path: Path, first: str, second: str, method: str
) -> None:
    change = of_two_schemas({"$ref": first}, {"$ref": second}, method)
    assert f"{WORDS} `Group.page`" in said(tmp_path, REMARKS, change)


def test_a_row_is_named_where_the_contract_says_what_an_answer_shows(tmp_path: Path) -> None:
    def change(document: dict[str, Any], policy: dict[str, Any]) -> None:
        of_two_schemas({"$ref": BRIEF}, {"$ref": FULL})(document, policy)
        document["components"]["schemas"]["Other"] = document["components"]["schemas"].pop("Full")
        at = document["paths"]["/second"]["get"]["responses"]["200"]["content"]
        at["application/json"]["schema"] = {"$ref": "#/components/schemas/Other"}
        policy["resources"]["Group"]["schemas"] = ["Brief"]
        policy["operations"]["second"]["shows"] = {"Group": ""}

    assert f"{WORDS} `Group.page`" in said(tmp_path, REMARKS, change)


def test_a_line_without_the_row_is_not_named_whichever_schema_declares_it(tmp_path: Path) -> None:
    change = of_two_schemas({"$ref": BRIEF}, {"$ref": FULL}, line="id")
    assert f"{WORDS} `Group.page`" not in said(tmp_path, REMARKS, change)


def test_a_row_of_graphql_is_named_where_the_document_has_a_smaller_schema_of_the_type(
    tmp_path: Path,
) -> None:
    def change(document: dict[str, Any], policy: dict[str, Any]) -> None:
        of_two_schemas({"$ref": BRIEF}, {"$ref": BRIEF})(document, policy)
        graph = {"post": {"operationId": "graph", "responses": {"200": {"description": "d"}}}}
        document["paths"]["/z"] = graph
        policy["operations"]["graph"] = {"graphql": "x.graphql", "call": ["member"]}
        fields = {"__typename, id, page": [{"see": ["member"]}]}
        policy["resources"]["Group"] |= {"schemas": ["Brief", "Group"], "fields": fields}

    (tmp_path / "x.graphql").write_text(
        "type Query { groups: [Group] }\ntype Group { id: ID, page: [Row] }\n"
        "type Row { score: Int, note: Note }\ntype Note { id: ID! }\n"
    )
    assert f"{WORDS} `Group.page`" in said(tmp_path, REMARKS, change)


def test_a_count_of_the_root_is_named_and_one_beside_its_list_is_not(tmp_path: Path) -> None:
    def counted(document: dict[str, Any], policy: dict[str, Any]) -> None:
        root("notesTotal, notes")(document, policy)
        policy["operations"]["graph"]["counts"] = ["/data/notesTotal", "/data/search/total"]

    words = "of `graph` counts, so it is withheld from a query without each field of the root"
    found = warned(tmp_path, counted)
    assert f"nobody knows what `/data/notesTotal` {words}" in found
    assert "`/data/search/total`" not in found


def test_a_text_in_the_place_of_an_object_that_may_be_hidden_is_named(tmp_path: Path) -> None:
    hits = quick_yaml.load((FOLDER / "contracts" / "hits.yaml").read_text())

    def seen(_: dict[str, Any], policy: dict[str, Any]) -> None:
        policy["resources"]["Note"]["fields"]["id, by, city"] = [{"see": ["member"]}]

    words = "a text or a number at `/hits/*/either` of the response of `search` is in place of"
    assert words in said(tmp_path, hits)
    assert words not in said(tmp_path, hits, seen)
    shown = "a text or a number at `/*/note` of the response of `named` is in place of"
    assert shown in said(tmp_path, hits)
    assert shown not in said(tmp_path, hits, seen)


EITHER = {"anyOf": [{"type": "string"}, NOTE]}


def within(schema: dict[str, Any]) -> Any:
    def change(document: dict[str, Any], policy: dict[str, Any]) -> None:
        content = {"application/json": {"schema": {"type": "object", "properties": {"x": schema}}}}
        answer = {"200": {"description": "d", "content": content}}
        document["paths"]["/x"] = {"get": {"operationId": "x", "responses": answer}}
        policy["operations"]["x"] = {"call": ["member"]}

    return change


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "array", "items": EITHER},
        {"type": "array", "prefixItems": [{"type": "integer"}, NOTE, {"type": "string"}]},
    ],
)
def test_a_list_of_texts_and_objects_is_named(tmp_path: Path, schema: dict[str, Any]) -> None:
    found = said(tmp_path, REMARKS, within(schema))
    assert (
        "an element of the list at `/x` of the response of `x` may be a text or a number" in found
    )
    assert "withholds it, and the data beside it" not in found


def test_of_a_map_the_texts_are_withheld(tmp_path: Path) -> None:
    found = said(tmp_path, REMARKS, within({"type": "object", "additionalProperties": EITHER}))
    assert "a text or a number at `/x/*` of the response of `x` is in place of a `Note`" in found
    assert "an element of the list" not in found


@pytest.mark.parametrize("items", [NOTE, {"type": "string"}])
def test_a_list_of_one_kind_is_not_named(tmp_path: Path, items: dict[str, Any]) -> None:
    found = said(tmp_path, REMARKS, within({"type": "array", "items": items}))
    assert "an element of the list" not in found


def graph_of(folder: Path, name: str, change: Any = None) -> str:
    contract = quick_yaml.load((FOLDER / "contracts" / name).read_text(encoding="utf-8"))
    for file, text in contract["files"].items():
        (folder / file).write_text(text, encoding="utf-8")
    return said(folder, contract, change)


def test_a_field_of_several_types_is_named_where_several_are_resources(tmp_path: Path) -> None:
    words = (
        "of `graph` may be of several types: the gateway hides an object for which a query"
        " selects neither"
    )
    assert f"`Query.node`, `Query.search` {words} `__typename`" in graph_of(tmp_path, "graph.yaml")
    assert words not in graph_of(tmp_path, "graph_root.yaml")


def test_a_root_of_which_one_argument_withholds_the_response_is_named(tmp_path: Path) -> None:
    words = "one argument of `graph` that names a hidden object, as `audit.noteId` may, makes"
    found = graph_of(tmp_path, "graph_root.yaml")
    assert f"`Query` is a resource, so {words} the whole response 404" in found
    assert "the whole response" not in graph_of(tmp_path, "graph_notes.yaml")


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"note": [{"see": ["member"]}]}, True),
        ({"note": [{"see": ["member"]}], "score": [{"see": ["member"]}]}, False),
        ({"note": {"instead": "absent", "grants": [{"see": ["member"]}]}}, False),
    ],
)
def test_an_object_of_which_a_null_alone_is_seen_is_named(
    tmp_path: Path, fields: dict[str, Any], named: bool
) -> None:
    found = warned(tmp_path, root("search", Hit={"owner": "none", "fields": fields}))
    words = "`member` may see nothing else of every `Hit`, so a `Hit` with `note: null` tells"
    assert (words in found) is named
