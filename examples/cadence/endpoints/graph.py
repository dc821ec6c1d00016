"""The GraphQL endpoint: a query chooses what is answered, at any depth.

Each member is shown under their own rules at every path that leads to them. Stages 1 and 2 forgot
that as they did at every other endpoint; stage 1 tells its whole schema, too, and stage 2 spells it
out to whoever mistypes a field.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from fastapi import APIRouter, Request
from graphql import (
    DocumentNode,
    GraphQLError,
    GraphQLResolveInfo,
    GraphQLSchema,
    NoSchemaIntrospectionCustomRule,
    build_schema,
    execute_sync,
    parse,
    specified_rules,
    validate,
)

from cadence import schemas
from cadence.endpoints.says import says
from cadence.rules import Group
from cadence.world import Here, Shown, World

router = APIRouter()

_SCHEMA = Path(__file__).parent.parent / "schema.graphql"
_FIELDS = ("id", "username", "image_url", "is_profile_private", "location")
_BRACKETS = 100
"""How many a query may open: a parser calls itself for each."""
_MEMBERS = 500
"""How many members an answer may hold: a path may lead through tags and back again."""
_HIDDEN = {
    "__typename": "UserPrivacyError",
    "code": "PRIVATE",
    "message": "this member's profile is private",
}


@cache
def _schema() -> GraphQLSchema:
    return build_schema(_SCHEMA.read_text(encoding="utf-8"))


@lru_cache(maxsize=64)  # clients send the same queries over and over
def _read(query: str, *, introspection: bool) -> DocumentNode | list[GraphQLError]:
    """A query that may be answered, or what is wrong with it."""
    rules = (
        [*specified_rules] if introspection else [*specified_rules, NoSchemaIntrospectionCustomRule]
    )
    try:
        if sum(map(query.count, "{[(")) > _BRACKETS:
            raise GraphQLError("the query is too long")
        document = parse(query)
    except GraphQLError as error:
        return [error]
    return validate(_schema(), document, rules) or document


@router.post("/graphql", **says("graphql", schemas.GraphAnswer, 400, 401))
async def graphql(world: Here, request: Request, body: schemas.GraphQuestion) -> Shown:
    viewer = world.visitor(request)
    document = _read(body["query"], introspection=world.stage == "1")
    if isinstance(document, list):
        return _wrong(world, document)
    answer = execute_sync(
        _schema(),
        document,
        root_value=_Root(world, viewer).endpoints(),
        variable_values=body.get("variables"),
        operation_name=body.get("operationName"),
    )
    return dict(answer.formatted)


def _wrong(world: World, mistakes: list[GraphQLError]) -> Shown:
    if world.fixed:  # "Did you mean ..." would tell the schema, a guess at a time
        return {"errors": [{"message": "the query is not as documented"}]}
    return {"errors": [{"message": each.message} for each in mistakes]}


class _Root:
    """The fields of the root, for one caller."""

    def __init__(self, world: World, viewer: sqlite3.Row | None) -> None:
        self._world = world
        self._viewer = viewer
        self._left = _MEMBERS

    def endpoints(self) -> dict[str, Callable[..., Any]]:
        return {
            "user": self._user_by_id,
            "tag": self._tag_by_name,
            "searchTag": self._search_tag,
            "addTagToUser": self._add_tag,
        }

    def _user_by_id(self, _: GraphQLResolveInfo[None], id: str) -> Shown | None:
        owner = self._world.one("SELECT * FROM members WHERE id = ?", id)
        return self._user(owner) if owner else None

    def _tag_by_name(self, _: GraphQLResolveInfo[None], tagName: str) -> Shown | None:
        return self._tag(tagName) if self._wearing(tagName, 1) else None

    def _search_tag(self, _: GraphQLResolveInfo[None], prefix: str) -> list[Shown]:
        found = self._world.all(
            "SELECT DISTINCT tag.value AS name FROM members, json_each(members.tags) AS tag"
            " WHERE lower(substr(tag.value, 1, length(?))) = lower(?) ORDER BY name LIMIT 20",
            prefix,
            prefix,
        )
        return [self._tag(row["name"]) for row in found]

    def _add_tag(self, _: GraphQLResolveInfo[None], tagName: str) -> Shown | None:
        if self._viewer is None:
            raise GraphQLError("log in first")
        if not tagName.startswith("#"):
            raise GraphQLError("a tag begins with `#`")
        tags = list(dict.fromkeys([*self._viewer["tags"], tagName]))
        run = self._world.db.execute
        run("UPDATE members SET tags = ? WHERE id = ?", (json.dumps(tags), self._viewer["id"]))
        return self._user(self._world.owner(self._viewer["id"]))

    def _wearing(self, name: str, limit: int) -> list[sqlite3.Row]:
        return self._world.all(
            "SELECT * FROM members WHERE EXISTS (SELECT 1 FROM json_each(members.tags)"
            " WHERE value = ?) LIMIT ?",
            name,
            limit,
        )

    def _tag(self, name: str) -> Shown:
        def users(_: GraphQLResolveInfo[None], first: int) -> Shown:
            found = self._wearing(name, max(0, min(first, 50)))
            shown = [user for row in found if (user := self._user(row))]
            return {"edges": [{"node": user} for user in shown]}

        return {"name": name, "users": users}

    def _user(self, owner: sqlite3.Row) -> Shown | None:
        """A member as far as the caller may see them; None: not at all."""
        self._left -= 1
        if self._left < 0:
            raise GraphQLError("the query asks for too many members")
        seen = self._world.sight(self._viewer, owner)
        if not seen.of(Group.CARD):
            return None
        protected = {
            "__typename": "UserProtectedFields",
            "total_workouts": owner["total_workouts"],
        }
        return {
            **self._world.profile(self._viewer, owner, _FIELDS),
            "follow_status": self._follow_status(owner),
            "user_tags": [self._tag(name) for name in owner["tags"]],
            "protected_fields": protected if seen.of(Group.STANDING) else _HIDDEN,
        }

    def _follow_status(self, owner: sqlite3.Row) -> str | None:
        if self._viewer is None:
            return None
        category = self._world.edge(self._viewer, owner)["category"]
        return {"self": "SELF", "following": "FOLLOWING"}.get(category, "NONE")
