"""Client certificates, with a server that wants them and an authority of the test's own."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import trustme

from oakum.errors import InputError, TargetError
from oakum.exchange import Request
from oakum.scan.identities.identities_file import load_identities
from oakum.scan.identities.identity_verification import examine
from oakum.scan.identities.session import LoginFailed, Sessions
from oakum.scan.requests.builder import FilledRequest, curl
from oakum.scan.transport.client import HttpTransport
from oakum.scan.transport.rate_and_budget import Governor
from oakum.scan.transport.required_certificate import REFUSAL, required_certificate

OURS, OTHERS = trustme.CA(), trustme.CA()


@contextmanager
def server(
    required: bool = True, silent: bool = False, calls: list[str] | None = None
) -> Iterator[str]:
    """Answers `/me` with the name in the certificate; 401 where none is needed and none came.
    `silent`: closes the connection there, without an alert, as a server on asyncio does."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            shown = self.connection.getpeercert()  # type: ignore[attr-defined]
            names = [value for kind, value in (shown or {}).get("subjectAltName", ())]
            if calls is not None:
                calls.append(names[0] if names else "")
            if silent and not names:
                self.close_connection = True
                self.connection.close()
                return
            self.send_response(200 if names else 401)
            body = f'{{"id": "{names[0]}"}}'.encode() if names else b"{}"
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            pass

    class Listener(ThreadingHTTPServer):
        def finish_request(self, request: ssl.SSLSocket, client_address: object) -> None:  # type: ignore[override]
            request.do_handshake()
            super().finish_request(request, client_address)  # type: ignore[arg-type]

        def handle_error(self, request: object, client_address: object) -> None:
            """A handshake that fails is what is tested."""

    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    OURS.issue_cert("127.0.0.1").configure_cert(context)
    OURS.configure_trust(context)
    context.verify_mode = ssl.CERT_REQUIRED if required else ssl.CERT_OPTIONAL
    http = Listener(("127.0.0.1", 0), Handler)
    http.daemon_threads = True
    http.socket = context.wrap_socket(http.socket, server_side=True, do_handshake_on_connect=False)
    thread = threading.Thread(target=http.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield f"https://127.0.0.1:{http.server_port}"
    finally:
        http.shutdown()
        http.server_close()


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name, authority in (("ann", OURS), ("bob", OURS), ("eve", OTHERS)):
        authority.issue_cert(f"{name}@example.com").private_key_and_cert_chain_pem.write_to_path(
            tmp_path / f"{name}.pem"
        )
    OURS.cert_pem.write_to_path(tmp_path / "ca.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    return tmp_path


def sessions(folder: Path, url: str, lines: str) -> Sessions:
    path = folder / "identities.yaml"
    path.write_text(f"whoami: /me\nidentities:\n{lines}")
    identities = load_identities(path)
    transport = HttpTransport(url, certificates=identities.certificates())
    return Sessions(identities, transport, None, url)


TWO = "  ann: {certificate: {file: ann.pem}}\n  bob: {certificate: {file: bob.pem}}\n"


@pytest.mark.parametrize("required", [True, False])
def test_each_identity_shows_its_own_certificate_and_nobody_shows_none(
    folder: Path, required: bool
) -> None:
    with server(required) as url:
        found = sessions(folder, url, TWO)
        said = examine(found.identities, found)
    assert said.ok, said.states
    assert said.ids == {"ann": "ann@example.com", "bob": "bob@example.com"}


def governed(folder: Path, url: str, lines: str) -> Sessions:
    found = sessions(folder, url, lines)
    known = found.identities
    http = HttpTransport(url, certificates=known.certificates())
    required = required_certificate(url, known.certificates())
    governor = Governor(http, 10_000, 100, sleep=lambda _: None, required=required)
    return Sessions(known, governor, None, url)


def test_who_is_hung_up_on_for_want_of_a_certificate_is_refused(folder: Path) -> None:
    calls: list[str] = []
    with server(required=False, silent=True, calls=calls) as url:
        found = governed(folder, url, TWO + '  eve: {header: "X-Key: made-up"}\n')
        said = examine(found.identities, found)
        states = {each.name: each for each in said.states}
        assert found.send(None, Request("GET", f"{url}/other")).status == 401
        asked = len(calls)
        assert found.send(None, Request("GET", f"{url}/another")).status == 401
        assert len(calls) == asked + 1, "known by now: nobody is asked beside it"
    assert said.ids == {"ann": "ann@example.com", "bob": "bob@example.com"}
    assert REFUSAL in states["eve"].message


def test_a_server_that_answers_somebody_without_a_certificate_requires_none(folder: Path) -> None:
    """It hangs up for another reason, and that is no refusal."""
    with server(required=False) as url:
        found = governed(folder, url, TWO)
        assert found.send(None, Request("GET", f"{url}/me")).status == 401
        assert found.send("ann", Request("GET", f"{url}/me")).status == 200
    with pytest.raises(TargetError, match="nothing listens"):
        found.send(None, Request("GET", f"{url}/me"))


def test_a_server_that_hangs_up_on_everybody_requires_no_certificate(folder: Path) -> None:
    with server(required=False, silent=True) as url:
        found = governed(folder, url, "  eve: {certificate: {file: eve.pem}}\n")
        with pytest.raises(TargetError):
            found.send(None, Request("GET", f"{url}/me"))


def test_a_certificate_of_another_authority_is_named_as_refused(folder: Path) -> None:
    with server() as url:
        found = sessions(folder, url, TWO + "  eve: {certificate: {file: eve.pem}}\n")
        said = {each.name: each for each in examine(found.identities, found).states}
    assert said["ann"].ok
    assert not said["eve"].ok
    assert "refused the client certificate: it does not know its authority" in said["eve"].message


def test_a_caller_who_lacks_a_certificate_is_told_so(folder: Path) -> None:
    with server() as url:
        found = sessions(folder, url, '  ann: {header: "X-Key: made-up"}\n')
        with pytest.raises(LoginFailed, match="requires a client certificate"):
            found.send("ann", Request("GET", f"{url}/me"))


def test_a_request_is_shown_with_the_certificate_in_variables(folder: Path) -> None:
    lines = "  ann: {certificate: {file: ann.pem}}\n"
    lines += "  bob: {certificate: {file: bob.pem, key: bob.pem}, header: 'X-Key: made-up'}\n"
    found = sessions(folder, "https://127.0.0.1:1", lines)
    filled = FilledRequest(Request("GET", "https://127.0.0.1:1/me"), {}, frozenset(), "/me")
    assert curl(filled, found.curl_credentials("ann")) == (
        'curl -s --cert "$ANN_CERTIFICATE" "$TARGET/me"'
    )
    assert curl(filled, found.curl_credentials("bob")) == (
        'curl -s --cert "$BOB_CERTIFICATE" --key "$BOB_KEY" -H "X-Key: $BOB_X_KEY" "$TARGET/me"'
    )


def test_a_certificate_of_all_is_the_key_of_a_client(folder: Path) -> None:
    same = "  ann: {certificate: {file: ann.pem}, header: 'X-Key: a-1'}\n"
    same += "  bob: {certificate: {file: ann.pem}, header: 'X-Key: b-1'}\n"
    found = sessions(folder, "https://127.0.0.1:1", same)
    assert found.identities.application_keys() == ("client certificate",)
    other = sessions(folder, "https://127.0.0.1:1", TWO)
    assert other.identities.application_keys() == ()


def test_an_own_authority_is_trusted_by_name_and_no_other_is(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    OTHERS.cert_pem.write_to_path(folder / "other.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(folder / "other.pem"))
    with server() as url:
        found = sessions(folder, url, TWO)
        with pytest.raises(Exception, match="is not trusted here; if its authority is your own"):
            examine(found.identities, found)


@pytest.mark.parametrize(
    ("certificate", "expected"),
    [
        ("{file: none.pem}", "`none.pem`: no such file or directory"),
        ("{file: ca.pem}", "`ca.pem`: is not a certificate with its key in PEM"),
        ("{file: ann.pem, key: bob.pem}", "`ann.pem`: the key does not belong to the certificate"),
    ],
)
def test_a_certificate_that_cannot_be_used_has_its_place(
    folder: Path, certificate: str, expected: str
) -> None:
    with pytest.raises(InputError) as failed:
        sessions(folder, "https://127.0.0.1:1", f"  ann: {{certificate: {certificate}}}\n")
    assert "identities.yaml:3:" in str(failed.value)
    assert expected in str(failed.value)


def test_a_key_with_a_password_is_opened_with_it(folder: Path) -> None:
    from cryptography.hazmat.primitives.serialization import (
        BestAvailableEncryption,
        Encoding,
        PrivateFormat,
        load_pem_private_key,
    )

    pem = (folder / "ann.pem").read_bytes()
    key = load_pem_private_key(pem, None)
    locked = key.private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"key-hunter2")
    )
    (folder / "ann.key").write_bytes(locked)
    line = "  ann: {certificate: {file: ann.pem, key: ann.key, password: key-hunter2}}\n"
    with server() as url:
        found = sessions(folder, url, line)
        assert examine(found.identities, found).ok
        assert "key-hunter2" in found.secrets()
    with pytest.raises(InputError, match="or the password of the key is wrong"):
        sessions(folder, "https://127.0.0.1:1", line.replace("hunter2", "wrong"))
