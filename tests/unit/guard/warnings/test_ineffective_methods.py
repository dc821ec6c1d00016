"""Lines of a contract that grant HEAD or TRACE."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from oakum.guard.contract_reader import ContractFiles, read_contract
from tests import quick_yaml
from tests.conformance.exchanges import FOLDER

HEADS = quick_yaml.load((FOLDER / "contracts" / "heads.yaml").read_text(encoding="utf-8"))


def read(folder: Path, **rules: dict[str, Any]) -> ContractFiles:
    relations = HEADS["policy"]["relations"] | {"anyone": {}}
    policy = HEADS["policy"] | {"operations": rules, "relations": relations}
    (folder / "openapi.yaml").write_text(json.dumps(HEADS["document"]), encoding="utf-8")
    (folder / "exposure.yaml").write_text(json.dumps(policy), encoding="utf-8")
    return read_contract(folder / "exposure.yaml")


def said(folder: Path, **rules: dict[str, Any]) -> str:
    return "\n".join(map(str, read(folder, **rules).warnings))


def test_a_line_of_a_head_that_differs_from_its_get_is_named(tmp_path: Path) -> None:
    words = "`getShown` decides who may call `headShown`, not its own line"
    member = {"call": ["member"]}
    assert words in said(tmp_path, headShown=member)
    assert words not in said(tmp_path, headShown=member, getShown=member)
    assert words not in said(tmp_path, headShown={})
    assert words not in said(tmp_path, headShown={"call": []})
    assert "headShown" not in said(tmp_path)


def test_a_line_of_a_head_that_leaves_somebody_out_is_named(tmp_path: Path) -> None:
    words = (
        "`getShown` lets in callers that `headShown` leaves out: every HEAD of `headShown` gets 404"
    )
    owner, member, anyone = {"call": ["owner"]}, {"call": ["member"]}, {"call": ["anyone"]}
    assert words in said(tmp_path, headShown=owner)
    assert words in said(tmp_path, headShown=owner, getShown=member)
    assert words not in said(tmp_path, headShown=owner, getShown=owner)
    assert words not in said(tmp_path, headShown=member, getShown=owner)
    assert words in said(tmp_path, headShown=member, getShown=anyone)
    assert words not in said(tmp_path, headShown=anyone)


def test_a_line_of_a_head_without_a_get_is_named(tmp_path: Path) -> None:
    words = "no GET of this path is granted: every HEAD of `headAlone` gets 404"
    assert words in said(tmp_path, headAlone={})
    assert words not in said(tmp_path)
    assert words not in said(tmp_path, headAlone={"call": []})
    assert "every HEAD of `headShut` gets 404" in said(tmp_path, headShut={}, getShut={"call": []})


def test_a_line_of_a_trace_is_named(tmp_path: Path) -> None:
    words = "the guard answers every TRACE with 404, also that of `traceTraced`"
    assert words in said(tmp_path, traceTraced={})
    assert words not in said(tmp_path)


def test_head_and_trace_are_no_endpoints(tmp_path: Path) -> None:
    every = read(tmp_path, headShown={}, headAlone={}, traceTraced={})
    assert every.endpoints == read(tmp_path).endpoints
