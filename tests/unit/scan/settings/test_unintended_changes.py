"""Whatever a write does to other settings, at any time a run is killed: they are as before once it
is undone, or they are named."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from oakum.exchange import Request, Response
from oakum.openapi.model import Media, Shape
from oakum.scan.journal import Journal, recall
from oakum.scan.settings.settings_writer import AccountSettings
from oakum.scan.undo.encryption import Encryption
from oakum.scan.undo.setting_change import SettingChange
from oakum.scan.undo.settings_json import Before, keep_settings, open_record
from tests.unit.scan.settings.test_settings_writer import PRIVATE, ready, writing
from tests.unit.scan.studio import IDS, TARGET, Studio, reply

LAW = settings(max_examples=60, deadline=None)
OTHERS = {"theme": "plain", "lang": "en", "hook": "whsec-1982", "level": "all", "open": True}
"""Further settings, and what they are for ann; `open` follows from `is_private`."""
EFFECTS = ("keeps", "shouts", "empties", "resets", "cascades")
"""What a write does to a member: nothing; stores it otherwise; empties it; resets it where it is
lacking; or sets it with `is_private: false`."""
SEAL = Encryption(["a key of ann"], "run-1")


class Killed(BaseException):
    """The process ends."""


class Careless(Studio):
    """Does something to other settings at each write, and ends its client at a request."""

    def __init__(self, effects: dict[str, str], method: str) -> None:
        super().__init__()
        self.effects, self.method = effects, method
        self.left, self.done = -1, False
        for id in self.settings:
            self.settings[id] |= OTHERS | {"open": not self.settings[id]["is_private"]}

    def __call__(self, viewer: str | None, request: Request) -> Response:
        self.left -= 1
        if self.left == 0 and not self.done:
            raise Killed
        at = replace(request, method="PUT") if request.method == "PATCH" else request
        answer = super().__call__(viewer, at)
        if self.left == 0:
            raise Killed
        return answer

    def putSettings(self, viewer: str | None, id: str, body: Any) -> Response:
        mine = self.settings[id]
        for name, effect in self.effects.items():
            if name in body:
                mine[name] = body[name]
            elif effect == "resets":
                mine[name] = None
            if effect == "shouts" and isinstance(mine[name], str):
                mine[name] = mine[name].upper()
            if effect == "empties":
                mine[name] = ""
            if effect == "cascades" and body.get("is_private") is False:
                mine[name] = "nobody"
        mine["is_private"] = body.get("is_private", mine["is_private"])
        mine["open"] = not mine["is_private"]
        return reply(mine)


def names() -> dict[str, Any]:
    return dict.fromkeys(("is_private", *OTHERS), Shape) | {"open": lambda: Shape(read_only=True)}


def at_work(
    studio: Careless, file: Journal, pending: list[SettingChange] | None = None
) -> AccountSettings:
    """Account settings that are journaled; `pending`: of a killed run."""
    _, found = ready(studio)
    past = recall(file._path).settings

    def keep(identity: str, operation: str, before: Before | None) -> None:
        keep_settings(file, SEAL, identity, operation, before)

    again = replace(
        found, log=file.flip, keep=keep, pending=pending or [],
        past={whose: open_record(SEAL, sealed) for whose, sealed in past.items()},
    )  # fmt: skip
    writing(again, studio.method, body=(Media("application/json", Shape(properties=names())),))
    return again


def differing(studio: Careless, before: dict[str, dict[str, Any]]) -> dict[str, set[str]]:
    """Who → settings that are not as before."""
    found = {
        who: {n for n in before[id] if studio.settings[id][n] != before[id][n]}
        for who, id in IDS.items()
    }
    return {who: names for who, names in found.items() if names}


def told(said: tuple[str, ...], who: str, name: str) -> bool:
    return any(f" of {who} " in each and f"`{name}`" in each for each in said)


EFFECT = st.dictionaries(
    st.sampled_from(["theme", "lang", "hook", "level"]), st.sampled_from(EFFECTS)
)


@given(EFFECT, st.sampled_from(["PUT", "PATCH"]), st.integers(1, 24), st.booleans(),
       st.lists(st.sampled_from(["ann", "bob"]), min_size=1, max_size=3))  # fmt: skip
@LAW
def test_after_a_kill_all_is_as_before_or_named_until_it_is(
    tmp_path_factory: pytest.TempPathFactory,
    effects: dict[str, str], method: str, at: int, done: bool, flips: list[str],
) -> None:  # fmt: skip
    path: Path = tmp_path_factory.mktemp("law") / "journal"
    studio = Careless(effects, method)
    before = deepcopy(studio.settings)
    made = Journal(path, "run-1", TARGET, "digest", resume=False)
    found = at_work(studio, made)
    studio.left, studio.done = at, done
    try:
        for who in flips:
            found.flip(who, PRIVATE, not found.identities.states[who, PRIVATE])
        said = found.restore()
    except Killed:
        said = ()
        for _ in range(2):
            studio.left = -1
            states = {id: each["is_private"] for id, each in studio.settings.items()}
            found = at_work(studio, made, [*recall(path).pending])
            found.identities.states |= {(who, PRIVATE): states[IDS[who]] for who in IDS}
            said = found.restore()
            wrong = differing(studio, before)
            assert bool(found.differing) == bool(wrong) == bool(recall(path).settings)
            assert all(told(said, who, name) for who, names in wrong.items() for name in names)
        studio.settings = deepcopy(before)  # by hand
        assert at_work(studio, made).restore() == () and not recall(path).has_work
    wrong = differing(studio, before)
    assert all(told(said, who, name) for who, names in wrong.items() for name in names)
    assert not recall(path).has_work
    assert b"whsec" not in path.read_bytes()


@given(EFFECT, st.sampled_from(["PUT", "PATCH"]))
@LAW
def test_what_nothing_puts_back_is_done_to_one_account_only(
    effects: dict[str, str], method: str
) -> None:
    studio = Careless(effects, method)
    before = deepcopy(studio.settings)
    _, found = ready(studio)
    writing(found, method, body=(Media("application/json", Shape(properties=names())),))
    for who in IDS:
        found.flip(who, PRIVATE, not found.identities.states[who, PRIVATE])
        found.undo(who, PRIVATE)
    found.restore()
    assert len(differing(studio, before)) <= 1


def test_a_patch_that_resets_what_it_lacks_is_sent_all() -> None:
    studio = Careless({"hook": "resets", "level": "resets"}, "PATCH")
    before = deepcopy(studio.settings)
    _, found = ready(studio)
    writing(found, "PATCH", body=(Media("application/json", Shape(properties=names())),))
    assert found.flip("ann", PRIVATE, False) and found.flip("bob", PRIVATE, True)
    assert {studio.settings[IDS[who]]["hook"] for who in ("ann", "bob")} == {OTHERS["hook"]}
    assert found.restore() == ()
    assert studio.settings == before


def test_what_nobody_is_shown_is_told_where_it_may_have_been_reset() -> None:
    studio = Careless({"hook": "resets"}, "PATCH")
    _, found = ready(studio)
    more = {**names(), "pin": Shape}
    writing(found, "PATCH", body=(Media("application/json", Shape(properties=more)),))
    assert not found.flip("ann", PRIVATE, False) and not found.flip("bob", PRIVATE, True)
    assert any("`pin`" in each and "of ann" in each for each in found.restore())


def test_what_could_not_be_encrypted_is_not_said_to_be_as_before(tmp_path: Path) -> None:
    made = Journal(tmp_path / "journal", "run-1", TARGET, "digest", resume=False)
    keep_settings(made, Encryption([], "run-1"), "ann", "putSettings", Before({"lang": "en"}))
    (said,) = at_work(Careless({}, "PUT"), made).restore()
    assert "of ann were not compared" in said
    assert recall(tmp_path / "journal").has_work
