"""The pure rules: sealing, secrets, token requests, attempts, keys, people."""

import base64
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from credentials.domain import clients, keys, oauth
from credentials.domain.attempts import LONGEST, AttemptRule, Attempts
from credentials.domain.clients import ClientVersion
from credentials.domain.integrations import Integration, State, connected, disabled, rotated
from credentials.domain.people import account_of, address_of, login_of, ticket_hash
from credentials.domain.sealing import NONCE_BYTES, Sealed, SealingKeys
from credentials.errors import SealBroken, TokenRequestRefused
from credentials.settings import OpenIdSettings
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jwt
from joserfc.jwk import ECKey
from pydantic import SecretStr

NOW = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
KEY_A, KEY_B = (base64.b64encode(bytes([number]) * 32).decode() for number in (1, 2))
NONCE = bytes(NONCE_BYTES)


@given(
    plain=st.binary(max_size=200), identity=st.text(max_size=50), nonce=st.binary(min_size=12, max_size=12)
)
def test_what_is_sealed_opens_for_its_own_row_alone(plain: bytes, identity: str, nonce: bytes) -> None:
    sealing = SealingKeys.parse(f"a:{KEY_A}")
    sealed = sealing.seal(plain, identity=identity, nonce=nonce)
    assert sealing.open(sealed, identity=identity) == plain
    with pytest.raises(SealBroken):
        sealing.open(sealed, identity=identity + "x")


@given(place=st.integers(0, 12 + 5 + 15), flip=st.integers(1, 255))
def test_a_changed_byte_is_found(place: int, flip: int) -> None:
    sealing = SealingKeys.parse(f"a:{KEY_A}")
    box = bytearray(sealing.seal(b"plain", identity="row", nonce=NONCE).box)
    box[place] ^= flip
    with pytest.raises(SealBroken):
        sealing.open(Sealed("a", bytes(box)), identity="row")


def test_the_first_key_seals_and_every_key_opens() -> None:
    old = SealingKeys.parse(f"a:{KEY_A}")
    both = SealingKeys.parse(f"b:{KEY_B}, a:{KEY_A}")
    assert both.current == "b"
    assert both.open(old.seal(b"x", identity="r", nonce=NONCE), identity="r") == b"x"
    with pytest.raises(SealBroken):
        old.open(both.seal(b"x", identity="r", nonce=NONCE), identity="r")
    with pytest.raises(SealBroken):
        old.open(Sealed("a", b""), identity="r")


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "at least one key"),
        (" , ", "at least one key"),
        (KEY_A, "key 1 has 0 bytes"),
        (f":{KEY_A}", "needs an id"),
        (f"a:{KEY_A},a:{KEY_B}", "key 2 needs an id of its own"),
        ("a:not base64!", "key 1 is not base64"),
        (f"a:{KEY_A},b:{base64.b64encode(b'short').decode()}", "key 2 has 5 bytes"),
    ],
)
def test_a_bad_key_is_named_without_being_shown(text: str, fault: str) -> None:
    with pytest.raises(ValueError, match=fault) as raised:
        SealingKeys.parse(text)
    assert KEY_A not in str(raised.value)


def version(number: int, secret: str, until: datetime | None = None) -> ClientVersion:
    return ClientVersion("acme", "sr-1", number, clients.digest(b"pepper", SecretStr(secret)), until)


@pytest.mark.parametrize(
    ("versions", "presented", "found"),
    [
        ([], "one", None),
        ([version(1, "one")], "one", 1),
        ([version(1, "one")], "two", None),
        ([version(2, "two"), version(1, "one")], "one", 1),
        ([version(2, "two"), version(1, "one")], "two", 2),
        ([version(2, "two"), version(1, "one", NOW + timedelta(seconds=1))], "one", 1),
        ([version(2, "two"), version(1, "one", NOW)], "one", None),
        ([version(3, "three"), version(2, "two"), version(1, "one")], "one", None),
    ],
)
def test_two_versions_are_good_at_once(
    versions: list[ClientVersion], presented: str, found: int | None
) -> None:
    match = clients.matching(versions, clients.digest(b"pepper", SecretStr(presented)), NOW)
    assert (match.version if match else None) == found


def test_without_the_pepper_a_hash_tells_nothing() -> None:
    assert clients.digest(b"one", SecretStr("s")) != clients.digest(b"two", SecretStr("s"))


FORM = {"grant_type": "client_credentials", "client_id": "c", "client_secret": "s"}


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"grant_type": None}, "invalid_request"),
        ({"grant_type": ""}, "invalid_request"),
        ({"grant_type": ["client_credentials"]}, "invalid_request"),
        ({"scope": 7}, "invalid_request"),
        ({"client_id": None}, "invalid_client"),
        ({"client_secret": ""}, "invalid_client"),
        ({"grant_type": "password"}, "unsupported_grant_type"),
    ],
)
def test_malformed_token_requests(changes: dict[str, Any], error: str) -> None:
    with pytest.raises(TokenRequestRefused) as raised:
        oauth.read_request(FORM | changes)
    assert raised.value.error == error
    assert raised.value.http_status == (401 if error == "invalid_client" else 400)


@given(st.dictionaries(st.sampled_from(["grant_type", "client_id", "client_secret", "scope"]), st.text()))
def test_a_token_request_is_read_or_refused(form: dict[str, str]) -> None:
    try:
        request = oauth.read_request(form)
    except TokenRequestRefused:
        return
    assert (request.client_id, request.client_secret.get_secret_value()) == (
        form["client_id"],
        form["client_secret"],
    )


@given(st.lists(st.sampled_from([*oauth.SCOPES, "admin"])).map(" ".join))
def test_the_scope_is_what_was_asked_for_within_ours(asked: str) -> None:
    names = set(asked.split())
    if names <= set(oauth.SCOPES):
        assert set(oauth.granted_scope(asked).split()) == (names or set(oauth.SCOPES))
        return
    with pytest.raises(TokenRequestRefused) as raised:
        oauth.granted_scope(asked)
    assert raised.value.error == "invalid_scope"


def test_a_signed_token_is_what_rfc_9068_says() -> None:
    key = ECKey.generate_key("P-256")
    content = oauth.claims(
        version(3, "x"), scope="packages_view", issuer="https://us", now=NOW, ttl_seconds=60, token_id="j"
    )
    token = jwt.decode(oauth.sign(content, key, "kid-1"), key, algorithms=["ES256"])
    assert token.header == {"alg": "ES256", "typ": "at+jwt", "kid": "kid-1"}
    assert token.claims == {
        "iss": "https://us",
        "aud": "https://us",
        "sub": "sr-1",
        "client_id": "sr-1",
        "company_id": "acme",
        "scope": "packages_view",
        "ver": 3,
        "jti": "j",
        "iat": int(NOW.timestamp()),
        "exp": int(NOW.timestamp()) + 60,
    }


RULE = AttemptRule(free=3, first_delay=timedelta(seconds=30), forgotten_after=timedelta(hours=1))
LOCKING = replace(RULE, lockout=5, lockout_delay=timedelta(hours=24))


def test_the_delay_doubles_up_to_its_longest() -> None:
    attempts, delays = Attempts(), []
    for _ in range(12):
        attempts = RULE.after_one_more(attempts, NOW)
        delays.append(RULE.waits(attempts, NOW))
    seconds = [delay.total_seconds() if delay else 0 for delay in delays]
    assert seconds == [0, 0, 30, 60, 120, 240, 480, 900, 900, 900, 900, 900]


@given(st.integers(0, 10**6), st.integers(0, 10**6))
def test_more_failures_never_wait_less(some: int, more: int) -> None:
    waits = [
        RULE.waits(RULE.after_one_more(Attempts(count), NOW), NOW) or timedelta()
        for count in (some, some + more)
    ]
    assert waits[0] <= waits[1] <= LONGEST


def test_many_wrong_ones_lock_for_long_and_each_further_one_again() -> None:
    attempts, delays = Attempts(), []
    for _ in range(6):
        attempts = LOCKING.after_one_more(attempts, NOW)
        delays.append(LOCKING.waits(attempts, NOW))
    day = timedelta(hours=24)
    assert delays == [None, None, timedelta(seconds=30), timedelta(seconds=60), day, day]


@pytest.mark.parametrize(("after", "failures"), [(3599, 10), (3600, 1)])
def test_old_ones_are_forgotten_after_the_last_wait(after: int, failures: int) -> None:
    blocked = Attempts(9, NOW + timedelta(seconds=60), NOW)
    later = NOW + timedelta(seconds=60 + after)
    assert RULE.after_one_more(blocked, later).failures == failures


def test_a_right_one_takes_itself_back_and_nothing_else() -> None:
    assert RULE.after_a_right_one(RULE.after_one_more(Attempts(), NOW)) == Attempts(0, None, NOW)
    at_the_edge = RULE.after_one_more(Attempts(2, None, NOW), NOW)
    assert RULE.after_a_right_one(at_the_edge) == Attempts(2, None, NOW)
    beyond = Attempts(9, NOW + timedelta(seconds=60), NOW)
    assert RULE.after_a_right_one(beyond) == replace(beyond, failures=8), "what others did wrong stays"


def test_a_wait_ends() -> None:
    blocked = Attempts(5, NOW)
    assert RULE.waits(blocked, NOW) is None
    assert RULE.waits(blocked, NOW - timedelta(seconds=9)) == timedelta(seconds=9)


@pytest.mark.parametrize("email", ["Ada@Example.com", " ada@example.COM ", "\uff41da@example.com"])
def test_an_address_is_one_however_it_is_written(email: str) -> None:
    assert login_of(email) == "ada@example.com"
    assert account_of(b"p", email) == account_of(b"p", "ada@example.com")


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("192.0.2.1", "192.0.2.2", False),
        ("192.0.2.1", "::ffff:192.0.2.1", True),
        ("2001:db8::1", "2001:db8:0:0:ffff::2", True),
        ("2001:db8::1", "2001:db8:0:1::1", False),
        ("2001:db8::1", "2001:db8::/64", True),
    ],
)
def test_addresses_are_counted_by_who_holds_them(one: str, other: str, *, same: bool) -> None:
    assert (address_of(b"p", one) == address_of(b"p", other)) is same


def test_an_address_and_an_account_of_one_name_are_two() -> None:
    assert address_of(b"p", "192.0.2.1") != account_of(b"p", "192.0.2.1")
    with pytest.raises(ValueError, match="does not appear to be"):
        address_of(b"p", "ada@example.com")


def test_neither_account_nor_ticket_shows_what_it_is_of() -> None:
    assert b"ada" not in account_of(b"p", "ada@example.com")
    assert account_of(b"p", "a@b") != account_of(b"q", "a@b")
    assert ticket_hash(SecretStr("t")) != b"t"


def stored(number: int, active_from: datetime) -> keys.StoredKey:
    return keys.StoredKey(f"k{number}", {}, Sealed("a", b""), active_from)


def test_the_newest_active_key_signs() -> None:
    known = [stored(1, NOW - timedelta(days=1)), stored(2, NOW), stored(3, NOW + timedelta(seconds=1))]
    chosen = keys.signing(known, NOW)
    assert chosen is not None
    assert chosen.kid == "k2"
    assert keys.signing([], NOW) is None


def test_a_key_is_kept_sealed_and_published_without_its_private_half() -> None:
    sealing, key = SealingKeys.parse(f"a:{KEY_A}"), ECKey.generate_key("P-256")
    kept = keys.to_stored(key, sealing, nonce=NONCE, active_from=NOW)
    assert set(kept.public_jwk) == {"kty", "crv", "x", "y", "kid", "use", "alg"}
    assert key.as_pem(private=True) not in kept.sealed.box
    assert keys.opened(kept, sealing).as_dict(private=True)["d"] == key.as_dict(private=True)["d"]


def test_events_tell_state_and_versions_and_repeat_under_one_id() -> None:
    integration = Integration("acme", UUID(int=1), "sr-1", State.CONNECTED, NOW, (1, 2))
    event = connected(integration)
    assert event.id == connected(integration).id
    assert event.id != rotated(integration).id != disabled(integration).id
    assert (event.subject, event.data.state, event.data.credential_versions) == ("acme", "connected", (1, 2))
    assert disabled(integration).data.state == "disabled"


@pytest.mark.parametrize("setting", ["transit_url", "oidc_issuer"])
def test_keys_and_sign_ins_go_over_https(setting: str) -> None:
    needed = {
        "database_url": "postgresql://a@b/c",
        "encryption_keys": f"a:{KEY_A}",
        "oidc_client_id": "bridge",
    }
    for address in ("", "https://vault.internal:8200", "http://127.0.0.1:8200", "http://localhost:8200"):
        settings = OpenIdSettings.model_validate(needed | {setting: address})
        assert getattr(settings, setting) == address
    with_a_password = "https://name:" + "word@vault.internal"  # in two: else the scanner finds a secret
    for address in ("http://vault.internal:8200", "http://10.0.0.1", with_a_password):
        with pytest.raises(ValueError, match="is https, or http on this machine") as refused:
            OpenIdSettings.model_validate(needed | {setting: address})
        assert "word@" not in str(refused.value)
