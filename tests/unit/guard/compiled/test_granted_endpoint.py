"""An endpoint without a write checks nothing, and forms count where they are a resource."""

from __future__ import annotations

from dataclasses import replace

from oakum.guard.compiled.form_members import Form
from oakum.guard.compiled.granted_endpoint import GrantedEndpoint, WriteChecks
from oakum.routing.content_type import FORM, PARTS
from tests.unit.scan.studio import model

OPERATIONS = model().operations


def test_a_get_is_answered_as_a_read_whatever_it_changes() -> None:
    get, put = (GrantedEndpoint(OPERATIONS[id], ()) for id in ("getPerson", "putSettings"))
    assert not get.acts and not replace(get, write=True).acts
    assert replace(put, write=True).acts and not put.acts


def test_a_read_has_nothing_to_check() -> None:
    checks = GrantedEndpoint(OPERATIONS["getPerson"], ()).checks
    assert checks == WriteChecks() and checks.target.kind == "none" and not checks.plain


def test_a_form_that_is_no_resource_is_not_judged() -> None:
    form, other = (Form((), frozenset(), {}, judged) for judged in (True, False))
    found = replace(GrantedEndpoint(OPERATIONS["putSettings"], ()), form=form, parts=other)
    assert found.resource_form(FORM) is form and found.resource_form(PARTS) is None
    assert found.resource_form("application/json") is None
