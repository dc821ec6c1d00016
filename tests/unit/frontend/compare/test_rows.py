"""Rows from documents: which evidence belongs to which viewer, and what absence says."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import cadence
from oakum.authz import compile_contract
from oakum.errors import InputError
from oakum.frontend.compare.contract_grants import ContractGrants
from oakum.frontend.compare.documents import OBSERVATION, USE, distrust, read
from oakum.frontend.compare.rows import ComparedField, compare
from oakum.openapi.model import Json
from oakum.policy.contract import load

CONTRACT = Path(cadence.__file__).with_name("exposure.yaml")


@pytest.fixture(scope="module")
def contract() -> ContractGrants:
    found = load(CONTRACT)
    assert found.policy is not None
    return ContractGrants(compile_contract(found.document, found.policy))


def sent(
    field: str, viewer: str, present: int = 3, endpoint: str = "getUser", **state: str
) -> Json:
    return {"endpoint": endpoint, "resource": "Member", "field": field, "viewer": viewer,
    "state": state,
            "present": present, "of": 3}  # fmt: skip


def used(field: str, viewer: str, use: str, *verdicts: str) -> Json:
    return {"resource": "Member", "viewer": viewer, "field": field, "verdicts": list(verdicts),
            "use": use, "operations": ["getUser"]}  # fmt: skip


def rows(
    contract: ContractGrants, sents: list[Json], uses: list[Json], drift: list[Json]
) -> list[ComparedField]:
    found = compare(contract, {"sent": sents, "drift": drift}, [{"difference": uses}])
    return [row for row in found if row.resource == "Member"]


def of(found: list[ComparedField], field: str, viewer: str) -> ComparedField:
    (row,) = (row for row in found if (row.field, row.viewer) == (field, viewer))
    return row


def test_pages_and_traffic_meet_at_the_same_viewer(contract: ContractGrants) -> None:
    """A page is sent to somebody of whom only what they surely are is known."""
    uses = [used("username", "anyone", "rendered"), used("age", "owner", "untouched", "excess")]
    found = rows(contract, [sent("username", "anyone or more"), sent("age", "owner")], uses, [])
    assert of(found, "username", "anyone or more").use == "rendered"
    assert of(found, "username", "anyone or more").verdict == "unknown"  # they may be blocked
    age = of(found, "age", "owner")
    assert (age.verdict, age.change.text) == ("excess", "age: []")
    assert of(found, "age", "member").verdict == "unknown"
    # Whoever the contract names and nobody has met has a row as well.
    assert {row.viewer for row in found} >= {"anyone or more", "owner", "member", "follower"}


def test_what_was_judged_with_the_answer_at_hand_is_a_leak_though_the_name_leaves_it_open(
    contract: ContractGrants,
) -> None:
    drift = {"resource": "Member", "field": "location", "viewer": "anyone", "endpoint": "getUser",
             "state": {}, "seen": 2}  # fmt: skip
    found = rows(contract, [sent("location", "anyone or more")], [], [])
    assert of(found, "location", "anyone or more").verdict == "unknown"
    found = rows(contract, [sent("location", "anyone or more")], [], [drift])
    assert of(found, "location", "anyone or more").verdict == "leak"
    found = rows(contract, [], [used("weight", "anyone", "rendered", "leak", "narrow")], [])
    assert of(found, "weight", "anyone or more").verdict == "narrow"
    # The contract as it is now counts: what it grants by now is no leak, whatever was judged.
    drift |= {"field": "username", "viewer": "member"}
    found = rows(contract, [sent("username", "member")], [], [drift])
    assert of(found, "username", "member").verdict == "unknown"


def test_the_state_decides_and_fine_needs_the_closed_one_too(contract: ContractGrants) -> None:
    told = [sent("location", "member", private="false"), sent("id", "member", private="false")]
    assert of(rows(contract, told, [], []), "location", "member").verdict == "unknown"
    kept = [*told, sent("id", "member", private="true")]
    assert of(rows(contract, kept, [], []), "location", "member").verdict == "unknown"  # no use
    shut = [*kept, sent("location", "member", private="true")]
    leak = of(rows(contract, shut, [], []), "location", "member")
    assert (leak.verdict, leak.why) == ("leak", "sent 3 times while private")
    assert CONTRACT.read_text().splitlines()[leak.line.line - 1].strip() == "location:"
    assert leak.says.startswith("shown to owner")
    # Denied always, and kept back by an endpoint that sends it to its owner.
    denied = [sent("weight", "owner"), sent("id", "owner"), sent("id", "member")]
    assert of(rows(contract, denied, [], []), "weight", "member").verdict == "fine"
    elsewhere = [*denied[:2], sent("id", "member", endpoint="searchUsers")]
    assert of(rows(contract, elsewhere, [], []), "weight", "member").verdict == "unknown"


def test_what_is_granted_and_in_no_object_makes_the_contract_too_wide(
    contract: ContractGrants,
) -> None:
    found = rows(contract, [sent("id", "owner")], [], [])
    assert of(found, "age", "owner").verdict == "wide"
    assert of(found, "age", "owner").why == "granted, and in none of 3 objects that were sent"
    # Who asks GraphQL chooses the fields: what is not there was not asked for.
    graph = rows(contract, [sent("id", "owner", endpoint="graphql")], [], [])
    assert of(graph, "age", "owner").verdict == "unknown"


def test_what_cannot_be_compared_is_refused_with_what_to_give() -> None:
    for data, schema, what in (
        (b"{", OBSERVATION, "is not JSON"),
        (b'{"schema": "oakum.use/2"}', OBSERVATION, "is not a document of `oakum.observation/2`"),
        (b'{"schema": "oakum.use/2"}', USE, "has no `endpoints`"),
        (
            b'{"schema": "oakum.use/2", "endpoints": [], "discarded": []}',
            USE,
            "was not compared with",
        ),
    ):
        with pytest.raises(InputError, match=what) as raised:
            read(data, "a.json", schema)
        assert "give what `oakum observe" in str(raised.value)


def test_a_document_that_was_written_over_is_told_with_its_place() -> None:
    observation = {"schema": OBSERVATION, "against": "", "trustworthy": True, "distrust": [],
                   "sent": [sent("age", "owner")], "drift": []}  # fmt: skip
    use = {"schema": USE, "endpoints": [], "discarded": [],
           "difference": [used("age", "owner", "read")]}  # fmt: skip
    for made, member, wrong in (
        (observation, "present", "three"), (observation, "of", True), (observation, "state", []),
        (observation, "viewer", None), (use, "use", "eaten"), (use, "operations", "getUser"),
    ):  # fmt: skip
        text = json.dumps(made).encode()
        assert read(text, "a.json", str(made["schema"]))
        rows = made["sent"] if made is observation else made["difference"]
        broken = json.loads(json.dumps(rows))
        broken[0][member] = wrong
        data = json.dumps(made | {"sent" if made is observation else "difference": broken})
        with pytest.raises(InputError, match=r"a\.json:1:\d+: "):
            read(data.encode(), "a.json", str(made["schema"]))


def test_what_holds_nothing_of_the_contract_is_not_to_be_trusted() -> None:
    observation = {"distrust": ["`a` is cut off"], "sent": []}
    use = {"discarded": [{"drive": "--page 1", "why": "looks otherwise"}], "difference": []}
    said = [*distrust(observation, "o.json", [("u.json", use)], ["Member"])]
    assert [each.split(":")[0] for each in said] == [
        "`o.json`",
        "`o.json` contains no object of the contract",
        "`u.json`",
        "`u.json` contains no object of the contract",
    ]
