"""A path of a GraphQL schema that the contract forgot is a flaw; what it speaks of is none."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.gate.club import DOCUMENT, POLICY, written
from tests.unit.cli.shell import Done, oakum

ENDPOINT = """\
  /graphql:
    post:
      operationId: graphql
      responses: {"200": {description: data, content: {application/json: {schema: {type: object}}}}}
"""
GRAPHED = DOCUMENT.replace("components:\n", f"{ENDPOINT}components:\n", 1)
RULED = POLICY + "operations: {graphql: {graphql: schema.graphql, reads: true}}\n"
SCHEMA = """\
type Query {
  member(id: ID!): Member
  %s
}
type Member { id: ID, nick: String, city: String, email: String, is_private: Boolean }
type Person { handle: String, contacts: [Contact!] }
type Contact { phone: String }
type Account { id: ID }
type Info { version: String, uptime: Int }
type Page { nodes: [Member!], total: Int }
type Mutation { rename(nick: String): Person }
"""
FORGOTTEN = {
    "somebody's type under another name": ("person: Person", "`Query.person` leads to `Person`"),
    "an object with a key of its own": ("account(id: ID!): Account", "leads to `Account`"),
    "a list of them": ("people: [Person!]!", "`Query.people` leads to `Person`"),
    "a value at the root": ("email(id: ID!): String", "`Query.email` leads to `String`"),
}
SPOKEN = {
    "it leads to a resource": "page: Page",
    "nothing below it is anybody's": "info: Info",
    "a plain value": "version: String",
}


def gated(folder: Path, field: str, policy: str = RULED) -> Done:
    (folder / "schema.graphql").write_text(SCHEMA % field, encoding="utf-8")
    return oakum("gate", written(folder, document=GRAPHED, policy=policy))


@pytest.mark.parametrize("name", FORGOTTEN)
def test_a_forgotten_path_fails_and_says_where(tmp_path: Path, name: str) -> None:
    field, said = FORGOTTEN[name]
    done = gated(tmp_path, field)
    assert done.code == 1
    assert done.out.count("[graphql-path-forgotten ") == 1
    assert said in done.out
    assert "schema.graphql:3:3: " in done.out


@pytest.mark.parametrize("name", SPOKEN)
def test_what_the_contract_speaks_of_is_no_flaw(tmp_path: Path, name: str) -> None:
    assert "[graphql-path-forgotten " not in gated(tmp_path, SPOKEN[name]).out


def test_binding_the_type_or_making_the_root_a_resource_fixes_it(tmp_path: Path) -> None:
    bound = RULED.replace("    key: id\n", "    schemas: [Member, Account]\n    key: id\n", 1)
    assert "[graphql-path-forgotten " not in gated(tmp_path, "account(id: ID!): Account", bound).out
    root = "  Root:\n    schemas: [Query]\n    owner: none\n    fields:\n      person: []\n"
    root += "      member: [{see: member}]\n"
    rooted = RULED.replace("operations:", f"{root}operations:", 1)
    assert "[graphql-path-forgotten " not in gated(tmp_path, "person: Person", rooted).out


def test_what_becomes_of_it_is_the_contracts_to_say(tmp_path: Path) -> None:
    rule = "exit_criteria: {classified: false, static: {graphql-path-forgotten: %s}}\n"
    for stance, code in (("fail", 1), ("warn", 0), ("off", 0)):
        done = gated(tmp_path, "person: Person", RULED + rule % stance)
        assert (done.code, "[graphql-path-forgotten " in done.out) == (code, stance != "off")
