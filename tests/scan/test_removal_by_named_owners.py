"""`call: [buyer]` of a `DELETE`, where `buyer_id` names the owner: whoever creates an order may
remove it, so that a run makes its own and tries every member of it."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest

from oakum.errors import ExitCode
from tests.scan.servers import Call, Reply
from tests.scan.verdicts import HEAD, ME, NAMES, RELATIONS, Told, logged_in, told

pytestmark = pytest.mark.server

SELLERS = dict(zip(NAMES.values(), (*list(NAMES.values())[1:], *NAMES.values()), strict=False))
ORDERS = [
    {"id": f"o-{n}-c41f", "buyer_id": id, "seller_id": SELLERS[id], "ship_to": f"{n} Mill Lane"}
    for n, id in enumerate(SELLERS, 11)
]
ORDER = '{$ref: "#/components/schemas/Order"}'
OK = f'"200": {{description: ok, content: {{application/json: {{schema: {ORDER}}}}}}}'
BODY = f"requestBody: {{content: {{application/json: {{schema: {ORDER}}}}}}}"
READ = "{type: string, readOnly: true}"
DOCUMENT = f"""{HEAD}\
    Order:
      type: object
      properties: {{id: {READ}, buyer_id: {READ},
        seller_id: {READ}, ship_to: {{type: string}}}}
paths:
{ME}\
  /orders:
    get:
      operationId: listOrders
      responses: {{"200": {{description: ok, content: {{application/json: {{schema:
        {{type: array, items: {ORDER}}}}}}}}}}}
    post: {{operationId: makeOrder, {BODY}, responses: {{{OK.replace("200", "201")}}}}}
  /orders/{{id}}:
    parameters: [{{name: id, in: path, required: true, schema: {{type: string}}}}]
    get: {{operationId: getOrder, responses: {{{OK}}}}}
    patch: {{operationId: changeOrder, {BODY}, responses: {{{OK}}}}}
    delete: {{operationId: removeOrder, responses: {{"204": {{description: gone}}}}}}
"""
BUYERS = RELATIONS.replace(
    "owner: {is: owner}", "owner: {is: owner}, buyer: {field: buyer_id}, seller: {field: seller_id}"
)
POLICY = """\
  Order:
    key: id
    owner: OWNER
    main: getOrder
    fields:
      id, buyer_id, seller_id: [{see: [buyer, seller]}]
      ship_to: [{see: [buyer, seller], set: [buyer]}]
operations:
  removeOrder: {call: [buyer]}
"""


class Orders:
    """`open`: whether anybody who is logged in may change and delete every order."""

    def __init__(self, *, open: bool) -> None:
        self.open, self.orders, self.made = open, copy.deepcopy(ORDERS), 0

    def __call__(self, who: str, call: Call) -> Reply:
        me = NAMES[who]
        mine = [each for each in self.orders if me in (each["buyer_id"], each["seller_id"])]
        if call.path == "/orders" and call.method == "GET":
            return Reply(200, mine)
        if call.path == "/orders":
            return Reply(201, self.make(me, call.json))
        writes = call.method != "GET"
        there = self.orders if self.open and writes else mine
        found = next((each for each in there if call.path == f"/orders/{each['id']}"), None)
        if found is None or (writes and not self.open and found["buyer_id"] != me):
            return Reply(404, {"error": "no such order"})
        if call.method == "DELETE":
            self.orders.remove(found)
            return Reply(204, b"")
        if call.method == "PATCH":
            found["ship_to"] = call.json.get("ship_to", found["ship_to"])
            return Reply(200, {"id": found["id"]})
        return Reply(200, found)

    def make(self, me: str, sent: dict[str, Any]) -> dict[str, Any]:
        self.made += 1
        made = {
            "id": f"o-{self.made}-{self.made * 7919:04x}", "buyer_id": me, "seller_id": SELLERS[me],
            "ship_to": sent.get("ship_to", ""),
        }  # fmt: skip
        self.orders.append(made)
        return made


@pytest.fixture(params=["buyer_id", "[buyer_id, seller_id]"])
def policy(request: pytest.FixtureRequest) -> str:
    return POLICY.replace("OWNER", request.param)


def scan(folder: Path, policy: str, orders: Orders) -> Told:
    run = told(
        folder, "", "", policy, logged_in(orders), document=DOCUMENT, relations=BUYERS,
        allow_writes=True,
    )  # fmt: skip
    assert orders.orders == ORDERS
    return run


def test_a_stranger_who_can_change_and_delete_it_is_told(tmp_path: Path, policy: str) -> None:
    run = scan(tmp_path, policy, Orders(open=True))
    assert {("Order.ship_to", "member"), ("Order.id", "member")} <= run.proven
    assert run.finding("Order.id", "member").title == "`member` can delete another user's `Order`"
    assert run.finding("Order.ship_to", "member").severity == "high"


def test_a_correct_api_is_clean(tmp_path: Path, policy: str) -> None:
    orders = Orders(open=False)
    run = scan(tmp_path, policy, orders)
    assert run.report.findings == ()
    assert run.code is ExitCode.CLEAN
    assert orders.made, "an order of the run's own"
    assert "bola-write" in run.report.items[0].tested
