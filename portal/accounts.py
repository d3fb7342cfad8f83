"""The provider at which people have an account already (OpenID Connect): found by its address, and believed only by its
signature. It is used to learn one thing: which mail address is really theirs."""

import secrets
import threading
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from commitments.errors import TallyError
from commitments.settings import Settings

SECONDS_TO_ANSWER = 5.0
KEPT_SECONDS = 3600
"""For so long what the provider says about itself is believed, and its keys unless one is missing."""
_LEEWAY = 60
_NEEDED = ("authorization_endpoint", "token_endpoint", "jwks_uri")
_SIGNATURES = frozenset(
    ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519")
)


class Refusal(StrEnum):
    """Why nobody is signed in though the provider answered."""

    UNREACHABLE = "unreachable"
    BROKEN_OFF = "broken_off"
    NOT_BELIEVED = "not_believed"
    UNVERIFIED = "unverified"


class NotVouched(TallyError):
    """The provider does not say, or not so that it can be believed, whose address it is."""

    def __init__(self, refusal: Refusal, why: str) -> None:
        super().__init__(why)
        self.refusal = refusal


@dataclass(frozen=True, slots=True)
class Begun:
    """A sign-in that was begun: where the browser goes, and what it must bring back."""

    address: str
    state: str
    nonce: str
    verifier: str


class Accounts:
    """One provider, as the settings name it."""

    def __init__(self, issuer: str, client_id: str, client_secret: str, back: str) -> None:
        self._issuer, self._client_id, self._client_secret, self._back = issuer, client_id, client_secret, back
        self._lock = threading.Lock()
        self._said: dict[str, tuple[float, Mapping[str, Any]]] = {}

    def begin(self, now: datetime) -> Begun:
        """Where to send the browser, by a code that only this sign-in can use (PKCE). Raises NotVouched."""
        state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
        endpoint = self.describe(now)["authorization_endpoint"]
        client = self._open_client()
        address, _ = client.create_authorization_url(endpoint, state=state, nonce=nonce, code_verifier=verifier)
        return Begun(str(address), state, nonce, verifier)

    def vouch(self, code: str, nonce: str, verifier: str, now: datetime) -> str:
        """The mail address of who has signed in there, which the provider has verified. Raises NotVouched."""
        import httpx
        from authlib.common.errors import AuthlibBaseError

        described = self.describe(now)
        try:
            given = self._open_client(described).fetch_token(
                described["token_endpoint"], code=code, code_verifier=verifier, grant_type="authorization_code"
            )
        except httpx.HTTPError as fault:
            raise NotVouched(Refusal.UNREACHABLE, f"the provider's token page: {type(fault).__name__}") from fault
        except (AuthlibBaseError, ValueError) as refused:
            raise NotVouched(Refusal.NOT_BELIEVED, "the provider did not take the code") from refused
        claims = self._read(str(given.get("id_token") or ""), nonce, described, now)
        if "email" not in claims and described.get("userinfo_endpoint"):
            token = str(given.get("access_token") or "")
            told = self._fetch(str(described["userinfo_endpoint"]), {"Authorization": f"Bearer {token}"})
            if told.get("sub") != claims["sub"]:
                raise NotVouched(Refusal.NOT_BELIEVED, "what the provider tells is about somebody else")
            claims = {**told, **claims}
        address = claims.get("email")
        if not isinstance(address, str) or "@" not in address or claims.get("email_verified") not in (True, "true"):
            raise NotVouched(Refusal.UNVERIFIED, "the provider has not verified the mail address")
        return address.strip()

    def describe(self, now: datetime) -> Mapping[str, Any]:
        """What the provider says about itself. Raises NotVouched where it cannot be reached, or is another one."""
        described = self._keep(f"{self._issuer}/.well-known/openid-configuration", now)
        if str(described.get("issuer", "")).rstrip("/") != self._issuer:
            raise NotVouched(Refusal.NOT_BELIEVED, f"it calls itself {described.get('issuer')}")
        missing = [name for name in _NEEDED if not isinstance(described.get(name), str)]
        if missing:
            raise NotVouched(Refusal.NOT_BELIEVED, f"it does not say its {', '.join(missing)}")
        return described

    def speaks_here(self, issuer: str | None) -> bool:
        """Whether an answer that names its sender comes from this provider."""
        return issuer is None or issuer.rstrip("/") == self._issuer

    def _open_client(self, described: Mapping[str, Any] | None = None) -> Any:
        from authlib.deprecate import AuthlibDeprecationWarning

        with warnings.catch_warnings():
            # It would rather ask by httpx2. Prefect brings httpx, and one library that asks is enough while both do.
            # Authlib's own filter, made where this class is, shows the warning always: so ours comes after it.
            warnings.simplefilter("ignore", AuthlibDeprecationWarning)
            from authlib.integrations.httpx_client import OAuth2Client

        ways = (described or {}).get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
        return OAuth2Client(
            self._client_id,
            self._client_secret,
            scope="openid email",
            redirect_uri=self._back,
            code_challenge_method="S256",
            token_endpoint_auth_method="client_secret_basic" if "client_secret_basic" in ways else "client_secret_post",
            timeout=SECONDS_TO_ANSWER,
            follow_redirects=False,
        )

    def _read(self, token: str, nonce: str, described: Mapping[str, Any], now: datetime) -> dict[str, Any]:
        """The claims of an identity token, if it is the provider's, for us, of this sign-in, and of this hour."""
        from joserfc import jwt
        from joserfc.errors import JoseError
        from joserfc.jwk import KeySet

        known = _SIGNATURES & set(described.get("id_token_signing_alg_values_supported") or ["RS256"])
        wanted = jwt.JWTClaimsRegistry(
            now=int(now.timestamp()),
            leeway=_LEEWAY,
            iss={"essential": True, "value": str(described["issuer"])},
            aud={"essential": True, "value": self._client_id},
            sub={"essential": True},
            exp={"essential": True},
            iat={"essential": True},
            nonce={"essential": True, "value": nonce},
        )
        for attempt in (1, 2):
            keys = self._keep(str(described["jwks_uri"]), now, anew=attempt == 2)
            try:
                claims = jwt.decode(token, KeySet.import_key_set(keys), algorithms=sorted(known)).claims  # type: ignore[arg-type]
                wanted.validate(claims)
            except (JoseError, ValueError, TypeError, KeyError) as fault:
                if attempt == 2:
                    raise NotVouched(Refusal.NOT_BELIEVED, f"its token is not valid: {type(fault).__name__}") from fault
            else:
                break
        others = claims["aud"] if isinstance(claims["aud"], list) else [claims["aud"]]
        if claims.get("azp", self._client_id) != self._client_id or (len(others) > 1 and "azp" not in claims):
            raise NotVouched(Refusal.NOT_BELIEVED, "its token is for somebody else")
        return dict(claims)

    def _keep(self, address: str, now: datetime, *, anew: bool = False) -> Mapping[str, Any]:
        with self._lock:
            at, said = self._said.get(address, (0.0, None))
            if said is None or anew or not 0 <= now.timestamp() - at < KEPT_SECONDS:
                said = self._fetch(address, {})
                self._said[address] = now.timestamp(), said
            return said

    def _fetch(self, address: str, headers: Mapping[str, str]) -> Mapping[str, Any]:
        import httpx

        try:
            answer = httpx.get(address, headers=dict(headers), timeout=SECONDS_TO_ANSWER, follow_redirects=False)
            answer.raise_for_status()
            said = answer.json()
        except (httpx.HTTPError, httpx.InvalidURL, ValueError) as fault:
            raise NotVouched(Refusal.UNREACHABLE, f"{address}: {type(fault).__name__}") from fault
        if not isinstance(said, dict):
            raise NotVouched(Refusal.NOT_BELIEVED, f"{address} does not answer as a provider does")
        return said


def open_accounts(settings: Settings) -> Accounts | None:
    """The provider of the settings; None where none is named."""
    if settings.oidc_issuer is None or settings.oidc_client_id is None or settings.pages_url is None:
        return None
    secret = settings.oidc_client_secret.get_secret_value() if settings.oidc_client_secret is not None else ""
    return Accounts(
        settings.oidc_issuer, settings.oidc_client_id, secret, f"{settings.pages_url.rstrip('/')}/sign-in/back"
    )
