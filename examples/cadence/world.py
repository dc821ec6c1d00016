"""What every endpoint is handed: the tables, the stage, and who is calling."""

from __future__ import annotations

import hmac
import secrets
import sqlite3
import time
from collections.abc import Callable, Iterable
from typing import Annotated, Any, Literal, TypeAlias

from fastapi import Depends, HTTPException, Request

from cadence.cache import Cache
from cadence.rules import Careless, Sight, Trusted, member_fields, sight, workout_fields

Stage = Literal["1", "2", "fixed"]
COOKIE = "peloton_session_id"
SERVICE_HEADER = "x-service-key"

Json = Any
Shown = dict[str, Json]

CARD = ("id", "username", "image_url", "is_profile_private", "tags")
EDGE = ("relationship", "authed_user_follows", "category")
TOTALS = ("total_followers", "total_following", "total_workouts")


class Service:
    """A gateway in front of this API: no member. It reads the endpoints at which its look-ups
    end."""


Viewer: TypeAlias = sqlite3.Row | Service | None
"""Who is asking: a member, the gateway, or nobody that is known."""


class World:
    """One stand-in API: its tables and the stage of its history that it plays."""

    def __init__(self, db: sqlite3.Connection, stage: Stage, service_key: str = "") -> None:
        self.db = db
        self.stage = stage
        self._service_key = service_key.encode()
        self.clock: Callable[[], float] = time.time
        """The time, for what expires: links and what is in the cache."""
        self.cache = Cache(lambda: self.clock())
        self.signing_key = secrets.token_bytes(32)
        self.feed_seconds = 30.0
        """How long a feed stays open; who listens comes back with the last number heard."""

    @property
    def fixed(self) -> bool:
        return self.stage == "fixed"

    def caller(self, request: Request) -> sqlite3.Row | None:
        return self.one(
            "SELECT members.* FROM sessions JOIN members ON members.id = sessions.user_id"
            " WHERE sessions.id = ?",
            request.cookies.get(COOKIE, ""),
        )

    def member(self, request: Request) -> sqlite3.Row:
        """The caller, who has to be logged in."""
        caller = self.caller(request)
        if caller is None:
            raise HTTPException(401, "log in first")
        return caller

    def visitor(self, request: Request) -> sqlite3.Row | None:
        """The caller, who had to log in only from stage 2 on."""
        return self.caller(request) if self.stage == "1" else self.member(request)

    def service(self, request: Request) -> bool:
        """Whether the gateway is asking. Without a key there is no gateway, whatever is sent."""
        given = request.headers.get(SERVICE_HEADER, "").encode()
        return bool(self._service_key) and hmac.compare_digest(given, self._service_key)

    def reader(self, request: Request) -> Viewer:
        """The gateway, or else the visitor."""
        return Service() if self.service(request) else self.visitor(request)

    def myself(self, request: Request, user_id: str) -> sqlite3.Row:
        """The caller, who has to be the member `user_id`."""
        caller = self.member(request)
        if caller["id"] != user_id:
            raise HTTPException(403, "this is somebody else's")
        return caller

    def one(self, query: str, *values: Json) -> sqlite3.Row | None:
        row: sqlite3.Row | None = self.db.execute(query, values).fetchone()
        return row

    def all(self, query: str, *values: Json) -> list[sqlite3.Row]:
        return self.db.execute(query, values).fetchall()

    def owner(self, user_id: str) -> sqlite3.Row:
        """The member with this id; 404."""
        found = self.one("SELECT * FROM members WHERE id = ?", user_id)
        if found is None:
            raise HTTPException(404, "there is no such member")
        return found

    def sight(self, viewer: Viewer, owner: sqlite3.Row) -> Sight:
        if isinstance(viewer, Service):
            return Trusted(known=True)
        if self.fixed:
            return sight(self.db, viewer, owner)
        return Careless(known=viewer is not None)

    def profile(self, viewer: Viewer, owner: sqlite3.Row, fields: Iterable[str]) -> Shown:
        """Those of `fields` of a member that the caller may see."""
        seen = member_fields(fields, self.sight(viewer, owner))
        shown = {field: owner[field] for field in seen if field not in EDGE}
        if isinstance(viewer, sqlite3.Row) and any(field in EDGE for field in seen):
            shown |= self.edge(viewer, owner)
        return shown

    def edge(self, viewer: sqlite3.Row, owner: sqlite3.Row) -> Shown:
        """How the caller and a member stand to each other."""
        if viewer["id"] == owner["id"]:
            both = {"me_to_user": "self", "user_to_me": "self"}
            return {"relationship": both, "authed_user_follows": False, "category": "self"}
        mine, theirs = self._stands(viewer, owner), self._stands(owner, viewer)
        return {
            "relationship": {"me_to_user": mine, "user_to_me": theirs},
            "authed_user_follows": mine == "following",
            "category": "following" if mine == "following" else "others",
        }

    def _stands(self, one: sqlite3.Row, other: sqlite3.Row) -> str:
        query = "SELECT 1 FROM blocks WHERE owner = ? AND blocked = ?"
        if self.one(query, one["id"], other["id"]):
            return "blocked"
        query = "SELECT status FROM follows WHERE follower = ? AND followed = ?"
        found = self.one(query, one["id"], other["id"])
        names = {"approved": "following", "pending": "pending", "ended": "none"}
        return names[found["status"]] if found else "none"

    def workout(self, seen: Sight, workout: sqlite3.Row, fields: Iterable[str]) -> Shown:
        """Those of `fields` of a workout that the caller may see."""
        return {field: workout[field] for field in workout_fields(fields, seen)}


async def _world(request: Request) -> World:
    world = request.app.state.world
    assert isinstance(world, World)
    return world


Here = Annotated[World, Depends(_world)]
