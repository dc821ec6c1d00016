"""Logging in, and asking whether one is."""

from __future__ import annotations

import hmac
import secrets

from fastapi import APIRouter, HTTPException, Request, Response

from cadence import schemas
from cadence.endpoints.people import ACCOUNT
from cadence.endpoints.says import says
from cadence.store import password_hash
from cadence.world import COOKIE, Here, Shown

router = APIRouter()


@router.post("/auth/login", **says("login", schemas.LoggedIn, 400, public=True, bare=(401,)))
async def login(world: Here, response: Response, body: schemas.Login) -> Shown:
    name = body["username_or_email"]
    found = world.one("SELECT * FROM members WHERE username = ? OR email = ?", name, name)
    if found is None and not world.fixed:
        # Stages 1 and 2 tell strangers who is a member.
        raise HTTPException(401, "there is no such member")
    offered = password_hash(body["password"], found["username"] if found else name)
    if found is None or not hmac.compare_digest(offered, found["password"] or b""):
        raise HTTPException(401, "wrong name or password" if world.fixed else "wrong password")
    session = secrets.token_hex(16)
    world.db.execute("INSERT INTO sessions VALUES (?, ?)", (session, found["id"]))
    response.set_cookie(COOKIE, session, httponly=True, samesite="lax")
    answer: Shown = {"session_id": session, "user_id": found["id"]}
    if not world.fixed:
        # Nobody's client needs this, and the token opens an account elsewhere.
        token = {"facebook_access_token": found["facebook_access_token"]}
        answer["user_data"] = world.profile(found, found, ACCOUNT) | token
    return answer


@router.get("/auth/check_session", **says("checkSession", schemas.SessionCheck, 401))
async def check_session(world: Here, request: Request) -> Shown:
    return {"is_valid": True, "user_id": world.member(request)["id"]}
