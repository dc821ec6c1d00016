"""Header parameters that every identity fills by its own lines."""

from __future__ import annotations

from dataclasses import replace

from oakum.openapi.model import Parameter, Shape
from oakum.scan.identities.model import Identities, Identity, Send
from oakum.scan.requests.parameters_sent_by_identities import without_sent
from tests.unit.scan.studio import Run, Studio


def left(*lines: tuple[str, ...], always: tuple[str, ...] = (), said: bool = False) -> list[str]:
    model = Run(Studio(), ("getMe",)).engine.model
    text = Shape(kinds=frozenset({"string"}))
    needed = tuple(
        Parameter(name=name, where="header", required=True, shape=text)
        for name in ("X-App", "X-Device")
    )
    model = replace(
        model, operations={"getMe": replace(model.operations["getMe"], parameters=needed)}
    )
    if said:
        rule = replace(model.rule("getMe"), params={"X-App": "Post.id"})
        model = replace(model, rules={"getMe": rule})
    items = {
        f"i{at}": Identity(f"i{at}", sends=tuple(Send("header", name, "v") for name in names))
        for at, names in enumerate(lines)
    }
    found = without_sent(model, Identities(items), always)
    return [each.name for each in found.operations["getMe"].parameters]


def test_what_every_identity_sends_is_not_lacking() -> None:
    assert left(("x-app",), ("X-App", "x-device")) == ["X-Device"]


def test_what_one_identity_does_not_send_is_lacking() -> None:
    assert left(("x-app",), ()) == ["X-App", "X-Device"]
    assert left() == ["X-App", "X-Device"]


def test_what_goes_with_each_request_is_not_lacking() -> None:
    assert left((), always=("x-device",)) == ["X-App"]


def test_what_the_contract_fills_stays() -> None:
    assert left(("x-app",), said=True) == ["X-App", "X-Device"]
