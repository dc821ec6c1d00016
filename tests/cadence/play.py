"""Asks every endpoint in everybody's name, and tells by value which of an owner's fields came."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from typing import Any

import cadence
from cadence.people import catalogue
from tests.cadence.client import Answer, Client

SEED = 1
VIEWERS = {
    "anyone": None,
    "member": "ann",
    "pending": "pen",
    "ex_follower": "exa",
    "follower": "flo",
    "blocked": "blo",
    "staff": "sta",
    "owner": "pia",
}
SWITCHES = {
    "private": "is_profile_private",
    "hide_age": "hide_age",
    "effort_zones_private": "effort_zones_private",
    "workout_maps_private": "workout_maps_private",
}
# What stands there depends on who asks, not on the owner alone: being there is showing.
EDGES = ("relationship", "authed_user_follows", "category", "follow_status")
MEMBER = """
fragment member on User {
  id username image_url is_profile_private location follow_status
  protected_fields {
    ... on UserProtectedFields { total_workouts }
    ... on UserPrivacyError { code message }
  }
}
"""
BY_ID = f"query ($id: ID!) {{ user(id: $id) {{ ...member }} }} {MEMBER}"
BY_TAG = (
    "query ($tag: String!) { tag(tagName: $tag) { name users { edges { node { ...member } } } } }"
    f" {MEMBER}"
)

EMBEDDED = ("user", "ride", "data", "user_data", "users", "user_tags")

Leaf = tuple[str, str]
"""Resource and field path."""


class Play:
    """One stage, with a logged-in client for each persona and one without a session."""

    def __init__(self, stage: str, members: int = 80, seed: int = SEED) -> None:
        self.stage = stage
        self.app = cadence.create_app(stage, members, seed)
        self.db = self.app.state.world.db
        self.accounts = cadence.personas(seed)
        self.places = catalogue(seed)
        self.clients: dict[str | None, Client] = {None: Client(self.app)}
        self.ids: dict[str, str] = {}
        for name, (username, password) in self.accounts.items():
            client = self.clients[name] = Client(self.app)
            answer = client.post(
                "/auth/login", json={"username_or_email": username, "password": password}
            )
            self.ids[name] = answer.json()["user_id"]

    def get(self, viewer: str | None, path: str) -> Answer:
        return self.clients[viewer].get(path)

    def workouts(self, owner: str) -> list[str]:
        rows = self.db.execute("SELECT id FROM workouts WHERE user_id = ?", (self.ids[owner],))
        return [row["id"] for row in rows]

    def set(self, owner: str, state: dict[str, bool]) -> None:
        settings = {SWITCHES[name]: value for name, value in state.items()}
        path = f"/api/user/{self.ids[owner]}/settings"
        assert self.clients[owner].put(path, json=settings).status_code == 200

    def rows(self, query: str, *values: str) -> list[dict[str, Any]]:
        return [
            {key: row[key] for key in row.keys() if key != "password"}  # noqa: SIM118
            for row in self.db.execute(query, values)
        ]

    # ------------------------------------------------------------ asking

    def ask(self, viewer: str | None, owner: str) -> Iterator[tuple[str, Answer]]:
        """(endpoint as `METHOD path template`, answer) of every endpoint through which an owner
        shows."""
        client, id, name = self.clients[viewer], self.ids[owner], self.accounts[owner][0]
        for template in (
            "/api/user/{userNameOrId}",
            "/api/user/{userId}/settings",
            "/api/user/{userId}/overview",
            "/api/user/{userId}/workouts",
            "/api/user/{userId}/workout_history_csv",
            "/api/user/{userId}/calendar",
            "/api/user/{userId}/achievements",
            "/api/user/{userId}/followers",
            "/api/user/{userId}/following",
            "/api/user/{userId}/blocked",
        ):
            path = template.replace("{userId}", id).replace("{userNameOrId}", id)
            yield f"GET {template}", client.get(path)
        yield "GET /api/user/{userNameOrId}", client.get(f"/api/user/{name}")
        # The owner as one of those in others' lists.
        yield (
            "GET /api/user/{userId}/followers",
            client.get(f"/api/user/{self.ids['ann']}/followers"),
        )
        yield (
            "GET /api/user/{userId}/following",
            client.get(f"/api/user/{self.ids['flo']}/following"),
        )
        yield "GET /api/me", client.get("/api/me")
        yield "GET /api/user/search", client.get(f"/api/user/search?user_query={name}")
        yield "GET /api/user/search/{q}", client.get(f"/api/user/search/{name}")
        yield "GET /api/user/browse", client.get("/api/user/browse")
        for workout in self.workouts(owner):
            yield (
                "GET /api/workout/{workoutId}",
                client.get(f"/api/workout/{workout}?joins=user,ride"),
            )
            for part in ("performance_graph", "summary"):
                yield (
                    f"GET /api/workout/{{workoutId}}/{part}",
                    client.get(f"/api/workout/{workout}/{part}"),
                )
        yield (
            "POST /stats/workouts/details",
            client.post("/stats/workouts/details", json={"ids": self.workouts(owner)}),
        )
        ride, live = self.places.rides[0], self.places.live_class
        yield (
            "GET /api/ride/{rideId}/recent_following_workouts",
            client.get(f"/api/ride/{ride}/recent_following_workouts?joins=user,ride"),
        )
        yield "GET /api/peloton/{pelotonId}", client.get(f"/api/peloton/{live}")
        yield (
            "GET /api/peloton/{pelotonId}/participants",
            client.get(f"/api/peloton/{live}/participants"),
        )

        yield "POST /graphql", self.query(viewer, BY_ID, id=id)
        for tag in self.tags(owner):
            yield "POST /graphql", self.query(viewer, BY_TAG, tag=tag)

    def query(self, viewer: str | None, query: str, **variables: Any) -> Answer:
        return self.clients[viewer].post("/graphql", {"query": query, "variables": variables})

    def tags(self, owner: str) -> list[str]:
        (row,) = self.rows("SELECT tags FROM members WHERE id = ?", self.ids[owner])
        found: list[str] = row["tags"]
        return found

    def hear(self, viewer: str | None) -> tuple[str, Answer]:
        """Endpoint and answer of the live class's feed: all that has happened in it."""
        path = f"/api/peloton/{self.places.live_class}/feed?since=0"
        return "GET /api/peloton/{pelotonId}/feed", self.get(viewer, path)

    # ------------------------------------------------------------ looking

    def shown(self, endpoint: str, answer: Answer, owner: str) -> set[Leaf]:
        """Which fields of an owner's objects an answer holds, with the owner's own values."""
        if answer.status_code != 200:
            return set()
        value = body(answer)
        found: set[Leaf] = set()
        for item in objects(value):
            resource = self._resource(endpoint, item, owner)
            if resource:
                truth = self.facts(resource, owner)
                found |= {(resource, path) for path in leaves(item) if same(path, item, truth)}
        return found

    def _resource(self, endpoint: str, item: dict[str, Any], owner: str) -> str:
        id = self.ids[owner]
        if item.get("id") == id:
            return "Member"
        if item.get("id") == self.places.live_class:
            return "Class"
        if endpoint == "POST /graphql":
            return "Tag" if "name" in item else ""
        if item.get("user_id") != id or endpoint.endswith("blocked"):
            return ""
        return {
            "settings": "Settings",
            "overview": "Overview",
            "calendar": "Calendar",
            "achievements": "Achievements",
            "followers": "Follows",
            "following": "Follows",
            "workout_history_csv": "Export",
            "performance_graph": "Graph",
            "participants": "Participant",
            "feed": "Participant",
        }.get(endpoint.rsplit("/", 1)[-1], "Workout")

    def facts(self, resource: str, owner: str) -> dict[str, set[str]]:
        """Field path → the values that the tables hold there for an owner."""
        id = self.ids[owner]
        members = self.rows("SELECT *, id AS user_id FROM members WHERE id = ?", id)
        workouts = self.rows("SELECT *, id AS workout_id FROM workouts WHERE user_id = ?", id)
        for row in members:
            row["personal_records"] = row.pop("records")
            row["protected_fields"] = {"total_workouts": row["total_workouts"]}
        holding = {
            "Workout": workouts,
            "Graph": workouts,
            "Export": workouts,
            "Participant": [*workouts, *members],
            "Class": self.rows("SELECT * FROM pelotons"),
            "Tag": [{"name": name} for name in self.tags(owner)],
        }.get(resource, members)
        facts: dict[str, set[str]] = {}
        for row in holding:
            for path, values in leaves(row).items():
                facts.setdefault(path, set()).update(values)
        return facts


def body(answer: Answer) -> Any:
    if answer.headers["content-type"].startswith("text/csv"):
        return list(csv.DictReader(io.StringIO(answer.text)))
    if answer.headers["content-type"].startswith("text/event-stream"):
        lines = answer.text.splitlines()
        return [json.loads(line.removeprefix("data: ")) for line in lines if line[:5] == "data:"]
    return answer.json()


def objects(value: Any) -> Iterator[dict[str, Any]]:
    """Every object in an answer, at any depth."""
    if isinstance(value, dict):
        yield value
        for child in value.values():
            yield from objects(child)
    elif isinstance(value, list):
        for child in value:
            yield from objects(child)


def leaves(item: dict[str, Any], inside: str = "") -> dict[str, set[str]]:
    """Field path (`*` for elements) → values; embedded members, rides and lists of them aside."""
    found: dict[str, set[str]] = {}

    def walk(value: Any, path: str) -> None:
        if isinstance(value, dict):
            for key, child in value.items():
                if not (path == "" and key in EMBEDDED):
                    walk(child, f"{path}.{key}" if path else key)
        elif isinstance(value, list):
            for child in value:
                walk(child, f"{path}.*")
        else:
            found.setdefault(path, set()).add(text(value))

    walk(item, inside)
    return found


def text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def same(path: str, item: dict[str, Any], truth: dict[str, set[str]]) -> bool:
    values = leaves(item)[path]
    if path.split(".")[0] in (*EDGES, "total", "total_workouts") and path not in truth:
        return values != {"null"}
    return bool(values) and values <= truth.get(path, set())
