"""What is embedded in an object, or stands beside it, never says whose it is: Python and Lua."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.conformance.exchange_lua import WORKERS, LuaGuard
from tests.conformance.exchange_python import PythonGuard
from tests.conformance.exchanges import Case, Request, Response, Setup, Upstream
from tests.properties.pool import LAW

_SHOWN = ("/users/ann/pins/x", "/users/bob/pins/x", "/users/ann/albums/a1/pages/x")
_WHO = st.sampled_from(["ann", "bob"])
_OWNERS = st.sampled_from(["ann", "bob", None, ""])
_ALBUMS = st.none() | st.fixed_dictionaries(
    {}, optional={"aid": st.sampled_from(["a1", "a2", "x"]), "user": _OWNERS}
)


class Shown(Upstream):
    """An API in which one sticker can be made another."""

    sticker: dict[str, Any]
    card: dict[str, Any]

    def answer(self, request: Request) -> Response | None:
        shown: Any = self.sticker if request.target in _SHOWN else None
        shown = self.card if request.target == "/cards/x" else shown
        if request.method != "GET":
            return Response(204, (), b"")
        if shown is None:
            return super().answer(request)
        return Response(200, (("content-type", "application/json"),), json.dumps(shown).encode())


@dataclass(repr=False)
class World:
    setup: Setup
    api: Shown
    guards: list[Any]

    def passes(self, who: str, method: str, target: str) -> list[bool]:
        typed = () if method == "DELETE" else (("content-type", "application/json"),)
        body = b"" if method == "DELETE" else b'{"txt":"x"}'
        sent = Request(method, target, (("cookie", f"sid={who}"), *typed), body)
        found = []
        for guard in self.guards:
            self.setup.clock.now += 1e5
            found.append(guard.exchange(sent).forwarded is not None)
        return found


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("embedded")
    setup = Case("law", "embedded", {}, {"contract": "albums.yaml"}).setup(folder)
    api = Shown(setup.upstream.script)
    setup = replace(setup, upstream=api)
    yield World(
        setup,
        api,
        [PythonGuard(setup), LuaGuard(setup, str(folder / "state"), worker=WORKERS.next())],
    )


@LAW
@given(
    st.sampled_from([*((m, t) for t in _SHOWN[:2] for m in ("PUT", "PATCH", "DELETE")),
                     ("PUT", _SHOWN[2])]),
    _WHO, _OWNERS, _ALBUMS,
)  # fmt: skip
def test_an_embedded_object_never_decides_whose_the_object_around_it_is(
    world: World, write: tuple[str, str], who: str, by: str | None, album: Any
) -> None:
    world.api.sticker = {"sid": "x", **({"by": by} if by is not None else {})}
    plain = world.passes(who, *write)
    world.api.sticker["album"] = album
    assert world.passes(who, *write) == plain
    if by:  # and the path has to name them
        assert plain == [f"/users/{who}/" in write[1] and who == by] * 2


@LAW
@given(st.sampled_from(["PUT", "DELETE"]), _WHO, _OWNERS, _ALBUMS, _OWNERS)
def test_nor_does_what_stands_beside_it(
    world: World, method: str, who: str, by: str | None, album: Any, other: str | None
) -> None:
    world.api.card = {"card": {"id": "x", "by": by}}
    plain = world.passes(who, method, "/cards/x")
    world.api.card |= {"album": album, "a": {"id": "y", "by": other}}
    assert world.passes(who, method, "/cards/x") == plain == [who == by] * 2
