"""Members: oneself, others, settings, what a profile page shows, and the search."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, HTTPException, Path, Query, Request, Response
from fastapi.responses import JSONResponse

from cadence import schemas
from cadence.cache import SECONDS
from cadence.endpoints.says import Limit, UserId, says
from cadence.rules import MEMBER_FIELDS, Group
from cadence.world import CARD, EDGE, TOTALS, Here, Service, Shown, Viewer, World

router = APIRouter()

PROFILE = (
    *CARD,
    *EDGE,
    "location",
    *TOTALS,
    "last_workout_at",
    "workout_counts",
    "streaks",
    "age_decade",
    "gender",
)
PERSONAL = (
    "birthday",
    "age",
    "weight",
    "height",
    "cycling_ftp",
    "default_max_heart_rate",
    "first_name",
    "last_name",
    "email",
    "phone_number",
    "card_expires_at",
    "member_groups",
    "is_internal_beta_tester",
    "in_studio",
    "roles",
)
ACCOUNT = (*PROFILE, *PERSONAL)
LISTED = (*CARD, *EDGE, "location", *TOTALS)

_MAY_CHANGE = (
    "username",
    "birthday",
    "email",
    "first_name",
    "last_name",
    "gender",
    "height",
    "location",
    "phone_number",
    "weight",
)
_SWITCHES = ("is_profile_private", "hide_age", "effort_zones_private", "workout_maps_private")
_SETTINGS = (*_SWITCHES, "notification_email")
_LOOKED_AT = 1000
"""Members at whom `fixed` looks to list some of them."""

NameOrId = Annotated[str, Path(alias="userNameOrId", description="A member's name or id.")]


@router.get("/api/me", **says("getMe", schemas.Member, 401))
async def get_me(world: Here, request: Request) -> Shown:
    caller = world.member(request)
    return world.profile(caller, caller, ACCOUNT)


@router.get("/api/user/search", **says("searchUsers", schemas.MemberPage, 400, 401))
async def search_users(
    world: Here,
    request: Request,
    user_query: Annotated[str, Query(description="A part of a member's name.")],
    limit: Limit = 40,
) -> Shown:
    return _found(world, world.member(request), user_query, limit)


@router.get("/api/user/search/{q}", **says("searchUsersLegacy", schemas.MemberPage, 400, 401))
async def search_users_legacy(
    world: Here,
    request: Request,
    q: Annotated[str, Path(description="A part of a member's name.")],
) -> Shown:
    return _found(world, world.visitor(request), q, 40)


def _found(world: World, viewer: Viewer, wanted: str, limit: int) -> Shown:
    if not world.fixed:
        # `%` and single letters go through, and so does everybody who wanted to be private.
        rows = world.all(
            "SELECT * FROM members WHERE username LIKE '%' || ? || '%' LIMIT ?", wanted, limit
        )
        return {"data": [world.profile(viewer, row, LISTED) for row in rows]}
    if len(wanted) < 3:
        raise HTTPException(400, "a search takes at least 3 characters")
    rows = world.all(
        "SELECT * FROM members WHERE instr(lower(username), lower(?)) LIMIT ?",
        wanted,
        min(limit, 40),
    )
    return {"data": _cards(world, viewer, rows)}


def _cards(world: World, viewer: Viewer, rows: Iterable[sqlite3.Row]) -> list[Shown]:
    cards = (world.profile(viewer, row, (*CARD, *EDGE)) for row in rows)
    return [card for card in cards if card]


@dataclass(frozen=True)
class Browse:
    """Who is to be listed, and in which order."""

    location: Annotated[str, Query(description="Where the members are.")] = ""
    last_name: Annotated[str, Query(description="What the members are called.")] = ""
    sort: Annotated[
        Literal["joined", "total_workouts", "height"],
        Query(description="Who has joined first comes first, or who has the highest value."),
    ] = "joined"
    limit: Limit = 40

    def filters(self) -> dict[str, str]:
        """The fields that have to have a value, with it."""
        asked = {"location": self.location, "last_name": self.last_name}
        return {field: value for field, value in asked.items() if value}


@router.get("/api/user/browse", **says("browseUsers", schemas.MemberPage, 400, 401))
async def browse_users(world: Here, request: Request, asked: Annotated[Browse, Depends()]) -> Shown:
    viewer = world.member(request)
    fitting = "".join(f" AND {field} = ? COLLATE NOCASE" for field in asked.filters())
    # No more than cards is shown, in any stage. In stages 1 and 2 every column filters and sorts,
    # whoever may see it: the cards that come, and their order, tell what does not stand in them.
    order = "rowid" if world.fixed or asked.sort == "joined" else f"{asked.sort} DESC"
    rows = world.all(
        f"SELECT * FROM members WHERE TRUE{fitting} ORDER BY {order} LIMIT ?",
        *asked.filters().values(),
        _LOOKED_AT if world.fixed else asked.limit,
    )
    if world.fixed:
        rows = [row for row in rows if _seen(world, viewer, row, asked.filters())]
        if asked.sort != "joined":
            rows.sort(key=lambda row: _rank(world, viewer, row, asked.sort))
    return {"data": _cards(world, viewer, rows)[: asked.limit]}


def _seen(world: World, viewer: Viewer, owner: sqlite3.Row, fields: Iterable[str]) -> bool:
    """Whether the caller may see all of these fields, so that they may filter and sort."""
    seen = world.sight(viewer, owner)
    return all(seen.of(MEMBER_FIELDS[field]) for field in fields)


def _rank(world: World, viewer: Viewer, owner: sqlite3.Row, field: str) -> tuple[bool, float]:
    """Whose value may not be seen comes last, in the order of joining."""
    return (False, -owner[field]) if _seen(world, viewer, owner, [field]) else (True, 0.0)


@router.get("/api/user/{userNameOrId}", **says("getUser", schemas.Member, 401, 404))
async def get_user(world: Here, request: Request, name: NameOrId) -> Shown:
    viewer = world.reader(request)
    owner = world.one("SELECT * FROM members WHERE id = ? OR username = ?", name, name)
    whole = isinstance(viewer, Service) or (
        owner is not None and viewer is not None and viewer["id"] == owner["id"]
    )
    shown = world.profile(viewer, owner, ACCOUNT if whole else PROFILE) if owner else {}
    if not shown:
        raise HTTPException(404, "there is no such member")
    return shown


@router.put("/api/user/{userNameOrId}", **says("updateUser", schemas.Member, 400, 401, 403, 409))
async def update_user(
    world: Here, request: Request, name: NameOrId, changes: schemas.MemberChanges
) -> Shown:
    caller = world.myself(request, name)
    # Stages 1 and 2 write whatever is sent, the groups and the beta flag included.
    taken = {key: value for key, value in changes.items() if not world.fixed or key in _MAY_CHANGE}
    try:
        for column, value in taken.items():
            stored = json.dumps(value) if isinstance(value, list) else value
            world.db.execute(f"UPDATE members SET {column} = ? WHERE id = ?", (stored, name))
    except sqlite3.IntegrityError:
        raise HTTPException(409, "somebody else has this name") from None
    caller = world.owner(name)
    return world.profile(caller, caller, ACCOUNT)


@router.get("/api/user/{userId}/settings", **says("getSettings", schemas.Settings, 401, 403))
async def get_settings(world: Here, request: Request, user_id: UserId) -> Shown:
    if not world.service(request):
        # Stages 1 and 2 ask whether somebody has logged in, and not who.
        world.myself(request, user_id) if world.fixed else world.member(request)
    return _settings(world.owner(user_id))


@router.put("/api/user/{userId}/settings", **says("updateSettings", schemas.Settings, 401, 403))
async def update_settings(
    world: Here, request: Request, user_id: UserId, settings: schemas.Settings
) -> Shown:
    world.myself(request, user_id)
    for column, value in settings.items():
        if column in _SETTINGS:
            world.db.execute(f"UPDATE members SET {column} = ? WHERE id = ?", (value, user_id))
    return _settings(world.owner(user_id))


def _settings(owner: sqlite3.Row) -> Shown:
    return {"user_id": owner["id"], **{key: owner[key] for key in _SETTINGS}}


def open_history(world: World, viewer: Viewer, user_id: str) -> sqlite3.Row:
    """The member whose history is asked for; in `fixed` only if the viewer may see it."""
    owner = world.owner(user_id)
    seen = world.sight(viewer, owner)
    if not seen.of(Group.CARD):
        raise HTTPException(404, "there is no such member")
    if not seen.of(Group.HISTORY):
        raise HTTPException(403, "this member's profile is private")
    return owner


@router.get("/api/user/{userId}/overview", **says("getOverview", schemas.Overview, 401, 403, 404))
async def get_overview(world: Here, request: Request, user_id: UserId, version: int = 1) -> Shown:
    return _overview(open_history(world, world.visitor(request), user_id))


def _overview(owner: sqlite3.Row) -> Shown:
    return {
        "user_id": owner["id"],
        "workout_counts": owner["workout_counts"],
        "streaks": owner["streaks"],
        "personal_records": owner["records"],
        "achievements": owner["achievements"],
    }


@router.get("/api/me/overview", **says("getMyOverview", schemas.Overview, 401))
async def get_my_overview(world: Here, request: Request) -> Response:
    if world.fixed:
        own = _overview(world.member(request))
        return JSONResponse(own, headers={"cache-control": "private, no-store"})
    # A cache stands before stages 1 and 2. It was told that the page may be kept, and its key is
    # the URL: for some seconds whoever asks is shown what the one before them was shown.
    shared = {"cache-control": f"public, max-age={SECONDS}"}
    if held := world.cache.find(str(request.url)):
        answer, age = held
        headers = {**shared, "age": str(age), "x-cache": "HIT"}
        return Response(answer, media_type="application/json", headers=headers)
    made = JSONResponse(_overview(world.member(request)), headers={**shared, "x-cache": "MISS"})
    world.cache.keep(str(request.url), bytes(made.body))
    return made


@router.get("/api/user/{userId}/calendar", **says("getCalendar", schemas.Calendar, 401, 403, 404))
async def get_calendar(world: Here, request: Request, user_id: UserId) -> Shown:
    owner = open_history(world, world.visitor(request), user_id)
    return {"user_id": owner["id"], "active_days": owner["active_days"]}


@router.get(
    "/api/user/{userId}/achievements",
    **says("getAchievements", schemas.Achievements, 401, 403, 404),
)
async def get_achievements(world: Here, request: Request, user_id: UserId) -> Shown:
    owner = open_history(world, world.visitor(request), user_id)
    return {"user_id": owner["id"], "achievements": owner["achievements"]}
