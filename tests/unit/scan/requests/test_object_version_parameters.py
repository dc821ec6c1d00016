"""Parameters of a request that name the state which it is based on."""

from __future__ import annotations

from oakum.exchange import Request
from oakum.scan.requests.object_version_parameters import at_version, told_by


def test_a_request_names_the_state_that_is_shown_now() -> None:
    url = "http://127.0.0.1/notes/1?rev=3&draft=&q=a%26b"
    request = Request("DELETE", url, {"X-Version": "3", "accept": "*/*"})
    shown = {"meta": {"rev": 4}, "version": "v4"}
    fresh = at_version(request, shown, (("rev", "meta.rev"), ("x-version", "version")))
    assert fresh.url == url.replace("rev=3", "rev=4")
    assert fresh.headers == {"X-Version": "v4", "accept": "*/*"}


def test_a_state_that_is_not_shown_stays_as_it_was() -> None:
    request = Request("DELETE", "http://127.0.0.1/notes/1?rev=3&q=%7e", {})
    assert at_version(request, {"id": "1"}, (("rev", "meta.rev"),)) == request
    assert told_by({"id": "1"}, "meta.rev") is None
