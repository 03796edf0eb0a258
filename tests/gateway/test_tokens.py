"""Reading access tokens and token requests: whatever comes."""

import base64
from datetime import UTC, datetime
from typing import Any

import pytest
from gateway.domain.token_requests import read_token_request
from gateway.domain.tokens import UnknownKey, parse_keys, verify
from gateway.errors import TokenRequestRefused, Unauthenticated
from hypothesis import example, given
from hypothesis import strategies as st

from tests.gateway.support.credentials import FakeCredentials
from tests.gateway.support.world import ISSUER

NOW = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
CREDENTIALS = FakeCredentials(issuer=ISSUER)
KEYS = parse_keys({"keys": [key.as_dict(private=False) for key in CREDENTIALS.keys]})
TOKEN = CREDENTIALS.sign()


@given(st.text(max_size=200) | st.text(alphabet="abcXYZ019-_.=", max_size=200))
@example("..")
@example("e30.e30.e30")
@example(TOKEN + "A")
@example(TOKEN.replace(".", "..", 1))
def test_whatever_comes_is_a_principal_or_a_refusal(text: str) -> None:
    with pytest.raises((Unauthenticated, UnknownKey)):
        _ = verify(text, keys=KEYS, issuer=ISSUER, now=NOW.timestamp())


@given(st.integers(min_value=0, max_value=len(TOKEN) - 1), st.sampled_from("ABCDEFGHabcdefgh0123456789-_."))
def test_no_character_of_a_token_may_change(place: int, character: str) -> None:
    changed = TOKEN[:place] + character + TOKEN[place + 1 :]
    now = datetime.now(UTC).timestamp()
    assert verify(TOKEN, keys=KEYS, issuer=ISSUER, now=now).company_id == "acme"
    if _bytes_of(changed) != _bytes_of(TOKEN):
        with pytest.raises((Unauthenticated, UnknownKey)):
            _ = verify(changed, keys=KEYS, issuer=ISSUER, now=now)


def _bytes_of(token: str) -> list[bytes] | None:
    """The last character of a part may hold bits that mean nothing."""
    try:
        return [base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)) for part in token.split(".")]
    except ValueError:
        return None


@given(
    st.recursive(
        st.none() | st.text() | st.integers(), lambda part: st.lists(part) | st.dictionaries(st.text(), part)
    )
)
def test_whatever_the_key_document_is_it_is_read(document: Any) -> None:
    assert parse_keys(document) == {}
    assert parse_keys({"keys": document}) == {}
    assert (
        parse_keys({"keys": [{"kty": "EC", "crv": "P-256", "kid": "k", "x": document, "y": document}]}) == {}
    )


def test_a_token_lives_until_its_expiry() -> None:
    token = CREDENTIALS.sign(exp=2_000_000_000)
    assert verify(token, keys=KEYS, issuer=ISSUER, now=1_999_999_999.9).expires_at == 2_000_000_000
    with pytest.raises(Unauthenticated, match="expired"):
        _ = verify(token, keys=KEYS, issuer=ISSUER, now=2_000_000_000)


@given(
    st.binary(max_size=300),
    st.none() | st.text(max_size=80),
    st.sampled_from(["application/x-www-form-urlencoded", ""]),
)
def test_whatever_comes_to_the_token_endpoint_is_refused_in_its_form(
    body: bytes, authorization: str | None, content_type: str
) -> None:
    with pytest.raises(TokenRequestRefused) as refused:
        _ = read_token_request(content_type, body, authorization)
    assert refused.value.error in {"invalid_request", "invalid_client", "unsupported_grant_type"}
    assert refused.value.description.isprintable()
    assert refused.value.description.isascii()
