"""Options whose values nobody lists: names of JSON:API, what can be embedded, an object in one
state only."""

from __future__ import annotations

from pathlib import Path

import pytest

from oakum.errors import ExitCode
from tests.scan.servers import Call, Reply
from tests.scan.verdicts import NAMES, logged_in, path, schema, told

pytestmark = pytest.mark.server

PEOPLE = {
    id: {"name": f"{who} Person", "email": f"{who}.private{id[-1]}@mail-{who}.test"}
    for who, id in NAMES.items()
}


def with_option(text: str, option: str) -> str:
    return text.replace(
        "schema: {type: string}}]", f"schema: {{type: string}}}}, {{in: query, {option}}}]"
    )


@pytest.mark.parametrize(("leaking", "most"), [(False, 9), (True, 9), (True, 1)])
def test_the_names_of_json_api_choose_fields(leaking: bool, most: int, tmp_path: Path) -> None:
    """`most`: how many an API takes at once."""

    @logged_in
    def api(who: str, call: Call) -> Reply:
        id = call.path.rpartition("/")[2]
        if id not in PEOPLE:
            return Reply(404, {"errors": []})
        asked = call.query.get("fields[people]", "name,email").split(",")
        more = leaking and "fields[people]" in call.query and len(asked) <= most
        shown = {"name", "email"} if more or id == NAMES[who] else {"name"}
        kept = {name: PEOPLE[id][name] for name in asked if name in shown}
        return Reply(200, {"data": {"type": "people", "id": id, "attributes": kept}})

    shape = (
        "    Person: {type: object, properties: {type: {type: string}, id: {type: string},"
        " attributes: {type: object, properties: {name: {type: string}, email: {type: string}}}}}\n"
    )
    paths = path("/people/{id}", "getPerson", "Person").replace(
        'schema: {$ref: "#/components/schemas/Person"}',
        'schema: {type: object, properties: {data: {$ref: "#/components/schemas/Person"}}}',
    )
    policy = """\
  Person:
    key: id
    owner: id
    main: getPerson
    fields: {"type, id, attributes.name": [{see: [member]}], attributes.email: [{see: [owner]}]}
"""
    paths = with_option(paths, 'name: "fields[people]", schema: {type: string}')
    run = told(tmp_path, shape, paths, policy, api)
    assert run.proven == ({("Person.attributes.email", "member")} if leaking else set())
    assert run.code == (ExitCode.FINDINGS if leaking else ExitCode.CLEAN)


SELLERS = schema("Person", id="string", name="string", email="string") + schema(
    "Order", id="string", buyer="string", item="string", colour="string", size="string",
    price="string", weight="string", seller="object",
).replace("seller: {type: object}", 'seller: {$ref: "#/components/schemas/Person"}')  # fmt: skip
ORDERS = """\
  Person:
    key: id
    owner: id
    fields: {"id, name": [{see: [member]}], email: [{see: [owner]}]}
  Order:
    key: id
    owner: buyer
    main: getOrder
    fields: {"id, buyer, item, colour, size, price, weight, seller": [{see: [owner]}]}
operations:
  listOrders: {call: [member]}
"""


@pytest.mark.parametrize("mode", ["right", "leaking", "unknown"])
def test_what_can_be_embedded_is_asked_for_by_the_name_of_its_member(
    mode: str, tmp_path: Path
) -> None:
    """A value that nobody could guess leaves the endpoint untested."""
    order = {"item": "Bicycle", "colour": "red", "size": "L", "price": "99", "weight": "9"}
    orders = {
        f"o-{id}": {"id": f"o-{id}", "buyer": id, **order, "item": f"Bicycle of {who} 7"}
        for who, id in NAMES.items()
    }
    value = "with_the_vendor" if mode == "unknown" else "seller"

    @logged_in
    def api(who: str, call: Call) -> Reply:
        if call.path == "/orders":
            return Reply(200, [each for each in orders.values() if each["buyer"] == NAMES[who]])
        found = orders.get(call.path.rpartition("/")[2])
        if found is None or found["buyer"] != NAMES[who]:
            return Reply(404, {"error": "no"})
        asked = call.query.get("include")
        if asked not in (None, value):
            return Reply(400, {"error": "include"})
        id = NAMES["cat" if who == "ann" else "ann"]
        seller = {"id": id, "name": PEOPLE[id]["name"]}
        seller |= {} if mode == "right" else {"email": PEOPLE[id]["email"]}
        return Reply(200, found | ({"seller": seller} if asked else {}))

    paths = path("/orders", "listOrders", "Order", many=True) + with_option(
        path("/orders/{id}", "getOrder", "Order"), "name: include, schema: {type: string}"
    )
    run = told(tmp_path, SELLERS, paths, ORDERS, api)
    assert run.proven == ({("Person.email", "member")} if mode == "leaking" else set())
    assert not run.named("suspected")
    if mode == "unknown":
        assert run.code == ExitCode.NOT_TRUSTWORTHY
        assert any(
            "values of `include`, and none showed" in each and "`Person`" in each
            for each in run.report.distrust
        )


@pytest.mark.parametrize("leaking", [False, True])
def test_fields_of_what_is_embedded_are_named_with_its_member(
    leaking: bool, tmp_path: Path
) -> None:
    """`?fields=item,seller.email`."""

    @logged_in
    def api(who: str, call: Call) -> Reply:
        seller = NAMES["cat" if who == "ann" else "ann"]
        order = {"id": f"o-{who}-7", "buyer": NAMES[who], "item": f"Bicycle of {who} 7"}
        if call.path == "/orders":
            return Reply(200, [order])
        if call.path != f"/orders/o-{who}-7":
            return Reply(404, {"error": "no"})
        fields = call.query.get("fields", "").split(",")
        if "seller" in fields or "seller.name" in fields:
            order |= {"seller": {"id": seller, "name": PEOPLE[seller]["name"]}}  # type: ignore[dict-item]
        if leaking and "seller.email" in fields:
            order |= {"seller": {"id": seller, "email": PEOPLE[seller]["email"]}}  # type: ignore[dict-item]
        return Reply(200, order)

    paths = path("/orders", "listOrders", "Order", many=True) + with_option(
        path("/orders/{id}", "getOrder", "Order"), "name: fields, schema: {type: string}"
    )
    run = told(tmp_path, SELLERS, paths, ORDERS, api)
    assert run.proven == ({("Person.email", "member")} if leaking else set())


@pytest.mark.parametrize(
    ("leaking", "opens"), [(False, "draft"), (True, "draft"), (True, "deleted")]
)
def test_an_option_is_tried_on_an_object_in_each_state(
    leaking: bool, opens: str, tmp_path: Path
) -> None:
    """Deleted ones come to light with an option of the list, which is tried after the object."""

    stories = {
        f"{state}-{who}-71": {
            "slug": f"{state}-{who}-71", "author": id, "status": state,
            "headline": f"{who} writes of rivers, {state}",
        }
        for who, id in NAMES.items() for state in ("published", "draft", "deleted")
    }  # fmt: skip

    @logged_in
    def api(who: str, call: Call) -> Reply:
        def shown(story: dict[str, str]) -> bool:
            return story["status"] == "published" or story["author"] == NAMES[who]

        if call.path == "/stories":
            gone = call.query.get("with_deleted") == "true"
            rows = [each for each in stories.values() if gone or each["status"] != "deleted"]
            return Reply(200, [each for each in rows if shown(each)])
        story = stories.get(call.path.rpartition("/")[2])
        preview = leaking and call.query.get("preview") == "true"
        preview = preview and story is not None and story["status"] == opens
        if story is None or not (preview or shown(story)):
            return Reply(404, {"error": "no"})
        return Reply(200, story)

    shape = schema("Story", slug="string", author="string", status="string", headline="string")
    paths = with_option(
        path("/stories/{slug}", "getStory", "Story"), "name: preview, schema: {type: boolean}"
    ) + path("/stories", "listStories", "Story", many=True).replace(
        "parameters: []",
        "parameters: [{name: with_deleted, in: query, schema: {type: boolean}}]",
    )
    policy = """\
  Story:
    key: slug
    owner: author
    main: getStory
    states: {status: {field: status, levels: [published, draft, deleted]}}
    fields:
      slug, author, status, headline:
        - see: [owner]
        - {see: [member], when: {status: published}}
"""
    run = told(tmp_path, shape, paths, policy, api)
    assert run.proven >= ({("Story.headline", "member")} if leaking else set())
    assert run.code == (ExitCode.FINDINGS if leaking else ExitCode.CLEAN), run.report.distrust
    assert leaking or not run.report.findings


def test_what_is_for_staff_alone_is_untested_while_nobody_was_shown_any(tmp_path: Path) -> None:
    """It is nobody's, and the contract shows it to some: a run that asked for none is not clean."""
    policy = """\
  Report:
    key: id
    owner: none
    fields: {"id, text": [{see: [owner]}]}
"""
    shape = schema("Report", id="string", text="string")

    @logged_in
    def api(who: str, call: Call) -> Reply:
        return Reply(404, {"error": "no"})

    run = told(tmp_path, shape, path("/staff/reports/{id}", "getReport", "Report"), policy, api)
    assert run.code == ExitCode.NOT_TRUSTWORTHY
    assert any("GET /staff/reports/{id} is untested" in each for each in run.report.distrust)


@pytest.mark.parametrize("flag", ["with_seller", "include_archived"])
def test_a_flag_that_embeds_nothing_is_told_as_a_flag(flag: str, tmp_path: Path) -> None:
    """No order has a seller. What says which objects are shown has nothing to do with that."""

    @logged_in
    def api(who: str, call: Call) -> Reply:
        order = {"id": f"o-{who}-7", "buyer": NAMES[who], "item": f"Bicycle of {who} 7"}
        if call.path == "/orders":
            return Reply(200, [order])
        found = call.path == f"/orders/o-{who}-7"
        return Reply(200, order) if found else Reply(404, {"error": "no"})

    paths = path("/orders", "listOrders", "Order", many=True) + with_option(
        path("/orders/{id}", "getOrder", "Order"), f"name: {flag}, schema: {{type: boolean}}"
    )
    run = told(tmp_path, SELLERS, paths, ORDERS, api)
    said = [each for each in run.report.distrust if "/orders/{id}" in each]
    if flag == "with_seller":
        assert run.code == ExitCode.NOT_TRUSTWORTHY
        assert any("let an identity own" in each and "`with_seller`" in each for each in said)
    assert not any("enum" in each or "include_archived" in each for each in said)
