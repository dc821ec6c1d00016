"""No verdict without its ground: each class of wrong verdicts on a small API that provokes it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from oakum.errors import ExitCode
from tests.scan.servers import Reply
from tests.scan.verdicts import IDENTITIES, NAMES, RELATIONS, Api, Told, path, schema, told

# ------------------------------------------------------- objects that do not say whose they are

ADDRESSES = {
    "u-4101": {"street": "12 Elm", "town": "Rome", "floor": 3},
    "u-4102": {"street": "9 Oak", "town": "Bonn", "floor": 7},
    "u-4103": {"street": "4 Ash", "town": "Oslo", "floor": 2},
}
ADDRESS = """\
  Address:
    owner: user_id
    fields:
      user_id, street, town, floor: [{see: [owner]}]
operations:
  getAddress: {params: {userId: Me.id}}
"""


def addresses(folder: Path, *, leaks: bool, owner_told: bool, **answers: Any) -> Told:
    def address(who: str, id: str) -> Any:
        mine = NAMES.get(who) == id
        if not who or id not in ADDRESSES or not (mine or leaks):
            return 404
        told_whose = {"user_id": id} if mine and owner_told else {}
        return {**told_whose, **ADDRESSES[id]}

    shape = schema("Address", user_id="string", street="string", town="string", floor="integer")
    return told(
        folder, shape, path("/users/{userId}/address", "getAddress", "Address"), ADDRESS,
        Api({"/users/([^/]+)/address": address, **answers}),
    )  # fmt: skip


@pytest.mark.parametrize("owner_told", [True, False])
def test_an_object_that_names_nobody_belongs_to_whom_it_was_asked_for(
    tmp_path: Path, owner_told: bool
) -> None:
    """Short values, of which none would be found by search alone."""
    run = addresses(tmp_path, leaks=True, owner_told=owner_told)
    fields = {("Address.street", "member"), ("Address.town", "member"), ("Address.floor", "member")}
    assert run.proven == fields
    assert "closed" not in run.results("Address.town", "member")


@pytest.mark.parametrize("owner_told", [True, False])
def test_the_repaired_twin_of_it_is_clean(tmp_path: Path, owner_told: bool) -> None:
    run = addresses(tmp_path, leaks=False, owner_told=owner_told)
    assert run.report.findings == ()
    assert run.results("Address.town", "member") == {"closed"}
    assert run.code is ExitCode.CLEAN


# ------------------------------------------------------- whose: comments of others, second owners

COMMENTS = {
    "u-4101": [{"id": "c-1", "text": "yes"}, {"id": "c-2", "text": "nope"}],
    "u-4102": [{"id": "c-3", "text": "hi"}],
    "u-4103": [],
}
POST = """\
  Post: {key: id, owner: author_id, fields: {"id, author_id, title": [{see: [member]}]}}
  Comment:
    key: id
    owner: by
    fields: {"id, by, text": [{see: [owner]}]}
operations:
  listPosts: {params: {userId: Me.id}}
  getPost: {params: {postId: Post.id}}
  listComments: {params: {postId: Post.id}}
"""


def test_nothing_is_closed_by_objects_of_which_nothing_tells_whose_they_are(
    tmp_path: Path,
) -> None:
    """Comments below somebody's post may be anybody's: neither a proof, nor closed."""
    posts = {f"p-{n}": {"id": f"p-{n}", "author_id": id} for n, id in enumerate(NAMES.values())}

    def comments(who: str, post: str) -> Any:
        author = posts[post]["author_id"] if post in posts else ""
        with_by = who and NAMES[who] == author
        return (
            [{**each, **({"by": author} if with_by else {})} for each in COMMENTS[author]]
            if author and who
            else 404
        )

    shapes = schema("Post", id="string", author_id="string") + schema(
        "Comment", id="string", by="string", text="string"
    )
    paths = (
        path("/users/{userId}/posts", "listPosts", "Post", many=True)
        + path("/posts/{postId}", "getPost", "Post")
        + path("/posts/{postId}/comments", "listComments", "Comment", many=True)
    )
    api = Api(
        {
            "/users/([^/]+)/posts": lambda who, id: [
                p for p in posts.values() if p["author_id"] == id and who
            ],
            "/posts/([^/]+)": lambda who, id: posts.get(id, 404) if who else 401,
            "/posts/([^/]+)/comments": comments,
        }
    )
    run = told(tmp_path, shapes, paths, POST.replace(", title", ""), api)
    assert run.proven == set()
    assert "closed" not in run.results("Comment.text", "member")


BOOKINGS = {
    "b-71": {"id": "b-71", "host_id": "u-4101", "guest_id": "u-4102", "price": 880, "code": "Q7Z"},
    "b-72": {"id": "b-72", "host_id": "u-4103", "guest_id": "u-4101", "price": 410, "code": "K2M"},
}
BOOKING = """\
  Booking:
    key: id
    owner: [host_id, guest_id]
    main: getBooking
    fields:
      id, host_id, guest_id, price, code: [{see: [owner]}]
operations:
  listBookings: {params: {userId: Me.id}}
  getBooking: {params: {bookingId: Booking.id}}
"""


def bookings(
    folder: Path,
    leaks: tuple[str, ...] = (),
    leave_out: str = "",
    spare: str = "",
    entry: bool = False,
) -> Told:
    """`leaks`: who may read all; `leave_out`: a member that lists lack; `spare`: in details too;
    `entry`: an object stands in each that is whose the booking is."""

    def may(who: str, each: dict[str, Any]) -> bool:
        return who in leaks or NAMES.get(who) in (each["host_id"], each["guest_id"])

    def view(each: dict[str, Any], without: str) -> dict[str, Any]:
        more = {"entry": {"endpoint": f"D-{each['code']}-4471"}} if entry else {}
        return {name: value for name, value in (each | more).items() if name != without}

    def listed(who: str, id: str) -> Any:
        return [
            view(each, leave_out)
            for each in BOOKINGS.values()
            if id in (each["host_id"], each["guest_id"]) and may(who, each)
        ]

    def one(who: str, id: str) -> Any:
        each = BOOKINGS.get(id)
        return view(each, spare) if each and may(who, each) else 404

    shape = schema(
        "Booking", id="string", host_id="string", guest_id="string", price="integer", code="string"
    )
    policy = BOOKING
    if entry:
        shape = shape.replace("code:", 'entry: {$ref: "#/components/schemas/Entry"}, code:')
        shape += schema("Entry", endpoint="string")
        line = "  Entry: {owner: {parent: true}, fields: {endpoint: [{see: [owner]}]}}\n"
        policy = BOOKING.replace("price, code", "price, code, entry").replace(
            "operations:", f"{line}operations:"
        )
    paths = path("/users/{userId}/bookings", "listBookings", "Booking", many=True) + path(
        "/bookings/{bookingId}", "getBooking", "Booking"
    )
    api = Api({"/users/([^/]+)/bookings": listed, "/bookings/([^/]+)": one})
    return told(folder, shape, paths, policy, api)


@pytest.mark.parametrize(
    ("leave_out", "spare"), [("", ""), ("guest_id", ""), ("guest_id", "guest_id"), ("host_id", "")]
)
def test_the_other_party_of_an_object_is_an_owner(
    tmp_path: Path, leave_out: str, spare: str
) -> None:
    run = bookings(tmp_path, leave_out=leave_out, spare=spare)
    assert run.named("proven") == run.named("over_blocked") == set()


@pytest.mark.parametrize("leave_out", ["", "guest_id", "host_id"])
def test_what_stands_in_an_object_of_two_is_the_other_partys_too(
    tmp_path: Path, leave_out: str
) -> None:
    """Also where the object leaves out who that is, at every endpoint."""
    run = bookings(tmp_path, leave_out=leave_out, spare=leave_out, entry=True)
    assert run.named("proven") == run.named("over_blocked") == set()


def test_a_stranger_to_both_parties_is_proven_to_read_what_stands_in_it(tmp_path: Path) -> None:
    run = bookings(tmp_path, leaks=("ann", "bob", "cat"), entry=True)
    assert ("Entry.endpoint", "member") in run.proven


def test_a_stranger_to_both_parties_is_proven_to_read_their_object(tmp_path: Path) -> None:
    """What two own is not too common a value to tell."""
    run = bookings(tmp_path, leaks=("ann", "bob", "cat"))
    assert {("Booking.price", "member"), ("Booking.code", "member")} <= run.proven


# ------------------------------------------------------- what is the caller's by the contract alone

ACCOUNT = """\
  Account:
    key: id
    owner: {caller: true}
    fields: {"id, mail, plan": [{see: [owner]}]}
"""


@pytest.mark.parametrize("cached", [True, False])
@pytest.mark.parametrize("key", ["user", "own"])
def test_what_one_is_shown_as_their_own_does_not_come_as_anothers(
    tmp_path: Path, cached: bool, key: str
) -> None:
    """A shared cache gives everybody the account of whoever asked first."""
    first: dict[str, Any] = {}

    def account(who: str) -> Any:
        if not who:
            return 401
        id = NAMES[who] if key == "user" else f"acc-{NAMES[who][-1]}"
        made = {"id": id, "mail": f"{who}@example.org", "plan": "basic"}
        return first.setdefault("answer", made) if cached else made

    shape = schema("Account", id="string", mail="string", plan="string")
    run = told(tmp_path, shape, path("/account", "getAccount", "Account"), ACCOUNT,
               Api({"/account": account}))  # fmt: skip
    if not cached:
        assert run.code is ExitCode.CLEAN
        assert run.report.findings == ()
    else:
        assert run.code is not ExitCode.CLEAN
        assert (("Account.mail", "member") in run.proven) == (key == "user")


# ------------------------------------------------------- identities that nothing has proven


def test_an_identity_that_is_not_proven_proves_nothing(tmp_path: Path) -> None:
    ids = "".join(
        f'  {name}: {{send: "X-Key: $k", k: key-of-{name}-778, facts: {{id: {id}}}}}\n'
        for name, id in NAMES.items()
    )
    policy = ADDRESS.replace("Me.id", "Person.id").replace(
        "operations:",
        "  Person: {key: id, owner: id, fields: {id: [{see: [member]}]}}\noperations:",
    )
    shape = schema("Address", user_id="string", street="string", town="string", floor="integer")

    def address(who: str, id: str) -> Any:
        return ADDRESSES.get(id, 404) if who else 401

    api = Api({"/users/([^/]+)/address": address})
    head = "openapi: 3.0.3\ninfo: {title: x, version: '1'}\npaths:\n"
    components = "components:\n  schemas:\n" + shape + schema("Person", id="string")
    run = told(
        tmp_path, "", "", policy, api, f"identities:\n{ids}",
        document=head + path("/users/{userId}/address", "getAddress", "Address") + components,
        relations="exposure: 1\napi: openapi.yaml\nrelations: {anyone: {}, member:"
        " {authenticated: true}, owner: {is: owner}}\nresources:\n",
    )  # fmt: skip
    assert run.proven == set()
    assert ("Address.town", "member") in run.named("suspected")
    found = run.finding("Address.town", "member").evidence
    assert found is not None and "is not proven" in found.note


# ------------------------------------------------------- clean is said of operations

THINGS = """\
  Address:
    owner: user_id
    fields: {"user_id, street": [{see: [owner]}]}
operations:
  getAddress: {params: {userId: Me.id}}
  getParcel: {%s}
"""
HINT = 'untested: "the reason"'


@pytest.mark.parametrize(
    ("parcel", "why"),
    [
        ("/parcels/{code}", "no value for `code`"),
        ("/users/{userId}/parcel", "showed no `Address`"),
        ("/users/{userId}/strange", "nothing is known of `anyone` and `member`"),
    ],
)
def test_an_operation_that_was_not_tested_is_not_clean(
    tmp_path: Path, parcel: str, why: str
) -> None:
    """However small its share of the cells is; unless the contract leaves it out with a reason."""

    def address(who: str, id: str) -> Any:
        return {"user_id": id, "street": ADDRESSES[id]["street"]} if NAMES.get(who) == id else 404

    def strange(who: str, id: str) -> Any:
        mine = NAMES.get(who) == id
        return address(who, id) if mine else Reply(200, b'{"cut', (("content-type", "text/html"),))

    answers = {
        "/users/([^/]+)/address": address,
        "/users/([^/]+)/parcel": lambda who, id: 404,
        "/users/([^/]+)/strange": strange,
    }
    shape = schema("Address", user_id="string", street="string")
    paths = path("/users/{userId}/address", "getAddress", "Address")
    paths += path(parcel, "getParcel", "Address")
    source = "params: {userId: Me.id}" if "userId" in parcel else ""
    run = told(tmp_path, shape, paths, THINGS % source, Api(answers))
    assert run.report.findings == ()
    assert run.code is ExitCode.NOT_TRUSTWORTHY
    (said,) = [each for each in run.report.distrust if f"GET {parcel} is untested" in each]
    assert why in said and HINT in said

    api = Api(answers)
    left_out = 'untested: "looked at by hand"'
    run = told(tmp_path, shape, paths, THINGS % left_out, api)
    assert run.code is ExitCode.CLEAN
    assert not [called for _, called in api.calls if called.endswith(("parcel", "strange"))]
    assert any("looked at by hand" in each.reason for each in run.report.skipped)


def test_with_one_account_nobody_asked_as_a_stranger_and_nothing_is_clean(tmp_path: Path) -> None:
    def address(who: str, id: str) -> Any:
        return {"user_id": id, "street": ADDRESSES[id]["street"]} if NAMES.get(who) else 401

    first = "".join(IDENTITIES.splitlines(keepends=True)[:2])
    shape = schema("Address", user_id="string", street="string")
    paths = path("/users/{userId}/address", "getAddress", "Address")
    api = Api({"/users/([^/]+)/address": address})
    run = told(tmp_path, shape, paths, ADDRESS, api, first)
    assert run.code is ExitCode.NOT_TRUSTWORTHY
    assert any("list a second account" in each for each in run.report.distrust)


@pytest.mark.parametrize(
    ("untested", "code"), [("", ExitCode.NOT_TRUSTWORTHY), ("none", ExitCode.CLEAN)]
)
def test_a_kind_of_viewer_that_nobody_is_is_missed_unless_the_contract_says_why(
    tmp_path: Path, untested: str, code: ExitCode
) -> None:
    def address(who: str, id: str) -> Any:
        return {"user_id": id, "street": ADDRESSES[id]["street"]} if NAMES.get(who) == id else 404

    why = f', untested: "{untested}"' if untested else ""
    auditor = f"owner: {{is: owner}}, auditor: {{claim: role, has: auditor{why}}}}}"
    relations = RELATIONS.replace("owner: {is: owner}}", auditor)
    shape = schema("Address", user_id="string", street="string")
    paths = path("/users/{userId}/address", "getAddress", "Address")
    policy = ADDRESS.replace("[owner]", "[owner, auditor]").replace(", town, floor", "")
    api = Api({"/users/([^/]+)/address": address})
    run = told(tmp_path, shape, paths, policy, api, relations=relations)
    assert (run.code, run.report.findings) == (code, ())
    missed = [each for each in run.report.distrust if "no identity is `auditor`" in each]
    assert len(missed) == (0 if untested else 1)


# ------------------------------------------------------- the state of this object, not of another

WALKS = {
    "w-18f3-77a1-0be4": {
        "id": "w-18f3-77a1-0be4",
        "by": "u-4101",
        "seen_by": "all",
        "title": "Alps",
        "note": "n1",
    },
    "w-92c0-41dd-f3a9": {
        "id": "w-92c0-41dd-f3a9",
        "by": "u-4101",
        "seen_by": "me",
        "title": "Home",
        "note": "n2",
    },
    "w-b7e6-5c08-2d61": {
        "id": "w-b7e6-5c08-2d61",
        "by": "u-4102",
        "seen_by": "all",
        "title": "Pier",
        "note": "n3",
    },
}
WALK = """\
  Walk:
    key: id
    owner: by
    states: {shown: {field: seen_by, levels: [all, me], missing: me}}
    fields:
      id, by, seen_by: [{see: [owner]}, {see: [member], when: {shown: all}}]
      title, note: [{see: [owner]}, {see: [member], when: {shown: all}}]
operations:
  listWalks: {params: {userId: Me.id}}
  getWalk: {params: {walkId: Walk.id}}
"""


def walks(
    folder: Path, *, order: int = 1, leaks: bool = False, slim: bool = False, **more: Any
) -> Told:
    """`order`: in which the list has them; `leaks`: all is shown to members; `slim`: others are
    not told the setting."""

    def view(who: str, each: dict[str, str]) -> Any:
        own = NAMES[who] == each["by"]
        hidden = set() if own or not slim else {"seen_by"}
        if own or leaks or each["seen_by"] == "all":
            return {name: value for name, value in each.items() if name not in hidden}
        return None

    def listed(who: str, id: str) -> Any:
        if not who:
            return 401
        rows = [view(who, each) for each in WALKS.values() if each["by"] == id]
        return [each for each in rows if each][::order]

    def one(who: str, id: str) -> Any:
        return 401 if not who else (WALKS.get(id) and view(who, WALKS[id])) or 404

    shape = schema(
        "Walk", id="string", by="string", seen_by="string", title="string", note="string"
    )
    paths = path("/users/{userId}/walks", "listWalks", "Walk", many=True)
    paths += path("/walks/{walkId}", "getWalk", "Walk")
    api = Api({"/users/([^/]+)/walks": listed, "/walks/([^/]+)": one})
    return told(folder, shape, paths, WALK, api, **more)


@pytest.mark.parametrize("slim", [False, True])
@pytest.mark.parametrize("order", [1, -1])
def test_an_object_is_judged_by_its_own_state(tmp_path: Path, order: int, slim: bool) -> None:
    """Of an owner's two walks one is open to all, one is not; which comes first is no matter."""
    run = walks(tmp_path, order=order, slim=slim)
    assert run.proven == set()
    missing = {("Walk.seen_by", "member")} if slim else set()
    assert run.named("over_blocked") <= missing


@pytest.mark.parametrize("slim", [False, True])
@pytest.mark.parametrize("order", [1, -1])
def test_a_closed_object_leaks_beside_an_open_one(tmp_path: Path, order: int, slim: bool) -> None:
    run = walks(tmp_path, order=order, slim=slim, leaks=True)
    assert {("Walk.title", "member"), ("Walk.note", "member")} <= run.proven
    assert {each.state for each in run.report.findings if each.field == "note"} == {
        (("shown", "me"),)
    }
    assert run.named("over_blocked") <= {("Walk.seen_by", "member")}


# ------------------------------------------------------- masks are no values

PERSON = """\
  Person:
    key: id
    owner: id
    main: getPerson
    fields:
      id, login: [{see: [member]}]
      email, last_seen: [{see: [owner]}]
operations:
  getPerson: {params: {id: Person.id}}
"""
LOGINS = {"u-4101": "ann", "u-4102": "bob", "u-4103": "cat"}
NEVER = "0001-01-01T00:00:00Z"


@pytest.mark.parametrize("leaks", [False, True])
@pytest.mark.parametrize("own_account_first", [False, True])
def test_a_mask_is_not_the_value_that_it_hides(
    tmp_path: Path, leaks: bool, own_account_first: bool
) -> None:
    """Also where an endpoint shows it to the owner, who sees the value itself elsewhere."""

    def person(id: str, masked: bool) -> dict[str, str]:
        login = LOGINS[id]
        mail = f"{id}+{login}@noreply.example.org" if masked else f"{login}@mail.example.org"
        seen = NEVER if masked else f"2026-11-2{id[-1]}T08:1{id[-1]}:00Z"
        return {"id": id, "login": login, "email": mail, "last_seen": seen}

    def one(who: str, id: str) -> Any:
        return person(id, not leaks) if who and id in LOGINS else 404

    paths = [
        path("/people/{id}", "getPerson", "Person"),
        path("/account", "getAccount", "Person"),
    ]
    run = told(
        tmp_path,
        schema("Person", id="string", login="string", email="string", last_seen="string"),
        "".join(reversed(paths) if own_account_first else paths),
        PERSON,
        Api(
            {
                "/people/([^/]+)": one,
                "/account": lambda who: person(NAMES[who], False) if who else 401,
            }
        ),
    )
    if leaks:
        assert {("Person.email", "member"), ("Person.last_seen", "member")} <= run.proven
    else:
        assert run.report.findings == ()
        assert "leak" not in run.results("Person.email", "member")


def test_of_two_values_that_an_owner_sees_neither_proves_a_leak(tmp_path: Path) -> None:
    """Nothing tells whether the shorter form is what is hidden: suspected."""

    def person(id: str, short: bool) -> dict[str, str]:
        mail = f"zq{id[-1]}" if short else f"zq{id[-1]}-full-form"
        return {"id": id, "login": LOGINS[id], "email": mail, "last_seen": ""}

    paths = path("/people/{id}", "getPerson", "Person") + path("/account", "getAccount", "Person")
    run = told(
        tmp_path,
        schema("Person", id="string", login="string", email="string", last_seen="string"),
        paths,
        PERSON,
        Api(
            {
                "/people/([^/]+)": lambda who, id: (
                    person(id, True) if who and id in LOGINS else 404
                ),
                "/account": lambda who: person(NAMES[who], False) if who else 401,
            }
        ),
    )
    assert run.proven == set()
    assert run.named("suspected") == {("Person.email", "member")}
    found = run.finding("Person.email", "member").evidence
    assert found is not None and "may be a mask" in found.note


# ------------------------------------------------------- settings that nobody has read

SHY = """\
  Person:
    key: id
    owner: id
    main: getPerson
    states: {hide_email: {field: hide_email, missing: true}}
    fields:
      id, login: [{see: [member]}]
      hide_email, last_seen: [{see: [owner]}]
      email: [{see: [owner]}, {see: [member], when: {hide_email: false}}]
operations:
  getPerson: {params: {id: Person.id}}
"""


@pytest.mark.parametrize("facts", ["", "states: {Person.hide_email: true}"])
def test_what_hangs_on_a_setting_that_nobody_has_read_is_not_proven(
    tmp_path: Path, facts: str
) -> None:
    """And no title states a setting as a fact; what leaks whatever it is, is proven without it."""

    def one(who: str, id: str) -> Any:
        seen = f"2026-11-2{id[-1]}T08:1{id[-1]}:00Z"
        mail = f"{LOGINS.get(id)}@mail.example.org"
        row = {"id": id, "login": LOGINS.get(id), "email": mail, "last_seen": seen}
        return row if who and id in LOGINS else 404

    identities = "identities:\n" + "".join(
        f'  {name}: {{send: "X-Key: $k", k: key-of-{name}-778{", " + facts if facts else ""}}}\n'
        for name in NAMES
    )
    run = told(
        tmp_path,
        schema("Person", id="string", login="string", email="string", last_seen="string")
        .replace("email:", "hide_email: {type: boolean}, email:"),
        path("/people/{id}", "getPerson", "Person"), SHY,
        Api({"/people/([^/]+)": one}), identities,
    )  # fmt: skip
    assert ("Person.last_seen", "member") in run.proven
    assert (("Person.email", "member") in run.proven) == bool(facts)
    said = [each for each in run.report.notes if "known only from the identities file" in each]
    assert len(said) == bool(facts) and all("`Person.hide_email` of ann" in each for each in said)
    for found in run.report.findings:
        assert bool(facts) or "hide_email" not in f"{found.title} {found.state}"


# ------------------------------------------------------- values that stand loose, other objects


def test_a_value_that_stands_loose_in_the_answer_is_not_closed(tmp_path: Path) -> None:
    def address(who: str, id: str) -> Any:
        if not who or id not in ADDRESSES:
            return 404
        row = {"user_id": id, "street": ADDRESSES[id]["street"], "town": ADDRESSES[id]["town"]}
        hidden = {"user_id": id, "more": {"town": row["town"]}}
        return row if NAMES[who] == id else Reply(203, {"problem": hidden})

    shape = schema("Address", user_id="string", street="string", town="string")
    run = told(
        tmp_path, shape, path("/users/{userId}/address", "getAddress", "Address"),
        ADDRESS.replace(", floor", ""), Api({"/users/([^/]+)/address": address}),
    )  # fmt: skip
    assert "closed" not in run.results("Address.town", "member")
    assert run.code is not ExitCode.CLEAN


def test_what_another_object_of_the_owner_holds_is_not_owed_in_this_one(tmp_path: Path) -> None:
    """The shared walk has no tags for anybody; the closed one has, for its owner."""
    rows = {
        id: {**each, **({"title": "x"} if each["seen_by"] == "me" else {"title": None})}
        for id, each in WALKS.items()
    }

    def one(who: str, id: str) -> Any:
        each = rows.get(id)
        return (
            each if who and each and (each["seen_by"] == "all" or NAMES[who] == each["by"]) else 404
        )

    def listed(who: str, id: str) -> Any:
        open_to = [
            e
            for e in rows.values()
            if e["by"] == id and (e["seen_by"] == "all" or NAMES.get(who) == id)
        ]
        return [{k: v for k, v in e.items() if v is not None} for e in open_to] if who else 401

    shape = schema(
        "Walk", id="string", by="string", seen_by="string", title="string", note="string"
    )
    paths = path("/users/{userId}/walks", "listWalks", "Walk", many=True)
    paths += path("/walks/{walkId}", "getWalk", "Walk")
    api = Api({"/users/([^/]+)/walks": listed, "/walks/([^/]+)": one})
    assert told(tmp_path, shape, paths, WALK, api).report.findings == ()


# ------------------------------------------------------- what lies behind an object that is hidden

ALBUMS = """\
  Album: {{key: id, owner: {{caller: true}}, fields: {{"id, title": [{{see: [{sees}]}}]}}}}
  Card: {{key: id, owner: id, fields: {{"id, nick": [{{see: [member]}}]}}}}
operations:
  getInvited: {{params: {{albumId: Album.id}}}}
"""


@pytest.mark.parametrize("sees", ["owner", "member"])
def test_a_refusal_is_no_over_block_behind_an_object_that_is_hidden(
    tmp_path: Path, sees: str
) -> None:
    """Any member may see the card of any other, by way of an album of their own. Where albums are
    no secret, nothing but the card can have been refused."""
    albums = {f"al-{id}": id for id in NAMES.values()}

    def invited(who: str, album: str) -> Any:
        mine = who and albums.get(album) == NAMES[who]
        return {"id": NAMES[who], "nick": f"{who} of the shire"} if mine else 400

    def mine(who: str) -> Any:
        id = NAMES.get(who)
        return [{"id": f"al-{id}", "title": f"trip of {who}"}] if id else 401

    shapes = schema("Album", id="string", title="string") + schema(
        "Card", id="string", nick="string"
    )
    paths = path("/albums", "listAlbums", "Album", many=True) + path(
        "/albums/{albumId}/invited", "getInvited", "Card"
    )
    run = told(
        tmp_path, shapes, paths, ALBUMS.format(sees=sees),
        Api({"/albums": mine, "/albums/([^/]+)/invited": invited}),
    )  # fmt: skip
    blocked = {name for name, _ in run.named("over_blocked") if name.startswith("Card.")}
    assert blocked == (set() if sees == "owner" else {"Card.id", "Card.nick"})
    assert run.proven == set()


DEVICE = """\
  Device:
    key: id
    owner: {caller: true}
    fields: {"id, label": [{see: [owner]}]}
  Scope:
    owner: {caller: true}
    fields: {"scope": [{see: [owner]}]}
operations:
  getDevice: {params: {deviceId: Device.id}}
  getScope: {params: {deviceId: Device.id}}
"""


@pytest.mark.parametrize("leak", ["", "one", "below", "list"])
def test_what_only_the_caller_owns_is_whose_list_it_stands_in(tmp_path: Path, leak: str) -> None:
    rows = {f"dev-{id[-4:]}-9c": {"id": f"dev-{id[-4:]}-9c", "label": f"l{id[-1]}"}
            for id in NAMES.values()}  # fmt: skip

    def mine(who: str, id: str) -> bool:
        return bool(who) and id == f"dev-{NAMES[who][-4:]}-9c"

    def listed(who: str) -> Any:
        return (
            [each for id, each in rows.items() if mine(who, id) or leak == "list"] if who else 401
        )

    def one(who: str, id: str) -> Any:
        return rows.get(id, 404) if mine(who, id) or (who and leak == "one") else 404

    def below(who: str, id: str) -> Any:
        if id not in rows or not (mine(who, id) or (who and leak == "below")):
            return 404
        return {"scope": f"s{id[7]}"}

    shape = schema("Device", id="string", label="string") + schema("Scope", scope="string")
    paths = path("/devices", "listDevices", "Device", many=True)
    paths += path("/devices/{deviceId}", "getDevice", "Device")
    paths += path("/devices/{deviceId}/scopes", "getScope", "Scope")
    api = Api({"/devices": listed, "/devices/([^/]+)": one, "/devices/([^/]+)/scopes": below})
    run = told(tmp_path, shape, paths, DEVICE, api)
    if not leak:
        assert run.report.findings == ()
        assert run.code is ExitCode.CLEAN
    assert (("Device.label", "member") in run.proven) == (leak == "one")
    assert (("Scope.scope", "member") in run.named("suspected")) == (leak == "below")
    assert (run.code is ExitCode.CLEAN) == (leak == "")


# ------------------------------------------------------- a setting that stands in another answer

SETTINGS = """\
  Card:
    key: id
    owner: id
    states:
      level: {field: level, levels: [public, private], missing: private}
      hide_mail: {of: Settings.hide_mail, missing: true}
    fields:
      id, level: [{see: [member]}]
      mail: [{see: [owner]}, {see: [member], when: {hide_mail: false, level: public}}]
  Settings:
    owner: {caller: true}
    states: {hide_mail: {field: hide_mail, missing: true}}
    fields: {hide_mail: [{see: [owner]}]}
"""


@pytest.mark.parametrize("enforced", [True, False])
def test_what_hangs_on_a_setting_is_not_judged_before_that_was_read(
    tmp_path: Path, enforced: bool
) -> None:
    """The cards have a setting of their own, so they are the first thing that anybody is asked
    for; the other one stands in everybody's own settings alone."""
    hides = {"ann": True, "bob": False, "cat": False}

    def cards(who: str) -> Any:
        def card(name: str) -> dict[str, Any]:
            hidden = enforced and hides[name] and who != name
            mail = f"{NAMES[name]}@noreply.example" if hidden else f"{name}@mail.example"
            return {"id": NAMES[name], "level": "public", "mail": mail}

        return [card(name) for name in NAMES] if who else 401

    def settings(who: str) -> Any:
        return {"hide_mail": hides[who]} if who else 401

    shapes = schema("Card", id="string", level="string", mail="string") + schema(
        "Settings", hide_mail="boolean"
    )
    paths = path("/cards", "listCards", "Card", many=True) + path(
        "/me/settings", "getSettings", "Settings"
    )
    run = told(
        tmp_path, shapes, paths, SETTINGS,
        Api({"/cards": cards, "/me/settings": settings}),
    )  # fmt: skip
    assert run.proven == (set() if enforced else {("Card.mail", "member")})
    states = {dict(each.state).get("hide_mail") for each in run.report.findings}
    assert states <= {"true"}
    assert "open" in run.results("Card.mail", "member")


# ------------------------------------------------------- fields with nothing in them

NOTE = """\
  Note: {key: id, owner: by, fields: {"id, by, text, tag": [{see: [owner]}]}}
operations:
  listNotes: {params: {userId: Me.id}}
  getNote: {params: {noteId: Note.id}}
"""


def notes(folder: Path, *, kept: str, to_others: str | None) -> Told:
    """Notes whose tag is `kept`; others are shown `to_others` there, or no tag at all."""
    rows = {f"n-{n}": {"id": f"n-{n}", "by": id, "text": f"text of {id}", "tag": kept}
            for n, id in enumerate(NAMES.values())}  # fmt: skip

    def note(who: str, id: str) -> Any:
        if not who or id not in rows:
            return 404
        if rows[id]["by"] == NAMES[who]:
            return rows[id]
        seen = {name: value for name, value in rows[id].items() if name != "tag"}
        return seen if to_others is None else {**seen, "tag": to_others}

    api = Api({
        "/users/([^/]+)/notes": lambda who, id: [
            each for each in rows.values() if who and each["by"] == id == NAMES[who]
        ],
        "/notes/([^/]+)": note,
    })  # fmt: skip
    paths = path("/users/{userId}/notes", "listNotes", "Note", many=True)
    paths += path("/notes/{noteId}", "getNote", "Note")
    shapes = schema("Note", id="string", by="string", text="string", tag="string")
    return told(folder, shapes, paths, NOTE, api)


@pytest.mark.parametrize(
    ("kept", "to_others", "result"),
    [("", "", "untested"), ("", None, "closed"), ("blue", "", "closed"), ("blue", None, "closed")],
)
def test_a_field_that_came_with_nothing_in_it_is_not_closed_unless_its_owner_has_something_there(
    tmp_path: Path, kept: str, to_others: str | None, result: str
) -> None:
    run = notes(tmp_path, kept=kept, to_others=to_others)
    assert ("Note.text", "member") in run.proven
    assert run.results("Note.tag", "member", "/notes/{noteId}") == {result}


# ------------------------------------------------------- what a refusal asks for

PASS = """\
  Pass: {key: id, owner: by, fields: {"id, by, scopes, code": [{see: [owner]}]}}
operations:
  getPass: {params: {passId: Pass.id}}
"""


@pytest.mark.parametrize("status", [403, 200])
def test_the_scope_that_a_refusal_asks_for_is_nobodys(tmp_path: Path, status: int) -> None:
    """Ann alone has the scope that the refusal names, so it tells her by its value. Her code in the
    same words is hers, and so is her scope where nothing is refused."""
    rows = {f"p-{n}": {"id": f"p-{n}", "by": id, "scopes": [f"list:things{n}"], "code": f"k7{id}x"}
            for n, id in enumerate(NAMES.values())}  # fmt: skip

    def mine(who: str) -> Any:
        return [each for each in rows.values() if each["by"] == NAMES[who]] if who else 401

    def one(who: str, id: str) -> Any:
        if not who or id not in rows:
            return 404
        if rows[id]["by"] == NAMES[who]:
            return rows[id]
        words = "Action is not authorized with current scopes; requires any of"
        first = rows["p-0"]
        return Reply(status, {"message": f"{words} {first['scopes']}, not {first['code']}"})

    shapes = "    Pass: {type: object, properties: {id: {type: string}, by: {type: string},"
    shapes += " scopes: {type: array, items: {type: string}}, code: {type: string}}}\n"
    paths = path("/passes", "listPasses", "Pass", many=True)
    paths += path("/passes/{passId}", "getPass", "Pass")
    api = Api({"/passes": mine, "/passes/([^/]+)": one})
    run = told(tmp_path, shapes, paths, PASS, api)
    told_of = run.proven | run.named("suspected")
    assert ("Pass.code", "member") in told_of
    assert (("Pass.scopes.*", "member") in told_of) == (status == 200)


VOUCHER = """\
  Voucher: {key: id, owner: by, fields: {"id, by, code": [{see: [owner]}]}}
operations:
  shareCodes: {%s}
"""


@pytest.mark.parametrize("said", ["", "reads: true"])
def test_a_path_whose_word_may_be_a_command_is_named_with_what_to_do(
    tmp_path: Path, said: str
) -> None:
    def mine(who: str) -> Any:
        return [{"id": f"v-{who}-1", "by": NAMES[who], "code": f"k7{who}4x"}] if who else 401

    shape = schema("Voucher", id="string", by="string", code="string")
    paths = path("/share-codes", "shareCodes", "Voucher", many=True)
    paths += path("/vouchers", "listVouchers", "Voucher", many=True)
    api = Api({"/share-codes": mine, "/vouchers": mine})
    run = told(tmp_path, shape, paths, VOUCHER % said, api)
    named = [each for each in run.report.distrust if "/share-codes" in each]
    assert bool(named) == (said == "")
    assert all("if it only reads, say `reads: true` in its rule" in each for each in named)
    assert (run.code is ExitCode.CLEAN) == (said != "")
