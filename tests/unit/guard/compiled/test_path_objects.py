"""What each parameter of a path names, and which GET shows that by its key."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from oakum.authz import compile_contract
from oakum.guard.compiled.path_objects import PathObjects
from oakum.policy.contract import load
from tests import quick_yaml
from tests.conformance.exchanges import FOLDER

BOARDS = quick_yaml.load((FOLDER / "contracts" / "boards.yaml").read_text())


def read(folder: Path, **paths: dict[str, Any]) -> PathObjects:
    """`paths`: operations by their id, each with its `path` and its rule."""
    document, policy = BOARDS["document"], dict(BOARDS["policy"])
    added = {
        said["path"]: {
            "put": {
                "operationId": id,
                "parameters": said.get("parameters", []),
                "responses": {"204": {"description": "d"}},
            }
        }
        for id, said in paths.items()
    }
    rules = {id: said.get("rule", {}) for id, said in paths.items()}
    made = document | {"paths": document["paths"] | added}
    policy |= {"api": "openapi.yaml", "operations": policy["operations"] | rules}
    (folder / "openapi.yaml").write_text(json.dumps(made))
    (folder / "exposure.yaml").write_text(json.dumps(policy))
    contract = load(folder / "exposure.yaml")
    assert contract.policy is not None
    return PathObjects(contract.document, compile_contract(contract.document, contract.policy))


def steps(folder: Path, path: str, parameters: Any = (), **rule: Any) -> list[tuple[str, str]]:
    found = read(folder, x={"path": path, "rule": rule, "parameters": [*parameters]})
    operation = found.document.operation("x")
    assert operation is not None
    return [
        (each.kind, each.resource.name if each.resource else "") for each in found.steps(operation)
    ]


@pytest.mark.parametrize(
    ("path", "params", "last"),
    [
        ("/albums/{aid}/x/{y}", {"y": "Memo.id"}, ("object", "Memo")),
        ("/albums/{aid}/x/{y}", {}, ("object", "")),
        ("/albums/{aid}/x/{id}", {}, ("object", "")),
        ("/albums/{aid}/x/{nid}", {}, ("object", "Note")),
        ("/albums/{aid}/notes/{id}", {}, ("object", "Note")),
        ("/albums/{aid}/x/{uid}", {}, ("account", "User")),
        ("/albums/{aid}/x/{y}", {"y": "User.name"}, ("account", "User")),
        ("/albums/{aid}/x/{y}", {"aid": "Album.id", "y": "Album.user"}, ("value", "Album")),
        ("/albums/{aid}/x/{y}", {"y": "Note.text"}, ("object", "Note")),
        ("/albums/{aid}/photos/{phid}/x", {}, ("object", "Photo")),
    ],
)
def test_a_parameter_names_what_is_said_of_it_or_of_its_path(
    tmp_path: Path, path: str, params: dict[str, str], last: tuple[str, str]
) -> None:
    assert steps(tmp_path, path, params=params)[-1] == last


def test_a_choice_of_words_names_no_object(tmp_path: Path) -> None:
    schema = {"type": "string", "enum": ["on", "off"]}
    choice = {"name": "y", "in": "path", "required": True, "schema": schema}
    assert steps(tmp_path, "/albums/{aid}/{y}", [choice])[-1] == ("value", "")


def test_a_nested_main_shows_an_object_only_where_the_path_holds_all_of_its_keys(
    tmp_path: Path,
) -> None:
    found = read(
        tmp_path,
        all={"path": "/users/{uid}/projects/{p}/t/{t}", "rule": {"params": {"t": "Task.id"}}},
        few={"path": "/t/{t}", "rule": {"params": {"t": "Task.id"}}},
    )
    readers = []
    for id in ("all", "few"):
        operation = found.document.operation(id)
        assert operation is not None
        at = found.steps(operation)
        readers.append([(each.get.id, each.names) for each in found.readers(at, at[-1])])
    assert readers == [[("getTask", (("tid", "t"), ("pid", "p")))], []]
