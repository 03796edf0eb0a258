"""Reading access tokens: ES256 JWTs of RFC 9068, and nothing that merely looks like one."""

from collections.abc import Mapping
from typing import Any

from contracts.types import CompanyId
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, GuestProtocol
from pydantic import BaseModel, ConfigDict, Field, StrictInt, StrictStr, ValidationError

from gateway.domain.principal import Principal
from gateway.errors import Unauthenticated

_LONGEST = 4096
_SKEW_SECONDS = 30
_TYPES = frozenset({"at+jwt", "application/at+jwt"})


class UnknownKey(Exception):
    """The token names a key we have not got: perhaps a new one."""


class _Claims(BaseModel):
    model_config = ConfigDict(extra="ignore")

    iss: StrictStr
    aud: StrictStr | list[StrictStr]
    sub: StrictStr = Field(min_length=1)
    company_id: CompanyId
    scope: StrictStr
    jti: StrictStr = Field(min_length=1, max_length=128)
    ver: StrictInt
    iat: StrictInt
    exp: StrictInt
    nbf: StrictInt | None = None


def parse_keys(document: Any) -> dict[str, ECKey]:
    """Returns the ES256 keys of a JWK set by id; other keys are passed over (RFC 7517 §5: SHOULD ignore)."""
    listed = document.get("keys") if isinstance(document, dict) else None
    keys: dict[str, ECKey] = {}
    for entry in listed if isinstance(listed, list) else []:
        if not isinstance(entry, dict) or entry.get("kty") != "EC" or entry.get("crv") != "P-256":
            continue
        identity = entry.get("kid")
        if not isinstance(identity, str) or entry.get("use", "sig") != "sig":
            continue
        public = {name: entry[name] for name in ("kty", "crv", "x", "y") if name in entry}
        try:
            keys[identity] = ECKey.import_key(public)
        except (JoseError, ValueError, TypeError):
            continue
    return keys


def verify(token: str, *, keys: Mapping[str, ECKey], issuer: str, now: float) -> Principal:
    """Returns whom the token speaks for.

    Raises Unauthenticated for anything but an unexpired token of ours, UnknownKey when its key is not there.
    """
    if len(token) > _LONGEST:
        raise Unauthenticated("the token is too long")
    claims = _read(token, keys)
    audience = [claims.aud] if isinstance(claims.aud, str) else claims.aud
    if claims.iss != issuer or issuer not in audience:
        raise Unauthenticated("the token was not made for this service")
    if claims.exp <= now:
        raise Unauthenticated("the token has expired")
    if max(claims.iat, claims.nbf or 0) > now + _SKEW_SECONDS:
        raise Unauthenticated("the token is from the future")
    return Principal(
        company_id=claims.company_id,
        client_id=claims.sub,
        token_id=claims.jti,
        version=claims.ver,
        scopes=frozenset(claims.scope.split()),
        issued_at=claims.iat,
        expires_at=claims.exp,
    )


def _read(token: str, keys: Mapping[str, ECKey]) -> _Claims:
    def find(guest: GuestProtocol) -> ECKey:
        identity = guest.headers().get("kid")
        if not isinstance(identity, str):
            raise Unauthenticated("the token names no key")
        if identity not in keys:
            raise UnknownKey
        return keys[identity]

    try:
        read = jwt.decode(token, find, algorithms=["ES256"])
        if str(read.header.get("typ", "")).lower() not in _TYPES:
            raise Unauthenticated("the token is not an access token")
        return _Claims.model_validate(read.claims)
    except (
        JoseError,
        ValidationError,
        ValueError,
        TypeError,
        KeyError,
        AttributeError,
        RecursionError,
    ) as error:
        raise Unauthenticated("the token cannot be verified") from error
