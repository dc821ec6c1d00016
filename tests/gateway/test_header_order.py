"""The order of an answer's headers, through each real engine: it tells nothing of the body."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from oakum.guard.engines import ENGINES
from tests.conformance.exchanges import Request
from tests.conformance.test_list_envelopes import KEYS, setup_in
from tests.gateway.exchange_gateway import gateway

NAME = "members of unknown names"
NOTE = {"id": "n", "by": "ann"}


@pytest.mark.server
@pytest.mark.parametrize("engine", sorted(ENGINES))
@pytest.mark.parametrize(
    "headers", [{"vary": "accept"}, {"x-a": "1", "vary": "accept", "etag": "1"}]
)
def test_it_does_not_tell_whether_anything_was_removed(
    engine: str, tmp_path: Path, headers: dict[str, str]
) -> None:
    setup = setup_in(tmp_path)
    target = f"/N{KEYS[NAME]}"
    with gateway(ENGINES[engine](), setup) as guard:
        found = []
        for note in (NOTE, NOTE | {"looked": "S"}):
            answers = {
                "/me": {"id": "ann"}, target: note,
                f"/users/ann/{KEYS[NAME]}": {"data": [{"id": "ann"}]},
            }  # fmt: skip
            setup.upstream.script[:] = [
                {
                    "request": {"target": at},
                    "answer": {"body": json.dumps(body), "headers": headers},
                }
                for at, body in answers.items()
            ]
            got = guard.exchange(Request("GET", target, (("cookie", "sid=1"),))).response
            assert json.loads(got.body) == NOTE
            found.append([each for each in got.headers if each[0] != "date"])
        assert found[0] == found[1]
