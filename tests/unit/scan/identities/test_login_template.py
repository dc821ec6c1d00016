"""An account of the run's own logs in as an identity does, under its own name and secret."""

from __future__ import annotations

import pytest

from oakum.openapi.model import Json
from oakum.scan.identities.login_template import PERSON, SECRET, template
from oakum.scan.identities.model import Identity, Login, Secret


def identity(body: Json) -> Identity:
    known = {"me": Secret("ann@inn.test"), "word": Secret("ann-hunter2")}
    return Identity("ann", Login("POST", "/login", "json", body, token="/token"), (), known)


@pytest.mark.parametrize(("name", "noun"), [("username", "handle"), ("email", "mail")])
def test_the_name_and_the_secret_become_variables(name: str, noun: str) -> None:
    found = template(identity({name: "$me", "password": "$word", "remember": "yes"}))
    assert found is not None
    made, said = found
    assert isinstance(made.login, Login)
    assert made.login.body == {name: f"${PERSON}", "password": f"${SECRET}", "remember": "yes"}
    assert said == noun


@pytest.mark.parametrize("body", [{"password": "$word"}, {"username": "$me"}, {}])
def test_a_login_without_a_name_or_a_secret_is_nobodys(body: Json) -> None:
    assert template(identity(body)) is None
