"""A photo lab's list of orders takes `filter[id]` with several ids, and asks whether any of them is
the caller's. One own order at the head of the list opens all that come after it."""

from __future__ import annotations

import random
import uuid

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from oakum_catalogue.kit import Entry, Json, Mode, Truth, drawn, words

DOCUMENT = """\
openapi: 3.1.0
info: {title: Photo lab, version: "5.1"}
security: [{labKey: []}]
paths:
  /customers/me:
    get:
      operationId: readOwnCustomer
      responses: {"200": {description: the caller, content: {application/vnd.api+json: {schema: {type: object, properties: {data: {$ref: "#/components/schemas/Customer"}, meta: {$ref: "#/components/schemas/Meta"}}}}}}}
  /orders:
    get:
      operationId: findOrders
      description: The caller's orders, or those of them that are named
      parameters:
        - {name: "filter[id]", in: query, style: form, explode: false, schema: {type: array, maxItems: 25, items: {type: string, format: uuid}}}
        - {$ref: "#/components/parameters/page"}
      responses:
        "200": {description: a page of three, content: {application/vnd.api+json: {schema: {type: object, properties: {data: {type: array, items: {$ref: "#/components/schemas/Order"}}, meta: {$ref: "#/components/schemas/Meta"}}}}}}
        "400": {description: more than 25 ids}
        "403": {description: none of them is the caller's}
  /orders/{orderId}:
    get:
      operationId: readOrder
      parameters: [{name: orderId, in: path, required: true, schema: {type: string, format: uuid}}]
      responses: {"200": {description: one, content: {application/vnd.api+json: {schema: {type: object, properties: {data: {$ref: "#/components/schemas/Order"}, meta: {$ref: "#/components/schemas/Meta"}}}}}}}
  /papers:
    get:
      operationId: findPapers
      parameters:
        - {name: "filter[id]", in: query, style: form, explode: false, schema: {type: array, items: {type: string}}}
        - {$ref: "#/components/parameters/page"}
      responses: {"200": {description: on what we print, content: {application/vnd.api+json: {schema: {type: object, properties: {data: {type: array, items: {$ref: "#/components/schemas/Paper"}}, meta: {$ref: "#/components/schemas/Meta"}}}}}}}
components:
  securitySchemes: {labKey: {type: apiKey, in: header, name: Authorization}}
  parameters:
    page: {name: "page[number]", in: query, schema: {type: integer, minimum: 1}}
  schemas:
    Meta: {type: object, properties: {seconds: {type: number}, total: {type: integer}}}
    Customer:
      type: object
      properties:
        type: {type: string, const: customers}
        id: {type: string, format: uuid}
        attributes: {type: object, properties: {nick: {type: string}}}
    Order:
      type: object
      properties:
        type: {type: string, const: orders}
        id: {type: string, format: uuid}
        attributes: {type: object, properties: {customerId: {type: string, format: uuid}, album: {type: string}, street: {type: string}, cents: {type: integer}}}
    Paper:
      type: object
      properties:
        type: {type: string, const: papers}
        id: {type: string}
        attributes: {type: object, properties: {album: {type: string}, cents: {type: integer}}}
"""

EXPOSURE = """\
exposure: 1
api: openapi.yaml
caller: {operation: readOwnCustomer, id: /data/id}
relations:
  anyone: {}
  customer: {authenticated: true}
  owner: {is: owner}
order: [anyone, customer, owner]
resources:
  Customer:
    key: id
    owner: id
    main: readOwnCustomer
    fields:
      type, id, attributes.nick: [{see: [owner]}]
  Order:
    key: id
    owner: attributes.customerId
    main: readOrder
    fields:
      type, id, attributes.customerId, attributes.album, attributes.street, attributes.cents:
        - see: [owner]
  Paper:
    key: id
    owner: none
    fields:
      type, id, attributes.album, attributes.cents: [{see: [customer]}]
operations:
  findOrders: {params: {"filter[id]": Order.id}}
  readOrder: {params: {orderId: Order.id}}
  findPapers: {params: {"filter[id]": Paper.id}}
"""

PEOPLE = {"rosa": "lab-rosa-3v7nq1", "sven": "lab-sven-8d2kw6", "tara": "lab-tara-5h9zb4"}
PAGE = 3


def identities(seed: int) -> str:
    lines = "".join(
        f"  {name}: {{send: 'Authorization: Lab-Key $key', key: {key}}}\n"
        for name, key in PEOPLE.items()
    )
    return f"identities:\n{lines}"


def app(mode: Mode, seed: int) -> Starlette:
    rng = drawn(seed, "prints")
    ids = {who: str(uuid.UUID(int=rng.getrandbits(128), version=4)) for who in (*PEOPLE, "udo")}
    orders: dict[str, Json] = {}
    for customer in [*ids.values()] * 2:
        key = str(uuid.UUID(int=rng.getrandbits(128), version=4))
        attributes = {
            "customerId": customer,
            "album": words(rng).title(),
            "street": f"{words(rng, 2).title()} {rng.randint(1, 250)}",
            "cents": rng.randint(100_000, 999_999),
        }
        orders[key] = {"type": "orders", "id": key, "attributes": attributes}
    papers: dict[str, Json] = {
        name: {
            "type": "papers",
            "id": name,
            "attributes": {"album": words(rng, 2).title(), "cents": rng.randint(10, 99)},
        }
        for name in ("matt", "glossy", "linen", "metal")
    }

    def caller(request: Request) -> str:
        scheme, _, sent = request.headers.get("authorization", "").partition(" ")
        known = {key: ids[who] for who, key in PEOPLE.items()}
        return known.get(sent, "") if scheme == "Lab-Key" else ""

    def answer(data: Json, **meta: Json) -> Response:
        content = {"data": data, "meta": {"seconds": random.random(), **meta}}
        return JSONResponse(content, media_type="application/vnd.api+json")

    def errors(status: int, title: str) -> Response:
        content = {"errors": [{"status": str(status), "title": title}]}
        return JSONResponse(content, status, media_type="application/vnd.api+json")

    def page(request: Request, rows: list[Json]) -> Response:
        asked = request.query_params.get("page[number]", "1")
        start = PAGE * (int(asked) - 1) if asked.isdecimal() and int(asked) else 0
        return answer(rows[start : start + PAGE], total=len(rows))

    def ids_in(request: Request) -> list[str] | None:
        asked = request.query_params.get("filter[id]")
        return None if asked is None else asked.split(",")

    async def me(request: Request) -> Response:
        customer = caller(request)
        if not customer:
            return errors(401, "No key")
        nick = next(who for who, each in ids.items() if each == customer)
        return answer({"type": "customers", "id": customer, "attributes": {"nick": nick}})

    async def found_orders(request: Request) -> Response:
        customer, asked = caller(request), ids_in(request)
        if not customer:
            return errors(401, "No key")
        own = {key for key, each in orders.items() if each["attributes"]["customerId"] == customer}
        if asked is None:
            return page(request, [orders[key] for key in orders if key in own])
        if len(asked) > 25:
            return errors(400, "Too many ids")
        if not any(key in own for key in asked):
            return errors(403, "Not your orders")
        if mode == "fixed":
            asked = [key for key in asked if key in own]
        return page(request, [orders[key] for key in asked if key in orders])

    async def one(request: Request) -> Response:
        customer, found = caller(request), orders.get(request.path_params["order"])
        if not customer:
            return errors(401, "No key")
        if found is None or found["attributes"]["customerId"] != customer:
            return errors(404, "No such order")
        return answer(found)

    async def found_papers(request: Request) -> Response:
        if not caller(request):
            return errors(401, "No key")
        asked = ids_in(request) or [*papers]
        rows = [papers[key] for key in asked if key in papers]
        return page(request, random.sample(rows, len(rows)))

    made = Starlette(
        routes=[
            Route("/customers/me", me),
            Route("/orders", found_orders),
            Route("/orders/{order}", one),
            Route("/papers", found_papers),
        ]
    )
    made.state.db = {"customers": ids, "orders": orders, "papers": papers}
    return made


ENTRY = Entry(
    name="p07-prints",
    pattern="P7",
    title="a list of ids in which one is the caller's own brings everybody's orders that it names",
    convention="uuids, JSON:API, camelCase, `Lab-Key x` from the file, comma-separated filter[id], page[number], 3.1",
    document=DOCUMENT,
    exposure=EXPOSURE,
    identities=identities,
    app=app,
    truth=(
        Truth(
            "Order",
            (
                "type",
                "id",
                "attributes.customerId",
                "attributes.album",
                "attributes.street",
                "attributes.cents",
            ),
            ("customer",),
            "GET /orders",
        ),
    ),
    decoys=(
        "a list of nothing but other people's orders is refused with 403, as is one unknown id",
        "the endpoint to one order, and the list without a filter, know their owner",
        "papers are filtered by id as well, by all customers, and come in any order",
        "`meta.seconds` differs in every answer; more than 25 ids are refused in both modes",
    ),
)
