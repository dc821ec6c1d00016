"""A busy stretch of cadence: personas and a crowd log in, look around, change their minds, err.

Everything follows from the seed. What somebody does next is drawn; nobody walks every endpoint in
order. Settings, profiles, follows and blocks change in the midst of it.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from typing import Any

from cadence.endpoints import classes
from cadence.store import password_hash
from tests.cadence.client import Client
from tests.cadence.play import BY_ID, BY_TAG, SWITCHES, Play
from tests.observe.traffic import Recorder

PASSWORD = "made-up-of-the-crowd"
_OWN = ("overview", "calendar", "achievements", "followers", "following", "workouts")
_SEARCH = "query ($prefix: String!) { searchTag(prefix: $prefix) { name } }"
_ADD = "mutation Wear($tag: String!) { addTagToUser(tagName: $tag) { id username } }"


class Crowd:
    """Who takes part, and what they do."""

    def __init__(self, members: int = 60, seed: int = 1, stage: str = "fixed") -> None:
        """`members`: of the crowd, beside the personas."""
        self.play = Play(stage, members, seed)
        self.recorder = Recorder()
        self._draw = random.Random(f"crowd {seed}")
        self._people = {
            row["id"]: row["username"]
            for row in self.play.rows("SELECT id, username FROM members ORDER BY rowid")
        }
        personas = set(self.play.ids.values())
        with self.play.db:
            for id, name in self._people.items():
                if id not in personas:
                    self.play.db.execute(
                        "UPDATE members SET password = ? WHERE id = ?",
                        (password_hash(PASSWORD, name), id),
                    )
        self._secrets = dict.fromkeys(self._people.values(), PASSWORD)
        self._secrets |= dict(self.play.accounts.values())
        self._ids = list(self._people)
        self._known = list(self.play.ids.values())
        self._links: list[str] = []
        self._tags = ["#MorningCrew", *(t for name in self.play.ids for t in self.play.tags(name))]
        self._workouts = [r["id"] for r in self.play.rows("SELECT id FROM workouts")]

    def exchanges(self, many: int) -> Iterator[dict[str, Any]]:
        """So many lines, or a few more."""
        classes.KEEP_ALIVE = 0.0
        told = 0
        while told < many:
            self._session()
            told += len(self.recorder.lines)
            yield from self.recorder.lines
            self.recorder.lines.clear()

    # ------------------------------------------------------------ one visit

    def _session(self) -> None:
        draw = self._draw
        client = Client(self.play.app)
        self.recorder.listen(client)
        me = "" if draw.random() < 0.08 else self._somebody(0.5)
        if me:
            self._login(client, me)
        steps = self._steps(bool(me))
        for step in draw.choices(*zip(*steps, strict=True), k=draw.randint(5, 30)):
            step(client, me)

    def _steps(self, member: bool) -> list[tuple[Callable[[Client, str], None], int]]:
        common = [
            (self._profile, 10), (self._workout, 8), (self._class, 2), (self._public, 2),
            (self._list, 4), (self._graph, 4), (self._shared, 2), (self._wrong, 1),
        ]  # fmt: skip
        own = [(self._me, 5), (self._settings, 3), (self._tie, 3), (self._link, 2), (self._edit, 1)]
        return [*common, *(own if member else ())]

    def _somebody(self, persona: float = 0.3) -> str:
        return self._draw.choice(self._known if self._draw.random() < persona else self._ids)

    def _login(self, client: Client, me: str) -> None:
        name = self._people[me]
        if self._draw.random() < 0.1:
            client.post("/auth/login", {"username_or_email": name, "password": "mistyped"})
        told = {"username_or_email": name, "password": self._secrets[name]}
        client.post("/auth/login", told)
        client.get("/api/me")
        if self._draw.random() < 0.5:
            client.get("/auth/check_session")

    def _me(self, client: Client, me: str) -> None:
        for path in ("/api/me", "/api/me/overview", f"/api/user/{me}", f"/api/user/{me}/blocked"):
            client.get(path)
        client.get(f"/api/user/{me}/{self._draw.choice(_OWN)}")
        if self._draw.random() < 0.3:
            client.get(f"/api/user/{me}/workout_history_csv")

    def _profile(self, client: Client, _: str) -> None:
        other = self._somebody()
        client.get(f"/api/user/{self._draw.choice((other, self._people[other]))}")
        for part in self._draw.sample(_OWN, 2):
            client.get(f"/api/user/{other}/{part}")

    def _workout(self, client: Client, me: str) -> None:
        rows = self.play.rows("SELECT id FROM workouts WHERE user_id = ?", self._somebody())
        mine = self.play.rows("SELECT id FROM workouts WHERE user_id = ?", me)
        ids = [row["id"] for row in (mine if mine and self._draw.random() < 0.2 else rows)]
        for id in self._draw.sample(ids, min(2, len(ids))):
            client.get(
                f"/api/workout/{id}{self._draw.choice(('', '?joins=user', '?joins=user,ride'))}"
            )
            client.get(f"/api/workout/{id}/{self._draw.choice(('summary', 'performance_graph'))}")
        if self._draw.random() < 0.2:
            client.post("/stats/workouts/details", {"ids": self._draw.sample(self._workouts, 8)})

    def _class(self, client: Client, _: str) -> None:
        places = self.play.places
        at = self._draw.choice((places.live_class, places.past_class))
        client.get(f"/api/peloton/{at}")
        if self._draw.random() < 0.3:
            client.get(f"/api/peloton/{at}/participants")
        elif self._draw.random() < 0.2:
            client.get(f"/api/peloton/{at}/feed?since=0")
        ride = self._draw.choice(places.rides)
        client.get(f"/api/ride/{ride}/recent_following_workouts?joins=user,ride")

    def _public(self, client: Client, _: str) -> None:
        places = self.play.places
        client.get("/api/instructor")
        client.get(f"/api/instructor/{self._draw.choice(places.instructors)}")
        client.get(f"/api/ride/{self._draw.choice(places.rides)}/details")
        client.get("/api/v2/ride/archived?limit=5")

    def _list(self, client: Client, _: str) -> None:
        name = self._people[self._somebody()]
        match self._draw.randrange(4):
            case 0:
                client.get("/api/user/browse?sort=joined&limit=12")
            case 1:
                client.get(f"/api/user/search/{name[:4]}")
            case 2:
                client.get(f"/api/user/{self._somebody()}/followers?limit=5")
            case _:
                client.get(f"/api/user/search?user_query={name[:5]}")

    def _graph(self, client: Client, me: str) -> None:
        tag = self._draw.choice(self._tags)
        queries = [(BY_ID, {"id": self._somebody()}), (BY_TAG, {"tag": tag})]
        queries += [(_SEARCH, {"prefix": tag[:4]})]
        queries += [(_ADD, {"tag": "#MorningCrew"})] if me and self._draw.random() < 0.1 else []
        query, variables = self._draw.choice(queries)
        client.post("/graphql", {"query": query, "variables": variables})

    def _shared(self, client: Client, _: str) -> None:
        if self._links:
            client.get(self._draw.choice(self._links[-40:]))

    def _wrong(self, client: Client, _: str) -> None:
        client.get(f"/api/user/{self._draw.getrandbits(128):032x}")
        client.get(f"/api/workout/{self._draw.getrandbits(128):032x}")
        client.get("/api/user/search?user_query=ab")

    # ------------------------------------------------------------ what changes

    def _settings(self, client: Client, me: str) -> None:
        path = f"/api/user/{me}/settings"
        client.get(path)
        if self._draw.random() < 0.5:
            switch = self._draw.choice([*SWITCHES.values()])
            client.put(path, {switch: self._draw.random() < 0.4})

    def _tie(self, client: Client, me: str) -> None:
        # Nobody blocks much: who does is soon seen by nobody.
        action = self._draw.choices(
            ("follow", "unfollow", "approve", "block", "unblock"), (10, 4, 6, 1, 3)
        )[0]
        told = {"user_id": self._somebody(), "action": action}
        client.post("/api/user/change_relationship", told)

    def _link(self, client: Client, me: str) -> None:
        path = f"/api/user/{me}/workout_history_link"
        if self._draw.random() < 0.4:
            client.put(path, {"is_revoked": self._draw.random() < 0.3})
        answer = client.get(path)
        if "url" in (said := answer.json()):
            self._links.append(said["url"])
            client.get(said["url"])

    def _edit(self, client: Client, me: str) -> None:
        whom = me if self._draw.random() < 0.9 else self._somebody()
        client.put(f"/api/user/{whom}", {"location": f"Made-up {self._draw.randrange(10**6)}"})


def text(lines: Iterator[dict[str, Any]]) -> Iterator[str]:
    """As Oakum's own lines."""
    return (json.dumps(line) + "\n" for line in lines)
