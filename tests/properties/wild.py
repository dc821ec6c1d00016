"""Contracts of every kind the language has, over documents of every shape: for engines to agree on.

Real OpenAPI documents and policies as their authors write them, parsed like theirs: recursive
schemas, unions with and without a discriminator, maps, embedded resources, owners in the object, in
the path, in the parent, several or none; far states, relations by claim, member and look-up.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from oakum.authz import Call, Model, Principal, compile_contract
from oakum.errors import Problem
from oakum.openapi.document import Document
from oakum.openapi.source import parse
from oakum.policy.model import Policy
from oakum.policy.parser import parse_policy

KEYS = ("id", "owner_id", "a", "b", "tags", "in", "map", "mate", "either", "level", "hidden")
MARKS = ("*", "**", "a.b", "", "\0")
"""Names of a document that mean something else in a field path, or to an implementation."""
NAMES = ("Ann", "Bob", "Cat", "Dot")
PEOPLE = ("u1", "u2", "7")
RELATIONS = {
    "anyone": {},
    "member": {"authenticated": True, "unless": ["blocked"]},
    "owner": {"is": "owner"},
    "staff": {"claim": "roles", "has": "staff"},
    "friend": {"field": "tags"},
    "follower": {"in": "list", "id": "/data/*/id", "unless": ["blocked"]},
    "blocked": {"in": "list", "id": "/data/*/id"},
    "crew": {"field": "tags", "claim": "team"},
    "lead": {"claim": "roles", "has": "staff", "requires": ["crew", "member"]},
    "guest": {"claim": "level", "has": 3, "unless": ["friend"]},
}


@st.composite
def schemas(draw: st.DrawFn, depth: int = 0) -> dict[str, Any]:
    kinds = ["string", "integer", "number", "boolean", "ref", "ref", "null", "any"]
    if depth < 3:
        kinds += ["object", "object", "array", "array", "map", "one", "tagged"]
    kind = draw(st.sampled_from(kinds))
    inner = schemas(depth + 1)
    match kind:
        case "ref":
            return {"$ref": f"#/components/schemas/{draw(st.sampled_from(NAMES))}"}
        case "null":
            return {"type": ["string", "null"]}
        case "any":
            return {}
        case "object":
            found = draw(st.dictionaries(st.sampled_from(KEYS), inner, max_size=4))
            made: dict[str, Any] = {"type": "object", "properties": found}
            if found and draw(st.booleans()):
                made["required"] = sorted(draw(st.sets(st.sampled_from(sorted(found)))))
            if draw(st.integers(0, 4)) == 0:
                made["additionalProperties"] = draw(st.one_of(st.just(True), inner))
            return made
        case "array":
            return {"type": "array", "items": draw(inner)}
        case "map":
            return {"type": "object", "additionalProperties": draw(inner)}
        case "one":
            return {"oneOf": draw(st.lists(inner, min_size=2, max_size=3))}
        case "tagged":
            refs = draw(st.lists(st.sampled_from(NAMES), min_size=2, max_size=3, unique=True))
            tags = {"property": "a"}
            return {
                "oneOf": [{"$ref": f"#/components/schemas/{name}"} for name in refs],
                "discriminator": {"propertyName": tags["property"]},
            }
        case _:
            return {"type": kind}


@st.composite
def named_schemas(draw: st.DrawFn) -> dict[str, Any]:
    """The components: objects with an owner and a state to stand on, often inside themselves."""
    made = {}
    for name in NAMES:
        properties = draw(st.dictionaries(st.sampled_from(KEYS), schemas(1), max_size=6))
        properties |= {"id": {"type": "string"}, "owner_id": {"type": "string"}}
        properties["level"] = {"type": "string"}
        properties["hidden"] = {"type": "boolean"}
        made[name] = {"type": "object", "properties": properties}
        if draw(st.booleans()):
            made[name]["required"] = ["id"]
    return made


_GRANT = st.fixed_dictionaries(
    {"see": st.lists(st.sampled_from(sorted(RELATIONS)), min_size=1, max_size=3, unique=True)},
    optional={
        "when": st.fixed_dictionaries(
            {},
            optional={
                "hidden": st.sampled_from([False, True]),
                "level": st.sampled_from(["all", ["all", "few"]]),
            },
        ).filter(bool)
    },
)
_OWNERS = ["id", "owner_id", ["id", "owner_id"], "tags", "tags.*", {"path": "who"}]
_OWNERS += [{"parent": True}, {"caller": True}, "none"]
_PATHS = ["in.a", "in.**", "map.*", "map.*.id", "tags.*", "mate.id", "either.b", "in", "map.**"]


@st.composite
def resources(draw: st.DrawFn, far: bool) -> dict[str, Any]:
    hidden: dict[str, Any] = {"field": "hidden"}
    if far and draw(st.booleans()):
        hidden = {"of": "Ann.hidden"}
    if draw(st.booleans()):
        hidden["missing"] = draw(st.booleans())
    level = {"field": draw(st.sampled_from(["level", "in.level"])), "levels": ["all", "few", "me"]}
    lines = draw(st.lists(st.sampled_from((*KEYS, *_PATHS)), unique=True, min_size=2, max_size=12))
    fields: dict[str, Any] = {}
    for line in lines:
        grants = draw(st.lists(_GRANT, min_size=line in ("id", "a"), max_size=3))
        instead = draw(st.sampled_from(["absent"] * 6 + [None, "refuse"]))
        fields[line] = grants if instead == "absent" else {"instead": instead, "grants": grants}
    return {
        "key": "id",
        "owner": draw(st.sampled_from(_OWNERS)),
        "states": {"hidden": hidden, "level": level},
        "fields": fields,
    }


@dataclass(frozen=True)
class Wild:
    """A contract, and the text it was read from."""

    model: Model
    document: Document
    policy: Policy
    text: str


@st.composite
def written(draw: st.DrawFn) -> tuple[dict[str, Any], dict[str, Any]]:
    """A document and a policy, as values."""
    page = {"type": "array", "items": draw(schemas(1))}
    many = {"type": "object", "properties": {"tags": page, "a": {"type": "integer"}}}
    answer = draw(st.one_of(st.sampled_from([page, many]), schemas()))
    parameter = {"name": "who", "in": "path", "required": True, "schema": {"type": "string"}}
    body = {"content": {"application/json": {"schema": answer}}, "description": "d"}
    error = {"content": {"application/json": {"schema": draw(schemas(2))}}, "description": "d"}
    endpoint = {
        "operationId": "list",
        "parameters": [parameter],
        "responses": {"200": body, "default": error},
    }
    document = {
        "openapi": "3.1.0",
        "info": {"title": "wild", "version": "1"},
        "paths": {"/things/{who}": {"get": endpoint}},
        "components": {"schemas": draw(named_schemas())},
    }
    names = draw(st.lists(st.sampled_from(NAMES), unique=True, max_size=4))
    found = {
        name: draw(resources(index > 0 and "Ann" in names)) for index, name in enumerate(names)
    }
    if "Ann" in found:
        found["Ann"]["states"]["hidden"] = {"field": "hidden", "missing": draw(st.booleans())}
    rule: dict[str, Any] = {}
    if draw(st.integers(0, 3)) == 0:
        rule["call"] = draw(st.lists(st.sampled_from(sorted(RELATIONS)), max_size=3, unique=True))
    if draw(st.booleans()):
        rule["owner"] = "who"
    if draw(st.booleans()):
        rule["counts"] = draw(st.lists(st.sampled_from(["/a", "/in/b", "/tags"]), unique=True))
    if names and draw(st.booleans()):
        places = ["", "/a", "/tags/*", "/map/*", "/in", "/tags/0", "/in/*/a"]
        rule["shows"] = {draw(st.sampled_from(names)): draw(st.sampled_from(places))}
    policy = {"exposure": 1, "api": "o", "relations": RELATIONS, "resources": found}
    policy["operations"] = {"list": rule}
    return document, policy


def contracts() -> st.SearchStrategy[Wild]:
    """Contracts whose documents also use names that are marks elsewhere."""
    marks = st.lists(st.sampled_from(MARKS), unique=True, max_size=3)
    keys = st.permutations(["b", "map", "mate", "either"])
    return st.builds(
        lambda texts, names, keys: read(
            renamed(texts[0], dict(zip(keys, names, strict=False))), texts[1]
        ),
        written(), marks, keys,
    )  # fmt: skip


def renamed(value: Any, names: dict[str, str]) -> Any:
    """A document with other names of declared members."""
    if isinstance(value, list):
        return [renamed(each, names) for each in value]
    if not isinstance(value, dict):
        return value
    return {
        key: {names.get(name, name): renamed(each, names) for name, each in below.items()}
        if key == "properties" and isinstance(below, dict)
        else renamed(below, names)
        for key, below in value.items()
    }


def read(document: Any, policy: Any) -> Wild:
    """A contract from plain values; what the document does not bear out is let pass."""
    api = Document.parse(json.dumps(document).encode(), "openapi.json", Path())
    problems: list[Problem] = []
    text = json.dumps(policy)
    parsed = parse_policy(parse(text, "exposure.yaml"), problems)
    assert parsed is not None and not problems, problems
    return Wild(compile_contract(api, parsed), api, parsed, text)


_SCALARS = st.one_of(
    st.sampled_from(["u1", "u2", 7, "7", "Ann", "Bob", "all", "few", True, False, None]),
    st.integers(-5, 10**22),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=4),
)
_NAME = st.one_of(
    st.sampled_from(KEYS),
    st.sampled_from(KEYS),
    st.sampled_from((*KEYS, *MARKS)),
    st.text(max_size=3),
)
values: st.SearchStrategy[Any] = st.recursive(
    _SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(_NAME, inner, max_size=7)),
    max_leaves=25,
)


@st.composite
def fitting(draw: st.DrawFn, schema: Any, components: Any, depth: int = 0) -> Any:
    """A value that mostly is what a schema says: the paths that matter are reached."""
    if depth > 6 or draw(st.integers(0, 14)) == 0:
        return draw(_SCALARS)
    if "$ref" in schema:
        return draw(fitting(components[schema["$ref"].rsplit("/", 1)[1]], components, depth + 1))
    if "oneOf" in schema:
        return draw(fitting(draw(st.sampled_from(schema["oneOf"])), components, depth + 1))
    kind = schema.get("type")
    if kind == "object":
        made = {}
        for name, inner in schema.get("properties", {}).items():
            if draw(st.integers(0, 3)):
                made[name] = draw(fitting(inner, components, depth + 1))
        extra = schema.get("additionalProperties")
        for _ in range(draw(st.integers(0, 2)) if extra is not None else 0):
            inner = extra if isinstance(extra, dict) else {}
            made[draw(_NAME)] = draw(fitting(inner, components, depth + 1))
        if draw(st.integers(0, 5)) == 0:
            made[draw(_NAME)] = draw(_SCALARS)
        order = draw(st.permutations(sorted(made)))
        return {name: made[name] for name in order}
    if kind == "array":
        inner = fitting(schema["items"], components, depth + 1)
        return draw(st.lists(inner, max_size=3))
    return draw(_SCALARS)


@st.composite
def bodies(draw: st.DrawFn, wild: Wild) -> bytes:
    raw = wild.document.raw
    answers = raw["paths"]["/things/{who}"]["get"]["responses"]
    schema = answers["200"]["content"]["application/json"]["schema"]
    value = draw(st.one_of(fitting(schema, raw["components"]["schemas"]), values))
    separators = draw(st.sampled_from([(",", ":"), (", ", ": "), (" ,\n ", " : ")]))
    text = json.dumps(
        value,
        separators=separators,
        indent=draw(st.sampled_from([None, None, 1])),
        ensure_ascii=draw(st.booleans()),
    )
    return text.encode("utf-8", "surrogatepass")


_CLAIMS = st.fixed_dictionaries(
    {},
    optional={
        "roles": st.sampled_from(["staff", ["staff"], ["x", "staff"], None, "x", []]),
        "level": st.sampled_from([3, True, "3", 3.0]),
        "team": st.sampled_from(["u1", 7, ["u2", "x"], [["u1"]], {}, "U1", True, ""]),
    },
)
principals = st.one_of(
    st.just(Principal()),
    st.builds(
        lambda ids, claims, related, states: Principal(frozenset(ids), claims, related, states),
        st.lists(st.sampled_from(PEOPLE), min_size=1, max_size=2),
        _CLAIMS,
        st.dictionaries(
            st.tuples(st.sampled_from(["follower", "blocked"]), st.sampled_from(PEOPLE)),
            st.booleans(),
        ),
        st.dictionaries(
            st.tuples(st.sampled_from(PEOPLE), st.just("Ann.hidden")),
            st.sampled_from([True, False, "odd", None]),
        ),
    ),
)
calls = st.builds(
    lambda who, status: Call("list", {"who": who}, status),
    st.sampled_from(PEOPLE),
    st.sampled_from([200, 200, 200, 404]),
)
_BYTES = list(b'{}[]",:\\/u0129eE+-. \n\x00\x80\xc3truefalsn')


def mangled(body: bytes, random: Any, times: int) -> bytes:
    """A body with a few bytes changed, taken out, put in, or a piece of it said twice."""
    made = bytearray(body)
    for _ in range(times):
        if not made:
            break
        at = random.randrange(len(made))
        match random.randrange(5):
            case 0:
                made[at] = random.choice(_BYTES)
            case 1:
                del made[at]
            case 2:
                made.insert(at, random.choice(_BYTES))
            case 3:
                made[at:at] = made[at : at + random.randrange(1, 20)]
            case _:
                del made[at : at + random.randrange(1, 9)]
    return bytes(made)


_SPARE = ["u1", "u2", "7", 7, "Ann", "Bob", "all", "few", "me", True, False, None, 1.5, [], {}]


class _Twice(dict[str, Any]):
    """An object that says one of its members twice, the second time with this value. `json` writes
    the members that `items` gives."""

    def __init__(self, members: dict[str, Any], name: str, value: Any) -> None:
        super().__init__(members)
        self._again = name, value

    def items(self) -> Any:
        return [*super().items(), self._again]


def doubled(body: bytes, random: Any) -> bytes:
    """The same document with a member said twice in one of its objects, at any depth; as it is when
    it has none. The name may be written with an escape the second time."""

    def objects(value: Any) -> list[Any]:
        inner = value.values() if isinstance(value, dict) else value
        below = (
            [o for each in inner for o in objects(each)] if isinstance(value, list | dict) else []
        )
        return [value, *below] if isinstance(value, dict) and value else below

    try:
        value = json.loads(body)
        chosen = random.choice(objects(value) or [None])
    except (ValueError, RecursionError):
        return body
    if chosen is None:
        return body
    name = random.choice(list(chosen))
    again = random.choice([chosen[name], *_SPARE])

    def written(each: Any) -> Any:
        if isinstance(each, dict):
            made = {key: written(inner) for key, inner in each.items()}
            return _Twice(made, name, again) if each is chosen else made
        return [written(inner) for inner in each] if isinstance(each, list) else each

    text = json.dumps(written(value), ensure_ascii=random.random() < 0.5)
    plain = json.dumps(name)
    if random.random() < 0.3 and name and plain == f'"{name}"' and text.count(plain) > 1:
        before, after = text.rsplit(plain, 1)
        text = f'{before}"\\u{ord(name[0]):04x}{name[1:]}"{after}'
    return text.encode("utf-8", "surrogatepass")


def varied(body: bytes, random: Any) -> bytes:
    """The same document with other values here and there, members gone, moved or renamed."""

    def change(value: Any, depth: int) -> Any:
        chance = random.random()
        if chance < 0.12:
            return random.choice(_SPARE)
        if isinstance(value, list):
            made = [change(each, depth + 1) for each in value if random.random() > 0.05]
            return made + made[:1] if chance > 0.9 else made
        if isinstance(value, dict):
            found = list(value.items())
            if chance > 0.7:
                random.shuffle(found)
            if chance > 0.85 and depth < 6:
                found.append((random.choice(KEYS), random.choice([*_SPARE, value])))
            return {key: change(each, depth + 1) for key, each in found if random.random() > 0.05}
        return value

    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return body
    spaces = random.choice([(",", ":"), (", ", ": "), ("\t,\r", ":")])
    text = json.dumps(change(value, 0), separators=spaces, ensure_ascii=random.random() < 0.5)
    return text.encode("utf-8", "surrogatepass")
