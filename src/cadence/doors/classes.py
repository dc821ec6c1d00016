"""The catalogue, which is public, and classes with those who ride in them."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, HTTPException, Path, Request

from cadence import schemas
from cadence.doors.says import Joins, Limit, PelotonId, RideId, says
from cadence.doors.workouts import LISTED, joined
from cadence.rules import Group
from cadence.world import Here, Shown

router = APIRouter()


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
    world.visitor(request)
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
    data = []
    for row in rows:
        owner = world.owner(row["user_id"])
        if world.sight(viewer, owner).of(Group.HISTORY):
            data.append(
                {
                    "workout_id": row["id"],
                    "user_id": owner["id"],
                    "username": owner["username"],
                    "image_url": owner["image_url"],
                    "is_profile_private": owner["is_profile_private"],
                    "location": owner["location"],
                    "total_work": row["total_work"],
                }
            )
    return {"data": data, "total": len(data)}


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
