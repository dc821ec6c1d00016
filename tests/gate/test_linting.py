"""Other linters are run when they are asked for; one that has read nothing is never green."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oakum.gate.linter_findings import LINTERS, read
from tests.gate.club import written
from tests.unit.cli.shell import Done, oakum

OPEN = {
    "code": "owasp:api2:2023-read-restricted", "path": ["paths", "/me", "get"], "severity": 1,
    "message": "This operation is not protected.", "range": {"start": {"line": 5, "character": 4}},
}  # fmt: skip
OTHER = OPEN | {"path": ["paths", "/members/{id}", "get"]}
STYLE = OPEN | {"code": "operation-tags"}


def linted(
    folder: Path, monkeypatch: pytest.MonkeyPatch, tool: str, script: str, criteria: str = ""
) -> Done:
    """The gate beside a program of this name; an empty script: there is none."""
    (programs := folder / "programs").mkdir(exist_ok=True)
    if script:
        (programs / tool).write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
        (programs / tool).chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}:/usr/bin:/bin")
    contract = written(folder, criteria)
    return oakum("gate", contract, "--linter", tool, "--format", "json")


def saying(*findings: Any, code: int = 1) -> str:
    return f"cat <<'END'\n{json.dumps(findings)}\nEND\nexit {code}"


def found(done: Done, name: str = "linters") -> Any:
    (each,) = (each for each in done.json["criteria"] if each["name"] == name)
    return each


@pytest.mark.parametrize(("tool", "place"), [("vacuum", "5:4"), ("spectral", "6:5")])
def test_owasp_rules_are_told_once_each_at_their_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tool: str, place: str
) -> None:
    done = linted(tmp_path, monkeypatch, tool, saying(OPEN, OTHER, STYLE))
    assert (done.code, found(done)["status"]) == (0, "met")
    assert found(done)["figure"] == f"{tool}: 2 findings"
    (warning,) = done.json["warnings"]
    assert f"{tool} `{OPEN['code']}`" in warning["message"]
    assert "and at 1 more place" in warning["message"]
    assert f"{warning['line']}:{warning['column']}" == place
    assert Path(warning["file"]).name == "openapi.yaml"


def test_they_fail_when_the_contract_says_so_and_can_be_waived(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = "exit_criteria: {static: {linter: fail}}\n"
    done = linted(tmp_path, monkeypatch, "vacuum", saying(OPEN), said)
    assert (done.code, found(done, "static")["figure"]) == (1, "1 flaw")
    mark = found(done, "static")["details"][0][-17:-1]
    waiver = f"{{finding: '{mark}', reason: r, owner: ann, expires: 2999-01-01}}"
    said = f"exit_criteria: {{static: {{linter: fail}}, waivers: [{waiver}]}}\n"
    assert linted(tmp_path, monkeypatch, "vacuum", saying(OPEN), said).code == 0
    # There is another place now: nobody has waived that one.
    assert linted(tmp_path, monkeypatch, "vacuum", saying(OPEN, OTHER), said).code == 1


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("", "is not installed"),
        ("echo hello", "not a list of findings"),
        ("echo '{}'", "not a list of findings"),
        ("""echo '[{"code": "owasp"}]'""", "not a list of findings"),
        ("true", "not a list of findings"),
        ("echo no ruleset >&2; exit 2", "ended with 2: no ruleset"),
    ],
)
@pytest.mark.parametrize("tool", LINTERS)
def test_one_that_was_asked_for_and_has_read_nothing_is_not_trustworthy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tool: str, script: str, said: str
) -> None:
    done = linted(tmp_path, monkeypatch, tool, script)
    assert (done.code, found(done)["status"]) == (3, "not_met")
    assert said in found(done)["details"][0]


def test_none_is_run_unless_it_is_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    linted(tmp_path, monkeypatch, "vacuum", f"touch {tmp_path}/ran\n{saying()}")
    (tmp_path / "ran").unlink()
    done = oakum("gate", tmp_path / "exposure.yaml", "--format", "json")
    assert (found(done)["status"], (tmp_path / "ran").exists()) == ("not_asked_for", False)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(("code", "path", "range", "message")), inner, max_size=4)
    ),
)


@given(st.binary(max_size=40) | json_values.map(lambda value: json.dumps(value).encode()))
def test_what_is_no_list_of_findings_has_failed_and_is_never_taken_for_none(data: bytes) -> None:
    found = read("vacuum", data, "openapi.yaml")
    try:
        value = json.loads(data)
    except ValueError:
        value = None
    assert not (found.failed and found.flaws)
    if not isinstance(value, list) or any(not isinstance(each, dict) for each in value):
        assert found.failed
    if value == []:
        assert not found.failed
