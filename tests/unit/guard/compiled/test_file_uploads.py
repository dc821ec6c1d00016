"""Which forms with a file pass beside a body of a resource; `uploads.yaml` has the cases."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests import quick_yaml
from tests.conformance.exchanges import FOLDER
from tests.unit.guard.warnings.contracts import Change, said

UPLOADS = quick_yaml.load((FOLDER / "contracts" / "uploads.yaml").read_text())


def test_a_form_with_a_file_is_refused_only_for_what_its_owner_may_not_set(tmp_path: Path) -> None:
    def names(*fields: str) -> Change:
        def change(document: dict[str, Any], _: dict[str, Any]) -> None:
            content = document["paths"]["/photos"]["post"]["requestBody"]["content"]
            members = content["multipart/form-data"]["schema"]["properties"]
            members.update({name: {"type": "string"} for name in fields})

        return change

    words = "`create` sets of a resource, and cannot in `multipart/form-data`: that is refused"
    hint = "one with a file passes if it names no field that its owner may not set"
    assert words not in said(tmp_path, UPLOADS, names("caption"))
    assert words in said(tmp_path, UPLOADS, names("likes"))
    assert hint in said(tmp_path, UPLOADS, names("likes"))


def test_a_file_of_a_form_that_is_the_resource_needs_a_line(tmp_path: Path) -> None:
    def stated(_: dict[str, Any], policy: dict[str, Any]) -> None:
        policy["operations"]["create"] = {"sets": {"Photo": ""}}

    def settable(document: dict[str, Any], policy: dict[str, Any]) -> None:
        stated(document, policy)
        policy["resources"]["Photo"]["fields"]["file"] = [{"set": ["owner"]}]

    words = "no line lets anybody set `file` of a `Photo`, so each form of `create` with that file"
    assert words in said(tmp_path, UPLOADS, stated)
    assert words not in said(tmp_path, UPLOADS, settable)
    assert words not in said(tmp_path, UPLOADS)
