"""Of which resource an argument of GraphQL names an object."""

from __future__ import annotations

import json
from pathlib import Path
from tempfile import TemporaryDirectory

from oakum.guard.compiled.compiled_contract import compile_for_gateway
from oakum.policy.contract import load
from tests import quick_yaml
from tests.conformance.exchanges import FOLDER

NOTES = quick_yaml.load((FOLDER / "contracts" / "graph_notes.yaml").read_text(encoding="utf-8"))


def test_the_contract_or_a_particular_name_says_it_and_else_nobody_does() -> None:
    with TemporaryDirectory() as made:
        folder = Path(made)
        for name, text in NOTES["files"].items():
            (folder / name).write_text(text, encoding="utf-8")
        (folder / "api.yaml").write_text(json.dumps(NOTES["document"]), encoding="utf-8")
        policy = folder / "policy.yaml"
        policy.write_text(json.dumps({**NOTES["policy"], "api": "api.yaml"}), encoding="utf-8")
        lookups = compile_for_gateway(load(policy)).lookups
    asked = lookups.endpoints["graph"].asked
    assert asked.keys.arguments == {
        "audit.noteId": "Note",
        "logs.noteId": "Note",
        "stats.id": "Note",  # by `params`
        "kinds.id": "Place",
        "visit.noteId": "Note",
        "drop.id": "",
        "nodes.ids": "",
        "visits.id": "",  # and `note.id` names what the field returns
    }
    assert asked.by["Note"].reader == "getNote"
    assert sorted(asked.by[""].resources) == ["Note", "Person", "Place"]
