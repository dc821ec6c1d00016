"""A folder for a fleet: made whole, replaced only when it is an export, without a secret in it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from oakum.errors import InputError, TargetError
from oakum.guard.denylist import DeniedCaller, check_of, render
from oakum.guard.engine_protocol import Deployment
from oakum.guard.export import ExportOptions, export
from tests.gateway.puppet import Puppet
from tests.unit.guard.small import KEYED, OTHER, POLICY, write


@pytest.fixture
def order(tmp_path: Path) -> ExportOptions:
    return ExportOptions(
        write(tmp_path), "http://127.0.0.1:9", "127.0.0.1:8080", at=tmp_path / "at"
    )


def content(folder: Path) -> dict[str, bytes]:
    return {
        str(file.relative_to(folder)): file.read_bytes()
        for file in folder.rglob("*")
        if file.is_file()
    }


def test_files_name_the_place_where_they_will_stand(order: ExportOptions, tmp_path: Path) -> None:
    out = tmp_path / "out"
    now = export(order, Puppet(), out)
    made = content(out)
    assert made.keys() == {
        "export.json", "config/plan.json", "config/listen", "config/admin", "config/log",
        "config/settings/secret",
    }  # fmt: skip
    assert made["config/log"].decode() == f"{tmp_path}/at/run/audit.jsonl"
    assert json.loads(made["config/plan.json"])["contract"] == now.digest
    assert json.loads(made["export.json"]) == {
        "schema": "oakum.export/2",
        "contract": now.digest,
        "engine": "puppet",
        "files": sorted(made),
    }
    assert (out / "run").is_dir()


def test_a_secret_is_named_and_not_needed(
    order: ExportOptions, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    order.contract.write_text(KEYED, encoding="utf-8")
    monkeypatch.setenv("CLINIC_KEY", "made-up-service-key")
    export(order, Puppet(), tmp_path / "out")
    made = content(tmp_path / "out")
    assert made["config/settings/secret"] == b"CLINIC_KEY"
    assert b"made-up-service-key" not in b"".join(made.values())


def test_an_earlier_export_is_replaced_whole(order: ExportOptions, tmp_path: Path) -> None:
    out = tmp_path / "out"
    first = export(order, Puppet(), out)
    order.contract.write_text(OTHER, encoding="utf-8")
    second = export(order, Puppet(), out)
    assert first.digest != second.digest
    assert second.digest in (out / "export.json").read_text(encoding="utf-8")
    assert [each.name for each in tmp_path.iterdir() if each.name.startswith(".")] == []


def test_a_folder_of_somebodys_is_left_alone(order: ExportOptions, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "thesis.txt").write_text("years of work", encoding="utf-8")
    with pytest.raises(InputError, match="is not empty and not an earlier export"):
        export(order, Puppet(), out)
    assert content(out) == {"thesis.txt": b"years of work"}


def test_a_file_that_was_put_into_an_export_is_not_lost(
    order: ExportOptions, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    export(order, Puppet(), out)
    (out / "config/mine.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(
        InputError, match=r"contains `config/mine.txt`, which `oakum guard export` did not write"
    ):
        export(order, Puppet(), out)
    assert (out / "config/mine.txt").exists()


@pytest.mark.parametrize(
    "at", ["oakum", "./run", "/opt/the guard", "/opt/oakum\nUser=root", "/opt/a\tb"]
)
def test_a_place_that_a_unit_would_split_is_refused(
    order: ExportOptions, tmp_path: Path, at: str
) -> None:
    with pytest.raises(InputError, match="is no absolute path without spaces"):
        export(replace(order, at=Path(at)), Puppet(), tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_an_empty_folder_is_taken_and_a_file_is_not(order: ExportOptions, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    export(order, Puppet(), tmp_path / "empty")
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="is not a folder"):
        export(order, Puppet(), tmp_path / "file")


def test_nothing_is_left_of_an_export_that_failed(order: ExportOptions, tmp_path: Path) -> None:
    before = set(tmp_path.iterdir())
    with pytest.raises(TargetError):
        export(order, Puppet(refuses="getMe"), tmp_path / "out")
    order.contract.write_text(POLICY.replace("[owner]", "[ownr]"), encoding="utf-8")
    with pytest.raises(InputError):
        export(order, Puppet(), tmp_path / "out")
    assert set(tmp_path.iterdir()) == before


class Rendered(Puppet):
    """Hands what it is to render to `told`."""

    def __init__(self, told: list[Deployment], audit_log: Path | None = None) -> None:
        super().__init__(audit_log=audit_log)
        self.told = told

    def render(self, deployment: Deployment) -> dict[str, bytes]:
        self.told.append(deployment)
        return dict(super().render(deployment))


@pytest.mark.parametrize("log", [None, Path("/dev/stdout")])
def test_the_audit_goes_where_the_engine_says(
    order: ExportOptions, tmp_path: Path, log: Path | None
) -> None:
    told: list[Deployment] = []
    export(order, Rendered(told, log), tmp_path / "out")
    assert {each.log for each in told} == {log}


def test_a_deny_list_is_exported_and_one_of_another_key_is_refused(
    order: ExportOptions, tmp_path: Path
) -> None:
    told: list[Deployment] = []
    file, who = tmp_path / "deny.json", "0123456789abcdef"
    entry = DeniedCaller(who, "walks", "2026-11-25T00:00:00Z", "2026-11-26T00:00:00Z")
    file.write_text(render([entry], b"a made-up key"), encoding="utf-8")
    wanted = replace(order, deny=file)
    export(wanted, Rendered(told), tmp_path / "out", b"a made-up key")
    assert [each.denied for each in told] == [{who: entry.ends}] * len(told) != []
    assert {each.deny_key for each in told} == {check_of(b"a made-up key")}
    with pytest.raises(InputError, match="with another key"):
        export(wanted, Rendered(told), tmp_path / "other", b"another")
    assert not (tmp_path / "other").exists()
