"""A link to one's history, for people without an account: signed, and good until the next night."""

from __future__ import annotations

import hashlib
import hmac
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, HTTPException, Query, Request

from cadence import schemas
from cadence.endpoints.says import UserId, says
from cadence.endpoints.workouts import Csv, history
from cadence.world import Here, Shown, World

router = APIRouter()

DAY = 86_400
_SHARED = "/api/shared/workout_history_csv"
_LINK = "/api/user/{userId}/workout_history_link"
_COLUMNS = ("workout_id", "user_id", "start_time", "title", "total_work")


@router.get(_LINK, **says("getExportLink", schemas.ExportLink, 401, 403))
async def get_export_link(world: Here, request: Request, user_id: UserId) -> Shown:
    if world.service(request):
        return {"user_id": world.owner(user_id)["id"], "is_revoked": _revoked(world, user_id)}
    world.myself(request, user_id)
    return _link(world, user_id)


@router.put(_LINK, **says("updateExportLink", schemas.ExportLink, 401, 403))
async def update_export_link(
    world: Here, request: Request, user_id: UserId, link: schemas.ExportLink
) -> Shown:
    """Revoke it, or share it again; what else is sent is passed over."""
    world.myself(request, user_id)
    if link.get("is_revoked", True):
        world.db.execute("DELETE FROM export_links WHERE user_id = ?", (user_id,))
    else:
        world.db.execute("INSERT OR IGNORE INTO export_links VALUES (?)", (user_id,))
    return _link(world, user_id)


@router.get(
    _SHARED,
    **says("downloadSharedExport", list[schemas.SharedExportRow], 404, public=True),
    response_class=Csv,
)
async def download_shared_export(
    world: Here,
    request: Request,
    link_id: Annotated[str, Query(description="Whose history, until when, and the signature.")],
) -> Csv:
    user_id, _, expires = link_id.rpartition(".")[0].partition(".")
    good = hmac.compare_digest(link_id.encode(), _signed(world, user_id, expires).encode())
    if not good or int(expires) < world.clock():
        raise HTTPException(404, "there is no such link")
    # Stages 1 and 2 believe the signature, and do not ask what its owner has decided since.
    if world.fixed and not _shared(world, user_id):
        caller = world.caller(request)
        if caller is None or caller["id"] != user_id:
            raise HTTPException(404, "there is no such link")
    return history(world, user_id, _COLUMNS)


def _link(world: World, user_id: str) -> Shown:
    if _revoked(world, user_id):
        return {"user_id": user_id, "is_revoked": True}
    expires = (int(world.clock()) // DAY + 2) * DAY  # the end of tomorrow: the same all day
    id = _signed(world, user_id, str(expires))
    url = f"{_SHARED}?{urlencode({'link_id': id})}"
    link = {"link_id": id, "url": url, "expires_at": expires}
    return {"user_id": user_id, "is_revoked": False, **link}


def _signed(world: World, user_id: str, expires: str) -> str:
    said = f"{user_id}.{expires}"
    return f"{said}.{hmac.new(world.signing_key, said.encode(), hashlib.sha256).hexdigest()}"


def _shared(world: World, user_id: str) -> bool:
    return not world.owner(user_id)["is_profile_private"] and not _revoked(world, user_id)


def _revoked(world: World, user_id: str) -> bool:
    return world.one("SELECT 1 FROM export_links WHERE user_id = ?", user_id) is None
