"""A little OpenID Connect provider over real HTTP: it knows one person, and can be told to misbehave."""

import base64
import hashlib
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, Any
from urllib.parse import urlencode

import uvicorn
from fastapi import FastAPI, Form, HTTPException, Request
from fastapi.responses import JSONResponse, RedirectResponse
from joserfc import jwt
from joserfc.jwk import RSAKey

from tests.flows.launching import find_ports

CLIENT, SECRET = "tallystick", "a-secret-of-the-provider"


@dataclass
class Provider:
    """What it says of whom; tests change it between two requests."""

    issuer: str
    now: datetime
    email: str = "cy@north.example"
    claims: dict[str, Any] = field(default_factory=dict)
    """Claims that differ from the right ones; None leaves one out."""
    told_apart: bool = False
    """Whether the address is told on the page about the user, and not in the token."""
    down: bool = False
    refuses: bool = False
    key: Any = field(default_factory=lambda: RSAKey.generate_key(2048, {"kid": "first", "use": "sig"}))
    signs_with: Any = None
    """Another key than the one it shows."""
    asked: list[dict[str, str]] = field(default_factory=list)
    codes: dict[str, dict[str, str]] = field(default_factory=dict)

    def write_token(self, nonce: str) -> str:
        key, now = self.signs_with or self.key, int(self.now.timestamp())
        claims = {
            "iss": self.issuer, "aud": CLIENT, "sub": "u-1", "exp": now + 300, "iat": now, "nonce": nonce,
            **({} if self.told_apart else self.tell()), **self.claims,
        }  # fmt: skip
        return jwt.encode({"alg": "RS256", "kid": key.kid}, {k: v for k, v in claims.items() if v is not None}, key)

    def tell(self) -> dict[str, Any]:
        return {"email": self.email, "email_verified": True}


def make_app(provider: Provider) -> FastAPI:
    app = FastAPI()

    @app.middleware("http")
    async def fail(request: Request, go_on: Any) -> Any:
        return JSONResponse({}, 503) if provider.down else await go_on(request)

    @app.get("/.well-known/openid-configuration")
    def describe() -> dict[str, Any]:
        pages = {name: f"{provider.issuer}/{name.partition('_')[0]}" for name in (
            "authorization_endpoint", "token_endpoint", "userinfo_endpoint", "jwks_uri")}  # fmt: skip
        return {
            "issuer": provider.issuer, **pages, "id_token_signing_alg_values_supported": ["RS256"],
            "token_endpoint_auth_methods_supported": ["client_secret_basic"],
        }  # fmt: skip

    @app.get("/jwks")
    def show_keys() -> dict[str, Any]:
        return {"keys": [provider.key.as_dict(private=False)]}

    @app.get("/authorization")
    def ask(request: Request) -> RedirectResponse:
        asked = dict(request.query_params)
        provider.asked.append(asked)
        if asked["client_id"] != CLIENT or asked["response_type"] != "code" or asked["code_challenge_method"] != "S256":
            raise HTTPException(400)
        if provider.refuses:
            said = {"error": "access_denied", "state": asked["state"]}
        else:
            code = secrets.token_urlsafe(8)
            provider.codes[code] = asked
            said = {"code": code, "state": asked["state"], "iss": provider.issuer}
        return RedirectResponse(f"{asked['redirect_uri']}?{urlencode(said)}", 302)

    @app.post("/token")
    def give(
        request: Request,
        code: Annotated[str, Form()],
        code_verifier: Annotated[str, Form()],
        redirect_uri: Annotated[str, Form()],
    ) -> Any:
        basic = base64.b64encode(f"{CLIENT}:{SECRET}".encode()).decode()
        asked = provider.codes.pop(code, None)  # once only
        challenge = base64.urlsafe_b64encode(hashlib.sha256(code_verifier.encode()).digest()).rstrip(b"=").decode()
        if (
            asked is None
            or request.headers.get("authorization") != f"Basic {basic}"
            or asked["code_challenge"] != challenge
            or asked["redirect_uri"] != redirect_uri
        ):
            return JSONResponse({"error": "invalid_grant"}, 400)
        token = provider.write_token(asked["nonce"])
        return {"access_token": "open-sesame", "token_type": "Bearer", "id_token": token}

    @app.get("/userinfo")
    def tell(request: Request) -> Any:
        if request.headers.get("authorization") != "Bearer open-sesame":
            raise HTTPException(401)
        return {"sub": "u-1", **provider.tell(), **provider.claims}

    return app


@contextmanager
def start_provider(now: datetime) -> Iterator[Provider]:
    (port,) = find_ports(1)
    provider = Provider(f"http://127.0.0.1:{port}", now)
    config = uvicorn.Config(make_app(provider), host="127.0.0.1", port=port, log_level="error", lifespan="off")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield provider
    server.should_exit = True
    thread.join(5)
