"""Whether one request names the tenant where no look-up can be told it."""

from __future__ import annotations

import pytest

from oakum.guard.compiled.lookup_selection import LookupSelection
from oakum.guard.compiled.tenants_in_bodies_and_queries import names_tenant, words_of
from oakum.routing.http_messages import HttpRequest

DECLARED = LookupSelection(body=("tenant_id",), within={"f": ("shop",)})
FREE = LookupSelection(free=True)


def named(
    body: str, own: LookupSelection, media: str = "application/json", query: str = ""
) -> bool:
    headers = (("content-type", media),)
    return names_tenant(HttpRequest("POST", "/x", headers, body.encode()), query, own)


@pytest.mark.parametrize(
    "body",
    [
        '{"tenant_id":1}',
        '{"a":[{"tenantId" \n: 1}]}',
        '{"t\\u0065nant\\u005Fid":1}',
        '{"a":"x","TENANT-ID":1}',
    ],
)
def test_a_member_counts_however_it_is_spelt(body: str) -> None:
    assert named(body, DECLARED)


@pytest.mark.parametrize("body", ['{"a":"tenant_id"}', '{"tenant":1}', '["tenant_id"]', ""])
def test_no_other_text_counts(body: str) -> None:
    assert not named(body, DECLARED)


@pytest.mark.parametrize("name", ["tenant", "orgId", "workspace-slug", "organisation"])
def test_any_name_of_a_tenant_counts_where_any_member_may_stand(name: str) -> None:
    assert named(f'{{"{name}":1}}', FREE)


@pytest.mark.parametrize("name", ["company", "site", "shop", "colour"])
def test_what_may_be_a_fact_does_not(name: str) -> None:
    assert not named(f'{{"{name}":1}}', FREE)


@pytest.mark.parametrize(
    ("media", "body"),
    [
        ("application/x-www-form-urlencoded", "a=1&tenant%5Fid=2"),
        (
            "multipart/form-data; boundary=B",
            '--B\r\ncontent-disposition: form-data; name="tenant_id"',
        ),
        ("text/plain", "tenant_id: 2"),
        ("what is no media type", '{"tenant_id":1}'),
    ],
)
def test_each_word_of_another_body_counts(media: str, body: str) -> None:
    assert named(body, DECLARED, media)


def test_only_the_value_of_its_parameter_counts_in_a_query() -> None:
    assert named("", DECLARED, query="a=1&f%5Bshop%5D=2")
    assert named("", DECLARED, query="f=%7B%22sh%5Cu006Fp%22:2%7D")
    assert not named("", DECLARED, query="g[shop]=2")


@pytest.mark.parametrize(
    "text",
    [
        *("noteId=1", "noteId: 1", '{"noteId": 1}', "noteId eq alice", "noteId alice", "noteId,a"),
        *("noteId\nn2", "<noteId>n2", "note%49d=1", "(noteId) = 1", "where is my noteId?"),
    ],
)
def test_every_word_of_a_text_may_be_a_name(text: str) -> None:
    assert "noteId" in words_of(text.encode())
