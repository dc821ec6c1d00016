"""What a scan costs: requests and seconds against the size of an API and the number of viewers.

    python benchmarks/scan_cost.py [--operations 10,30,60,100,300,1000] [--viewers 3,7] [--fields 0]

A made-up API of so many operations (lists, own lists, single objects, objects of a person, in
families of five) is served on loopback and scanned whole: seven viewers are two owners, a follower,
somebody blocked, somebody of the staff, a stranger, and nobody logged in. Every owner has twenty
fields that they may write and others may not see. One family in ten leaks one field.

Shown are requests, seconds, cells, requests for each decided cell, and the ratio to asking every
operation about every owner as every viewer once, which is the least that a scan without shared
answers sends. All leaks have to be found, or the figures are worth nothing.
"""

from __future__ import annotations

import argparse
import platform
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import orjson
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from oakum.finding import Report, Result
from oakum.scan.options import Options
from oakum.scan.run import Scan

sys.path.insert(0, str(Path(__file__).parent.parent))
from tests.catalogue.play import serving

SECRETS = 20
PEOPLE = ("ann", "pia", "flo", "bob", "sta", "max")
TIES = ("flo is follower of ann", "flo is follower of pia", "bob is blocked of ann",
        "bob is blocked of pia")  # fmt: skip
LEAKY = 10
"""One family of so many leaks."""

Made = tuple[str, str, str, Starlette, set[tuple[str, str]]]


def families(operations: int) -> int:
    """Families of five that make up so many operations beside who-am-I and the settings."""
    return max((operations - 2) // 5, 1)


def document(many: int, fields: int = 0) -> str:
    """OpenAPI, as JSON: it is YAML as well."""

    def answers(shape: object) -> object:
        return {"200": {"description": "ok", "content": {"application/json": {"schema": shape}}}}

    def by(name: str) -> object:
        return {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}

    secret = {f"s{each}": {"type": "string"} for each in range(SECRETS)}
    schemas: dict[str, object] = {
        "Person": {"type": "object", "properties": {"id": {"type": "string"}, **secret}}
    }
    paths: dict[str, object] = {
        "/me": {
            "get": {
                "operationId": "me",
                "responses": answers({"$ref": "#/components/schemas/Person"}),
            },
            "patch": {
                "operationId": "setMe",
                "requestBody": {
                    "content": {
                        "application/json": {"schema": {"type": "object", "properties": secret}}
                    }
                },
                "responses": {"204": {"description": "set"}},
            },
        }
    }
    for n in range(many):
        schema = {"$ref": f"#/components/schemas/K{n}"}
        listed = {"type": "array", "items": schema}
        schemas[f"K{n}"] = {
            "type": "object",
            "properties": {
                "id": {"type": "string"},
                "owner_id": {"type": "string"},
                "title": {"type": "string"},
                "note": {"type": "string"},
                **{f"f{each}": {"type": "string"} for each in range(fields)},
            },
        }
        key = {"name": f"k{n}_id", "in": "path", "required": True, "schema": {"type": "string"}}
        paths |= {
            f"/k{n}": {"get": {"operationId": f"list{n}", "responses": answers(listed)}},
            f"/k{n}/mine": {"get": {"operationId": f"mine{n}", "responses": answers(listed)}},
            f"/k{n}/{{k{n}_id}}": {"get": {"operationId": f"one{n}", "parameters": [key],
                                           "responses": answers(schema)}},
            f"/k{n}/{{k{n}_id}}/full": {"get": {"operationId": f"full{n}", "parameters": [key],
                                                "responses": answers(schema)}},
            f"/people/{{person_id}}/k{n}": {"get": {
                "operationId": f"of{n}", "parameters": [by("person_id")],
                "responses": answers(listed)}},
        }  # fmt: skip
    made = {
        "openapi": "3.0.3",
        "info": {"title": "made up", "version": "1"},
        "security": [{}, {"bearer": []}],
        "paths": paths,
        "components": {
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}},
            "schemas": schemas,
        },
    }
    return orjson.dumps(made).decode()


def policy(many: int, fields: int = 0) -> str:
    """The contract."""
    lines = [
        "exposure: 1", "api: openapi.yaml", "caller: {operation: me, id: /id}",
        "relations:", "  anyone: {}", "  owner: {is: owner}", "  blocked: {label: true}",
        "  follower: {label: true}", "  staff: {claim: roles, has: staff}",
        "  member: {authenticated: true}", "resources:",
        "  Person:", "    key: id", "    owner: id", "    main: me", "    fields:",
        "      id: [{see: [anyone]}]",
    ]  # fmt: skip
    lines += [f"      s{each}: [{{see: [owner], set: [owner]}}]" for each in range(SECRETS)]
    for n in range(many):
        lines += [
            f"  K{n}:", "    key: id", "    owner: owner_id", f"    main: one{n}", "    fields:",
            "      id, owner_id, title: [{see: [anyone]}]", "      note: [{see: [owner, staff]}]",
            *(f"      f{each}: [{{see: [owner]}}]" for each in range(fields)),
        ]  # fmt: skip
    lines += ["operations:", '  setMe: {sets: {Person: ""}}']
    for n in range(many):
        lines += [f"  {o}{n}: {{params: {{k{n}_id: K{n}.id}}}}" for o in ("one", "full")]
        lines += [f"  of{n}: {{params: {{person_id: Person.id}}}}"]
    return "\n".join(lines).replace("  blocked: {label: true}\n", "").replace(
        "  follower: {label: true}\n", ""
    ) + "\n"  # fmt: skip


def identities(viewers: int) -> str:
    """So many viewers, nobody logged in among them; two of them at least own something."""
    names = PEOPLE[: max(viewers - 1, 2)]
    claims = {"sta": ", claims: {roles: [staff]}"}
    lines = [
        f"  {n}: {{header: 'Authorization: Bearer {n}-key'{claims.get(n, '')}}}" for n in names
    ]
    ties = [t for t in TIES if {t.split()[0], t.split()[-1]} <= set(names)]
    between = "\nbetween:\n" + "\n".join(f"  - {t}" for t in ties) if ties else ""
    return "identities:\n" + "\n".join(lines) + between + "\n"


def api(many: int, fields: int = 0) -> tuple[Starlette, set[str]]:
    """The API, and the resources that leak their `note` to anybody."""
    people = {who: {"id": f"p-{who}-7f3a", **{f"s{n}": f"{who} secret {n} zq{n * 77}x"
              for n in range(SECRETS)}} for who in PEOPLE}  # fmt: skip
    rows = {
        f"k{n}-{who}-{n * 7919 % 10007}": {
            "id": f"k{n}-{who}-{n * 7919 % 10007}", "owner_id": people[who]["id"],
            "title": f"{who}'s {n}", "note": f"only {who} knows {n * 104729 % 99991}",
            **{f"f{each}": f"{who} {n} {each} zq{n * 31 + each * 977}y" for each in range(fields)},
        }
        for n in range(many)
        for who in ("ann", "pia")
    }  # fmt: skip
    leaky = {f"K{n}" for n in range(0, many, LEAKY)}

    def whose(request: Request) -> str:
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        return token.removesuffix("-key") if token.removesuffix("-key") in people else ""

    def view(row: dict[str, str], me: str, *, leaks: bool) -> dict[str, str]:
        own = me and row["owner_id"] == people[me]["id"]
        names = ["id", "owner_id", "title", *(["note"] if leaks or me == "sta" else [])]
        return row if own else {name: row[name] for name in names}

    async def mine(request: Request) -> Response:
        me = whose(request)
        if not me:
            return Response(status_code=401)
        if request.method == "PATCH":
            said = orjson.loads(await request.body())
            people[me].update({k: v for k, v in said.items() if k in people[me] and k != "id"})
            return Response(status_code=204)
        return JSONResponse(people[me])

    async def answer(request: Request) -> Response:
        me, parts = whose(request), request.url.path.strip("/").split("/")
        if parts[0] == "people":
            kind, owner = parts[2], parts[1]
            found = [r for r in rows.values()
                     if r["id"].startswith(f"{kind}-") and r["owner_id"] == owner]  # fmt: skip
            return JSONResponse([view(r, me, leaks=False) for r in found])
        kind = parts[0]
        leaks = kind.upper() in leaky and parts[-1] == "full"
        if len(parts) == 1:
            found = [r for r in rows.values() if r["id"].startswith(f"{kind}-")]
            return JSONResponse([view(r, me, leaks=False) for r in found])
        if parts[1] == "mine":
            own = [r for r in rows.values() if r["id"].startswith(f"{kind}-")
                   and me and r["owner_id"] == people[me]["id"]]  # fmt: skip
            return JSONResponse(own) if me else Response(status_code=401)
        row = rows.get(parts[1])
        return JSONResponse(view(row, me, leaks=leaks)) if row else Response(status_code=404)

    made = Starlette(
        routes=[Route("/me", mine, methods=["GET", "PATCH"]), Route("/{rest:path}", answer)]
    )
    return made, leaky


def scanned(
    operations: int, viewers: int, folder: Path, fields: int = 0
) -> tuple[Report, set[str], float]:
    """A scan of an API of this size."""
    many = families(operations)
    app, leaky = api(many, fields)
    files = {
        "openapi.yaml": document(many, fields),
        "exposure.yaml": policy(many, fields),
        "identities.yaml": identities(viewers),
    }
    for name, text in files.items():
        (folder / name).touch(mode=0o600)
        (folder / name).write_text(text, encoding="utf-8")
    with serving(app) as target:
        options = Options(
            folder / "exposure.yaml", target, folder / "identities.yaml", rate=10_000,
            budget=200_000, allow_own_settings=True,
        )  # fmt: skip
        begun = time.perf_counter()
        report = Scan(options, lambda event: None).report()
        return report, leaky, time.perf_counter() - begun


def rows(sizes: list[int], viewers: list[int], fields: int) -> Iterator[str]:
    """One line for each size."""
    yield "operations  viewers  requests  seconds   cells  decided  requests/cell  of naive  leaks"
    for operations in sizes:
        for many in viewers:
            with tempfile.TemporaryDirectory() as folder:
                report, leaky, seconds = scanned(operations, many, Path(folder), fields)
            found = {each.resource for each in report.findings if each.verdict == "proven"}
            cells = len(report.cells)
            decided = cells - report.count(Result.UNTESTED)
            naive = (families(operations) * 5 + 1) * many * 2
            yield (
                f"{families(operations) * 5 + 2:10}  {many:7}  {report.requests:8}  {seconds:7.1f}"
                f"  {cells:6}  {decided:7}  {report.requests / max(decided, 1):13.2f}"
                f"  {report.requests / naive:8.2f}  {len(found & leaky)}/{len(leaky)}"
                + (f" and {len(found - leaky)} false" if found - leaky else "")
            )


def main() -> None:
    """Print the curve."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--operations", default="10,30,60,100,300,1000")
    parser.add_argument("--viewers", default="3,7")
    parser.add_argument(
        "--fields", type=int, default=0, help="further hidden fields of each object"
    )
    said = parser.parse_args()
    print(f"Python {platform.python_version()}, {platform.machine()}, server in this process")
    sizes, viewers = ([int(e) for e in t.split(",")] for t in (said.operations, said.viewers))
    for line in rows(sizes, viewers, said.fields):
        print(line, flush=True)


if __name__ == "__main__":
    main()
