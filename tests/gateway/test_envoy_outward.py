"""Envoy towards others: an API behind TLS, and an issuer that publishes its keys."""

from __future__ import annotations

import datetime
import ipaddress
import json
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from joserfc import jwt
from joserfc.jwk import ECKey

from oakum.guard import envoy
from oakum.openapi.model import Json
from oakum.routing.problem_details import problem
from tests.gateway.client import ask
from tests.gateway.engine import start
from tests.gateway.stub import plan, stubbed
from tests.patience import wait

pytestmark = pytest.mark.server


@pytest.fixture(scope="module", autouse=True)
def core() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(envoy, "bundle", stubbed)
        yield


@contextmanager
def saying(
    body: bytes | bytearray, certificate: Path | None = None
) -> Iterator[tuple[int, list[str]]]:
    """A server that says one thing; its port, and the hosts and paths that it was asked for."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            asked.append(f"{self.headers['host']}{self.path} {self.headers['x-claims']}")
            self.send_response(200)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Silent."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        if certificate is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        yield server.server_address[1], asked
        server.shutdown()


def certificate(path: Path, *names: x509.GeneralName) -> Path:
    """A key and a certificate signed with it, for some names."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    secret = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    path.write_bytes(made.public_bytes(serialization.Encoding.PEM) + secret)
    return path


def test_an_api_behind_tls_is_checked_by_name_and_authority(tmp_path: Path) -> None:
    local = certificate(tmp_path / "local.pem", x509.DNSName("localhost"))
    other = certificate(tmp_path / "other.pem", x509.DNSName("elsewhere.example"))
    number = certificate(tmp_path / "number.pem", x509.IPAddress(ipaddress.ip_address("127.0.0.1")))
    for shown, host, ca, status in (
        (local, "localhost", local, 200),
        (number, "127.0.0.1", number, 200),
        (other, "localhost", other, 502),  # another name
        (number, "localhost", number, 502),
        (local, "localhost", other, 502),  # nobody vouches for it
    ):
        with (
            saying(b"{}", shown) as (port, asked),
            start(envoy.Envoy(), plan(), f"https://{host}:{port}", ca=str(ca)) as engine,
        ):
            reply = ask(engine.listen, "GET", "/ask-request")
            assert reply.status == status
            if status == 200:
                assert asked[-1].startswith(f"{host}:{port}/ask-request")
            else:
                assert reply.body == problem(502).encode()
                assert asked == []


def issued(port: int, audiences: list[str]) -> dict[str, Json]:
    """Tokens of an issuer whose keys are at a port."""
    return {
        "issuer": "me",
        "audiences": audiences,
        "algorithms": ["ES256"],
        "keys": f"http://127.0.0.1:{port}/jwks.json",
        "jwks": None,
    }


def test_keys_are_fetched_from_their_issuer() -> None:
    key = ECKey.generate_key("P-256", {"kid": "k1"})
    published = json.dumps({"keys": [key.as_dict(private=False)]}).encode()
    claims = {"iss": "me", "aud": "api", "uid": "u7", "exp": int(time.time()) + 60}
    token = jwt.encode({"alg": "ES256", "kid": "k1"}, claims, key)
    with saying(published) as (keys, fetched), saying(b"{}") as (api, asked):
        tokens = issued(keys, ["api"])
        with start(envoy.Envoy(), plan(tokens=tokens), f"http://127.0.0.1:{api}") as engine:
            for _ in range(3):
                ask(engine.listen, "GET", "/token", f"authorization: Bearer {token}")
            assert {each.split()[-1] for each in asked} == {"u7"}
            assert fetched == [f"127.0.0.1:{keys}/jwks.json None"]  # once for all places


def test_a_key_that_its_issuer_has_withdrawn_makes_no_token_good(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(envoy.jwt_filter, "_KEYS_CACHED", "1s")
    old, new = (ECKey.generate_key("P-256", {"kid": kid}) for kid in ("k1", "k2"))
    claims = {"iss": "me", "aud": "api", "uid": "u7", "exp": int(time.time()) + 600}
    of_old, of_new = (
        jwt.encode({"alg": "ES256", "kid": key.kid}, claims, key) for key in (old, new)
    )
    published = bytearray(json.dumps({"keys": [old.as_dict(private=False)]}).encode())
    with saying(published) as (keys, _), saying(b"{}") as (api, asked):
        tokens = issued(keys, ["api"])
        with start(envoy.Envoy(), plan(tokens=tokens), f"http://127.0.0.1:{api}") as engine:

            def said(token: str) -> str:
                ask(engine.listen, "GET", "/token", f"authorization: Bearer {token}")
                return asked[-1].split()[-1]

            assert said(of_old) == "u7"
            published[:] = json.dumps({"keys": [new.as_dict(private=False)]}).encode()
            wait(lambda: said(of_new) == "u7")
            wait(lambda: said(of_old) == "false")


def test_keys_that_cannot_be_fetched_make_no_token_good() -> None:
    key = ECKey.generate_key("P-256", {"kid": "k1"})
    token = jwt.encode({"alg": "ES256", "kid": "k1"}, {"iss": "me", "exp": 9999999999}, key)
    with saying(b"no keys") as (keys, _), saying(b"{}") as (api, asked):
        tokens = issued(keys, [])
        with start(envoy.Envoy(), plan(tokens=tokens), f"http://127.0.0.1:{api}") as engine:
            assert ask(engine.listen, "GET", "/token", f"authorization: Bearer {token}").status
            assert asked[-1].split()[-1] == "false"
            assert ask(engine.listen, "GET", "/token").status == 200
            assert asked[-1].split()[-1] == "nil"
