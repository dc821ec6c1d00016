"""Endpoints that no document has: found where they leak, left after few questions where they do
not.

The studio (`studio.py`) is asked at addresses beside its own. A test that wants a twin gives a
function from path to an answer; every other path is answered as servers do: 404, the front end's
page, or 200 with an error.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import pytest

from oakum.cli import shared
from oakum.errors import TargetError
from oakum.exchange import Request, Response
from oakum.exposure.endpoints.probes import survey
from oakum.exposure.findings import conclude
from oakum.openapi.model import Parameter, Shape
from oakum.scan.limits import Permissions
from oakum.scan.technique import Prospect
from oakum.scan.techniques import shadow_endpoints
from tests.unit.scan.studio import IDS, MISSING, TARGET, Run, Studio, model, reply

Answer = Response | None
Twin = Callable[["Elsewhere", "str | None", str, Mapping[str, str]], Answer]
"""(studio, viewer, path, headers) → an answer; None: nothing is there."""
ENDPOINTS = ("getMe", "getSettings", "listPeople", "getPerson", "getCourse")
PAGE = b"<!doctype html><title>Studio</title><div id=app></div>"


def page(body: str | bytes = PAGE) -> Response:
    return Response(
        200, {"content-type": "text/html"}, body.encode() if isinstance(body, str) else body
    )


class Elsewhere(Studio):
    """The studio with something beside it."""

    def __init__(self, twin: Twin, unknown: Response = MISSING) -> None:
        super().__init__()
        self.twin = twin
        self.unknown = unknown
        self.urls: list[tuple[str | None, str]] = []

    def __call__(self, viewer: str | None, request: Request) -> Response:
        self.urls.append((viewer, request.url))
        found = self.twin(self, viewer, request.url.removeprefix(TARGET), request.headers)
        if found is not None:
            return found
        try:
            return super().__call__(viewer, request)
        except AssertionError:
            return self.unknown

    def shown(
        self, viewer: str | None, path: str, prefix: str = "/people/"
    ) -> dict[str, Any] | None:
        """The person whom a path names, whole."""
        id = path.removeprefix(prefix)
        return self.people.get(id) if path.startswith(prefix) else None


Told = set[tuple[str, str, str]]


@dataclass
class Scanned:
    """What a whole scan made of it."""

    told: Told
    """(field, viewer, endpoint) of what twins alone found."""
    asked: list[str]
    """Questions of the technique, such as `GET /v1/people/$ANN_PERSON_ID`."""
    notes: list[str]


def scan(studio: Elsewhere, **may: Any) -> Scanned:
    run = Run(studio, ENDPOINTS)
    run.give(may=Permissions(**may))
    run.techniques = (shadow_endpoints,)
    run.explore()
    found = conclude(model(), run.identities, run.matrix)
    assert {each.rule for each in found} <= {"shadow-endpoint"}
    assert all(each.verdict == "proven" for each in found)
    told = {
        (f"{each.resource}.{each.field}", each.viewer, endpoint.path)
        for each in found
        for endpoint in each.endpoints
    }
    kinds = [str(each.data.get("name", "")) for each in run.events]
    begun = next((nth for nth, name in enumerate(kinds) if name.startswith(PHASES)), len(kinds))
    after = [each for each in run.events[begun:] if each.kind == "ask"]
    return Scanned(told, [each.data["request"] for each in after], run.engine.results.notes)


PHASES = (
    "asking the same",
    "looking for other versions",
    "asking as a phone",
    "reading the scripts",
)


def fields(told: Told, viewer: str) -> set[str]:
    return {field for field, who, _ in told if who == viewer}


def nothing(*_: object) -> None:
    return None


def old(at: str) -> Twin:
    """A version that shows any person whole to anybody."""

    def twin(
        studio: Elsewhere, viewer: str | None, path: str, headers: Mapping[str, str]
    ) -> Answer:
        person = studio.shown(viewer, path, f"{at}/people/")
        return reply(person) if person else None

    return twin


# ------------------------------------------------------------ nothing is there


@pytest.mark.parametrize("unknown", [MISSING, page(), reply({"error": "no such path"})])
def test_where_nothing_is_little_is_asked_and_nothing_found(unknown: Response) -> None:
    found = scan(Elsewhere(nothing, unknown), twins=True)
    told, asked = found.told, found.asked
    assert told == set()
    assert 3 <= len(asked) <= 29  # of these, one list of each of four versions


def test_without_leave_nothing_is_asked() -> None:
    studio = Elsewhere(nothing)
    told = scan(studio).told
    assert told == set()
    assert not any("/v1" in url for _, url in studio.urls)


# ------------------------------------------------------------ versions


@pytest.mark.parametrize("unknown", [MISSING, page(), reply({"error": "no such path"})])
def test_an_old_version_that_shows_everything(unknown: Response) -> None:
    told = scan(Elsewhere(old("/v1"), unknown), twins=True).told
    assert {"Person.phone", "Person.bio"} <= fields(told, "anyone")
    assert "Person.phone" in fields(told, "follower")
    assert {endpoint for _, _, endpoint in told} == {"/v1/people/{personId}"}


@pytest.mark.parametrize("leaks", [True, False])
@pytest.mark.parametrize("at", ["/v1", "/v2", "/v0"])
def test_an_old_version_of_a_list_alone(at: str, leaks: bool) -> None:
    """No single person is to be had there, and nothing else: the list, whole or as documented."""

    def twin(
        studio: Elsewhere, viewer: str | None, path: str, headers: Mapping[str, str]
    ) -> Answer:
        if path != f"{at}/people":
            return None
        if leaks:
            return reply({"data": list(studio.people.values())})
        return studio.listPeople(viewer, "", None) if viewer else reply({"error": 1}, 401)

    found = scan(Elsewhere(twin), twins=True)
    assert f"GET {at}/people" in found.asked
    assert ("Person.phone" in fields(found.told, "anyone")) is leaks
    assert {endpoint for _, _, endpoint in found.told} == ({f"{at}/people"} if leaks else set())


def test_an_old_version_that_keeps_to_the_contract() -> None:
    def twin(
        studio: Elsewhere, viewer: str | None, path: str, headers: Mapping[str, str]
    ) -> Answer:
        person = studio.shown(viewer, path, "/v1/people/")
        if person is None:
            return None
        return reply(studio.person(viewer, person["id"])) if viewer else reply({"error": 1}, 401)

    found = scan(Elsewhere(twin), twins=True)
    told, asked = found.told, found.asked
    assert told == set()
    assert any("/v1/people/" in each for each in asked)


def test_an_old_version_in_a_form_of_its_own() -> None:
    """Other names, another envelope, short values, and members that say nothing of anybody."""

    def twin(
        studio: Elsewhere, viewer: str | None, path: str, headers: Mapping[str, str]
    ) -> Answer:
        person = studio.shown(viewer, path, "/v1/people/")
        if person is None:
            return None
        told = {"ID": person["id"], "name": person["name"], "about": person["bio"]}
        more = {"deprecated": True, "links": {"self": path}, "Phone": person["phone"]}
        return reply({"status": "ok", "result": {"person": {**told, **more}}})

    told = scan(Elsewhere(twin), twins=True).told
    assert fields(told, "anyone") == {"Person.id", "Person.name", "Person.bio", "Person.phone"}
    assert "Person.phone" in fields(told, "member")


def test_a_placeholder_in_an_old_version_is_no_leak() -> None:
    def twin(
        studio: Elsewhere, viewer: str | None, path: str, headers: Mapping[str, str]
    ) -> Answer:
        person = studio.shown(viewer, path, "/v1/people/")
        if person is None or viewer is None:
            return None
        own = IDS[viewer] == person["id"]
        return reply(
            person
            if own
            else {
                "id": person["id"],
                "name": person["name"],
                "phone": "hidden",
                "mail_masked": "a***@x.example",
            }
        )

    assert scan(Elsewhere(twin), twins=True).told == set()


VERSION = Parameter("X-Api-Version", "header", shape=Shape(enum=("2", "1")))
WHICH = Parameter("v", "query", default=2)


@pytest.mark.parametrize(
    ("extra", "endpoint", "asks"),
    [
        (VERSION, "/people/{personId} (X-Api-Version: 1)",
         lambda path, headers: headers.get("x-api-version") == "1"),
        (WHICH, "/people/{personId}?v=1", lambda path, headers: path.endswith("?v=1")),
    ],
)  # fmt: skip
def test_a_version_that_a_request_may_say(
    extra: Parameter, endpoint: str, asks: Callable[[str, Mapping[str, str]], bool]
) -> None:
    """To the owner the old version shows what the new one does."""

    def twin(
        studio: Elsewhere, viewer: str | None, path: str, headers: Mapping[str, str]
    ) -> Answer:
        person = studio.shown(viewer, path.partition("?")[0])
        if person is None or viewer is None:
            return None
        return reply(person if asks(path, headers) else studio.person(viewer, person["id"]))

    run = Run(Elsewhere(twin), ENDPOINTS)
    for nth, probe in enumerate(run.engine.state.probes):
        if probe.operation.id == "getPerson":
            operation = replace(probe.operation, parameters=(*probe.operation.parameters, extra))
            run.engine.state.probes[nth] = replace(probe, operation=operation)
    run.give(may=Permissions(twins=True))
    run.techniques = (shadow_endpoints,)
    run.explore()
    found = conclude(model(), run.identities, run.matrix)
    assert {each.rule for each in found} == {"shadow-endpoint"}
    assert {each.path for one in found for each in one.endpoints} == {endpoint}
    assert ("phone", "member") in {(each.field, each.viewer) for each in found}


# ------------------------------------------------------------ phones


def phone(make: Callable[[Mapping[str, Any]], Response], whole: bool = True) -> Twin:
    """Who asks for a person as a phone does gets them made into something else."""

    def twin(
        studio: Elsewhere, viewer: str | None, path: str, headers: Mapping[str, str]
    ) -> Answer:
        person = studio.shown(viewer, path)
        if person is None or "Mobile" not in headers.get("user-agent", ""):
            return None
        if whole:
            return make(person)
        return make(studio.person(viewer, person["id"])) if viewer else reply({"error": 1}, 401)

    return twin


def state(person: Mapping[str, Any]) -> Response:
    data = json.dumps({"entities": {"people": {person["id"]: person}}, "theme": "dark"})
    return page(f"<html><div id=r></div><script>window.__STATE__={data};start()</script>")


@pytest.mark.parametrize(
    "make",
    [
        state,
        lambda person: page(
            f'<script type="application/json">{json.dumps({"person": person})}</script>'
        ),
        lambda person: reply(dict(person)),
    ],
)
def test_what_a_phone_is_given(make: Callable[[Mapping[str, Any]], Response]) -> None:
    told = scan(Elsewhere(phone(make)), twins=True).told
    assert {"Person.phone", "Person.bio"} <= fields(told, "anyone")
    assert "Person.phone" in fields(told, "member")
    assert all(endpoint.startswith("/people/{personId} (as a phone") for _, _, endpoint in told)


def test_a_page_that_is_drawn_on_the_server() -> None:
    def drawn(person: Mapping[str, Any]) -> Response:
        return page("".join(f"<p class=row>{name}: {each}</p>" for name, each in person.items()))

    told = scan(Elsewhere(phone(drawn)), twins=True).told
    assert "Person.phone" in fields(told, "anyone")


def test_a_page_for_phones_that_keeps_to_the_contract() -> None:
    assert scan(Elsewhere(phone(state, whole=False)), twins=True).told == set()


def test_what_a_phone_is_given_in_the_same_form_without_a_mask() -> None:
    def twin(
        studio: Elsewhere, viewer: str | None, path: str, headers: Mapping[str, str]
    ) -> Answer:
        person = studio.shown(viewer, path)
        if person is None or viewer is None:
            return None
        masked = {"bio": "***", "phone": "***", "vip": False}
        whole = "Mobile" in headers.get("user-agent", "") or IDS[viewer] == person["id"]
        return reply(person if whole else {**person, **masked})

    found = scan(Elsewhere(twin), twins=True)
    assert ("Person.phone", "member", "/people/{personId} (as a phone)") in found.told


# ------------------------------------------------------------ other addresses


@pytest.mark.parametrize(
    ("address", "endpoint"),
    [
        (f"{TARGET}/legacy", "/legacy/people/{personId}"),
        ("http://old.studio.test", "http://old.studio.test/people/{personId}"),
        ("http://old.studio.test/x/", "http://old.studio.test/x/people/{personId}"),
    ],
)
def test_another_address(address: str, endpoint: str) -> None:
    found = scan(Elsewhere(old(address.rstrip("/").removeprefix(TARGET))), twin=(address,))
    told, asked = found.told, found.asked
    assert "Person.phone" in fields(told, "anyone")
    assert {each for _, _, each in told} == {endpoint}
    assert not any("/v1/" in each for each in asked)


def test_another_address_with_none_of_the_endpoints_is_left() -> None:
    studio = Elsewhere(nothing, page())
    found = scan(studio, twin=(f"{TARGET}/nowhere",))
    told, asked = found.told, found.asked
    assert told == set()
    assert len([each for each in asked if "/nowhere" in each]) <= 6
    assert any("/nowhere" in note for note in found.notes)


def test_an_address_where_nothing_listens_ends_no_run() -> None:
    def twin(
        studio: Elsewhere, viewer: str | None, path: str, headers: Mapping[str, str]
    ) -> Answer:
        if "gone.test" in path:
            raise TargetError("nothing listens at `http://gone.test`")
        return None

    studio = Elsewhere(twin)
    found = scan(studio, twin=("http://gone.test",), front_end=("http://gone.test/",))
    assert found.told == set()
    assert len([each for each in found.notes if "was left" in each]) == 2


# ------------------------------------------------------------ the front end


SCRIPT = """
const B="/internal";class Api{card(e){return fetch(`${B}/people/${e}/card`).then(j)}
drop(e){return fetch(`${B}/people/${e}`,{method:"DELETE"})}
gone(e){return fetch("/people/"+e+"/delete")}
set(e){fetch("/internal/people/"+e+"/settle")}all(){return x.get("/internal/people")}}
fetch("https://tracker.test/hit/"+u);i.src="/static/logo.png";r=[{path:"/about"}]
"""


def front_end(whole: bool) -> Twin:
    def twin(
        studio: Elsewhere, viewer: str | None, path: str, headers: Mapping[str, str]
    ) -> Answer:
        if path in ("", "/"):
            outside = '<script src="https://cdn.test/lib.js"></script>'
            return page(f"{outside}<script type=module src=/static/app.js></script>")
        if path == "/static/app.js":
            return Response(200, {"content-type": "text/javascript"}, SCRIPT.encode())
        id = path.removeprefix("/internal/people/").removesuffix("/card")
        if id not in studio.people or not path.endswith("/card"):
            return None
        shown = studio.people[id] if whole else viewer and studio.person(viewer, id)
        return reply({"card": shown}) if shown else reply({"error": "log in"}, 401)

    return twin


def test_an_endpoint_that_only_scripts_know() -> None:
    studio = Elsewhere(front_end(whole=True), page())
    found = scan(studio, front_end=(TARGET,))
    told, asked = found.told, found.asked
    assert {"Person.phone", "Person.bio"} <= fields(told, "anyone")
    assert "Person.phone" in fields(told, "member")
    assert {endpoint for _, _, endpoint in told} == {"/internal/people/{personId}/card"}
    assert all(viewer is None for viewer, url in studio.urls if url.endswith((".js", "test")))
    assert not any("cdn.test" in url or "tracker" in url for url in asked)
    assert not any(word in url for url in asked for word in ("delete", "settle"))
    (note,) = (each for each in found.notes if "were not requested" in each)
    assert "`/internal/people/{_1}/settle`" in note and "about" not in note
    assert len(asked) <= 40


def test_a_page_is_asked_for_as_it_was_named_and_none_is_told() -> None:
    named = shared.valid_target(f"{TARGET}/app/", "--front-end")
    studio = Elsewhere(lambda studio, viewer, path, headers: None)
    run = Run(studio, ENDPOINTS)
    run.give(may=Permissions(front_end=(named,)))
    run.techniques = (shadow_endpoints,)
    run.explore()
    assert f"{TARGET}/app/" in {url for _, url in studio.urls}
    assert any("returned no page" in each for each in run.engine.results.distrust)


def test_an_endpoint_of_the_scripts_that_keeps_to_the_contract() -> None:
    found = scan(Elsewhere(front_end(whole=False), page()), front_end=(TARGET,))
    told, asked = found.told, found.asked
    assert told == set()
    assert any(each.endswith("/card") for each in asked)


def test_the_plan_names_all_of_it() -> None:
    probes = tuple(survey(model(), {})[0])
    may = Permissions(twins=True, twin=("http://old.test",), front_end=("http://www.test/",))
    text = "\n".join(
        line["request"] for line in shadow_endpoints.foresee(Prospect(model(), probes, may))
    )
    for word in ("http://old.test", "/v1/people/", "User-Agent", "http://www.test/", "only read"):
        assert word in text
    assert list(shadow_endpoints.foresee(Prospect(model(), probes, Permissions()))) == []
