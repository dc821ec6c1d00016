"""Ways through a graph: planned whole and valid, asked sparingly, judged like any answer."""

from __future__ import annotations

from typing import Any

import pytest
from graphql import GraphQLError, Visitor, visit

from oakum.exchange import Request, Response
from oakum.finding import Endpoint
from oakum.scan.coverage import owasp_items
from oakum.scan.coverage.untested import Section
from oakum.scan.limits import Permissions
from oakum.scan.technique import Prospect
from oakum.scan.techniques import graphql_paths
from tests.unit.scan.techniques.harbour import (
    NOWHERE,
    PEOPLE,
    SDL,
    Harbour,
    Sailed,
    global_id,
    reply,
)

PHONE = ("graphql-exposure", "Sailor.phone", "member")
TOWN = ("graphql-exposure", "Sailor.home_town", "member")
INSURANCE = ("graphql-exposure", "Boat.insurance", "member")


def lacking(sailed: Sailed) -> dict[str, str]:
    return sailed.engine.results.gaps.reasons(Section.TRUST)


def raw_node() -> Harbour:
    """`node(id:)` decides nothing."""
    harbour = Harbour()
    harbour.roots["node"] = lambda me, id: harbour.node(me, id, raw=True)
    return harbour


# ------------------------------------------------------------------------- what is found


def test_an_api_that_keeps_to_its_contract_is_clean() -> None:
    sailed = Sailed(Harbour())
    assert sailed.findings == []
    assert sailed.requests <= 40


def test_what_a_look_up_by_id_shows_is_found_whole() -> None:
    sailed = Sailed(raw_node())
    assert sailed.told == {PHONE, TOWN, INSURANCE}
    assert sailed.requests <= 40
    finding = next(f for f in sailed.findings if f.field == "phone")
    assert finding.endpoints == (Endpoint("POST", "/api/graphql", "ask"),)
    assert finding.evidence is not None
    assert finding.evidence.note == "by the path `node`"
    assert "$ANN_SAILOR_ID" in finding.evidence.curl
    assert "\\$id: ID!" in finding.evidence.curl


def test_what_a_nested_path_shows_is_found() -> None:
    harbour = Harbour()
    harbour.roots["berths"] = lambda me, first=9, after=None: harbour.berths(me, first, raw=True)
    sailed = Sailed(harbour)
    assert sailed.told == {INSURANCE}
    assert sailed.findings[0].evidence is not None
    assert sailed.findings[0].evidence.note == "by the path `berths/items/boat`"


def test_what_a_union_shows_is_found() -> None:
    harbour = Harbour()
    harbour.roots["find"] = lambda me, text: [
        harbour.sailor(me, id, raw=True)
        for id, each in harbour.sailors.items()
        if text in each["nick"]
    ]
    assert Sailed(harbour).told == {PHONE, TOWN}


def test_no_value_of_anybody_is_written() -> None:
    harbour = raw_node()
    sailed = Sailed(harbour)
    values = {str(v) for each in harbour.sailors.values() for v in each.values()} - {"Sailor"}
    texts = [repr(sailed.findings), *(repr(e.data) for e in sailed.events if e.kind == "ask")]
    assert not [v for v in values for text in texts if len(v) > 3 and f"{v}" in text]


def test_nobody_logged_in_is_asked_once_for_each_root_where_the_endpoint_is_shut() -> None:
    sailed = Sailed(Harbour())
    asked = [e.data["as"] for e in sailed.events if e.kind == "ask"]
    assert asked.count("") <= 9  # two at /me, with and without, and one for each root that is asked


@pytest.mark.parametrize("raw", [True, False])
def test_what_an_endpoint_takes_for_public_is_asked_without_a_login(raw: bool) -> None:
    class Partly(Harbour):
        def graphql(self, viewer: str | None, me: int, query: str, variables: Any) -> Response:
            public = raw and "{ berths" in query
            return super().graphql("" if public and not viewer else viewer, me, query, variables)

    told = Sailed(Partly()).told
    assert ("graphql-exposure", "Sailor.nick", "anyone") in told if raw else not told


def test_somebody_without_a_login_is_a_viewer_as_well() -> None:
    class Open(Harbour):
        def graphql(self, viewer: str | None, me: int, query: str, variables: Any) -> Response:
            return super().graphql(viewer or "dan", me, query, variables)

    told = Sailed(Open()).told
    assert ("graphql-exposure", "Sailor.nick", "anyone") in told
    assert not any(field == "Sailor.phone" for _, field, _ in told)


# ------------------------------------------------------------------------- what is not asked


def test_what_does_something_is_left_alone_and_a_note_says_so() -> None:
    harbour = Harbour()
    sailed = Sailed(harbour)
    assert not any("tidy" in query or "readAndBurn" in query for _, query in harbour.asked)
    notes = " ".join(sailed.engine.results.notes)
    assert "`tidy` of POST /api/graphql was not queried: `Removes` in the description" in notes
    assert "`readAndBurn` of POST /api/graphql was not queried" in notes


def test_ids_stand_in_variables_and_nowhere_else() -> None:
    harbour = Harbour()
    Sailed(harbour)
    assert harbour.asked
    assert not any('"' in query or "70" in query for _, query in harbour.asked)


def test_the_endpoint_is_none_of_the_documented_ones() -> None:
    sailed = Sailed(Harbour())
    assert "ask" not in {probe.operation.id for probe in sailed.probes}
    assert "ask" not in {each.endpoint.operation for each in sailed.skipped}


# ------------------------------------------------------------------------- which schema


def test_without_a_file_the_schema_is_asked_for_once() -> None:
    sailed = Sailed(raw_node(), sdl=None)
    assert sailed.told == {PHONE, TOWN, INSURANCE}
    asked = [e for e in sailed.events if e.kind == "ask" and "graphql" in str(e.data["path"])]
    assert asked[0].data["as"] in PEOPLE
    assert sailed.requests <= 41


RENAMED = """\
type Query { viewer: UserType, users(limit: Int): [UserType!], user(userId: ID!): UserType }
type UserType { id: ID! nick: String phone: String homeTown: String shoeSize: Int mascot: String }
"""


def renamed(*, raw: bool) -> Harbour:
    """Other names for types and fields, and global ids."""
    harbour = Harbour(RENAMED)

    def user(me: int, id: int) -> dict[str, Any]:
        each = harbour.sailors[id]
        shown = {"id": global_id("UserType", id), "nick": each["nick"], "mascot": "gull"}
        hidden = {"phone": each["phone"], "homeTown": each["home_town"]}
        return {**shown, **hidden} if raw or id == me else shown

    def by_id(me: int, userId: str) -> dict[str, Any] | None:
        found = next((i for i in harbour.sailors if global_id("UserType", i) == userId), None)
        return user(me, found) if found else None

    harbour.roots = {
        "viewer": lambda me: user(me, me),
        "users": lambda me, limit=2: [user(me, id) for id in [*harbour.sailors][3:]],
        "user": by_id,
    }
    return harbour


@pytest.mark.parametrize("raw", [True, False])
def test_a_schema_that_nobody_has_read_is_put_in_the_words_of_the_contract(raw: bool) -> None:
    sailed = Sailed(renamed(raw=raw), sdl=None)
    assert sailed.told == ({PHONE, TOWN} if raw else set())
    assert not sailed.engine.results.distrust


class Shut(Harbour):
    """Tells nothing of its schema."""

    def refuses(self, document: Any) -> list[GraphQLError]:
        return [GraphQLError("no, did you mean `me`?")] if "__schema" in _fields(document) else []


def _fields(document: Any) -> list[str]:
    names: list[str] = []

    class Seen(Visitor):
        def enter_field(self, node: Any, *_: object) -> None:
            names.append(node.name.value)

    visit(document, Seen())
    return names


EXAMPLES = """\
requestBody:
        content:
          application/json:
            schema: {type: object, properties: {query: {type: string}}}
            example:
              query: "query OneSailor($sailorId: ID!, $tall: Boolean!) {
                sailor(id: $sailorId) { ...card boats { id name } } }
                mutation Sink($id: ID!) { sink(id: $id) }
                fragment card on Sailor { id nick phone @include(if: $tall) home_town }"
              variables: {sailorId: "1", tall: true}
"""


def test_without_a_schema_the_examples_of_the_document_are_asked() -> None:
    shut = Shut()
    shut.roots["sailor"] = lambda me, id: shut.sailor(me, int(id), raw=True)
    sailed = Sailed(shut, sdl=None, body=EXAMPLES)
    assert sailed.told == {PHONE, TOWN}
    assert all("OneSailor" in query for _, query in shut.asked)
    assert "does not reveal its schema" in " ".join(sailed.engine.results.notes)


def test_without_schema_and_examples_a_note_is_all() -> None:
    sailed = Sailed(Shut(), sdl=None)
    assert sailed.requests == 1
    assert "name its file with `graphql:`" in " ".join(sailed.engine.results.notes)
    assert not sailed.engine.results.distrust


def test_what_is_no_graphql_is_asked_once() -> None:
    def page(viewer: str | None, request: Request) -> Response:
        return Harbour()(viewer, request) if request.url.endswith("/me") else NOWHERE

    for sdl in (SDL, None):
        sailed = Sailed(page, sdl=sdl)
        assert sailed.requests <= 2
        assert "POST /api/graphql" in lacking(sailed)


def test_a_schema_file_that_is_ahead_of_the_api_costs_one_request() -> None:
    ahead = SDL.replace("nick: String!", "nick: String! nickOfOld: String")
    sailed = Sailed(raw_node(), sdl=ahead)
    assert sailed.told == {PHONE, TOWN, INSURANCE}
    assert sailed.requests == Sailed(raw_node()).requests + 1


def test_with_get_everything_stands_in_the_address() -> None:
    sailed = Sailed(raw_node(), method="get", body="summary: asks")
    assert sailed.told == {PHONE, TOWN, INSURANCE}


def test_ids_that_only_the_identities_file_tells_are_enough() -> None:
    harbour = raw_node()
    del harbour.roots["me"]

    def api(viewer: str | None, request: Request) -> Response:
        return NOWHERE if request.url.endswith("/me") else harbour(viewer, request)

    assert {PHONE, TOWN} <= Sailed(api, told=False).told


# ------------------------------------------------------------------------- what servers refuse


class Guarded(Harbour):
    """Behind a guard that takes no other names of fields."""

    def refuses(self, document: Any) -> list[GraphQLError]:
        return [GraphQLError("refused")] if any(map(_is_aliased, _nodes(document))) else []


def _nodes(document: Any) -> list[Any]:
    found: list[Any] = []

    class Seen(Visitor):
        def enter_field(self, node: Any, *_: object) -> None:
            found.append(node)

    visit(document, Seen())
    return found


def _is_aliased(node: Any) -> bool:
    return node.alias is not None


def test_where_other_names_are_refused_owners_are_asked_one_by_one() -> None:
    guarded = Guarded()
    guarded.roots["node"] = lambda me, id: guarded.node(me, id, raw=True)
    assert Sailed(guarded).told == {PHONE, TOWN, INSURANCE}


class Braked(Harbour):
    """Takes no query that is wide."""

    most = 24

    def refuses(self, document: Any) -> list[GraphQLError]:
        return [GraphQLError("too complex")] if len(_nodes(document)) > self.most else []


def test_where_large_queries_are_refused_smaller_ones_are_asked() -> None:
    braked = Braked()
    braked.roots["berths"] = lambda me, first=9, after=None: braked.berths(me, first, raw=True)
    assert INSURANCE in Sailed(braked).told


def test_a_field_that_fails_and_takes_others_with_it_is_left_out() -> None:
    strict = SDL.replace("phone: String ", "phone: String! ")

    class Strict(Harbour):
        def sailor(self, me: int, id: int, *, raw: bool = False) -> dict[str, Any] | None:
            shown = super().sailor(me, id, raw=raw)

            def refuse(_: Any) -> str:
                raise GraphQLError("not yours")

            return shown and {"phone": refuse, **shown}

    harbour = Strict(strict)

    def leaky(me: int, id: str) -> dict[str, Any] | None:
        shown = harbour.sailor(me, int(id))
        return shown and {**shown, "home_town": harbour.sailors[int(id)]["home_town"]}

    harbour.roots["sailor"] = leaky
    assert Sailed(harbour, sdl=strict).told == {TOWN}


def test_a_server_that_answers_nothing_is_left_alone_soon() -> None:
    class Mute(Harbour):
        def graphql(self, viewer: str | None, me: int, query: str, variables: Any) -> Response:
            return reply({"errors": [{"message": "persisted queries only"}]}, 400)

    sailed = Sailed(Mute())
    assert sailed.requests <= 6
    assert lacking(sailed) == {"POST /api/graphql": "it answers no query"}


# ------------------------------------------------------------------------- whose it is


OWNERLESS = """\
type Query { me: Sailor, sailor(id: ID!): Sailor, boatsOf(sailorId: ID!): [Boat!] }
type Sailor { id: ID! nick: String boats: [Boat!] }
type Boat { id: ID! name: String insurance: String }
"""


@pytest.mark.parametrize("raw", [True, False])
def test_what_says_nothing_of_its_owner_is_its_account_s(raw: bool) -> None:
    harbour = Harbour(OWNERLESS)

    def boats(me: int, of: int) -> list[Any]:
        rows = [id for id, each in harbour.boats.items() if each["captain"] == of]
        return [harbour.boat(me, id, raw=raw) for id in rows]

    def sailor(me: int, id: str) -> dict[str, Any] | None:
        shown = harbour.sailor(me, int(id))
        return shown and {**shown, "boats": boats(me, int(id))}

    harbour.roots = {
        "me": lambda me: sailor(me, str(me)),
        "sailor": sailor,
        "boatsOf": lambda me, sailorId: boats(me, int(sailorId)),
    }
    sailed = Sailed(harbour, sdl=OWNERLESS, owner="captain_id")
    assert sailed.told == ({INSURANCE} if raw else set())


def test_a_list_that_holds_others_is_asked_for_one_s_own() -> None:
    sdl = (
        "type Query { sailors(first: Int, nick: String): [Sailor!] }\n"
        + OWNERLESS[OWNERLESS.index("type Sailor") :]
    )
    harbour = Harbour(sdl)

    def sailors(me: int, first: int = 5, nick: str = "") -> list[Any]:
        rows = [id for id, each in harbour.sailors.items() if each["nick"] == (nick or "dan")]
        return [harbour.sailor(me, id) for id in rows]

    harbour.roots = {"sailors": sailors}
    sailed = Sailed(harbour, sdl=sdl, owner="captain_id")
    assert any("nick: $nick" in query for _, query in harbour.asked)
    assert sailed.findings == []


CALLERS_OWN = """\
type Query { ROOT find(text: String!): [Found!] }
input Which { captainId: ID, wind: Int }
union Found = Sailor | Boat
type Fleet { rows: [Boat!] total: Int }
type Sailor { id: ID! nick: String boats: [Boat!] }
type Boat { id: ID! name: String insurance: String captain: Sailor! }
"""
ROOTS = {
    "an argument": "fleet(captainId: ID, first: Int): [Boat!]",
    "a filter": "fleet(filter: Which, first: Int): [Boat!]",
    "an argument of a page": "fleet(captainId: ID, first: Int): Fleet!",
}


@pytest.mark.parametrize("raw", [True, False])
@pytest.mark.parametrize("way", ROOTS)
def test_a_list_of_the_caller_s_own_is_asked_for_another_s(way: str, raw: bool) -> None:
    sdl = CALLERS_OWN.replace("ROOT", ROOTS[way])
    harbour = Harbour(sdl)

    def fleet(me: int, first: int = 5, captainId: str = "", filter: Any = None) -> Any:
        whose = int(captainId or (filter or {}).get("captainId") or me)
        boats = [id for id, each in harbour.boats.items() if each["captain"] == whose]
        rows = [harbour.boat(me, id, raw=raw) for id in boats if raw or whose == me]
        return {"rows": rows, "total": len(rows)} if "Fleet" in ROOTS[way] else rows

    harbour.roots = {"fleet": fleet, "find": lambda me, text: []}
    more = '  Fleet: {owner: none, fields: {"__typename, rows, total": [{see: [member]}]}}\n'
    sailed = Sailed(harbour, sdl=sdl, more=more if "Fleet!" in sdl else "")
    assert sailed.told == ({INSURANCE} if raw else set())


@pytest.mark.parametrize("raw", [True, False])
def test_a_search_is_asked_for_what_objects_are_called(raw: bool) -> None:
    sdl = CALLERS_OWN.replace("ROOT", ROOTS["an argument"])
    harbour = Harbour(sdl)

    def find(me: int, text: str) -> list[Any]:
        boats = [id for id, each in harbour.boats.items() if each["name"] == text]
        return [harbour.boat(me, id, raw=raw) for id in boats]

    harbour.roots = {
        "find": find,
        "fleet": lambda me, first=5, captainId="": [
            harbour.boat(me, id) for id, each in harbour.boats.items() if each["captain"] == me
        ],
    }
    sailed = Sailed(harbour, sdl=sdl)
    assert sailed.told == ({INSURANCE} if raw else set())


def test_optional_arguments_that_no_query_has_are_named() -> None:
    sailed = Sailed(Harbour())
    (said,) = (each for each in sailed.engine.results.notes if "no query used" in each)
    assert said == "POST /api/graphql: arguments that no query used: `berths(after)`"


# --------------------------------------------------------- what belongs to nobody by its type

VALUES = """\
type Query { me: Sailor ROOT boats: [Boat!] }
scalar JSON
union Outcome = Boat | Refused
type Refused { message: String log: Entry }
type Entry { text: String }
type Sailor { id: ID! nick: String }
type Boat { id: ID! name: String insurance: String captain: Sailor! }
"""


def with_values(root: str, answer: Any) -> Harbour:
    """`boats` shows each their own. `answer`: (harbour, caller, id) → the value of the root."""
    harbour = Harbour(VALUES.replace("ROOT", root))
    harbour.roots = {
        "me": lambda me: harbour.sailor(me, me),
        "boats": lambda me: [
            harbour.boat(me, id) for id, each in harbour.boats.items() if each["captain"] == me
        ],
        root.partition("(")[0].partition(":")[0]: lambda me, **given: answer(
            harbour, me, int(given.get("id") or 0)
        ),
    }
    return harbour


def is_mine(harbour: Harbour, me: int, id: int) -> bool:
    return bool(harbour.boats.get(id, {}).get("captain") == me)


def policies(harbour: Harbour) -> list[str]:
    return [each["insurance"] for each in harbour.boats.values()]


SCALARS = {
    "one by its id": (
        "boatPolicy(id: ID!): String",
        lambda harbour, me, id: harbour.boats.get(id, {}).get("insurance"),
    ),
    "one by the id of nothing that it names": (
        "papers(id: ID!): String",
        lambda harbour, me, id: harbour.boats.get(id, {}).get("insurance"),
    ),
    "one by itself": ("news: String", lambda harbour, me, id: policies(harbour)[2]),
    "a list": ("policies: [String!]!", lambda harbour, me, id: policies(harbour)),
    "a value of any form": (
        "settings: JSON",
        lambda harbour, me, id: {"recent": [{"of": text} for text in policies(harbour)]},
    ),
    "the other side of a result": (
        "berth(id: ID!): Outcome",
        lambda harbour, me, id: (
            harbour.boat(me, id)
            if is_mine(harbour, me, id)
            else {"__typename": "Refused", "message": f"not {harbour.boats[id]['insurance']}"}
        ),
    ),
    "what the other side of a result holds": (
        "berth(id: ID!): Outcome",
        lambda harbour, me, id: (
            harbour.boat(me, id)
            if is_mine(harbour, me, id)
            else {"__typename": "Refused", "log": {"text": harbour.boats[id]["insurance"]}}
        ),
    ),
}


@pytest.mark.parametrize("way", SCALARS)
def test_what_is_no_resource_is_asked_for_and_judged_by_its_values(way: str) -> None:
    root, answer = SCALARS[way]
    sdl = VALUES.replace("ROOT", root)
    assert Sailed(with_values(root, answer), sdl=sdl).told == {INSURANCE}

    def fair(harbour: Harbour, me: int, id: int) -> Any:
        if is_mine(harbour, me, id):
            return answer(harbour, me, id)
        return {"__typename": "Refused", "message": "no"} if "Outcome" in root else None

    def alone(harbour: Harbour, me: int, id: int) -> Any:
        own = next(each for each in harbour.boats.values() if each["captain"] == me)
        values = {"String": own["insurance"], "JSON": {"recent": []}, "[String!]!": []}
        return values[root.partition(": ")[2]]

    sailed = Sailed(with_values(root, fair if "(" in root else alone), sdl=sdl)
    assert sailed.findings == []
    assert not lacking(sailed)


def test_a_value_is_asked_for_as_everybody() -> None:
    class Open(Harbour):
        def graphql(self, viewer: str | None, me: int, query: str, variables: Any) -> Response:
            return super().graphql(viewer or "", me, query, variables)

    root = "news: String"
    harbour = Open(VALUES.replace("ROOT", root))
    harbour.roots = {
        **with_values(root, lambda harbour, me, id: "fair winds").roots,
        "news": lambda me: policies(harbour)[0] if not me else "fair winds",
    }
    sailed = Sailed(harbour, sdl=VALUES.replace("ROOT", root))
    assert ("graphql-exposure", "Boat.insurance", "anyone") in sailed.told


@pytest.mark.parametrize("root", ["depth(at: Float!): String", "deck(plan: Float!): [Boat!]"])
def test_what_nothing_fills_is_untested(root: str) -> None:
    sailed = Sailed(
        with_values(root, lambda harbour, me, id: None), sdl=VALUES.replace("ROOT", root)
    )
    (said,) = lacking(sailed)
    assert said == f"POST /api/graphql `{root.partition('(')[0]}`"


@pytest.mark.parametrize(
    "root", ["systemUpdate: String", "runJob(id: ID!): String", "ping: String"]
)
def test_a_value_that_may_say_what_was_done_is_not_asked_for(root: str) -> None:
    harbour = with_values(root, lambda harbour, me, id: "done")
    sailed = Sailed(harbour, sdl=VALUES.replace("ROOT", root))
    name = root.partition("(")[0].partition(":")[0]
    assert not any(name in query for _, query in harbour.asked)
    notes = " ".join(sailed.engine.results.notes)
    assert f"`{name}` of POST /api/graphql was not queried" in notes
    assert f": {{reads: [{name}]}}}}`" in notes


# ------------------------------------------------------------------------- optional arguments

VARIED = """\
type Query { me: Sailor sailor(id: ID!): Sailor ROOT }
enum Fleet { MINE ALL LENT SOLD }
input Which { wind: Int captainId: ID fleet: Fleet }
input Wanted { captainId: ID! fleet: Fleet! }
type Sailor { id: ID! nick: String FIELD }
type Boat { id: ID! name: String insurance: String captain: Sailor! }
"""


def varied(place: str, argument: str, tells: Any) -> tuple[Harbour, str]:
    """`boats` shows each their own. `tells`: (arguments, harbour, caller, parent) → whose boats
    are shown whole besides."""
    field = f"boats({argument}): [Boat!]"
    sdl = VARIED.replace("ROOT" if place == "root" else "FIELD", field)
    sdl = sdl.replace("ROOT", "").replace("FIELD", "")
    harbour = Harbour(sdl)

    def boats(me: int, parent: int, given: dict[str, Any]) -> list[Any]:
        shown = {me if parent in (0, me) else 0, *(tells(given, me, parent) or ())}
        return [
            harbour.boat(me, id, raw=True)
            for id, each in harbour.boats.items()
            if each["captain"] in shown
        ]

    def sailor(me: int, id: int) -> dict[str, Any]:
        shown = {"id": id, "nick": harbour.sailors[id]["nick"]}
        return {**shown, "boats": lambda _, **given: boats(me, id, given)}

    harbour.roots = {
        "me": lambda me: sailor(me, me),
        "sailor": lambda me, id: sailor(me, int(id)),
        "boats": lambda me, **given: boats(me, 0, given),
    }
    return harbour, sdl


EVERYBODY = tuple(range(700, 704))
OPTIONS = {
    "an id in an input object": (
        "root", "filter: Which",
        lambda given, me, of: [int(given.get("filter", {}).get("captainId") or 0)],
    ),
    "an id that an input object requires": (
        "root", "filter: Wanted",
        lambda given, me, of: [int(given.get("filter", {}).get("captainId") or 0)],
    ),
    "a choice in an input object": (
        "root", "filter: Which",
        lambda given, me, of: EVERYBODY if given.get("filter", {}).get("fleet") == "ALL" else (),
    ),
    "a choice": (
        "root", "fleet: Fleet = MINE",
        lambda given, me, of: EVERYBODY if given.get("fleet") == "ALL" else (),
    ),
    "a choice that is required": (
        "root", "fleet: Fleet!",
        lambda given, me, of: EVERYBODY if given["fleet"] == "ALL" else (),
    ),
    "a switch that is required": (
        "root", "mine: Boolean!", lambda given, me, of: () if given["mine"] else EVERYBODY
    ),
    "a nested choice that is required": (
        "field", "fleet: Fleet!", lambda given, me, of: [of] if given["fleet"] == "ALL" else ()
    ),
    "a switch": (
        "root", "sold: Boolean", lambda given, me, of: EVERYBODY if given.get("sold") else ()
    ),
    "the second of two ids": (
        "root", "captainId: ID, of: ID", lambda given, me, of: [int(given.get("of") or 0)],
    ),
    "a nested id": ("field", "of: ID", lambda given, me, of: [int(given.get("of") or 0)]),
    "any nested id": ("field", "of: ID", lambda given, me, of: [of] if given.get("of") else ()),
    "a nested switch": ("field", "sold: Boolean", lambda given, me, of: [of] if given else ()),
    "a nested input object": (
        "field", "by: Which", lambda given, me, of: [of] if given.get("by") else ()
    ),
}  # fmt: skip


@pytest.mark.parametrize("way", OPTIONS)
def test_optional_arguments_are_filled(way: str) -> None:
    place, argument, tells = OPTIONS[way]
    harbour, sdl = varied(place, argument, tells)
    sailed = Sailed(harbour, sdl=sdl)
    assert sailed.told == {INSURANCE}
    assert sailed.requests <= 40
    correct, sdl = varied(place, argument, lambda given, me, of: ())
    fair = Sailed(correct, sdl=sdl)
    assert fair.findings == []
    assert not lacking(fair)


def test_what_an_optional_argument_may_do_or_choose_unknown_is_named() -> None:
    arguments = "markAsRead: Boolean, after: String, fleetId: ID, sort: Fleet"
    for place, called in (("root", "boats"), ("field", "Sailor.boats")):
        harbour, sdl = varied(place, arguments, lambda given, me, of: ())
        sailed = Sailed(harbour, sdl=sdl)
        assert not any("boats(" in query for _, query in harbour.asked)
        (said,) = (each for each in sailed.engine.results.notes if "no query used" in each)
        assert f"`{called}(markAsRead, after, sort)`" in said
        assert [*lacking(sailed)] == [f"POST /api/graphql `{called}(fleetId)`"]


@pytest.mark.parametrize("argument", ["fleet: Fleet!", "fleet: Fleet"])
def test_further_values_of_a_choice_are_named(argument: str) -> None:
    harbour, sdl = varied("root", argument, lambda given, me, of: ())
    sailed = Sailed(harbour, sdl=sdl)
    asked = " ".join(query for _, query in harbour.asked)
    assert "fleet: ALL" in asked and "fleet: LENT" in asked and "fleet: SOLD" not in asked
    assert "`boats(fleet: SOLD)`" in " ".join(sailed.engine.results.notes)


REST = ("DELETE", "LENT", "SOLD")


def test_no_other_value_is_sent_where_one_asks_for_a_change() -> None:
    harbour, sdl = varied("root", "fleet: Fleet!", lambda given, me, of: ())
    sailed = Sailed(harbour, sdl=sdl.replace("{ MINE ALL LENT", "{ MINE DELETE LENT"))
    asked = " ".join(query for _, query in harbour.asked)
    assert "fleet: MINE" in asked and not any(f"fleet: {each}" in asked for each in REST)
    named = ", ".join(f"fleet: {each}" for each in REST)
    assert f"`boats({named})`" in " ".join(sailed.engine.results.notes)


def test_what_an_argument_requires_below_an_object_is_named() -> None:
    harbour, sdl = varied("field", "depth: Float!", lambda given, me, of: ())
    sailed = Sailed(harbour, sdl=sdl)
    assert "`Sailor.boats(depth)`" in " ".join(sailed.engine.results.notes)


# ------------------------------------------------------------------------- found by what is hidden

SEARCHES = {
    "a look-up": ("byPhone(phone: String!): Sailor", "suspected"),
    "a filter": ("crew(phone: String): [Sailor!]", "proven"),
    "a filter in an input object": ("crew(by: Which): [Sailor!]", "proven"),
    "a search for any text": ("find(text: String!): [Sailor!]", "proven"),
}


@pytest.mark.parametrize("way", SEARCHES)
@pytest.mark.parametrize("raw", [True, False])
def test_who_is_found_by_a_hidden_field_is_told(way: str, raw: bool) -> None:
    root, verdict = SEARCHES[way]
    sdl = f"type Query {{ me: Sailor {root} }} input Which {{ phone: String }}\n" + (
        "type Sailor { id: ID! nick: String phone: String home_town: String }"
    )
    harbour = Harbour(sdl)

    def find(me: int, **given: Any) -> Any:
        given |= given.pop("by", {})
        phone, said = given.get("phone"), str(given.get("text", "")).lower().split()
        found = [
            harbour.sailor(me, id)
            for id, each in harbour.sailors.items()
            if each["nick"] in said
            or ((id == me or raw) and each["phone"] in (phone, given.get("text")))
        ]
        return found if "[" in root else next(iter(found), None)

    harbour.roots = {
        "me": lambda me: harbour.sailor(me, me),
        root.partition("(")[0]: find,
    }
    sailed = Sailed(harbour, sdl=sdl)
    told = {(f.rule, f.resource, f.field, f.verdict) for f in sailed.findings}
    assert told == ({("inference-leak", "Sailor", "phone", verdict)} if raw else set())
    assert sailed.requests <= 40
    assert not any(each["phone"] in repr(sailed.findings) for each in harbour.sailors.values())


# ------------------------------------------------------------------------- without a request


def test_what_will_be_asked_is_foreseen() -> None:
    sailed = Sailed(Harbour())
    prospect = Prospect(
        sailed.model, tuple(sailed.probes), Permissions(), (), sailed.engine.context.graphs
    )
    lines = [line["request"] for line in graphql_paths.foresee(prospect)]
    assert "POST /api/graphql  { node(id) Boat }  with Boat.id" in lines
    assert "POST /api/graphql  { me }" in lines
    assert not any("tidy" in line for line in lines)
    blind = Prospect(sailed.model, (), Permissions())
    assert [line["request"] for line in graphql_paths.foresee(blind)] == [
        "POST /api/graphql  { __schema }"
    ]


@pytest.mark.parametrize("searches", [True, False])
def test_hidden_values_are_announced_and_called_tested_only_where_something_is_searched(
    searches: bool,
) -> None:
    sdl = f"type Query {{ me: Sailor {SEARCHES['a look-up'][0] * searches} }}\n" + (
        "type Sailor { id: ID! nick: String phone: String home_town: String }"
    )
    harbour = Harbour(sdl)
    harbour.roots = {"me": lambda me: harbour.sailor(me, me), "byPhone": lambda me, phone: None}
    sailed = Sailed(harbour, sdl=sdl)
    engine = sailed.engine
    prospect = Prospect(
        sailed.model, tuple(sailed.probes), Permissions(), (), engine.context.graphs
    )
    lines = [line["request"] for line in graphql_paths.foresee(prospect)]
    assert any("with a value that is hidden" in line for line in lines) is searches
    engine.state.finished.append(graphql_paths)
    items = owasp_items.tested_items(engine, [], [], lambda may: prospect, wrote=False)
    tested = {rule for item in items for rule in item.tested}
    assert "graphql-exposure" in tested
    assert ("inference-leak" in tested) is searches
