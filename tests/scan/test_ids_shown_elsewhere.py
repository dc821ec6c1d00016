"""Ids that can be counted, of accounts that the contract hides and names all the same: who is shown
each order with its `customer_id` guesses no id of a customer."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.scan.servers import Call, Reply
from tests.scan.verdicts import IDENTITIES, NAMES, RELATIONS, Told, logged_in, path, schema, told

pytestmark = pytest.mark.server

ORDERS = [
    {
        "id": f"order-{7 * at + n + 31}",
        "customer_id": id,
        "item": f"rope of {at * 7919 + n} fathoms",
    }
    for at, id in enumerate(NAMES.values())
    for n in (1, 2)
]
SHAPES = schema("Customer", id="string") + schema(
    "Order", id="string", customer_id="string", item="string"
)
POLICY = """\
  Customer: {key: id, owner: id, fields: {id: [{see: [owner]}]}}
  Order:
    key: id
    owner: customer_id
    fields: {"id, item": [{see: [owner, staff]}], customer_id: [{see: [LINE]}]}
operations:
  customer: {call: [member]}
  orders: {params: {customer_id: Customer.id}}
"""


def scan(folder: Path, line: str) -> Told:
    @logged_in
    def api(who: str, call: Call) -> Reply:
        if call.path == "/customer":
            return Reply(200, {"id": NAMES[who]})
        asked = call.query.get("customer_id", "")
        rows = [
            {
                name: value
                for name, value in each.items()
                if name != "customer_id" or "staff" in line
            }
            for each in ORDERS
            if asked in ("", each["customer_id"])
            and (who == "cat" or each["customer_id"] == NAMES[who])
        ]
        return Reply(200, rows)

    paths = path("/customer", "customer", "Customer") + path(
        "/orders", "orders", "Order", many=True
    ).replace(
        "parameters: []", "parameters: [{name: customer_id, in: query, schema: {type: string}}]"
    )
    relations = RELATIONS.replace("relations: {", "relations: {staff: {claim: role, has: staff}, ")
    identities = IDENTITIES.replace("-of-cat-778}", "-of-cat-778, claims: {role: staff}}")
    policy = POLICY.replace("LINE", line)
    return told(folder, SHAPES, paths, policy, api, identities, relations=relations)


def test_an_id_that_the_contract_shows_in_another_object_is_guessed_by_nobody(
    tmp_path: Path,
) -> None:
    run = scan(tmp_path, "owner, staff")
    assert not run.proven
    for found in run.report.findings:
        assert (found.rule, found.viewer) == ("enumerable-ids", "staff")
        assert "may see it as `Order.customer_id`" in "; ".join(found.doubts)


def test_an_id_that_the_contract_shows_nowhere_is_one_to_guess(tmp_path: Path) -> None:
    run = scan(tmp_path, "owner")
    assert ("Customer.id", "staff") in run.proven
