"""Every example of the policy language's page is read, and every word of it is explained there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from oakum.policy import exit_criteria, guard_section, parser, relations, resources
from oakum.policy.contract import load

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "policy-language.md"
CREW = Path(__file__).parent / "crew.yaml"
SCHEMA = Path(__file__).parent / "crew.graphql"

BLOCKS = re.findall(r"```yaml\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)

AROUND = {
    "exposure": "exposure: 1",
    "api": "api: openapi.yaml",
    "relations": "relations: {anyone: {}, member: {authenticated: true}, owner: {is: owner}}",
    "resources": "resources: {Member: {owner: id}, Workout: {owner: user_id}}",
}


def written(block: str, folder: Path) -> Path:
    """A block as a file; a fragment is given the parts of a policy that it does not show."""
    path = folder / "block.yaml"
    missing = [line for key, line in AROUND.items() if not re.search(f"^{key}:", block, re.M)]
    is_document = re.search("^(openapi|overlay):", block, re.M)
    path.write_text(block if is_document else "\n".join((*missing, block)), encoding="utf-8")
    document = CREW.read_text(encoding="utf-8")
    if "login:" in block:
        document = document.replace("paths:\n", "paths:\n  /login: {post: {operationId: logIn}}\n")
    if "getStats:" in block:
        stats = "{get: {operationId: getStats, responses: {'200': {description: ok}}}}"
        document = document.replace("paths:\n", f"paths:\n  /members/{{memberId}}/stats: {stats}\n")
    if "listMembers" in block:
        members = "{get: {operationId: listMembers, responses: {'200': {description: ok}}}}"
        document = document.replace(
            "paths:\n", f"paths:\n  /workspaces/{{wid}}/members: {members}\n"
        )
    if "listMyWorkspaces" in block:
        own = "{get: {operationId: listMyWorkspaces, responses: {'200': {description: ok}}}}"
        document = document.replace("paths:\n", f"paths:\n  /me/workspaces: {own}\n")
    if "field: is_private, of:" in block:
        own = "workspace_id: {type: string}"
        document = document.replace(own, f"is_private: {{type: boolean}}\n        {own}")
    if "beside: city" in block:
        document = document.replace("location: {type: string}", "city: {type: string}")
    if "graphql:" in block:
        document = document.replace("paths:\n", "paths:\n  /graphql: {post: {}}\n")
        (folder / "schema.graphql").write_text(SCHEMA.read_text(encoding="utf-8"), encoding="utf-8")
    (folder / "openapi.yaml").write_text(document, encoding="utf-8")
    return path


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: block.split("\n")[0])
def test_an_example_is_read_without_a_mistake(block: str, tmp_path: Path) -> None:
    path = written(block, tmp_path)
    is_overlay = block.startswith("overlay:")
    contract = load(tmp_path / "openapi.yaml", [path]) if is_overlay else load(path)
    assert contract.policy is not None
    assert contract.policy.resources


def test_the_first_example_is_whole_and_keeps_its_order(tmp_path: Path) -> None:
    assert all(re.search(f"^{key}:", BLOCKS[0], re.M) for key in AROUND)
    warnings = [each.message for each in load(written(BLOCKS[0], tmp_path)).warnings]
    assert not [said for said in warnings if " sees " in said or "is granted" in said]


@pytest.mark.parametrize(
    "word",
    sorted(
        {
            *(*parser.POLICY, *parser.CALLER, *parser.OPERATION),
            *(*relations.RELATION, *resources.RESOURCE, *resources.OWNER, *resources.STATE),
            *(*resources.SWITCH, *resources.LINE, *resources.GRANT),
            *(
                *guard_section.GUARD,
                *guard_section.JWT,
                *guard_section.SERVICE,
                *guard_section.LIMIT,
                *guard_section.RATED,
            ),
            *(
                *exit_criteria.CRITERIA,
                *exit_criteria.WAIVER,
                *exit_criteria.CELL,
                *exit_criteria.STANCES,
            ),
        }
    ),
)
def test_each_key_is_explained_in_words(word: str) -> None:
    prose = re.sub(r"```.*?```", "", PAGE.read_text(encoding="utf-8"), flags=re.DOTALL)
    shown = f"`{word}`" in prose or any(re.search(rf"\b{word}:", block) for block in BLOCKS)
    assert shown
