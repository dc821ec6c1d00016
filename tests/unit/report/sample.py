"""Reports to render: one of a run on a fitness API like `cadence`, stage 2, and some awkward ones.

Stage 2 is the story of the half fix: anonymous callers are shut out, and any member reads any
other. Values in here are made up.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from itertools import product

from oakum.errors import Location
from oakum.finding import (
    Answer,
    Cell,
    Endpoint,
    Evidence,
    Finding,
    IdentityState,
    Line,
    Report,
    Result,
    SkippedOperation,
    State,
    Writes,
)

VIEWERS = (
    "anyone",
    "blocked",
    "member",
    "pending",
    "ex_follower",
    "follower",
    "staff",
    "owner",
)
_CONNECTED = {"follower", "staff", "owner"}
_MEMBERS = {"member", "pending", "ex_follower", *_CONNECTED}
_NAMES = {
    "anyone": "(nobody)",
    "blocked": "blo",
    "member": "ann",
    "pending": "pen",
    "ex_follower": "exa",
    "follower": "flo",
    "staff": "sta",
    "owner": "pia",
}
_PRIVATE: tuple[State, ...] = tuple((("private", value),) for value in ("false", "true"))
_STATES: dict[str, tuple[State, ...]] = {
    "social": _PRIVATE,
    "age": tuple(
        (("hide_age", hidden), *private) for private, hidden in product(_PRIVATE, ("false", "true"))
    ),
}
"""States by class of field: a cell names only the settings that bear on it."""

_PROFILE = Endpoint("GET", "/api/user/{userNameOrId}", "getUser")
_SEARCH = Endpoint("GET", "/api/user/search", "searchUsers")
_LEGACY = Endpoint("GET", "/api/user/search/{query}", "searchUsersLegacy")
_FOLLOWERS = Endpoint("GET", "/api/user/{userId}/followers", "listFollowers")
_GRAPHQL = Endpoint("POST", "/graphql", "SharedTags")
_WORKOUT = Endpoint("GET", "/api/workout/{workoutId}", "getWorkout")
_WORKOUTS = Endpoint("GET", "/api/user/{userId}/workouts", "listWorkouts")
_DETAILS = Endpoint("POST", "/stats/workouts/details", "workoutDetails")
_CSV = Endpoint("GET", "/api/user/{userId}/workout_history_csv", "exportWorkouts")
_SETTINGS = Endpoint("GET", "/api/user/{userId}/settings", "getSettings")
_RIDE = Endpoint("GET", "/api/ride/{rideId}/details", "getRide")

PROMISE = "Only people who follow you can see your profile and your workouts"

# resource -> (endpoints, {class of field: fields})
_RESOURCES: dict[str, tuple[tuple[Endpoint, ...], dict[str, tuple[str, ...]]]] = {
    "Member": (
        (_PROFILE, _SEARCH, _LEGACY, _FOLLOWERS, _DETAILS, _GRAPHQL),
        {
            "card": ("id", "username", "image_url", "is_private"),
            "social": (
                "location",
                "total_workouts",
                "total_followers",
                "last_workout_at",
                "workout_counts.*.name",
                "workout_counts.*.count",
                "streaks.current_weekly",
            ),
            "age": ("age_decade", "gender"),
            "own": ("birthday", "weight", "height", "email", "phone_number"),
            "never": ("facebook_access_token",),
        },
    ),
    "Workout": (
        (_WORKOUT, _WORKOUTS, _DETAILS, _CSV),
        {
            "social": ("id", "created_at", "total_work", "leaderboard_rank", "ride.title"),
            "own": ("timezone", "device_type", "strava_id", "effort_zones.total_effort_points"),
        },
    ),
    "Settings": (
        (_SETTINGS,),
        {"own": ("is_profile_private", "hide_age", "weight_unit", "new_follower_email")},
    ),
    "Ride": ((_RIDE,), {"public": ("id", "title", "duration")}),
}
_LINE = {"card": 21, "social": 23, "age": 26, "own": 29, "never": 31, "public": 60}
_FIRST_LINE = {"Member": 0, "Workout": 20, "Settings": 40, "Ride": 0}


def _granted(kind: str, viewer: str, state: State) -> bool:
    held = dict(state)
    if kind == "public":
        return True
    if kind == "card":
        return viewer in _MEMBERS
    if kind in ("social", "age"):
        hidden = kind == "age" and held.get("hide_age") == "true" and viewer != "owner"
        open_to = _CONNECTED if held.get("private") == "true" else _MEMBERS
        return viewer in open_to and not hidden
    return kind == "own" and viewer == "owner"


def _result(kind: str, viewer: str, endpoint: Endpoint, granted: bool) -> tuple[Result, str]:
    if viewer == "ex_follower" and endpoint in (_FOLLOWERS, _CSV):
        return Result.UNTESTED, "no identity could be made `ex_follower` of an owner"
    if kind == "never":
        return Result.UNTESTED, "the owner was never seen to see it"
    if granted:
        if viewer == "staff" and kind == "age":
            return Result.OVER_BLOCK, ""
        return Result.OPEN, ""
    half_fixed = viewer in _MEMBERS and kind in ("social", "age")
    careless = viewer in _MEMBERS and endpoint in (_DETAILS, _SETTINGS) and kind == "own"
    forgotten = viewer == "anyone" and endpoint is _LEGACY and kind == "card"
    return (Result.LEAK if half_fixed or careless or forgotten else Result.CLOSED), ""


def _cells() -> Iterator[Cell]:
    for resource, (endpoints, kinds) in _RESOURCES.items():
        squares = (
            (kind, fields, *rest)
            for kind, fields in kinds.items()
            for rest in product(VIEWERS, _STATES.get(kind, ((),)), endpoints)
        )
        for kind, fields, viewer, state, endpoint in squares:
            granted = _granted(kind, viewer, state)
            result, reason = _result(kind, viewer, endpoint, granted)
            asked = "" if result is Result.UNTESTED else f"{_NAMES[viewer]} → pia"
            for field in fields:
                yield Cell(resource, field, viewer, state, endpoint, granted, result, reason, asked)


def _rule(cell: Cell) -> tuple[str, str, str, tuple[str, ...], str]:
    """Rule, severity, OWASP id, CWE ids, and the title."""
    who, what, of = cell.viewer, f"`{cell.field}`", f"of a {cell.resource}"
    if cell.result is Result.OVER_BLOCK:
        title = f"{who} does not get {what} {of}, although the contract grants it"
        return "over-block", "low", "API9:2023", (), title
    if cell.viewer == "anyone":
        title = f"anyone on the internet sees {what} {of}, without any credentials"
        return "served-without-login", "critical", "API2:2023", ("CWE-306", "CWE-359"), title
    if cell.resource == "Settings":
        title = f"{who} reads {what} {of} that is somebody else's"
        return "foreign-object", "high", "API1:2023", ("CWE-639",), title
    if dict(cell.state).get("private") == "true" and cell.endpoint is not _DETAILS:
        title = f"{who} sees {what} {of} whose owner is private"
        cwe = ("CWE-213", "CWE-359")
        return "privacy-setting-not-enforced", "high", "API3:2023", cwe, title
    title = f"{who} sees {what} {of}"
    return "excess-field", "medium", "API3:2023", ("CWE-213",), title


def _answer(identity: str, relation: str, field: str, mark: str) -> Answer:
    leaf = "/" + field.replace("*", "0").replace(".", "/")
    marked = Line(leaf, "string(12)", "9f3ac1d2" if mark else "", mark or "")  # type: ignore[arg-type]
    rest = (
        Line("/id", "string(32)", "11aa22bb", "granted"),
        Line("/username", "string(3)", "0c0c7e7e", "granted"),
        Line("/image_url", "string(61)"),
        Line("/is_private", "true"),
        Line("/relationship/me_to_user", "string(4)"),
    )
    return Answer(identity, relation, 200, "application/json", (*rest, marked), truncated=9)


def _evidence(cell: Cell) -> Evidence | None:
    name = _NAMES[cell.viewer]
    if cell.result is Result.OVER_BLOCK:
        owner = _answer("pia", "owner", cell.field, "canary")
        return Evidence(owner, Answer(name, cell.viewer, 403, "application/problem+json"), "")
    path = cell.endpoint.path.replace("{", "$").replace("}", "")
    token = "" if cell.viewer == "anyone" else f' -H "Authorization: Bearer ${name.upper()}_TOKEN"'
    return Evidence(
        owner=_answer("pia", "owner", cell.field, "canary"),
        viewer=_answer(name, cell.viewer, cell.field, "leak"),
        curl=f'curl -sS{token} "$TARGET{path}"',
        confirmed=True,
    )


def _location(cell: Cell) -> Location:
    kinds = _RESOURCES[cell.resource][1]
    kind = next(kind for kind, fields in kinds.items() if cell.field in fields)
    return Location("exposure.yaml", _LINE[kind] + _FIRST_LINE[cell.resource], 7)


def _findings(cells: tuple[Cell, ...]) -> Iterator[Finding]:
    hit: dict[tuple[str, str, str, State], list[Cell]] = {}
    for cell in cells:
        if cell.result in (Result.LEAK, Result.OVER_BLOCK):
            key = (cell.resource, cell.field, cell.viewer, cell.state)
            hit.setdefault(key, []).append(cell)
    for held in hit.values():
        cell = held[0]
        rule, severity, owasp, cwe, title = _rule(cell)
        yield Finding(
            rule=rule,
            verdict="over_blocked" if cell.result is Result.OVER_BLOCK else "proven",
            resource=cell.resource,
            field=cell.field,
            viewer=cell.viewer,
            state=cell.state,
            endpoints=tuple(other.endpoint for other in held),
            owasp=owasp,
            cwe=cwe,
            severity=severity,  # type: ignore[arg-type]
            title=title,
            advice=_ADVICE[rule],
            contract_location=_location(cell),
            promise=PROMISE if cell.resource in ("Member", "Workout") else "",
            evidence=_evidence(cell),
        )


_ADVICE = {
    "over-block": "serve it, or remove the grant from the contract",
    "served-without-login": "ask for a session on this endpoint, as its newer twin does",
    "foreign-object": "compare the id in the path with the caller before reading the object",
    "privacy-setting-not-enforced": (
        "read the owner's setting where the answer is built, once for every endpoint,"
        " and leave the fields out for callers who do not follow the owner"
    ),
    "excess-field": "build the answer from a list of allowed fields, not from the record",
}

_RATE = Finding(
    rule="no-throttle",
    verdict="suspected",
    resource="Member",
    field="",
    viewer="member",
    state=(),
    endpoints=(_SEARCH,),
    owasp="API4:2023",
    cwe=("CWE-799",),
    severity="medium",
    title="a member may look at more than 100 different Members an hour",
    advice="count different owners a caller looks at, not requests",
    contract_location=Location("exposure.yaml", 88, 3),
)


@cache
def sample() -> Report:
    """A run on the fitness API: some hundreds of findings, a dozen causes."""
    cells = tuple(_cells())
    return Report(
        target="http://127.0.0.1:8000",
        contract="exposure.yaml",
        stated=True,
        run="5f0c2a",
        started="2026-01-20T09:30:00Z",
        seconds=41.27,
        requests=412,
        budget=2000,
        findings=(*_findings(cells), _RATE),
        cells=cells,
        skipped=(
            SkippedOperation(Endpoint("DELETE", "/api/user/{userId}", "deleteUser"), "it writes"),
            SkippedOperation(Endpoint("PUT", "/api/user/{userId}", "updateUser"), "it writes"),
            SkippedOperation(
                Endpoint("GET", "/api/admin/reindex", "reindex"),
                "its summary says `rebuild`: it may change something",
            ),
        ),
        identities=(
            IdentityState("pia", True, "", ("owner",)),
            IdentityState("ann", True, "", ("member of pia",)),
            IdentityState("flo", True, "", ("follower of pia",)),
            IdentityState("exa", False, "login answered 401: is `$EXA_PASSWORD` right?"),
        ),
        notes=("`total` of search answers changed by itself, so it was not judged",),
        writes=Writes(
            sent=7,
            changes=3,
            undone=2,
            left=("a new `Note` of ann could not be undone: check it by hand",),
            operations=((Endpoint("POST", "/notes", "makeNote"), 7),),
            untried=(
                SkippedOperation(Endpoint("POST", "/admin/x", "x"), "not written to, for `admin`"),
            ),
        ),
        version="0.1.0",
        field_lines={f"{cell.resource}.{cell.field}": _location(cell) for cell in cells},
    )


def clean(untested: bool = False) -> Report:
    """The same API, fixed: nothing leaks, everything else as before."""
    fixed = {Result.LEAK: Result.CLOSED, Result.OVER_BLOCK: Result.OPEN}
    whole = sample()
    cells = tuple(
        replace(cell, result=fixed.get(cell.result, cell.result))
        for cell in whole.cells
        if untested or cell.result is not Result.UNTESTED
    )
    return replace(whole, findings=(), cells=cells, skipped=(), notes=())


def untrusted() -> Report:
    """A run whose login failed: nothing was exercised, nothing was found."""
    reason = "`ann` could not log in"
    cells = tuple(
        replace(cell, result=Result.UNTESTED, reason=reason, identity="") for cell in sample().cells
    )
    return replace(
        sample(),
        findings=(),
        cells=cells,
        requests=3,
        identities=(IdentityState("ann", False, "login answered 401"),),
        distrust=("`ann` could not log in: the answer was 401", "no cell was shown"),
    )


HOSTILE = (
    "</script><script>window.hit=1</script>",
    "<img src=x onerror=window.hit=1>",
    "{{ 7*7 }} [red]markup[/red] \x1b[31m \u202e \u2028 <!--",
)


def hostile() -> Report:
    """Names that an API chose so as to run in the reader's browser or terminal."""
    base = next(f for f in sample().findings if f.rule == "privacy-setting-not-enforced")
    findings, cells = [], []
    for text in HOSTILE:
        endpoint = Endpoint("GET", f"/{text}", text)
        findings.append(
            replace(
                base,
                resource=text,
                field=text,
                viewer=text,
                state=((text, text),),
                title=f"`{text}` sees {text}",
                endpoints=(endpoint,),
                advice=text,
                promise=text,
                owasp=text,
                contract_location=Location(text, 1, 1),
                evidence=Evidence(
                    Answer(text, text, 200, text, (Line(text, text, text, "canary"),)),
                    Answer(text, text, 200, text, (Line(text, text, text, "leak"),)),
                    curl=text,
                    note=text,
                ),
            )
        )
        cells.append(
            Cell(text, text, text, ((text, text),), endpoint, False, Result.LEAK, identity=text)
        )
        cells.append(Cell(text, f"{text}2", text, (), endpoint, True, Result.UNTESTED, text))
    return replace(
        sample(),
        target=HOSTILE[0],
        contract=HOSTILE[1],
        run=HOSTILE[2],
        findings=tuple(findings),
        cells=tuple(cells),
        skipped=tuple(SkippedOperation(Endpoint("GET", text, text), text) for text in HOSTILE),
        identities=tuple(IdentityState(text, False, text, (text,)) for text in HOSTILE),
        distrust=HOSTILE,
        notes=HOSTILE,
        writes=Writes(1, 1, 0, HOSTILE, ((Endpoint(HOSTILE[0], HOSTILE[0]), 1),)),
        field_lines={f"{text}.{text}": Location(text, 1, 1) for text in HOSTILE},
    )


def large(fields: int = 625) -> Report:
    """One resource of `fields` × 8 viewers, every third square a leak through one endpoint."""
    results = (Result.LEAK, Result.CLOSED, Result.OPEN)
    cells = tuple(
        Cell(
            "Record",
            f"group{at // 25}.field{at}",
            viewer,
            (),
            _PROFILE,
            results[at % 3] is Result.OPEN,
            results[at % 3],
        )
        for at in range(fields)
        for viewer in VIEWERS
    )
    return replace(sample(), findings=(), cells=cells, field_lines={})


def many(count: int) -> Report:
    """A run with so many findings, each of a field of its own, the least grave ones first."""
    base = next(f for f in sample().findings if len(f.endpoints) > 2)
    grades = ("low", "medium", "high", "critical")
    findings = tuple(
        replace(
            base,
            field=f"group{at // 25}.field{at}",
            severity=grades[at * len(grades) // count],
            title=f"member sees `group{at // 25}.field{at}` of a Member whose owner is private",
            contract_location=Location("api/exposure.yaml", 10 + at, 7),
        )
        for at in range(count)
    )
    cells = tuple(
        Cell(f.resource, f.field, f.viewer, f.state, f.endpoints[0], False, Result.LEAK)
        for f in findings
    )
    return replace(sample(), findings=findings, cells=cells, field_lines={})
