"""Who may see what of whom: the rules that `fixed` keeps, and that stages 1 and 2 forgot."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum


class Group(Enum):
    """Fields that are shown, or not, together."""

    CARD = "card"
    EDGE = "edge"
    STANDING = "standing"  # what staff may see of private members too
    HISTORY = "history"
    DEMOGRAPHICS = "demographics"
    EFFORT = "effort"
    MAP = "map"
    PERSONAL = "personal"
    SECRET = "secret"


_FIELDS = {
    Group.CARD: "id username image_url is_profile_private tags",
    Group.EDGE: "relationship authed_user_follows category",
    Group.STANDING: "location total_followers total_following total_workouts last_workout_at",
    Group.HISTORY: "workout_counts streaks",
    Group.DEMOGRAPHICS: "age_decade gender",
    Group.PERSONAL: "birthday age weight height cycling_ftp default_max_heart_rate first_name"
    " last_name email phone_number card_expires_at member_groups is_internal_beta_tester"
    " in_studio roles",
    Group.SECRET: "facebook_access_token",
}
MEMBER_FIELDS = {field: group for group, names in _FIELDS.items() for field in names.split()}

_WORKOUT = {
    Group.EFFORT: "average_heart_rate effort_zones heart_rate",
    Group.MAP: "route",
    Group.PERSONAL: "timezone device_type strava_id fitbit_id",
}
WORKOUT_FIELDS = {field: group for group, names in _WORKOUT.items() for field in names.split()}
"""Every other field of a workout is `Group.HISTORY`."""


@dataclass(frozen=True)
class Sight:
    """What one caller may see of one owner."""

    known: bool
    """The caller is a member whom the owner has not blocked."""
    own: bool = False
    follows: bool = False
    staff: bool = False
    public: bool = False
    shows_age: bool = False
    shows_effort: bool = False
    shows_maps: bool = False

    def of(self, group: Group) -> bool:
        if not self.known or group is Group.SECRET:
            return False
        if self.own:
            return True
        open_ = self.public or self.follows
        return {
            Group.CARD: True,
            Group.EDGE: True,
            Group.STANDING: open_ or self.staff,
            Group.HISTORY: open_,
            Group.DEMOGRAPHICS: open_ and self.shows_age,
            Group.EFFORT: open_ and self.shows_effort,
            Group.MAP: open_ and self.shows_maps,
            Group.PERSONAL: False,
        }[group]


@dataclass(frozen=True)
class Careless(Sight):
    """Stages 1 and 2: an endpoint shows what it carries, and asks for no setting."""

    def of(self, group: Group) -> bool:
        return group is not Group.EDGE or self.known


@dataclass(frozen=True)
class Trusted(Sight):
    """A gateway looks up whatever its rules need, in every stage. It is nobody, so it has no edge
    to anybody; and no rule needs a secret."""

    def of(self, group: Group) -> bool:
        return group not in (Group.EDGE, Group.SECRET)


def sight(db: sqlite3.Connection, viewer: sqlite3.Row | None, owner: sqlite3.Row) -> Sight:
    """What `viewer` (None: nobody has logged in) may see of the member `owner`."""
    if viewer is None:
        return Sight(known=False)
    blocked = db.execute(
        "SELECT 1 FROM blocks WHERE owner = ? AND blocked = ?", (owner["id"], viewer["id"])
    ).fetchone()
    follows = db.execute(
        "SELECT 1 FROM follows WHERE follower = ? AND followed = ? AND status = 'approved'",
        (viewer["id"], owner["id"]),
    ).fetchone()
    return Sight(
        known=blocked is None,
        own=viewer["id"] == owner["id"],
        follows=follows is not None,
        staff="staff" in viewer["roles"],
        public=not owner["is_profile_private"],
        shows_age=not owner["hide_age"],
        shows_effort=not owner["effort_zones_private"],
        shows_maps=not owner["workout_maps_private"],
    )


def member_fields(fields: Iterable[str], seen: Sight) -> list[str]:
    return [field for field in fields if seen.of(MEMBER_FIELDS[field])]


def workout_fields(fields: Iterable[str], seen: Sight) -> list[str]:
    return [field for field in fields if seen.of(WORKOUT_FIELDS.get(field, Group.HISTORY))]
