"""The operation that the guard judges is the one that the API's router runs.

The routers are real ones, with a document's types as converters and without, comparing a path as it
came or decoded. `OAKUM_EXAMPLES=100000 pytest tests/properties/test_routes_of_frameworks.py
--hypothesis-seed=1` is a longer run.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import lru_cache
from itertools import product
from urllib.parse import unquote

import django.urls
import pytest
from django.urls.resolvers import RegexPattern, URLResolver
from hypothesis import example, given
from hypothesis import strategies as st
from starlette.routing import Match, Route
from werkzeug.exceptions import HTTPException
from werkzeug.routing import Map, Rule

from oakum.openapi.model import Operation, Parameter, Shape
from oakum.routing.route import Router, split_target
from tests.properties.pool import LAW

KINDS = {
    "s": Shape(kinds=frozenset(("string",))),
    "i": Shape(kinds=frozenset(("integer",))),
    "u": Shape(kinds=frozenset(("string",)), format="uuid"),
    "n": Shape(kinds=frozenset(("number",))),
}
"""Schemas of parameters, by what their names begin with."""
CONVERTERS = {
    "starlette": {"s": "str", "i": "int", "u": "uuid", "n": "float"},
    "werkzeug": {"s": "string", "i": "int", "u": "uuid", "n": "float"},
    "django": {"s": "str", "i": "int", "u": "uuid", "n": "str"},
}
SEGMENTS = ("a", "7", "list", "{s}", "{i}", "{u}", "{n}", "{s}.b", "a.{s}", "a{s}")
UUID = "11111111-2222-3333-4444-aaaaaaaaaaaa"
TEXTS = (
    "a", "7", "list", "a.b", "b", "ab", "007", "-7", "+7", "7.5", "7.", "7_0", "٣", "%37",
    "a%2Eb", "%61",
    UUID, UUID.upper(), UUID.replace("-", ""), "é", "1" * 20, "A", "7 ", "1e3", "a.b.b",
)  # fmt: skip
Find = Callable[[str], str | None]


def numbered(parts: Sequence[str]) -> str:
    """A template whose parameters have names of their own: `/{s}/{s}` is `/{s0}/{s1}`."""
    return "/" + "/".join(
        re.sub(r"\{(.)\}", rf"{{\g<1>{i}}}", each) for i, each in enumerate(parts)
    )


TEMPLATES = st.lists(st.sampled_from(SEGMENTS), min_size=1, max_size=3).map(numbered)
PATHS = st.lists(st.sampled_from(TEXTS), min_size=1, max_size=3).map(
    lambda parts: "/" + "/".join(parts)
)


def operation(path: str) -> Operation:
    names = re.findall(r"\{([^{}]+)\}", path)
    parameters = tuple(Parameter(name, "path", True, KINDS[name[0]]) for name in names)
    return Operation(path, "GET", path, parameters)


def specific_first(paths: list[str]) -> list[str]:
    """As a router that takes the first match needs it: text before parameters, and of paths that
    are else equal types before texts. What crosses stays in the order it had."""

    def rank(segment: str) -> float:
        """By how much text stands beside a parameter: `a.{s}` before `a{s}` before `{s}`."""
        if "{" not in segment:
            return 0
        return 1 / (1 + len(re.sub(r"\{[^{}]+\}", "", segment)))

    def loose(path: str) -> int:
        """How many parameters take what others of a type do: any text, or any number."""
        return path.count("{s") + path.count("{n")

    def before(one: str, other: str) -> bool:
        if uniform(one) == uniform(other):
            return loose(one) < loose(other)
        ours, theirs = one.split("/"), other.split("/")
        ranks = [(rank(a), rank(b)) for a, b in zip(ours, theirs, strict=False)]
        return len(ours) == len(theirs) and all(a <= b for a, b in ranks)

    found: list[str] = []
    for path in paths:
        at = next((n for n, each in enumerate(found) if before(path, each)), len(found))
        found.insert(at, path)
    return found


def written(path: str, form: str, names: dict[str, str] | None) -> str:
    """A template as a router has it; `names`: its converters, None: without."""

    def turn(at: re.Match[str]) -> str:
        kind = names[at[1][0]] if names else None
        return form.format(
            name=at[1], kind=f"{kind}:" if kind else "", tail=f":{kind}" if kind else ""
        )

    return re.sub(r"\{([^{}]+)\}", turn, path)


def starlette(paths: list[str], *, typed: bool) -> Find:
    names = CONVERTERS["starlette"] if typed else None
    routes = [(each, Route(written(each, "{{{name}{tail}}}", names), print)) for each in paths]

    def find(path: str) -> str | None:
        scope = {"type": "http", "path": path, "method": "GET", "root_path": ""}
        return next((each for each, route in routes if route.matches(scope)[0] is Match.FULL), None)

    return find


def werkzeug(paths: list[str], *, typed: bool) -> Find:
    names = CONVERTERS["werkzeug"] if typed else None
    rules = [Rule(written(each, "<{kind}{name}>", names), endpoint=each) for each in paths]
    adapter = Map(rules, strict_slashes=True, merge_slashes=False).bind("api.test")

    def find(path: str) -> str | None:
        try:
            return str(adapter.match(path)[0])
        except HTTPException:
            return None

    return find


def with_django(paths: list[str], *, typed: bool) -> Find:
    names = CONVERTERS["django"] if typed else None
    form = "<{kind}{name}>"
    patterns = [
        django.urls.path(written(each, form, names)[1:], print, name=each) for each in paths
    ]
    resolver = URLResolver(RegexPattern(r"^/"), patterns)

    def find(path: str) -> str | None:
        try:
            return str(resolver.resolve(path).url_name)
        except django.urls.Resolver404:
            return None

    return find


ROUTERS = {"starlette": starlette, "werkzeug": werkzeug, "django": with_django}


@lru_cache(maxsize=1 << 8)
def uniform(path: str) -> str:
    return re.sub(r"\{[^{}]+\}", "{}", path)


@pytest.mark.parametrize("typed", [True, False], ids=["converters", "plain"])
@pytest.mark.parametrize("name", ROUTERS)
@given(paths=st.lists(TEMPLATES, min_size=2, max_size=5, unique=True), asked=PATHS)
@example(paths=["/{s0}/list", "/a/{s1}"], asked="/a/list")
@example(paths=["/a/{u1}", "/{s0}/{s1}"], asked="/a/7")
@example(paths=["/{i0}", "/{s0}"], asked="/-7")
@example(paths=["/{n0}", "/{i0}"], asked="/7")
@example(paths=["/a.{s0}", "/a{s0}"], asked="/a.b")
@LAW
def test_what_is_judged_is_what_runs(name: str, typed: bool, paths: list[str], asked: str) -> None:
    paths = specific_first(paths)
    place = split_target(asked)
    found = Router([operation(each) for each in paths]).find(place, "GET") if place else None
    if found is None:
        return
    run = ROUTERS[name](paths, typed=typed)
    # Of paths that are equal but for names a router without converters runs the first.
    same = [each for each in paths if uniform(each) == uniform(found[0].path)]
    if not typed and len(same) > 1:
        return
    for path in {asked, unquote(asked)}:
        ran = run(path)
        assert ran in (None, found[0].path), (name, path)


def test_the_law_is_not_kept_by_refusing_everything() -> None:
    paths = ["/list", "/a/{s1}", "/{i0}", "/{s0}"]
    router = Router([operation(each) for each in paths])
    for asked, expected in (
        ("/list", "/list"),
        ("/a/b", "/a/{s1}"),
        ("/7", "/{i0}"),
        ("/b", "/{s0}"),
    ):
        place = split_target(asked)
        assert place is not None
        found = router.find(place, "GET")
        assert found is not None
        assert found[0].path == expected
        for name, typed in product(ROUTERS, (True,)):
            assert ROUTERS[name](paths, typed=typed)(asked) == expected
