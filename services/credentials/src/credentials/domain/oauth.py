"""Our token endpoint's rules: client credentials (RFC 6749 §4.4), errors (§5.2), JWT claims (RFC 9068)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, KeySet, KeySetSerialization
from pydantic import SecretStr

from credentials.domain.clients import ClientVersion
from credentials.errors import TokenRequestRefused

SCOPES = ("packages_view", "orders_modify")
ALGORITHM = "ES256"
# RFC 6749 appendix A.1, A.2: what an id or a secret can hold.
_VISIBLE = re.compile(r"[\x20-\x7e]+")
_LONGEST_TOKEN = 4096


@dataclass(frozen=True, slots=True)
class TokenRequest:
    """A well-formed request; who asks is not checked yet."""

    client_id: str
    client_secret: SecretStr
    scope: str


@dataclass(frozen=True, slots=True)
class RevocationRequest:
    """A client that gives a token up (RFC 7009 §2.1)."""

    client_id: str
    client_secret: SecretStr
    token: str


@dataclass(frozen=True, slots=True)
class LivingToken:
    """What an unexpired token of ours says."""

    token_id: str
    client_id: str
    company_id: str
    expires_at: datetime


def read_request(form: Mapping[str, Any]) -> TokenRequest:
    """Returns the request in a form's fields. Raises TokenRequestRefused."""
    grant_type, scope = _text(form, "grant_type"), _text(form, "scope")
    if not grant_type:
        raise TokenRequestRefused("invalid_request", "grant_type is missing")
    client_id, client_secret = _client(form)
    if grant_type != "client_credentials":
        raise TokenRequestRefused("unsupported_grant_type", "only client_credentials is supported")
    return TokenRequest(client_id, client_secret, scope)


def read_revocation(form: Mapping[str, Any]) -> RevocationRequest:
    """Returns the request in a form's fields. Raises TokenRequestRefused."""
    token = _text(form, "token")
    if not token:
        raise TokenRequestRefused("invalid_request", "token is missing")
    client_id, client_secret = _client(form)
    return RevocationRequest(client_id, client_secret, token)


def _client(form: Mapping[str, Any]) -> tuple[str, SecretStr]:
    client_id, client_secret = _text(form, "client_id"), _text(form, "client_secret")
    if not _VISIBLE.fullmatch(client_id) or not _VISIBLE.fullmatch(client_secret):
        raise unknown_client()
    return client_id, SecretStr(client_secret)


def _text(form: Mapping[str, Any], name: str) -> str:
    value = form.get(name)
    if value is not None and not isinstance(value, str):
        raise TokenRequestRefused("invalid_request", f"{name} is one text")
    return value or ""


def unknown_client() -> TokenRequestRefused:
    """Returns the one answer to an unknown client, a wrong secret and no authentication at all."""
    return TokenRequestRefused("invalid_client", "client authentication failed")


def granted_scope(asked: str) -> str:
    """Returns the scope of the token: what was asked for, in our order; all of it when nothing was.

    Raises TokenRequestRefused for a scope we do not have (RFC 6749 §3.3).
    """
    names = set(asked.split())
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


def read_token(token: str, keys: KeySetSerialization, now: datetime) -> LivingToken | None:
    """Returns what a token of ours says; None for one that is expired, or none of ours at all."""
    if len(token) > _LONGEST_TOKEN:
        return None
    try:
        said = jwt.decode(token, KeySet.import_key_set(keys), algorithms=[ALGORITHM]).claims
        expires_at = datetime.fromtimestamp(said["exp"], UTC)
        found = LivingToken(said["jti"], said["sub"], said["company_id"], expires_at)
    except (JoseError, ValueError, TypeError, KeyError, OverflowError, RecursionError):
        return None
    return found if now < expires_at else None
