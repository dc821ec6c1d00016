"""`oakum check`: every mistake at its place, in words and in JSON."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.scan.clinic import write
from tests.unit.cli.shell import oakum


@pytest.fixture
def contract(tmp_path: Path) -> Path:
    return write(tmp_path)


def test_a_good_contract_is_summed_up(contract: Path) -> None:
    done = oakum("check", contract)
    assert (done.code, done.err) == (0, "")
    assert "0 errors" in done.out and "2 resources" in done.out and "rows" in done.out


def test_a_document_without_a_policy_is_no_mistake(contract: Path) -> None:
    done = oakum("check", contract.parent / "openapi.yaml")
    assert done.code == 0
    assert "no policy yet: try `oakum init`" in done.out


def test_every_mistake_is_told_at_its_place(contract: Path) -> None:
    text = contract.read_text()
    broken = text.replace("see: [member]", "see: [membr]").replace("phone:", "phon:")
    contract.write_text(broken)
    done = oakum("check", contract)
    assert done.code == 2
    lines = [line for line in done.out.splitlines() if line.startswith("error: ")]
    assert len(lines) >= 2
    assert all(line.startswith(f"error: {contract}:") for line in lines)
    assert "did you mean `member`?" in done.out
    assert f"{len(lines)} errors" in done.out.splitlines()[-1]


def test_a_key_that_stands_twice_hides_no_other_mistake(contract: Path) -> None:
    text = contract.read_text().replace("see: [member]", "see: [membr]", 1)
    contract.write_text(text + "relations: {}\nnonsense: 1\n")
    done = oakum("check", contract)
    assert done.code == 2
    assert "`relations` stands here twice; first at" in done.out
    assert "did you mean `member`?" in done.out and "`nonsense`" in done.out


def test_drafted_lines_are_counted_until_somebody_confirms_them(contract: Path) -> None:
    plain = contract.read_text()
    name = next(line for line in plain.splitlines() if re.fullmatch(r"  \w+:", line) and
                f"{line}\n    " in plain.partition("resources:")[2])  # fmt: skip
    contract.write_text(plain.replace(f"{name}\n", f"{name}\n    draft: true\n"))
    marked = oakum("check", contract)
    assert marked.code == 0
    assert re.search(r"warning: .*: \d+ lines? (is|are) drafted and not confirmed", marked.out)
    assert re.search(r"; \d+ drafted lines?$", marked.out.strip())
    contract.write_text(plain)
    assert "drafted" not in oakum("check", contract).out


def test_json_says_the_same_to_machines(contract: Path) -> None:
    good = oakum("check", contract, "--format", "json")
    assert (good.code, good.json["schema"], good.json["errors"]) == (0, "oakum.check/1", [])
    contract.write_text(contract.read_text().replace("see: [member]", "see: [membr]"))
    bad = oakum("check", contract, "--format", "json")
    assert bad.code == 2
    first = bad.json["errors"][0]
    assert first["file"] == str(contract)
    assert first["line"] > 1 and first["column"] > 1
    assert "`membr`" in first["message"] and first["hint"] == "did you mean `member`?"
    told = [line for line in oakum("check", contract).out.splitlines() if line.startswith("error")]
    assert len(told) == len(bad.json["errors"])


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", ""), (b"\xff\xfe", "UTF-8"), (b"exposure: [", ""), (b"{", ""),
        (b"exposure: 1\nexposure: 1\n", "exposure"), (b"- 1\n", ""), (b"exposure: 2\n", ""),
        (b"\0", ""), (b"exposure: 1\napi: gone.yaml\nrelations: {a: {}}\n", "`gone.yaml`"),
    ],
)  # fmt: skip
def test_any_file_at_all_is_answered_in_words(tmp_path: Path, content: bytes, words: str) -> None:
    path = tmp_path / "x.yaml"
    path.write_bytes(content)
    done = oakum("check", path)
    assert done.code == 2, done
    assert f"error: {path}" in done.out and words in done.out


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    done = oakum("check", tmp_path / "none.yaml")
    assert done.code == 2
    assert "none.yaml" in done.out + done.err
    assert oakum("check", tmp_path).code == 2  # a folder


def test_an_overlay_is_read_too(contract: Path) -> None:
    overlay = contract.parent / "overlay.yaml"
    overlay.write_text("overlay: 1.0.0\ninfo: {title: o, version: '1'}\nactions: 3\n")
    done = oakum("check", contract, "--overlay", overlay)
    assert done.code == 2
    assert str(overlay) in done.out


def test_one_mistake_is_one_error(tmp_path: Path) -> None:
    path = tmp_path / "openapi.yaml"
    path.write_text("swagger: '2.0'")
    assert oakum("check", path).out.splitlines()[-1] == "1 error, 0 warnings"
