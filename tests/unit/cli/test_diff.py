"""`oakum diff`: two files, or one file at two revisions; words, JSON and Markdown; exit codes."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from oakum.cli.revision import ContractRevision, laid_out
from oakum.output.markdown import escape_title
from tests.scan.clinic import write
from tests.unit.cli.shell import oakum

IDENTITY = ("-c", "user.name=ann", "-c", "user.email=ann@example.com")


def git(folder: Path, *arguments: str) -> None:
    subprocess.run(["git", *IDENTITY, *arguments], cwd=folder, check=True, capture_output=True)


@pytest.fixture
def contract(tmp_path: Path) -> Path:
    """A contract in a folder of a repository, as it stands at `main`."""
    folder = tmp_path / "repository" / "api"
    folder.mkdir(parents=True)
    path = write(folder)
    git(folder.parent, "init", "-q", "-b", "main", ".")
    git(folder.parent, "add", "-A")
    git(folder.parent, "commit", "-qm", "before")
    return path


def widen(path: Path) -> None:
    text = path.read_text()
    assert "phone:" in text
    lines = [
        "      phone: [{see: [member]}]" if line.strip().startswith("phone:") else line
        for line in text.splitlines()
    ]
    path.write_text("\n".join(lines) + "\n")


def test_two_files(contract: Path) -> None:
    before = contract.with_name("before.yaml")
    before.write_text(contract.read_text())
    same = oakum("diff", before, contract)
    assert (same.code, same.out, same.err) == (0, "no change of exposure\n", "")
    widen(contract)
    wider = oakum("diff", before, contract)
    assert wider.code == 1 and wider.out.startswith("Widened:\n")
    assert "may now see `phone`" in wider.out and f"{contract}:" in wider.out
    narrower = oakum("diff", contract, before)
    assert narrower.code == 0 and narrower.out.startswith("Narrowed:\n")
    assert "may no longer see `phone`" in narrower.out
    assert narrower.out.splitlines()[-1].startswith("no widening")


def test_json_and_markdown_say_the_same(contract: Path) -> None:
    before = contract.with_name("before.yaml")
    before.write_text(contract.read_text())
    widen(contract)
    said = oakum("diff", before, contract, "--format", "json")
    assert said.code == 1
    assert (said.json["schema"], said.json["widened"]) == ("oakum.diff/2", True)
    (first, *_) = said.json["changes"]
    assert (first["direction"], first["kind"], first["fields"]) == ("widened", "see", ["phone"])
    assert first["file"] == str(contract) and first["line"] > 1 and first["cells"] > 0
    marked = oakum("diff", before, contract, "--format", "markdown")
    assert marked.code == 1 and marked.out.startswith("### Exposure: widened: ")
    assert f"- {escape_title(first['sentence'])}" in marked.out


def test_a_revision_is_read_with_its_own_document(
    contract: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(contract.parent.parent)
    document = contract.with_name("openapi.yaml")
    document.write_text(document.read_text().replace("phone", "mobile"))
    contract.write_text(contract.read_text().replace("phone", "mobile"))
    both = oakum("diff", "main:api/exposure.yaml", "api/exposure.yaml")
    assert both.code in (0, 1) and "mobile" in both.out and both.err == ""
    git(contract.parent, "commit", "-qam", "after")
    assert oakum("diff", "HEAD~1..HEAD", "api/exposure.yaml").code == both.code
    assert oakum("diff", "main...HEAD", "api/exposure.yaml").out == "no change of exposure\n"
    monkeypatch.chdir(contract.parent)
    assert oakum("diff", "HEAD~1..", "exposure.yaml").code == both.code
    assert oakum("diff", "HEAD~1:./exposure.yaml", "exposure.yaml").code == both.code


def test_files_that_a_document_refers_to_are_of_the_same_revision(
    contract: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(contract.parent)
    document = contract.with_name("openapi.yaml")
    shared = contract.parent / "parts" / "shared.yaml"
    shared.parent.mkdir()
    shared.write_text("Ping: {type: object, properties: {pong: {type: string}}}\n")
    text = document.read_text()
    endpoint = (
        "  /ping:\n    get:\n      operationId: ping\n      security: []\n      responses:\n"
        "        '200': {description: ok, content: {application/json: {schema: "
        "{$ref: 'parts/shared.yaml#/Ping'}}}}\n"
    )
    document.write_text(text.replace("paths:\n", f"paths:\n{endpoint}", 1))
    git(contract.parent, "add", "-A")
    git(contract.parent, "commit", "-qm", "parts")
    shared.write_text(shared.read_text().replace("pong", "pung"))
    done = oakum("diff", "HEAD:./exposure.yaml", "exposure.yaml")
    assert done.err == "" and "`pung`" in done.out and "`pong`" not in done.out


def test_mistakes_of_a_revision_are_told_by_its_name(
    contract: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(contract.parent)
    good = contract.read_text()
    contract.write_text(good.replace("see: [member]", "see: [membr]"))
    git(contract.parent, "commit", "-qam", "wrong")
    contract.write_text(good)
    done = oakum("diff", "HEAD:api/exposure.yaml", "exposure.yaml")
    assert done.code == 2 and done.out == ""
    assert all(line.startswith("error: HEAD:api/exposure.yaml:") for line in done.err.splitlines())
    assert "did you mean `member`?" in done.err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("gone..HEAD", "exposure.yaml"), "gone"),
        (("gone:exposure.yaml", "exposure.yaml"), "gone"),
        (("--", "--output=x:exposure.yaml", "exposure.yaml"), "--output=x"),
        (("HEAD:api/none.yaml", "exposure.yaml"), "there is no `api/none.yaml` at `HEAD`"),
        (("HEAD:../../x", "exposure.yaml"), "leads out of the repository"),
        (("none.yaml", "exposure.yaml"), "none.yaml"),
        (("openapi.yaml", "exposure.yaml"), "has no exposure policy"),
    ],
)
def test_what_cannot_be_read_is_said(
    arguments: tuple[str, ...], words: str, contract: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(contract.parent)
    done = oakum("diff", *arguments)
    assert done.code == 2 and words in done.err and done.out == ""


def test_outside_of_a_repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert oakum("diff", "main..HEAD", "exposure.yaml").code == 2
    monkeypatch.setenv("PATH", "")
    done = oakum("diff", "main:exposure.yaml", "exposure.yaml")
    assert done.code == 2 and "needs git" in done.err


def test_an_overlay_is_laid_over_both(contract: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(contract.parent)
    overlay = contract.with_name("overlay.yaml")
    overlay.write_text(
        "overlay: 1.0.0\ninfo: {title: o, version: '1'}\nactions: [{target: $.info, update: {}}]\n"
    )
    git(contract.parent, "add", "-A")
    git(contract.parent, "commit", "-qm", "overlay")
    done = oakum("diff", "HEAD:./exposure.yaml", "exposure.yaml", "--overlay", "overlay.yaml")
    assert (done.code, done.err) == (0, "")


def test_files_saved_from_an_address_are_of_the_same_revision(
    contract: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(contract.parents[1])
    saved = contract.parent / "saved.yaml"
    saved.write_text("Visit: {type: object}\n")
    contract.write_text("refs: {'https://a.example/b.yaml': saved.yaml}\n" + contract.read_text())
    git(contract.parent, "add", "-A")
    git(contract.parent, "commit", "-qm", "saved")
    saved.unlink()  # of the working tree only
    with laid_out(ContractRevision(f"api/{contract.name}", "HEAD"), ()) as (path, _):
        assert (path.parent / "saved.yaml").read_text() == "Visit: {type: object}\n"
