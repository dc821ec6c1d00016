"""Workouts: one, its graph, a member's history, the export, and the batch of a live class."""

from __future__ import annotations

import csv
import io
import sqlite3
from collections.abc import Sequence

from fastapi import APIRouter, HTTPException, Request, Response

from cadence import schemas
from cadence.endpoints.people import open_history
from cadence.endpoints.says import Joins, Limit, UserId, WorkoutId, says
from cadence.rules import Group
from cadence.world import CARD, Here, Shown, Viewer, World

router = APIRouter()

CORE = (
    "id",
    "user_id",
    "peloton_id",
    "ride_id",
    "title",
    "status",
    "created_at",
    "start_time",
    "end_time",
    "total_work",
    "leaderboard_rank",
)
_DEVICE = ("timezone", "device_type", "strava_id", "fitbit_id")
DETAIL = (*CORE, *_DEVICE, "average_heart_rate", "effort_zones")
LISTED = (*CORE, "timezone", "device_type", "average_heart_rate")
_SUMMARY = ("id", "user_id", "total_work", "distance", "calories", "average_heart_rate")
_GRAPH = ("output", "heart_rate", "effort_zones", "route")
_BATCH = (
    "id",
    "user_id",
    "peloton_id",
    "ride_id",
    "title",
    "total_work",
    "leaderboard_rank",
    "average_heart_rate",
)
JOINED = (
    *CARD,
    "location",
    "total_workouts",
    "last_workout_at",
    "age_decade",
    "gender",
    "birthday",
)
_STATS = (
    "id",
    "username",
    "image_url",
    "is_profile_private",
    "location",
    "gender",
    "age",
    "weight",
    "in_studio",
    "member_groups",
    "total_followers",
    "total_workouts",
)
_EXPORT = (
    "workout_id",
    "user_id",
    "start_time",
    "title",
    "total_work",
    "average_heart_rate",
    "timezone",
    "device_type",
)


@router.get(
    "/api/user/{userId}/workouts", **says("listWorkouts", schemas.WorkoutHistory, 401, 403, 404)
)
async def list_workouts(world: Here, request: Request, user_id: UserId, limit: Limit = 20) -> Shown:
    owner = open_history(world, world.visitor(request), user_id)
    seen = world.sight(world.caller(request), owner)
    rows = world.all(
        "SELECT * FROM workouts WHERE user_id = ? ORDER BY start_time DESC LIMIT ?",
        user_id,
        limit,
    )
    return {"data": [world.workout(seen, row, LISTED) for row in rows], "total": len(rows)}


class Csv(Response):
    media_type = "text/csv"


@router.get(
    "/api/user/{userId}/workout_history_csv",
    **says("exportWorkouts", list[schemas.ExportRow], 401, 403),
    response_class=Csv,
)
async def export_workouts(world: Here, request: Request, user_id: UserId) -> Csv:
    # Stages 1 and 2 write anybody's history for anybody who has logged in.
    world.myself(request, user_id) if world.fixed else world.member(request)
    return history(world, user_id, _EXPORT)


def history(world: World, user_id: str, columns: Sequence[str]) -> Csv:
    """All workouts of a member, a line each."""
    rows = world.all(
        "SELECT id AS workout_id, * FROM workouts WHERE user_id = ? ORDER BY start_time",
        user_id,
    )
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(columns)
    writer.writerows([[row[column] for column in columns] for row in rows])
    return Csv(text.getvalue())


def _seen(world: World, viewer: Viewer, workout_id: str) -> sqlite3.Row | None:
    """A workout that the caller may see at all."""
    workout = world.one("SELECT * FROM workouts WHERE id = ?", workout_id)
    if workout is None:
        return None
    # In stages 1 and 2 knowing the id is enough: `sight` says yes to everybody.
    seen = world.sight(viewer, world.owner(workout["user_id"]))
    return workout if seen.of(Group.HISTORY) else None


def _open(world: World, viewer: Viewer, workout_id: str) -> sqlite3.Row:
    workout = _seen(world, viewer, workout_id)
    if workout is None:
        raise HTTPException(404, "there is no such workout")
    return workout


def joined(world: World, viewer: Viewer, workout: sqlite3.Row, joins: str) -> Shown:
    """What `joins` adds to a workout: the whole member in stages 1 and 2, a card in `fixed`."""
    wanted = joins.split(",")
    added: Shown = {}
    if "user" in wanted:
        owner = world.owner(workout["user_id"])
        added["user"] = world.profile(viewer, owner, CARD if world.fixed else JOINED)
    if "ride" in wanted:
        ride = world.one("SELECT * FROM rides WHERE id = ?", workout["ride_id"])
        added["ride"] = dict(ride) if ride else {}
    return added


@router.get("/api/workout/{workoutId}", **says("getWorkout", schemas.Workout, 401, 404))
async def get_workout(
    world: Here, request: Request, workout_id: WorkoutId, joins: Joins = ""
) -> Shown:
    viewer = world.reader(request)
    workout = _open(world, viewer, workout_id)
    seen = world.sight(viewer, world.owner(workout["user_id"]))
    return world.workout(seen, workout, DETAIL) | joined(world, viewer, workout, joins)


@router.get(
    "/api/workout/{workoutId}/performance_graph",
    **says("getPerformanceGraph", schemas.PerformanceGraph, 401, 404),
)
async def get_performance_graph(
    world: Here, request: Request, workout_id: WorkoutId, every_n: int = 1
) -> Shown:
    viewer = world.visitor(request)
    workout = _open(world, viewer, workout_id)
    seen = world.sight(viewer, world.owner(workout["user_id"]))
    graph = world.workout(seen, workout, _GRAPH)
    for series in ("output", "heart_rate", "route"):
        if series in graph:
            graph[series] = graph[series][:: max(every_n, 1)]
    return {"workout_id": workout["id"], "user_id": workout["user_id"], **graph}


@router.get(
    "/api/workout/{workoutId}/summary",
    **says("getWorkoutSummary", schemas.WorkoutSummary, 401, 404),
)
async def get_workout_summary(world: Here, request: Request, workout_id: WorkoutId) -> Shown:
    viewer = world.visitor(request)
    workout = _open(world, viewer, workout_id)
    seen = world.sight(viewer, world.owner(workout["user_id"]))
    return world.workout(seen, workout, _SUMMARY)


@router.post(
    "/stats/workouts/details",
    **says("getWorkoutDetails", schemas.WorkoutDetailsPage, 400, 401),
)
async def get_workout_details(world: Here, request: Request, body: schemas.WorkoutIds) -> Shown:
    viewer = world.visitor(request)
    if len(body["ids"]) > (50 if world.fixed else 1000):
        raise HTTPException(400, "too many ids")
    data = []
    for workout_id in dict.fromkeys(body["ids"]):
        workout = _seen(world, viewer, workout_id)
        if workout is None:
            continue  # neither an unknown id nor a forbidden one leaves a trace
        owner = world.owner(workout["user_id"])
        item = world.workout(world.sight(viewer, owner), workout, _BATCH)
        data.append(item | {"user": world.profile(viewer, owner, _STATS)})
    return {"data": data}
