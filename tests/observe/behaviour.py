"""What two contracts let through of the same answers: leaves of answers, by viewer and state.

They may rest on different documents. The answers are those of stage 1, which sends everything; what
each contract knows of relations and settings is what the tables say.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from oakum.authz import Judge, Principal, compile_contract
from oakum.authz.data_beside_objects import Keep
from oakum.policy.contract import load
from oakum.routing.route import Router, split_target
from tests.cadence.client import Answer
from tests.cadence.play import SWITCHES, Play

VIEWERS = (None, "ann", "flo", "sta", "pia", "blo")
STATES = (
    dict.fromkeys(SWITCHES, False),
    dict.fromkeys(SWITCHES, False) | {"private": True},
    dict.fromkeys(SWITCHES, False) | {"hide_age": True},
    dict.fromkeys(SWITCHES, True),
)


@dataclass
class Side:
    """A contract that lets answers through."""

    def __init__(self, file: Path) -> None:
        contract = load(file)
        assert contract.policy is not None
        self._model = compile_contract(contract.document, contract.policy)
        self._router = Router(contract.document.operations)

    def kept(self, play: Play, viewer: str | None, url: str, answer: Any) -> set[tuple[str, ...]]:
        """Pointers of the leaves of an answer that stay for a viewer."""
        place = split_target(url.partition("?")[0])
        found = self._router.find(place, "GET") if place is not None else None
        if found is None:
            return set()
        operation, params = found
        principal = Principal() if viewer is None else self._principal(play, viewer)
        media = operation.success()
        judge = Judge(self._model, principal, operation.id, params, 200)
        judged = judge.judge(answer, media.shape if media else None)
        leaves = (leaf for each in judged.instances for leaf in each.leaves)
        told = (each.pointer for each in leaves if each.allowed and each.value is not None)
        return {each for each in told if _stays(judged.keep, each)}

    def _principal(self, play: Play, viewer: str) -> Principal:
        me = play.ids[viewer]
        follows = {
            r["followed"]
            for r in play.rows(
                "SELECT followed FROM follows WHERE follower = ? AND status = 'approved'", me
            )
        }
        followed = {
            r["follower"]
            for r in play.rows(
                "SELECT follower FROM follows WHERE followed = ? AND status = 'approved'", me
            )
        }
        blocked = {r["owner"] for r in play.rows("SELECT owner FROM blocks WHERE blocked = ?", me)}
        related: dict[tuple[str, str], bool] = {}
        states: dict[tuple[str, str], Any] = {}
        relations = self._model.policy.relations
        for row in play.rows("SELECT * FROM members"):
            for name in relations:
                sets = {"follower": follows, "following": followed, "blocked": blocked}
                if name in sets:
                    related[name, row["id"]] = row["id"] in sets[name]
            revoked = not play.rows("SELECT 1 FROM export_links WHERE user_id = ?", row["id"])
            for resource in self._model.policy.resources.values():
                for state in resource.states.values():
                    column = state.member
                    value = revoked if column == "is_revoked" else row.get(column)
                    if value is not None:
                        states[row["id"], f"{resource.name}.{state.name}"] = value
        (mine,) = play.rows("SELECT roles FROM members WHERE id = ?", me)
        return Principal(frozenset((me,)), {"roles": mine["roles"]}, related, states)


def compared(shipped: Path, drafted: Path) -> tuple[int, int, int]:
    """Leaves of answers that the first contract grants, of them those that the second grants too,
    and leaves that only the second grants."""
    play = Play("1", members=6)
    old, new = Side(shipped), Side(drafted)
    granted = both = wide = 0
    for state in STATES:
        play.set("pia", state)
        for viewer in VIEWERS:
            for url, answer in _asked(play, viewer):
                one = old.kept(play, viewer, url, answer)
                two = new.kept(play, viewer, url, answer)
                granted, both, wide = (
                    granted + len(one),
                    both + len(one & two),
                    wide + len(two - one),
                )
    return granted, both, wide


def _stays(keep: Keep, pointer: tuple[str, ...]) -> bool:
    """Whether nothing around a leaf is cut out."""
    for key in pointer:
        if not isinstance(keep, dict):
            return keep is True
        keep = keep[key]
    return keep is True


def _asked(play: Play, viewer: str | None) -> Iterator[tuple[str, Any]]:
    heard: list[tuple[str, Answer]] = []
    client = play.clients[viewer]
    ask = client.get
    client.get = lambda url: heard.append((url, made := ask(url))) or made  # type: ignore[method-assign,func-returns-value]
    try:
        for _ in play.ask(viewer, "pia"):
            pass
    finally:
        del client.get
    for url, answer in heard:
        if answer.status_code == 200 and "json" in answer.headers["content-type"]:
            yield url, json.loads(answer.content)
