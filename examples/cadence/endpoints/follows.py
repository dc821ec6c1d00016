"""Who follows whom, and who is blocked."""

from __future__ import annotations

import sqlite3

from fastapi import APIRouter, HTTPException, Request

from cadence import schemas
from cadence.endpoints.people import LISTED, open_history
from cadence.endpoints.says import Limit, UserId, says
from cadence.rules import Group
from cadence.world import Here, Shown, Viewer, World

router = APIRouter()


@router.get(
    "/api/user/{userId}/followers", **says("listFollowers", schemas.FollowPage, 401, 403, 404)
)
async def list_followers(
    world: Here, request: Request, user_id: UserId, limit: Limit = 100
) -> Shown:
    viewer = world.reader(request)
    owner = open_history(world, viewer, user_id)
    rows = world.all(
        "SELECT members.* FROM follows JOIN members ON members.id = follows.follower"
        " WHERE follows.followed = ? AND follows.status = 'approved' LIMIT ?",
        owner["id"],
        limit,
    )
    return _page(world, viewer, owner, rows)


@router.get(
    "/api/user/{userId}/following", **says("listFollowing", schemas.FollowPage, 401, 403, 404)
)
async def list_following(
    world: Here, request: Request, user_id: UserId, limit: Limit = 100
) -> Shown:
    viewer = world.reader(request)
    owner = open_history(world, viewer, user_id)
    rows = world.all(
        "SELECT members.* FROM follows JOIN members ON members.id = follows.followed"
        " WHERE follows.follower = ? AND follows.status = 'approved' LIMIT ?",
        owner["id"],
        limit,
    )
    return _page(world, viewer, owner, rows)


@router.get("/api/user/{userId}/blocked", **says("listBlocked", schemas.BlockedPage, 401, 403))
async def list_blocked(world: Here, request: Request, user_id: UserId) -> Shown:
    gateway = world.service(request)
    owner = world.owner(user_id) if gateway else world.myself(request, user_id)
    rows = world.all(
        "SELECT members.id, members.username FROM blocks"
        " JOIN members ON members.id = blocks.blocked WHERE blocks.owner = ?",
        user_id,
    )
    return {"user_id": owner["id"], "data": [dict(row) for row in rows], "total": len(rows)}


def _page(world: World, viewer: Viewer, owner: sqlite3.Row, rows: list[sqlite3.Row]) -> Shown:
    """Each row under the rules of the member it shows, not only of the one whose list it is."""
    cards = [world.profile(viewer, row, LISTED) for row in rows]
    cards = [card for card in cards if card]
    return {"user_id": owner["id"], "data": cards, "total": len(cards)}


@router.post(
    "/api/user/change_relationship",
    **says("changeRelationship", schemas.Relationship, 400, 401, 404),
)
async def change_relationship(
    world: Here, request: Request, change: schemas.RelationshipChange
) -> Shown:
    caller = world.member(request)
    other = world.owner(change["user_id"])
    blocked = world.one(
        "SELECT 1 FROM blocks WHERE owner = ? AND blocked = ?", other["id"], caller["id"]
    )
    if blocked and change["action"] in ("follow", "approve"):
        raise HTTPException(404, "there is no such member")
    _change(world, caller, other, change["action"])
    relationship: Shown = world.edge(caller, other)["relationship"]
    if world.fixed and not world.sight(caller, other).of(Group.EDGE):
        raise HTTPException(404, "there is no such member")
    return relationship


def _change(world: World, caller: sqlite3.Row, other: sqlite3.Row, action: str) -> None:
    me, them = caller["id"], other["id"]
    run = world.db.execute
    if me == them:
        raise HTTPException(400, "nobody follows or blocks themselves")
    match action:
        case "follow":
            status = "pending" if other["is_profile_private"] else "approved"
            run(
                "INSERT INTO follows VALUES (?, ?, ?) ON CONFLICT DO UPDATE"
                " SET status = excluded.status WHERE status = 'ended'",
                (me, them, status),
            )
        case "unfollow":
            run(
                "UPDATE follows SET status = 'ended' WHERE follower = ? AND followed = ?",
                (me, them),
            )
        case "approve":
            run(
                "UPDATE follows SET status = 'approved'"
                " WHERE follower = ? AND followed = ? AND status = 'pending'",
                (them, me),
            )
        case "block":
            run("INSERT OR IGNORE INTO blocks VALUES (?, ?)", (me, them))
            run(
                "UPDATE follows SET status = 'ended' WHERE (follower = ? AND followed = ?)"
                " OR (follower = ? AND followed = ?)",
                (me, them, them, me),
            )
        case "unblock":
            run("DELETE FROM blocks WHERE owner = ? AND blocked = ?", (me, them))
        case _:
            raise HTTPException(400, "`action` is one of follow, unfollow, approve, block, unblock")
