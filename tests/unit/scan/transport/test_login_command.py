"""Programs that print a token."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from oakum.errors import TargetError
from oakum.scan.transport import login_command as module
from oakum.scan.transport.login_command import run_command


def test_a_command_prints_a_token(tmp_path: Path) -> None:
    (tmp_path / "t").write_text("tok\n")
    code = "import sys; print(open('t').read()); print('noise', file=sys.stderr)"
    assert run_command([sys.executable, "-c", code], tmp_path) == "tok"


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        ([sys.executable, "-c", "print('s3cr3t'); raise SystemExit(3)"], "failed with exit code 3"),
        ([sys.executable, "-c", "pass"], "printed nothing, but a token was expected"),
        (["./not-there"], "no such file or directory"),
    ],
)
def test_a_command_that_fails_shows_no_output(argv: list[str], words: str, tmp_path: Path) -> None:
    with pytest.raises(TargetError, match=words) as caught:
        run_command(argv, tmp_path)
    assert "s3cr3t" not in str(caught.value)


def test_a_command_that_hangs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "COMMAND_SECONDS", 0.2)
    with pytest.raises(TargetError, match=r"did not end within 0.2 s"):
        run_command([sys.executable, "-c", "import time; time.sleep(9)"], tmp_path)
