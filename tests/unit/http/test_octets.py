"""Bytes and digests that no two texts share."""

from __future__ import annotations

from oakum.http.octets import octets, sha256_of_texts
from oakum.routing.caller_and_relation_lookups import Credential
from oakum.routing.caller_credentials import RequestCredentials


def test_no_two_texts_are_the_same() -> None:
    assert octets("\udc80") != octets("\udc81") != octets("?")
    assert sha256_of_texts(["ab", "c"]) != sha256_of_texts(["a", "bc"])


def test_credentials_that_differ_in_a_lone_surrogate_have_different_keys() -> None:
    keys = {
        RequestCredentials(((Credential("header", "x-key"), f"a{end}"),)).key
        for end in "\udc80\udc81?"
    }
    assert len(keys) == 3
