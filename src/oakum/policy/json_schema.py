"""The JSON Schemas of the contract and of a file of waivers.

Keys, words and patterns are those of the reader (`parser`, `relations`, `resources`,
`guard_section`, `exit_criteria`): a key that only one of the two knows is an error when this
module is imported.
"""

from __future__ import annotations

from itertools import combinations

from oakum.openapi.model import Json
from oakum.policy import (
    amounts,
    exit_criteria,
    guard_section,
    mask_reader,
    node_reader,
    parser,
    relations,
    resources,
)
from oakum.policy.json_schema_builders import (
    FLAG,
    REASON,
    SCALAR,
    TRUE,
    WORD,
    any_of,
    document,
    exactly_one,
    has,
    if_has,
    items,
    many,
    map_schema,
    not_both,
    one_of,
    pattern_schema,
    record,
)
from oakum.policy.model import SEVERITIES, STATIC_RULES

_PATH = pattern_schema(node_reader.PATH)
_POINTER = pattern_schema(node_reader.POINTER)
_NAME = pattern_schema(node_reader.NAME)
_COUNT: Json = {"type": "integer", "minimum": 0}
_SOME: Json = {"type": "integer", "minimum": 1}
_DURATION = pattern_schema(rf"[0-9]{{1,9}}(?:{'|'.join(amounts.SECONDS)})")
_SIZE = any_of(_SOME, pattern_schema(rf"[0-9]{{1,9}}(?:{'|'.join(amounts.BYTES)})"))
_SEVERITY = one_of(SEVERITIES)
_RELATION: Json = {**WORD, "not": {"const": "*"}}
_RELATIONS = many(_RELATION)
_FIELD_OF_RESOURCE: Json = {**_PATH, "allOf": [{"pattern": r"\."}]}
_INSTEAD = any_of({"type": "null"}, one_of(("absent", "null", "refuse")))
_HOST: Json = {"type": "string", "pattern": r"^[^*/\s]+$"}
_HEADER = pattern_schema(guard_section.TOKEN)


_STEP = any_of(
    WORD,
    record(relations.STEP, {"operation": WORD, "by": one_of(("caller", "owner"))}, ["operation"]),
)
_TOGETHER = ({"in", "field"}, {"field", "claim"})
"""Sources of a relation that may be combined."""
_RELATION_RULES = record(
    relations.RELATION,
    {
        "authenticated": TRUE,
        "is": one_of(("owner",)),
        "in": WORD,
        "id": _POINTER,
        "of": one_of(("owner", "caller")),
        "role": _POINTER,
        "between": TRUE,
        "field": _PATH,
        "claim": WORD,
        "has": SCALAR,
        "unless": _RELATIONS,
        "requires": _RELATIONS,
        "begin": many(_STEP),
        "end": many(_STEP),
        "untested": REASON,
    },
    also=[
        *(
            not_both(*pair)
            for pair in combinations(relations.SOURCES, 2)
            if {*pair} not in _TOGETHER
        ),
        not_both("field", "claim", "has"),
        if_has("id", has("in")),
        if_has("of", has("in")),
        if_has("in", has("id")),
        if_has("role", has("in", "field", "has")),
        if_has("claim", any_of(has("has"), has("field"))),
        if_has("has", any_of(has("claim"), has("in", "field", "role"))),
        *(if_has(step, any_of(has("in"), has("claim"))) for step in ("begin", "end")),
    ],
)

# --------------------------------------------------------------------------- resources

_OWNER = any_of(
    _PATH,
    items(_PATH, least=1),
    record(
        resources.OWNER,
        {
            "path": many(WORD),
            "query": WORD,
            "parent": any_of(TRUE, WORD),
            "caller": TRUE,
            "creator": TRUE,
        },
        also=[exactly_one(*resources.OWNER)],
    ),
)
_STATE = record(
    resources.STATE,
    {
        "field": _PATH,
        "of": pattern_schema(r"[^.]*\.[\s\S]+"),
        "open": FLAG,
        "levels": items(SCALAR, least=1),
        "missing": SCALAR,
        "switch": record(resources.SWITCH, {"operation": WORD, "set": _POINTER}, resources.SWITCH),
        "promise": map_schema(WORD, least=1),
    },
    also=[
        any_of(has("field"), has("of")),
        not_both("of", "open"),
        not_both("of", "levels"),
        not_both("open", "levels"),
    ],
)
_KEPT: Json = {"type": "integer", "minimum": 1, "maximum": mask_reader.MOST}
_MASK = any_of(
    one_of(mask_reader.WORDS),
    record(
        mask_reader.KEYS,
        {"first": _KEPT, "last": _KEPT, "decimals": {**_KEPT, "minimum": 0}, "beside": _PATH},
        also=[
            any_of(*(has(key) for key in mask_reader.KEYS)),
            *(
                not_both(*pair)
                for pair in combinations(mask_reader.KEYS, 2)
                if pair != ("first", "last")
            ),
        ],
    ),
)
_GRANTS = items(
    record(
        resources.GRANT,
        {
            "see": many(_RELATION, least=1),
            "set": many(_RELATION, least=1),
            "when": map_schema(many(SCALAR, least=1), least=1),
            "masked": many(_MASK, least=1),
        },
        also=[
            any_of(has("see"), has("set")),
            if_has("masked", has("see")),
            not_both("masked", "set"),
        ],
    )
)
_LINE = any_of(
    _GRANTS,
    record(
        resources.LINE,
        {"draft": FLAG, "severity": _SEVERITY, "instead": _INSTEAD, "grants": _GRANTS},
        ["grants"],
    ),
)
_FIELD = rf"\s*(?:{node_reader.PATH.pattern})(?:\.\*\*)?\s*"
_RESOURCE = record(
    resources.RESOURCE,
    {
        "draft": FLAG,
        "schemas": many(WORD),
        "key": _PATH,
        "owner": _OWNER,
        "main": WORD,
        "conceal": FLAG,
        "promise": WORD,
        "instead": _INSTEAD,
        "severity": _SEVERITY,
        "states": map_schema(_STATE, _NAME),
        "fields": map_schema(_LINE, pattern_schema(rf"{_FIELD}(?:,{_FIELD})*")),
    },
    ["owner"],
)

# --------------------------------------------------------------------------- the rest

_STANDS = map_schema(many(_POINTER))
_OPERATION = record(
    parser.OPERATION,
    {
        "draft": FLAG,
        "shows": _STANDS,
        "sets": _STANDS,
        "params": map_schema(any_of({"const": parser.NOTHING}, _FIELD_OF_RESOURCE)),
        "counts": many(_POINTER),
        "owner": WORD,
        "call": _RELATIONS,
        "reads": any_of(FLAG, items(WORD)),
        "graphql": WORD,
        "without": many(WORD),
        "at_most": map_schema({"type": "integer", "minimum": 1, "maximum": parser.MOST}),
        "untested": REASON,
        "login": {**_POINTER, "minLength": 1},
    },
)
_CALLER = record(
    parser.CALLER,
    {
        "operation": WORD,
        "session": WORD,
        "id": _POINTER,
        "claim": WORD,
        "jwt": WORD,
        "api_key": TRUE,
    },
    also=[
        exactly_one("operation", "session", "claim", "jwt", "api_key"),
        if_has("id", any_of(has("operation"), has("session"))),
        if_has("operation", has("id")),
        if_has("session", has("id")),
    ],
)
_LIMIT = record(
    guard_section.LIMIT,
    {"distinct": _SOME, "rate": _SOME, "per": _DURATION},
    ["per"],
    [exactly_one("distinct", "rate")],
)
_WAY: Json = {"type": "string", "pattern": "^/"}
_GUARD = record(
    guard_section.GUARD,
    {
        "jwt": record(
            guard_section.JWT,
            {
                "keys": WORD,
                "algorithms": many(one_of(guard_section.FAMILIES), least=1),
                "issuer": WORD,
                "audience": many(WORD),
                "audiences": many(WORD),
            },
            ["keys"],
            [not_both("audience", "audiences")],
        ),
        "service": record(
            guard_section.SERVICE,
            {"header": _HEADER, "env": pattern_schema(guard_section.VARIABLE)},
            guard_section.SERVICE,
        ),
        "api_keys": WORD,
        "ttl": _DURATION,
        "timeout": _DURATION,
        "lookups": _COUNT,
        "pass": many(_WAY),
        "websockets": many(_WAY),
        "hosts": many(_HOST, least=1),
        "origins": many(pattern_schema(guard_section.ORIGIN)),
        "strip": many(_HEADER),
        "headers": many(_HEADER),
        "request_headers": many(_HEADER),
        "cookies": many(_HEADER),
        "unknown": one_of(("refuse", "remove")),
        "max_body": _SIZE,
        "hops": _COUNT,
    },
)
_WAIVER = record(
    exit_criteria.WAIVER,
    {
        "finding": pattern_schema(r"(?:finding-)?[0-9A-Fa-f]{8,16}"),
        "cell": record(
            exit_criteria.CELL,
            {"field": _FIELD_OF_RESOURCE, "viewer": WORD, "state": map_schema(SCALAR)},
            ["field", "viewer"],
        ),
        "reason": WORD,
        "owner": WORD,
        "expires": pattern_schema(r"[0-9]{4}-?(?:[0-9]{2}-?[0-9]{2}|W[0-9]{2}(?:-?[1-7])?)"),
    },
    ["reason", "owner", "expires"],
    [exactly_one("finding", "cell")],
)
_CRITERIA = record(
    exit_criteria.CRITERIA,
    {
        "proven": _SEVERITY,
        "suspected": _COUNT,
        "over_blocks": _COUNT,
        "shown": {"type": "number", "minimum": 0, "maximum": 100},
        "states": FLAG,
        "security": FLAG,
        "classified": FLAG,
        "max_age": _DURATION,
        "static": map_schema(one_of(exit_criteria.STANCES), one_of(STATIC_RULES)),
        "waivers": any_of(WORD, items(_WAIVER)),
        "approvals": items(
            record(
                exit_criteria.APPROVAL,
                {
                    "widening": pattern_schema(r"(?:finding-)?[0-9A-Fa-f]{8,16}"),
                    "reason": WORD,
                    "owner": WORD,
                },
                exit_criteria.APPROVAL,
            )
        ),
    },
)


def contract() -> Json:
    """The schema of a policy file."""
    policy = record(
        parser.POLICY,
        {
            "exposure": {"const": parser.VERSION},
            "api": WORD,
            "refs": map_schema(WORD, {"pattern": "^[^#]*://[^#]*$"}),
            "caller": _CALLER,
            "order": any_of(items(_RELATION), items(items(_RELATION))),
            "relations": map_schema(_RELATION_RULES, _NAME, least=1),
            "resources": map_schema(_RESOURCE, _NAME),
            "operations": map_schema(_OPERATION),
            "params": map_schema(_FIELD_OF_RESOURCE),
            "limits": map_schema(_LIMIT),
            "guard": _GUARD,
            "exit_criteria": _CRITERIA,
        },
        ["exposure", "relations", "resources"],
    )
    return document("contract", "Exposure contract of Oakum", policy)


def waivers() -> Json:
    """The schema of a file of waivers."""
    file = record(exit_criteria.WAIVERS, {"waivers": items(_WAIVER)}, exit_criteria.WAIVERS)
    return document("waivers", "Waivers of Oakum", file)
