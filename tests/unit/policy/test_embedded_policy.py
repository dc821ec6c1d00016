"""A policy written in the document itself is the same policy."""

# ruff: noqa: E501 - a message stands on one line, as its reader sees it

from __future__ import annotations

import json
from pathlib import Path
from textwrap import dedent

import pytest
import yaml

from oakum.errors import InputError, Location
from oakum.policy.contract import load
from oakum.policy.model import ExitCriteria, Guarding, Owner, Policy, Service
from tests.unit.policy.crew import FILE

DOCUMENT = """\
openapi: 3.1.0
info: {title: Crew, version: "1"}
x-exposure:
  exposure: 1
  caller: {operation: getMe, id: /id}
  order: [member, owner]
  relations:
    member: {authenticated: true}
    owner: {is: owner}
  limits: {callers: {rate: 3, per: 1m}}
paths:
  /me:
    get:
      operationId: getMe
      x-exposure: {call: [member]}
      responses: {"200": {description: d, content: {application/json: {schema: {$ref: "#/components/schemas/MemberOut"}}}}}
  /search:
    get:
      x-exposure: {counts: [/total]}
      responses: {"200": {description: d, content: {application/json: {schema: {type: object, properties: {
        total: {type: integer}, data: {type: array, items: {$ref: "#/components/schemas/MemberMini"}}}}}}}}
components:
  schemas:
    MemberOut:
      type: object
      x-exposure:
        resource: Member
        key: id
        owner: id
        states:
          private: {field: is_private, missing: true}
        fields:
          is_private: [{see: member}]
      allOf:
        - $ref: "#/components/schemas/Base"
      properties:
        is_private: {type: boolean}
        profile:
          type: object
          properties:
            birthday: {type: string, x-exposure: [{see: owner}]}
            tags: {type: array, items: {type: string, x-exposure: [{see: member, when: {private: false}}]}}
            mini: {$ref: "#/components/schemas/MemberMini"}
            prizes: {type: object, additionalProperties: {type: string, x-exposure: [{see: owner}]}}
            again: {$ref: "#/components/schemas/MemberOut", x-exposure: {instead: null, grants: [{see: owner}]}}
    Base:
      type: object
      properties:
        id: {type: string, x-exposure: [{see: member}]}
        parent: {$ref: "#/components/schemas/Base"}
    MemberMini:
      type: object
      x-exposure: {resource: Member}
      properties:
        id: {type: string}
        nick: {type: string, x-exposure: [{see: member}]}
"""


def made(tmp_path: Path, text: str, name: str = "api.yaml") -> Path:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return path


def policy(path: Path, *overlays: Path) -> Policy:
    found = load(path, overlays).policy
    assert found is not None
    return found


def problems(path: Path, *overlays: Path) -> list[str]:
    with pytest.raises(InputError) as raised:
        load(path, overlays)
    return [str(each).replace(f"{path.parent}/", "") for each in raised.value.problems]


def test_keys_all_over_the_document_make_one_policy(tmp_path: Path) -> None:
    found = policy(made(tmp_path, DOCUMENT))
    assert list(found.relations) == ["member", "owner"]
    assert found.caller.operation == "getMe"
    assert found.order == (("member", "owner"),)
    assert [(each.name, each.most, each.per) for each in found.limits] == [("callers", 3, 60.0)]
    assert list(found.resources) == ["Member"]
    member = found.resources["Member"]
    assert member.schemas == {"MemberOut", "MemberMini"}
    assert (member.key, member.owner) == ("id", Owner("field", ("id",)))
    lines = {rule.path: rule for rule in member.fields}
    assert list(lines) == [
        "is_private",
        "id",
        "profile.birthday",
        "profile.tags.*",
        "profile.prizes.*",
        "profile.again",
        "nick",
    ]
    assert lines["profile.tags.*"].grants[0].when == {"private": (False,)}
    assert lines["profile.again"].instead == "null"
    assert list(found.operations) == ["getMe", "GET /search"]
    assert found.operations["getMe"].call == ("member",)


def test_a_schema_names_its_resource_unless_it_says_another(tmp_path: Path) -> None:
    text = DOCUMENT.replace("        resource: Member\n", "").replace(
        "{resource: Member}", "{owner: none}"
    )
    assert list(policy(made(tmp_path, text)).resources) == ["MemberOut", "MemberMini"]


def test_json_is_read_like_yaml_and_located_in_its_own_lines(tmp_path: Path) -> None:
    plain = yaml.safe_load(DOCUMENT)
    same = policy(made(tmp_path, json.dumps(plain, indent=1), "api.json"))
    assert same.resources["Member"].schemas == {"MemberOut", "MemberMini"}
    plain["components"]["schemas"]["MemberMini"]["properties"]["nick"]["x-exposure"] = [
        {"see": "membr"}
    ]
    text = json.dumps(plain, indent=1)
    line = text[: text.index('"membr"')].count("\n") + 1
    assert problems(made(tmp_path, text, "api.json")) == [
        f"api.json:{line}:16: `membr` is not a relation; did you mean `member`?"
    ]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("{call: [member]}", "{call: [membr]}", "api.yaml:15:27: `membr` is not a relation; did you mean `member`?"),
        ("{call: [member]}", "{cal: [member]}", "api.yaml:15:20: an operation has no key `cal`; did you mean `call`?"),
        ("owner: id\n", "owner: idd\n", "api.yaml:29:16: `Member` has no field `idd`; did you mean `id`?"),
        ("[{see: member}]}\n        parent", "[{see: no}]}\n        parent", "api.yaml:49:47: `no` is not a relation; known: `member`, `owner`"),
        ("exposure: 1\n", "exposure: 1\n  api: x.yaml\n", "api.yaml:5:3: `api` is this document itself; leave it out"),
        ("exposure: 1\n", "exposure: 3\n", "api.yaml:4:13: the version of the policy language is the number `3`; this Oakum reads `exposure: 1`"),
        ("is_private: {type: boolean}", "is_private: {type: boolean, x-exposure: [{see: member}]}", "api.yaml:37:49: `is_private` has two lines in `Member`; first at api.yaml:33:11"),
        ("is_private: {type: boolean}", "'a.b': {type: boolean, x-exposure: [{see: member}]}", "api.yaml:37:44: `a.b` cannot be written as a field path"),
        ("{resource: Member}", "{resource: Member, owner: nick}", "api.yaml:53:45: `owner` of `Member` occurs twice; first at api.yaml:29:16"),
        ("{resource: Member}", "{resource: Member, fields: {is_private: []}}", "api.yaml:53:47: `is_private` has two lines in `Member`; first at api.yaml:33:11"),
        ("{resource: Member}", "{resource: Member, states: {private: {field: id}}}", "api.yaml:53:47: `private` occurs twice in `states`"),
        ("total: {type: integer}", "total: {type: integer, x-exposure: [{see: member}]}", "api.yaml:21:44: `x-exposure` belongs to nothing here; put it on a component schema, on a property of one, or on an operation"),
        ("MemberMini:\n      type: object", "Lost: {type: object, properties: {x: {x-exposure: []}}}\n    MemberMini:\n      type: object", "api.yaml:51:55: `x-exposure` belongs to nothing here; put it on a component schema, on a property of one, or on an operation"),
        ("x-exposure: {resource: Member}", "x-exposure: [{see: member}]", "api.yaml:53:19: a resource must be a map, not a list"),
    ],
)  # fmt: skip
def test_a_mistake_is_told_at_its_place_in_the_document(
    tmp_path: Path, old: str, new: str, expected: str
) -> None:
    assert old in DOCUMENT
    assert expected in problems(made(tmp_path, DOCUMENT.replace(old, new)))


def test_keys_without_a_root_are_not_passed_over(tmp_path: Path) -> None:
    start, end = DOCUMENT.index("x-exposure:"), DOCUMENT.index("paths:")
    assert problems(made(tmp_path, DOCUMENT[:start] + DOCUMENT[end:])) == [
        "api.yaml:7:19: `x-exposure` is here, but not at the root;"
        " put `x-exposure: {exposure: 1, relations: …}` at the root"
    ]


def test_a_document_that_only_speaks_of_the_keys_has_none(tmp_path: Path) -> None:
    text = "openapi: 3.1.0\ninfo: {title: t, version: '1', description: no x-exposure here}\npaths: {}\n"
    assert load(made(tmp_path, text)).policy is None


def test_a_root_that_is_no_map_is_no_policy(tmp_path: Path) -> None:
    text = "openapi: 3.1.0\ninfo: {title: t, version: '1'}\npaths: {}\nx-exposure: [1]\n"
    assert problems(made(tmp_path, text)) == ["api.yaml:4:13: a policy must be a map, not a list"]


def test_the_root_may_hold_resources_and_operations_too(tmp_path: Path) -> None:
    text = DOCUMENT.replace(
        "  limits:",
        "  resources: {Other: {owner: none, schemas: Base}}\n  operations: {getMe: {reads: true}}\n  limits:",
    )
    assert problems(made(tmp_path, text)) == [
        "api.yaml:17:19: `getMe` occurs twice in `operations`"
    ]


# --------------------------------------------------------------------------- overlays

OVERLAY = """\
    overlay: 1.0.0
    info: {title: Exposure, version: "1"}
    actions:
      - target: $
        update:
          x-exposure:
            exposure: 1
            relations: {member: {authenticated: true}, owner: {is: owner}}
      - target: $.components.schemas.Member
        update:
          x-exposure:
            owner: id
            fields:
              id: [{see: member}]
      - target: $.components.schemas.Member.properties.email
        update:
          x-exposure: [{see: owner}]
"""


GATEWAY = """\
    overlay: 1.0.0
    info: {title: Gateway, version: "1"}
    actions:
      - target: $["x-exposure"]
        update:
          guard: {ttl: 5s, service: {header: X-Service-Key, env: SERVICE_KEY}}
          exit_criteria: {proven: high}
      - target: $.paths["/me"].get
        update:
          x-exposure: {sets: {Member: ""}}
"""


def test_what_a_gateway_needs_may_be_added_to_a_document_by_an_overlay(tmp_path: Path) -> None:
    document = made(tmp_path, DOCUMENT)
    found = policy(document, made(tmp_path, dedent(GATEWAY), "gateway.yaml"))
    assert found.guard == Guarding(ttl=5.0, service=Service("x-service-key", "SERVICE_KEY"))
    assert found.criteria == ExitCriteria(proven="high")
    assert found.operations["getMe"].sets == (("Member", ""),)
    assert found.operations["getMe"].call == ("member",)


def test_a_slip_in_it_is_told_where_it_stands(tmp_path: Path) -> None:
    overlay = made(tmp_path, dedent(GATEWAY).replace("5s", "5"), "gateway.yaml")
    assert problems(made(tmp_path, DOCUMENT), overlay) == [
        "gateway.yaml:6:20: `ttl` must be a duration, such as `500ms`, `30s`, `1m`, `1h` or `1d`,"
        " not the number `5`; say the unit: `5s`"
    ]
    text = DOCUMENT.replace("callers:", "caller:")
    assert problems(made(tmp_path, text)) == [
        "api.yaml:10:12: a `rate` is of `callers` or of `anonymous`, not of `caller`;"
        " did you mean `callers`?"
    ]


def test_an_overlay_brings_a_policy_and_keeps_its_own_places(tmp_path: Path) -> None:
    overlay = made(tmp_path, dedent(OVERLAY), "exposure.yaml")
    found = policy(FILE, overlay)
    lines = {rule.path: rule.location for rule in found.resources["Member"].fields}
    assert lines == {"id": Location(str(overlay), 14, 11), "email": Location(str(overlay), 17, 19)}


def test_a_mistake_of_an_overlay_is_told_in_the_overlay(tmp_path: Path) -> None:
    text = (
        dedent(OVERLAY)
        .replace("[{see: owner}]", "[{see: ownr}]")
        .replace("owner: id", "owner: idd")
    )
    overlay = made(tmp_path, text, "exposure.yaml")
    with pytest.raises(InputError) as raised:
        load(FILE, [overlay])
    assert [str(each).replace(f"{tmp_path}/", "") for each in raised.value.problems] == [
        "exposure.yaml:12:16: `Member` has no field `idd`; did you mean `id`?",
        "exposure.yaml:17:26: `ownr` is not a relation; did you mean `owner`?",
    ]


def test_a_line_that_an_overlay_lengthens_is_whole(tmp_path: Path) -> None:
    text = """\
        overlay: 1.0.0
        info: {title: Exposure, version: "1"}
        actions:
          - target: $.components.schemas.MemberMini.properties.nick['x-exposure']
            update: [{see: ownr}]
    """
    overlay = made(tmp_path, dedent(text), "exposure.yaml")
    said = problems(made(tmp_path, DOCUMENT), overlay)
    assert len(said) == 1
    assert said[0].endswith("`ownr` is not a relation; did you mean `owner`?")
    assert said[0].startswith(("api.yaml:54:", "exposure.yaml:5:"))


def test_what_an_overlay_adds_to_a_key_of_the_document_is_told_at_that_key(tmp_path: Path) -> None:
    text = """\
        overlay: 1.0.0
        info: {title: Exposure, version: "1"}
        actions:
          - target: $.paths['/me'].get['x-exposure']
            update: {reads: no}
    """
    overlay = made(tmp_path, dedent(text), "exposure.yaml")
    assert problems(made(tmp_path, DOCUMENT), overlay) == [
        "api.yaml:15:19: `reads` must be `true` or `false`, not the word `no`;"
        " write `false`: in YAML 1.2 `no` is text"
    ]
