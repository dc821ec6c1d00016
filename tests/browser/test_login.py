"""A login in Chromium: the provider's page, its form, and the redirect to the loopback port."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from oakum.scan.identities.identities_file import load_identities
from oakum.scan.identities.identity_verification import examine
from oakum.scan.identities.loopback_login import AtScreen
from oakum.scan.identities.session import Sessions
from oakum.scan.transport.client import HttpTransport
from tests.chromium import browser as browser
from tests.patience import patient
from tests.scan.identity_provider import Provider
from tests.scan.servers import PASSWORDS, serve

pytestmark = [pytest.mark.browser, pytest.mark.server]
TEXT = """
whoami: /me
identities:
  ann: {oauth2: {issuer: ISSUER, grant: authorization_code, client_id: made-up-client}}
  bob: {oauth2: {issuer: ISSUER, grant: authorization_code, client_id: made-up-client}}
"""


def test_two_people_log_in_in_one_browser(browser: Browser, tmp_path: Path) -> None:
    provider = Provider()
    with serve(provider) as server:
        provider.url = server.url
        path = tmp_path / "identities.yaml"
        path.write_text(TEXT.replace("ISSUER", server.url))
        identities = load_identities(path)
        said: list[str] = []
        asked: list[str] = []
        come = threading.Event()

        def open_page(address: str) -> None:
            asked.append(address)
            come.set()

        transport = HttpTransport(server.url, also=identities.origins())
        person = AtScreen(said.append, open_page)
        sessions = Sessions(identities, transport, None, server.url, person=person)
        found = []
        thread = threading.Thread(target=lambda: found.append(examine(identities, sessions)))
        thread.start()
        page = browser.new_page()
        for name in ("ann", "bob"):
            assert come.wait(patient(30))
            come.clear()
            page.goto(asked.pop())
            page.fill("[name=username]", name)
            page.fill("[name=password]", PASSWORDS[name])
            page.click("button")
            page.get_by_text("Oakum is logged in. You can close this page.").wait_for()
            assert page.evaluate("document.cookie") == ""
        thread.join()
        page.close()
    (examination,) = found
    assert examination.ok, examination.states
    assert examination.ids == {"ann": "m-4711", "bob": "m-4712"}
    assert [line.split(":")[0] for line in said] == [
        "log in as `ann` in your browser",
        "log in as `bob` in your browser, in a private window if it shows another account",
    ]
