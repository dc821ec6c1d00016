"""A law: operations that share a key mean what they mean with a key each."""

from __future__ import annotations

import json
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from oakum.guard.compiled.compiled_contract import compile_for_gateway
from oakum.guard.plan.render import render_plan
from oakum.openapi.document import Document
from oakum.openapi.source import parse
from oakum.policy.check import check
from oakum.policy.contract import Contract, contract_digest
from oakum.policy.parser import parse_policy
from tests.properties.test_edits import DOCUMENT as _DOCUMENT
from tests.properties.test_edits import EXAMPLES, HEAD

DOCUMENT = (
    _DOCUMENT
    + """\
  /of/{id},{a}: {get: {parameters: [{name: id, in: path, required: true, schema: {type: string}},
    {name: a, in: path, required: true, schema: {type: string}}], responses: {200: {description: "",
    content: {application/json: {schema: {$ref: "#/components/schemas/Thing"}}}}}}}
  /both: {get: {operationId: "one, with a comma", responses: {200: {description: "", content:
    {application/json: {schema: {$ref: "#/components/schemas/Thing"}}}}}}}
"""
)
ALONE = ("GET /of/{id},{a}", "one, with a comma")
NAMES = ("me", "list", "followers", *ALONE)
RULES = (
    *("{}", "{call: [owner]}", "{call: []}", "{shows: {Thing: /a/*}, call: [member, anyone]}"),
    *("{reads: false}", "{counts: [/total], draft: true}", '{untested: "by hand"}'),
)
RESOURCES = """\
  Thing: {key: id, owner: owner_id, fields: {"id, a": [{see: [member]}], b: [{see: [owner]}]}}
  Person: {key: id, owner: id, fields: {"id, name": [{see: [anyone]}]}}
operations:
"""


@st.composite
def operations(draw: st.DrawFn) -> tuple[str, str]:
    """Lines of operations that have a key each, and that share keys."""
    names = draw(st.lists(st.sampled_from(NAMES), unique=True, min_size=2))
    rules = {name: draw(st.sampled_from(RULES[:4] if len(names) > 3 else RULES)) for name in names}
    keys: dict[tuple[str, object], list[str]] = {}
    for name in names:
        own = name if name in ALONE else draw(st.integers(0, 1))
        keys.setdefault((rules[name], own), []).append(name)
    apart = "".join(f"  {json.dumps(name)}: {rule}\n" for name, rule in rules.items())
    comma = draw(st.sampled_from((", ", ",", " , ")))
    joined = [(comma.join(of), rule) for (rule, _), of in keys.items()]
    quoted = draw(st.booleans())
    shared = [(json.dumps(k) if quoted or "{" in k else k, rule) for k, rule in joined]
    return apart, "".join(f"  {key}: {rule}\n" for key, rule in draw(st.permutations(shared)))


def contract(document: Document, text: str) -> Contract:
    node = parse(text, "exposure.yaml")
    policy = parse_policy(node, [], document.names_operation)
    assert policy is not None
    assert check(document, policy)[0] == []
    return Contract(document, policy, said=node)


@settings(max_examples=EXAMPLES, deadline=None)
@given(operations())
def test_operations_that_share_a_key_mean_what_they_mean_apart(lines: tuple[str, str]) -> None:
    document = Document.parse(DOCUMENT.encode(), "openapi.yaml")
    apart, shared = (contract(document, f"{HEAD}{RESOURCES}{each}") for each in lines)
    plans = [render_plan(compile_for_gateway(each), Path()).data for each in (apart, shared)]
    assert plans[0] == plans[1]
    assert contract_digest(apart) == contract_digest(shared)
