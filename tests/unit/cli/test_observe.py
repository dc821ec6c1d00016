"""`oakum observe traffic`: options that do not fit are mistakes in the command line."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.cli.shell import oakum


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--engine", "python"], "Python applies to traffic that is read, not to kept traffic"),
        (["--contract", "a.yaml", "--openapi", "b.yaml"], "give `--contract` or `--openapi`, not"),
    ],
)
def test_options_that_do_not_fit(tmp_path: Path, options: list[str], said: str) -> None:
    done = oakum("observe", "traffic", tmp_path, *options)
    assert (done.code, done.out) == (2, "")
    assert said in done.err
    assert "observe traffic [OPTIONS] SOURCE" in done.err
