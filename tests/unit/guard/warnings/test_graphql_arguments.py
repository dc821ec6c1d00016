"""Arguments of GraphQL that name objects which a gateway cannot look at."""

from __future__ import annotations

import copy
import json
import re
from pathlib import Path
from typing import Any

import pytest

from oakum.guard.compiled.compiled_contract import compile_for_gateway
from oakum.policy.contract import load
from tests import quick_yaml
from tests.conformance.exchanges import FOLDER
from tests.unit.guard.warnings.contracts import said

NOTES = quick_yaml.load((FOLDER / "contracts" / "graph_notes.yaml").read_text(encoding="utf-8"))


def warned(folder: Path, *change: Any) -> str:
    for name, text in NOTES["files"].items():
        (folder / name).write_text(text, encoding="utf-8")
    return said(folder, NOTES, *change)


def test_an_argument_is_named_until_the_contract_says_of_what_it_is(tmp_path: Path) -> None:
    def stated(_: dict[str, Any], policy: dict[str, Any]) -> None:
        policy["operations"]["graph"]["params"]["visits.id"] = "Note.id"

    words = "what a query at `graph` shows beside objects is withheld if it has `visits.id`"
    found = warned(tmp_path)
    assert f"{words}: the contract does not say which object that names" in found
    assert "write `graph: {params: {visits.id: RESOURCE.KEY}}`" in found
    assert "`audit.noteId`" not in found
    assert "`note.id`" not in found
    assert "`graph` shows beside objects is withheld if it has `kinds.id`" not in found
    assert words not in warned(tmp_path, stated)


def test_an_argument_that_finds_a_hidden_object_by_another_member_is_named(tmp_path: Path) -> None:
    def found(line: str) -> str:
        schema = NOTES["files"]["schema.graphql"].replace("note(id", f"{line}\n  note(id", 1)
        (tmp_path / "schema.graphql").write_text(schema, encoding="utf-8")
        return said(tmp_path, NOTES)

    warned(tmp_path)
    said_of = "`mixed` may find a `Note` by {}, and its response shows outside of objects"
    both, one = said_of.format("`taken.text`, `logs.text`"), "`logs.text`"
    assert both in found("taken(text: String): Boolean")
    assert said_of.format(one) in found("taken(text: String): Note")
    assert said_of.format(one) in found("taken(other: String): Boolean")


def test_an_argument_is_named_if_nothing_shows_its_object(tmp_path: Path) -> None:
    def unshown(document: dict[str, Any], policy: dict[str, Any]) -> None:
        del document["paths"]["/notes/{id}"]
        del policy["resources"]["Note"]["main"]

    assert "no GET shows one by its key; name the GET" in warned(tmp_path, unshown)


def test_an_argument_is_named_with_which_nobody_is_told_why_a_query_failed(tmp_path: Path) -> None:
    def unshown(document: dict[str, Any], policy: dict[str, Any]) -> None:
        del document["paths"]["/notes/{id}"]
        del policy["resources"]["Note"]["main"]

    words = "the guard withholds the errors of a query at `graph` with `note.id`, `rank.noteId`"
    found = warned(tmp_path, unshown)
    assert f"{words}: no GET shows a `Note` by its key; name the GET" in found
    assert words not in warned(tmp_path)


def test_an_argument_is_not_named_if_everybody_sees_what_it_names(tmp_path: Path) -> None:
    def unshown(document: dict[str, Any], policy: dict[str, Any]) -> None:
        del document["paths"]["/notes/{id}"]
        del policy["resources"]["Note"]["main"]

    def to_members(document: dict[str, Any], policy: dict[str, Any]) -> None:
        unshown(document, policy)
        policy["resources"]["Note"]["fields"] = {
            "text": [{"see": "owner"}], "id, ownerId, place, rank": [{"see": "member"}],
        }  # fmt: skip

    def to_admins(document: dict[str, Any], policy: dict[str, Any]) -> None:
        to_members(document, policy)
        policy["relations"]["admin"] = {"claim": "roles", "has": "admin"}
        policy["resources"]["Note"]["fields"]["id, ownerId, place, rank"] = [{"see": "admin"}]

    said = ("the guard withholds the errors of a query at `graph`", "no GET shows one by its key")
    for words in said:
        assert words in warned(tmp_path, unshown)
        assert words in warned(tmp_path, to_admins)
        assert words not in warned(tmp_path, to_members)


def test_an_argument_of_a_mutation_is_named_where_mutations_are_taken(tmp_path: Path) -> None:
    def unshown(document: dict[str, Any], policy: dict[str, Any]) -> None:
        del document["paths"]["/notes/{id}"]
        del policy["resources"]["Note"]["main"]

    def stated(_: dict[str, Any], policy: dict[str, Any]) -> None:
        policy["operations"]["mixed"]["params"]["drop.id"] = "Note.id"

    words = "what a mutation at `{}` shows beside objects is withheld if it has `{}`"
    found = warned(tmp_path)
    assert words.format("mixed", "drop.id") in found
    assert "write `mixed: {params: {drop.id: RESOURCE.KEY}}`" in found
    assert words.format("graph", "drop.id") not in found
    assert "`visit.noteId`" not in found
    assert "clientMutationId" not in found
    assert "response reveals that the object exists" not in found
    assert words.format("mixed", "drop.id") not in warned(tmp_path, stated)
    assert words.format("mixed", "visit.noteId") in warned(tmp_path, unshown)
    named = "the guard withholds the errors of a mutation at `mixed` with `edit.noteId`"
    assert f"{named}: no GET shows a `Note` by its key" in warned(tmp_path, unshown)


def test_a_mutation_is_named_that_tells_of_what_nobody_looks_up(tmp_path: Path) -> None:
    """What it returns of the caller's own passes there, where a look-up would have withheld it."""

    def unshown(document: dict[str, Any], policy: dict[str, Any]) -> None:
        del document["paths"]["/notes/{id}"]
        del policy["resources"]["Note"]["main"]
        policy["operations"]["mixed"]["params"]["drop.id"] = "Note.id"

    def seen(document: dict[str, Any], policy: dict[str, Any]) -> None:
        unshown(document, policy)
        policy["resources"]["Note"]["conceal"] = False

    def stated(_: dict[str, Any], policy: dict[str, Any]) -> None:
        policy["operations"]["mixed"]["params"]["drop.id"] = "Note.id"

    words = "a mutation at `mixed` with {} tells by an object of its caller's own that it returns"
    named = words.format("`visit.noteId`, `drop.id`, `edit.noteId`")
    assert named in warned(tmp_path, unshown)
    assert "also if that is hidden: no GET shows a `Note` by its key" in warned(tmp_path, unshown)
    alone = words.format("`drop.id`")
    assert alone in warned(tmp_path)
    assert "nobody knows what it names; write `mixed: {params: {drop.id: " in warned(tmp_path)
    assert "tells by an object of its caller's own" not in warned(tmp_path, stated)
    assert "`edit.noteId` tells" not in warned(tmp_path, seen)


def test_a_mutation_by_the_key_of_what_it_returns_is_not(tmp_path: Path) -> None:
    def unshown(document: dict[str, Any], policy: dict[str, Any]) -> None:
        del document["paths"]["/notes/{id}"]
        del policy["resources"]["Note"]["main"]

    warned(tmp_path)
    schema = NOTES["files"]["schema.graphql"]
    own = schema.replace("edit(noteId: ID!): Note", "edit(id: ID!): Note")
    assert own != schema
    (tmp_path / "schema.graphql").write_text(own, encoding="utf-8")
    found = said(tmp_path, NOTES, unshown)
    assert "`mixed` with `visit.noteId`, `drop.id` tells by an object" in found


ADVICE = re.compile(r"`(\S+|[A-Z]+ \S+): \{params: \{([^:`]+): (\w+)\.(KEY|FIELD)\}\}`")


def _applied(policy: dict[str, Any], found: tuple[str, str, str, str]) -> tuple[str, str]:
    """What the advice lets `params` say, of the first resource that has a key, or the one that it
    names; the place and what it holds."""
    id, place, resource, what = found
    keyed = {name: each["key"] for name, each in policy["resources"].items() if "key" in each}
    name = resource if resource in keyed else next(iter(keyed))
    field = keyed[name]
    if what == "FIELD":
        own = ",".join(policy["resources"][name]["fields"]).split(",")
        field = next(each.strip() for each in own if each.strip() != keyed[name])
    policy["operations"][id].setdefault("params", {})[place] = f"{name}.{field}"
    return place, name if what == "KEY" else ""


@pytest.mark.parametrize("contract", ["graph_notes.yaml", "graph_root.yaml"])
def test_what_is_advised_is_accepted_and_checked(tmp_path: Path, contract: str) -> None:
    base = quick_yaml.load((FOLDER / "contracts" / contract).read_text(encoding="utf-8"))
    for name, text in base["files"].items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    advised = set(ADVICE.findall(said(tmp_path, base)))
    assert advised
    for each in advised:
        policy = copy.deepcopy(base["policy"])
        place, name = _applied(policy, each)
        written = json.dumps({**policy, "api": "openapi.yaml"}, indent=2)
        (tmp_path / "exposure.yaml").write_text(written)
        made = compile_for_gateway(load(tmp_path / "exposure.yaml"))  # nothing is wrong with it
        if not made.model.rule(each[0]).graphql:
            continue
        known = made.lookups.endpoints[each[0]].asked.keys.arguments
        assert known.get(place, "") == name, (each, known)
        assert each not in ADVICE.findall(said(tmp_path, {**base, "policy": policy}))


def test_what_a_value_of_any_kind_names_is_named(tmp_path: Path) -> None:
    base = quick_yaml.load((FOLDER / "contracts" / "graph_root.yaml").read_text(encoding="utf-8"))
    for name, text in base["files"].items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    found, words = said(tmp_path, base), "shows beside objects is withheld if it has"
    assert (
        f"{words} `byJson.id`, or another name of a key, in the value of `byJson.filter`" in found
    )
    assert f"{words} a text or a number as `byJson.filter`" in found
    assert "{params: {byJson.filter: RESOURCE.KEY}}`, or with another field" in found
