"""The catalogue, which is public, and classes with those who ride in them."""

from __future__ import annotations

import asyncio
import json
import sqlite3
import time
from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, HTTPException, Path, Query, Request
from fastapi.responses import StreamingResponse

from cadence import schemas
from cadence.endpoints.says import Joins, Limit, PelotonId, RideId, says
from cadence.endpoints.workouts import LISTED, joined
from cadence.rules import Group
from cadence.world import Here, Shown, Viewer, World

router = APIRouter()

KEEP_ALIVE = 1.0
"""Seconds between two comments of a feed that has nothing to tell."""


@router.get("/api/ride/{rideId}/details", **says("getRide", schemas.Ride, 404, public=True))
async def get_ride(world: Here, ride_id: RideId) -> Shown:
    ride = world.one("SELECT * FROM rides WHERE id = ?", ride_id)
    if ride is None:
        raise HTTPException(404, "there is no such ride")
    return dict(ride)


@router.get("/api/v2/ride/archived", **says("listArchivedRides", schemas.RidePage, public=True))
async def list_archived_rides(world: Here, limit: Limit = 20) -> Shown:
    rows = world.all("SELECT * FROM rides ORDER BY scheduled_at DESC LIMIT ?", limit)
    return {"data": [dict(row) for row in rows], "total": len(rows)}


@router.get(
    "/api/ride/{rideId}/recent_following_workouts",
    **says("listRecentFollowingWorkouts", schemas.WorkoutPage, 401),
)
async def list_recent_following_workouts(
    world: Here, request: Request, ride_id: RideId, joins: Joins = "", limit: Limit = 20
) -> Shown:
    viewer = world.member(request)
    # Stages 1 and 2 take every edge for a follow: asked for and never approved, or long ended.
    approved = "AND follows.status = 'approved'" if world.fixed else ""
    rows = world.all(
        f"SELECT workouts.* FROM workouts WHERE ride_id = ? AND (user_id = ? OR EXISTS ("
        f" SELECT 1 FROM follows WHERE follower = ? AND followed = user_id {approved}))"
        f" ORDER BY user_id = ? DESC, start_time DESC LIMIT ?",
        ride_id,
        viewer["id"],
        viewer["id"],
        viewer["id"],
        limit,
    )
    data = []
    for row in rows:
        seen = world.sight(viewer, world.owner(row["user_id"]))
        if seen.of(Group.HISTORY):
            shown = world.workout(seen, row, LISTED)
            data.append(shown | joined(world, viewer, row, joins))
    return {"data": data, "total": len(data)}


@router.get("/api/peloton/{pelotonId}", **says("getClass", schemas.Peloton, 401, 404))
async def get_class(world: Here, request: Request, peloton_id: PelotonId) -> Shown:
    world.reader(request)
    found = world.one("SELECT * FROM pelotons WHERE id = ?", peloton_id)
    if found is None:
        raise HTTPException(404, "there is no such class")
    count = world.one("SELECT count(*) AS n FROM workouts WHERE peloton_id = ?", peloton_id)
    return {**dict(found), "total_workouts": count["n"] if count else 0}


@router.get(
    "/api/peloton/{pelotonId}/participants",
    **says("listParticipants", schemas.ParticipantPage, 401),
)
async def list_participants(
    world: Here, request: Request, peloton_id: PelotonId, limit: Limit = 100
) -> Shown:
    viewer = world.visitor(request)
    rows = world.all(
        "SELECT * FROM workouts WHERE peloton_id = ? ORDER BY total_work DESC LIMIT ?",
        peloton_id,
        limit,
    )
    data = [shown for row in rows if (shown := _participant(world, viewer, row))]
    return {"data": data, "total": len(data)}


def _participant(world: World, viewer: Viewer, workout: sqlite3.Row) -> Shown | None:
    """Who rides, unless they ride without being seen."""
    owner = world.owner(workout["user_id"])
    if not world.sight(viewer, owner).of(Group.HISTORY):
        return None
    return {
        "workout_id": workout["id"],
        "user_id": owner["id"],
        "username": owner["username"],
        "image_url": owner["image_url"],
        "is_profile_private": owner["is_profile_private"],
        "location": owner["location"],
        "total_work": workout["total_work"],
    }


class Feed(StreamingResponse):
    """Server-sent events."""

    media_type = "text/event-stream"


@router.get(
    "/api/peloton/{pelotonId}/feed",
    **says("streamClass", schemas.Participant, 401, 404),
    response_class=Feed,
)
async def stream_class(
    world: Here,
    request: Request,
    peloton_id: PelotonId,
    since: Annotated[
        int | None,
        Query(ge=0, description="The last event heard: 0 tells all; without it, what is to come."),
    ] = None,
) -> Feed:
    viewer = world.visitor(request)
    if world.one("SELECT 1 FROM pelotons WHERE id = ?", peloton_id) is None:
        raise HTTPException(404, "there is no such class")
    joins = _joins(world, viewer, peloton_id, since)
    return Feed(joins, headers={"cache-control": "no-store"})


async def _joins(
    world: World, viewer: Viewer, peloton_id: str, since: int | None
) -> AsyncIterator[str]:
    """An event for each who joins, in the order of joining, and a comment when there is no more.

    Who may be shown is asked anew for each event, since their owners may change their minds.
    """
    if since is None:
        newest = world.one("SELECT max(rowid) AS number FROM workouts")
        since = newest["number"] or 0 if newest else 0
    ends = time.monotonic() + world.feed_seconds
    while True:
        rows = world.all(
            "SELECT rowid AS number, * FROM workouts WHERE peloton_id = ? AND rowid > ?"
            " ORDER BY rowid LIMIT 100",
            peloton_id,
            since,
        )
        for row in rows:
            since = row["number"]
            if shown := _participant(world, viewer, row):
                yield f"id: {since}\nevent: join\ndata: {json.dumps(shown)}\n\n"
        if len(rows) < 100:
            yield ": nothing more yet\n\n"
            if time.monotonic() >= ends:
                return
            await asyncio.sleep(KEEP_ALIVE)


@router.get("/api/instructor", **says("listInstructors", schemas.InstructorPage, public=True))
async def list_instructors(world: Here) -> Shown:
    rows = world.all("SELECT * FROM instructors ORDER BY name")
    return {"data": [dict(row) for row in rows], "total": len(rows)}


@router.get("/api/instructor/{id}", **says("getInstructor", schemas.Instructor, 404, public=True))
async def get_instructor(
    world: Here, instructor: Annotated[str, Path(alias="id", description="An instructor's id.")]
) -> Shown:
    found = world.one("SELECT * FROM instructors WHERE id = ?", instructor)
    if found is None:
        raise HTTPException(404, "there is no such instructor")
    return dict(found)
