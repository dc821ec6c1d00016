"""Proxy, certificates and headers of a run."""

from __future__ import annotations

import ipaddress
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from oakum.errors import InputError, TargetError
from oakum.exchange import Request
from oakum.scan.transport.client import HttpTransport
from oakum.scan.transport.connection_options import Connection, header_of, proxy_of
from tests.scan.servers import Call, Reply, serve

SECRET = "s3cr3t-value-77"


def ok(call: Call) -> Reply:
    return Reply(200, {"path": call.path})


def test_all_requests_go_through_the_proxy() -> None:
    way = "http://api.example.test:8000"
    with serve(ok) as proxy, HttpTransport(way, connection=Connection(proxy=proxy.url)) as http:
        answer = http.send(Request("GET", f"{way}/me", {}))
        http.send(Request("POST", f"{way}/me", {}))
    assert answer.status == 200
    assert [(c.method, c.path, c.headers["host"]) for c in proxy.calls] == [
        ("GET", "/me", "api.example.test:8000"),
        ("POST", "/me", "api.example.test:8000"),
    ]


def test_a_header_goes_to_the_target_and_to_its_twins_and_to_nobody_else() -> None:
    headers = {"x-environment": SECRET, "user-agent": "probe"}
    with serve(ok) as target, serve(ok) as twin, serve(ok) as login:
        connection = Connection(headers=headers)
        also = [twin.url, login.url]
        with HttpTransport(
            target.url, also=also, twins=[twin.url], connection=connection, run_id="r"
        ) as http:
            for server in (target, twin, login):
                http.send(Request("GET", f"{server.url}/x", {}))
            http.send(Request("GET", f"{target.url}/x", {"x-environment": "own"}))
    first, own = target.calls
    assert (first.headers["x-environment"], first.headers["user-agent"]) == (SECRET, "probe")
    assert first.headers["oakum-run"] == "r"
    assert own.headers["x-environment"] == "own", "what an identity sends takes precedence"
    assert twin.calls[0].headers["x-environment"] == SECRET
    assert "x-environment" not in login.calls[0].headers
    assert login.calls[0].headers["user-agent"].startswith("oakum/")


def test_no_value_can_be_printed() -> None:
    connection = Connection(proxy=f"http://user:{SECRET}@127.0.0.1:3128", headers={"x-env": SECRET})
    assert SECRET not in repr(connection)
    assert connection.curl() == ("x-env: $HEADER_X_ENV",)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (SECRET, "is not a header such as"),
        (f"x y: {SECRET}", "is not a header such as"),
        ("x-env:", "is empty"),
        (f"x-env: {SECRET}\r\nx-b: c", "control character"),
        (f"Authorization: Bearer {SECRET}", "into the identities file"),
        (f"cookie: sid={SECRET}", "into the identities file"),
        (f"Host: {SECRET}", "only the scan may write `host`"),
    ],
)
def test_a_header_that_cannot_be_sent_is_refused_without_its_value(text: str, words: str) -> None:
    with pytest.raises(ValueError, match=words) as error:
        header_of(text)
    assert SECRET not in str(error.value)


@pytest.mark.parametrize("text", ["", "proxy", "socks5://a:1", f"http://{SECRET}@", "http://a:b"])
def test_what_is_no_proxy_is_refused_without_its_text(text: str) -> None:
    with pytest.raises(ValueError, match="is not the URL of a proxy") as error:
        proxy_of(text)
    assert SECRET not in str(error.value)
    assert proxy_of("http://a:3128") == "http://a:3128"


@contextmanager
def over_tls(folder: Path) -> Iterator[tuple[str, Path]]:
    """An HTTPS server with a certificate of its own, and that certificate."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "oakum-test")])
    now = datetime.now(UTC)
    place = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(place, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    public, private = folder / "ca.pem", folder / "key.pem"
    public.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(204)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            pass

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(public, private)
    server = HTTPServer(("127.0.0.1", 0), Handler)
    server.handle_error = lambda *_: None  # type: ignore[method-assign]
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield f"https://127.0.0.1:{server.server_port}", public
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def test_a_certificate_is_trusted_only_if_it_is_named(tmp_path: Path) -> None:
    with over_tls(tmp_path) as (url, ca):
        with HttpTransport(url) as http, pytest.raises(TargetError, match="not trusted here"):
            http.send(Request("GET", f"{url}/x", {}))
        with HttpTransport(url, connection=Connection(ca=ca)) as http:
            assert http.send(Request("GET", f"{url}/x", {})).status == 204


@pytest.mark.parametrize(
    ("content", "words"), [(b"nothing", "no certificate in PEM"), (None, "no such file")]
)
def test_a_file_that_holds_no_certificate_is_a_slip(
    tmp_path: Path, content: bytes | None, words: str
) -> None:
    file = tmp_path / "ca.pem"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(InputError, match=words):
        HttpTransport("https://127.0.0.1:9", connection=Connection(ca=file))
