"""What well-known envelopes say of the list in them, through each real engine, started once."""

from __future__ import annotations

from pathlib import Path

import pytest

from oakum.guard.engines import ENGINES
from tests.conformance.test_list_envelopes import (
    ENVELOPES,
    HEADERS,
    IDS,
    MORE,
    is_shown,
    laid,
    setup_in,
)
from tests.gateway.exchange_gateway import gateway


@pytest.mark.server
@pytest.mark.parametrize("engine", sorted(ENGINES))
def test_lists_are_whole_or_not_as_in_the_reference(engine: str, tmp_path: Path) -> None:
    setup = setup_in(tmp_path)
    with gateway(ENGINES[engine](), setup) as guard:
        at = (guard, setup)
        whole = {name: is_shown(at, name, said["whole"], {}) for name, said in ENVELOPES.items()}
        assert whole == dict.fromkeys(ENVELOPES, True)
        more = [each for each in MORE if is_shown(at, each[0], laid(_whole(each[0]), each[1]), {})]
        assert more == []
        for header, said, shown in HEADERS:
            got = is_shown(at, "members of unknown names", {"data": IDS}, {header: said})
            assert (header, said, got) == (header, said, shown)


def _whole(name: str) -> object:
    return ENVELOPES[name]["whole"]
