"""A masked field is judged by the forms of its very state, and by what its owner sees."""

from __future__ import annotations

from oakum.authz import Judge, ObjectInstance, Principal
from oakum.exposure.cells.matrix import Matrix
from oakum.exposure.evaluation_context import EvaluationContext
from oakum.exposure.evidence import Redactor
from oakum.exposure.known_identities import KnownIdentities
from oakum.exposure.values.disclosure_by_masked_values import MaskedValue
from oakum.exposure.values.knowledge import Knowledge
from oakum.exposure.values.masked_fields import is_masked, masked_value
from oakum.openapi.model import Json
from oakum.policy.mask import Mask
from oakum.policy.model import FieldRule, Grant, Owner, Policy, Resource
from tests.properties.worlds import ANSWER, RELATIONS, STATES, compiled

WHOLE, OTHER = "4539148803436467", "5500005555555559"
LAST = Grant(("member",), {"private": (False,)}, masked=(Mask("ends", 0, 4),))
LINES = (
    FieldRule("a", (Grant(("owner",)),), masked=(LAST,)),
    FieldRule("b", (Grant(("owner",)),)),
)
THING = Resource("Thing", frozenset({"Thing"}), "id", Owner("field", ("owner_id",)), STATES, LINES)


class World:
    """Ann's things 1 and 2, each as she is shown it, and what somebody is shown of them."""

    def __init__(self) -> None:
        self.model = compiled(Policy(RELATIONS, {"Thing": THING}))
        ids = {"ann": frozenset({"u1"}), "bob": frozenset({"u2"})}
        people = KnownIdentities(self.model.policy, ids, {}, {})
        matrix = Matrix(self.model, (), people)
        self.context = EvaluationContext(
            self.model, people, Knowledge(), matrix, Redactor(b"", frozenset())
        )
        for key, value in (("1", WHOLE), ("2", OTHER)):
            (thing,) = self.judged("u1", {"id": key, "owner_id": "u1", "a": value, "b": value})
            self.context.knowledge.learn_own("ann", thing)

    def judged(self, who: str, *things: dict[str, Json]) -> list[ObjectInstance]:
        principal = Principal(frozenset({who}), {}, {("blocked", "u1"): False})
        judge = Judge(self.model, principal, "list", {})
        return judge.judge({"data": [*things]}, ANSWER).instances

    def sent(
        self, value: Json, key: str = "1", path: str = "a", **more: Json
    ) -> MaskedValue | None:
        row = {"id": key, "owner_id": "u1", "is_private": False, path: value, **more}
        (thing,) = self.judged("u2", row)
        (leaf,) = (each for each in thing.leaves if each.path == path)
        unread = () if thing.state.get("private") is not None else ("private",)
        return masked_value(self.context, thing, leaf, "ann", key, unread)


def test_a_form_counts_in_the_state_that_it_is_granted_in() -> None:
    world = World()
    assert world.sent("**** 6467") == MaskedValue("within")
    assert world.sent("**** 6467", is_private=True) == MaskedValue("beyond", 4)


def test_a_setting_that_nobody_has_read_may_grant_a_form() -> None:
    assert World().sent("**** 6467", is_private=None) == MaskedValue("within")


def test_a_value_is_compared_with_that_of_its_own_object() -> None:
    world = World()
    assert world.sent("**8803436467") == MaskedValue("beyond", 6)
    assert world.sent("**8803436467", "2") == MaskedValue("unclear")
    assert world.sent("**8803436467", "3") == MaskedValue("beyond", 6)  # it may be either


def test_what_is_judged_as_in_any_other_field_is_not_judged_here() -> None:
    world = World()
    assert not is_masked(world.context, "Thing", "b") and world.sent("**** 6467", path="b") is None
    for value in (None, "", "****", "n/a", "hidden", WHOLE, True):
        assert world.sent(value) is None, value


def test_nothing_is_said_of_a_value_that_its_owner_was_not_shown() -> None:
    world = World()
    world.context.knowledge.own.clear()
    world.context.knowledge.objects.clear()
    assert world.sent("**** 6467") is None
