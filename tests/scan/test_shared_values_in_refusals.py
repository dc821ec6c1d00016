"""A refusal whose sentence has a value of the requested object: several objects of several owners
may have the same value, so it names nobody by itself, but the cell is not closed."""

from __future__ import annotations

from pathlib import Path

import pytest

from oakum.errors import ExitCode
from tests.scan.servers import Call, Reply
from tests.scan.verdicts import NAMES, Told, logged_in, path, schema, told

pytestmark = pytest.mark.server

ORDERS = [
    {"id": f"o-{NAMES[name]}", "buyer_id": NAMES[name], "ship_to": "12 Mill Lane, Corby"}
    for name in ("ann", "bob")
]
SHAPES = schema("Order", id="string", buyer_id="string", ship_to="string")
POLICY = """\
  Order:
    key: id
    owner: buyer_id
    main: getOrder
    fields: {"id, buyer_id, ship_to": [{see: [owner]}]}
operations:
  getOrder: {params: {id: Order.id}}
"""


def scan(folder: Path, refusal: str, kind: str = "application/json") -> Told:
    """`refusal`: of another's order, with its id and address."""

    def answer(who: str, call: Call) -> Reply:
        if call.path == "/orders":
            return Reply(200, [e for e in ORDERS if e["buyer_id"] == NAMES[who]])
        for each in ORDERS:
            if call.path == f"/orders/{each['id']}":
                if each["buyer_id"] == NAMES[who]:
                    return Reply(200, each)
                said = refusal.format(**each)
                if kind == "text/plain":
                    return Reply(403, said.encode(), (("content-type", kind),))
                return Reply(403, {"error": said})
        return Reply(404, {"error": "no such order"})

    paths = path("/orders", "listOrders", "Order", many=True)
    paths += path("/orders/{id}", "getOrder", "Order")
    return told(folder, SHAPES, paths, POLICY, logged_in(answer))


def test_a_refusal_that_names_the_order_alone_is_clean(tmp_path: Path) -> None:
    run = scan(tmp_path, "order {id} is another account's")
    assert run.report.findings == ()
    assert run.results("Order.ship_to", "member", "/orders/{id}") == {"closed"}
    assert run.code is ExitCode.CLEAN


@pytest.mark.parametrize("kind", ["application/json", "text/plain"])
def test_one_that_tells_an_address_which_several_owners_have_is_suspected(
    tmp_path: Path, kind: str
) -> None:
    run = scan(tmp_path, "order {id} to {ship_to} is another account's", kind)
    assert run.named("suspected") == {("Order.ship_to", "member")}
    assert run.proven == set()
    assert run.code is ExitCode.FINDINGS
