"""A removal for good, and the same without the flag where that is refused."""

from __future__ import annotations

import pytest

from oakum.exchange import Request, Response
from oakum.scan.requests.delete_parameters import is_for_good, is_same_place, or_plainly

AT = "http://a.test/notes/n-1"


def asked(url: str, status: int) -> list[str]:
    sent: list[str] = []

    def send(request: Request) -> Response:
        sent.append(request.url)
        return Response(status, {}, b"")

    assert or_plainly(send, Request("DELETE", url)).status == status
    return sent


@pytest.mark.parametrize("status", [400, 403, 404, 422])
@pytest.mark.parametrize("flag", ["permanent", "hardDelete", "purge", "hard"])
def test_what_is_refused_for_good_is_asked_for_plainly_once(status: int, flag: str) -> None:
    assert asked(f"{AT}?{flag}=true", status) == [f"{AT}?{flag}=true", AT]
    assert asked(f"{AT}?rev=3&{flag}=true", status)[1:] == [f"{AT}?rev=3"]


@pytest.mark.parametrize(
    ("url", "status"),
    [(f"{AT}?permanent=true", 204), (AT, 403), (f"{AT}?confirm=true", 403),
     (f"{AT}?purge_all=true", 403), (f"{AT}?keep_permanent=true", 403)],
)  # fmt: skip
def test_else_it_is_asked_for_once(url: str, status: int) -> None:
    assert asked(url, status) == [url]


def test_a_flag_names_no_other_object() -> None:
    assert is_same_place(Request("GET", AT), Request("DELETE", f"{AT}?permanent=true"))
    assert not is_same_place(Request("GET", AT), Request("DELETE", f"{AT}1"))


@pytest.mark.parametrize(
    ("query", "good"), [("?hard=true", True), ("?skip_hard=1", False), ("", False)]
)
def test_a_flag_says_that_a_removal_is_for_good(query: str, good: bool) -> None:
    assert is_for_good(Request("DELETE", f"http://a.test/notes/1{query}", {}, b"")) is good
