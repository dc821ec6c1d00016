"""What a killed run has left is put back by itself, or said to be left."""

from __future__ import annotations

import json

import pytest

from oakum.errors import InputError, TargetError
from oakum.exchange import Exchange, Request, Response
from oakum.scan.journal import Journal, recall
from oakum.scan.options import Options
from oakum.scan.restore_command import Restoration, restore
from oakum.scan.undo.encryption import Encryption
from oakum.scan.undo.entries import Undo, as_json
from oakum.scan.undo.setting_change import SettingChange
from tests.unit.scan.studio import IDS, POLICY, TARGET, Run, Studio, reply
from tests.unit.scan.test_run import Desk, desk, flipped

__all__ = ["desk"]

ANN = IDS["ann"]
SAID = "`Settings.private` of ann, `true`"


def restored(desk: Desk, target: str = TARGET) -> Restoration:
    options = Options(
        desk.folder / "exposure.yaml", target, desk.folder / "identities.yaml",
        rate=1e6, journal=desk.folder / "journal",
    )  # fmt: skip
    desk.sent.clear()
    return restore(options, desk.events.append)


def test_a_setting_is_put_back_and_nothing_else_is_asked_for(desk: Desk) -> None:
    flipped(desk, desk.folder / "journal")
    done = restored(desk)
    assert (done.back, done.left, done.whole) == ((SAID,), (), True)
    assert desk.studio.settings[ANN] == {"is_private": True, "theme": "theme-of-ann"}
    assert [each.method for each in desk.sent].count("PUT") == 1
    assert not any("/.well-known/" in each.url for each in desk.sent)
    last = [each for each in desk.sent if each.url.endswith("/settings")][-1]
    assert last.method == "GET"  # it was read back


def test_without_a_journal_it_is_said_what_is_missing(desk: Desk) -> None:
    options = Options(desk.folder / "exposure.yaml", TARGET, desk.folder / "identities.yaml")
    with pytest.raises(InputError) as raised:
        restore(options, desk.events.append)
    assert str(raised.value).startswith("journal: ")
    assert desk.sent == []


def test_a_second_time_there_is_nothing_to_do_and_nothing_is_asked(desk: Desk) -> None:
    flipped(desk, desk.folder / "journal")
    restored(desk)
    done = restored(desk)
    assert (done.back, done.left, done.whole, desk.sent) == ((), (), True, [])


def test_what_was_never_changed_is_only_read(desk: Desk) -> None:
    flipped(desk, desk.folder / "journal")
    desk.studio.settings[ANN]["is_private"] = True
    assert restored(desk).whole
    assert {each.method for each in desk.sent} == {"GET"}


@pytest.mark.parametrize("theirs", ["friends", "nobody"])
def test_a_setting_that_somebody_has_set_since_is_left_and_told(desk: Desk, theirs: str) -> None:
    flipped(desk, desk.folder / "journal")
    desk.studio.settings[ANN]["is_private"] = theirs
    done = restored(desk)
    assert (done.left, done.whole) == ((SAID,), False)
    assert any("neither the one before nor the one that the run wrote" in e for e in done.reasons)
    assert desk.studio.settings[ANN]["is_private"] == theirs
    assert "PUT" not in {each.method for each in desk.sent}


def test_a_setting_that_is_shown_nowhere_is_left_and_told(desk: Desk) -> None:
    flipped(desk, desk.folder / "journal")
    desk.before = lambda request, number: (
        reply({"theme": "x"}) if request.url.endswith("/settings") else None
    )
    assert restored(desk).left == (SAID,)
    assert "PUT" not in {each.method for each in desk.sent}


def test_what_the_owner_has_written_since_is_not_written_over(sealing: Desk) -> None:
    write(sealing, [])
    sealing.studio.settings[ANN]["theme"] = "typed by ann"
    done = restored(sealing)
    assert (done.left, done.whole) == (("`Settings` of ann (theme)",), False)
    assert sealing.studio.settings[ANN]["theme"] == "typed by ann"


def test_what_the_api_refuses_is_left_and_put_back_later(desk: Desk) -> None:
    flipped(desk, desk.folder / "journal")
    desk.before = lambda request, number: reply(None, 400) if request.method == "PUT" else None
    done = restored(desk)
    assert (done.back, done.left, done.whole) == ((), (SAID,), False)
    assert any("could not be restored" in each for each in done.reasons)
    desk.before = lambda request, number: None
    assert restored(desk).back == (SAID,)
    assert desk.studio.settings[ANN]["is_private"] is True


def test_a_target_that_is_away_leaves_everything_as_the_journal_has_it(desk: Desk) -> None:
    def down(request: Request, number: int) -> Response | None:
        raise TargetError("nothing listens")

    flipped(desk, desk.folder / "journal")
    desk.before = down
    done = restored(desk)
    assert (done.left, done.reasons) == ((SAID,), ("nothing listens",))
    assert len(recall(desk.folder / "journal").pending) == 1


def test_a_journal_of_another_target_is_refused_and_of_another_contract_is_not(
    desk: Desk,
) -> None:
    flipped(desk, desk.folder / "journal")
    with pytest.raises(InputError, match=f"another target or contract; it is of `{TARGET}`"):
        restored(desk, "http://elsewhere.test")
    assert desk.sent == []
    (desk.folder / "exposure.yaml").write_text(POLICY + "\n# changed\n")
    assert restored(desk).whole


def test_lines_about_answers_are_in_nobodys_way(desk: Desk) -> None:
    flipped(desk, desk.folder / "journal")
    with (desk.folder / "journal").open("ab") as file:
        file.write(b'{"outcome": {"of": "another version"}}\n')
    assert restored(desk).whole


def write(desk: Desk, secrets: list[str]) -> None:
    """As a run leaves things that is killed after a write of its own."""
    path = desk.folder / "journal"
    scan = desk.scan(journal=path)
    made = Journal(path, scan.run, TARGET, scan.prepared.digest(), resume=False)
    url = f"{TARGET}/people/{ANN}/settings"
    body = json.dumps({"is_private": True, "theme": "theme-of-ann"}).encode()
    back = Request("PUT", url, {"content-type": "application/json"}, body)
    undo = Undo(
        "`Settings` of ann (theme)", (("ann", back),), ("ann", Request("GET", url)),
        '[{"theme":"theme-of-ann"}]', ("theme",), sent='{"theme":"oakum-1234"}',
    )  # fmt: skip
    seal = Encryption(secrets or scan.prepared.identities.secrets(), scan.run)
    made.undo("undo", undo.name, seal.close(as_json(undo)))
    made.close()
    desk.studio.settings[ANN]["theme"] = "oakum-1234"


@pytest.fixture
def sealing(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Desk:
    monkeypatch.setenv("ANN_KEY", "a-key-of-ann")
    file = desk.folder / "identities.yaml"
    keyed = 'ann: {header: ["X-Who: ann", "X-Key: $KEY"], KEY: {env: ANN_KEY}}'
    file.write_text(file.read_text().replace('ann: {header: "X-Who: ann"}', keyed))
    return desk


def test_a_write_is_undone_by_what_the_journal_has_sealed(sealing: Desk) -> None:
    write(sealing, [])
    assert b"theme-of-ann" not in (sealing.folder / "journal").read_bytes()
    done = restored(sealing)
    assert (done.back, done.left) == (("`Settings` of ann (theme)",), ())
    assert sealing.studio.settings[ANN]["theme"] == "theme-of-ann"


def test_what_other_credentials_have_sealed_is_left_and_told(sealing: Desk) -> None:
    write(sealing, ["another secret"])
    done = restored(sealing)
    assert done.left == ("`Settings` of ann (theme)",)
    assert any("other credentials" in each for each in done.reasons)


def test_a_new_run_does_not_forget_what_is_still_to_be_undone(sealing: Desk) -> None:
    write(sealing, [])
    with pytest.raises(
        InputError, match=r"has not undone `Settings` of ann .*`oakum scan --restore`"
    ):
        sealing.scan(journal=sealing.folder / "journal")


def test_values_of_people_are_not_told(desk: Desk) -> None:
    path = desk.folder / "journal"
    scan = desk.scan(journal=path)
    made = Journal(path, scan.run, TARGET, scan.prepared.digest(), resume=False)
    made.flip("flip", SettingChange("ann", "Person.phone", "+49-555", "+49-556", secret=True))
    made.flip("flip", SettingChange("bob", "follower of ann", True, False))
    made.undo("undo", "oakum-1", Encryption(["x"], scan.run).close({}))
    made.close()
    done = restored(desk)
    assert done.back == ("bob, follower of ann",)
    assert set(done.left) == {
        "`Person.phone` of ann, its old value",
        "the account oakum-1 that the run created",
    }


@pytest.mark.parametrize("left", [True, False])
def test_the_object_that_a_killed_run_has_written_is_found_again(left: bool) -> None:
    """A post's address holds its id, which nobody knows before its author's list is asked."""
    run = Run(Studio())
    me = [
        ("getMe", name, Exchange(Request("GET", f"{TARGET}/me"), run.studio.getMe(name, "", None)))
        for name in run.identities.names()
    ]
    flip = SettingChange("ann", "Post.text", "before", "after")
    run.scheduler.introduce(me, [flip] if left else [])
    assert bool(run.knowledge.values("Post.id", "ann")) is left
