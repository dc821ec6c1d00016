"""What stands beside a list of objects and passes unread, as `guard check` names it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests import quick_yaml
from tests.conformance.exchanges import FOLDER
from tests.unit.guard.warnings.contracts import Change, said
from tests.unit.guard.warnings.test_inference_channels import STAFF, answers

CONNECTION = """\
type Query { staff(first: Int, after: String): MemberConnection }
type MemberConnection { edges: [MemberEdge], totalCount: Int, pageInfo: PageInfo }
type MemberEdge { cursor: String, node: Member }
type PageInfo { hasNextPage: Boolean, endCursor: String }
type Member { id: ID!, owner_id: ID, title: String, salary: Int }
"""
HITS = quick_yaml.load((FOLDER / "contracts" / "hits.yaml").read_text())
WORDS = "of `list` may count, name or describe each `Member`, also those that are hidden"
ITEMS = {"type": "array", "items": {"$ref": "#/components/schemas/Member"}}
TEXT, NUMBER = {"type": "string"}, {"type": "integer"}
TEXTS = {"type": "array", "items": TEXT}
HREF = {"type": "object", "properties": {"href": TEXT}}


def listed(members: dict[str, Any], **rule: Any) -> Change:
    def change(document: dict[str, Any], policy: dict[str, Any]) -> None:
        fields = policy["resources"]["Member"]["fields"]
        fields["id, owner_id, title"] = [{"see": ["owner"]}]
        schema = {"type": "object", "properties": {"data": ITEMS, **members}}
        document["paths"]["/staff"]["get"]["responses"] = answers(schema)
        policy["operations"]["list"].update(rule)

    return change


@pytest.mark.parametrize(
    ("members", "at"),
    [
        ({"total": NUMBER}, "/total"),
        ({"total_items": NUMBER}, "/total_items"),
        ({"memberCount": NUMBER}, "/memberCount"),
        ({"meta": {"type": "object", "properties": {"total": NUMBER}}}, "/meta/total"),
        ({"ids": TEXTS}, "/ids/*"),
        ({"member_ids": TEXTS}, "/member_ids/*"),
    ],
)
def test_what_counts_or_names_objects_of_a_list_is_named(
    members: dict[str, Any], at: str, tmp_path: Path
) -> None:
    found = said(tmp_path, STAFF, listed(members))
    assert f"`{at}` {WORDS}" in found and f"`list: {{counts: [{at}]}}`" in found
    assert WORDS not in said(tmp_path, STAFF, listed(members, counts=[at]))


@pytest.mark.parametrize("seers", [["member"], ["owner"]])
def test_a_list_of_other_objects_beside_the_list_is_named_if_everybody_is_shown_them(
    seers: list[str], tmp_path: Path
) -> None:
    """As `included` of JSON:API, which lists to whom the objects belong."""

    def change(document: dict[str, Any], policy: dict[str, Any]) -> None:
        places = {"type": "array", "items": {"$ref": "#/components/schemas/Place"}}
        listed({"included": places})(document, policy)
        place = {"type": "object", "properties": {"id": TEXT, "by": TEXT}}
        document["components"]["schemas"]["Place"] = place
        lines = {"id, by": [{"see": seers}]}
        policy["resources"]["Place"] = {"key": "id", "owner": "by", "fields": lines}

    assert (f"`/included/*` {WORDS}" in said(tmp_path, STAFF, change)) is (seers == ["member"])


@pytest.mark.parametrize("first", [True, False])
def test_a_list_of_either_is_not_beside_itself(first: bool, tmp_path: Path) -> None:
    def change(document: dict[str, Any], policy: dict[str, Any]) -> None:
        kinds = [{"$ref": "#/components/schemas/Place"}, ITEMS["items"]]
        either = {"type": "array", "items": {"anyOf": kinds if first else kinds[::-1]}}
        listed({"data": either})(document, policy)
        place = {"type": "object", "properties": {"id": TEXT, "by": TEXT}}
        document["components"]["schemas"]["Place"] = place
        lines = {"id, by": [{"see": ["member"]}]}
        policy["resources"]["Place"] = {"key": "id", "owner": "by", "fields": lines}

    assert WORDS not in said(tmp_path, STAFF, change)


def test_a_count_in_a_row_is_named_beside_the_list_of_the_row(tmp_path: Path) -> None:
    def rows(**members: Any) -> Change:
        groups = {"type": "array", "items": {"type": "object", "properties": members}}
        return listed({"groups": groups})

    assert f"`/groups/*/count` {WORDS}" in said(tmp_path, STAFF, rows(count=NUMBER, data=ITEMS))
    assert f"`/total` {WORDS}" not in said(tmp_path, STAFF, rows(total=NUMBER, data=ITEMS))


@pytest.mark.parametrize(
    "members",
    [
        {"page": NUMBER, "limit": NUMBER, "took": NUMBER},
        {"next": TEXT, "has_more": {"type": "boolean"}, "nextCursor": TEXT},
        {"_links": {"type": "object", "properties": {"self": HREF, "next": HREF}}},
        {"status": TEXT, "error_messages": TEXTS, "requestId": TEXT},
        {"page": {"type": "object", "properties": {"size": NUMBER}}, "pageSize": NUMBER},
        {"last": {"type": "boolean"}, "to": TEXT},
    ],
)
def test_what_pages_a_list_or_is_about_the_request_is_not(
    members: dict[str, Any], tmp_path: Path
) -> None:
    assert WORDS not in said(tmp_path, STAFF, listed(members))


def test_a_count_of_what_everybody_is_shown_is_not(tmp_path: Path) -> None:
    def known(document: dict[str, Any], policy: dict[str, Any]) -> None:
        listed({"total": NUMBER})(document, policy)
        policy["resources"]["Member"]["fields"]["id, owner_id, title"] = [{"see": ["member"]}]

    assert WORDS not in said(tmp_path, STAFF, known)


@pytest.mark.parametrize(
    ("members", "at"),
    [
        ({"first_id": TEXT}, "/first_id"),
        ({"latest_title": TEXT}, "/latest_title"),
        ({"authors": TEXTS}, "/authors/*"),
        ({"missing": TEXTS}, "/missing/*"),
        ({"facets": {"type": "object", "additionalProperties": NUMBER}}, "/facets/*"),
        ({"stats": {"type": "object", "properties": {"members": NUMBER}}}, "/stats/members"),
        (
            {
                "_links": {
                    "type": "object",
                    "properties": {"item": {"type": "array", "items": HREF}},
                }
            },
            "/_links/item/*/href",
        ),
        ({"checksum": TEXT}, "/checksum"),
        ({"last_page": NUMBER}, "/last_page"),
        ({"pages": NUMBER}, "/pages"),
        ({"size": NUMBER}, "/size"),
        ({"meta": {"type": "object", "properties": {"to": NUMBER}}}, "/meta/to"),
        ({"links": {"type": "object", "properties": {"last": TEXT}}}, "/links/last"),
        ({"_links": {"type": "object", "properties": {"last": HREF}}}, "/_links/last/href"),
    ],
)
def test_any_value_beside_a_list_is_named(members: dict[str, Any], at: str, tmp_path: Path) -> None:
    found = said(tmp_path, STAFF, listed(members))
    assert f"`{at}` {WORDS}" in found and f"`list: {{counts: [{at}]}}`" in found
    assert WORDS not in said(tmp_path, STAFF, listed(members, counts=[at]))


def test_what_is_likely_to_tell_comes_first_and_all_of_it_in_one_line(tmp_path: Path) -> None:
    members = {"checksum": TEXT, "first_title": TEXT, "authors": TEXTS, "ids": TEXTS}
    found = said(tmp_path, STAFF, listed({**members, "total": NUMBER}))
    assert f"`/total`, `/ids/*`, `/first_title` and 2 more {WORDS}" in found
    assert "counts: [/total, /ids/*, /first_title, /authors/*, /checksum]" in found
    assert found.count("may count, name or describe") == 1


def test_a_hint_writes_out_some_of_many(tmp_path: Path) -> None:
    found = said(tmp_path, STAFF, listed({f"t{each}": TEXT for each in range(30)}))
    assert "`/t0`, `/t1`, `/t2` and 27 more" in found and "/t7, …]" in found and "/t8" not in found


def test_a_list_of_which_every_caller_sees_all_is_not_about_somebody(tmp_path: Path) -> None:
    def staff(document: dict[str, Any], policy: dict[str, Any]) -> None:
        listed({"total": NUMBER}, call=["boss"])(document, policy)
        policy["relations"]["boss"] = {"claim": "roles", "has": "boss"}
        policy["caller"] = {"jwt": "sub"}
        policy["resources"]["Member"]["fields"]["id, owner_id, title"] = [
            {"see": ["boss", "owner"]}
        ]

    assert WORDS not in said(tmp_path, STAFF, staff)


def test_the_label_of_a_group_is_named_beside_its_list_and_not_beside_its_object(
    tmp_path: Path,
) -> None:
    found = said(tmp_path, HITS)
    assert "`/groups/*/points` of `grouped` may count" in found
    assert "`/hits/*/score`" not in found and "`/*/t`" not in found  # those go with the object


def test_a_text_in_place_of_an_object_is_no_value_beside_it(tmp_path: Path) -> None:
    def either(document: dict[str, Any], policy: dict[str, Any]) -> None:
        member = {"anyOf": [TEXT, {"$ref": "#/components/schemas/Member"}]}
        listed({"first": member})(document, policy)

    assert WORDS not in said(tmp_path, STAFF, either)


def test_a_connection_of_graphql_is_named_by_its_pointer(tmp_path: Path) -> None:
    def graph(document: dict[str, Any], policy: dict[str, Any]) -> None:
        listed({})(document, policy)
        document["paths"]["/graphql"] = {"post": {"operationId": "graph"}}
        policy["operations"]["graph"] = {"graphql": "x.graphql", "reads": True, "call": ["member"]}

    (tmp_path / "x.graphql").write_text(CONNECTION)
    found = said(tmp_path, STAFF, graph)
    assert (
        "`/data/staff/totalCount`, `/data/staff/pageInfo/hasNextPage`,"
        " `/data/staff/pageInfo/endCursor` of `graph` may count, name or describe each `Member`"
    ) in found
    assert "/__typename" not in found and "/edges/*/cursor" not in found


def test_a_type_that_holds_itself_is_read_once(tmp_path: Path) -> None:
    def tree(document: dict[str, Any], policy: dict[str, Any]) -> None:
        ref = {"$ref": "#/components/schemas/Folder"}
        folder = {"type": "object", "properties": {"label": TEXT, "all": ITEMS, "inner": ref}}
        document["components"]["schemas"]["Folder"] = folder
        listed({"folder": ref})(document, policy)

    assert f"`/folder/label` {WORDS}" in said(tmp_path, STAFF, tree)
