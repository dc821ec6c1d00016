"""The files that other repositories run: a GitHub Action, a GitLab component, pre-commit hooks."""

from __future__ import annotations

import json
import re
import shlex
from contextlib import chdir
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.gate.club import clean, leak, leaking, saved, written
from tests.pipelines.act import ROOT, Run, git, github, gitlab
from tests.unit.cli.shell import Done, oakum


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A clone whose origin has the contract on `main`."""
    origin = tmp_path / "origin"
    origin.mkdir()
    git(origin, "init", "--quiet", "-b", "main")
    written(origin)
    git(origin, "add", ".")
    git(origin, "commit", "--quiet", "-m", "the contract")
    clone = tmp_path / "workspace"
    git(tmp_path, "clone", "--quiet", str(origin), str(clone))
    return clone


def acted(checkout: Path, *findings: Any, event: dict[str, str] | None = None, **given: str) -> Run:
    made = leaking(clean(checkout / "exposure.yaml"), *findings)
    saved(made, checkout / "scan.json")
    return github(checkout, checkout.parent / "runner", event, **{"reports": "scan.json"} | given)


def widened(checkout: Path) -> None:
    contract = checkout / "exposure.yaml"
    text = contract.read_text(encoding="utf-8")
    contract.write_text(text.replace("email: [{see: owner}]", "email: [{see: member}]"))


def nobody(checkout: Path) -> None:
    """An identity of an API that is not there."""
    identities = checkout / "identities.yaml"
    said = "identities: {ann: {send: 'Authorization: Bearer $token', token: made-up}}\n"
    identities.write_text(said, encoding="utf-8")
    identities.chmod(0o600)


PULL = {"GITHUB_BASE_REF": "main", "GITHUB_EVENT_NAME": "pull_request"}


# --------------------------------------------------------------------------- GitHub


def test_the_action_installs_its_own_repository_and_nothing_else(checkout: Path) -> None:
    done = acted(checkout)
    assert done.installed == f"install --quiet {ROOT}[graphql,jwt]\n"
    texts = [(ROOT / name).read_text() for name in ("action.yml", "templates/gate/template.yml")]
    assert not any(re.search(r"index-url|://", text) for text in texts)


def test_a_release_that_may_ship_leaves_everything_behind(checkout: Path) -> None:
    done = acted(checkout)
    assert (done.code, done.outputs["exit-code"]) == (0, "0"), done.log
    assert "✅ This release may ship" in done.summary
    assert "::error" not in done.log
    verdict = json.loads(Path(done.outputs["verdict"]).read_bytes())
    assert verdict["passed"] is True
    assert Path(done.outputs["comment"]).read_text(encoding="utf-8") == done.summary
    assert ">passed<" in Path(done.outputs["badge"]).read_text(encoding="utf-8")
    sarif = json.loads(Path(done.outputs["sarif"]).read_bytes())
    assert sarif["version"] == "2.1.0"


def test_a_leak_is_annotated_at_its_line_and_keeps_the_exit_code(checkout: Path) -> None:
    done = acted(checkout, leak(), leak(viewer="owner"))
    assert (done.code, done.outputs["exit-code"]) == (1, "1")
    (line,) = (line for line in done.log.splitlines() if line.startswith("::error"))
    assert line.startswith("::error file=exposure.yaml,line=17,col=7,title=proven%3A ")
    assert "`member` sees `Member.email`" in line
    assert "%0Aand 1 more%0AWhat to do%3A" in line or "and 1 more" in line
    assert "❌ This release must not ship" in done.summary
    assert done.outputs["sarif"]
    assert ">failed<" in Path(done.outputs["badge"]).read_text(encoding="utf-8")


def test_what_is_not_to_be_trusted_closes_no_alert(checkout: Path) -> None:
    report = replace(clean(checkout / "exposure.yaml"), distrust=("a login failed",))
    saved(report, checkout / "scan.json")
    done = github(checkout, checkout.parent / "runner", reports="scan.json")
    assert (done.code, done.outputs["exit-code"], done.outputs["sarif"]) == (3, "3", "")
    assert ">not proven<" in Path(done.outputs["badge"]).read_text(encoding="utf-8")


def test_a_refused_report_leaves_no_green_badge(checkout: Path) -> None:
    (checkout / "oakum-report").mkdir()
    (checkout / "oakum-report/badge.svg").write_text(">passed<", encoding="utf-8")  # of before
    (checkout / "scan.json").write_bytes(b"")
    done = github(checkout, checkout.parent / "runner", reports="scan.json")
    assert (done.code, done.outputs["exit-code"], done.outputs["sarif"]) == (2, "2", "")
    assert ">not proven<" in Path(done.outputs["badge"]).read_text(encoding="utf-8")
    assert "the file is empty" in done.log


def test_a_pull_request_is_compared_with_its_base(checkout: Path) -> None:
    widened(checkout)
    done = acted(checkout, event=PULL)
    assert done.code == 1
    assert "`member` may now see `email`" in done.log
    assert "::error file=exposure.yaml" in done.log
    assert acted(checkout, event=PULL, against="none").code == 0


def test_a_base_that_cannot_be_had_is_never_green(checkout: Path) -> None:
    done = acted(checkout, event=PULL | {"GITHUB_BASE_REF": "gone"})
    assert (done.code, done.outputs["exit-code"]) == (2, "2")


def test_a_base_without_a_contract_is_said(checkout: Path) -> None:
    git(checkout, "mv", "exposure.yaml", "rules.yaml")
    done = github(checkout, checkout.parent / "runner", PULL, contract="rules.yaml")
    assert done.code == 0
    assert "::warning::the base branch has no such contract" in done.log


def test_the_documents_alone_are_no_proof(checkout: Path) -> None:
    done = github(checkout, checkout.parent / "runner")
    assert (done.code, done.outputs["sarif"]) == (0, "")
    assert "what the API sends was not checked" in done.summary
    assert "::warning::neither a target nor a report" in done.log
    assert ">not proven<" in Path(done.outputs["badge"]).read_text(encoding="utf-8")


def test_no_input_is_a_command(checkout: Path, tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    hostile = f'$(touch {mark});`touch {mark}`";touch {mark};"'
    for names in (
        ("contract", "target", "scan_args", "identities"),
        ("reports", "against", "args"),
    ):
        done = github(checkout, checkout.parent / "runner", **dict.fromkeys(names, hostile))
        assert done.code == 2, done.log
    assert not mark.exists()


def test_a_scan_of_nobody_is_not_trustworthy(checkout: Path) -> None:
    nobody(checkout)
    done = github(checkout, checkout.parent / "runner", target="http://127.0.0.1:9")
    assert (done.code, done.outputs["exit-code"], done.outputs["sarif"]) == (3, "3", ""), done.log


def test_the_action_is_told_as_the_page_has_it() -> None:
    action = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
    page = (ROOT / "docs/how-to/run-in-ci.md").read_text(encoding="utf-8")
    for name in (*action["inputs"], *action["outputs"]):
        assert f"`{name}`" in page, name


# --------------------------------------------------------------------------- GitLab


def test_the_component_passes_and_keeps_its_files(checkout: Path) -> None:
    saved(clean(checkout / "exposure.yaml"), checkout / "scan.json")
    done = gitlab(checkout, report="scan.json")
    assert done.code == 0, done.log
    assert "This release may ship" in done.log
    names = {each.name for each in (checkout / "oakum-report").iterdir()}
    assert names == {"verdict.json", "comment.md", "badge.svg"}


def test_the_component_compares_a_merge_request_with_where_it_began(checkout: Path) -> None:
    widened(checkout)
    base = git(checkout, "rev-parse", "HEAD")
    done = gitlab(checkout, {"CI_MERGE_REQUEST_DIFF_BASE_SHA": base})
    assert done.code == 1
    assert "`member` may now see `email`" in done.log
    assert gitlab(checkout, {"CI_MERGE_REQUEST_DIFF_BASE_SHA": "0" * 40}).code == 2


def test_the_component_keeps_three_apart_from_one(checkout: Path) -> None:
    saved(leaking(clean(checkout / "exposure.yaml"), leak()), checkout / "scan.json")
    assert gitlab(checkout, report="scan.json").code == 1
    nobody(checkout)
    done = gitlab(checkout, target="http://127.0.0.1:9")
    assert done.code == 3, done.log


# --------------------------------------------------------------------------- pre-commit


def hooks() -> dict[str, Any]:
    found = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
    return {each["id"]: each for each in found}


def hooked(name: str, folder: Path) -> Done:
    """The hook as pre-commit runs it: its entry, then its arguments, in the repository."""
    hook = hooks()[name]
    assert (hook["language"], hook["pass_filenames"]) == ("python", False)
    program, *entry = shlex.split(hook["entry"])
    assert program == "oakum"
    with chdir(folder):
        return oakum(*entry, *hook["args"])


@pytest.mark.parametrize("name", hooks())
def test_a_hook_passes_where_nothing_is_wrong(name: str, checkout: Path) -> None:
    assert hooked(name, checkout).code == 0


def test_the_hooks_fail_for_what_they_are_for(checkout: Path) -> None:
    document = checkout / "openapi.yaml"
    document.write_text(document.read_text().replace("security: [{token: []}]\n", ""))
    done = hooked("oakum-gate", checkout)
    assert (done.code, "does not say who may call it" in done.out) == (1, True)
    assert hooked("oakum-check", checkout).code == 0
    contract = checkout / "exposure.yaml"
    contract.write_text(contract.read_text().replace("see: member", "see: membr"))
    assert hooked("oakum-check", checkout).code == 2


@pytest.mark.parametrize("name", hooks())
@pytest.mark.parametrize("file", ["exposure.yaml", "api/openapi.json", "schema.graphql", "a.yml"])
def test_a_hook_runs_for_the_files_that_it_reads(name: str, file: str) -> None:
    assert re.search(hooks()[name]["files"], file)
    assert not re.search(hooks()[name]["files"], "main.py")
