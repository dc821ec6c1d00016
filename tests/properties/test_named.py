"""Whoever is not shown an object is told nothing by an answer about it that is nobody's own.

The law that each read keeps, whether the path names the object or a query: rows, values and objects
without an owner of their own are judged by the object that is named, whatever the API shows of
that, and all implementations cut the same. The oracle knows whose everything is.

`OAKUM_EXAMPLES=100000 pytest tests/properties/test_named.py --hypothesis-seed=11` is a longer run.
"""

from __future__ import annotations

import json
from itertools import count
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import given

from oakum.policy.contract import Contract, load
from tests import quick_yaml
from tests.conformance.exchange_lua import WORKERS, LuaGuard
from tests.conformance.exchange_python import PythonGuard
from tests.conformance.exchanges import Clock, Request, Response, Setup, Upstream
from tests.properties.pool import SEEDED, SEEDS

LOGS = Path(__file__).parents[1] / "conformance/cases/exchanges/contracts/logs.yaml"
PEOPLE = ("ann", "bob", "eve")
NOTES = ("1", "2", "3")
_RUNS = count()


def contracts(folder: Path) -> list[Contract]:
    """The contract of the cases, with the rights of a note as they are, and with all that is told
    of it in a policy that lets its readers be looked up."""
    said = quick_yaml.load(LOGS.read_text())
    (folder / "openapi.yaml").write_text(json.dumps(said["document"]))
    made = []
    for name, resource in (("own", {}), ("plain", {"main": None})):
        policy = json.loads(json.dumps(said["policy"]))
        note = policy["resources"]["Note"] | resource
        policy["resources"]["Note"] = {key: each for key, each in note.items() if each is not None}
        (folder / f"{name}.yaml").write_text(json.dumps(policy))
        made.append(load(folder / f"{name}.yaml"))
    return made


class Logs(Upstream):
    """What the API answers: of notes what it pleases, and of a log anything at all."""

    def __init__(self, random: Random) -> None:
        super().__init__([])
        self.random = random
        self.owners = {note: random.choice(PEOPLE) for note in NOTES}
        self.told = {note: self._note(note) for note in NOTES}
        self.log = self._log()

    def _note(self, key: str) -> tuple[int, Any]:
        whole = {"id": key, "by": self.owners[key], "text": "t"}
        kept = {name: v for name, v in whole.items() if self.random.random() < 0.9}
        answer = self.random.choice((whole, whole, whole, kept, {}, [whole], None))
        return self.random.choice((200, 200, 200, 200, 404, 500)), answer

    def _log(self) -> Any:
        random, numbers = self.random, count()

        def secret() -> str:
            return f"secret{next(numbers)}"

        def account() -> Any:
            return {"id": random.choice(PEOPLE), "name": secret()}

        def remark() -> Any:
            return {"id": f"{next(numbers)}", "by": random.choice(PEOPLE), "text": "said"}

        def row() -> Any:
            made = {"text": secret(), "actor": account(), "remark": remark(), "marks": [secret()]}
            return {name: v for name, v in made.items() if random.random() < 0.5}

        made: Any = {
            "total": next(numbers) + 1000,
            "viewer": account(),
            "edits": [{"text": secret()} for _ in range(random.randrange(3))],
            "tags": [{"word": secret()} for _ in range(random.randrange(3))],
            "remarks": [remark() for _ in range(random.randrange(3))],
            "rows": [row() for _ in range(random.randrange(4))],
            "lines": [secret() for _ in range(random.randrange(3))],
        }
        names = [*made]
        random.shuffle(names)
        return {name: made[name] for name in names if random.random() < 0.7}

    def answer(self, request: Request) -> Response | None:
        status, found = 200, self.log
        key = request.target.removeprefix("/notes/")
        if request.target == "/me":
            found = {"id": (request.header("cookie") or "").partition("=")[2], "name": "n"}
        elif key in self.told:
            status, found = self.told[key]
        fresh = (("content-type", "application/json"), ("cache-control", "no-store"))
        return Response(status, fresh, json.dumps(found).encode())


@SEEDED
@given(SEEDS)
def test_what_is_told_of_an_object_is_told_to_those_who_are_shown_it(
    tmp_path_factory: pytest.TempPathFactory, seed: bytes
) -> None:
    random = Random(seed)
    folder = tmp_path_factory.getbasetemp() / "named"
    if not folder.exists():
        folder.mkdir()
        _KNOWN.extend(contracts(folder))
    contract = random.choice(_KNOWN)
    api = Logs(random)
    setup = Setup(contract, folder, api, Clock(), {})
    state = str(folder / f"state{next(_RUNS) % 50}")
    guards = [PythonGuard(setup), LuaGuard(setup, state, worker=WORKERS.next())]
    for _ in range(3):
        who, note, other = random.choice(PEOPLE), random.choice(NOTES), random.choice(NOTES)
        ways = (f"/notes/{note}/log", f"/log?note={note}", f"/audit?nid={note}")
        target = random.choice(
            (*ways, f"/log?notes={note},{other}", f"/log?notes={note}&page={other}")
        )
        sent = Request("GET", target, (("cookie", f"sid={who}"),), b"")
        found = []
        for guard in guards:
            setup.clock.now += 1e5
            outcome = guard.exchange(sent)
            found.append((outcome.response.status, outcome.response.body))
        named = {note, other} if "," in target else {note}
        where = (target, who, api.owners, api.told, api.log, found)
        assert found[0] == found[1], where
        status, body = found[0]
        text = body.decode()
        if any(api.owners[each] != who for each in named):
            assert "secret" not in text and '"total"' not in text, where
        elif all(_is_told(api, each) for each in named):
            assert status == 200 and json.loads(text) == api.log, where


_KNOWN: list[Contract] = []


def _is_told(api: Logs, note: str) -> bool:
    status, told = api.told[note]
    return status == 200 and isinstance(told, dict) and told.keys() >= {"by", "id"}
