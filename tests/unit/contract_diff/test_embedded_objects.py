"""Objects within others that the next contract judges no longer by the lines of their resource."""

from __future__ import annotations

import copy
import json
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from oakum.authz import Call, Principal, project
from oakum.contract_diff import renamings
from oakum.contract_diff.dropped_checks import find_dropped_checks
from oakum.guard.compiled.compiled_contract import CompiledContract, compile_for_gateway
from oakum.policy.contract import load
from tests import quick_yaml
from tests.conformance.exchanges import FOLDER

ITEM = {"id": "b", "owner": "bob", "text": "t"}
PLACES: dict[str, tuple[dict[str, Any], str, Any]] = {
    "plain": ({"$ref": "#/components/schemas/Item"}, "meta.plain", ITEM),
    "list": (
        {"type": "array", "items": {"$ref": "#/components/schemas/Item"}},
        "meta.list.*",
        [ITEM],
    ),
    "map": (
        {"type": "object", "additionalProperties": {"$ref": "#/components/schemas/Item"}},
        "meta.map.*",
        {"k": ITEM},
    ),
    "either": (
        {"oneOf": [{"type": "string"}, {"$ref": "#/components/schemas/Item"}]},
        "meta.either",
        ITEM,
    ),
    "when": (
        {
            "type": "object",
            "properties": {"kind": {"type": "string"}, "of": {"type": "object"}},
            "if": {"properties": {"kind": {"const": "item"}}},
            "then": {"properties": {"of": {"$ref": "#/components/schemas/Item"}}},
        },
        "meta.when.of",
        {"kind": "item", "of": ITEM},
    ),
    "contains": (
        {"type": "array", "contains": {"$ref": "#/components/schemas/Item"}},
        "meta.contains.*",
        [ITEM],
    ),
}
"""Name of a member of `meta` → its schema, the path of the object, and what is sent there."""
CHANGES = ("resource goes", "schema is called otherwise", "schema is another resource's")


def compiled(folder: Path, place: str, line: str, change: str) -> CompiledContract:
    """A document with one such place. `line`: what of `meta` members may see; empty: nothing."""
    made = quick_yaml.load((FOLDER / "contracts" / "conditional.yaml").read_text(encoding="utf-8"))
    document, policy = copy.deepcopy(made["document"]), copy.deepcopy(made["policy"])
    schemas = document["components"]["schemas"]
    schemas["Doc"]["properties"]["meta"]["properties"] = {place: PLACES[place][0]}
    fields = policy["resources"]["Doc"]["fields"]
    del fields["meta.**"]
    if line:
        fields[line] = [{"see": ["member"], "set": ["owner"]}]
    if change == "resource goes":
        del policy["resources"]["Item"]
    elif change:
        schemas["Other"] = copy.deepcopy(schemas["Item"])
        del schemas["Other"]["$dynamicAnchor"]
        text = json.dumps(schemas["Doc"]).replace("schemas/Item", "schemas/Other")
        schemas["Doc"] = json.loads(text)
    if change == "schema is another resource's":
        policy["resources"]["Other"] = {
            "key": "id",
            "owner": "owner",
            "fields": {"id, text": [{"see": ["member"]}]},
        }
    folder.mkdir()
    (folder / "openapi.yaml").write_text(json.dumps(document))
    (folder / "exposure.yaml").write_text(json.dumps({**policy, "api": "openapi.yaml"}))
    return compile_for_gateway(load(folder / "exposure.yaml"))


def shown(contract: CompiledContract, place: str) -> bytes | None:
    """What a member who owns nothing is shown of a document with such an object."""
    sent = {"id": "d1", "owner": "ann", "meta": {place: PLACES[place][2]}}
    caller, call = Principal(frozenset({"cho"})), Call("getDoc", {"docId": "d1"})
    return project(contract.model, caller, call, json.dumps(sent).encode()).body


@pytest.mark.parametrize(("place", "change"), [*product(PLACES, CHANGES)])
def test_an_object_that_its_resource_no_longer_judges_widens_where_it_is_shown(
    tmp_path: Path, place: str, change: str
) -> None:
    for n, line in enumerate(("meta.**", f"meta.{place}.**", "")):
        old, new = (
            compiled(tmp_path / f"{n}{bool(each)}", place, line, each) for each in ("", change)
        )
        before, after = shown(old, place), shown(new, place)
        assert before is not None and after is not None and b'"t"' not in before
        told = [*find_dropped_checks(old, new, renamings(old.policy, new.policy))]
        about = [each for each in told if each.widens and PLACES[place][1] in each.sentence]
        assert bool(about) is (b'"t"' in after) is bool(line), [each.sentence for each in told]
        back = find_dropped_checks(new, old, renamings(new.policy, old.policy))
        again = [each for each in back if PLACES[place][1] in each.sentence]
        assert all(each.narrows for each in again) and bool(again) is bool(line)
        assert not find_dropped_checks(old, old, {})


def test_what_such_a_request_may_set_is_told_apart(tmp_path: Path) -> None:
    old, new = (compiled(tmp_path / f"{c} side", "plain", "meta.**", c) for c in ("", CHANGES[0]))
    said = [each.sentence for each in find_dropped_checks(old, new, {}) if each.widens]
    assert said == [
        "`meta.plain` of `Doc` is no longer judged as `Item`: whoever may see it may see all of it",
        "`meta.plain` of `Doc` in request bodies is no longer judged as `Item`: whoever may set it"
        " may set all of it",
    ]


def test_another_name_of_a_resource_is_no_change(tmp_path: Path) -> None:
    old = compiled(tmp_path / "old", "plain", "meta.**", "")
    text = json.loads((tmp_path / "old" / "exposure.yaml").read_text())
    text["resources"]["Entry"] = text["resources"].pop("Item") | {"schemas": ["Item"]}
    (tmp_path / "old" / "new.yaml").write_text(json.dumps(text))
    new = compile_for_gateway(load(tmp_path / "old" / "new.yaml"))
    assert find_dropped_checks(old, new, renamings(old.policy, new.policy)) == ()
