"""One rule, one file, one heading, one test: they share the rule's id."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import pytest

from oakum.exposure import checks
from oakum.exposure.checks import CHECKS, OVER_BLOCK, Leak, severity
from oakum.inference.lexicon import FieldClass
from oakum.rules import Rule
from oakum.scan.techniques import TECHNIQUES

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / "src/oakum/exposure/checks"
PAGE = (ROOT / "docs/reference/checks.md").read_text(encoding="utf-8")
MODULES = [check for check in CHECKS if isinstance(check, ModuleType)]
RULES = [module.RULE for module in MODULES]


def section(rule: Rule) -> str:
    """What the page says under a rule's heading."""
    return re.split(r"^## ", PAGE.split(f"## {rule.id}\n")[1], flags=re.M)[0]


def test_every_file_is_in_the_list_and_the_list_holds_nothing_else() -> None:
    files = {file.stem for file in FOLDER.glob("*.py")} - {"__init__", "leak"}
    listed = {rule.id.replace("-", "_") for rule in RULES}
    assert not files - listed, "not in CHECKS of src/oakum/exposure/checks/__init__.py"
    assert not listed - files, "in CHECKS by the id of another file"
    assert len(MODULES) == len(CHECKS)


def test_every_heading_is_a_rule_in_the_order_of_the_list() -> None:
    headings = re.findall(r"^## ([a-z-]+)$", PAGE, re.M)
    assert headings == [rule.id for rule in (*RULES, OVER_BLOCK)]


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.RULE.id)
def test_a_file_is_called_as_its_rule_and_owns_to_its_limits(module: ModuleType) -> None:
    assert module.__file__ and module.__doc__
    assert Path(module.__file__).stem == module.RULE.id.replace("-", "_")
    assert module.__doc__.startswith(f"`{module.RULE.id}`: ")
    assert "\nLimits: " in module.__doc__
    assert "\nRemedy: " in module.__doc__


@pytest.mark.parametrize("rule", [*RULES, OVER_BLOCK], ids=lambda rule: rule.id)
def test_a_heading_says_what_a_reader_needs(rule: Rule) -> None:
    text = section(rule)
    for word in ("**Finds**", "**Limits**", "**Remedy**", "**Example**"):
        assert word in text, word
    for name in (rule.owasp, *rule.cwe):
        assert name in text, name
    filed = set(re.findall(r"API\d+:\d+|CWE-\d+", text.split("**Finds**")[0]))
    assert filed == {*rule.cwe, *([rule.owasp] if rule.owasp else [])}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_a_rule_has_a_test_with_a_leak_and_its_fixed_twin(rule: Rule) -> None:
    file = ROOT / f"tests/unit/exposure/checks/test_{rule.id.replace('-', '_')}.py"
    tests = re.findall(r"^def (test_\w+)", file.read_text(encoding="utf-8"), re.M)
    whole = {"test_the_leak_is_found", "test_the_fixed_twin_is_clean"} <= set(tests)
    # What a technique finds is played whole, leaky and fixed, in tests/catalogue.
    assert whole or "test_the_leak_is_named" in tests


LEAK = Leak(
    resource="Member",
    field="location",
    viewer="member",
    state=(),
    field_class=FieldClass.LOCATION,
    anonymous=False,
    stranger=True,
    owner=False,
    anonymous_closed=False,
    entitled=True,
    open_elsewhere=(),
    promise="",
)
"""A member is sent the location of another one, of whom they may see something else."""


@pytest.mark.parametrize(
    ("kind", "with_login", "without"),
    [
        (FieldClass.SECRET, "critical", "critical"),
        (FieldClass.IDENTITY_DOCUMENT, "high", "critical"),
        (FieldClass.CONTACT, "high", "critical"),
        (FieldClass.PERSONAL, "high", "critical"),
        (FieldClass.LOCATION, "high", "critical"),
        (FieldClass.ACTIVITY, "medium", "high"),
        (FieldClass.AUTHORITY, "medium", "high"),
        (FieldClass.PLAIN, "low", "medium"),
    ],
)
def test_severity_is_that_of_the_page(kind: FieldClass, with_login: str, without: str) -> None:
    assert severity(replace(LEAK, field_class=kind)) == with_login
    assert severity(replace(LEAK, field_class=kind, anonymous=True)) == without
    word = kind.value.replace("-", " ") if kind is not FieldClass.PLAIN else "everything else"
    (row,) = (line for line in PAGE.splitlines() if line.startswith("| ") and word in line)
    assert row.endswith(f"| {with_login} | {without} |")


def test_the_package_says_how_a_name_is_chosen() -> None:
    assert "first that matches" in (checks.__doc__ or "")


def test_every_technique_is_in_the_list_and_finds_rules_that_there_are() -> None:
    folder = ROOT / "src/oakum/scan/techniques"
    files = {file.stem for file in folder.glob("*.py")} - {"__init__"}
    listed = [str(vars(each)["__name__"]).rpartition(".")[2] for each in TECHNIQUES]
    assert sorted(listed) == sorted(files), (
        "see TECHNIQUES of src/oakum/scan/techniques/__init__.py"
    )
    assert {rule for each in TECHNIQUES for rule in each.RULES} <= {rule.id for rule in RULES}
