"""What a self-test is made of: the draw, the leaks, the harmless changes, the sum."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oakum.authz import Call, Model, compile_contract, project
from oakum.contract_diff import changes, compare
from oakum.errors import ExitCode
from oakum.exchange import Request, Response
from oakum.exposure.known_identities import KnownIdentities
from oakum.finding import Endpoint
from oakum.openapi.model import Json
from oakum.policy.contract import load
from oakum_selftest.harmless import CHANGES, PERSONAL, Change
from oakum_selftest.mutant import Kind, Mutant, drawn, of_cells
from oakum_selftest.reveal import Seeded
from oakum_selftest.rules import shows_more, widened
from oakum_selftest.tally import Calm, Fate, Tally, Trial, document, interval
from tests.gate.club import ENDPOINT, cells, written
from tests.gate.healthy import PEOPLE, api
from tests.scan.servers import Call as Asked

KEYS = {"ann": "key-of-ann", "bob": "key-of-bob"}


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Model:
    found = load(written(tmp_path_factory.mktemp("club")))
    assert found.policy is not None
    return compile_contract(found.document, found.policy)


@pytest.fixture
def identities(model: Model) -> KnownIdentities:
    states: dict[tuple[str, str], Json] = {
        ("ann", "Member.private"): False, ("bob", "Member.private"): True,
    }  # fmt: skip
    ids = {"ann": frozenset({"m-4711"}), "bob": frozenset({"m-4712"})}
    return KnownIdentities(model.policy, ids, {}, {}, states)


def ask(viewer: str | None, request: Request) -> Response:
    """The healthy club, in memory."""
    headers = {"x-key": KEYS[viewer]} if viewer else {}
    path = request.url.removeprefix("http://club.test")
    reply = api(Asked(request.method, path, {}, headers, b""))
    body = json.dumps(reply.body).encode()
    return Response(reply.status, {"content-type": "application/json"}, body)


def answers(
    leak: Mutant, model: Model, identities: KnownIdentities
) -> list[tuple[str | None, str, Response]]:
    """Who asked for whom, and what the club with this leak answered."""
    seeded = Seeded(leak, model, identities, ask)
    found = []
    for viewer in (None, "ann", "bob"):
        for each in PEOPLE.values():
            request = Request("GET", f"http://club.test/members/{each['id']}")
            answer = seeded.answer(viewer, request, ask(viewer, request))
            found.append((viewer, str(each["id"]), answer))
    return found


# --------------------------------------------------------------------------- leaks


def test_a_leak_shows_what_the_contract_withholds_and_nothing_is_withheld_without_one(
    model: Model, identities: KnownIdentities
) -> None:
    """The law of seeding: an answer was altered exactly if `project` would cut it."""
    tried = set()
    for leak in of_cells(cells(), model, {}):
        for viewer, id, answer in answers(leak, model, identities):
            healthy = ask(viewer, Request("GET", f"http://club.test/members/{id}"))
            call = Call("getMember", {"id": id}, answer.status)
            cut = project(model, identities.principal(viewer), call, answer.body)
            if answer == healthy:
                assert answer.status >= 400 or not cut.withheld
            else:
                tried.add(leak.kind)
                assert cut.withheld or cut.body is None or leak.field == "header", leak
    assert tried == {"field", "check", "switch", "endpoint", "extra"}


def test_a_field_is_un_hidden_for_the_kind_of_viewer_and_the_state_that_it_is_about(
    model: Model, identities: KnownIdentities
) -> None:
    leak = Mutant("field", ENDPOINT, "member", "Member", "city", (("private", "true"),))
    shown = {
        (viewer, id)
        for viewer, id, answer in answers(leak, model, identities)
        if b"Bremen" in answer.body
    }
    assert shown == {("bob", "m-4712"), ("ann", "m-4712")}


def test_answers_at_other_endpoints_are_left_alone(
    model: Model, identities: KnownIdentities
) -> None:
    seeded = Seeded(Mutant("check", ENDPOINT, "member", "Member"), model, identities, ask)
    request = Request("GET", "http://club.test/me")
    healthy = ask("ann", request)
    assert seeded.answer("ann", request, healthy) is healthy
    assert (seeded.met, seeded.altered) == (0, 0)


@given(st.integers(), st.permutations(range(12)))
def test_a_draw_holds_each_leak_once_and_takes_turns(seed: int, order: list[int]) -> None:
    kinds: tuple[Kind, ...] = ("field", "check", "endpoint")
    space = [Mutant(kinds[n % 3], Endpoint("GET", f"/{n % 4}", str(n % 4)), field=str(n))
             for n in sorted(order)]  # fmt: skip
    found = list(drawn(space, seed))
    assert sorted(found, key=repr) == sorted(space, key=repr)
    assert found == list(drawn(space, seed))
    for at in range(0, len(found), 3):
        assert len({each.kind for each in found[at : at + 3]}) == 3


# --------------------------------------------------------------------------- rules


def test_a_wider_rule_shows_more_exactly_where_the_comparison_says_so(
    model: Model, tmp_path: Path
) -> None:
    """Two ways to tell: walking through every caller, and comparing the contracts."""
    found = load(written(tmp_path)).document
    told = {True: 0, False: 0}
    for wider in widened(model.policy):
        after = compile_contract(found, wider.policy)
        said = any(
            each.widens for each in changes(compare(model, after), found.locate, found.locate)
        )
        more = shows_more(model, after)
        told[more] += 1
        assert said or not more, wider.mutant.sentence
    assert all(told.values())


# --------------------------------------------------------------------------- harmless changes

plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=12,
)
SAME = ("members reordered", "white space", "letters escaped", "new headers")


@given(plain, st.sampled_from(SAME), st.integers(0, 99))
def test_a_change_of_form_keeps_the_value(value: Json, name: str, seed: int) -> None:
    body = json.dumps(value, ensure_ascii=False).encode()
    answer = Response(200, {"content-type": "application/json"}, body)
    changed = Change(name, seed, _NO_MODEL).answer(answer)
    assert json.loads(changed.body) == value


@given(st.lists(st.uuids(version=4).map(str), min_size=1, unique=True), st.integers(0, 99))
def test_ids_are_issued_anew_one_for_one_and_understood_again(ids: list[str], seed: int) -> None:
    change = Change("ids re-issued", seed, _NO_MODEL)
    body = json.dumps([{"id": each, "of": each} for each in ids]).encode()
    answer = Response(200, {"content-type": "application/json"}, body)
    now = json.loads(change.answer(answer).body)

    assert all(row["id"] == row["of"] for row in now)
    assert len({row["id"] for row in now}) == len(ids)
    assert not {row["id"] for row in now} & set(ids)
    for row, before in zip(now, ids, strict=True):
        asked = Request("GET", f"http://club.test/members/{row['id']}?with={row['of']}")
        assert change.request(asked).url == f"http://club.test/members/{before}?with={before}"


@pytest.mark.parametrize("name", [*CHANGES, *PERSONAL])
def test_no_harmless_change_shows_anybody_more(
    name: str, model: Model, identities: KnownIdentities
) -> None:
    change = Change(name, 1, model)
    for viewer in (None, "ann", "bob"):
        for each in PEOPLE.values():
            request = Request("GET", f"http://club.test/members/{each['id']}")
            answer = change.answer_to(
                viewer, request, change.answer(ask(viewer, request)), identities
            )
            if answer.status == 200:
                call = Call("getMember", {"id": str(each["id"])})
                cut = project(model, identities.principal(viewer), call, answer.body)
                body = json.loads(answer.body)
                assert all(_at(body, pointer) is None for pointer in cut.withheld)


def _at(body: Any, pointer: str) -> Json:
    return body.get(pointer[1:])


class _Policy:
    class _One:
        key = "id"
        owner = type("Owner", (), {"members": ("id",)})

    resources = {"Member": _One}


_NO_MODEL: Any = type("Named", (), {"policy": _Policy})

# --------------------------------------------------------------------------- the sum


def tally(fates: str, alarms: str = "", wanted: int = 4, **more: Any) -> Tally:
    said: dict[str, Fate] = {"c": "caught", "m": "missed", "n": "not seeded"}
    trials = [Trial(Mutant("check", ENDPOINT, "member"), said[each]) for each in fates]
    calms = [Calm("white space", n, int(e != "0"), "red" if e == "!" else "")
             for n, e in enumerate(alarms)]  # fmt: skip
    return Tally(tuple(trials), tuple(calms), wanted, 0.75, 1, **more)


@pytest.mark.parametrize(
    ("made", "code"),
    [
        (lambda: tally("cccc", ".."), ExitCode.CLEAN),
        (lambda: tally("cccmn"), ExitCode.CLEAN),
        (lambda: tally("ccmm"), ExitCode.FINDINGS),
        (lambda: tally("cccc", ".!"), ExitCode.FINDINGS),
        (lambda: tally("ccc"), ExitCode.NOT_TRUSTWORTHY),
        (lambda: tally("cccn"), ExitCode.NOT_TRUSTWORTHY),
        (lambda: tally("cccc", "00"), ExitCode.NOT_TRUSTWORTHY),
        (lambda: tally("cccc", broken="interrupted"), ExitCode.NOT_TRUSTWORTHY),
        (lambda: tally("", wanted=0, broken="no"), ExitCode.NOT_TRUSTWORTHY),
    ],
)
def test_only_a_whole_self_test_is_green(made: Callable[[], Tally], code: ExitCode) -> None:
    assert made().exit_code is code
    assert document(made(), "exposure.yaml")["exit"] == int(code)


def test_the_interval_is_that_of_wilson() -> None:
    assert interval(0, 0) == (0.0, 1.0)
    low, high = interval(197, 200)
    assert (round(low, 4), round(high, 4)) == (0.9568, 0.9949)
