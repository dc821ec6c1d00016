"""Whom a target names for security matters."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from oakum.advisory.contact import told_contact
from oakum.exchange import Request, Response
from oakum.scan.discovery.security_contact import contact_notes
from oakum.scan.transport.certificates import CertificateRefused
from oakum.scan.transport.rate_and_budget import Governor

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
    said = contact_notes(governor, "http://studio.test/v1")
    assert len(said) == told
    assert said[:1] == ["security.txt says Contact: mailto:security@studio.test"][:told]


def test_a_target_that_requires_a_certificate_tells_nothing_and_ends_nothing() -> None:
    class Target:
        def send(self, request: Request) -> Response:
            raise CertificateRefused("`https://studio.test` requires a client certificate")

    governor = Governor(Target(), 1e6, 10, sleep=lambda seconds: None)
    assert contact_notes(governor, "https://studio.test/v1") == []


def test_more_contacts_than_are_noted_hide_neither_the_expiry_nor_the_key() -> None:
    contacts = "".join(f"Contact: mailto:{n}@studio.test\n" for n in range(7))
    text = f"{contacts}Expires: 2030-01-01T00:00:00Z\nEncryption: https://studio.test/key\n"

    class Target:
        def send(self, request: Request) -> Response:
            return Response(200, {"content-type": "text/plain"}, text.encode())

    notes = contact_notes(Governor(Target(), 1e6, 10, sleep=lambda seconds: None), "http://a.test")
    assert len(notes) == 7
    found = told_contact(notes, datetime(2029, 1, 1, tzinfo=UTC))
    assert (len(found.ways), found.encryption) == (5, "https://studio.test/key")
    assert found.expires is not None and found.doubts == ()
