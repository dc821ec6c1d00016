"""Traffic of cadence, made in this process and kept as records: what a team would have in a log."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from tests.cadence.client import Answer, Client
from tests.cadence.play import Play

ORIGIN = "https://api.example.com"


class Recorder:
    """Keeps what clients ask and are answered, as lines of Oakum's own format."""

    def __init__(self) -> None:
        self.lines: list[dict[str, Any]] = []

    def listen(self, client: Client) -> None:
        """Overhear one client from now on."""
        ask = client.request

        def request(method: str, url: str, body: Any = None) -> Answer:
            cookies = "; ".join(f"{n}={v}" for n, v in client._cookies.items())
            answer = ask(method, url, body)
            headers = {"cookie": cookies} if cookies else {}
            asked: dict[str, Any] = {"method": method, "url": ORIGIN + url, "headers": headers}
            if body is not None:
                asked |= {"body": body, "headers": headers | {"content-type": "application/json"}}
            self.lines.append(
                {
                    "request": asked,
                    "response": {
                        "status": answer.status_code,
                        "headers": {"content-type": answer.headers.get("content-type", "")},
                        "body": answer.text,
                    },
                }
            )
            return answer

        client.request = request  # type: ignore[method-assign]

    def text(self) -> str:
        """All lines."""
        return "".join(json.dumps(line) + "\n" for line in self.lines)

    def har(self) -> dict[str, Any]:
        """The same as a HAR 1.2."""
        return {"log": {"version": "1.2", "entries": [_entry(line) for line in self.lines]}}


def _entry(line: dict[str, Any]) -> dict[str, Any]:
    asked, came = line["request"], line["response"]
    pairs = [{"name": n, "value": v} for n, v in asked["headers"].items()]
    entry: dict[str, Any] = {
        "request": {"method": asked["method"], "url": asked["url"], "headers": pairs},
        "response": {
            "status": came["status"],
            "headers": [{"name": n, "value": v} for n, v in came["headers"].items()],
            "content": {
                "mimeType": came["headers"]["content-type"],
                "text": came["body"],
                "size": len(came["body"]),
            },
        },
    }
    if "body" in asked:
        text = json.dumps(asked["body"])
        entry["request"]["postData"] = {"mimeType": "application/json", "text": text}
    return entry


VIEWERS = (None, "ann", "flo", "sta", "pia", "blo")


def personas(play: Play, states: Iterator[dict[str, bool]]) -> Recorder:
    """Viewers of every kind ask every endpoint about one member, whose settings are as `states`
    say."""
    recorder = Recorder()
    for viewer in VIEWERS:
        recorder.listen(play.clients[viewer])
        play.get(viewer, "/api/me")
    link = f"/api/user/{play.ids['pia']}/workout_history_link"
    owner = play.clients["pia"]
    for state in states:
        play.set("pia", state)
        for viewer in VIEWERS:
            for _ in play.ask(viewer, "pia"):
                pass
        for revoked in (False, True):
            owner.put(link, {"is_revoked": False})
            url = play.get("pia", link).json()["url"]
            owner.put(link, {"is_revoked": revoked})
            for viewer in VIEWERS:
                play.get(viewer, url)
    for viewer in VIEWERS:
        for path in _public(play):
            play.get(viewer, path)
    return recorder


def _public(play: Play) -> Iterator[str]:
    yield "/api/instructor"
    yield f"/api/instructor/{play.places.instructors[0]}"
    yield f"/api/ride/{play.places.rides[0]}/details"
    yield "/api/v2/ride/archived"
