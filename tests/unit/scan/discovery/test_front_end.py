"""What scripts name, made into endpoints: filled by name, none that writes, none that is
documented."""

from __future__ import annotations

import pytest

from oakum.exposure.endpoints.probes import survey
from oakum.scan.discovery.front_end import Holes, plain, rank_candidates, roots
from oakum.scan.discovery.script_paths import ScriptPath, named_paths
from tests.unit.scan.studio import model

PROBES = survey(model(), {})[0]
HOLES = Holes(model(), PROBES)


def named(script: str) -> ScriptPath:
    (found,) = named_paths(f"fetch({script})")
    return found


@pytest.mark.parametrize(
    ("script", "endpoint", "sources"),
    [
        ('"/admin/people/" + personId', "/admin/people/{personId}", {"personId": "Person.id"}),
        ('"/admin/people/" + e', "/admin/people/{personId}", {"personId": "Person.id"}),
        ("`/people/${p.id}/card`", "/people/{id}/card", {"id": "Person.id"}),
        ("`/export/posts/${t}.csv`", "/export/posts/{postId}.csv", {"postId": "Post.id"}),
        ("`/export/${postId}`", "/export/{postId}", {"postId": "Post.id"}),
        ("`/x/courses/${c}`", "/x/courses/{courseId}", {"courseId": "Post.course_id"}),
        ("`/members/${member.id}`", "/members/{id}", {"id": "Person.id"}),
        ('"/rest/people?select=*&id=eq." + me.id', "/rest/people?select=*&id=eq.{id}",
         {"id": "Person.id"}),
        ('"/stats?from=" + t', "/stats", {}),
        ("`/a/${e}/b/${t}`", "/a/{id}/b/{id_}", {"id": "Person.id", "id_": "Person.id"}),
    ],
)  # fmt: skip
def test_holes_are_filled_by_their_names_or_what_stands_before(
    script: str, endpoint: str, sources: dict[str, str]
) -> None:
    each = named(script)
    probe = HOLES.probe(each, each.path, "twin", "")
    assert probe is not None
    assert (probe.endpoint.method, probe.endpoint.path, dict(probe.sources)) == (
        "GET",
        endpoint,
        sources,
    )
    assert probe.operation.id == f"GET {endpoint}"
    assert probe.personal == frozenset(n for n, s in sources.items() if s != "Post.course_id")


@pytest.mark.parametrize(
    "script", ['"/people/" + e + "/delete"', '"/admin/reset"', '"/logout"', '"/db/seed"']
)
def test_what_does_not_only_read_is_no_endpoint(script: str) -> None:
    each = named(script)
    assert HOLES.probe(each, each.path, "twin", "") is None


def test_what_documented_paths_begin_with() -> None:
    assert roots(["/api/v2/users", "/api/v2/me", "/api/v1/x", "/health"]) == ["/api/v2", "/api/v1"]
    assert roots(["/users", "/me"]) == []


def paths(script: str, documented: dict[str, frozenset[str]], *starts: str) -> list[str]:
    tried = rank_candidates(named_paths(script), documented, starts, ["http://t", "http://old.t"])
    return [f"{origin}{path}" for _, path, origin in tried]


def test_what_is_documented_is_not_tried() -> None:
    known = {plain("/users/{id}"): frozenset({"fields"})}
    assert paths('get("/users/"+id)', known) == []
    assert paths('get("/users/"+id+"?fields=a")', known) == []
    assert paths('get("/users/"+id+"?full=1")', known) == ["/users/{id}"]


def test_a_path_without_its_beginning_is_tried_with_it() -> None:
    assert paths('get("/cards")', {}, "/api") == ["/cards", "/api/cards"]
    assert paths('get("/api/cards")', {}, "/api") == ["/api/cards"]
    assert paths("get(`${base}/cards`)", {}, "/api") == ["/api/cards", "/cards"]
    assert paths('baseURL:"/api";get("/cards")', {}) == ["/cards", "/api/cards"]


def test_other_addresses_are_tried_only_if_they_may_be_asked() -> None:
    assert paths('get("http://t/x")', {}) == ["/x"]
    assert paths('get("http://old.t/x")', {}) == ["http://old.t/x"]
    assert paths('get("http://tracker.test/x")', {}) == []


def test_calls_go_before_pages() -> None:
    assert paths('[{path:"/about"}];get("/cards")', {}) == ["/cards", "/about"]
