"""The addon for mitmproxy, with flows that look like mitmproxy's. It is run as a file, alone."""

from __future__ import annotations

import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from click.testing import CliRunner

from oakum.cli.main import main
from oakum.traffic.traffic_files import TrafficSource, records


class Headers:
    """As mitmproxy's: names may stand twice."""

    def __init__(self, *pairs: tuple[str, str]) -> None:
        self._pairs = pairs

    def items(self, multi: bool = False) -> Iterator[tuple[str, str]]:
        assert multi
        return iter(self._pairs)


class Packed:
    """A message whose body is not packed as its headers say."""

    headers = Headers(("Content-Type", "application/json"), ("Content-Encoding", "gzip"))
    status_code = 200
    raw_content = b"\x80\x81"

    @property
    def content(self) -> bytes:
        raise ValueError


def flow(host: str, response: Any) -> Any:
    cookies = (("Cookie", "sid=made-up"), ("cookie", "b=2"))
    request = SimpleNamespace(
        method="PUT", pretty_url=f"https://{host}/members/7", pretty_host=host,
        headers=Headers(*cookies, ("Content-Type", "application/json")),
        content=b'{"nick": "made up"}', timestamp_start=1_700_000_000.5,
    )  # fmt: skip
    client = SimpleNamespace(peername=("192.0.2.7", 4711))
    return SimpleNamespace(request=request, response=response, client_conn=client)


def answer(body: bytes | None) -> Any:
    headers = Headers(("Content-Type", "application/json"), ("Content-Encoding", "br"))
    return SimpleNamespace(status_code=200, headers=headers, content=body)


def test_what_the_command_prints_runs_alone_and_writes_lines_that_are_read(tmp_path: Path) -> None:
    printed = CliRunner().invoke(main, ["observe", "addon"], standalone_mode=False)
    file = tmp_path / "oakum_addon.py"
    file.write_text(printed.stdout, encoding="utf-8")
    alone = [sys.executable, "-I", "-S", str(file)]
    assert subprocess.run(alone, check=True, capture_output=True).stderr == b""
    names: dict[str, Any] = {"__name__": "oakum_addon"}
    exec(compile(file.read_text(encoding="utf-8"), str(file), "exec"), names)
    (addon,) = names["addons"]
    out = tmp_path / "out.ndjson"
    addon.set(str(out), "api.example.com", 64)
    for each in (answer(b'{"id": 7}'), answer(b"x" * 65), answer(None), Packed()):
        addon.response(flow("api.example.com", each))
    addon.response(flow("ads.example.com", answer(b"{}")))
    addon.done()
    whole, cut, streamed, odd = records(TrafficSource(str(out)))
    request = whole.exchange.request
    assert (request.method, request.headers["cookie"]) == ("PUT", "sid=made-up; b=2")
    assert (whole.at, whole.peer, request.body) == (
        1_700_000_000_500, "192.0.2.7", b'{"nick": "made up"}'
    )  # fmt: skip
    assert (whole.body, whole.exchange.response.body) == ("whole", b'{"id": 7}')
    assert (cut.body, streamed.body) == ("cut", "absent")
    assert odd.exchange.response.body == b"\x80\x81"
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
