"""Scans of APIs that close each connection without a client certificate, as uvicorn does."""

from __future__ import annotations

import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import trustme
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from oakum.errors import ExitCode
from oakum.report.grouping import exit_code
from oakum.scan.identities.doctor_command import diagnose
from oakum.scan.options import Options
from oakum.scan.run import Scan
from oakum.scan.transport.connection_options import Connection
from tests.catalogue.play import hasty
from tests.patience import patient
from tests.scan.verdicts import KEYS, NAMES, path, schema, write

pytestmark = pytest.mark.server
AUTHORITY = trustme.CA()
POLICY = """\
  Note:
    key: id
    owner: by
    fields: {"id, by, text": [{see: [owner]}]}
operations:
  getNote: {params: {id: Note.id}}
"""
NOTES = {
    f"n-{700 + at}": {"id": f"n-{700 + at}", "by": id, "text": f"{name} grows plums"}
    for at, (name, id) in enumerate(NAMES.items())
}


def app(leaks: bool) -> Starlette:
    def who(request: Request) -> str:
        return NAMES.get(KEYS.get(request.headers.get("x-key", ""), ""), "")

    def me(request: Request) -> Response:
        return JSONResponse({"id": who(request)}) if who(request) else Response(status_code=401)

    def notes(request: Request) -> Response:
        return JSONResponse([each for each in NOTES.values() if each["by"] == who(request)])

    def note(request: Request) -> Response:
        found = NOTES.get(request.path_params["id"])
        shown = found is not None and who(request) and (leaks or found["by"] == who(request))
        return JSONResponse(found) if shown else Response(status_code=404)

    return Starlette(routes=[Route("/me", me), Route("/notes", notes), Route("/notes/{id}", note)])


@contextmanager
def serving(folder: Path, leaks: bool) -> Iterator[str]:
    AUTHORITY.cert_pem.write_to_path(folder / "ca.pem")
    AUTHORITY.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(folder / "s.pem")
    config = uvicorn.Config(
        app(leaks), port=0, log_level="critical", lifespan="off", ssl_certfile=folder / "s.pem",
        ssl_ca_certs=str(folder / "ca.pem"), ssl_cert_reqs=ssl.CERT_REQUIRED,
    )  # fmt: skip
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield f"https://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join(patient(10))


def files(folder: Path, nobody: str) -> None:
    lines = "identities:\n" + nobody
    for key, name in KEYS.items():
        AUTHORITY.issue_cert(f"{name}@x.test").private_key_and_cert_chain_pem.write_to_path(
            folder / f"{name}.pem"
        )
        lines += f'  {name}: {{certificate: {{file: {name}.pem}}, send: "X-Key: $k", k: {key}}}\n'
    paths = path("/notes/{id}", "getNote", "Note") + path("/notes", "listNotes", "Note", many=True)
    write(folder, schema("Note", id="string", by="string", text="string"), paths, POLICY, lines)


@pytest.mark.parametrize("nobody", ["", "  anonymous: {certificate: {file: ann.pem}}\n"])
@pytest.mark.parametrize("leaks", [False, True])
def test_an_api_that_requires_a_certificate_is_scanned_whole(
    leaks: bool, nobody: str, tmp_path: Path
) -> None:
    files(tmp_path, nobody)
    with serving(tmp_path, leaks) as target:
        options = Options(
            tmp_path / "exposure.yaml", target, tmp_path / "identities.yaml", rate=1000,
            connection=Connection(ca=tmp_path / "ca.pem"),
        )  # fmt: skip
        assert diagnose(options, lambda problems: None).ok
        report = Scan(options, lambda event: None, sleep=hasty).report()
    leaked = {(f"{f.resource}.{f.field}", f.viewer) for f in report.findings}
    assert not report.distrust
    assert {cell.result.value for cell in report.cells} == {"open", "closed"} | (
        {"leak"} if leaks else set()
    )
    assert (("Note.text", "member") in leaked) is leaks
    assert exit_code(report) is (ExitCode.FINDINGS if leaks else ExitCode.CLEAN)
