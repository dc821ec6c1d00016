"""Each rule of the guard holds in each carrier of a request, is refused there, or is announced.

The law: where a request may name something, the guard keeps the rule about it, or refuses the
request, or `guard check` names the operation and the place. `RULES` x `CARRIERS`, alone and beside
something of the caller's own that the path or the query names, is tried as a whole, and all
implementations answer alike. A new carrier is a line in `carriers.py`, a new rule one in `RULES`.

`OAKUM_EXAMPLES=100000 pytest tests/properties/test_carriers.py` tries each method, too, and each
way to stand beside another name; by default a cell stands alone and in one of the other ways.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from itertools import count, cycle
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from oakum.errors import InputError
from tests.conformance.exchanges import (
    Request,
)
from tests.properties.carriers import CARRIERS, Carrier, Sent
from tests.properties.cells import (
    ABSENT,
    ANNOUNCED,
    ENFORCED,
    MINE,
    OPEN,
    OTHER,
    OWN,
    POLICY,
    SECRET,
    SILENT,
    Cell,
    Line,
    notes,
    ref,
    says,
)
from tests.properties.pool import MANY

_RUNS = count()
WHOLE = MANY > 200
"""Whether each method is tried, and not only one of those that are decided alike."""

# --------------------------------------------------------------------------- the rules

Rule = Callable[[Carrier, str, Path], Iterator[tuple[str, str]]]


NAME = "noteId"
MODES: Mapping[str, Mapping[str, bool]] = {
    "alone": {},
    "below": {"below": True},
    "beside": {"beside": True},
}


def reads(key: str, name: str, *, stated: bool) -> Rule:
    """A read that names a hidden object is answered as for an absent one."""

    def rule(carrier: Carrier, mode: str, folder: Path) -> Iterator[tuple[str, str]]:
        methods = ("POST", "QUERY") if carrier.bodily and carrier.where != "graphql" else ("GET",)
        if carrier.where == "graphql":
            methods = ("POST",)
        if not (carrier.stated(name) if stated else carrier.named):
            return
        if key == "User.uid" and carrier.where == "path" and mode == "below":
            return  # an account behind an object says what is done with that
        for method in methods:
            said: dict[str, Any] = {"call": ["member"]}
            if method == "POST":
                said["reads"] = True
            params = {carrier.stated(name): key} if stated else {}
            if mode == "beside":
                params["own"] = "Note.nid"
            if params:
                said["params"] = params
            line = Line(method, carrier, name, says=said, **MODES[mode])
            mine = "ann" if key.startswith("User") else MINE
            yield method, _read(line, _fresh(folder, method), mine)

    return rule


def _clear(folder: Path) -> None:
    """Removes what cells have left, megabytes of each, also where it is mapped."""
    for each in folder.iterdir():
        if (each / "state").is_file():
            os.truncate(each / "state", 0)
        shutil.rmtree(each)


@pytest.fixture(name="folder")
def _folder(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path
    _clear(tmp_path)


def _fresh(folder: Path, name: str) -> Path:
    """A folder for one cell."""
    _clear(folder)
    made = folder / f"{name}{next(_RUNS)}"
    made.mkdir()
    return made


def _read(line: Line, folder: Path, mine: str) -> str:
    try:
        cell = Cell(line, folder, notes)
    except InputError:
        return ANNOUNCED
    own = cell.exchange(line.sent(mine)).response
    hidden = cell.exchange(line.sent(OTHER)).response
    absent = cell.exchange(line.sent(ABSENT)).response
    same = (hidden.status, hidden.headers, hidden.body) == (
        absent.status,
        absent.headers,
        absent.body,
    )
    return cell.verdict(same and b"secret" not in hidden.body, b"shown" in own.body)


def writes(*, stated: bool, holds: bool = False) -> Rule:
    """A write that names another's object is refused."""

    def rule(carrier: Carrier, mode: str, folder: Path) -> Iterator[tuple[str, str]]:
        if carrier.where == "graphql" or not (carrier.stated(NAME) if stated else carrier.named):
            return
        for method in ("PUT", "PATCH", "DELETE", "POST", "LINK") if WHOLE else ("PUT", "POST"):
            if method in ("POST", "LINK") and (not stated or holds):
                continue  # what a POST names, and nobody states, is an argument
            params = {carrier.stated(NAME): "Note.nid"} if stated else {}
            if mode == "beside":
                params["own"] = "Note.nid"
            said: dict[str, Any] = {"call": ["owner"], **({"params": params} if params else {})}
            line = Line(method, carrier, NAME, says=said, holds=holds, **MODES[mode])
            yield method, _write(line, _fresh(folder, method))

    return rule


def _write(line: Line, folder: Path) -> str:
    try:
        cell = Cell(line, folder, notes)
    except InputError:
        return ANNOUNCED
    own = cell.exchange(line.sent(MINE)).forwarded
    other = cell.exchange(line.sent(OTHER)).forwarded
    return cell.verdict(not _carries(other, OTHER), _carries(own, MINE))


def _carries(forwarded: Request | None, value: str) -> bool:
    """Whether a request went on that still says the value."""
    if forwarded is None:
        return False
    text = " ".join((forwarded.target, *(v for _, v in forwarded.headers), forwarded.body.decode()))
    return says(text.encode(), value)


def tenants(name: str) -> Rule:
    """What the default tenant's look-up tells decides no request that names another tenant."""

    def api(request: Request, said: bytes) -> Any:
        there = says(said, "beta")
        path = request.target.partition("?")[0]
        if request.method == "GET" and path == f"/notes/{OWN}":
            return {"nid": OWN, "owner": "bob" if there else "ann", "text": "t"}
        found = SECRET if there else OPEN
        return {"data": {"act": found}} if b"act(" in said else found

    def rule(carrier: Carrier, mode: str, folder: Path) -> Iterator[tuple[str, str]]:
        if mode == "alone" or not carrier.named:
            return
        for method in ("GET", "POST", "PUT"):
            if (carrier.bodily and method == "GET") or (
                carrier.where == "graphql" and method == "PUT"
            ):
                continue
            reading = method in ("GET", "POST")
            said: dict[str, Any] = {"call": ["member" if reading else "owner"]}
            if method == "POST":
                said["reads"] = True
            if mode == "beside":
                said["params"] = {"own": "Note.nid"}
            line = Line(method, carrier, name, says=said, **MODES[mode])
            yield method, look(line, _fresh(folder, method), reading)

    def look(line: Line, folder: Path, reading: bool) -> str:
        try:
            cell = Cell(line, folder, api)
        except InputError:
            return ANNOUNCED
        plain = cell.exchange(line.sent("gamma"))
        cell.later()
        there = cell.exchange(line.sent("beta"))
        if reading:
            return cell.verdict(
                b"secret" not in there.response.body, b"shown" in plain.response.body
            )
        return cell.verdict(
            not _carries(there.forwarded, "beta"), _carries(plain.forwarded, "gamma")
        )

    return rule


def discards(carrier: Carrier, mode: str, folder: Path) -> Iterator[tuple[str, str]]:
    """A write discards what was looked up about whomever it names."""
    if mode == "below":
        return

    def api(request: Request, said: bytes) -> Any:
        path = request.target.partition("?")[0]
        if request.method == "GET" and path == "/users/bob/fans":
            return ["ann"]
        if request.method == "GET" and path == "/users/bob":
            return {"uid": "bob", "city": "Ulm"}
        return notes(request, said)

    fans = {
        "User": {
            **POLICY["resources"]["User"],
            "fields": {"uid, city": [{"see": ["owner", "fan"]}]},
        }
    }
    for method in ("PUT", "POST", "DELETE", "LINK") if WHOLE else ("PUT",):
        said: dict[str, Any] = {"call": ["member"]}
        if mode == "beside":
            said["params"] = {"own": "Note.nid"}
        line = Line(
            method,
            carrier,
            "who",
            says=said,
            policy={"resources": {**POLICY["resources"], **fans}},
            **MODES[mode],
        )
        try:
            cell = Cell(line, _fresh(folder, method), api)
        except InputError:
            yield method, ANNOUNCED
            continue
        look = Request("GET", "/users/bob", (("cookie", "sid=ann"),))
        first, second = cell.exchange(look), cell.exchange(look)
        assert "/users/bob/fans" in {e.target for e in first.asked}
        assert "/users/bob/fans" not in {e.target for e in second.asked}
        forwarded = cell.exchange(line.sent("bob", "eve")).forwarded
        third = cell.exchange(look)
        again = "/users/bob/fans" in {e.target for e in third.asked}
        passes = _carries(forwarded, "bob")
        yield method, cell.verdict(again or not passes, passes)


def fields(carrier: Carrier, mode: str, folder: Path) -> Iterator[tuple[str, str]]:
    """A field that nobody may set is set nowhere."""
    note = ref("Note")
    if mode == "beside" or note["$ref"] not in json.dumps(carrier.declare("note", note)):
        return  # no resource stands there
    for method in ("PUT", "POST", "PATCH", "LINK") if WHOLE else ("PUT",):
        line = Line(
            method, carrier, "note", leaf=ref("Note"), says={"call": ["member"]}, **MODES[mode]
        )
        try:
            cell = Cell(line, _fresh(folder, method), notes)
        except InputError:
            yield method, ANNOUNCED
            continue
        forwarded = [cell.exchange(each).forwarded for each in _filled(line, "secret")]
        yield method, cell.verdict(not any(_carries(e, "XSECRET") for e in forwarded), True)


def _filled(line: Line, member: str) -> Iterator[Request]:
    """Requests that set a member of a note at the place, in each way that servers read one."""
    carrier = line.carrier
    mark = "QQ"
    plain = carrier.send(line.name, mark)
    start = line.start.format(nid=OWN)
    forms = [_json_text({member: "XSECRET"}), f"{member},XSECRET", f"{member}=XSECRET"]
    for form in forms:
        yield _put(plain, mark, form).request(line.method, start, "ann")
    yield replace(plain, query=[f"{member}=XSECRET"]).request(line.method, start, "ann")
    deep = replace(plain, query=[e.replace(f"={mark}", f"[{member}]=XSECRET") for e in plain.query])
    deep = replace(
        deep, body=plain.body.replace(f"={mark}".encode(), f"[{member}]=XSECRET".encode())
    )
    yield deep.request(line.method, start, "ann")


def _json_text(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"))


def _put(sent: Sent, mark: str, text: str) -> Sent:
    body = sent.body.decode()
    raw = text.startswith("{")
    body = body.replace(f'"{mark}"', text) if raw else body
    body = body.replace(mark, quote(text) if sent.media.startswith("application/x-www") else text)
    return replace(
        sent,
        path=sent.path.replace(mark, quote(text)),
        query=[
            e.replace(quote(f'"{mark}"'), quote(text)).replace(mark, quote(text))
            for e in sent.query
        ],
        headers=[(n, v.replace(f'"{mark}"', text).replace(mark, text)) for n, v in sent.headers],
        cookies=[
            e.replace(quote(f'"{mark}"'), quote(text)).replace(mark, quote(text))
            for e in sent.cookies
        ],
        body=body.encode(),
    )


def limits(carrier: Carrier, mode: str, folder: Path) -> Iterator[tuple[str, str]]:
    """`distinct` counts what a request names, wherever it does."""
    if mode == "below":
        return

    def api(request: Request, said: bytes) -> Any:
        found = (
            notes(request, said)
            if request.target.startswith(("/notes/", "/users/"))
            else {"text": "same"}
        )
        return {"data": {"act": {"card": found}}} if b"act(" in said else found

    method = "POST" if carrier.bodily else "GET"
    said: dict[str, Any] = {"call": ["member"], **({"reads": True} if method == "POST" else {})}
    if mode == "beside":
        said["params"] = {"own": "Note.nid"}
    more = {"limits": {"Card": {"distinct": 2, "per": "1h"}}}
    line = Line(method, carrier, "page", says=said, shows="Card", policy=more, **MODES[mode])
    try:
        cell = Cell(line, _fresh(folder, method), api)
    except InputError:
        yield method, ANNOUNCED
        return

    def sent(value: str) -> Request:
        made = line.sent(value)
        return replace(
            made,
            body=made.body.replace(b"{entries}", b"{card{text}}"),
            target=made.target.replace("%7Bentries%7D", "%7Bcard%7Btext%7D%7D"),
        )

    found = [cell.exchange(sent(value)) for value in ("k1x", "k2x", "k3x", "k4x")]
    seen = [each for each in found if b"same" in each.response.body]
    carried = [
        each
        for each, v in zip(found, ("k1x", "k2x", "k3x", "k4x"), strict=True)
        if _carries(each.forwarded, v)
    ]
    yield method, cell.verdict(len(seen) <= 2 or not carried, len(seen) == 2)


def removed(carrier: Carrier, mode: str, folder: Path) -> Iterator[tuple[str, str]]:
    """What `without` names is not forwarded."""
    stated = carrier.stated("last")
    if mode == "beside" or carrier.where in ("path", "graphql") or not stated:
        return
    for method in ("GET", "POST", "PUT"):
        if carrier.bodily and method == "GET":
            continue
        said: dict[str, Any] = {
            "call": ["member"],
            "without": [stated],
            **({"reads": True} if method == "POST" else {}),
        }
        line = Line(method, carrier, "last", says=said, **MODES[mode])
        try:
            cell = Cell(line, _fresh(folder, method), notes)
        except InputError:
            yield method, ANNOUNCED
            continue
        forwarded = cell.exchange(line.sent("XVALUE")).forwarded
        yield method, cell.verdict(not _carries(forwarded, "XVALUE"), forwarded is not None)


RULES: Mapping[str, Rule] = {
    "1 reads, stated": reads("Note.nid", NAME, stated=True),
    "1 reads, called so": reads("Note.nid", NAME, stated=False),
    "2 writes, stated": writes(stated=True),
    "2 writes, called so": writes(stated=False),
    "2 writes of a note, stated": writes(stated=True, holds=True),
    "2 writes of a note, called so": writes(stated=False, holds=True),
    "3 tenants": tenants("tenant"),
    "4 discards": discards,
    "5 fields": fields,
    "6 limits": limits,
    "7 removed": removed,
    "8 accounts": reads("User.uid", "userId", stated=True),
}


CELLS = [
    pytest.param(rule, carrier, [*MODES] if WHOLE else ["alone", other], id=f"{rule} | {carrier}")
    for rule in RULES
    for carrier, other in zip(CARRIERS, cycle(("below", "beside")))
]


@pytest.mark.parametrize(("rule", "carrier", "modes"), CELLS)
def test_what_a_request_names_is_judged_wherever_it_names_it(
    rule: str, carrier: str, modes: list[str], folder: Path
) -> None:
    found = {
        f"{mode} {method}": verdict
        for mode in modes
        for method, verdict in RULES[rule](CARRIERS[carrier], mode, folder)
    }
    assert SILENT not in found.values(), found


def test_the_law_is_not_kept_by_refusing_everything(folder: Path) -> None:
    plain = {
        "1 reads, stated": (
            "query plain",
            "header plain",
            "cookie plain",
            "json top",
            "query deep",
        ),
        "2 writes, stated": ("query plain", "header plain", "cookie plain", "json top", "form top"),
        "2 writes of a note, called so": ("json top", "header plain", "cookie plain"),
        "3 tenants": ("header plain",),
        "4 discards": ("json top", "form top", "text"),
        "5 fields": ("json top", "query deep"),
        "6 limits": ("header plain", "cookie plain", "json top"),
        "7 removed": ("query plain", "query deep"),
        "8 accounts": ("query plain", "json top"),
    }
    for rule, carriers in plain.items():
        for carrier in carriers:
            found = dict(RULES[rule](CARRIERS[carrier], "beside", folder))
            found |= dict(RULES[rule](CARRIERS[carrier], "alone", folder))
            assert ENFORCED in found.values(), (rule, carrier, found)
