"""What is told of a contract before an engine has it."""

from __future__ import annotations

import inspect
from collections import Counter
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import Any

import pytest

from oakum.authz import compiled_model
from oakum.errors import InputError
from oakum.guard import warnings
from oakum.guard.compiled import enforcement_plan
from oakum.guard.contract_reader import ContractFiles, read_contract
from oakum.guard.engine_protocol import Deployment
from oakum.guard.envoy import Envoy
from oakum.guard.loading import open_gate
from oakum.guard.nginx import Nginx
from tests.unit.guard.small import DOCUMENT, POLICY


def read(folder: Path, document: str, policy: str) -> ContractFiles:
    (folder / "openapi.yaml").write_text(document, encoding="utf-8")
    (folder / "exposure.yaml").write_text(policy, encoding="utf-8")
    return read_contract(folder / "exposure.yaml")


def said(found: ContractFiles) -> str:
    return "\n".join(map(str, found.warnings))


def test_an_owners_id_that_may_be_set_is_told(tmp_path: Path) -> None:
    words = "`id` names the owner of a `Member`, and `owner` may set it"
    assert words not in said(read(tmp_path, DOCUMENT, POLICY))
    policy = POLICY.replace("id: [{see: [anyone]}]", "id: [{see: [anyone], set: [owner]}]")
    assert words in said(read(tmp_path, DOCUMENT, policy))


NEEDY = """\
      parameters:
        - {name: club, in: query, required: true, schema: {type: string}}
"""


def with_parameters(text: str, more: str = "") -> str:
    """The document whose who-am-I has these parameters, and more paths."""
    at = DOCUMENT.index("      responses:")
    made = DOCUMENT[:at] + text + DOCUMENT[at:]
    return made.replace("components:", f"{more}components:")


@pytest.mark.parametrize(
    ("parameter", "name"),
    [
        (NEEDY, "query parameter `club`"),
        (NEEDY.replace("in: query", "in: header"), "header parameter `club`"),
        (NEEDY.replace("in: query", "in: cookie"), "cookie parameter `club`"),
        (NEEDY.replace("club", "limit"), "query parameter `limit`"),
    ],
)
def test_a_who_am_i_that_no_request_fills_is_a_mistake_with_its_place(
    parameter: str, name: str, tmp_path: Path
) -> None:
    with pytest.raises(InputError) as raised:
        read(tmp_path, with_parameters(parameter), POLICY)
    [problem] = raised.value.problems
    assert f"`getMe` requires the {name}, which no request can fill" in problem.message
    line = POLICY[: POLICY.index("caller:")].count("\n") + 1
    assert (problem.location.line, problem.location.column > 1) == (line, True)
    with pytest.raises(InputError):
        open_gate(tmp_path / "exposure.yaml")


@pytest.mark.parametrize(
    ("parameter", "more"),
    [
        (NEEDY.replace("type: string", "enum: [a]"), ""),
        (NEEDY.replace("type: string", "type: string, default: a"), ""),
        (NEEDY.replace("in: query", "in: header").replace("club", "Accept"), ""),
        (NEEDY.replace("club", "limit").replace("type: string", "type: integer, maximum: 9"), ""),
        (
            NEEDY.replace("in: query", "in: header"),
            "  /others:\n    get:\n      operationId: others\n"
            + NEEDY.replace("in: query, required: true", "in: header")
            + "      responses: {'200': {$ref: '#/paths/~1me/get/responses/200'}}\n",
        ),
    ],
)
def test_a_who_am_i_that_document_or_requests_fill_is_none(
    parameter: str, more: str, tmp_path: Path
) -> None:
    assert read(tmp_path, with_parameters(parameter, more), POLICY).endpoints


def test_of_two_operations_with_one_path_the_one_that_no_request_reaches_is_told(
    tmp_path: Path,
) -> None:
    both = """\
paths:
  /members/{id}: {get: {operationId: byId, responses: {200: {description: ok}}}}
  /members/{name}: {get: {operationId: byName, responses: {200: {description: ok}}}}
"""
    words = "`byName` has the same path as `byId`, so a gateway never chooses it"
    assert words in said(read(tmp_path, DOCUMENT.replace("paths:\n", both), POLICY))
    kind = "parameters: [{name: id, in: path, required: true, schema: {type: integer}}]"
    told = both.replace("operationId: byId", f"operationId: byId, {kind}")
    assert words not in said(read(tmp_path, DOCUMENT.replace("paths:\n", told), POLICY))


def test_warnings_come_in_the_order_of_the_contract(tmp_path: Path) -> None:
    """Those of the document come after them."""
    caller = "caller: {operation: getMe, id: /id}\n"
    policy = POLICY.replace(caller, "").replace("see: [anyone]", "see: [anyone], set: [owner]")
    both = """\
paths:
  /twins/{id}: {get: {operationId: byId, responses: {200: {description: ok}}}}
  /twins/{name}: {get: {operationId: byName, responses: {200: {description: ok}}}}
"""
    told = read(tmp_path, DOCUMENT.replace("paths:\n", both), policy).warnings
    places = [(Path(each.location.file).name, each.location.line) for each in told]
    order = [("exposure.yaml", 0), ("exposure.yaml", 6), ("openapi.yaml", 6)]
    assert [*dict.fromkeys(places)] == order and places == sorted(places)


def test_each_warning_that_is_written_is_given() -> None:
    """A function of a module of warnings that gives problems, and that no list names, is lost."""
    listed = {*warnings.OF_CONTRACT, *warnings.OF_ENDPOINTS, *warnings.OF_WRITES}
    found = {
        each
        for name in (each.name for each in iter_modules(warnings.__path__))
        for each in vars(import_module(f"{warnings.__name__}.{name}")).values()
        if inspect.isfunction(each) and not each.__name__.startswith("_")
        if each.__annotations__.get("return") == "Iterator[Problem]"
    }
    assert found == listed


def test_a_contract_is_compiled_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """For an engine and for the reference alike, from its files to what decides."""
    read(tmp_path, DOCUMENT, POLICY)
    called = Counter[str]()

    def counted(name: str, real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*given: Any, **named: Any) -> Any:
            called[name] += 1
            return real(*given, **named)

        return call

    monkeypatch.setattr(
        compiled_model, "_resource_shapes", counted("model", compiled_model._resource_shapes)
    )
    monkeypatch.setattr(enforcement_plan, "_Maker", counted("look-ups", enforcement_plan._Maker))
    files = read_contract(tmp_path / "exposure.yaml")
    assert files.warnings == files.warnings_for([Nginx()])
    Envoy().render(Deployment(files.plan, "http://127.0.0.1:1", "127.0.0.1:2", tmp_path))
    assert called == {"model": 1, "look-ups": 1}
    called.clear()
    open_gate(tmp_path / "exposure.yaml", environ={})
    assert called == {"model": 1, "look-ups": 1}
