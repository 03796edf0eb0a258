"""Reading token requests (RFC 6749 §2.3.1, §3.2, §4.4.2) and revocations (RFC 7009 §2.1)."""

import base64
import binascii
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, unquote_plus

from gateway.errors import TokenRequestRefused

_PARAMETERS = 32
# Far longer than any we give out: what is counted by the id has to have an end.
_LONGEST_ID = 256


@dataclass(frozen=True, slots=True)
class TokenRequest:
    """Who wants a token."""

    grant_type: str
    client_id: str
    client_secret: str = field(repr=False)
    scope: str | None = None


@dataclass(frozen=True, slots=True)
class RevocationRequest:
    """Who gives a token up."""

    client_id: str
    client_secret: str = field(repr=False)
    token: str = field(repr=False)


def read_token_request(content_type: str, body: bytes, authorization: str | None) -> TokenRequest:
    """Returns the request. Raises TokenRequestRefused with RFC 6749 §5.2's error."""
    form = _read_form(content_type, body)
    client_id, client_secret = _read_client(form, authorization)
    grant_type = form.get("grant_type")
    if grant_type is None:
        raise _invalid("grant_type is missing")
    if grant_type != "client_credentials":
        raise TokenRequestRefused(400, "unsupported_grant_type", "grant_type must be client_credentials")
    return TokenRequest(grant_type, client_id, client_secret, form.get("scope"))


def read_revocation_request(content_type: str, body: bytes, authorization: str | None) -> RevocationRequest:
    """Returns the request; token_type_hint is no help with one type of token. Raises TokenRequestRefused."""
    form = _read_form(content_type, body)
    client_id, client_secret = _read_client(form, authorization)
    if "token" not in form:
        raise _invalid("token is missing")
    return RevocationRequest(client_id, client_secret, form["token"])


def _read_form(content_type: str, body: bytes) -> dict[str, str]:
    if content_type != "application/x-www-form-urlencoded":
        raise _invalid("the body must be application/x-www-form-urlencoded")
    try:
        pairs = parse_qsl(
            body.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=_PARAMETERS
        )
    except (UnicodeDecodeError, ValueError) as error:
        raise _invalid("the form cannot be read") from error
    # §3.2: parameters must not be included more than once; without a value they are as if omitted.
    names = [name for name, _ in pairs]
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        raise _invalid(f"{_printable(repeated[0])} is given more than once")
    if any("\0" in value for _, value in pairs):
        raise _invalid("the form cannot be read")
    return {name: value for name, value in pairs if value}


def _read_client(form: dict[str, str], authorization: str | None) -> tuple[str, str]:
    client_id, client_secret = _presented(form, authorization)
    if len(client_id) > _LONGEST_ID:
        raise TokenRequestRefused(401, "invalid_client", "client authentication failed")
    return client_id, client_secret


def _presented(form: dict[str, str], authorization: str | None) -> tuple[str, str]:
    if authorization is None:
        if "client_id" not in form or "client_secret" not in form:
            raise TokenRequestRefused(401, "invalid_client", "client_id and client_secret are required")
        return form["client_id"], form["client_secret"]
    client_id, client_secret = _read_basic(authorization)
    # §2.3: no more than one way in each request; repeating the id beside Basic names the same client.
    if "client_secret" in form or form.get("client_id", client_id) != client_id:
        raise _invalid("the client authenticates in more than one way")
    return client_id, client_secret


def _read_basic(authorization: str) -> tuple[str, str]:
    scheme, _, encoded = authorization.partition(" ")
    refused = TokenRequestRefused(
        401, "invalid_client", "the Authorization header is not Basic with id and secret"
    )
    if scheme.lower() != "basic":
        raise refused
    try:
        decoded = base64.b64decode(encoded.strip(), validate=True).decode("utf-8")
        # §2.3.1: both are form-encoded before they are joined.
        client_id, colon, client_secret = decoded.partition(":")
        pair = unquote_plus(client_id, errors="strict"), unquote_plus(client_secret, errors="strict")
    except (binascii.Error, ValueError) as error:
        raise refused from error
    if not colon or not all(pair) or "\0" in "".join(pair):
        raise refused
    return pair


def _invalid(description: str) -> TokenRequestRefused:
    return TokenRequestRefused(400, "invalid_request", description)


def _printable(name: str) -> str:
    """RFC 6749 §5.2 allows few characters in error_description."""
    return name if name.isidentifier() and name.isascii() and len(name) <= 40 else "a parameter"
