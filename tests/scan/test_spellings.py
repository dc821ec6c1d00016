"""A value that is written otherwise is the same value."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from tests.scan.servers import Call, Reply
from tests.scan.verdicts import KEYS, NAMES, Api, Told, path, schema, told

PEOPLE = {
    id: {"id": id, "nick": f"{name}-77", "email": f"{name}.ohara@mail{id[-1]}.test", "f": "x-1"}
    for name, id in NAMES.items()
}
POLICY = """\
  Person:
    key: id
    owner: id
    fields: {"id, nick": [{see: [member]}], "email, f": [{see: [owner]}]}
operations:
  getPerson: {params: {id: Person.id}}
"""
Spell = Callable[[str], tuple[dict[str, Any], tuple[tuple[str, str], ...]]]
SPELLINGS: dict[str, Spell] = {
    "cookie": lambda mail: ({}, (("set-cookie", f"last={mail}; Path=/"),)),
    "header": lambda mail: ({}, (("x-seen", f"of {quote(mail)}"),)),
    "percent": lambda mail: ({"pic": f"/i?m={quote(mail)}"}, ()),
    "long percent": lambda mail: ({"pic": f"https://img.test/avatar/{quote(mail)}/small.png"}, ()),
    "upper case": lambda mail: ({"label": mail.upper()}, ()),
    "html": lambda mail: ({"card": f"<b>{mail.replace('@', '&#64;')}</b>"}, ()),
    "json": lambda mail: ({"raw": mail.replace("@", "\\u0040")}, ()),
    "own field": lambda mail: ({"email": mail.upper()}, ()),
}


class Spelling(Api):
    """What everybody gets of somebody, and beside it, spelt in some way, the address of `whose`."""

    def __init__(self, spell: Spell, whose: str) -> None:
        super().__init__({})
        self.spell, self.whose = spell, whose

    def __call__(self, call: Call) -> Reply:
        who = KEYS.get(call.headers.get("x-key", ""), "")
        row = PEOPLE.get(call.path.removeprefix("/people/"))
        if row is None:
            return super().__call__(call)
        if not who:
            return Reply(401, {"error": "log in"})
        if NAMES[who] == row["id"]:
            return Reply(200, row)
        more, headers = self.spell(
            row["email"] if self.whose == "theirs" else PEOPLE[NAMES[who]]["email"]
        )
        if self.whose == "nobody's":
            more, headers = self.spell("someone.else@mail.test")
        return Reply(200, {"id": row["id"], "nick": row["nick"], **more}, headers)


def scan(folder: Path, how: str, whose: str) -> Told:
    shape = schema("Person", id="string", nick="string", email="string", f="string")
    paths = path("/people/{id}", "getPerson", "Person")
    return told(folder, shape, paths, POLICY, Spelling(SPELLINGS[how], whose))


@pytest.mark.parametrize("how", SPELLINGS)
def test_an_address_is_known_however_it_is_spelt(tmp_path: Path, how: str) -> None:
    assert ("Person.email", "member") in scan(tmp_path, how, "theirs").proven


@pytest.mark.parametrize("whose", ["the viewer's", "nobody's"])
@pytest.mark.parametrize("how", [each for each in SPELLINGS if each != "own field"])
def test_ones_own_address_and_a_strangers_are_no_leak(tmp_path: Path, how: str, whose: str) -> None:
    found = scan(tmp_path, how, whose)
    assert found.proven == set()
    assert not [each for each in found.report.findings if each.field == "email"]
