"""A small API per way in which a verdict can be wrong, and a scan of it in this process.

Ann, bob and cat log in by a header. `Api` answers who-am-I; what else there is, a test says by
paths: each is a function of the caller (`""`: nobody) and of the texts in the path.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from oakum.errors import ExitCode
from oakum.finding import Finding, Report
from oakum.report.grouping import exit_code
from oakum.scan.options import Options
from oakum.scan.run import Scan
from tests.catalogue.play import hasty
from tests.scan.servers import Call, Reply, serve

NAMES = {"ann": "u-4101", "bob": "u-4102", "cat": "u-4103"}
KEYS = {f"key-of-{name}-778": name for name in NAMES}
IDENTITIES = "identities:\n" + "".join(
    f'  {name}: {{send: "X-Key: $k", k: {key}}}\n' for key, name in KEYS.items()
)
HEAD = """\
openapi: 3.0.3
info: {title: verdicts, version: "1"}
security: [{key: []}]
components:
  securitySchemes: {key: {type: apiKey, in: header, name: X-Key}}
  schemas:
    Me: {type: object, properties: {id: {type: string}}}
"""
ME = """\
  /me:
    get:
      operationId: getMe
      responses:
        "200":
          description: ok
          content: {application/json: {schema: {$ref: "#/components/schemas/Me"}}}
"""
RELATIONS = """\
exposure: 1
api: openapi.yaml
caller: {operation: getMe, id: /id}
relations: {anyone: {}, member: {authenticated: true}, owner: {is: owner}}
resources:
  Me: {key: id, owner: id, fields: {id: [{see: [member]}]}}
"""
Answer = Callable[..., Any]


@dataclass
class Api:
    """`paths`: pattern of a path → what answers it: a body, a status, or a `Reply`."""

    paths: Mapping[str, Answer]
    calls: list[tuple[str, str]] = field(default_factory=list)

    def __call__(self, call: Call) -> Reply:
        who = KEYS.get(call.headers.get("x-key", ""), "")
        self.calls.append((who, call.path))
        if call.path == "/me":
            return Reply(200, {"id": NAMES[who]}) if who else Reply(401, {"error": "log in"})
        for pattern, answer in self.paths.items():
            if found := re.fullmatch(pattern, call.path):
                given = answer(who, *found.groups())
                if isinstance(given, Reply):
                    return given
                return (
                    Reply(given, {"error": "no"}) if isinstance(given, int) else Reply(200, given)
                )
        return Reply(404, {"error": "no such path"})


def logged_in(answer: Callable[[str, Call], Reply]) -> Callable[[Call], Reply]:
    """An API that says who is asking, and answers nobody without a key."""

    def api(call: Call) -> Reply:
        who = KEYS.get(call.headers.get("x-key", ""), "")
        if not who:
            return Reply(401, {"error": "log in"})
        return Reply(200, {"id": NAMES[who]}) if call.path == "/me" else answer(who, call)

    return api


@dataclass(frozen=True)
class Told:
    """What a scan said."""

    report: Report

    @property
    def code(self) -> ExitCode:
        return exit_code(self.report)

    @property
    def proven(self) -> set[tuple[str, str]]:
        return self.named("proven")

    def named(self, verdict: str) -> set[tuple[str, str]]:
        """(`Resource.field`, viewer) of the findings with a verdict."""
        return {
            (f"{each.resource}.{each.field}", each.viewer)
            for each in self.report.findings
            if each.verdict == verdict
        }

    def finding(self, name: str, viewer: str) -> Finding:
        """The one finding about a field and a viewer."""
        (found,) = (
            each
            for each in self.report.findings
            if (f"{each.resource}.{each.field}", each.viewer) == (name, viewer)
        )
        return found

    def results(self, name: str, viewer: str, path: str = "") -> set[str]:
        """What the cells of a field say for a viewer, at one path or at all."""
        return {
            cell.result.value
            for cell in self.report.cells
            if f"{cell.resource}.{cell.field}" == name
            and cell.viewer == viewer
            and path in ("", cell.endpoint.path)
        }


def path(template: str, operation: str, schema: str, *, many: bool = False) -> str:
    """A path that is read, of a document."""
    ref = f'{{$ref: "#/components/schemas/{schema}"}}'
    names = re.findall(r"{(\w+)}", template)
    shape = f"{{type: array, items: {ref}}}" if many else ref
    declared = ", ".join(
        f"{{name: {each}, in: path, required: true, schema: {{type: string}}}}" for each in names
    )
    return (
        f"  {template}:\n    get:\n      operationId: {operation}\n"
        f"      parameters: [{declared}]\n      responses:\n"
        f'        "200": {{description: ok, content: {{application/json: {{schema: {shape}}}}}}}\n'
    )


def schema(name: str, /, **members: str) -> str:
    """A schema whose members are of these types, below `HEAD`."""
    listed = ", ".join(f"{each}: {{type: {kind}}}" for each, kind in members.items())
    return f"    {name}: {{type: object, properties: {{{listed}}}}}\n"


def write(
    folder: Path, schemas: str, paths: str, policy: str, identities: str = IDENTITIES,
    document: str = "", relations: str = RELATIONS,
) -> None:  # fmt: skip
    """The three files of a scan, in a folder."""
    (folder / "openapi.yaml").write_text(document or f"{HEAD}{schemas}paths:\n{ME}{paths}")
    (folder / "exposure.yaml").write_text(relations + policy)
    (folder / "identities.yaml").write_text(identities)


def told(
    folder: Path,
    schemas: str,
    paths: str,
    policy: str,
    api: Callable[[Call], Reply],
    identities: str = IDENTITIES,
    document: str = "",
    relations: str = RELATIONS,
    **options: Any,
) -> Told:
    """Scan an API with a contract made of these parts."""
    write(folder, schemas, paths, policy, identities, document, relations)
    with serve(api) as server:
        made = Options(
            folder / "exposure.yaml", server.url, folder / "identities.yaml", rate=1000, **options
        )
        return Told(Scan(made, lambda event: None, sleep=hasty).report())
