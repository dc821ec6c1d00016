"""How an endpoint is described in the document, and what it is asked with."""

from __future__ import annotations

from typing import Annotated, TypedDict

from fastapi import Path, Query

from cadence.schemas import Problem

UserId = Annotated[str, Path(alias="userId", description="A member's id.")]
WorkoutId = Annotated[str, Path(alias="workoutId", description="A workout's id.")]
RideId = Annotated[str, Path(alias="rideId", description="A ride's id.")]
PelotonId = Annotated[str, Path(alias="pelotonId", description="A class's id.")]
Limit = Annotated[int, Query(ge=1, le=100, description="How many at most.")]
Joins = Annotated[
    str,
    Query(
        description="What to put into each workout: `user`, `ride`, separated by commas.",
        openapi_examples={"both": {"value": "user,ride"}},
    ),
]

_WHY = {
    400: "The request is not as documented.",
    401: "Nobody has logged in.",
    403: "This is not for the caller.",
    404: "There is no such thing, or none that the caller may know of.",
    409: "Somebody else has this name.",
}


class Says(TypedDict, total=False):
    operation_id: str
    response_model: None
    responses: dict[int | str, dict[str, object]]
    openapi_extra: dict[str, object]


def says(
    name: str, shape: object, *refusals: int, public: bool = False, bare: tuple[int, ...] = ()
) -> Says:
    """Arguments of a route decorator: operation id, shape of the answer, and refusals.

    Of `bare` refusals the body is not described, so a gateway that guards by the document writes
    its own. Answers are not validated against the shape: a leak is what nobody declared, too.
    """
    responses: dict[int | str, dict[str, object]] = {200: {"model": shape}}
    for status in refusals:
        responses[status] = {"model": Problem, "description": _WHY[status]}
    for status in bare:
        responses[status] = {"description": _WHY[status]}
    extra: dict[str, object] = {"security": []} if public else {}
    return Says(operation_id=name, response_model=None, responses=responses, openapi_extra=extra)
