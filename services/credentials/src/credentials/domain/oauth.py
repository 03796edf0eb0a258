"""Our token endpoint's rules: client credentials (RFC 6749 §4.4), errors (§5.2), JWT claims (RFC 9068)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from joserfc import jwt
from joserfc.jwk import ECKey
from pydantic import SecretStr

from credentials.domain.clients import ClientVersion
from credentials.errors import TokenRequestRefused

SCOPES = ("packages_view", "orders_modify")
ALGORITHM = "ES256"


@dataclass(frozen=True, slots=True)
class TokenRequest:
    """A well-formed request; who asks is not checked yet."""

    client_id: str
    client_secret: SecretStr
    scope: str | None


def read_request(form: Mapping[str, Any]) -> TokenRequest:
    """Returns the request in a form's fields. Raises TokenRequestRefused."""
    given = {name: form.get(name) for name in ("grant_type", "client_id", "client_secret", "scope")}
    if any(value is not None and not isinstance(value, str) for value in given.values()):
        raise TokenRequestRefused("invalid_request", "each parameter is one text")
    if not given["grant_type"]:
        raise TokenRequestRefused("invalid_request", "grant_type is missing")
    if not given["client_id"] or not given["client_secret"]:
        raise unknown_client()
    if given["grant_type"] != "client_credentials":
        raise TokenRequestRefused("unsupported_grant_type", "only client_credentials is supported")
    return TokenRequest(given["client_id"], SecretStr(given["client_secret"]), given["scope"])


def unknown_client() -> TokenRequestRefused:
    """Returns the one answer to an unknown client, a wrong secret and no authentication at all."""
    return TokenRequestRefused("invalid_client", "client authentication failed")


def granted_scope(asked: str | None) -> str:
    """Returns the scope of the token: what was asked for, in our order; all of it when nothing was.

    Raises TokenRequestRefused for a scope we do not have (RFC 6749 §3.3).
    """
    names = set((asked or "").split())
    if not names:
        return " ".join(SCOPES)
    if not names <= set(SCOPES):
        raise TokenRequestRefused("invalid_scope", f"scopes are {' '.join(SCOPES)}")
    return " ".join(name for name in SCOPES if name in names)


def claims(
    client: ClientVersion, *, scope: str, issuer: str, now: datetime, ttl_seconds: int, token_id: str
) -> dict[str, Any]:
    """Returns the claims of an access token; `ver` lets one version's tokens die alone."""
    issued = int(now.timestamp())
    return {
        "iss": issuer,
        "aud": issuer,
        "sub": client.client_id,
        "client_id": client.client_id,
        "company_id": client.company_id,
        "scope": scope,
        "ver": client.version,
        "jti": token_id,
        "iat": issued,
        "exp": issued + ttl_seconds,
    }


def sign(content: Mapping[str, Any], key: ECKey, key_id: str) -> str:
    """Returns the token: ES256, typ at+jwt (RFC 9068 §2.1)."""
    header = {"alg": ALGORITHM, "typ": "at+jwt", "kid": key_id}
    return jwt.encode(header, dict(content), key, algorithms=[ALGORITHM])
