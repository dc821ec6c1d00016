"""Objects that a list has only with an option (`?include=applications`), as in JSON:API: what such
a request leaves out for others counts, as that of a documented list does."""

from __future__ import annotations

from pathlib import Path

import pytest

from oakum.errors import ExitCode
from tests.scan.servers import Call, Reply
from tests.scan.verdicts import NAMES, Told, logged_in, path, schema, told

pytestmark = pytest.mark.server

NOTES = [
    {"id": f"a-{id}", "user_id": id, "letter": f"a letter of {name}, no. 80{id[-1]}"}
    for name, id in NAMES.items()
]
SHAPES = (
    schema("Job", id="string", title="string")
    + schema("Application", id="string", user_id="string", letter="string")
    + "    Jobs: {type: object, properties: {data: {type: array, items: {$ref:"
    ' "#/components/schemas/Job"}}, included: {type: array, items: {type: object}}}}\n'
)
INCLUDE = (
    "{name: include, in: query, schema: {type: string, enum: [applications]}}"
)  # fmt: skip
POLICY = """\
  Job: {key: id, owner: none, fields: {"id, title": [{see: [member]}]}}
  Application:
    key: id
    owner: user_id
    main: getApplication
    fields: {"id, user_id, letter": [{see: [owner]}]}
operations:
  listJobs: {shows: {Job: "/data/*", Application: "/included/*"}}
  getApplication: {params: {id: Application.id}}
"""


def scan(folder: Path, *, opened: bool = False, silent: bool = False) -> Told:
    """`opened`: whether the option brings everybody's applications; `silent`: or nobody's."""

    def answer(who: str, call: Call) -> Reply:
        mine = [each for each in NOTES if each["user_id"] == NAMES[who]]
        if call.path == "/jobs":
            asked = call.query.get("include") == "applications" and not silent
            included = (NOTES if opened else mine) if asked else []
            jobs = [{"id": "j-1", "title": "Keeper of bees"}]
            return Reply(200, {"data": jobs, "included": included})
        if call.path == "/applications":
            return Reply(200, mine)
        found = [each for each in mine if call.path == f"/applications/{each['id']}"]
        return Reply(200, found[0]) if found else Reply(404, {"error": "no such application"})

    jobs = path("/jobs", "listJobs", "Jobs").replace("parameters: []", f"parameters: [{INCLUDE}]")
    paths = jobs + path("/applications", "listApplications", "Application", many=True)
    paths += path("/applications/{id}", "getApplication", "Application")
    return told(folder, SHAPES, paths, POLICY, logged_in(answer))


def test_an_api_that_includes_own_objects_alone_is_clean(tmp_path: Path) -> None:
    run = scan(tmp_path)
    assert run.report.findings == ()
    assert run.report.distrust == ()
    assert run.results("Application.letter", "member", "/jobs") == {"closed"}
    assert run.code is ExitCode.CLEAN


def test_one_that_includes_everybodys_is_told(tmp_path: Path) -> None:
    assert ("Application.letter", "member") in scan(tmp_path, opened=True).proven


def test_where_the_option_brings_nothing_the_list_is_named(tmp_path: Path) -> None:
    run = scan(tmp_path, silent=True)
    named = "GET /jobs showed no `Application` to anybody"
    assert any(named in each for each in run.report.distrust)
