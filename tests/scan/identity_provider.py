"""A small OpenID provider with an API behind it, and its usual faults as switches.

It checks what a provider has to: the redirect URI without its port (RFC 8252, 7.3), PKCE with
S256, each code and refresh token once. By hand: `python -m tests.scan.identity_provider`.
"""

from __future__ import annotations

import base64
import hashlib
import re
import secrets
import time
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode, urlsplit

from joserfc import jwt

from tests.rsa_keys import rsa_key
from tests.scan.servers import IDS, PASSWORDS, UNAUTHORIZED, Call, Reply, serve

CLIENT = "made-up-client"
CLIENT_SECRET = "client-hunter2"
DEVICE = "urn:ietf:params:oauth:grant-type:device_code"
KEYS = [rsa_key(n, kid=f"key-{n}", use="sig") for n in (1, 2)]
HTML = (("content-type", "text/html"),)
FORM = (
    b"<form method=post><input name=username><input name=password type=password>"
    b"<button>Log in</button></form>"
)


@dataclass
class Provider:
    url: str = ""
    redirect: str = "http://127.0.0.1/callback"
    issuer_says: str = ""
    """Another name than its own, in the metadata."""
    token_origin: str = ""
    """Another origin of the token endpoint, in the metadata."""
    consent: bool = True
    clock_off: float = 0.0
    """Seconds that its clock is ahead."""
    signs_with: int = 0
    publishes: tuple[int, ...] = (0, 1)
    nonce: str = ""
    audience: str = CLIENT
    iss: str = ""
    refreshes: bool = True
    issues_refresh: bool = True
    pending: int = 1
    """Polls before a device code is confirmed; fewer than 0: it is denied."""
    slow: bool = False
    wrong_client: str = "invalid_client"
    """What it says of a wrong secret; Keycloak says `unauthorized_client`."""
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    live: dict[str, str] = field(default_factory=dict)
    """Access token → account."""
    refresh: dict[str, str] = field(default_factory=dict)
    issued: list[str] = field(default_factory=list)
    """Every secret that it has given."""

    def __call__(self, call: Call) -> Reply:
        name = re.sub(r"\W", "_", call.path)
        found = getattr(self, f"at{name}", None)
        return found(call) if found else Reply(404, {"error": "not found"})

    def new(self, kind: str) -> str:
        self.issued.append(f"{kind}-{secrets.token_hex(12)}")
        return self.issued[-1]

    # ------------------------------------------------------------------ metadata

    def at__well_known_openid_configuration(self, call: Call) -> Reply:
        base = self.token_origin or self.url
        return Reply(
            200,
            {
                "issuer": self.issuer_says or self.url,
                "authorization_endpoint": f"{self.url}/authorize",
                "token_endpoint": f"{base}/token",
                "device_authorization_endpoint": f"{self.url}/device",
                "jwks_uri": f"{self.url}/keys",
            },
        )

    def at_keys(self, call: Call) -> Reply:
        return Reply(200, {"keys": [KEYS[each].as_dict(private=False) for each in self.publishes]})

    # ------------------------------------------------------------------ the person

    def at_authorize(self, call: Call) -> Reply:
        asked = call.query
        parts = urlsplit(asked.get("redirect_uri", ""))
        bare = f"{parts.scheme}://{parts.hostname}{parts.path}"
        if asked.get("client_id") != CLIENT or bare != self.redirect:
            return Reply(400, b"<p>Invalid parameter: redirect_uri</p>", HTML)
        back = {"state": asked["state"]}
        if asked.get("code_challenge_method") != "S256" or asked.get("prompt") != "login":
            return self.back(asked, back | {"error": "invalid_request"})
        if call.method == "GET":
            return Reply(200, FORM, HTML)
        name = call.form.get("username", "")
        if PASSWORDS.get(name) != call.form.get("password"):
            return Reply(200, FORM, HTML)
        if not self.consent:
            return self.back(asked, back | {"error": "access_denied"})
        code = self.new("code")
        self.codes[code] = {**asked, "account": name}
        return self.back(asked, back | {"code": code})

    def back(self, asked: dict[str, str], said: dict[str, str]) -> Reply:
        return Reply(302, b"", (("location", f"{asked['redirect_uri']}?{urlencode(said)}"),))

    def at_device(self, call: Call) -> Reply:
        if call.form.get("client_id") != CLIENT:
            return Reply(401, {"error": "invalid_client"})
        if call.form.get("code_challenge_method") != "S256":  # as some require of a client
            return Reply(400, {"error": "invalid_request"})
        code = self.new("device")
        self.codes[code] = {"account": "ann", "code_challenge": call.form["code_challenge"]}
        page = f"{self.url}/confirm"
        return Reply(
            200,
            {
                "device_code": code,
                "user_code": "ABCD-EFGH",
                "verification_uri": page,
                "interval": 5,
                "expires_in": 60,
            },
        )

    # ------------------------------------------------------------------ tokens

    def at_token(self, call: Call) -> Reply:
        form = call.form
        basic = base64.b64encode(f"{CLIENT}:{CLIENT_SECRET}".encode()).decode()
        sent = call.headers.get("authorization", "")
        if (sent != f"Basic {basic}") if sent else form.get("client_id") != CLIENT:
            return Reply(401, {"error": self.wrong_client})
        grant = form.get("grant_type")
        if grant == "authorization_code":
            return self.by_code(form)
        if grant == DEVICE:
            return self.by_device(form)
        if grant == "refresh_token":
            account = self.refresh.pop(form.get("refresh_token", ""), "")
            if not account or not self.refreshes:
                return Reply(400, {"error": "invalid_grant"})
            return Reply(200, self.tokens(account, ""))
        if grant == "password":
            right = PASSWORDS.get(form["username"]) == form["password"]
            given = self.tokens(form["username"], "") if right else {"error": "invalid_grant"}
            return Reply(200 if right else 400, given)
        if grant == "client_credentials" and sent:
            return Reply(200, self.tokens("bob", ""))
        return Reply(400, {"error": "unauthorized_client"})

    def by_code(self, form: dict[str, str]) -> Reply:
        asked = self.codes.pop(form.get("code", ""), {})
        same = asked.get("redirect_uri") == form.get("redirect_uri")
        if not asked or asked["code_challenge"] != challenge_of(form) or not same:
            return Reply(400, {"error": "invalid_grant"})
        return Reply(200, self.tokens(asked["account"], asked.get("nonce", "")))

    def by_device(self, form: dict[str, str]) -> Reply:
        if self.pending < 0:
            return Reply(400, {"error": "access_denied"})
        if self.pending:
            self.pending -= 1
            return Reply(400, {"error": "slow_down" if self.slow else "authorization_pending"})
        asked = self.codes.pop(form.get("device_code", ""), {})
        account = asked.get("account", "")
        if not account or asked["code_challenge"] != challenge_of(form):
            return Reply(400, {"error": "expired_token"})
        return Reply(200, self.tokens(account, ""))

    def tokens(self, account: str, nonce: str) -> dict[str, Any]:
        access = self.new("access")
        self.live[access] = account
        said: dict[str, Any] = {"access_token": access, "token_type": "Bearer", "expires_in": 300}
        if self.issues_refresh:
            said["refresh_token"] = self.new("refresh")
            self.refresh[said["refresh_token"]] = account
        if nonce:
            now = int(time.time() + self.clock_off)
            claims = {
                "iss": self.iss or self.url,
                "sub": IDS[account],
                "aud": self.audience,
                "iat": now,
                "exp": now + 300,
                "nonce": self.nonce or nonce,
            }
            key = KEYS[self.signs_with]
            header = {"alg": "RS256", "kid": key.kid}
            said["id_token"] = jwt.encode(header, claims, key)
        return said

    # ------------------------------------------------------------------ the API

    def at_me(self, call: Call) -> Reply:
        account = self.live.get(call.headers.get("authorization", "").removeprefix("Bearer "))
        return Reply(200, {"id": IDS[account], "username": account}) if account else UNAUTHORIZED


def challenge_of(form: dict[str, str]) -> str:
    """The challenge that the verifier of a request answers (RFC 7636, 4.6)."""
    digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def main() -> None:
    provider = Provider()
    with serve(provider) as server:
        provider.url = server.url
        print(server.url)
        input()


if __name__ == "__main__":
    main()
