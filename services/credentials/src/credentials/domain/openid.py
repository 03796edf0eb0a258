"""OpenID Connect Core 1.0, as a client: what a provider is asked, what its answer has to prove (RFC 9700)."""

import base64
import hashlib
import hmac
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode, urlsplit

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from pydantic import SecretStr

from credentials.errors.people import EmailNotVerified, IdentityNotProven

# No symmetric one: the client secret is no signing key. "none" is none.
ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
LEEWAY_SECONDS = 60
LONGEST_TOKEN = 32_768
_SUBJECT = re.compile(r"[\x20-\x7e]{1,255}")  # Core §2: ASCII
_HALF_HASHES = {"256": hashlib.sha256, "384": hashlib.sha384, "512": hashlib.sha512, "DSA": hashlib.sha512}


@dataclass(frozen=True, slots=True)
class Metadata:
    """What a provider says of itself (OpenID Connect Discovery 1.0 §3)."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    userinfo_endpoint: str | None
    secret_in_body: bool
    names_itself: bool


@dataclass(frozen=True, slots=True)
class Begun:
    """A sign-in under way: only hashes of what the browser carries."""

    state_hash: bytes
    browser_hash: bytes
    company_id: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Person:
    """Who the provider says has signed in."""

    issuer: str
    subject: str
    email: str


def read_metadata(content: Any, issuer: str) -> Metadata:
    """Returns the metadata. Raises ValueError when it is another issuer's (§4.3), or lacks what is needed.

    Where people are sent to sign in is not called by us, so no fence sees it: it is https as the issuer is.
    """
    if not isinstance(content, Mapping) or content.get("issuer") != issuer:
        raise ValueError("it is of another issuer")
    for name in ("authorization_endpoint", "token_endpoint", "jwks_uri"):
        if not isinstance(content.get(name), str) or not _is_address(content[name], issuer):
            raise ValueError(f"it lacks {name}")
    methods = content.get("token_endpoint_auth_methods_supported")
    if not isinstance(methods, list):
        methods = ["client_secret_basic"]  # Discovery 1.0 §3: the default
    userinfo = content.get("userinfo_endpoint")
    return Metadata(
        issuer=issuer,
        authorization_endpoint=content["authorization_endpoint"],
        token_endpoint=content["token_endpoint"],
        jwks_uri=content["jwks_uri"],
        userinfo_endpoint=userinfo if isinstance(userinfo, str) else None,
        secret_in_body="client_secret_basic" not in methods and "client_secret_post" in methods,
        names_itself=content.get("authorization_response_iss_parameter_supported") is True,
    )


def _is_address(text: str, issuer: str) -> bool:
    parsed = urlsplit(text)
    return parsed.scheme in {"https", urlsplit(issuer).scheme} and parsed.hostname is not None


def derived(pepper: bytes, purpose: str, state: SecretStr) -> str:
    """Returns the nonce or the PKCE verifier of a state: nobody without the pepper can tell it."""
    content = f"openid-{purpose}\x00{state.get_secret_value()}".encode()
    return _base64url(hmac.new(pepper, content, hashlib.sha256).digest())


def authorization_url(
    metadata: Metadata, *, client_id: str, redirect_uri: str, scopes: str, state: SecretStr, pepper: bytes
) -> str:
    """Returns where the browser goes to sign in (Core §3.1.2.1; PKCE S256, RFC 7636 §4.3)."""
    challenge = hashlib.sha256(derived(pepper, "verifier", state).encode()).digest()
    query = {
        "response_type": "code",
        "client_id": client_id,
        "redirect_uri": redirect_uri,
        "scope": scopes,
        "state": state.get_secret_value(),
        "nonce": derived(pepper, "nonce", state),
        "code_challenge": _base64url(challenge),
        "code_challenge_method": "S256",
    }
    separator = "&" if urlsplit(metadata.authorization_endpoint).query else "?"
    return f"{metadata.authorization_endpoint}{separator}{urlencode(query)}"


def verified(
    id_token: str, keys: KeySet, *, issuer: str, client_id: str, nonce: str, access_token: str, now: datetime
) -> Mapping[str, Any]:
    """Returns the claims of an ID token. Raises IdentityNotProven for every fault of it (Core §3.1.3.7)."""
    if len(id_token) > LONGEST_TOKEN:
        raise IdentityNotProven
    registry = jwt.JWTClaimsRegistry(
        now=int(now.timestamp()),
        leeway=LEEWAY_SECONDS,
        iss={"essential": True, "value": issuer},
        aud={"essential": True, "value": client_id},
        sub={"essential": True},
        exp={"essential": True},
        iat={"essential": True},
        nonce={"essential": True, "value": nonce},
    )
    try:
        token = jwt.decode(id_token, keys, algorithms=list(ALGORITHMS))
        registry.validate(token.claims)
    except (JoseError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise IdentityNotProven from error
    claims = token.claims
    audience = claims["aud"] if isinstance(claims["aud"], list) else [claims["aud"]]
    if claims.get("azp", client_id if len(audience) == 1 else None) != client_id:
        raise IdentityNotProven
    if not isinstance(claims["sub"], str) or not _SUBJECT.fullmatch(claims["sub"]):
        raise IdentityNotProven
    said = claims.get("at_hash")
    if said is not None and said != _half_hash(access_token, str(token.header["alg"])):
        raise IdentityNotProven
    return claims


def person_of(issuer: str, claims: Mapping[str, Any]) -> Person:
    """Returns the person. Raises EmailNotVerified unless the provider vouches for the address."""
    email = claims.get("email")
    if not isinstance(email, str) or not 3 <= len(email) <= 320 or claims.get("email_verified") is not True:
        raise EmailNotVerified
    # Users are found in whatever form an address is written: a look-alike is another mailbox. What cannot be
    # printed (a NUL, half a character) is in no address, and PostgreSQL does not take it.
    if not email.isprintable() or not unicodedata.is_normalized("NFKC", email):
        raise EmailNotVerified
    return Person(issuer, claims["sub"], email)


def digest(text: SecretStr) -> bytes:
    """Returns what is kept of a state, or of what binds it to a browser: both are random."""
    return hashlib.sha256(text.get_secret_value().encode()).digest()


def _half_hash(access_token: str, algorithm: str) -> str:
    hashed = _HALF_HASHES[algorithm[-3:]](access_token.encode()).digest()
    return _base64url(hashed[: len(hashed) // 2])


def _base64url(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode().rstrip("=")
