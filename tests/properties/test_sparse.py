"""A sparser object never shows more: unions, nested objects, lists and maps, in both runtimes.

Where the contract itself says what a missing member means, the sparser object is held against the
whole one with that said in it. Two things do show more, as the semantics say (3.6, 6.4): a count,
or what stands beside it in its row, where the hidden object is gone altogether; and an object
outside of every resource that may be of a resource or of none, and is taken for the resource once
what would tell is gone.
"""

from __future__ import annotations

import copy
import json
from collections import Counter
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace
from functools import cache
from itertools import count, islice
from random import Random
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.vendor.pretty import RepresentationPrinter

from oakum.authz import Call, Model, Principal, project
from oakum.authz.data_beside_objects import Rows
from oakum.authz.judgement import ObjectInstance
from oakum.authz.member_paths import at_path
from tests.conformance.lua import Lua, runtime
from tests.properties.pointed import pointed
from tests.properties.pool import MANY, SEEDED, SEEDS, pool
from tests.properties.wild import MARKS, NAMES, PEOPLE, RELATIONS, Wild, read, renamed, written

Said = dict[str, Any]
Shown = Counter[tuple[tuple[str, ...], str]]
_SCALARS: dict[str, tuple[Any, ...]] = {
    "string": ("u1", "u2", "7", "all", "few", "me", "", "x"),
    "integer": (7, 0, 3),
    "number": (1.5, 7),
    "boolean": (True, False),
    "null": (None,),
}
UNDECLARED = ("k1", "k2", "u1", "*", "zz")
"""Names of values in maps, and one that no alternative declares."""
_TELLING = {"id": PEOPLE, "owner_id": PEOPLE, "level": ("all", "few", "me")}
_INSIDER = Principal(
    frozenset({"u1"}),
    {"roles": "staff", "level": 3},
    {(name, who): name == "follower" for name in ("follower", "blocked") for who in PEOPLE},
    {(who, "Ann.hidden"): False for who in PEOPLE},
)


@dataclass(frozen=True, eq=False, repr=False)
class Drawn:
    """A contract of the pool; `plain` is the same where what is withheld is always left out, and
    `uncounted` where moreover no count goes with a hidden object."""

    wild: Wild
    policy: Said
    plain: Model
    uncounted: Model

    def __repr__(self) -> str:
        return "Drawn"

    def _repr_pretty_(self, printer: RepresentationPrinter, cycle: bool) -> None:
        """Hypothesis asks for this one, and prints 150 MB for the pool without it."""
        printer.text(repr(self))

    @property
    def schema(self) -> Said:
        answers = self.wild.document.raw["paths"]["/things/{who}"]["get"]["responses"]
        found: Said = answers["200"]["content"]["application/json"]["schema"]
        return found

    def honest(self, random: Random, depth: int = 0) -> Any:
        parts = self.wild.document.raw["components"]["schemas"]
        return honest(random, self.schema, parts, depth)

    @property
    def stands_in(self) -> bool:
        """Whether `null` may stand for what is withheld."""
        return '"instead": null' in self.wild.text


def drawn() -> st.SearchStrategy[Drawn]:
    """Contracts of every kind."""
    some = written().filter(lambda texts: bool(texts[1]["resources"]))
    keys = st.permutations(["b", "map", "mate", "either"])
    marks = st.lists(st.sampled_from(MARKS), unique=True, max_size=2)
    called = st.builds(lambda keys, marks: dict(zip(keys, marks, strict=False)), keys, marks)
    ways, names = st.sampled_from(_WAYS), st.permutations(NAMES)
    return st.builds(_united, some, ways, names, st.permutations([*RELATIONS]), called)


_WAYS = ("as drawn", "answer", "list", "inside", "beside")
_ANN = "#/components/schemas/Ann"
_FEW = 4
"""Relations that a contract of the pool grants to: each doubles the time that it is compiled in."""


def _united(
    texts: tuple[Said, Said], way: str, names: list[str], few: list[str], called: dict[str, str]
) -> Drawn:
    """With a union of two components where an answer begins, in a list of it, or within an object;
    `beside`: one of the two is an object that is no resource. `called`: other names of members."""
    document, policy = copy.deepcopy(texts)
    parts = document["components"]["schemas"]
    names = sorted(names, key=lambda name: name not in policy["resources"])
    either: Said = {"oneOf": [{"$ref": f"#/components/schemas/{name}"} for name in names[:2]]}
    answer = document["paths"]["/things/{who}"]["get"]["responses"]["200"]["content"]
    if way == "beside":
        either["oneOf"][1] = {"type": "object", "properties": parts[names[1]]["properties"]}
    if way in ("inside", "beside"):
        parts[names[2]]["properties"] |= {"mate": either, "in": {"type": "array", "items": either}}
        either = {"$ref": f"#/components/schemas/{names[2]}"}
    if way != "as drawn":
        schema = {"type": "array", "items": either} if way == "list" else either
        answer["application/json"]["schema"] = schema
    for resource in policy["resources"].values():
        for line in resource["fields"].values():
            for grant in line["grants"] if isinstance(line, dict) else line:
                grant["see"] = [n for n in grant["see"] if n in few[:_FEW]] or few[:1]
        resource["fields"] = {
            "*" if called.get(path) == "*" else path: line
            for path, line in resource["fields"].items()
        }
    return _drawn(renamed(document, called), policy)


def _drawn(document: Said, policy: Said) -> Drawn:
    plain = copy.deepcopy(policy)
    for resource in plain["resources"].values():
        for path, line in resource["fields"].items():
            resource["fields"][path] = line["grants"] if isinstance(line, dict) else line
    uncounted = copy.deepcopy(plain)
    uncounted["operations"]["list"].pop("counts", None)
    models = (read(document, each).model for each in (plain, uncounted))
    return Drawn(read(document, policy), policy, *models)


def shows(each: Drawn) -> bool:
    """Whether it shows somebody something: of a contract that shows nothing any law holds."""
    random = Random(1)
    return any(
        len(shown(project(each.plain, _INSIDER, Call("list", {"who": "u1"}), body).body)) > 2
        for body in (json.dumps(each.honest(random)).encode() for _ in range(6))
    )


def honest(random: Random, schema: Said, components: Said, depth: int = 0) -> Any:
    """A value of a schema with all that it declares: which alternative it is of is true of it."""
    if "$ref" in schema:
        name = schema["$ref"].rsplit("/", 1)[1]
        return honest(random, components[name], components, depth + 1)
    if "oneOf" in schema:
        way = random.choice(schema["oneOf"])
        value = honest(random, way, components, depth + 1)
        if "discriminator" in schema and isinstance(value, dict) and random.random() < 0.5:
            value["a"] = way["$ref"].rsplit("/", 1)[1]
        return value
    kind = schema.get("type")
    if kind == "object":
        made: Said = {}
        for name, inner in schema.get("properties", {}).items():
            if inner.get("type") == "string" and name in _TELLING and random.random() < 0.7:
                made[name] = random.choice(_TELLING[name])
            elif depth < 5 or isinstance(inner.get("type"), list) or inner.get("type") in _SCALARS:
                made[name] = honest(random, inner, components, depth + 1)
        extra = schema.get("additionalProperties")
        for name in random.sample(UNDECLARED[:4], random.randrange(3)) if extra else ():
            inner = extra if isinstance(extra, dict) else {}
            made[name] = honest(random, inner, components, depth + 1)
        if random.random() < 0.1:
            made[UNDECLARED[4]] = random.choice(["u1", {}, [7]])  # which no alternative declares
        return made
    if kind == "array":
        size = random.randrange(3) if depth < 5 else 0
        return [honest(random, schema["items"], components, depth + 1) for _ in range(size)]
    return random.choice(_SCALARS.get(kind if isinstance(kind, str) else "", _SCALARS["string"]))


def sparser(random: Random, value: Any, chance: float, stay: Collection[str] = ()) -> Any:
    """The same with members gone, at any depth, but none of those that `stay`; lists keep their
    elements."""
    if isinstance(value, dict):
        kept = {k: v for k, v in value.items() if k in stay or random.random() > chance}
        return {k: sparser(random, v, chance, stay) for k, v in kept.items()}
    if isinstance(value, list):
        return [sparser(random, each, chance, stay) for each in value]
    return value


def nodes(
    value: Any, path: tuple[str, ...] = (), *, nulls: bool = True
) -> Iterator[tuple[tuple[str, ...], str]]:
    """Everything that an answer shows: each value by its path, each container with values in it.
    An object without members passes as an empty one: it is no more there than it was before.
    `nulls`: whether a null is a value, and does not stand for what is withheld."""
    if not isinstance(value, dict | list):
        if nulls or value is not None:
            yield path, json.dumps(value)
        return
    pairs = value.items() if isinstance(value, dict) else [("*", each) for each in value]
    below = [node for key, each in pairs for node in nodes(each, (*path, key), nulls=nulls)]
    if below:
        yield path, "{}" if isinstance(value, dict) else "[]"
    yield from below


def shown(body: bytes | None, *, nulls: bool = True) -> Shown:
    return Counter(nodes(json.loads(body), nulls=nulls)) if body else Counter()


# ------------------------------------------------------------ what a missing member means


def meant(
    each: Drawn, whole: Any, sparse: Any, seen: list[ObjectInstance], call: Call, who: Principal
) -> Any:
    """The whole answer in which each object says what its contract says that its lack means."""
    made = copy.deepcopy(whole)
    for instance in seen:
        resource = each.policy["resources"][instance.resource]
        full, less = at(made, instance.pointer), at(sparse, instance.pointer)
        said = resource["states"]["hidden"]
        if said.get("field") and "hidden" in full and "hidden" not in less:
            full["hidden"] = account(instance, said.get("missing"), who)
        outer = not any(
            other.pointer == instance.pointer[: len(other.pointer)]
            for other in seen
            if other is not instance
        )
        owner = resource["owner"]
        names = owner if isinstance(owner, list) else [owner]
        if outer and "owner" in each.policy["operations"]["list"] and isinstance(names[0], str):
            said = [one for name in names for one in at_path(less, name) if one is not None]
            for name in names if not said else ():  # whose it is then stands in the path
                top, _, below = name.partition(".")
                if top in full and top not in less:
                    full[top] = [call.params["who"]] if below == "*" else call.params["who"]
    return made


@contextmanager
def beside_hidden() -> Iterator[None]:
    """What stands in a row beside a hidden object stays, as it does where the object is gone."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Rows, "leave", lambda rows, around, value, keep, at: keep)
        yield


def account(instance: ObjectInstance, missing: bool | None, who: Principal) -> Any:
    """What the owner's account says of a setting, most closed of several; else `missing:`."""
    keys = [(owner, f"{instance.resource}.hidden") for owner in instance.owners]
    if not any(key in who.states for key in keys):
        return missing
    told = [who.states.get(key) for key in keys]
    values = [missing if value is None else value for value in told]
    return None if None in values else max(values, key=lambda v: [False, True, "odd"].index(v))


def at(value: Any, pointer: tuple[str, ...]) -> Any:
    for step in pointer:
        value = value[int(step)] if isinstance(value, list) else value[step]
    return value


@cache
def cutter(each: Drawn) -> Callable[[Principal, Call], Callable[[bytes], bytes | None]]:
    return Lua(each.wild.model, _runtime(), settings=["Ann.hidden"]).at


@cache
def _runtime() -> Any:
    return runtime()


@pytest.fixture(scope="module")
def known() -> tuple[Drawn, ...]:
    """Two dozen contracts of every kind; and those in which what decides stands in every object,
    which are compiled ten times as fast: as many, and two for each thousand examples."""
    made = (_drawn(*pointed(Random(number))) for number in count())
    return (*pool(drawn, shows, 24), *islice(filter(shows, made), max(24, MANY // 500)))


@pytest.fixture(scope="module")
def rows() -> tuple[Drawn, ...]:
    """Contracts whose answers have rows, with objects and with what may tell of them."""
    made = (_drawn(*in_rows(*pointed(Random(number)))) for number in count())
    return (*islice(filter(shows, made), max(24, MANY // 500)),)


def in_rows(document: Said, policy: Said) -> tuple[Said, Said]:
    """A contract whose answer is an envelope of rows, beside its counts."""
    one, two, *_ = (
        {"$ref": f"#/components/schemas/{name}"} for name in document["components"]["schemas"]
    )
    row: Said = {"score": {"type": "integer"}, "text": {"type": "string"}, "one": one, "two": two}
    row["many"] = {"type": "array", "items": one}
    listed = {"type": "array", "items": {"type": "object", "properties": row}}
    within = {"type": "object", "properties": {"total": {"type": "integer"}, "rows": listed}}
    answer = document["paths"]["/things/{who}"]["get"]["responses"]["200"]["content"]
    answer["application/json"]["schema"] = within
    policy["operations"]["list"] |= {"counts": ["/total"]}
    return document, policy


def somebody(random: Random) -> Principal:
    """A caller of whom much is known: what decides must not be missing twice."""
    if random.random() < 0.1:
        return Principal()
    claims = random.choice(({}, {"roles": "staff"}, {"level": 3}, {"roles": "x", "level": 3}))
    looked_up = {(name, who) for name in ("follower", "blocked") for who in PEOPLE}
    settings = [True, False, "odd", None]
    return Principal(
        frozenset(random.sample(PEOPLE, random.choice((1, 1, 2)))),
        claims,
        {each: random.random() < 0.5 for each in sorted(looked_up) if random.random() < 0.8},
        {(w, "Ann.hidden"): random.choice(settings) for w in PEOPLE if random.random() < 0.4},
    )


@SEEDED
@given(drawn=SEEDS)
def test_a_sparser_object_never_shows_more(known: tuple[Drawn, ...], drawn: bytes) -> None:
    """Whatever members are gone from an answer, each value that is shown was shown with them."""
    random = Random(drawn)
    number = random.randrange(len(known))
    each = known[number]
    whole = each.honest(random)
    sparse = sparser(random, whole, random.choice([0.1, 0.3, 0.6]))
    who = somebody(random)
    call = Call("list", {"who": random.choice((*PEOPLE, *who.ids, *who.ids))})
    model = each.wild.model
    bodies = [json.dumps(value).encode() for value in (whole, sparse)]
    found = [project(model, who, call, body) for body in bodies]
    less = shown(found[1].body, nulls=not each.stands_in)
    seen = found[1].judged.instances if found[1].judged else []
    full = json.dumps(meant(each, whole, sparse, seen, call, who)).encode()
    there = found[0].judged.instances if found[0].judged else []
    gone = {one.pointer for one in there} - {one.pointer for one in seen}
    with beside_hidden() if gone else nullcontext():
        bound = shown(project(each.uncounted if gone else each.plain, who, call, full).body)
    around = {one.pointer for one in there}
    new = [one.pointer for one in seen if one.pointer not in around]
    assume(all(any(outer == place[: len(outer)] for outer in around) for place in new))
    assert less <= bound, (less - bound, number, who, call, *bodies)
    cut = cutter(each)(who, call)
    assert [cut(body) for body in bodies] == [each.body for each in found], (number, who, call)


@SEEDED
@given(drawn=SEEDS)
def test_whoever_chooses_the_members_is_shown_no_more(
    known: tuple[Drawn, ...], rows: tuple[Drawn, ...], drawn: bytes
) -> None:
    """What stands beside a hidden object stays hidden with the members that the caller left out,
    and so does a count. Names in a map are nobody's to choose."""
    random, every = Random(drawn), (*known, *rows, *rows)
    number = random.randrange(len(every))
    each = every[number]
    # An object that lacks all that is shown of it would be a hidden one.
    whole = each.honest(random, depth=0 if number < len(known) else -3)
    sparse = sparser(random, whole, random.choice([0.1, 0.3, 0.6]), UNDECLARED)
    who = somebody(random)
    call = Call("list", {"who": random.choice((*PEOPLE, *who.ids, *who.ids))})
    argued = frozenset(
        random.sample([*MARKS, "b", "mate", "map", "one", "many"], random.choice((0, 0, 2)))
    )
    choice, model = replace(call, chosen=argued), each.wild.model
    bodies = [json.dumps(value).encode() for value in (whole, sparse)]
    found = [project(model, who, choice, body) for body in bodies]
    less = shown(found[1].body, nulls=not each.stands_in)
    seen = found[1].judged.instances if found[1].judged else []
    full = json.dumps(meant(each, whole, sparse, seen, call, who)).encode()
    bound = shown(project(each.plain, who, call, full).body)
    there = project(model, who, call, bodies[0]).judged
    around = {one.pointer for one in there.instances} if there else set()
    new = [one.pointer for one in seen if one.pointer not in around]
    assume(all(any(outer == place[: len(outer)] for outer in around) for place in new))
    assert less <= bound, (less - bound, number, who, choice, *bodies)
    cut = cutter(each)(who, choice)
    assert [cut(body) for body in bodies] == [one.body for one in found], (number, who, choice)


def test_a_setting_that_a_response_shows_closes_its_owners_other_objects_in_both_runtimes() -> None:
    document, policy = pointed(Random(0))
    parts = document["components"]["schemas"]
    answer = document["paths"]["/things/{who}"]["get"]["responses"]["200"]["content"]
    answer["application/json"]["schema"] = {"type": "array", "items": {"$ref": _ANN}}
    parts["Ann"]["properties"] |= {"b": {"type": "string"}}
    policy["resources"]["Ann"] = {
        "key": "id",
        "owner": {"path": "who"},
        "states": {"hidden": {"field": "hidden", "missing": False}},
        "fields": {"b": [{"see": ["member"], "when": {"hidden": False}}]},
    }
    each = _drawn(document, policy)
    who = Principal(frozenset({"u1"}), {}, {("blocked", "7"): False}, {("7", "Ann.hidden"): None})
    call = Call("list", {"who": "7"})
    for body, passes in (
        (b'[{"b": "x"}, {"b": "y"}]', b'[{"b": "x"}, {"b": "y"}]'),
        (b'[{"b": "x"}, {"b": "y", "hidden": true}]', b"[]"),
    ):
        shown_by = [project(each.wild.model, who, call, body).body, cutter(each)(who, call)(body)]
        assert shown_by == [passes, passes], body


def test_most_contracts_of_the_pool_show_somebody_something(known: tuple[Drawn, ...]) -> None:
    """Else the law holds of contracts that show nothing."""
    random, call = Random(1), Call("list", {"who": "u1"})
    bodies = [(each, json.dumps(each.honest(random)).encode()) for each in known]
    showing = [shown(project(each.plain, _INSIDER, call, body).body) for each, body in bodies]
    assert sum(len(each) > 1 for each in showing) > len(known) // 2
