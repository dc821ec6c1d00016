"""Three made-up members with profiles, one of them with a second factor, and a club of two."""

from __future__ import annotations

import base64
import hashlib
import hmac
import struct
import time
from typing import Any

from field.client import call
from field.place import Place

APPLICATION = {"X-Parse-Application-Id": "field"}
MASTER = {**APPLICATION, "X-Parse-Master-Key": "made-up-master-key"}
OPEN = {"find": {"*": True}, "get": {"*": True}, "count": {"*": True}}
PEOPLE = {
    "ann": ("+1-202-555-0101", 4100, "XX11 0001"),
    "bob": ("+1-202-555-0102", 5200, "XX22 0002"),
    "cyd": ("+1-202-555-0103", 6300, "XX33 0003"),
}


def seed(place: Place) -> dict[str, str]:
    base = place.base + "/parse"
    permissions = {**OPEN, "protectedFields": {"*": ["salary", "bank"], "userField:user": []}}
    fields = {"user": {"type": "Pointer", "targetClass": "_User"}, "city": {"type": "String"},
              "salary": {"type": "Number"}, "bank": {"type": "Object"}}  # fmt: skip
    schema(base, "Profile", fields, permissions)
    members = {"name": {"type": "String"}, "members": {"type": "Relation", "targetClass": "_User"}}
    schema(base, "Club", members, {**OPEN, "protectedFields": {"*": ["members"]}})
    accounts = {name: person(base, name, *of) for name, of in PEOPLE.items()}
    second_factor(base, accounts["ann"])
    pointers = [{"__type": "Pointer", "className": "_User", "objectId": accounts[name]["objectId"]}
                for name in ("ann", "bob")]  # fmt: skip
    club = {"name": "Night walks", "members": {"__op": "AddRelation", "objects": pointers}}
    call("POST", f"{base}/classes/Club", club, MASTER)
    return {f"{name.upper()}_TOKEN": each["sessionToken"] for name, each in accounts.items()}


def schema(base: str, name: str, fields: dict[str, Any], permissions: dict[str, Any]) -> None:
    body = {"className": name, "fields": fields, "classLevelPermissions": permissions}
    call("POST", f"{base}/schemas/{name}", body, MASTER)


def person(base: str, name: str, phone: str, salary: int, iban: str) -> dict[str, Any]:
    account: dict[str, Any] = call(
        "POST",
        f"{base}/users",
        {"username": name, "password": f"made-up {name}", "email": f"{name}@example.com",
         "phone": phone, "nickname": f"{name} of the club"},
        {**APPLICATION, "X-Parse-Installation-Id": f"installation-{name}"},
    )  # fmt: skip
    own = account["objectId"]
    profile = {
        "user": {"__type": "Pointer", "className": "_User", "objectId": own},
        "city": f"Town of {name}",
        "salary": salary,
        "bank": {"iban": iban, "holder": f"{name} Example"},
        "ACL": {"*": {"read": True}, own: {"read": True, "write": True}},
    }
    call("POST", f"{base}/classes/Profile", profile, MASTER)
    return account


def second_factor(base: str, account: dict[str, Any]) -> None:
    secret = base64.b32encode(f"made-up {account['objectId']}"[:20].ljust(20).encode()).decode()
    own = {**APPLICATION, "X-Parse-Session-Token": account["sessionToken"]}
    body = {"authData": {"mfa": {"secret": secret, "token": one_time(secret)}}}
    call("PUT", f"{base}/users/{account['objectId']}", body, own)


def one_time(secret: str) -> str:
    """The password of this half minute (RFC 6238)."""
    count = struct.pack(">Q", int(time.time()) // 30)
    mac = hmac.digest(base64.b32decode(secret), count, hashlib.sha1)
    offset = mac[-1] & 15
    return f"{(int.from_bytes(mac[offset : offset + 4], 'big') & 0x7FFFFFFF) % 10**6:06}"
