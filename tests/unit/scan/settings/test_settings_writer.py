"""Settings: flipped only when they can be put back, and put back whatever happens."""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import suppress
from copy import deepcopy
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from oakum.errors import TargetError
from oakum.exchange import Request, Response
from oakum.openapi.model import Media, Parameter, Shape
from oakum.policy.model import Switch
from oakum.scan.settings.settings_writer import AccountSettings
from oakum.scan.undo.setting_change import SettingChange
from oakum.scan.write_counts import WriteCounts
from tests.unit.exposure.values.test_knowledge import instance
from tests.unit.scan.studio import IDS, Run, Studio, account_settings, probe, reply

PRIVATE = "Settings.private"


def ready(studio: Studio) -> tuple[Run, AccountSettings]:
    """A run that has learnt who is who and how their accounts are set, and its account settings."""
    run = Run(studio)
    for name, id in IDS.items():
        run.knowledge.learn_own(name, instance(id=id))
        run.identities.states[(name, PRIVATE)] = studio.settings[id]["is_private"]
    return run, account_settings(run)


class Refusing(Studio):
    """Takes no more settings from some."""

    refused: frozenset[str] = frozenset()

    def putSettings(self, viewer: str | None, id: str, body: Any) -> Response:
        if viewer in self.refused:
            return reply({"error": "no"}, 503)
        return super().putSettings(viewer, id, body)


def test_a_flip_changes_one_setting_and_keeps_the_others() -> None:
    studio = Studio()
    run, found = ready(studio)
    assert found.flip("ann", PRIVATE, False)
    assert studio.settings[IDS["ann"]] == {"is_private": False, "theme": "theme-of-ann"}
    assert run.identities.states[("ann", PRIVATE)] is False
    assert studio.asked == ["ann getSettings ann", "ann putSettings ann", "ann getSettings ann"]


def test_the_journal_hears_of_a_flip_before_it_is_sent_and_of_its_undoing_after() -> None:
    studio = Studio()
    order: list[str] = []

    def ask(viewer: str | None, request: Request) -> Response:
        order.append(request.method)
        return studio(viewer, request)

    run, found = ready(studio)
    found.ask = ask
    found.log = lambda kind, flip: order.append(kind)
    found.flip("ann", PRIVATE, False)
    found.restore()
    assert order == ["GET", "flip", "PUT", "GET", "GET", "PUT", "GET", "restored"]
    assert run.identities.states[("ann", PRIVATE)] is True


def test_where_one_setting_could_not_be_put_back_no_other_is_changed() -> None:
    studio = Refusing()
    _, found = ready(studio)
    assert found.flip("ann", PRIVATE, False)
    studio.refused = frozenset({"ann"})
    assert not found.undo("ann", PRIVATE)
    assert not found.flip("bob", PRIVATE, True)
    assert (
        "bob putSettings bob" not in studio.asked and "could not be restored" in found.refusals[-1]
    )
    studio.refused = frozenset()
    assert found.restore() == ()  # the end tries once more
    assert studio.settings[IDS["ann"]]["is_private"] is True


def test_a_write_that_is_not_read_back_did_not_happen() -> None:
    class Forgetful(Studio):
        def putSettings(self, viewer: str | None, id: str, body: Any) -> Response:
            return reply(body)

    run, found = ready(Forgetful())
    assert not found.flip("ann", PRIVATE, False)
    assert run.identities.states[("ann", PRIVATE)] is True


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b"{}"])
def test_a_put_is_refused_without_the_settings_that_it_would_replace(body: bytes) -> None:
    class Blind(Studio):
        def getSettings(self, viewer: str | None, id: str, _: Any) -> Response:
            return Response(200, {"content-type": "application/json"}, body)

    studio = Blind()
    _, found = ready(studio)
    assert not found.flip("ann", PRIVATE, False)
    assert not [line for line in studio.asked if "putSettings" in line]
    assert found.pending == [] and found.restore() == ()
    assert found.refusals[-1].startswith(
        "`PUT /people/{personId}/settings` replaces all settings and"
    )


@pytest.mark.parametrize(
    "answer",
    [
        reply({"is_private": None, "error": "try later"}, 503),
        reply({"is_private": True, "theme": "of the error page"}, 503),
        reply({"is_private": True, "theme": "as before a login"}, 302),
        replace(reply({"is_private": True, "theme": "cut off"}), truncated=True),
    ],
)
def test_an_error_page_is_not_taken_for_the_settings(answer: Response) -> None:
    """`{"error": …}` is JSON too; written back, it would replace somebody's settings."""

    class Down(Studio):
        def getSettings(self, viewer: str | None, id: str, _: Any) -> Response:
            return answer

    studio = Down()
    _, found = ready(studio)
    assert not found.flip("ann", PRIVATE, False)
    assert not [line for line in studio.asked if "putSettings" in line]


def writing(found: AccountSettings, method: str = "PUT", **more: Any) -> None:
    """Let the writer have another method or another body."""
    writer = found.writers["putSettings"]
    found.writers = {
        "putSettings": replace(writer, operation=replace(writer.operation, method=method, **more))
    }


@pytest.mark.parametrize("closed", [False, True])
def test_what_the_body_does_not_declare_is_sent_back_unless_forbidden(closed: bool) -> None:
    """A PUT replaces all: a member that the document forgot would be lost with it."""
    studio = Studio()
    studio.settings[IDS["ann"]]["language"] = "eo"
    _, found = ready(studio)
    found.closed = frozenset({"putSettings"} if closed else ())
    assert found.flip("ann", PRIVATE, False) is not closed  # nothing puts back what is lost
    rest = {} if closed else {"language": "eo"}
    assert studio.settings[IDS["ann"]] == {"is_private": closed, "theme": "theme-of-ann", **rest}


def test_what_the_api_alone_sets_is_not_sent_back() -> None:
    studio = Studio()
    _, found = ready(studio)
    kept = Shape(properties={"theme": lambda: Shape(read_only=True)})
    writing(found, body=(Media("application/json", kept),))
    assert found.flip("ann", PRIVATE, False)
    assert studio.settings[IDS["ann"]] == {"is_private": False}


class Nested(Studio):
    """Replaces what stands at the top of a PATCH, as many APIs do."""

    def __init__(self) -> None:
        super().__init__()
        for id in self.settings:
            self.settings[id] = {"privacy": {"is_private": True, "hide_age": True}, "theme": "x"}

    def __call__(self, viewer: str | None, request: Request) -> Response:
        if request.method == "PATCH":
            request = replace(request, method="PUT")
        return super().__call__(viewer, request)

    def putSettings(self, viewer: str | None, id: str, body: Any) -> Response:
        self.settings[id].update(body)
        return reply(self.settings[id])


def nested(studio: Studio, method: str = "PATCH") -> tuple[Run, AccountSettings]:
    run = Run(studio)
    for name, id in IDS.items():
        run.knowledge.learn_own(name, instance(id=id))
        run.identities.states[(name, PRIVATE)] = True
    found = account_settings(run)
    writing(found, method, body=())
    settings = found.policy.resources["Settings"]
    state = settings.states["private"]
    assert state.switch is not None
    moved = replace(state, switch=replace(state.switch, pointer="/privacy/is_private"))
    changed = replace(settings, states={**settings.states, "private": moved})
    found.policy = replace(found.policy, resources={**found.policy.resources, "Settings": changed})
    return run, found


def test_a_patch_of_a_nested_setting_keeps_its_neighbours() -> None:
    studio = Nested()
    _, found = nested(studio)
    assert found.flip("ann", PRIVATE, False)
    assert studio.settings[IDS["ann"]]["privacy"] == {"is_private": False, "hide_age": True}
    assert found.restore() == ()
    assert studio.settings == Nested().settings


def test_a_patch_of_a_nested_setting_that_cannot_be_read_is_not_sent() -> None:
    studio = Nested()
    run, found = nested(studio)
    found.readers = {}
    assert not found.flip("ann", PRIVATE, False)
    assert studio.asked == found.pending == run.flips == []
    assert found.refusals[-1] == (
        "`PATCH /people/{personId}/settings` replaces all of `privacy` and no GET of the same"
        " path shows them, so nothing was sent"
    )


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
@pytest.mark.parametrize("between", [None, [], "on"])
def test_a_nested_setting_in_something_else_is_neither_set_nor_put_back(
    method: str, between: Any
) -> None:
    studio = Nested()
    _, found = nested(studio, method)
    studio.settings[IDS["ann"]]["privacy"] = between
    assert not found.flip("ann", PRIVATE, False)
    found.pending = [SettingChange("ann", PRIVATE, True, False)]
    assert len(found.restore()) == 1
    assert studio.settings[IDS["ann"]]["privacy"] == between
    assert not [line for line in studio.asked if "putSettings" in line]


@pytest.mark.parametrize(
    ("name", "before", "after"),
    [
        ("updatedAt", "2024-01-01T00:00:00Z", "2026-02-02T10:00:00Z"),
        ("changed", 1_700_000_000, 1_760_000_000),
        ("lock_version", 4, 6),
        ("meta", {"modified_on": "2024/01/01 10:00"}, {"modified_on": "2026/02/02 10:00"}),
        ("meta", {"of": {"lock_version": 4}}, {"of": {"lock_version": 6}}),
    ],
)
def test_what_an_api_stamps_at_a_flip_is_named_and_no_reason_for_distrust(
    name: str, before: Any, after: Any
) -> None:
    class Stamping(Studio):
        def putSettings(self, viewer: str | None, id: str, body: Any) -> Response:
            done = super().putSettings(viewer, id, body)
            self.settings[id][name] = after
            return done

    studio = Stamping()
    for each in studio.settings.values():
        each[name] = before
    _, found = ready(studio)
    assert found.flip("ann", PRIVATE, False)
    assert found.restore() == ()
    (told,) = found.moved
    assert "of ann" in told and "itself on each write" in told
    assert str(after) not in told


def test_a_date_that_is_no_stamp_is_damage_to_other_settings() -> None:
    class Careless(Studio):
        def putSettings(self, viewer: str | None, id: str, body: Any) -> Response:
            done = super().putSettings(viewer, id, body)
            self.settings[id]["birthday"] = "1970-01-01"
            return done

    studio = Careless()
    for each in studio.settings.values():
        each["birthday"] = "1990-05-05"
    _, found = ready(studio)
    assert not found.flip("ann", PRIVATE, False)
    assert "changes other settings" in found.refusals[-1]
    assert "check them by hand" in found.restore()[0]


@pytest.mark.parametrize(
    ("name", "harmed"),
    [("modification_date", False), ("updated_at", False), ("suspended_at", True),
     ("deleted_at", True), ("birth_date", True)],
)  # fmt: skip
def test_the_time_of_a_first_change_is_no_damage_and_that_of_an_end_is(
    name: str, harmed: bool
) -> None:
    class Stamping(Studio):
        def putSettings(self, viewer: str | None, id: str, body: Any) -> Response:
            done = super().putSettings(viewer, id, body)
            self.settings[id][name] = "Sat, 28 Nov 2026 07:17:10 GMT"
            return done

    studio = Stamping()
    for each in studio.settings.values():
        each[name] = None
    _, found = ready(studio)
    assert found.flip("ann", PRIVATE, False) is not harmed
    assert bool(found.restore()) is harmed
    assert bool(found.moved) is not harmed


def test_other_settings_that_writing_has_changed_are_told_by_name_only() -> None:
    class Lossy(Studio):
        def putSettings(self, viewer: str | None, id: str, body: Any) -> Response:
            kept = {"is_private": body["is_private"], "seen_at": "2026-01-02T00:00:00Z"}
            self.settings[id] = {**kept, "language": "en"}
            return reply(body)

    studio = Lossy()
    more = {"language": "eo-canary", "seen_at": "2026-01-01T00:00:00Z"}
    studio.settings[IDS["ann"]].update(more)
    _, found = ready(studio)
    assert not found.flip("ann", PRIVATE, False)
    assert found.restore() == (
        "other settings of ann differ from before `putSettings`: `‹key›`, `theme`; check them by"
        " hand",
    )


def test_what_was_never_taken_is_not_missed() -> None:
    studio = Refusing()
    studio.refused = frozenset({"ann"})
    _, found = ready(studio)
    assert not found.flip("ann", PRIVATE, False)
    assert found.refusals[-1] == "the API did not accept the setting"
    assert found.restore() == ()


def test_a_patch_sends_the_one_setting() -> None:
    class Patched(Studio):
        def putSettings(self, viewer: str | None, id: str, body: Any) -> Response:
            assert body == {"is_private": False}
            self.settings[id].update(body)
            return reply(self.settings[id])

    studio = Patched()
    _, found = ready(studio)
    writer = probe("putSettings")
    found.writers = {
        "putSettings": replace(writer, operation=replace(writer.operation, method="PATCH"))
    }
    sent: list[str] = []

    def ask(viewer: str | None, request: Request) -> Response:
        sent.append(request.method)
        if request.method == "PATCH":
            request = replace(request, method="PUT")
        return studio(viewer, request)

    found.ask = ask
    assert found.flip("ann", PRIVATE, False)
    assert sent == ["GET", "PATCH", "GET"]
    assert studio.settings[IDS["ann"]]["theme"] == "theme-of-ann"


def test_an_unknown_state_is_not_flipped_since_it_could_not_be_put_back() -> None:
    studio = Studio()
    run, found = ready(studio)
    del run.identities.states[("ann", PRIVATE)]
    assert not found.flip("ann", PRIVATE, False)
    assert studio.asked == [] and found.pending == [] and run.flips == []


def test_a_state_without_an_operation_cannot_be_flipped() -> None:
    studio = Studio()
    _, found = ready(studio)
    assert found.switch(PRIVATE) is not None
    found.writers = {}
    assert found.switch(PRIVATE) is None
    assert not found.flip("ann", PRIVATE, False)
    assert studio.asked == []


def test_a_state_stands_where_its_chain_ends() -> None:
    _, found = ready(Studio())
    assert found.policy.state_source("Person", "private") == PRIVATE
    assert found.policy.state_source("Settings", "private") == PRIVATE


def test_an_account_whose_id_is_not_known_is_not_written_to() -> None:
    run = Run(Studio())
    run.identities.states[("ann", PRIVATE)] = True
    found = account_settings(run)
    assert not found.flip("ann", PRIVATE, False)
    assert run.studio.asked == []


# --------------------------------------------------------------------------- several at once

LAW = settings(max_examples=40, deadline=None)
BECOMES = st.sampled_from(["taken", "refused", "taken and 503", "lost", "taken and lost"])
"""What becomes of one write; a lost one has no answer."""
OWN = {
    "Person.bio": "/bio",
    "Person.born": "/born",
    "Person.city": "/flat/city",
    "Person.street": "/flat/street",
}
"""Fields that a PATCH writes, and where in its body they stand."""


class Account:
    """A page that is written by PATCH and settings that are written by PUT, of ann.

    `becomes`: what becomes of the writes to come; then all are taken.
    """

    def __init__(self, becomes: Sequence[str] = ()) -> None:
        self.page: dict[str, Any] = {
            "bio": "rows", "born": "1990-01-02", "vip": True,
            "flat": {"city": "Graz", "street": "Am Hof 1", "floor": 3},
        }  # fmt: skip
        self.settings: dict[str, Any] = {"is_private": True, "theme": "dark"}
        self.becomes = [*becomes]
        self.writes: list[tuple[str, dict[str, Any]]] = []

    @property
    def state(self) -> dict[str, Any]:
        return deepcopy({"page": self.page, "settings": self.settings})

    def __call__(self, viewer: str | None, request: Request, /) -> Response:
        assert viewer == "ann" and IDS["ann"] in request.url
        at = "settings" if request.url.endswith("/settings") else "page"
        if request.method == "GET":
            return reply(getattr(self, at))
        body = json.loads(request.body)
        self.writes.append((at, body))
        how = self.becomes.pop(0) if self.becomes else "taken"
        if how.startswith("taken"):
            setattr(self, at, {**getattr(self, at), **body} if at == "page" else body)
        if how.endswith("lost"):
            raise TargetError("no answer")
        return reply(None, 200 if how == "taken" else 422 if how == "refused" else 503)


def account(api: Account, *, shown: bool = True) -> AccountSettings:
    """AccountSettings of ann's page and of her settings. `shown`: the page may be read."""
    run = Run(Studio())
    run.knowledge.learn_own("ann", instance(id=IDS["ann"]))
    run.identities.states[("ann", PRIVATE)] = True
    found = account_settings(run)
    page = probe("getPerson")
    patch = replace(page.operation, id="patchPerson", method="PATCH", body=())
    found.writers = {**found.writers, "patchPerson": replace(page, operation=patch)}
    if shown:
        found.readers = {**found.readers, "patchPerson": page}
    found.fields = {path: Switch("patchPerson", pointer) for path, pointer in OWN.items()}
    found.ask = api
    return found


CHANGES = st.fixed_dictionaries(
    {},
    optional={
        **{path: st.sampled_from(["", "new", "1991-01-01"]) for path in OWN},
        PRIVATE: st.booleans(),
    },
)


@LAW
@given(CHANGES)
def test_fields_of_one_operation_go_in_one_request(changes: dict[str, Any]) -> None:
    api = Account()
    found = account(api)
    assert found.flip_all("ann", changes).done == changes.keys()
    asked = ["settings" if path == PRIVATE else "page" for path in changes]
    assert [at for at, _ in api.writes] == [*dict.fromkeys(asked)]


@LAW
@given(CHANGES)
def test_what_is_set_together_is_set_and_all_else_is_kept(changes: dict[str, Any]) -> None:
    api = Account()
    before = api.state
    found = account(api)
    found.flip_all("ann", changes)
    wanted = before
    for path, value in changes.items():
        if path == PRIVATE:
            wanted["settings"]["is_private"] = value
        elif path in ("Person.bio", "Person.born"):
            wanted["page"][path.removeprefix("Person.")] = value
        else:
            wanted["page"]["flat"][path.removeprefix("Person.")] = value
    assert api.state == wanted


def may_come(told: tuple[str, ...], lost: bool) -> bool:
    """Whether nothing is told but of changes that were not answered, where there are some."""
    return all("may still carry it out" in each for each in told) and (lost or not told)


@LAW
@given(CHANGES, CHANGES, st.lists(BECOMES, max_size=6))
def test_when_all_is_undone_the_api_holds_what_it_held_whatever_became_of_the_writes(
    first: dict[str, Any], then: dict[str, Any], becomes: list[str]
) -> None:
    api = Account(becomes)
    before = api.state
    found = account(api)
    for changes in (first, then):
        with suppress(TargetError):
            found.flip_all("ann", changes)
    api.becomes.clear()
    found.undo_all("ann", [*first, *then])
    assert api.state == before
    lost = any(how.endswith("lost") for how in becomes)
    assert lost or found.pending == []
    writes = len(api.writes)
    assert may_come(found.restore(), lost) and (lost or len(api.writes) == writes)
    assert api.state == before


@LAW
@given(CHANGES, st.lists(BECOMES, max_size=4), st.lists(BECOMES, max_size=4))
def test_what_could_not_be_undone_is_put_back_at_the_end(
    changes: dict[str, Any], becomes: list[str], then: list[str]
) -> None:
    api = Account(becomes)
    before = api.state
    found = account(api)
    with suppress(TargetError):
        found.flip_all("ann", changes)
    api.becomes = then
    with suppress(TargetError):
        found.undo_all("ann", [*changes])
    api.becomes = []
    assert may_come(found.restore(), any(how.endswith("lost") for how in becomes))
    assert api.state == before


@pytest.mark.parametrize("changes", [{PRIVATE: False, "Person.bio": "new"},
                                     {"Person.bio": "new", PRIVATE: False}])  # fmt: skip
def test_what_is_shown_of_another_operations_setting_is_no_damage(changes: dict[str, Any]) -> None:
    class Telling(Account):
        def __call__(self, viewer: str | None, request: Request, /) -> Response:
            answer = super().__call__(viewer, request)
            if request.method != "GET":
                return answer
            both = {"length": len(self.page["bio"]), "open": not self.settings["is_private"]}
            return reply({**json.loads(answer.body), **both})

    api = Telling()
    found = account(api)
    assert found.flip_all("ann", changes).done == changes.keys()
    found.undo_all("ann", [*changes])
    assert found.restore() == ()


@LAW
@given(CHANGES, CHANGES)
def test_only_what_is_named_is_undone(changes: dict[str, Any], others: dict[str, Any]) -> None:
    api, other = Account(), Account()
    found = account(api)
    found.flip_all("ann", changes)
    found.undo_all("ann", [*others])
    left = {path: value for path, value in changes.items() if path not in others}
    account(other).flip_all("ann", left)
    assert api.state == other.state
    assert {flip.state for flip in found.pending} == left.keys()


@LAW
@given(CHANGES, st.lists(BECOMES, max_size=4))
def test_what_is_said_to_be_set_is_and_the_journal_heard_of_it_before(
    changes: dict[str, Any], becomes: list[str]
) -> None:
    api = Account(becomes)
    found = account(api)
    heard: list[str] = []

    def ask(viewer: str | None, request: Request, /) -> Response:
        if request.method != "GET":
            body = json.loads(request.body)
            sent = [*body, *body.get("flat", ())]
            names = {path.rpartition(".")[2].replace("private", "is_private") for path in heard}
            assert names & {*sent}
        return api(viewer, request)

    found.ask = ask
    found.log = lambda kind, flip: heard.append(flip.state)
    with suppress(TargetError):
        for path in found.flip_all("ann", changes).done:
            held = api.settings["is_private"] if path == PRIVATE else None
            name = path.removeprefix("Person.")
            assert changes[path] in (held, api.page.get(name), api.page["flat"].get(name))
    assert {flip.state for flip in found.pending} == {*heard}


@LAW
@given(CHANGES)
def test_what_the_api_does_not_show_is_not_set_since_it_could_not_be_put_back(
    changes: dict[str, Any],
) -> None:
    api = Account()
    before = api.state
    found = account(api, shown=False)
    assert found.flip_all("ann", changes).done == changes.keys() & {PRIVATE}
    assert {flip.state for flip in found.pending} == changes.keys() & {PRIVATE}
    assert api.state["page"] == before["page"]


def test_a_persons_own_values_are_told_in_no_words() -> None:
    api = Account()
    found = account(api)
    assert found.flip_all("ann", {"Person.bio": "", "Person.born": ""})
    assert all(flip.secret for flip in found.pending)
    api.becomes = ["refused"] * 9
    said = found.restore()
    assert len(said) == 2 and not [each for each in said if "rows" in each or "1990" in each]


@pytest.mark.parametrize("becomes", ["taken and 503", "taken and lost"])
@pytest.mark.parametrize("path", ["Person.bio", "Person.city"])
def test_a_patch_whose_answer_was_no_success_is_looked_at_before_it_is_taken_for_undone(
    becomes: str, path: str
) -> None:
    api = Account([becomes])
    before = api.state
    found = account(api)
    with suppress(TargetError):
        assert not found.flip("ann", path, "new")
    assert api.state != before
    assert found.undo("ann", path)
    assert api.state == before and found.pending == []


def test_a_setting_known_of_another_object_is_not_flipped() -> None:
    """What was read of one object says nothing of the one that would be written."""
    studio = Studio()
    _, found = ready(studio)
    studio.settings[IDS["ann"]]["is_private"] = False
    before = deepcopy(studio.settings)
    assert not found.flip("ann", PRIVATE, False)
    assert found.flip_all("ann", {PRIVATE: False}).done == frozenset()
    assert studio.settings == before and found.pending == []
    assert not [line for line in studio.asked if "putSettings" in line]
    assert "another object than the one whose setting is known" in found.refusals[-1]


@pytest.mark.parametrize("killed", [False, True])
def test_what_was_changed_is_put_back_there_whatever_objects_are_seen_since(killed: bool) -> None:
    studio = Studio()
    before = deepcopy(studio.settings)
    run, found = ready(studio)
    assert found.flip("ann", PRIVATE, False)
    objects = run.knowledge.objects[("ann", "Person")]
    objects.insert(0, {**objects[0], "id": IDS["bob"]})
    if killed:
        pending = list(found.pending)
        found = account_settings(run)
        found.pending = pending
        found.__post_init__()
    studio.asked.clear()
    assert found.restore() == ()
    assert studio.settings == before
    assert not [line for line in studio.asked if "bob" in line]


def test_a_setting_goes_out_in_the_media_type_that_its_body_is_written_in() -> None:
    studio = Studio()
    _, found = ready(studio)
    sent: list[Request] = []

    def ask(viewer: str | None, request: Request, /) -> Response:
        sent.append(request)
        return studio(viewer, request)

    found.ask = ask
    assert found.flip("ann", PRIVATE, False)
    (write,) = (each for each in sent if each.method == "PUT")
    assert {n.lower(): v for n, v in write.headers.items()}["content-type"] == "application/json"
    assert json.loads(write.body) == {"is_private": False, "theme": "theme-of-ann"}


class Versioned(Studio):
    """Takes settings that say on which state they are based, and refuses others with 412 or 409.

    `by`: `tag`, a header that the document declares; `asked`, one that it does not declare, for
    which the answer asks (RFC 6585, 3); `query`. `others`: how often somebody else writes first."""

    def __init__(self, by: str, others: int = 0) -> None:
        super().__init__()
        self.by, self.others = by, others
        self.state = dict.fromkeys(IDS.values(), 3)
        self.refused = 0

    def __call__(self, viewer: str | None, request: Request) -> Response:
        id = IDS.get(viewer or "", "")
        given = request.headers.get("if-match", "").strip('"')
        if self.by == "query" and "?" in request.url:
            url, _, given = request.url.partition("?version=")
            request = replace(request, url=url)
        if request.method == "PUT":
            if self.others:
                self.others -= 1
                self.state[id] += 1
                self.settings[id] = {**self.settings[id], "theme": "theirs"}
            if given != str(self.state[id]):
                self.refused += 1
                return reply({"error": "state"}, 412 if given or self.by == "query" else 428)
            self.state[id] += 1
        answer = super().__call__(viewer, request)
        if not request.url.endswith("/settings") or answer.status != 200:
            return answer
        if self.by == "query":
            return reply({**self.settings[id], "version": self.state[id]})
        return replace(answer, headers={**answer.headers, "etag": f'"{self.state[id]}"'})


def versioned(studio: Versioned) -> AccountSettings:
    _, found = ready(studio)
    writer = found.writers["putSettings"]
    if studio.by == "tag":
        writer = writer.otherwise("", headers={"if-match": "*"})
    if studio.by == "query":
        parameter = Parameter("version", "query", required=True)
        operation = replace(writer.operation, parameters=(*writer.operation.parameters, parameter))
        writer = replace(writer, operation=operation, fixed={**writer.fixed, "version": "1"})
    found.writers = {"putSettings": writer}
    return found


@pytest.mark.parametrize("by", ["tag", "asked", "query"])
def test_a_setting_is_changed_and_put_back_on_its_present_state(by: str) -> None:
    studio = Versioned(by)
    before = {id: dict(each) for id, each in studio.settings.items()}
    found = versioned(studio)
    assert found.flip("ann", PRIVATE, False)
    assert studio.settings[IDS["ann"]]["is_private"] is False
    assert found.restore() == ()
    settings = {
        id: {name: value for name, value in each.items() if name != "version"}
        for id, each in studio.settings.items()
    }
    assert settings == before
    assert studio.refused == (2 if by == "asked" else 0)


@pytest.mark.parametrize("by", ["tag", "asked"])
def test_what_somebody_else_has_written_meanwhile_stays(by: str) -> None:
    studio = Versioned(by, others=1)
    found = versioned(studio)
    assert found.flip("ann", PRIVATE, False)
    assert studio.settings[IDS["ann"]] == {"is_private": False, "theme": "theirs"}


@pytest.mark.parametrize("status", [403, 412, 422])
def test_a_setting_that_the_api_refuses_is_no_change(status: int) -> None:
    class Strict(Studio):
        def putSettings(self, viewer: str | None, id: str, body: Any) -> Response:
            return reply({"error": "no"}, status)

    log = WriteCounts()
    _, found = ready(Strict())
    found.log = lambda kind, flip: log.count(kind, f"{flip.state} {flip.identity}")
    assert not found.flip("ann", PRIVATE, False)
    assert not found.flip_all("bob", {PRIVATE: True})
    assert found.restore() == ()
    assert (log.changes, log.undone) == (0, 0)


def test_one_that_was_changed_before_a_refusal_is_one() -> None:
    class Once(Studio):
        taken = 0

        def putSettings(self, viewer: str | None, id: str, body: Any) -> Response:
            self.taken += 1
            if self.taken == 2:
                return reply({"error": "no"}, 422)
            return super().putSettings(viewer, id, body)

    log = WriteCounts()
    _, found = ready(Once())
    found.log = lambda kind, flip: log.count(kind, f"{flip.state} {flip.identity}")
    assert found.flip("ann", PRIVATE, False)
    assert not found.flip("ann", PRIVATE, "friends")
    assert found.restore() == ()
    assert (log.changes, log.undone) == (1, 1)
