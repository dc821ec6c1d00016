"""Scripts that are rewritten: what changes, what must not, and what is left alone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oakum.frontend.script_copy_tracking import HELPER, rewritten, rewritten_page


def made(source: str) -> str:
    """A rewritten script, without what stands before it."""
    found = rewritten(source.encode())
    assert found is not None
    head, _, rest = found.decode().partition("};\n")
    assert head.strip().startswith(f"globalThis.{HELPER}||={{")
    return " ".join(rest.replace(HELPER, "H").split())


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("x = {a: 1, ...b};", "x = H.a({a: 1, ...b});"),
        ("return_({...{...b}})", "return_( H.a({... H.a({...b})}))"),
        ("x = Object.assign({}, b)", "x = H.g({}, b)"),
        ("x = Object.assign(a, b)", "x = Object.assign(a, b)"),
        ("let {a, ...r} = u; a", "let {a, ...__oakum_r} = u,r=H.a(__oakum_r,[]); a"),
        ("let {a, ...r} = u", "let {a, ...__oakum_r} = u,r=H.a(__oakum_r,['a'])"),
        ("let {a: b, ...r} = u", "let {a: b, ...__oakum_r} = u,r=H.a(__oakum_r,['a'])"),
        ("f = ({a, ...r}) => r", "f = ({a, ...r}) => (r=H.a(r,['a']),r)"),
        ("f = ({a, ...r}) => { g(a) }", "f = ({a, ...r}) => {r=H.a(r,[]); g(a) }"),
        ("for (const {...r} of u) g(r)", "for (const {...__oakum_r} of u)"
         " {const r=H.a(__oakum_r,[]);g(r)}"),
        ("({a, ...r} = u);", "({a, ...r} = u,r=H.a(r,['a']));"),
        ("x = ({a, ...r} = u);", "x = ({a, ...r} = u);"),  # its value is the source
        ("a[k] = b[k]", "H.q(a,(k) , b[k])"),
        ("import 'x'; a[k] = b[k]", "import 'x'; H.p(a,(k) , b[k])"),
        ("() => { 'use strict'; a[k] = b }", "() => { 'use strict'; H.p(a,(k) , b) }"),
        ("a[0] = b[0]; a.k = b.k; a[k] += 1", "a[0] = b[0]; a.k = b.k; a[k] += 1"),
    ],
)  # fmt: skip
def test_what_makes_a_copy_is_handed_to_the_helper(source: str, told: str) -> None:
    assert made(source) == told


def test_what_stands_before_a_script_comes_after_its_directives() -> None:
    found = rewritten(b'/* c */ "use strict"; "x".length')
    assert found is not None
    assert found.startswith(b'/* c */ "use strict";\nglobalThis.')
    assert found.endswith(b'"x".length')


def test_a_script_that_cannot_be_parsed_is_left_alone() -> None:
    assert rewritten(b"x = {...}") is None


EXPRESSIONS = st.recursive(
    st.sampled_from(["a", "1", "'s'", "b.c", "f()"]),
    lambda inner: st.one_of(
        st.tuples(inner, inner).map(lambda x: f"({{...{x[0]}, k: {x[1]}}})"),
        st.tuples(inner, inner).map(lambda x: f"(o[{x[0]}] = {x[1]})"),
        inner.map(lambda x: f"(({{a, ...r}}) => {x})"),
        inner.map(lambda x: f"Object.assign({{}}, {x})"),
        inner.map(lambda x: f"(function ({{...q}}) {{ return{{...{x}}} }})"),
    ),
    max_leaves=12,
)


@given(EXPRESSIONS)
def test_a_rewritten_script_is_a_script(expression: str) -> None:
    once = rewritten(f"x = {expression};".encode())
    assert once is not None
    assert rewritten(once) is not None  # it can be parsed again
    # and nothing of it is lost: without what was added it is what it was
    plain = once.decode().partition("};\n")[2]
    for name in ("a", "g", "p", "q"):
        plain = plain.replace(f"{HELPER}.{name}", "")
    assert plain.count("...") == expression.count("...")


def test_of_a_page_only_scripts_change() -> None:
    page = (
        b"<p>{...a}</p><script>x = {...a}</script><script src=y>x = {...a}</script>"
        b'<script type="application/json">{"a": 1}</script><script>{...</script>'
    )
    changed, followed, left = rewritten_page(page)
    assert (followed, left) == (1, 1)
    before, _, after = changed.partition(b"<script>")
    assert before == b"<p>{...a}</p>"
    assert after.endswith(page.split(b"</script>", 1)[1])
