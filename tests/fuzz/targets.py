"""What reads input of others, each as a function from bytes to what was said of them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any
from unittest.mock import patch

import click
import yaml
from click.testing import CliRunner

import cadence
from oakum.cli.main import main
from oakum.errors import InputError, OakumError
from oakum.exchange import Request, Response
from oakum.scan import assembly as scan_run
from oakum.scan.options import Options
from oakum.scan.run import Scan
from tests.catalogue.play import hasty
from tests.fuzz.mangle import garbled, mangled
from tests.unit.openapi.test_swagger import PETS
from tests.unit.scan.studio import DOCUMENT, MISSING, POLICY, TARGET, Studio
from tests.unit.scan.test_run import IDENTITIES

CODES = {0, 1, 2, 3}


class Bug(AssertionError):
    """An input ended a command as only a fault of ours may."""


@dataclass(frozen=True)
class Target:
    """`make` draws an input; `play` reads it in a folder of its own."""

    make: Callable[[Random], bytes]
    play: Callable[[bytes, Path], None]


def oakum(*arguments: object) -> int:
    """One command in this process. Raises `Bug` where the program would end with 70."""
    try:
        done = CliRunner().invoke(main, [*map(str, arguments)], standalone_mode=False)
        if done.exception is not None:
            raise done.exception
    except (InputError, OakumError) as error:
        assert str(error), "a refusal says why"
        return int(error.exit_code)
    except click.ClickException:
        return 2
    except Exception as error:
        raise Bug(f"oakum {' '.join(map(str, arguments))}: {error!r}") from error
    code = int(done.return_value or 0)
    if code not in CODES:
        raise Bug(f"oakum {' '.join(map(str, arguments))}: exit {code}")
    return code


def _tree(text: str) -> Any:
    return yaml.safe_load(text)


def _text(random: Random, tree: Any) -> bytes:
    """A tree as YAML or JSON, at times with bytes of it changed as well."""
    value = mangled(random, tree)
    if random.random() < 0.5:
        data = json.dumps(value).encode()
    else:
        data = yaml.safe_dump(value, sort_keys=False).encode()
    return garbled(random, data) if random.random() < 0.3 else data


def _document(random: Random) -> bytes:
    tree = random.choice(_DOCUMENTS)()
    if len(tree["paths"]) > 6:
        kept = random.sample([*tree["paths"]], 5)
        tree["paths"] = {path: tree["paths"][path] for path in kept}
    return _text(random, tree)


def _cadence() -> Any:
    return _tree((Path(cadence.__file__).parent / "openapi.yaml").read_text())


_DOCUMENTS: tuple[Callable[[], Any], ...] = (
    _cadence,
    lambda: _tree(DOCUMENT),
    lambda: _tree(PETS),
)


def documents(data: bytes, folder: Path) -> None:
    file = folder / "openapi.yaml"
    file.write_bytes(data)
    draft = folder / "draft.yaml"
    oakum("check", file)
    if oakum("init", file, "--output", draft) == 0:
        assert oakum("check", draft) == 0, "what init drafts is read by check"
        (folder / "identities.yaml").write_text(IDENTITIES)
        _planned(draft, folder / "identities.yaml")
        oakum("diff", draft, draft)
        oakum("guard", "check", draft)
    else:
        assert not draft.exists(), "no partial file"


def _planned(contract: Path, identities: Path) -> None:
    args = ("--target", TARGET, "--identities", identities, "--dry-run", "--allow-own-settings")
    oakum("scan", contract, *args, "--allow-writes", "--quiet")


def contracts(data: bytes, folder: Path) -> None:
    (folder / "openapi.yaml").write_text(DOCUMENT)
    (folder / "identities.yaml").write_text(IDENTITIES)
    file, good = folder / "exposure.yaml", folder / "good.yaml"
    file.write_bytes(data)
    good.write_text(POLICY)
    if oakum("check", file) == 0:
        _planned(file, folder / "identities.yaml")
    oakum("diff", good, file)
    oakum("guard", "check", file)


def identities(data: bytes, folder: Path) -> None:
    (folder / "openapi.yaml").write_text(DOCUMENT)
    (folder / "exposure.yaml").write_text(POLICY)
    file = folder / "identities.yaml"
    file.write_bytes(data)
    _planned(folder / "exposure.yaml", file)


_IDENTITIES = """\
login:
  request: {method: POST, path: /login, json: {user: "{username}", pass: "{password}"}}
  token: {json: /token}
whoami: {operation: getMe, id: /id}
identities:
  ann: {header: "X-Who: ann", id: p-1, facts: {name: Ann}}
  bob: {header: "X-Who: bob"}
  cat: {cookie: "who=cat", claims: {role: staff}}
  dan: {username: dan, password: secret, states: {private: true}}
  eve: {oauth2: {token_url: /token, client_id: a, client_secret: b}}
between: [bob is follower of ann]
"""


class _Wire:
    """The studio in place of the network, its answers mangled by seed."""

    def __init__(self, seed: int) -> None:
        self._random, self._studio = Random(seed), Studio()

    def send(self, request: Request) -> Response:
        answer = _asked(self._studio, request)
        return _spoilt(self._random, answer) if self._random.random() < 0.4 else answer

    def close(self) -> None:
        pass


def _asked(studio: Studio, request: Request) -> Response:
    try:
        return studio(request.headers.get("x-who"), request)
    except AssertionError:  # an endpoint that the studio lacks
        return MISSING
    except Exception:  # noqa: BLE001 - what was written to it has broken it: as a server that is
        return Response(500)


def _spoilt(random: Random, answer: Response) -> Response:
    body = answer.body
    try:
        value = mangled(random, json.loads(body))
        body = json.dumps(value).encode()
    except ValueError:
        pass
    if random.random() < 0.3:
        body = garbled(random, body)
    headers: Mapping[str, str] = dict(answer.headers)
    if random.random() < 0.3:
        media = random.choice(_MEDIA)
        headers = {
            **headers,
            "content-type": media,
            random.choice(_HEADERS): random.choice(_VALUES),
        }
    status = random.choice(_STATUS) if random.random() < 0.2 else answer.status
    return Response(status, headers, body)


_MEDIA = (
    "text/csv", "text/html", "application/json; charset=x", "", ";", "text/event-stream",
    "application/x-ndjson", "image/png", "application/problem+json", "multipart/mixed",
)  # fmt: skip
_HEADERS = (
    "link", "retry-after", "set-cookie", "location", "cache-control", "etag", "www-authenticate",
    "content-encoding", "vary", "age", "date", "x-ratelimit-reset",
)  # fmt: skip
_VALUES = (
    "", ";", ",,", "-1", "99999999999999999999", "nan", "x" * 9000, "\x1b[2J", "=;=",
    "<>; rel=next",
    "</people?page=2>; rel=next", "max-age=x", "http://[", "//evil", "Thu, 99 Foo 2026", '"',
)  # fmt: skip
_STATUS = (200, 201, 204, 206, 301, 304, 400, 401, 403, 404, 410, 422, 429, 500, 503, 599, 101)


def answers(data: bytes, folder: Path) -> None:
    """`data` is the seed that the answers are spoilt by."""
    (folder / "openapi.yaml").write_text(DOCUMENT)
    (folder / "exposure.yaml").write_text(POLICY)
    (folder / "identities.yaml").write_text(IDENTITIES)
    (folder / "identities.yaml").chmod(0o600)
    seed = int(data)
    options = Options(
        folder / "exposure.yaml", TARGET, folder / "identities.yaml", rate=1e6, budget=400,
        allow_own_settings=seed % 2 == 0, allow_writes=seed % 3 == 0,
    )  # fmt: skip
    wire = _Wire(seed)
    with patch.object(scan_run, "HttpTransport", lambda *_, **__: wire):
        try:
            Scan(options, lambda event: None, sleep=hasty).report()
        except OakumError as error:
            assert str(error)
        except Exception as error:
            raise Bug(f"answers spoilt by seed {seed}: {error!r}") from error


def logs(data: bytes, folder: Path) -> None:
    file = folder / "log"
    file.write_bytes(data)
    (folder / "openapi.yaml").write_text(DOCUMENT)
    (folder / "exposure.yaml").write_text(POLICY)
    oakum("observe", "traffic", file)
    oakum("observe", "traffic", file, "--contract", folder / "exposure.yaml")
    oakum("observe", "draft", file, "--openapi", folder / "openapi.yaml", "-o", folder / "d.yaml")
    oakum("observe", "abuse", file)


def _log(random: Random) -> bytes:
    studio = Studio()
    kind = random.choice(["har", "ndjson", "access"])
    rows = [_exchange(random, studio) for _ in range(random.randrange(1, 12))]
    if kind == "har":
        return _text(random, {"log": {"entries": [_har(row) for row in rows]}})
    if kind == "ndjson":
        lines = [json.dumps(mangled(random, row) if random.random() < 0.5 else row) for row in rows]
    else:
        lines = [_access(row, n) for n, row in enumerate(rows)]
    data = "\n".join(lines).encode("utf-8", "surrogatepass")
    return garbled(random, data) if random.random() < 0.5 else data


def _access(row: Any, second: int) -> str:
    who, url = row["request"]["headers"].get("x-who", "-"), row["request"]["url"]
    when = f"27/Nov/2026:10:00:{second:02} +0000"
    return f'127.0.0.1 - {who} [{when}] "GET {url} HTTP/1.1" {row["response"]["status"]} 12 "-" "-"'


def _exchange(random: Random, studio: Studio) -> Any:
    who = random.choice([None, "ann", "bob", "cat"])
    path = random.choice(["/people", "/people/p-1", "/people/p-2", "/me", "/nothing?x=1&x=2"])
    headers = {"x-who": who} if who else {}
    answer = _asked(studio, Request("GET", TARGET + path, headers))
    try:
        body = json.loads(answer.body)
    except ValueError:
        body = answer.body.decode("utf-8", "replace")
    return {
        "request": {"method": "GET", "url": TARGET + path, "headers": headers},
        "response": {"status": answer.status, "headers": dict(answer.headers), "body": body},
    }


def _har(row: Any) -> Any:
    def listed(headers: Mapping[str, str]) -> list[Mapping[str, str]]:
        return [{"name": name, "value": value} for name, value in headers.items()]

    asked, came = row["request"], row["response"]
    media = came["headers"].get("content-type", "application/json")
    return {
        "startedDateTime": "2026-11-27T10:00:00Z",
        "request": {"method": "GET", "url": asked["url"], "headers": listed(asked["headers"])},
        "response": {
            "status": came["status"],
            "headers": listed(came["headers"]),
            "content": {"mimeType": media, "text": json.dumps(came["body"])},
        },
    }


TARGETS: Mapping[str, Target] = {
    "documents": Target(_document, documents),
    "contracts": Target(lambda random: _text(random, _tree(POLICY)), contracts),
    "identities": Target(lambda random: _text(random, _tree(_IDENTITIES)), identities),
    "answers": Target(lambda random: str(random.randrange(10**9)).encode(), answers),
    "logs": Target(_log, logs),
}
