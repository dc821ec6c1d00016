"""Members: oneself, others, settings, what a profile page shows, and the search."""

from __future__ import annotations

import json
import sqlite3
from typing import Annotated

from fastapi import APIRouter, HTTPException, Path, Query, Request

from cadence import schemas
from cadence.doors.says import Limit, UserId, says
from cadence.rules import Group
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


def _found(world: World, viewer: sqlite3.Row | None, wanted: str, limit: int) -> Shown:
    if not world.fixed:
        # `%` and single letters go through, and so does everybody who wanted to be private.
        rows = world.all(
            "SELECT * FROM members WHERE username LIKE '%' || ? || '%' LIMIT ?", wanted, limit
        )
        return {"data": [world.profile(viewer, row, LISTED) for row in rows], "total": len(rows)}
    if len(wanted) < 3:
        raise HTTPException(400, "a search takes at least 3 characters")
    rows = world.all(
        "SELECT * FROM members WHERE instr(lower(username), lower(?)) LIMIT ?",
        wanted,
        min(limit, 40),
    )
    cards = [world.profile(viewer, row, (*CARD, *EDGE)) for row in rows]
    cards = [card for card in cards if card]
    return {"data": cards, "total": len(cards)}


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
    owner = open_history(world, world.visitor(request), user_id)
    return {
        "user_id": owner["id"],
        "workout_counts": owner["workout_counts"],
        "streaks": owner["streaks"],
        "personal_records": owner["records"],
        "achievements": owner["achievements"],
    }


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
