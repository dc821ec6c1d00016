"""The laws of the semantics, each a theorem over contracts, callers and bodies."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from oakum.authz import Call, Model, Principal, Subject, decide, project
from oakum.openapi.model import Json
from oakum.policy.model import Policy
from tests.properties.worlds import (
    FIELDS,
    STATES,
    bodies,
    compiled,
    endpoint,
    open_grants,
    policies,
    principals,
)

CALL = Call("list")
LAW = settings(max_examples=150)


# ------------------------------------------------------------ a second reading of the policy


def may_see(policy: Policy, who: Principal, thing: dict[str, Json], kind: str, path: str) -> bool:
    """Whether any line grants a field: the policy read straight, without tables or tries."""
    resource = policy.resources[kind]
    owner = thing.get("owner_id" if kind == "Thing" else "id")
    owner = None if owner is None else str(owner)
    knows = {name: who.related.get((name, owner or "")) for name in ("follower", "blocked")}
    held = {"anyone"}
    if who.ids:
        if knows["follower"] is True:
            held.add("follower")
        if knows["blocked"] is True:
            held.add("blocked")
        if knows["blocked"] is False:
            held.add("member")
        if owner in who.ids:
            held.add("owner")
    for rule in resource.fields:
        if rule.path != path:
            continue
        for grant in rule.grants:
            met = all(
                thing.get(STATES[name].member) is not None
                and any(
                    type(thing[STATES[name].member]) is type(v) and thing[STATES[name].member] == v
                    for v in allowed
                )
                for name, allowed in grant.when.items()
            )
            if met and held & set(grant.see):
                return True
    return False


def leaves(value: Json, path: str = "") -> Iterator[tuple[str, Json]]:
    if isinstance(value, dict) and value:
        for key, child in value.items():
            yield from leaves(child, f"{path}.{key}" if path else key)
    elif isinstance(value, list) and value:
        for child in value:
            yield from leaves(child, f"{path}.*" if path else "*")
    else:
        yield path, value


def read(body: bytes) -> Json:
    return json.loads(body)


# ------------------------------------------------------------ law 1


@LAW
@given(policies(), principals, bodies())
def test_default_deny(policy: Policy, who: Principal, body: bytes) -> None:
    """Whatever passes was granted by a line, or is an envelope that the document declares."""
    result = project(compiled(policy), who, CALL, body)
    if result.body is None:
        return
    sent = read(result.body)
    original = {json.dumps(each.get("id")): each for each in read(body).get("data", [])}
    for key, value in sent.items():
        assert key in ("data", "total", "next")
        assert key == "data" or value == read(body)[key]
    for shown in sent.get("data", []):
        # Objects keep their order, so each shown one is matched by being a part of an original.
        fitting = [each for each in read(body)["data"] if _part_of(shown, each)]
        assert fitting, original
        rest = {k: v for k, v in shown.items() if k != "person"}
        for path, _ in leaves(rest) if rest else ():
            assert any(_under(policy, who, each, path) for each in fitting)
        for path, _ in leaves(shown["person"]) if "person" in shown else ():
            owners = [each["person"] for each in fitting if "person" in each]
            assert any(may_see(policy, who, each, "Thing", "person") for each in fitting) and any(
                path == "" or may_see(policy, who, p, "Person", path) for p in owners
            )


def _under(policy: Policy, who: Principal, thing: dict[str, Json], path: str) -> bool:
    """A leaf by its own line; an empty container, which says nothing, by any line below it."""
    paths = [each for each in FIELDS if each == path or each.startswith(f"{path}.")]
    return any(may_see(policy, who, thing, "Thing", each) for each in paths)


def _part_of(part: Json, whole: Json) -> bool:
    if isinstance(part, dict):
        return isinstance(whole, dict) and all(
            k in whole and _part_of(v, whole[k]) for k, v in part.items()
        )
    if isinstance(part, list):
        return isinstance(whole, list) and len(part) <= len(whole)
    return type(part) is type(whole) and part == whole


@LAW
@given(policies(), principals, bodies())
def test_what_is_granted_does_pass(policy: Policy, who: Principal, body: bytes) -> None:
    """Blocking everything would keep law 1 as well: what a line grants must come through."""
    result = project(compiled(policy), who, CALL, body)
    for thing in read(body)["data"]:
        for path in ("a", "b"):
            if path in thing and may_see(policy, who, thing, "Thing", path):
                assert result.body is not None
                values = [each.get(path) for each in read(result.body)["data"]]
                assert thing[path] in values


@LAW
@given(policies(), principals, bodies())
def test_an_unknown_operation_passes_nothing(policy: Policy, who: Principal, body: bytes) -> None:
    model = compiled(policy)
    assert project(model, who, Call("other"), body).body is None
    assert not decide(model, who, "other").allowed


@LAW
@given(policies(), bodies())
def test_an_endpoint_with_a_login_passes_nothing_to_anonymous(policy: Policy, body: bytes) -> None:
    closed = compiled(policy, endpoint((frozenset({"session"}),)))
    assert project(closed, Principal(), CALL, body).body is None


# ------------------------------------------------------------ law 2


def _see(model: Model, held: set[str], values: dict[str, Json]) -> frozenset[str]:
    table = model.tables["Thing"]
    return table.names(table.see(held, values))


relation_sets = st.sets(st.sampled_from(["anyone", "member", "follower", "owner"]))
states = st.fixed_dictionaries(
    {}, optional={n: st.sampled_from(s.values) for n, s in STATES.items()}
)


@LAW
@given(policies(), relation_sets, relation_sets, states)
def test_more_is_never_less(
    policy: Policy, few: set[str], more: set[str], values: dict[str, Json]
) -> None:
    """Holding more relations never shows less."""
    model = compiled(policy)
    assert _see(model, few, values) <= _see(model, few | more, values)


@LAW
@given(policies(open_grants), relation_sets, st.data())
def test_more_open_is_never_less(policy: Policy, held: set[str], data: st.DataObject) -> None:
    """Where conditions ask only for openness, a more open state never shows less."""
    model = compiled(policy)
    closed, opened = {}, {}
    for name, state in STATES.items():
        rank = data.draw(st.integers(0, len(state.values) - 1))
        closed[name] = state.values[rank]
        opened[name] = state.values[data.draw(st.integers(0, rank))]
    assert _see(model, held, closed) <= _see(model, held, opened)


# ------------------------------------------------------------ law 3


@LAW
@given(policies(), relation_sets, states, st.sampled_from(sorted(STATES)))
def test_unknown_is_closed(
    policy: Policy, held: set[str], values: dict[str, Json], name: str
) -> None:
    """A state that is missing or makes no sense shows no more than any value it could have."""
    model = compiled(policy)
    for unknown in ({}, {name: None}, {name: "nonsense"}, {name: 1}):
        blind = {**{k: v for k, v in values.items() if k != name}, **unknown}
        for value in STATES[name].values:
            assert _see(model, held, blind) <= _see(model, held, {**values, name: value})


@LAW
@given(policies(), principals, st.sampled_from(["follower", "blocked"]))
def test_a_failed_lookup_is_closed(policy: Policy, who: Principal, relation: str) -> None:
    """A relation nobody could look up shows no more than either answer would have."""
    model = compiled(policy)
    subject = Subject("Thing", ("u2",), {"is_private": False, "audience": "all"})
    known = {key: v for key, v in who.related.items() if key != (relation, "u2")}
    blind = decide(model, replace(who, related=known), "list", subject).fields
    for answer in (True, False):
        told = replace(who, related={**known, (relation, "u2"): answer})
        assert blind <= decide(model, told, "list", subject).fields


@LAW
@given(policies(), principals, bodies(), st.data())
def test_an_unreadable_body_is_closed(
    policy: Policy, who: Principal, body: bytes, data: st.DataObject
) -> None:
    """What can be read in two ways, or not at all, does not pass."""
    model = compiled(policy)
    broken = data.draw(
        st.sampled_from(
            [
                b"\xef\xbb\xbf" + body,
                body + body,
                body + b"x",
                body[:-1],
                b'{"data": NaN}',
                b'{"data": [], "data": []}',
                b'{"data": [{"a": 1, "\\u0061": 2}]}',
                b"{'data': []}",
                b'{"data": [01]}',
                b'{"data": ["\xff"]}',
                b"[" * 300 + b"]" * 300,
                b'{"data": [] // nothing\n}',
            ]
        )
    )
    assert project(model, who, CALL, broken).body is None


@LAW
@given(
    policies(), principals, bodies(), st.sampled_from(["text/html", "", "text/csv", "image/png"])
)
def test_an_unknown_media_type_is_closed(
    policy: Policy, who: Principal, body: bytes, media: str
) -> None:
    call = replace(CALL, media_type=media)
    assert project(compiled(policy), who, call, body).body is None


# ------------------------------------------------------------ law 6


@LAW
@given(policies(), principals, bodies())
def test_projection_only_removes(policy: Policy, who: Principal, body: bytes) -> None:
    """What is left is the original with ranges cut out, byte for byte, in order."""
    result = project(compiled(policy), who, CALL, body)
    if result.body is None:
        return
    at = 0
    for byte in result.body:
        at = body.find(bytes([byte]), at) + 1
        assert at > 0, "a byte was invented or moved"
    scalars = set(_tokens(body))
    assert all(token in scalars for token in _tokens(result.body))


@LAW
@given(policies(), principals, bodies(), st.sampled_from(["", " ", "\n", "\r\n\t"]))
def test_what_nothing_is_withheld_from_is_the_same_bytes(
    policy: Policy, who: Principal, body: bytes, around: str
) -> None:
    sent = around.encode() + body + around.encode()
    result = project(compiled(policy), who, CALL, sent)
    assert result.body is None or (result.body == sent) == (not result.withheld)


def _tokens(body: bytes) -> list[str]:
    """Scalars exactly as written: `1.0` is not `1`."""
    found: list[str] = []
    json.loads(
        body,
        parse_int=lambda text: found.append(text) or 0,
        parse_float=lambda text: found.append(text) or 0,
    )
    return found


@LAW
@given(policies(), principals, bodies())
def test_what_is_withheld_is_named(policy: Policy, who: Principal, body: bytes) -> None:
    """Nothing vanishes silently: a body that changed has pointers to what was cut."""
    result = project(compiled(policy), who, CALL, body)
    if result.body is not None and read(result.body) != read(body):
        assert result.withheld
