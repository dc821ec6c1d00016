"""Whoever is let through owns the innermost object that the path names.

The law that each write keeps, whatever a contract leaves unsaid and whatever an API shows in an
object or beside it. The oracle knows whose everything is; the guards know what is shown to them.

`OAKUM_EXAMPLES=100000 pytest tests/properties/test_innermost.py --hypothesis-seed=11` is a longer
run.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from itertools import count
from random import Random
from typing import Any

import pytest
from hypothesis import given

from oakum.policy.contract import load
from tests.conformance.exchange_lua import WORKERS, LuaGuard
from tests.conformance.exchange_python import PythonGuard
from tests.conformance.exchanges import Clock, Request, Response, Setup, Upstream
from tests.properties.pool import SEEDED, SEEDS

Said = dict[str, Any]
Keys = tuple[str, ...]
PEOPLE = ("1", "2", "3")
KEYS = ("1", "2", "3", "4")  # "4" is of nothing
KINDS = ("Album", "Note", "Photo")
_TEXT: Said = {"type": "string"}
_RUNS = count()


def _ref(name: str) -> Said:
    return {"$ref": f"#/components/schemas/{name}"}


def _body(schema: Said) -> Said:
    return {"content": {"application/json": {"schema": schema}}}


@dataclass
class Kind:
    """A resource of the chain, and what its schema declares in it."""

    name: str
    parted: bool
    """It is its parent's owner's."""
    inside: dict[str, str]
    """Member to the kind that is embedded there; with `*` at its end a list of them."""


@dataclass
class World:
    """An API, and what is true of it."""

    random: Random
    kinds: list[Kind]
    local: bool
    """A key means something only below all that stands in front of it."""
    owned: bool
    """The path begins with an owner's id, and `owner` says so."""
    user: bool
    """The path begins with an account."""
    tail: str
    paths: list[str] = field(default_factory=list)
    """The path up to each object."""
    shows: dict[str, tuple[str, int]] = field(default_factory=dict)
    """GET by its path: what is around the object, and which kind it is."""
    owners: dict[tuple[str, Keys], str] = field(default_factory=dict)
    lost: set[tuple[str, Keys]] = field(default_factory=set)
    """What the GET of its path answers with 404 though it is there."""
    explained: bool = True
    """Something but the owner in front of it says what the path names."""
    quiet: set[tuple[str, Keys]] = field(default_factory=set)
    """What does not say whose it is."""

    def truth(self, at: int, keys: Keys) -> tuple[str, Keys]:
        """An object by all that identifies it."""
        return self.kinds[at].name, keys[: at + 1] if self.local else keys[at : at + 1]

    def owner(self, at: int, keys: Keys) -> str | None:
        """None: there is no such object."""
        return self.owners.get(self.truth(at, keys))

    def thing(self, at: int, keys: Keys, depth: int = 0) -> Said:
        """An object as the API shows it: what stands in it is there, and is somebody's."""
        kind, one = self.kinds[at], self.truth(at, keys)
        made: Said = {"id": keys[at], "text": "t"}
        if one not in self.quiet and not kind.parted:
            made["by"] = self.owners[one]
        for name, inner in kind.inside.items() if depth < 2 else ():
            if name == "parts":
                made[name] = [
                    self.thing(at + 1, below, depth + 1) for below in self.parts(at, keys)
                ]
            elif self.random.random() < 0.8:
                made[name] = self.any(inner, depth + 1)
        return made

    def parts(self, at: int, keys: Keys) -> list[Keys]:
        """What is of an object; a key of all belongs to one of the objects that might have it."""
        below = [(*keys[: at + 1], each) for each in KEYS]
        there = [each for each in below if self.owner(at + 1, each) is not None]
        if self.local or not self.kinds[at + 1].parted:
            return there
        return [each for each in there if int(each[-1]) % 3 + 1 == int(keys[at])]

    def any(self, name: str, depth: int) -> Any:
        """Some object of a kind, wherever it stands."""
        at = next(at for at, each in enumerate(self.kinds) if each.name == name)
        known = [keys for kind, keys in self.owners if kind == name]
        keys = self.random.choice(sorted(known)) if known else None
        if keys is None:
            return None
        whole = keys if self.local else (*[self.random.choice(KEYS[:3])] * at, keys[-1])
        return self.thing(at, whole, depth)


def drawn(random: Random) -> World:
    size = random.choice((1, 2, 2, 2, 3))
    names = random.sample(KINDS, size)
    kinds = [Kind(name, bool(at) and random.random() < 0.25, {}) for at, name in enumerate(names)]
    for at, kind in enumerate(kinds):
        for name in ("pinned", "other"):
            if random.random() < 0.4:
                kind.inside[name] = random.choice(names)
        if at + 1 < size and random.random() < 0.6:
            kind.inside["parts"] = names[at + 1]
    user = random.random() < 0.4
    tail = random.choice(("", "", "", "/do", "/kids", "/members/{who}"))
    world = World(random, kinds, random.random() < 0.4, user and random.random() < 0.6, user, tail)
    path = "/users/{uid}" if user else ""
    for at in range(size):
        path += f"/{names[at].lower()}s/{{p{at}}}"
        world.paths.append(path)
    _people(world)
    return world


def _people(world: World) -> None:
    """Whose everything is: below parents what is theirs."""
    random = world.random
    todo: list[Keys] = [()]
    for at, kind in enumerate(world.kinds):
        here = [(*keys, each) for keys in todo for each in KEYS[:3] if random.random() < 0.9]
        for keys in here:
            around = keys[:at] if world.local else (*keys[: at - 1], str(int(keys[-1]) % 3 + 1))
            above = world.owner(at - 1, around) if kind.parted else random.choice(PEOPLE)
            if above is not None:
                world.owners.setdefault(world.truth(at, keys), above)
        todo = here
    for one in sorted(world.owners):
        if random.random() < 0.05:
            world.quiet.add(one)
        if random.random() < 0.1:
            world.lost.add(one)


def document(world: World) -> Said:
    random, paths = world.random, dict[str, Said]()

    def operation(method: str, path: str, id: str, **more: Any) -> None:
        named = [part[1:-1] for part in path.split("/") if part.startswith("{")]
        params = [{"name": n, "in": "path", "required": True, "schema": _TEXT} for n in named]
        said = {"operationId": id, "parameters": params, "responses": {"204": {"description": "d"}}}
        paths.setdefault(path, {})[method] = {**said, **more}

    def shows(path: str, id: str, at: int, ways: tuple[str, ...]) -> None:
        way, name = random.choice(ways), world.kinds[at].name
        answer = {
            "bare": _ref(name), "wrap": _object({name.lower(): _ref(name)}),
            "beside": _object({"a": _ref(random.choice(world.kinds).name), name.lower(): _ref(name),
                               "viewer": _ref("User")}),
            "list": _object({"items": {"type": "array", "items": _ref(name)}}),
        }[way]  # fmt: skip
        world.shows[path] = (way if way != "beside" else json.dumps(answer["properties"]["a"]), at)
        operation("get", path, id, responses={"200": {"description": "d", **_body(answer)}})

    operation("get", "/me", "getMe", responses={"200": {"description": "d", **_body(_ref("User"))}})
    operation(
        "get",
        "/users/{u}",
        "getUser",
        responses={"200": {"description": "d", **_body(_ref("User"))}},
    )
    for at, path in enumerate(world.paths):
        if random.random() < 0.6:
            shows(path, f"get{at}", at, ("bare", "bare", "wrap", "beside", "list"))
        if not world.local and path.count("{") > 1 and random.random() < 0.6:
            name = random.choice((f"p{at}", "id"))
            flat = f"/all-{world.kinds[at].name.lower()}s/{{{name}}}"
            shows(flat, f"main{at}", at, ("bare", "bare", "wrap", "beside"))
    last = world.paths[-1]
    body = {"requestBody": _body(_ref(world.kinds[-1].name))} if random.random() < 0.8 else {}
    operation("patch", last, "change", **body)
    operation("put", last, "replace", **body)
    operation("delete", last, "remove")
    if world.tail:
        method = "put" if world.tail.endswith("}") else "post"
        made = {"requestBody": _body(_ref(random.choice(world.kinds).name))}
        operation(method, last + world.tail, "act", **(made if world.tail == "/kids" else {}))
    schemas = {"User": _object({"id": _TEXT, "name": _TEXT})}
    for kind in world.kinds:
        inside = {
            name: {"type": "array", "items": _ref(each)} if name == "parts" else _ref(each)
            for name, each in kind.inside.items()
        }
        schemas[kind.name] = _object({"id": _TEXT, "by": _TEXT, "text": _TEXT, **inside})
    key = {"type": "apiKey", "in": "cookie", "name": "sid"}
    return {
        "openapi": "3.1.0", "info": {"title": "t", "version": "1"}, "security": [{"sid": []}],
        "paths": paths, "components": {"securitySchemes": {"sid": key}, "schemas": schemas},
    }  # fmt: skip


def _object(members: Said) -> Said:
    return {"type": "object", "properties": members}


def policy(world: World, made: Said) -> tuple[Said, bool]:
    """The contract, and whether it says all that there is to say."""
    random, mine = world.random, [{"see": ["owner"], "set": ["owner"]}]
    resources: Said = {
        "User": {"key": "id", "owner": "id", "fields": {"id, name": [{"see": ["member"]}]}}
    }
    if random.random() < 0.8:
        resources["User"]["main"] = "getUser"
    whole = "main" in resources["User"]
    for at, kind in enumerate(world.kinds):
        lines = {", ".join(("id", "by", "text", *kind.inside)): mine}
        owner: Any = {"parent": True} if kind.parted else "by"
        resources[kind.name] = {"key": "id", "owner": owner, "fields": lines}
        mains = [f"{n}{at}" for n in ("main", "get") if f"{n}{at}" in json.dumps(made["paths"])]
        if mains and random.random() < 0.8:
            resources[kind.name]["main"] = random.choice(mains)
        whole = whole and "main" in resources[kind.name] and not kind.parted
    said = {f"p{at}": f"{each.name}.id" for at, each in enumerate(world.kinds)}
    said |= {"uid": "User.id", "who": "User.id"}
    few = random.choice((1.0, 1.0, 0.5, 0.0))
    rules: Said = {}
    for path, methods in made["paths"].items():
        for method, each in methods.items():
            if method == "get":
                continue
            named = {n: v for n, v in said.items() if f"{{{n}}}" in path and random.random() < few}
            rule: Said = {"params": named} if named else {}
            if "requestBody" not in each or random.random() < 0.4:
                rule["call"] = ["owner"]
            rules[each["operationId"]] = rule | ({"owner": "uid"} if world.owned else {})
    objects = [each for rule in rules.values() for each in rule.get("params", ())]
    bodies = ["requestBody" in made["paths"][world.paths[-1]]["put"]]
    main_ids = {each.get("main") for each in resources.values()}
    ways = [
        path
        for path, (_, at) in world.shows.items()
        if path in world.paths or ("{p" in path and f"main{at}" in main_ids)
    ]
    world.explained = bool(ways or any(bodies) or {*objects} - {"uid", "who"})
    names = [*resources]
    random.shuffle(names)
    return {
        "exposure": 1, "api": "openapi.yaml", "caller": {"operation": "getMe", "id": "/id"},
        "relations": {"member": {"authenticated": True}, "owner": {"is": "owner"}},
        "resources": {name: resources[name] for name in names}, "operations": rules,
    }, whole and few == 1.0  # fmt: skip


class Shown(Upstream):
    """What the world's API answers."""

    world: World

    def answer(self, request: Request) -> Response | None:
        found: Any = None
        if request.method != "GET":
            return Response(204, (), b"")
        if request.target == "/me" and (cookie := request.header("cookie")):
            found = {"id": cookie.partition("=")[2], "name": "n"}
        elif request.target.startswith("/users/") and request.target.count("/") == 2:
            found = {"id": request.target.rpartition("/")[2], "name": "n"}
        for path, (way, at) in self.world.shows.items():
            if found is None and (keys := _keys(self.world, path, request.target, at)) is not None:
                found = self._shown(way, at, keys, scoped="all-" not in path)
        status = 404 if found is None else 200
        fresh = (("content-type", "application/json"), ("cache-control", "no-store"))
        return Response(status, fresh, json.dumps(found or {}).encode())

    def _shown(self, way: str, at: int, keys: Keys, *, scoped: bool) -> Any:
        world = self.world
        if world.owner(at, keys) is None or (scoped and world.truth(at, keys) in world.lost):
            return None
        thing, name = world.thing(at, keys), world.kinds[at].name.lower()
        if way in ("bare", "wrap", "list"):
            return {"bare": thing, "wrap": {name: thing}, "list": {"items": [thing]}}[way]
        beside = world.any(json.loads(way)["$ref"].rpartition("/")[2], 1)
        return {"a": beside, name: thing, "viewer": {"id": world.random.choice(PEOPLE)}}


def _keys(world: World, path: str, target: str, at: int) -> Keys | None:
    """What a target says for a path's objects."""
    ours, said = path.split("/"), target.split("/")
    if len(ours) != len(said):
        return None
    found = []
    for one, other in zip(ours, said, strict=True):
        if one.startswith("{"):
            found.append(other)
        elif one != other:
            return None
    if "all-" in path:
        return (*["0"] * at, found[0])
    return tuple(found[1:] if world.user else found)


def _may(world: World, said: Said, who: str, method: str, keys: Keys, uid: str) -> bool:
    """The oracle: who may write, at most. What neither the GET of its path shows nor its `main` is
    new, and its maker's who names themselves in front of it."""
    at = len(world.kinds) - 1
    owner, main = world.owner(at, keys), said["resources"][world.kinds[at].name].get("main", "")
    shown = owner is not None and (main != f"get{at}" or world.truth(at, keys) not in world.lost)
    new = not shown and method == "PUT" and world.owned
    if world.owned and not world.explained:
        return who == uid
    return who == (uid if new else owner) and (not world.owned or who == uid)


@SEEDED
@given(SEEDS)
def test_whoever_is_let_through_owns_the_innermost_object_that_the_path_names(
    tmp_path_factory: pytest.TempPathFactory, seed: bytes
) -> None:
    random = Random(seed)
    folder = tmp_path_factory.getbasetemp() / f"innermost{next(_RUNS) % 50}"
    folder.mkdir(exist_ok=True)
    world = drawn(random)
    made = document(world)
    said, whole = policy(world, made)
    (folder / "openapi.yaml").write_text(json.dumps(made))
    (folder / "exposure.yaml").write_text(json.dumps(said))
    api = Shown([])
    api.world = world
    setup = Setup(load(folder / "exposure.yaml"), folder, api, Clock(), {})
    guards: list[Any] = [PythonGuard(setup)]
    if random.random() < 0.1:
        guards.append(LuaGuard(setup, str(folder / "state"), worker=WORKERS.next()))
    for _ in range(8):
        judged(world, guards, setup, whole=whole, written=made["paths"], said=said)


def judged(
    world: World, guards: list[Any], setup: Setup, *, whole: bool, written: Said, said: Said
) -> None:
    random, last = world.random, world.paths[-1]
    keys = tuple(random.choice(KEYS if at else KEYS[:3]) for at in range(len(world.kinds)))
    who, method = random.choice(PEOPLE), random.choice(("PATCH", "PUT", "DELETE", "ACT"))
    uid = who if random.random() < 0.7 else random.choice(PEOPLE)
    path = last + world.tail if method == "ACT" and world.tail else last
    method = "PATCH" if method == "ACT" and not world.tail else method
    verb = ("PUT" if path.endswith("}") else "POST") if method == "ACT" else method
    body = "requestBody" in written[path][verb.lower()]
    target = path.replace("{uid}", uid).replace("{who}", random.choice(PEOPLE))
    for at, key in enumerate(keys):
        target = target.replace(f"{{p{at}}}", key)
    typed = (("content-type", "application/json"),) if body else ()
    sent = Request(
        verb, target, (("cookie", f"sid={who}"), *typed), b'{"text":"x"}' if body else b""
    )
    state, found = random.getstate(), []
    for guard in guards:
        random.setstate(state)
        setup.clock.now += 1e5
        found.append(guard.exchange(sent).forwarded is not None)
    where = (sent.method, target, who, said, written, world.shows, world.owners)
    assert len({*found}) == 1, where
    may = _may(world, said, who, verb if path == last else "", keys, uid)
    assert may or not found[0], where
    there = world.owner(len(keys) - 1, keys) is not None
    # Below an object that may be hidden from them, nobody is promised to get through.
    there = there and all(world.owner(at, keys) == who for at in range(len(keys) - 1))
    if whole and may and there and not (world.lost or world.quiet) and not world.owned:
        assert found[0] or path != last, where
