"""Sign-in at an identity provider, honest and hostile (OpenID Connect Core 1.0 §3.1, RFC 9700)."""

import time
from collections.abc import AsyncIterator
from typing import Any

import pytest
from joserfc.jwk import RSAKey

from tests.credentials.support.provider import (
    CLIENT_ID,
    Provider,
    other_key,
    shared_secret,
    unsigned,
)
from tests.credentials.support.world import EMAIL, PASSWORD, Answer, World
from tests.support.ports import free_port

BROWSER, VISIT = "b" * 43, "d.visit-token"


@pytest.fixture
async def provider() -> AsyncIterator[Provider]:
    made = Provider()
    async with made.serving():
        yield made


def configured(provider: Provider, **changes: Any) -> dict[str, Any]:
    return provider.settings | changes


@pytest.fixture
async def world(surroundings: World, provider: Provider) -> World:
    await surroundings.start(**configured(provider))
    await surroundings.add_user()
    return surroundings


async def begin(world: World, browser: str = BROWSER, company_id: str = "acme") -> Answer:
    body = {"company_id": company_id, "visit": VISIT, "browser": browser}
    return await world.call("/internal/consent/openid/begin", body)


async def finish(world: World, state: str, **changes: Any) -> Answer:
    body = {"company_id": "acme", "state": state, "browser": BROWSER} | changes
    return await world.call("/internal/consent/openid/finish", body)


async def sign_in(world: World, provider: Provider, **changes: Any) -> Answer:
    begun = await begin(world)
    assert begun.status == 200, begun
    state, code = provider.signs_in(begun.body["url"])
    return await finish(world, state, code=code, **changes)


async def test_a_person_signs_in_and_connects(world: World, provider: Provider) -> None:
    methods = await world.call("/internal/consent/methods", method="GET")
    assert methods.body == {"local": False, "openid": "127.0.0.1"}
    answer = await sign_in(world, provider)
    assert answer.status == 200, answer
    assert [one["name"] for one in answer.body["organisations"]] == ["Acme Ltd"]
    assert answer.headers["Cache-Control"] == "no-store"
    assert (await world.grant(answer.body["ticket"])).status == 200


async def test_what_is_asked_and_what_is_kept(world: World, provider: Provider) -> None:
    begun = await begin(world)
    state, code = provider.signs_in(begun.body["url"])
    asked = provider.codes[code]
    assert asked["redirect_uri"] == "https://bridge.example/connect/openid/callback"
    assert asked["scope"] == "openid email profile"
    assert asked["client_id"] == CLIENT_ID
    assert state.endswith("." + VISIT)
    assert len(state.partition(".")[0]) == len(asked["nonce"]) == len(asked["code_challenge"]) == 43
    kept = str([dict(row) for row in await world.sql("SELECT * FROM credentials.openid_sign_ins")])
    for secret in (state, BROWSER, asked["nonce"]):
        assert secret not in kept


FAULTS: dict[str, dict[str, Any]] = {
    "wrong nonce": {"claims": {"nonce": "of another sign-in"}},
    "no nonce": {"claims": {"nonce": None}},
    "wrong audience": {"claims": {"aud": "another-client"}},
    "no audience": {"claims": {"aud": None}},
    "several audiences and no azp": {"claims": {"aud": [CLIENT_ID, "another"]}},
    "authorized party is another": {"claims": {"azp": "another"}},
    "token of another issuer": {"claims": {"iss": "https://evil.example"}},
    "no issuer": {"claims": {"iss": None}},
    "expired": {"claims": {"exp": int(time.time()) - 120}},
    "no expiry": {"claims": {"exp": None}},
    "issued in the future": {"claims": {"iat": int(time.time()) + 3600}},
    "not valid yet": {"claims": {"nbf": int(time.time()) + 3600}},
    "no subject": {"claims": {"sub": None}},
    "subject is a number": {"claims": {"sub": 7}},
    "subject with a NUL": {"claims": {"sub": "person-1\0"}},
    "subject of more than ASCII": {"claims": {"sub": "person-\u00e9"}},
    "wrong at_hash": {"claims": {"at_hash": "AAAA"}},
    "alg none": {"header": {"alg": "none"}},
    "alg HS256 with the client secret": {
        "header": {"alg": "HS256", "kid": "r1"},
        "signing_key": shared_secret(),
    },
    "a key nobody published": {"header": {"alg": "ES256", "kid": "e1"}, "signing_key": other_key()},
    "another key under the known id": {"signing_key": RSAKey.generate_key(2048, {"kid": "r1"})},
    "no token at all": {"id_token": ""},
    "nonsense": {"id_token": "a.b.c"},
    "unsigned by hand": {"id_token": unsigned({"sub": "person-1"})},
    "enormous": {"id_token": "a" * 40_000},
}


@pytest.mark.parametrize("name", FAULTS)
async def test_a_token_that_proves_nothing(world: World, provider: Provider, name: str) -> None:
    for attribute, value in FAULTS[name].items():
        setattr(provider, attribute, value)
    answer = await sign_in(world, provider)
    assert (answer.status, answer.body["code"]) == (403, "identity_not_proven"), name
    assert provider.token_calls == 1
    assert await world.sql("SELECT * FROM credentials.consent_tickets") == []
    assert await world.sql("SELECT * FROM credentials.openid_subjects") == []


async def test_a_state_is_good_once_for_its_browser_and_company(world: World, provider: Provider) -> None:
    state, code = provider.signs_in((await begin(world)).body["url"])
    for wrong in (
        {"state": state + "x"},
        {"state": "made-up." + VISIT},
        {"state": state, "browser": "c" * 43},
        {"state": state, "company_id": "globex"},
    ):
        answer = await finish(world, **({"code": code} | wrong))
        assert (answer.status, answer.body["code"]) == (403, "sign_in_not_begun")
    assert provider.token_calls == 0
    assert (await finish(world, state, code=code)).status == 200
    assert (await finish(world, state, code=code)).body["code"] == "sign_in_not_begun"
    assert provider.token_calls == 1


async def test_a_state_runs_out(world: World, provider: Provider) -> None:
    state, code = provider.signs_in((await begin(world)).body["url"])
    await world.sql("UPDATE credentials.openid_sign_ins SET expires_at = now() - interval '1 s'")
    assert (await finish(world, state, code=code)).body["code"] == "sign_in_not_begun"


async def test_a_code_that_was_used_or_belongs_to_another_sign_in(world: World, provider: Provider) -> None:
    _, used = provider.signs_in((await begin(world)).body["url"])
    state, code = provider.signs_in((await begin(world)).body["url"])
    # The attacker's code in the victim's sign-in: another challenge, so another verifier (RFC 9700 §4.5).
    assert (await finish(world, state, code=used)).body["code"] == "identity_not_proven"
    provider.codes.pop(code)
    state, _ = provider.signs_in((await begin(world)).body["url"])
    assert (await finish(world, state, code=code)).body["code"] == "identity_not_proven"


async def test_an_error_of_the_provider_uses_the_state_up(world: World, provider: Provider) -> None:
    state, code = provider.signs_in((await begin(world)).body["url"])
    assert (await finish(world, state)).body["code"] == "sign_in_declined"
    assert (await finish(world, state, code=code)).body["code"] == "sign_in_not_begun"


async def test_an_answer_of_another_server_is_a_mix_up(world: World, provider: Provider) -> None:
    answer = await sign_in(world, provider, issuer="https://evil.example")
    assert (answer.body["code"], provider.token_calls) == ("identity_not_proven", 0)
    assert (await sign_in(world, provider, issuer=provider.issuer)).status == 200


async def test_a_provider_that_names_itself_has_to(surroundings: World, provider: Provider) -> None:
    provider.metadata = {"authorization_response_iss_parameter_supported": True}
    await surroundings.start(**configured(provider))
    await surroundings.add_user()
    assert (await sign_in(surroundings, provider)).body["code"] == "identity_not_proven"
    assert (await sign_in(surroundings, provider, issuer=provider.issuer)).status == 200


@pytest.mark.parametrize(
    "person",
    [
        {"email_verified": False},
        {"email_verified": None},
        {"email_verified": "true"},
        {"email": ["Ada.Admin@Acme.example"]},
        {"email": "\uff21da.Admin@Acme.example"},
        {"email": "Ada.Admin\0@Acme.example"},
    ],
)
async def test_an_address_nobody_vouches_for(
    world: World, provider: Provider, person: dict[str, Any]
) -> None:
    provider.person |= person
    answer = await sign_in(world, provider)
    assert (answer.status, answer.body["code"]) == (403, "email_not_verified")


async def test_somebody_nobody_has_added(world: World, provider: Provider) -> None:
    provider.person["email"] = "stranger@acme.example"
    answer = await sign_in(world, provider)
    assert (answer.status, answer.body["code"]) == (403, "person_unknown")
    assert "stranger" not in str(answer.body)


async def test_a_person_is_their_subject_not_their_address(world: World, provider: Provider) -> None:
    assert (await sign_in(world, provider)).status == 200
    provider.person["email"] = "married@acme.example"
    assert (await sign_in(world, provider)).status == 200, "the same person with a new address"
    provider.person = {"sub": "person-2", "email": EMAIL, "email_verified": True}
    answer = await sign_in(world, provider)
    assert answer.body["code"] == "person_unknown", "another person who got the old address"


async def test_what_the_id_token_lacks_comes_from_user_info(world: World, provider: Provider) -> None:
    provider.user_info, provider.person = provider.person, {"sub": "person-1"}
    assert (await sign_in(world, provider)).status == 200
    provider.user_info = provider.user_info | {"sub": "person-2"}
    assert (await sign_in(world, provider)).body["code"] == "identity_not_proven"


async def test_keys_may_change_between_two_sign_ins(world: World, provider: Provider) -> None:
    assert (await sign_in(world, provider)).status == 200
    new = RSAKey.generate_key(2048, {"kid": "r2", "use": "sig"})
    provider.published, provider.signing_key = [new], new
    provider.header = {"alg": "PS256", "kid": "r2"}
    answer = await sign_in(world, provider)
    assert answer.body["code"] == "identity_not_proven", "asked for again ten seconds after the last time"
    await world.replicas.pop().stop()
    await world.start(**configured(provider))
    assert (await sign_in(world, provider)).status == 200


@pytest.mark.parametrize(
    "trouble",
    [
        {"status": 500},
        {"status": 302},
        {"hangs": True},
        {"metadata": {"issuer": "https://evil.example"}},
        {"metadata": {"token_endpoint": None}},
        {"metadata": {"jwks_uri": "file:///etc/passwd"}},
        {"metadata": {"authorization_endpoint": "javascript:alert(1)"}},
        {"metadata": {"authorization_endpoint": "https:sign-in"}},
        {"described": b"[" * 100_000},
        {"described": b"1" * 5000},
        {"described": b" " * 2_000_000},
    ],
)
async def test_a_provider_that_is_of_no_use(
    world: World, provider: Provider, trouble: dict[str, Any]
) -> None:
    for attribute, value in trouble.items():
        setattr(provider, attribute, value)
    answer = await begin(world)
    assert (answer.status, answer.body["code"]) == (502, "identity_provider_unavailable")


@pytest.mark.parametrize("endpoint", ["token_endpoint", "jwks_uri"])
@pytest.mark.parametrize(
    "elsewhere", ["https://evil.example/x", "http://169.254.169.254/x", "https://10.0.0.1/"]
)
async def test_its_endpoints_stay_behind_the_fence(
    world: World, provider: Provider, endpoint: str, elsewhere: str
) -> None:
    provider.metadata = {endpoint: elsewhere}
    answer = await sign_in(world, provider)
    assert (answer.status, answer.body["code"]) == (502, "identity_provider_unavailable")


async def test_a_provider_that_is_down(surroundings: World) -> None:
    away = {"oidc_issuer": f"http://127.0.0.1:{free_port()}", "oidc_client_id": CLIENT_ID}
    await surroundings.start(**away)
    answer = await begin(surroundings)
    assert (answer.status, answer.body["code"]) == (502, "identity_provider_unavailable")


async def test_which_sign_ins_are_offered(surroundings: World, provider: Provider) -> None:
    body = {"company_id": "acme", "email": EMAIL, "password": PASSWORD}
    await surroundings.add_user()
    for changes, local, openid in (
        ({}, 200, 404),
        (configured(provider), 404, 200),
        (configured(provider, credentials_sign_in="both"), 200, 200),
        (configured(provider, credentials_sign_in="local"), 200, 404),
    ):
        await surroundings.start(**changes)
        assert (await surroundings.call("/internal/consent/sign-ins", body)).status == local
        assert (await begin(surroundings)).status == openid
        await surroundings.replicas.pop().stop()
    with pytest.raises(ValueError, match="OIDC_ISSUER and OIDC_CLIENT_ID"):
        surroundings.settings(credentials_sign_in="openid")
