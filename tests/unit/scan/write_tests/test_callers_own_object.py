"""Whether a write to another's object could change the caller's own, or did."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import pytest

from oakum.exchange import Response
from oakum.scan.write_tests.callers_own_object import (
    IGNORES,
    UNSURE,
    CallersOwn,
    IdsInWrites,
    ignores_ids,
)

ANN: dict[str, Any] = {"id": "p-1", "email": "ann@mail.example", "motto": "on", "seen_at": "1"}
BOB: dict[str, Any] = {"id": "p-2", "email": "bob@mail.example", "motto": "on", "seen_at": "2"}
PATH = "/profiles/{id}"


def engine(key: str = "id", bobs: int = 1) -> Any:
    rows = [{"id": f"p-{2 + n}"} for n in range(bobs)] * 2
    return SimpleNamespace(
        model=SimpleNamespace(policy=SimpleNamespace(resources={"P": SimpleNamespace(key=key)})),
        knowledge=SimpleNamespace(objects={("bob", "P"): rows}),
        responses=SimpleNamespace(writing_own=set(), ignoring=set()),
        results=SimpleNamespace(remark=lambda *said: None),
        state=SimpleNamespace(probes=[]),
    )


def own(of: Any, sent: dict[str, Any], row: dict[str, Any] | None = BOB) -> CallersOwn:
    view: Any = SimpleNamespace(object=row) if row is not None else None
    return CallersOwn(of, "P", "bob", view, ANN, sent, {"motto": sent.get("motto")})


def probe(method: str = "PUT") -> Any:
    at = SimpleNamespace(method=method, path=PATH)
    return SimpleNamespace(operation=at, endpoint=at, personal={"id"}, id=f"{method} {PATH}")


@pytest.mark.parametrize(
    ("status", "body", "selects"),
    [
        (200, ANN, True), (200, [ANN], True), (200, {"data": BOB}, False), (404, {}, True),
        (403, {}, True), (401, {}, None), (500, {}, None), (200, {"motto": "on"}, None),
        (200, {"id": "p-3"}, None), (200, {"email": "bob@mail.example"}, False),
    ],
)  # fmt: skip
def test_a_read_of_anothers_id_tells_whose_object_it_takes(
    status: int, body: Any, selects: bool | None
) -> None:
    answer = Response(status, {}, json.dumps(body).encode())
    assert own(engine(), {}).selected_by(answer) is selects


def test_what_a_write_would_change_beside_is_what_differs_and_does_not_move_by_itself() -> None:
    assert own(engine(), {**ANN, "motto": "new"}).beside == ("email",)
    assert own(engine(), {"motto": "new"}).beside == ()
    assert own(engine(), {**ANN, "motto": "new"}, None).beside == ()


@pytest.mark.parametrize(("key", "same"), [("id", True), ("", False)])
def test_an_object_of_both_is_told_by_its_key_or_else_by_all_that_it_holds(
    key: str, same: bool
) -> None:
    assert own(engine(key), {}).is_same({**ANN, "id": "p-2"}) is same
    assert own(engine(key), {}).is_same(BOB)
    assert not own(engine(key), {}).is_same(ANN)


@pytest.mark.parametrize(
    ("sent", "bobs", "ours", "why"),
    [
        ({**ANN, "motto": "new"}, 1, False, UNSURE), ({"motto": "new"}, 1, False, ""),
        ({**ANN, "motto": "new"}, 2, False, ""), ({**ANN, "motto": "new"}, 1, True, ""),
    ],
)  # fmt: skip
def test_an_only_object_is_replaced_where_something_tells_that_the_id_selects(
    sent: dict[str, Any], bobs: int, ours: bool, why: str
) -> None:
    of = engine(bobs=bobs)
    ids = IdsInWrites(of)
    assert ids.why_not(probe(), "ann", own(of, sent), ours=ours) == why
    ids.selecting.add(PATH)
    assert ids.why_not(probe(), "ann", own(of, sent), ours=ours) == ""


@pytest.mark.parametrize(("bobs", "why"), [(0, ""), (1, UNSURE), (2, "")])
def test_an_only_object_that_is_not_shown_is_not_replaced(bobs: int, why: str) -> None:
    """It could not be put back; one that is not known of may not be there."""
    of = engine(bobs=bobs)
    put = own(of, {**ANN, "motto": "new"}, None)
    assert IdsInWrites(of).why_not(probe(), "ann", put, ours=False) == why
    patch = own(of, {"motto": "new"}, None)
    assert IdsInWrites(of).why_not(probe(), "ann", patch, ours=False) == ""


def test_an_endpoint_that_ignores_ids_is_not_written_to_as_another() -> None:
    of = engine()
    of.state.probes = [probe("GET")]
    assert not ignores_ids(of, PATH)
    of.responses.ignoring.add(f"GET {PATH}")
    assert ignores_ids(of, PATH)
    assert IdsInWrites(of).why_not(probe(), "ann", own(of, {"motto": "x"}), ours=True) == IGNORES


@pytest.mark.parametrize(
    ("changed", "status", "took", "selects", "ignores"),
    [
        (True, 200, False, False, True), (False, 404, False, True, False),
        (False, 200, True, True, False), (False, 500, False, False, False),
        (False, 200, False, False, False),
    ],
)  # fmt: skip
def test_a_write_that_changed_the_writers_own_is_the_last_one_there(
    changed: bool, status: int, took: bool, selects: bool, ignores: bool
) -> None:
    of, undone = engine(), list[Any]()
    log: Any = SimpleNamespace(undo=undone.append, was_changed=lambda entry: changed)
    ids, entry = IdsInWrites(of), Any
    told = ids.put_back(log, probe(), own(of, {}), entry, status, took=took)  # type: ignore[arg-type]
    assert (told, undone) == (changed, [entry])
    assert (PATH in ids.selecting, ignores_ids(of, PATH)) == (selects, ignores)
