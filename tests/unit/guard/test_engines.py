"""The list of engines: an engine that is added to it is offered, asked and chosen."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from unittest.mock import patch

import pytest
from click.testing import CliRunner, Result

from oakum.cli import demo_scans, guard
from oakum.errors import InputError, Problem
from oakum.guard.engine_protocol import mistake
from oakum.guard.engines import ENGINES, is_installed
from oakum.openapi.document import Document
from tests.gateway.puppet import Puppet
from tests.unit.guard.small import write


@dataclass
class Apache(Puppet):
    """An engine that serves no operation."""

    name: str = "apache"

    def unserved_operations(self, document: Document) -> Iterator[Problem]:
        for each in document.operations:
            yield Problem(document.locate(each.pointer), f"apache refuses `{each.id}`")


class Absent(Puppet):
    def program(self) -> str:
        raise mistake("puppet is not installed")


@pytest.fixture(autouse=True)
def added() -> Iterator[None]:
    with patch.dict(ENGINES, {"apache": Apache}):
        yield


def oakum_guard(*arguments: object) -> Result:
    """`oakum guard`, imported after the engine was added."""
    spec = spec_from_file_location("fresh", guard.__file__)
    assert spec is not None and spec.loader is not None
    fresh = module_from_spec(spec)
    spec.loader.exec_module(fresh)
    return CliRunner().invoke(fresh.command, [str(each) for each in arguments], "oakum guard")


def test_an_engine_of_the_list_is_offered_by_the_commands(tmp_path: Path) -> None:
    for words in (("--help",), ("export", "--help")):
        assert "envoy|nginx|apache" in oakum_guard(*words).output.replace("\n", "")
    contract, out = write(tmp_path), tmp_path / "out"
    url = ("--upstream", "http://127.0.0.1:9")
    assert oakum_guard("export", contract, "--engine", "apache", *url, "--out", out).exit_code == 0
    assert '"engine": "apache"' in (out / "export.json").read_text(encoding="utf-8")


def test_check_names_what_an_engine_of_the_list_cannot_serve(tmp_path: Path) -> None:
    said = "apache refuses `getMe`"
    assert said in oakum_guard("check", write(tmp_path)).output
    with patch.dict(ENGINES):
        del ENGINES["apache"]  # type: ignore[attr-defined]
        assert said not in oakum_guard("check", write(tmp_path)).output


def test_the_demo_takes_the_first_engine_of_the_list_that_is_installed() -> None:
    for engines, chosen in (
        ({"a": Absent, "b": Puppet, "c": Puppet}, "b"),
        ({"a": Absent}, None),
    ):
        with patch.dict(ENGINES, engines, clear=True):
            assert demo_scans.engine_at_hand() == chosen


def test_an_engine_whose_program_is_missing_is_not_installed() -> None:
    assert is_installed(Puppet()) and not is_installed(Absent())
    with pytest.raises(InputError, match="puppet is not installed"):
        Absent().program()
