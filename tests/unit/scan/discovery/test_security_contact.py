"""Whom a target names for security matters."""

from __future__ import annotations

import pytest

from oakum.exchange import Request, Response
from oakum.scan.discovery.security_contact import contact_lines
from oakum.scan.transport.certificates import CertificateRefused
from oakum.scan.transport.client import Governor

TEXT = b"# hello\nContact: mailto:security@studio.test\nExpires: never\nCanary: x\n"


@pytest.mark.parametrize(
    ("status", "kind", "told"),
    [(200, "text/plain; charset=utf-8", 2), (200, "text/html", 0), (404, "text/plain", 0)],
)
def test_contact_and_expiry_are_told_of_a_plain_text_only(
    status: int, kind: str, told: int
) -> None:
    class Target:
        def send(self, request: Request) -> Response:
            assert request.url == "http://studio.test/.well-known/security.txt"
            return Response(status, {"content-type": kind}, TEXT)

    governor = Governor(Target(), 1e6, 10, sleep=lambda seconds: None)
    said = contact_lines(governor, "http://studio.test/v1")
    assert len(said) == told
    assert said[:1] == ["security.txt says Contact: mailto:security@studio.test"][:told]


def test_a_target_that_requires_a_certificate_tells_nothing_and_ends_nothing() -> None:
    class Target:
        def send(self, request: Request) -> Response:
            raise CertificateRefused("`https://studio.test` requires a client certificate")

    governor = Governor(Target(), 1e6, 10, sleep=lambda seconds: None)
    assert contact_lines(governor, "https://studio.test/v1") == []
