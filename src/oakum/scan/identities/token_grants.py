"""Gets the tokens of a grant: sends its requests, lets a person log in, keeps the refresh token.

Tokens are in memory. A refresh token stays in the keyring of the system if the file says so.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from oakum.errors import TargetError
from oakum.exchange import Request, Response
from oakum.http.origin import origin_of
from oakum.scan.identities import system_keyring
from oakum.scan.identities.grant_steps import AwaitBrowser, Pause, Show, Steps, Visit, grant
from oakum.scan.identities.login import LoginFailed, LoginPlaces, LoginResult
from oakum.scan.identities.loopback_login import Person
from oakum.scan.identities.model import Identity, OAuth, Secret
from oakum.scan.limits import BudgetSpent
from oakum.scan.transport.rate_and_budget import Transport


class TokenGrants:
    """Grants of all identities, one at a time."""

    def __init__(
        self,
        places: LoginPlaces,
        transport: Transport,
        person: Person,
        clock: Callable[[], float],
        sleep: Callable[[float], None],
    ) -> None:
        self._places = places
        self._transport = transport
        self._person = person
        self._clock = clock
        self._sleep = sleep

    def obtain(self, identity: Identity, login: OAuth, refresh: Secret | None) -> LoginResult:
        """Tokens, by the `refresh` token if there is one. Raises `LoginFailed`."""
        try:
            kept = self._stored_token(identity, login) if refresh is None else refresh
            steps = grant(identity, login, self._places, kept, self._clock)
            granted = self._play(steps, identity.shows)
            if login.keep and granted.refresh is not None and granted.refresh != kept:
                system_keyring.write(_entry(identity, login), granted.refresh.reveal())
        except BudgetSpent:
            raise
        except TargetError as error:
            raise LoginFailed(f"`{identity.name}` could not log in: {error}") from None
        finally:
            self._person.leave()
        return granted

    def _stored_token(self, identity: Identity, login: OAuth) -> Secret | None:
        if not login.keep:
            return None
        found = system_keyring.read(system_keyring.SERVICE, _entry(identity, login))
        return Secret(found) if found else None

    def _play(self, steps: Steps, certificate: str) -> LoginResult:
        answer: Any = None
        while True:
            try:
                step = steps.send(answer)
            except StopIteration as done:
                granted: LoginResult = done.value
                return granted
            answer = None
            if isinstance(step, Request):
                answer = self._send(replace(step, certificate=certificate))
            elif isinstance(step, AwaitBrowser):
                answer = self._person.listen(step.redirect)
            elif isinstance(step, Visit):
                answer = self._person.visit(step)
            elif isinstance(step, Show):
                self._person.show(step)
            elif isinstance(step, Pause):
                self._sleep(step.seconds)

    def _send(self, request: Request) -> Response:
        try:
            return self._transport.send(request)
        except BudgetSpent:
            raise
        except TargetError as error:
            if origin_of(request.url) == origin_of(self._places.target):
                raise
            raise TargetError(f"the login service fails: {error}") from None


def _entry(identity: Identity, login: OAuth) -> str:
    """The name of an identity's refresh token in the keyring."""
    client = identity.variables["client_id"].reveal()
    return f"{identity.name} {client} {login.issuer or login.token_url}"
