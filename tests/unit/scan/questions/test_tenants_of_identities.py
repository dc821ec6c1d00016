"""Lists below tenants: which they are, and in whose tenants they are requested."""

from __future__ import annotations

from pathlib import Path

import pytest

from oakum.errors import ExitCode
from oakum.scan.options import Options
from oakum.scan.preparation import Preparation, prepare
from oakum.scan.questions.tenants_of_identities import is_below
from tests.scan.servers import Call, Reply
from tests.scan.verdicts import NAMES, logged_in, path, schema, told, write

SHAPES = schema("Club", id="string") + schema("Song", id="string", user_id="string", text="string")
PATHS = path("/clubs", "listClubs", "Club", many=True) + path(
    "/clubs/{club}/songs", "listSongs", "Song", many=True
)
POLICY = """\
  Club: {key: id, owner: none, fields: {id: [{see: [member]}]}}
  Song: {key: id, owner: user_id, fields: {"id, user_id, text": [{see: [owner]}]}}
operations:
  listSongs: {params: {club: Club.id}}
"""


def prepared(folder: Path, policy: str = POLICY) -> Preparation:
    write(folder, SHAPES, PATHS, policy)
    return prepare(
        Options(folder / "exposure.yaml", "http://127.0.0.1:9", folder / "identities.yaml")
    )


@pytest.mark.parametrize(
    ("policy", "operation", "source", "below"),
    [
        (POLICY, "listSongs", "Club.id", True),
        (POLICY, "listClubs", "Club.id", False),
        (POLICY, "listSongs", "Song.id", False),
        (POLICY, "listSongs", "Gone.id", False),
        (POLICY.replace("see: [owner]", "see: [anyone]"), "listSongs", "Club.id", False),
    ],
)
def test_an_endpoint_below_a_tenant_shows_what_not_everybody_may_see(
    tmp_path: Path, policy: str, operation: str, source: str, below: bool
) -> None:
    made = prepared(tmp_path, policy)
    (probe,) = (each for each in made.probes if each.id == operation)
    assert is_below(made.model, probe, source) is below


@pytest.mark.server
@pytest.mark.parametrize("leak", [False, True])
def test_a_list_is_requested_in_the_tenants_of_each_identity(tmp_path: Path, leak: bool) -> None:
    """Each has clubs of their own; the last one of cat's is open."""
    clubs = {f"club-{who}-{n}": who for who in NAMES for n in (1, 2)}
    asked = set[tuple[str, str]]()

    def answer(who: str, call: Call) -> Reply:
        if call.path == "/clubs":
            return Reply(200, [{"id": club} for club, owner in clubs.items() if owner == who])
        club = call.path.split("/")[2]
        asked.add((who, club))
        owner = clubs.get(club, "")
        if not owner or (owner != who and not (leak and club == "club-cat-2")):
            return Reply(404, {"error": "no such club"})
        text = f"verses of {club}, no. 5513"
        return Reply(200, [{"id": f"s-{club}", "user_id": NAMES[owner], "text": text}])

    run = told(tmp_path, SHAPES, PATHS, POLICY, logged_in(answer))
    assert {(owner, club) for club, owner in clubs.items()} <= asked
    assert run.proven >= ({("Song.text", "member")} if leak else set())
    assert run.code is (ExitCode.FINDINGS if leak else ExitCode.CLEAN)
