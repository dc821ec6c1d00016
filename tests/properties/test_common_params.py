"""Laws of `params` at the top of a policy: it says what the lines of operations would, and grants
nothing."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from oakum.contract_diff import compare
from oakum.guard.compiled.compiled_contract import compile_for_gateway
from oakum.guard.plan.render import render_plan
from oakum.openapi.document import Document
from oakum.openapi.model import Operation
from oakum.openapi.source import parse
from oakum.policy.check import check
from oakum.policy.contract import Contract
from oakum.policy.parser import parse_policy
from tests.properties.test_edits import EXAMPLES

PARTS = ("a", "b")
PATHS = ("/a/{a}", "/b/{b}", "/a/{a}/b/{b}", "/b/{a}", "/b/{b}/rest", "/a/{a}/count", "/none")
FIELDS = ("Thing.id", "Thing.name", "Person.id", "Person.name")
HEAD = """\
exposure: 1
api: openapi.yaml
caller: {claim: sub}
relations: {anyone: {}, member: {authenticated: true}, owner: {is: owner}}
resources:
  Thing: {key: id, owner: owner_id, fields: {"id, name": [{see: [member], set: [owner]}]}}
  Person: {key: id, owner: id, fields: {"id, name": [{see: [owner]}]}}
"""
SHOWN = {
    "/a/{a}": "Thing", "/b/{b}": "Person", "/a/{a}/b/{b}": "Thing", "/b/{a}": "Person",
}  # fmt: skip


def _operation(path: str, method: str) -> str:
    names = [part for part in PARTS if f"{{{part}}}" in path]
    params = ", ".join(f"{{name: {n}, in: path, required: true, schema: {{}}}}" for n in names)
    shown = SHOWN.get(path)
    schema = f'{{$ref: "#/components/schemas/{shown}"}}' if shown else "{type: integer}"
    answer = f'{{200: {{description: "", content: {{application/json: {{schema: {schema}}}}}}}}}'
    return f"{{operationId: {method} {path}, parameters: [{params}], responses: {answer}}}"


DOCUMENT = """\
openapi: 3.0.3
info: {title: Things, version: "1"}
components:
  securitySchemes: {bearer: {type: http, scheme: bearer}}
  schemas:
    Person: {type: object, properties: {id: {type: string}, name: {type: string}}}
    Thing: {type: object, properties: {id: {type: string}, owner_id: {type: string},
      name: {type: string}}}
security: [{bearer: []}]
paths:
""" + "".join(
    f"  {path}:\n"
    + "".join(
        f"    {method}: {_operation(path, method)}\n".replace(f"operationId: {method} {path}, ", "")
        for method in ("get", "delete")
    )
    for path in PATHS
)
API = Document.parse(DOCUMENT.encode(), "openapi.yaml")


def _of(operation: Operation) -> list[str]:
    return [each.name for each in operation.parameters]


def _contract(text: str) -> Contract:
    node = parse(text, "exposure.yaml")
    policy = parse_policy(node, [], API.names_operation)
    assert policy is not None
    assert check(API, policy)[0] == []
    return Contract(API, policy, said=node)


def _written(lines: dict[str, dict[str, str]]) -> str:
    said = {
        name: ", ".join(f"{n}: {t}" for n, t in params.items()) for name, params in lines.items()
    }
    return "operations:\n" + "".join(
        f"  {name}: {{params: {{{params}}}}}\n" if params else f"  {name}: {{}}\n"
        for name, params in said.items()
    )


@st.composite
def policies(draw: st.DrawFn) -> tuple[str, str]:
    """The same policy, with `params` at its top, and with lines of each operation."""
    usual = draw(st.dictionaries(st.sampled_from(PARTS), st.sampled_from(FIELDS), min_size=1))
    short: dict[str, dict[str, str]] = {}
    whole: dict[str, dict[str, str]] = {}
    for operation in API.operations:
        named = draw(st.booleans())
        own = {}
        for name in _of(operation) if named else ():
            said = draw(st.sampled_from(("", "none", *FIELDS)))
            if said and not (said == "none" and name not in usual):
                own[name] = said
        if named:
            short[operation.id] = own
        filled = {n: own.get(n, usual.get(n, "")) for n in _of(operation)}
        filled = {n: target for n, target in filled.items() if target not in ("", "none")}
        if named or operation.path in SHOWN:
            whole[operation.id] = filled
    top = ", ".join(f"{name}: {target}" for name, target in usual.items())
    return f"{_written(short) if short else ''}params: {{{top}}}\n", _written(whole)


@settings(max_examples=EXAMPLES, deadline=None)
@given(policies())
def test_what_is_said_once_means_what_each_operation_says(texts: tuple[str, str]) -> None:
    once, each = (compile_for_gateway(_contract(HEAD + text)) for text in texts)
    rules = [
        {o.id: dict(of.model.rule(o.id).params) for o in API.operations} for of in (once, each)
    ]
    assert rules[0] == rules[1]
    assert render_plan(once, Path()).data == render_plan(each, Path()).data
    assert compare(once.model, each.model).moves == ()


@settings(max_examples=EXAMPLES, deadline=None)
@given(policies())
def test_it_grants_no_operation(texts: tuple[str, str]) -> None:
    contract = _contract(HEAD + texts[0])
    assert contract.policy is not None
    bare = replace(
        contract.policy,
        params={},
        operations={
            name: replace(rule, unfilled=frozenset())
            for name, rule in contract.policy.operations.items()
        },
    )
    plans = [compile_for_gateway(replace(contract, policy=p)) for p in (contract.policy, bare)]
    granted = [[each.operation.id for each in plan.endpoints] for plan in plans]
    assert granted[0] == granted[1]
