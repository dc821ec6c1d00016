"""Worse evidence never shows more: look-ups, over the reference and the Lua runtime."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random
from typing import Any

import pytest
from hypothesis import given

from oakum.policy.contract import load
from tests import quick_yaml
from tests.conformance.exchange_lua import WORKERS, LuaGuard
from tests.conformance.exchange_python import PythonGuard
from tests.conformance.exchanges import FOLDER, Case, Request, Setup
from tests.properties.pool import SEEDED, SEEDS

Said = dict[str, Any]
PAGINGS: dict[str, list[Said]] = {
    "none": [],
    "limit": [{"name": "limit", "in": "query", "schema": {"type": "integer", "maximum": 3}}],
    "page": [{"name": "page", "in": "query", "schema": {"type": "integer"}}],
}
IDS = ("ann", "bob", "cy", "anna", "7", "42", "x-1")


@dataclass(repr=False)
class Club:
    """One contract and both guards of it; what they believe is forgotten by the clock."""

    setup: Setup
    guards: list[Any]
    paging: str

    def shown(self, who: str, answers: Said) -> list[frozenset[str]]:
        """What each guard shows of bob's workout to somebody."""
        query = "?limit=3" if self.paging == "limit" else ""
        about = {"blocked": f"blocked{query}", "followers": "followers?limit=3"}
        script = [
            {"request": {"target": f"/members/{id}/{about.get(kind, kind)}"}, "answer": said}
            for kind, said in answers.items()
            for id in (("bob", who) if kind == "blocked" else ("bob",))
        ]
        me = {"request": {"target": "/me"}, "answer": {"body": json.dumps({"id": who})}}
        kept = self.setup.upstream.script[:]
        self.setup.upstream.script[:0] = [me, *script]
        request = Request("GET", "/workouts/w2", (("cookie", f"sid={who}"),))
        found = []
        for guard in self.guards:
            self.setup.clock.now += 1e5
            got = guard.exchange(request).response
            found.append(frozenset(json.loads(got.body)) if got.status == 200 else frozenset())
        self.setup.upstream.script[:] = kept
        return found


@pytest.fixture(scope="module")
def clubs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[tuple[str, ...], Club]]:
    made: dict[tuple[str, ...], Club] = {}
    for paging, counts, missing, of in (
        ("none", "", "", "owner"), ("none", "/total", "closed", "owner"),
        ("none", "", "open", "caller"), ("limit", "", "open", "owner"),
        ("limit", "/total", "", "caller"), ("page", "", "closed", "owner"),
        ("page", "/total", "open", "owner"),
    ):  # fmt: skip
        folder = tmp_path_factory.mktemp("club")
        setup = _case(counts, missing, of).setup(folder)
        text = quick_yaml.load((folder / "openapi.yaml").read_text())
        text["paths"]["/members/{id}/blocked"]["get"]["parameters"] = PAGINGS[paging]
        (folder / "openapi.yaml").write_text(json.dumps(text))
        setup = Setup(load(folder / "exposure.yaml"), folder, setup.upstream, setup.clock, {})
        guards = [PythonGuard(setup), LuaGuard(setup, str(folder / "state"), worker=WORKERS.next())]
        made[paging, counts, missing, of] = Club(setup, guards, paging)
    yield made


def _case(counts: str, missing: str, of: str) -> Case:
    """The club, with fields that hang on what gives, on what takes away, and on a setting."""
    private: Said = {"of": "Settings.private", "missing": missing == "closed" if missing else None}
    policy: Said = {
        "relations": {
            "blocked": {"of": of},
            "guest": {"authenticated": True, "unless": ["blocked"]},
            "fan": {"in": "listFollowers", "id": "/data/*/id"},
        },
        "resources": {
            "Settings": {"states": {"private": {"missing": private["missing"]}}},
            "Workout": {
                "states": {"private": private},
                "fields": {
                    "id, user_id": [{"see": ["member"]}],
                    "watts": [{"see": ["guest"], "when": {"private": False}}, {"see": ["fan"]}],
                    "note": [{"see": ["guest"]}, {"see": ["fan"], "when": {"private": True}}],
                },
            },
        },
        "operations": {"listBlocked": {"counts": [counts]}} if counts else {},
    }
    base = quick_yaml.load((FOLDER / "contracts" / "club.yaml").read_text())["policy"]
    del base["resources"]["Workout"]["fields"]
    said = {"policy": policy}
    return Case("drawn", "drawn", said, {"contract": "club.yaml"})


# ------------------------------------------------------------ answers, and how they get worse


_SIGNS: tuple[tuple[str, Any], ...] = (
    ("next", "c"), ("next_cursor", "c"), ("has_more", True), ("hasMore", True), ("more", 1),
    ("nextPageToken", "t"), ("@odata.nextLink", "u"), ("is_truncated", True), ("partial", True),
    ("total", 99), ("totalCount", 99), ("count", 99), ("pages", 2), ("page", 2), ("offset", 3),
    ("last_page", 7), ("complete", False), ("done", False), ("last", False), ("per_page", 0),
    ("error", "busy"), ("errors", [1]), ("warnings", ["slow"]), ("message", "try again"),
    ("status", 503), ("code", 14), ("success", False), ("ok", False), ("stale", True),
    ("shards", 2), ("omitted", ["x"]), ("note", "some are left out"), ("quality", "low"),
)  # fmt: skip
_NESTS = ((), ("meta",), ("paging",), ("links",), ("meta", "page_info"))
_HEADS = (
    {"link": '</p2>; rel="next"'}, {"link": "</p2>; rel=next, </p9>; rel=last"},
    {"content-range": "items 0-1/9"}, {"content-range": "0-24/*"}, {"x-total-count": "99"},
    {"x-next-page": "2"}, {"x-total-pages": "2"}, {"x-has-more": "true"}, {"x-next-cursor": "q"},
    {"warning": '110 - "stale"'}, {"age": "3600"}, {"age": "x"}, {"retry-after": "5"},
    {"content-type": "text/html"},
)  # fmt: skip


def _respelt(id: str, how: int) -> Any:
    wide = "".join(chr(ord(c) + 0xFEE0) if c.isalnum() else c for c in id)
    ways = (
        id.upper(), id.title(), f" {id}", f"{id}\t", f"{id}\u200b", wide, f"/members/{id}",
        f"user:{id}", f"00{id}" if id.isdigit() else id.upper(), id.replace("a", "a\u0301"),
        int(id) if id.isdigit() else f"{id} ",
        {"$oid": id}, None, [id], f"{id}/",
    )  # fmt: skip
    return ways[how % len(ways)]


def _listed(ids: list[Any], around: Said) -> Said:
    return {"data": [{"id": each} for each in ids], **around}


def _worse_list(random: Random, ids: list[str], around: Said) -> Said | str:
    """The answer that listed these ids, worse."""
    way = random.randrange(10)
    whole: Said = _listed(list(ids), around)
    if way == 0:
        at = random.choice(_ODD)
        return _answer(whole, at) if at else "nothing"
    if way == 1:  # an empty list in its place would be another truth, told as well
        instead = random.choice(_INSTEAD)
        return _answer({**whole, "data": instead} if random.random() < 0.5 else instead)
    if way == 2:
        text = json.dumps(whole)
        return {"body": text[: random.randrange(len(text))]}
    if way == 3:
        return {**_answer(whole), "truncated": True}
    if way == 4 and ids:
        at = random.randrange(len(ids))
        respelt: list[Any] = [*ids]
        respelt[at] = _respelt(ids[at], random.randrange(100))
        return _answer(_listed(respelt, around))
    if way == 5:
        return _answer({k: v for k, v in whole.items() if k != "data"})
    kept = [each for each in ids if random.random() < 0.5]
    if way == 6:
        return {**_answer(_listed(kept, {})), "headers": random.choice(_HEADS)}
    name, value = random.choice(_SIGNS)
    inside: Said = {name: value}
    for step in reversed(random.choice(_NESTS)):
        inside = {step: inside}
    extra = {} if "total" in around and random.random() < 0.5 else around
    return _answer(_listed(kept, {**extra, **inside}))


_ODD = (0, 404, 206, 302, 500, 203, 401)
_INSTEAD: tuple[Any, ...] = (
    None, {}, "none", 0, False, {"x": {"id": "z"}}, [None], [1], [[]], ["x"], {"id": "z"},
    [{"name": "x"}], [{"id": True}], [{"id": ""}], [{"id": 1.5}],
)  # fmt: skip


def _answer(value: Any, status: int = 200) -> Said:
    return {"status": status, "body": json.dumps(value, ensure_ascii=False)}


def _worse_account(random: Random, value: Said) -> Said | str:
    text = json.dumps(value)
    if random.random() < 0.5:
        return {"body": text[: random.randrange(len(text))]}
    others: list[Said | str] = (
        ["nothing", _answer(value, 403), _answer(value, 500), _answer(value, 206),
         _answer({}), _answer([]), _answer(None), _answer({"error": "busy"}),
         _answer([value]), _answer({"data": value}), _answer({**value, "id": "eve"}),
         _answer({**value, "private": "false"}), _answer({**value, "private": 0}),
         _answer({**value, "private": []}), {**_answer(value), "truncated": True},
         {**_answer(value), "headers": {"age": "900"}},
         {**_answer(value), "headers": {"x-stale": "1"}},
         {**_answer(value), "headers": {"content-type": "application/problem+json"}},
         _answer({**value, "success": False}), _answer({**value, "errors": ["busy"]}),
         _answer({**value, "friends": [{"id": "bob", "private": not value["private"]}]})]
    )  # fmt: skip
    return random.choice(others)


@SEEDED
@given(drawn=SEEDS)
def test_a_worse_look_up_answer_never_shows_more(
    clubs: dict[tuple[str, ...], Club], drawn: bytes
) -> None:
    """Absent, null, of another type or status, cut off, paged, stale, with ids spelt otherwise:
    what is shown by it was shown by the whole answer."""
    random = Random(drawn)
    name = random.choice(sorted(clubs))
    who = random.choice([id for id in IDS if id != "bob"])
    lists = {kind: random.sample(IDS, random.randrange(5)) for kind in ("blocked", "followers")}
    arounds: dict[str, Said] = {
        kind: {"total": len(each)} if random.random() < 0.5 else {} for kind, each in lists.items()
    }
    account = {"id": "bob", "private": random.random() < 0.5}
    whole: dict[str, Any] = {k: _answer(_listed(list(v), arounds[k])) for k, v in lists.items()}
    whole["settings"] = _answer(account)
    worse = dict(whole)
    for kind in random.sample(sorted(whole), random.randrange(1, 4)):
        worse[kind] = (
            _worse_account(random, account)
            if kind == "settings"
            else _worse_list(random, lists[kind], arounds[kind])
        )
    club = clubs[name]
    full, less = club.shown(who, whole), club.shown(who, worse)
    case = name, who, whole, worse
    assert all(worse <= whole for whole, worse in zip(full, less, strict=True)), (full, less, case)
    assert full[0] == full[1] and less[0] == less[1], ("the implementations differ", case)


def test_the_whole_answer_shows_something_that_a_worse_one_could_lose(
    clubs: dict[tuple[str, ...], Club],
) -> None:
    """Else the law holds of a guard that shows nothing."""
    for club in clubs.values():
        answers = {kind: _answer(_listed([], {"total": 0})) for kind in ("blocked", "followers")}
        answers["settings"] = _answer({"id": "bob", "private": False})
        assert club.shown("ann", answers) == [frozenset(("id", "user_id", "watts", "note"))] * 2
