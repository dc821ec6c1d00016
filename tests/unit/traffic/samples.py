"""Documents that the pages of `observe` are made of: small, distrusted, hostile, very large."""

from __future__ import annotations

from collections.abc import Iterator

from oakum.openapi.model import Json

HOSTILE = (
    "<img src=x onerror=window.hit=1>",
    '"><script>window.hit=1</script>',
    "</script><script>window.hit=1</script>",
    "javascript:window.hit=1",
    "{{ 7 * 7 }}",
    "\u202efig",
    "`a",
)
CLASSES = ("contact", "plain", "key", "location", "personal", "secret", "handle", "setting")
PLACE = {"file": "exposure.yaml", "line": 14, "column": 7}
LINES = {
    "exposure.yaml": {str(at): f"      field_{at}: [{{see: [owner]}}]" for at in range(11, 18)}
}


def gathered(documents: list[Json], *members: str) -> Json:
    """One document with the lists of all of these."""
    return documents[0] | {
        name: [each for document in documents for each in document[name]] for name in members
    }


def field(path: str, label: str = "plain", present: int = 8, of: int = 8) -> Json:
    return {
        "path": path,
        "types": ["string"],
        "format": "",
        "class": label,
        "present": present,
        "of": of,
    }


def operation(method: str, path: str, standing: str, fields: list[Json], **more: Json) -> Json:
    seen = 0 if standing == "zombie" else more.pop("seen", 8)
    return {
        "id": more.pop("id", f"{method} {path}"), "method": method, "path": path, "standing": standing,
        "seen": seen, "statuses": {"200": seen} if seen else {}, "auth": {"bearer (JWT)": seen} if seen else {},
        "callers": min(seen, 3), "hosts": ["api.example.com"] if seen else [],
        "bodies": {"whole": seen} if seen else {}, "removed": {}, "fields": fields,
    } | more  # fmt: skip


def drift(kind: str, endpoint: Json, name: str = "", **more: Json) -> Json:
    return {
        "kind": kind, "endpoint": endpoint["id"], "method": endpoint["method"], "path": endpoint["path"],
        "resource": "Member" if name else "", "field": name, "viewer": "member" if name else "",
        "state": {}, "seen": 4, "certain": True,
        "says": "shown to owner" if name else "the document does not declare it",
        "contract": PLACE if name else None,
    } | more  # fmt: skip


def observation(operations: list[Json], drifts: list[Json] = [], **more: Json) -> Json:  # noqa: B006
    return {
        "schema": "oakum.observation/2", "version": "0.1.0", "against": "exposure.yaml",
        "trustworthy": True, "distrust": [],
        "summary": {"read": 28, "skipped": 0, "aside": 0},
        "sources": [{"name": "traffic.ndjson", "kind": "lines", "read": 28, "skipped": {}, "broken": ""}],
        "aside": {}, "unjudged": {}, "operations": operations, "sent": [], "drift": drifts,
    } | more  # fmt: skip


def small() -> Json:
    """Three endpoints of each standing, one that drifts."""
    user = operation(
        "GET", "/users/{userId}", "documented",
        [field("id", "key"), field("email", "contact", 4), field("friends.*.id", "key"),
         field("friends.*.city", "location", 2), field("tags.*")], id="getUser",
    )  # fmt: skip
    debug = operation("GET", "/debug", "shadow", [field("secret_key", "secret")])
    rows = [
        {"endpoint": "getUser", "resource": "Member", "field": name, "viewer": viewer, "state": {},
         "present": present, "of": 4}
        for name, viewer, present in (("id", "member", 4), ("email", "member", 4), ("email", "owner", 2))
    ]  # fmt: skip
    user["notes"] = [{"kind": "twin-host", "says": "`old.example.com` asks for no credentials"}]
    graph = operation("POST", "/graphql", "documented", [field("data.me.id", "key")])
    graph["parts"] = [
        operation("query", "me", "seen", [field("me.id", "key"), field("me.phone", "contact")])
    ]
    endpoints = [
        graph, user, debug, operation("GET", "/users", "documented", [field("data.*.id", "key")]),
        operation("DELETE", "/users/{userId}", "zombie", []),
    ]  # fmt: skip
    found = [
        drift("new-endpoint", debug),
        drift("sent-wider", user, "email"),
        drift("new-field", user, "id", says="no line"),
    ]
    return observation(endpoints, found, sent=rows)


def distrusted() -> Json:
    """A source that is cut off, and one that gave nothing."""
    sources = [
        {
            "name": "a.gz",
            "kind": "lines",
            "read": 5,
            "skipped": {"a line that is not JSON": 7},
            "broken": "is cut off",
        },
        {"name": "b.ndjson", "kind": "lines", "read": 0, "skipped": {}, "broken": ""},
    ]
    why = ["`a.gz` is cut off", "`b.ndjson` gave no exchange"]
    return small() | {
        "trustworthy": False, "distrust": why, "sources": sources, "aside": {"of another host": 3},
        "summary": {"read": 5, "skipped": 7, "aside": 3},
    }  # fmt: skip


def hostile() -> Json:
    """Names that would be markup, script, an address, a template or a forged line."""
    endpoints = [
        operation("GET", f"/x/{name}/{{id}}", "shadow", [field(f"{name}.{other}") for other in HOSTILE],
                  hosts=[name], auth={name: 1})
        for name in HOSTILE
    ]  # fmt: skip
    drifts = [
        drift("new-field", endpoint, name, says=name)
        for endpoint, name in zip(endpoints, HOSTILE, strict=True)
    ]
    sources = [
        {
            "name": HOSTILE[0],
            "kind": HOSTILE[1],
            "read": 1,
            "skipped": {HOSTILE[2]: 1},
            "broken": "",
        }
    ]
    return observation(
        endpoints, drifts, sources=sources, aside={HOSTILE[0]: 1}, against=HOSTILE[1]
    )


def large(endpoints: int = 500, fields: int = 20) -> Json:
    """500 operations of 20 fields, in 25 places of the tree."""

    def made() -> Iterator[Json]:
        for at in range(endpoints):
            held = [
                field(f"data.*.group{n % 4}.field_{at}_{n}", CLASSES[n % 8], n % 9)
                for n in range(fields)
            ]
            standing = "shadow" if at % 50 == 0 else "zombie" if at % 33 == 0 else "documented"
            path = f"/v1/area{at % 25}/things{at // 25}/{{thingId}}"
            yield operation("GET", path, standing, held, seen=at + 1)

    found = [*made()]
    drifts = [
        drift("sent-wider", endpoint, f"field_{at}_3")
        for at, endpoint in enumerate(found)
        if at % 5 == 0
    ]
    return observation(found, drifts)


USES = ("rendered", "read", "copied", "untouched", "unobserved")


def usage(endpoints: int = 2, fields: int = 5, name: str = "field") -> Json:
    """What pages use of some endpoints."""
    held = [
        {"method": "GET", "path": f"/{name}/{at}", "operation": f"get{at}", "answers": 2,
         "fields": [{"path": f"data.*.{name}_{at}_{n}", "use": USES[n % 5]} for n in range(fields)]}
        for at in range(endpoints)
    ]  # fmt: skip
    counts = {use: endpoints * sum(USES[n % 5] == use for n in range(fields)) for use in USES}
    rows = [
        {"resource": "Member", "viewer": "member", "field": f"{name}_0_3", "verdicts": ["leak"],
         "use": "untouched", "operations": ["get0"], **PLACE},
        {"resource": "Member", "viewer": "owner", "field": f"{name}_0_2", "verdicts": ["excess", "wide"],
         "use": "copied", "operations": ["get0"], **PLACE},
    ]  # fmt: skip
    return {
        "schema": "oakum.use/2", "meaning": "excess on the pages driven", "pages": 1, "discarded": [],
        "answers_of_other_origins": 0, "answers_without_fields": 0, "answers_not_kept": 0,
        "counts": counts, "endpoints": held, "difference": rows,
    }  # fmt: skip


VERDICTS = ("leak", "narrow", "excess", "wide", "unknown", "fine")


def comparison(rows: int = 12, name: str = "field") -> Json:
    """Rows of each verdict."""
    made = [
        {"verdict": VERDICTS[at % 6], "resource": f"Thing{at % 3}", "field": f"{name}_{at}",
         "viewer": ("member", "owner")[at % 2], "why": "sent 3 times", "granted": "shown to owner",
         "sent": {"present": at % 4, "of": 3 if at % 4 else 0, "operations": [f"get{name}"]},
         "use": (*USES, None)[at % 6], "contract": PLACE,
         "change": {"text": f"{name}_{at}: []" if at % 6 == 2 else "", "means": "in place of it"}}
        for at in range(rows)
    ]  # fmt: skip
    counts = {verdict: sum(row["verdict"] == verdict for row in made) for verdict in VERDICTS}
    return {
        "schema": "oakum.comparison/2", "version": "0.1.0", "meaning": "excess on the pages driven",
        "contract": "exposure.yaml", "traffic": "observation.json", "uses": ["use.json"],
        "trustworthy": True, "distrust": [], "counts": counts, "rows": made,
    }  # fmt: skip


def abuse(name: str = "GET /members/{memberId}") -> Json:
    """Two callers, of two kinds."""
    begins = 1_795_564_800_000

    def event(kind: str, count: int) -> Json:
        return {
            "told": "2026-11-25T01:00:00Z", "kind": kind, "at": "2026-11-25T02:00:00Z", "endpoint": name,
            "window": "hour", "what": "objects", "count": count, "limit": 20,
            "rest": {"callers": 900, "window": "hour", "middle": 2, "high": 9, "share": 0.99},
            "requests": count, "misses": 1, "ids": count, "ordered": 0, "certain": True,
            "says": f"asked for {count} at {name}",
        }  # fmt: skip

    callers = [
        {"who": f"{at:016x}", "by": "caller", "first": "2026-11-25T00:00:00Z", "last": "2026-11-25T03:00:00Z",
         "certain": True, "events": [event(kind, 300 + at)],
         "series": [[begins + n * 300_000, n + 1, n, n % 2] for n in range(36)]}
        for at, kind in enumerate(("walk", "scrape"))
    ]  # fmt: skip
    kinds = dict.fromkeys(("walk", "guess", "scrape", "probe", "share", "stuff"), 0)
    return {
        "schema": "oakum.abuse/2", "version": "0.1.0", "trustworthy": True, "distrust": [],
        "summary": {"calls": 9000, "watched": 901, "let_go": 0, "told": 2,
                    "kinds": kinds | {"walk": 1, "scrape": 1},
                    "begins": "2026-11-25T00:00:00Z", "ends": "2026-11-25T03:00:00Z"},
        "sources": [], "aside": {}, "blind": {"stuff": "no record names the account of a login attempt"},
        "callers": callers,
    }  # fmt: skip
