"""Why a cell is untested is said of those who are known."""

from __future__ import annotations

import pytest

from oakum.exposure.cells.matrix import Key, Matrix
from oakum.exposure.cells.untested_reasons import NO_REQUEST, ResponseIndex, why_untested
from oakum.exposure.known_identities import KnownIdentities
from tests.unit.scan.studio import known_identities, model, probe

PHONE = Key("getPerson", "Person", "phone", "member", ())
HASH = PHONE._replace(field="password_hash")


def why(identities: KnownIdentities, key: Key) -> str:
    matrix = Matrix(model(), [probe("getPerson")], identities)
    matrix.carried.add((key.endpoint, key.resource))
    matrix.witnessed.add((key.endpoint, "ann", key.resource, key.field))
    reach = {(key.resource, key.viewer): True}
    return why_untested(matrix, model(), identities, key, {}, reach, {}, ResponseIndex.of(matrix))


@pytest.mark.parametrize("key", [PHONE, HASH])
def test_without_identities_nothing_is_said_of_owners(key: Key) -> None:
    assert why(known_identities({}, names=()), key) == NO_REQUEST


def test_with_them_a_field_that_no_owner_may_see_is_named() -> None:
    assert why(known_identities({}), PHONE) == NO_REQUEST
    assert "its owner may not see `password_hash`" in why(known_identities({}), HASH)


def test_a_page_in_place_of_json_is_named_to_whom_it_came() -> None:
    identities = known_identities({})
    matrix = Matrix(model(), [probe("getPerson")], identities)
    matrix.unread["getPerson", "bob"] = "text/html"
    reach = {("Person", "member"): True}
    rest = ({}, reach, {}, ResponseIndex.of(matrix))
    said = why_untested(matrix, model(), identities, PHONE, *rest)
    assert "`text/html`" in said and "not JSON as the document declares" in said
    other = PHONE._replace(viewer="anyone")
    assert "text/html" not in why_untested(matrix, model(), identities, other, *rest)
