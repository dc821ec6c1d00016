"""A club of two endpoints with its contract, and the report of a scan that was shown everything."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import product
from pathlib import Path
from textwrap import dedent

import orjson

from oakum.errors import Location
from oakum.finding import Cell, Endpoint, Finding, IdentityState, Report, Result, State
from oakum.policy.contract import contract_digest, load
from oakum.report import json_document

DOCUMENT = """\
openapi: 3.1.0
info: {title: Club, version: "1"}
security: [{token: []}]
paths:
  /me:
    get:
      operationId: getMe
      responses: {"200": {description: me, content: {application/json: {schema: {$ref: "#/components/schemas/Member"}}}}}
  /members/{id}:
    get:
      operationId: getMember
      parameters: [{name: id, in: path, required: true, schema: {type: string}}]
      responses: {"200": {description: one, content: {application/json: {schema: {$ref: "#/components/schemas/Member"}}}}}
components:
  securitySchemes: {token: {type: http, scheme: bearer}}
  schemas:
    Member:
      type: object
      properties:
        id: {type: string}
        nick: {type: string}
        city: {type: string}
        email: {type: string}
        is_private: {type: boolean}
"""  # noqa: E501
POLICY = """\
exposure: 1
api: openapi.yaml
caller: {operation: getMe, id: /id}
relations:
  anyone: {}
  member: {authenticated: true}
  owner: {is: owner}
resources:
  Member:
    key: id
    owner: id
    main: getMember
    states: {private: {field: is_private, missing: true}}
    fields:
      id, nick, is_private: [{see: member}]
      city: [{see: owner}, {see: member, when: {private: false}}]
      email: [{see: owner}]
"""
ENDPOINT = Endpoint("GET", "/members/{id}", "getMember")
STATES: tuple[State, ...] = ((("private", "false"),), (("private", "true"),))
ANN = IdentityState("ann", True)


def written(folder: Path, criteria: str = "", document: str = DOCUMENT, policy: str = "") -> Path:
    """The contract in a folder, with these `exit_criteria`."""
    (folder / "openapi.yaml").write_text(document, encoding="utf-8")
    path = folder / "exposure.yaml"
    path.write_text((policy or POLICY) + dedent(criteria), encoding="utf-8")
    return path


def cells() -> tuple[Cell, ...]:
    """Every cell, shown."""
    made = []
    for field, viewer in product(
        ("id", "nick", "city", "email", "is_private"), ("member", "owner")
    ):
        for state in STATES if field == "city" else ((),):
            granted = viewer == "owner" or field != "email"
            if field == "city" and viewer == "member":
                granted = state == STATES[0]
            result = Result.OPEN if granted else Result.CLOSED
            made.append(Cell("Member", field, viewer, state, ENDPOINT, granted, result))
    return tuple(made)


def leak(
    field: str = "email", viewer: str = "member", state: State = (), **more: object
) -> Finding:
    """A proven leak of high severity, unless said otherwise."""
    found = Finding(
        rule="excessive-data-exposure", verdict="proven", resource="Member", field=field,
        viewer=viewer, state=state, endpoints=(ENDPOINT,), owasp="API3:2023", cwe=("CWE-213",),
        severity="high", title=f"`{viewer}` sees `Member.{field}`", advice="leave it out",
        contract_location=Location("exposure.yaml", 17, 7),
    )  # fmt: skip
    return replace(found, **more)  # type: ignore[arg-type]


def leaking(report: Report, *findings: Finding) -> Report:
    """The report with further findings, and the cells that they stand in."""
    wrong = {(f.field, f.viewer, f.state): f.verdict == "over_blocked" for f in findings}

    def judged(cell: Cell) -> Cell:
        blocked = wrong.get((cell.field, cell.viewer, cell.state))
        if blocked is None:
            return cell
        return replace(cell, result=Result.OVER_BLOCK if blocked else Result.LEAK)

    return replace(
        report,
        findings=(*report.findings, *findings),
        cells=tuple(map(judged, report.cells)),
    )


def clean(
    contract: Path, age: timedelta = timedelta(minutes=1), now: datetime | None = None
) -> Report:
    """A run that was shown every cell and found nothing, and began `age` ago."""
    return Report(
        target="https://club.test", contract=str(contract), stated=True, run="1",
        started=((now or datetime.now(UTC)) - age).isoformat(timespec="seconds"),
        seconds=1.0, requests=20, budget=500, findings=(), cells=cells(), skipped=(),
        identities=(ANN,), version="0", contract_digest=contract_digest(load(contract)),
    )  # fmt: skip


def saved(report: Report, path: Path) -> Path:
    """The report as a file."""
    path.write_bytes(json_document.render(report))
    return path


def forged(path: Path, edit: object, *, seal: bool) -> Path:
    """The file after an edit of its JSON; `seal` makes its digest anew, as a forger would."""
    assert callable(edit)
    content = orjson.loads(path.read_bytes())
    edit(content)
    if seal:
        content["digest"] = json_document.report_digest(content)
    path.write_bytes(orjson.dumps(content))
    return path
