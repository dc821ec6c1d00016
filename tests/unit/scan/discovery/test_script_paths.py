"""Paths in scripts: the same path, whichever way a script puts it together."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oakum.scan.discovery.script_paths import further_scripts, hole_name, named_paths

WORDS = st.sampled_from(["api", "users", "me", "v2", "orders", "export.csv", "_debug", "riders"])
HOLES = st.sampled_from(["userId", "riderHandle", "orderNo"])
STEPS = st.lists(
    st.one_of(WORDS.map(lambda word: (word, False)), HOLES.map(lambda hole: (hole, True))),
    max_size=5,
    unique=True,
)
"""Segments behind the first, each with whether it is a hole."""

Steps = list[tuple[str, bool]]


def template(steps: Steps) -> str:
    return "/api" + "".join(f"/{{{name}}}" if hole else f"/{name}" for name, hole in steps)


def pieces(steps: Steps) -> list[str]:
    """JavaScript expressions whose sum is the path."""
    found = ['"/api"']
    for name, hole in steps:
        found += ['"/"', f"e.{name}"] if hole else [f'"/{name}"']
    return found


WAYS = {
    "template": lambda steps: (
        "`/api" + "".join(f"/${{a.{n}}}" if hole else f"/{n}" for n, hole in steps) + "`"
    ),
    "sum": lambda steps: " + ".join(pieces(steps)),
    "minified sum": lambda steps: "+".join(pieces(steps)),
    "concat": lambda steps: f'"/api".concat({",".join(pieces(steps)[1:])})',
    "encoded": lambda steps: "+".join(
        f"encodeURIComponent({each})" if each.startswith("e.") else each for each in pieces(steps)
    ),
    "colons": lambda steps: (
        '"/api' + "".join(f"/:{n}" if hole else f"/{n}" for n, hole in steps) + '"'
    ),
    "braces": lambda steps: f"'{template(steps)}'",
}


@pytest.mark.parametrize("way", WAYS)
@given(STEPS)
def test_a_path_is_the_same_however_it_is_put_together(way: str, steps: Steps) -> None:
    (found,) = named_paths(f"const r=await fetch({WAYS[way](steps)},{{headers:h}});x()")
    assert found.path == template(steps)
    assert found.holes == tuple(name for name, hole in steps if hole)
    assert (found.called, found.based, found.origin) == (2, False, "")


@given(st.text(alphabet=st.sampled_from("\"'`/${}()+.,:;abc_ \\\n=?&0"), max_size=120))
def test_any_text_is_a_script(text: str) -> None:
    for each in named_paths(text):
        assert each.path.startswith("/")
    further_scripts(text)


@given(STEPS, st.sampled_from(["post", "put", "patch", "delete"]))
def test_what_plainly_writes_is_left_out(steps: Steps, method: str) -> None:
    path = WAYS["sum"](steps)
    assert named_paths(f"axios.{method}({path},x)") == []
    assert named_paths(f'fetch({path},{{method:"{method.upper()}"}})') == []
    assert named_paths(f'ajax({{type:"{method}",url:{path}}})') == []


@pytest.mark.parametrize(
    "script",
    [
        'apiPost("/api/x")', 'post("/api/x")', 'useMutation("/api/x")', 'send("/api/x","POST")',
        'navigator.sendBeacon("/api/x",d)', 'fetch("/api/x",{body:JSON.stringify(a)})',
        'const o={headers:h,method:"POST"};fetch("/api/x",o)',
        'fetch("/api/x",{headers:{' + "a:1," * 60 + '},method:"PUT"})',
    ],
)  # fmt: skip
def test_the_method_that_a_script_names_is_heard_wherever_it_stands(script: str) -> None:
    assert named_paths(script) == []


@pytest.mark.parametrize(
    "script",
    ['getPost("/api/x")', 'const o={a:1};fetch("/api/x",o)', 'fetch("/api/x",{headers:h})'],
)
def test_what_does_not_plainly_write_is_named(script: str) -> None:
    assert [each.path for each in named_paths(script)] == ["/api/x"]


def test_the_method_of_another_call_is_none_of_this_one() -> None:
    (found,) = named_paths('fetch("/api/a"),fetch("/api/b",{method:"POST"})')
    assert found.path == "/api/a"


@pytest.mark.parametrize(
    ("script", "path", "origin", "based"),
    [
        ("fetch(`${API_URL}/users/${id}`)", "/users/{id}", "", True),
        ('get(this.baseUrl + "/users")', "/users", "", True),
        ('get("https://api.example.com:8443/users/" + id)', "/users/{id}",
         "https://api.example.com:8443", False),
        ('open("GET", "/users/x/y")', "/users/x/y", "", False),
    ],
)  # fmt: skip
def test_where_a_path_begins(script: str, path: str, origin: str, based: bool) -> None:
    (found,) = named_paths(script)
    assert (found.path, found.origin, found.based) == (path, origin, based)


@pytest.mark.parametrize(
    "script",
    [
        'import("/assets/x.js")', 'img.src="/logo.png"', 'a="//cdn.example.com/x"', 'b="/"',
        'f(id + "/export")', 'g(`${user.name}/x`)', 'h("/x?api_key=abc")', 'type="text/html"',
    ],
)  # fmt: skip
def test_what_is_no_path_of_an_api(script: str) -> None:
    assert named_paths(script) == []


def test_values_of_a_query_may_be_holes() -> None:
    (found,) = named_paths('fetch("/rest/people?select=*&id=eq." + me.id + "&x=" + t)')
    assert found.query == (("select", "*"), ("id", "eq.{id}"), ("x", "{_2}"))
    assert found.holes == ("id", "_2")


def test_somebodys_id_in_a_script_is_a_hole() -> None:
    """The scan asks for objects that it was given, and for no others."""
    (found,) = named_paths('fetch("/api/3/users/4711/orders")')
    assert found.path.startswith("/api/3/users/{_")
    assert found.path.endswith("}/orders")
    (found,) = named_paths('fetch("/x/123e4567-e89b-12d3-a456-426614174000")')
    assert len(found.holes) == 1


def test_where_scripts_ask_goes_before_where_pages_are_named() -> None:
    routes, asked = named_paths('r=[{path:"/users/:id"}];fetch("/api/users/"+id)')
    assert (routes.called, asked.called) == (0, 2)


def test_a_beginning_is_told() -> None:
    (found,) = named_paths('axios.create({baseURL:"/api/v2"})')
    assert found.is_base


@pytest.mark.parametrize(
    ("value", "name"),
    [
        ("user.id", "id"), ("e?.userId", "userId"), ("encodeURIComponent(a.b.handle)", "handle"),
        ("String(riderId)", "riderId"), ("x.id.toString()", "id"), ('row["orderNo"]', "orderNo"),
        ("e", ""), ("t[0]", ""),
    ],
)  # fmt: skip
def test_what_a_hole_is_called(value: str, name: str) -> None:
    assert hole_name(value) == name


def test_further_scripts_are_named() -> None:
    assert further_scripts('import("./a-1.js");x="/b.css";y=\'/c.mjs\'') == ["./a-1.js", "/c.mjs"]
