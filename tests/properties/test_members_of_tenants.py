"""Members of tenants: to know less of them never shows more, and a difference of two contracts that
ask for them is exact."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from oakum.authz import Model, Principal, Subject, compile_contract
from oakum.authz.relations import has_role, held_relations, holds
from oakum.contract_diff import compare
from oakum.openapi.model import Json, Media, Operation
from oakum.policy.model import FieldRule, Grant, Owner, Policy, Relation, Resource
from tests.properties.worlds import Document, array, record, scalar

TENANTS = ("t1", "t2", "t3")
LISTS = ("colleague", "lead")
MEMBER = {
    "colleague": Relation("colleague", "field", member="team", operation="list", pointer="/*/id"),
    "lead": Relation("lead", "field", member="team", operation="list", pointer="/*/id",
                     role="/*/role", has="lead"),
}  # fmt: skip
KNOWN = {
    "member": Relation("member", "authenticated", unless=("lead",)),
    "outsider": Relation("outsider", "authenticated", unless=("colleague",)),
    "chief": Relation("chief", "claim", claim="role", has="chief", requires=("lead",)),
    "other": Relation("other", "authenticated", unless=("outsider", "chief")),
    **MEMBER,
}
POLICY = Policy(KNOWN, {})
teams = st.one_of(
    st.none(), st.sampled_from(TENANTS), st.lists(st.sampled_from(TENANTS), max_size=2),
    st.sampled_from(["t1,t2", {"id": "t1"}, [["t1"]]]),
)  # fmt: skip
answers = st.dictionaries(
    st.tuples(st.sampled_from(LISTS), st.sampled_from(TENANTS)), st.booleans()
)


@given(answers, teams, st.randoms(use_true_random=False), st.booleans())
def test_to_know_less_of_members_never_shows_more(
    told: dict[tuple[str, str], bool], team: Json, random: Random, chief: bool
) -> None:
    claims = {"role": "chief"} if chief else {}
    less = {key: value for key, value in told.items() if random.random() < 0.5}
    subject = Subject("Thing", ("u1",), {"team": team})
    whole, part = (Principal(frozenset({"u2"}), claims, each) for each in (told, less))
    assert held_relations(POLICY, part, subject) <= held_relations(POLICY, whole, subject)
    sparse = held_relations(POLICY, whole, replace(subject, value={}))
    assert sparse == frozenset()


@given(answers, teams)
def test_whoever_is_in_no_tenant_of_the_object_is_no_member(
    told: dict[tuple[str, str], bool], team: Json
) -> None:
    subject = Subject("Thing", ("u1",), {"team": team})
    named = team if isinstance(team, list) else [team]
    for name in LISTS:
        said = holds(POLICY, name, Principal(frozenset({"u2"}), {}, told), subject)
        may = [told.get((name, each)) for each in named if isinstance(each, str)]
        assert said is not True or True in may
        assert said is not False or not {True, None} & {*may}
        assert holds(POLICY, name, Principal(frozenset(), {}, told), subject) is False


@given(st.one_of(st.none(), st.booleans(), st.integers(), st.sampled_from(
    ["lead", "Lead", "lead clerk", ["lead"], ["clerk", "lead"], {"name": "lead"}])))  # fmt: skip
def test_only_the_very_role_is_the_role(said: Json) -> None:
    exact = said == "lead" or (isinstance(said, list) and "lead" in said)
    assert (has_role(MEMBER["lead"], said) is True) == exact
    assert said is not None or has_role(MEMBER["lead"], said) is None


# ------------------------------------------------------------ differences

_ROLE = {"role": "/*/role", "has": "lead"}
VARIANTS = {
    "members": Relation("crew", "field", member="team", operation="list", pointer="/*/id"),
    "leads": replace(MEMBER["lead"], name="crew"),
    "chiefs": replace(MEMBER["lead"], name="crew", has="chief"),
    "squad": Relation("crew", "field", member="squad", operation="list", pointer="/*/id"),
    "other list": Relation("crew", "field", member="team", operation="else", pointer="/*/id"),
    "own list": replace(MEMBER["colleague"], name="crew", of="caller"),
    "claim": Relation("crew", "field", member="team", claim="team"),
    "nobody": Relation("crew", "claim", claim="role", has="nobody"),
}
THING = record("Thing", id=scalar("string"), a=scalar("string"), team=scalar("string"),
               squad=scalar("string"), by=scalar("string"))  # fmt: skip


def test_a_difference_of_memberships_is_what_decide_says_of_every_caller() -> None:
    for taking in (False, True):
        known = {each: _contract(VARIANTS[each], taking=taking) for each in VARIANTS}
        for one, two in product(VARIANTS, repeat=2):
            models = known[one], known[two]
            moves = [m for m in compare(*models).moves if m.leaf == "a"]
            told = {("m" in w.old, "m" in w.new) for move in moves for w, _ in move.spots}
            seen = {
                each
                for values in product((False, True, None), repeat=1 + (one != two))
                for each in [tuple(map(_held, models, (one, two), (values[0], values[-1])))]
                if each[0] != each[1]
            }
            assert told == seen, (one, two, taking)


def _contract(crew: Relation, *, taking: bool) -> Model:
    m = Relation("m", "authenticated", unless=("crew",)) if taking else replace(crew, name="m")
    thing = Resource("Thing", frozenset({"Thing"}), "id", Owner("field", ("by",)), {},
                     (FieldRule("a", (Grant(("m",)),)),))  # fmt: skip
    known = {"crew": crew, "m": m}
    media = (Media("application/json", array(THING)),)
    endpoint = Operation("things", "GET", "/things", responses={"200": media})
    return compile_contract(Document((endpoint,)), Policy(known, {"Thing": thing}))


def _held(model: Model, variant: str, said: bool | None) -> bool:
    """Whether a caller of whom a variant has this value is shown the field."""
    odd: Json = {"odd": 1}
    claims: dict[str, Json] = {
        "team": {True: "t1", False: "t9", None: odd}[said],
        "role": {True: "nobody", False: "x", None: odd}[said],
    }
    related = {(name, at): said for name in ("crew", "m") for at in ("t1", "s1")}
    who = Principal(frozenset({"u2"}), claims, related if said is not None else {})
    subject = Subject("Thing", ("u1",), {"team": "t1", "squad": "s1"})
    return holds(model.policy, "m", who, subject) is True
