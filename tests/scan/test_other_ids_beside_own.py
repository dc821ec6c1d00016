"""The caller's own id in the path, and another's in the query: an API may check one and use the
other."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.scan.servers import Call, Reply
from tests.scan.verdicts import NAMES, Told, logged_in, path, schema, told

pytestmark = pytest.mark.server

ITEMS = {
    id: {"id": f"i-{id}", "user_id": id, "text": f"bought by {name}, no. 55{id[-1]}"}
    for name, id in NAMES.items()
}
SHAPES = schema("Item", id="string", user_id="string", text="string") + schema(
    "Account", id="string", user_id="string", iban="string"
)
POLICY = """\
  Item:
    key: id
    owner: user_id
    fields: {"id, user_id, text": [{see: [owner]}]}
  Account:
    key: id
    owner: user_id
    fields: {"id, user_id, iban": [{see: [owner]}]}
operations:
  listItems: {params: {uid: Me.id, user_id: Me.id}}
  getStatement: {params: {aid: Account.id, account: Account.id}}
"""
ACCOUNTS = {
    id: {"id": f"acc-{id}", "user_id": id, "iban": f"NL91ABNA04{id[-4:]}"} for id in NAMES.values()
}


def beside(template: str, operation: str, shown: str, name: str, *, many: bool) -> str:
    query = f", {{name: {name}, in: query, schema: {{type: string}}}}]"
    return path(template, operation, shown, many=many).replace("}}]", "}}" + query)


PATHS = (
    beside("/users/{uid}/items", "listItems", "Item", "user_id", many=True)
    + path("/accounts", "listAccounts", "Account", many=True)
    + beside("/accounts/{aid}/statement", "getStatement", "Account", "account", many=False)
)


def scan(folder: Path, mode: str, policy: str = POLICY) -> Told:
    """`mode`: what is done with another's id in the query: `used`, `ignored` or `refused`."""

    def chosen(own: str, asked: str | None) -> str | None:
        if asked in (None, own) or mode == "ignored":
            return own
        return asked if mode == "used" else None

    def answer(who: str, call: Call) -> Reply:
        me = NAMES[who]
        if call.path == "/accounts":
            return Reply(200, [ACCOUNTS[me]])
        if call.path == f"/users/{me}/items":
            found = ITEMS.get(chosen(me, call.query.get("user_id")) or "")
            return Reply(200, [found]) if found else Reply(403, {"error": "not yours"})
        if call.path == f"/accounts/acc-{me}/statement":
            key = chosen(f"acc-{me}", call.query.get("account"))
            account = next((each for each in ACCOUNTS.values() if each["id"] == key), None)
            return Reply(200, account) if account else Reply(403, {"error": "not yours"})
        return Reply(403, {"error": "not yours"})

    return told(folder, SHAPES, PATHS, policy, logged_in(answer))


def test_an_api_that_uses_the_one_in_the_query_is_found(tmp_path: Path) -> None:
    assert {("Item.text", "member"), ("Account.iban", "member")} <= scan(tmp_path, "used").proven


@pytest.mark.parametrize("mode", ["ignored", "refused"])
def test_one_that_ignores_or_refuses_it_is_clean(mode: str, tmp_path: Path) -> None:
    assert scan(tmp_path, mode).report.findings == ()
