"""What leaks, told from the policy and from what each endpoint serves, not from a running server.

`python -m cadence.truth` writes truth.json beside this file: every cell (endpoint, field, relation,
state of the owner) that the policy denies and that stage 1 or 2 serves. It is what a scan of
these stages should find, and nothing else.

A cell without `how` is shown by a plain question: the field stands in the answer of the endpoint.
In the others `how` says what has to be done to be shown it:

- `graphql`: select the field, in `user` or on the way through a tag (`tag`, `searchTag`, `users`);
  `__typename`, which says nothing of anybody, is not told of.
- `feed`: listen, with `since=0`.
- `cache`: ask within ten seconds after its owner has asked the same URL.
- `stale`: use a link that its owner made, and has revoked since or gone private since.
- `filter`: ask for a value with the parameter that is called like the field: who has it is found.
- `order`: `sort` by the field: of two members one comes first.
- `oracle`: name somebody: the answer tells whether they have an account.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path
from typing import Any

SHIPPED = Path(__file__).with_name("truth.json")

ANYONE = "anyone"
RELATIONS = (ANYONE, "member", "pending", "ex_follower", "follower", "blocked", "staff", "owner")
_LOGGED_IN = RELATIONS[1:-1]

State = dict[str, bool]
Cell = dict[str, Any]

# Which settings decide a group of fields, for anybody.
STATES: dict[str, tuple[str, ...]] = {
    "card": (),
    "standing": ("private",),
    "history": ("private",),
    "age": ("private", "hide_age"),
    "effort": ("private", "effort_zones_private"),
    "map": ("private", "workout_maps_private"),
    "link": ("private", "revoked"),
    "own": (),
    "nobody": (),
    "members": (),  # belongs to nobody, and is for those who have logged in
    "public": (),
}


def may(group: str, relation: str, state: State) -> bool:
    """The policy: whether a relation may see the fields of a group while the owner's state is so.

    A follower is approved; asking to follow (pending) and having followed (ex_follower) give
    nothing. Whoever is blocked sees nothing, like somebody who has not logged in. Staff see where
    private members are and how much they ride, and no more than that. A link lets in whoever has
    it, until its owner, who may use it all the same, revokes it or goes private.
    """
    if group == "public":
        return True
    if group == "link":
        return relation == "owner" or not any(state.values())
    if relation in (ANYONE, "blocked") or group == "nobody":
        return False
    if relation == "owner" or group in ("card", "members"):
        return True
    if group == "own":
        return False
    let_in = relation == "follower" or not state["private"]
    if group == "standing":
        return let_in or relation == "staff"
    hidden = [state[name] for name in STATES[group] if name != "private"]
    return let_in and not any(hidden)


# Field paths of each resource by group: leaves, `*` for elements of a list.
_COUNTS = "workout_counts.*.name workout_counts.*.slug workout_counts.*.count"
_STREAKS = "streaks.current_days streaks.best_days streaks.started_on"
_MEDALS = "achievements.*.id achievements.*.name achievements.*.earned_at"
_ZONES = "effort_zones.z1 effort_zones.z2 effort_zones.z3 effort_zones.z4 effort_zones.z5"

FIELDS: dict[str, dict[str, str]] = {
    "Member": {
        "card": "id username image_url is_profile_private tags.* relationship.me_to_user"
        " relationship.user_to_me authed_user_follows category follow_status protected_fields.code"
        " protected_fields.message",
        "standing": "location total_followers total_following total_workouts last_workout_at"
        " protected_fields.total_workouts",
        "history": f"{_COUNTS} {_STREAKS}",
        "age": "age_decade gender",
        "own": "birthday age weight height cycling_ftp default_max_heart_rate first_name last_name"
        " email phone_number card_expires_at member_groups.* is_internal_beta_tester in_studio"
        " roles.*",
        "nobody": "facebook_access_token",
    },
    "Settings": {
        "own": "user_id is_profile_private hide_age effort_zones_private workout_maps_private"
        " notification_email",
    },
    "Workout": {
        "history": "id user_id peloton_id ride_id title status created_at start_time end_time"
        " total_work leaderboard_rank distance calories",
        "effort": f"average_heart_rate {_ZONES}",
        "own": "timezone device_type strava_id fitbit_id",
    },
    "Graph": {
        "history": "workout_id user_id output.*",
        "effort": f"heart_rate.* {_ZONES}",
        "map": "route.*.latitude route.*.longitude",
    },
    "Export": {
        "own": "workout_id user_id start_time title total_work average_heart_rate timezone"
        " device_type",
    },
    "ExportLink": {"own": "user_id is_revoked link_id url expires_at"},
    "SharedExport": {"link": "workout_id user_id start_time title total_work"},
    "Overview": {
        "history": f"user_id {_COUNTS} {_STREAKS} personal_records.*.slug personal_records.*.value"
        f" personal_records.*.workout_id personal_records.*.achieved_on {_MEDALS}",
    },
    "Calendar": {"history": "user_id active_days.*"},
    "Achievements": {"history": f"user_id {_MEDALS}"},
    "Follows": {"history": "user_id total"},
    "Participant": {
        "history": "workout_id user_id username image_url is_profile_private location total_work",
    },
    "Tag": {"members": "name"},
    "Class": {
        "members": "id ride_id start_time status is_live total_home_reservations total_workouts",
    },
    "Ride": {
        "public": "id title description duration difficulty instructor_id location scheduled_at",
    },
}

_CARD = "id username image_url is_profile_private tags"
_EDGE = "relationship authed_user_follows category"
_OF_BOTH = f"{_EDGE} follow_status"
_TOTALS = "total_followers total_following total_workouts"
_LISTED = f"{_CARD} {_EDGE} location {_TOTALS}"
_JOINED = f"{_CARD} location total_workouts last_workout_at age_decade gender birthday"
_CORE = (
    "id user_id peloton_id ride_id title status created_at start_time end_time total_work"
    " leaderboard_rank"
)
_IN_LISTS = f"{_CORE} timezone device_type average_heart_rate"
_ALL = "*"


@dataclass(frozen=True)
class Endpoint:
    """An operation that leaks, and what it serves of whom in stages 1 and 2."""

    method: str
    path: str
    anonymous: bool
    """Whether stage 1 serves it to those who have not logged in."""
    serves: dict[str, str]
    """Resource → its members (or field paths) that the endpoint serves, or `*`."""
    to: tuple[str, ...] = field(default=_LOGGED_IN)
    """Which of those who have logged in are served; mostly all who are not the owner."""
    how: str = ""
    """What has to be done to be served; empty: ask."""
    asks_nobody: bool = False
    """Stage 2 serves it to those who have not logged in, too."""


ENDPOINTS = (
    Endpoint("POST", "/auth/login", False, {"Member": "facebook_access_token"}, to=("owner",)),
    Endpoint(
        "GET",
        "/api/user/{userNameOrId}",
        True,
        {"Member": f"{_LISTED} last_workout_at workout_counts streaks age_decade gender"},
    ),
    Endpoint("GET", "/api/user/{userId}/settings", False, {"Settings": _ALL}),
    Endpoint("GET", "/api/user/{userId}/overview", True, {"Overview": _ALL}),
    Endpoint("GET", "/api/user/{userId}/workouts", True, {"Workout": _IN_LISTS}),
    Endpoint("GET", "/api/user/{userId}/workout_history_csv", False, {"Export": _ALL}),
    Endpoint("GET", "/api/user/{userId}/calendar", True, {"Calendar": _ALL}),
    Endpoint("GET", "/api/user/{userId}/achievements", True, {"Achievements": _ALL}),
    Endpoint("GET", "/api/user/{userId}/followers", True, {"Follows": _ALL, "Member": _LISTED}),
    Endpoint("GET", "/api/user/{userId}/following", True, {"Follows": _ALL, "Member": _LISTED}),
    Endpoint("GET", "/api/user/search", False, {"Member": _LISTED}),
    Endpoint("GET", "/api/user/search/{q}", True, {"Member": _LISTED}),
    Endpoint(
        "GET",
        "/api/workout/{workoutId}",
        True,
        {
            "Workout": f"{_IN_LISTS} strava_id fitbit_id effort_zones",
            "Member": _JOINED,
            "Ride": _ALL,
        },
    ),
    Endpoint("GET", "/api/workout/{workoutId}/performance_graph", True, {"Graph": _ALL}),
    Endpoint(
        "GET",
        "/api/workout/{workoutId}/summary",
        True,
        {"Workout": "id user_id total_work distance calories average_heart_rate"},
    ),
    Endpoint(
        "POST",
        "/stats/workouts/details",
        True,
        {
            "Workout": "id user_id peloton_id ride_id title total_work leaderboard_rank"
            " average_heart_rate",
            "Member": "id username image_url is_profile_private location gender age weight"
            " in_studio member_groups total_followers total_workouts",
        },
    ),
    Endpoint(
        "GET",
        "/api/ride/{rideId}/recent_following_workouts",
        False,
        {"Workout": _IN_LISTS, "Member": _JOINED, "Ride": _ALL},
        # It lists by edges, and takes one that was never approved, or is over, for a follow.
        to=("pending", "ex_follower", "follower", "blocked"),
    ),
    # A class is nobody's, so nobody's block stands in the way.
    Endpoint("GET", "/api/peloton/{pelotonId}", True, {"Class": _ALL}, to=("member",)),
    Endpoint("GET", "/api/peloton/{pelotonId}/participants", True, {"Participant": _ALL}),
    Endpoint("GET", "/api/peloton/{pelotonId}/feed", True, {"Participant": _ALL}, how="feed"),
    Endpoint(
        "POST",
        "/graphql",
        True,
        {
            "Member": "id username image_url is_profile_private location follow_status"
            " protected_fields.total_workouts"
        },
        how="graphql",
    ),
    Endpoint("POST", "/graphql", True, {"Tag": _ALL}, to=("member",), how="graphql"),
    Endpoint("GET", "/api/me/overview", True, {"Overview": _ALL}, how="cache", asks_nobody=True),
    Endpoint(
        "GET",
        "/api/shared/workout_history_csv",
        True,
        {"SharedExport": _ALL},
        how="stale",
        asks_nobody=True,
    ),
    Endpoint("GET", "/api/user/browse", False, {"Member": f"{_CARD} {_EDGE}"}),
    Endpoint("GET", "/api/user/browse", False, {"Member": "location last_name"}, how="filter"),
    Endpoint("GET", "/api/user/browse", False, {"Member": "total_workouts height"}, how="order"),
    Endpoint(
        "POST",
        "/auth/login",
        True,
        {"Member": "username email"},
        to=(),
        how="oracle",
        asks_nobody=True,
    ),
)


def states(group: str) -> Iterator[State]:
    """Every combination of the settings that decide a group."""
    names = STATES[group]
    for values in product((True, False), repeat=len(names)):
        yield dict(zip(names, values, strict=True))


def leaking() -> Iterator[Cell]:
    """Every leaking cell of stage 1, then of stage 2."""
    for stage in ("1", "2"):
        for endpoint in ENDPOINTS:
            for resource, path, group in served(endpoint):
                for relation, state in product(_served_to(endpoint, stage, path), states(group)):
                    if not may(group, relation, state):
                        yield {
                            "stage": stage,
                            "method": endpoint.method,
                            "path": endpoint.path,
                            "resource": resource,
                            "field": path,
                            "relation": relation,
                            "state": state,
                            **({"how": endpoint.how} if endpoint.how else {}),
                        }


def served(endpoint: Endpoint) -> Iterator[tuple[str, str, str]]:
    """Resource, field path and group of all that an endpoint serves."""
    for resource, members in endpoint.serves.items():
        for group, paths in FIELDS[resource].items():
            for path in paths.split():
                if members == _ALL or {path, path.split(".")[0]} & set(members.split()):
                    yield resource, path, group


def _served_to(endpoint: Endpoint, stage: str, path: str) -> tuple[str, ...]:
    # Nobody who has not logged in has an edge to anybody.
    no_edge = path.split(".")[0] not in _OF_BOTH.split()
    anonymous = endpoint.anonymous and no_edge and (stage == "1" or endpoint.asks_nobody)
    return (ANYONE, *endpoint.to) if anonymous else endpoint.to


def written() -> str:
    """The cells as the file holds them, one a line."""
    lines = ",\n".join(json.dumps(cell) for cell in leaking())
    return f"[\n{lines}\n]\n"


if __name__ == "__main__":
    SHIPPED.write_text(written(), encoding="utf-8")
