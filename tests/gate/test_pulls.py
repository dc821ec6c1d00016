"""Four pull requests to cadence's own repository, each as the action runs it.

What documents prove is said before anything is deployed; the others are scanned. The scans change
no settings, to be cheap: whole ones are measured in `docs/explanation/gate-against-peers.md`.
"""

from __future__ import annotations

from pathlib import Path

import pytest

import cadence
from tests.gate import pulls
from tests.pipelines.act import Run, github
from tests.work import processor_of_children

SENTENCES = {
    pulls.widens_a_field: (
        "`follower` may now see `birthday` of `Member`, at 6 endpoints",
        "`member` may now see `birthday` of `Member` with private=false, at 6 endpoints",
    ),
    pulls.forgets_a_check: (
        "Any ex follower can read what `private=true` hides in other users' calendars"
        " (`Calendar.active_days.*`) at GET /api/user/{userId}/calendar",
    ),
    pulls.adds_an_endpoint: (
        "`GET /api/user/{userId}/contact` requires no login, and sends `Member`, which strangers"
        " may not see",
    ),
    pulls.only_refactors: (),
}
SCANNED = (pulls.forgets_a_check, pulls.only_refactors)


@pytest.fixture(scope="module")
def origin(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pulls")
    cadence.write_kit(folder / "kit")
    return pulls.repository(folder / "origin", "exit_criteria: {states: false}")


def ran(origin: Path, branch: str, folder: Path, target: str = "") -> Run:
    """The action in a clone of the branch, compared with `main`."""
    clone = pulls.checked_out(origin, branch, folder / "clone")
    identities = str(origin.parent / "kit/identities.yaml")
    return github(
        clone, folder / "runner", {"GITHUB_BASE_REF": "main"}, contract=pulls.CONTRACT,
        target=target, identities=identities, scan_args="--budget 2000 --rate 2000",
    )  # fmt: skip


@pytest.mark.server
@pytest.mark.long
@pytest.mark.parametrize("pull", pulls.PULLS, ids=lambda pull: pull.__name__)
def test_a_pull_request_is_held_for_the_right_reason(
    pull: pulls.Pull, origin: Path, tmp_path: Path
) -> None:
    began = processor_of_children()
    if pull in SCANNED:
        code = pulls.checked_out(origin, pull.__name__, tmp_path / "deployed")
        with pulls.served(code, members=0) as target:
            done = ran(origin, pull.__name__, tmp_path, target)
    else:
        done = ran(origin, pull.__name__, tmp_path)
    assert processor_of_children() - began < 60
    sentences = SENTENCES[pull]
    assert done.code == (1 if sentences else 0), done.log
    for said in sentences:
        assert said in Path(done.outputs["verdict"]).read_text(encoding="utf-8")
    if not sentences:
        assert "✅ This release may ship" in done.summary
        assert "::error" not in done.log
    else:
        assert "❌ This release must not ship" in done.summary
        assert "::error file=cadence/" in done.log
