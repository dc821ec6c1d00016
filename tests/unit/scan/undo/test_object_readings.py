"""Only a response that has shown an object tells that it is gone."""

from __future__ import annotations

from dataclasses import replace

import pytest

from oakum.exchange import Request, Response
from oakum.scan.undo.entries import as_json, from_json
from tests.unit.scan.undo.test_undo_log import MADE, Market, undo_log

KNOWN = replace(MADE, known="s1")


class Hiding(Market):
    """Its list shows the first stall alone; `blind`: its signs are shown to nobody."""

    def __init__(self, signs: list[str], *, blind: bool = False, deletes: bool = True) -> None:
        super().__init__(signs, deletes=deletes)
        self.blind = blind

    def __call__(self, viewer: str | None, request: Request, /) -> Response:
        if request.method == "GET" and request.url.endswith("/stalls"):
            return self.reply([{"id": "s0", "sign": "wool"}])
        return super().__call__(viewer, request)


def test_a_list_that_never_showed_it_does_not_tell_that_it_is_gone() -> None:
    market = Hiding(["wool", MADE.mark], deletes=False)
    log, _ = undo_log(market)
    made = replace(KNOWN, look=None)
    log.enter(made)
    assert log.shows(made) is None and not log.is_gone(made, "s1")
    assert log.restore() != ()


def test_an_endpoint_that_has_shown_it_tells_that_it_is_gone() -> None:
    market = Hiding(["wool", MADE.mark])
    log, _ = undo_log(market)
    log.enter(KNOWN)
    assert log.shows(KNOWN) is True and not log.is_gone(KNOWN, "s1")
    del market.stalls["s1"]
    assert log.shows(KNOWN) is False and log.is_gone(KNOWN, "s1")


@pytest.mark.parametrize("status", [401, 403, 429, 500])
def test_what_is_refused_is_not_gone(status: int) -> None:
    class Refusing(Hiding):
        def __call__(self, viewer: str | None, request: Request, /) -> Response:
            if request.url.endswith("/s1") and self.blind:
                return self.reply(None, status)
            return super().__call__(viewer, request)

    market = Refusing(["wool", MADE.mark])
    log, _ = undo_log(market)
    log.enter(KNOWN)
    assert log.shows(KNOWN)
    market.blind = True
    assert not log.is_gone(KNOWN, "s1")


def test_all_who_were_shown_it_are_asked() -> None:
    class Anns(Market):
        def __call__(self, viewer: str | None, request: Request, /) -> Response:
            mine = viewer == "bob" or request.method != "GET"
            return super().__call__(viewer, request) if mine else self.reply(None, 404)

    market = Anns(["wool", MADE.mark])
    log, _ = undo_log(market)
    log.enter(KNOWN)
    assert log.shows(replace(KNOWN, who="bob"))
    assert not log.is_gone(KNOWN, "s1")
    del market.stalls["s1"]
    assert log.is_gone(KNOWN, "s1")


def test_the_lists_tell_whether_they_were_read_whole() -> None:
    log, _ = undo_log(Market(["wool", "rope"]))
    assert log.listed(replace(MADE, turns=((),))) == (frozenset({"s0", "s1"}), True)
    assert log.listed(replace(MADE, find=(), turns=())) == (frozenset(), False)


@pytest.mark.parametrize("may", ["ann", "bob", "cat", ""])
def test_whoever_may_by_the_contract_is_asked_after_the_maker_and_the_owner(may: str) -> None:
    asked: list[str | None] = []

    class Guarded(Market):
        def __call__(self, viewer: str | None, request: Request, /) -> Response:
            if request.method == "DELETE":
                asked.append(viewer)
                if viewer != may:
                    return self.reply(None, 403)
            return super().__call__(viewer, request)

    market = Guarded(["wool", MADE.mark])
    log, _ = undo_log(market, replace(KNOWN, remover="bob", others=("cat",)))
    order = ["bob", "ann", "cat"]
    assert (log.restore() == ()) is bool(may)
    assert asked == (order[: order.index(may) + 1] if may else order)


def test_what_tells_it_by_its_key_goes_through_the_journal() -> None:
    made = replace(KNOWN, unmarked=True, row={"id": "s1"}, others=("cat",))
    assert from_json(as_json(made)) == made


class Failing(Market):
    """Fails over a stall that it does not have; `every`: over those that it has, too."""

    def __init__(self) -> None:
        super().__init__(["wool", MADE.mark])
        self.every = False

    def __call__(self, viewer: str | None, request: Request, /) -> Response:
        key = request.url.rpartition("/")[2]
        alone = request.method == "GET" and key != "stalls"
        if alone and (self.every or key not in self.stalls):
            return self.reply(None, 500)
        return super().__call__(viewer, request)


@pytest.mark.parametrize("every", [False, True])
@pytest.mark.parametrize("older", [frozenset[str](), frozenset({"s0"})])
def test_a_failure_tells_it_only_beside_another_that_is_shown(
    every: bool, older: frozenset[str]
) -> None:
    market = Failing()
    log, _ = undo_log(market)
    made = replace(KNOWN, older=older)
    log.enter(made)
    assert log.shows(made) is True
    del market.stalls["s1"]
    market.every = every
    assert log.is_gone(made, "s1") is (bool(older) and not every)


def test_an_answer_that_is_cut_tells_nothing() -> None:
    class Cutting(Market):
        def __call__(self, viewer: str | None, request: Request, /) -> Response:
            return replace(super().__call__(viewer, request), truncated="s1" not in self.stalls)

    market = Cutting(["wool", MADE.mark])
    log, _ = undo_log(market)
    log.enter(KNOWN)
    assert log.shows(KNOWN) is True
    del market.stalls["s1"]
    assert not log.is_gone(KNOWN, "s1")
