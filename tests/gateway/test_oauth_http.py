"""The token endpoint and the well-known documents (RFC 6749, 7517, 8414)."""

import base64
from typing import Any
from urllib.parse import quote_plus, urlencode

import pytest
from joserfc import jwt
from joserfc.jwk import KeySet

from tests.gateway.support.world import ISSUER, World

SECRET = "secret of acme+%"
GRANT = {"grant_type": "client_credentials"}
CLIENT = {"client_id": "client-acme", "client_secret": SECRET}


def basic(client_id: str = "client-acme", secret: str = SECRET) -> dict[str, str]:
    pair = f"{quote_plus(client_id)}:{quote_plus(secret)}"
    return {"Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}


async def ask(world: World, body: str | bytes, **headers: str) -> tuple[int, dict[str, Any], Any]:
    given = {"Content-Type": "application/x-www-form-urlencoded", **headers}
    async with world.session.post(f"{world.url}/oauth/token", data=body, headers=given) as response:
        assert response.headers["Cache-Control"] == "no-store"
        assert response.content_type == "application/json"
        return response.status, await response.json(), response.headers


@pytest.mark.parametrize(
    ("form", "headers"),
    [
        (GRANT | CLIENT, {}),
        (GRANT, basic()),
        (GRANT | {"client_id": "client-acme"}, basic()),
        (GRANT | CLIENT | {"scope": "packages_view", "unknown": "x", "empty": ""}, {}),
    ],
)
async def test_a_token_that_opens_the_door(
    shared_world: World, form: dict[str, str], headers: dict[str, str]
) -> None:
    status, answer, _ = await ask(shared_world, urlencode(form), **headers)
    assert status == 200
    assert (answer["token_type"], answer["expires_in"]) == ("Bearer", 3600)
    bearer = {"Authorization": f"Bearer {answer['access_token']}"}
    async with shared_world.session.get(f"{shared_world.url}/packages", headers=bearer) as response:
        assert response.status == 200


@pytest.mark.parametrize(
    ("body", "headers", "status", "error"),
    [
        ("", {}, 401, "invalid_client"),
        (urlencode(CLIENT), {}, 400, "invalid_request"),
        (urlencode(CLIENT | {"grant_type": ""}), {}, 400, "invalid_request"),
        (urlencode(CLIENT | {"grant_type": "password"}), {}, 400, "unsupported_grant_type"),
        (urlencode(GRANT), {}, 401, "invalid_client"),
        (urlencode(GRANT | {"client_id": "client-acme"}), {}, 401, "invalid_client"),
        (urlencode(GRANT | CLIENT | {"client_secret": "no"}), {}, 401, "invalid_client"),
        (urlencode(GRANT | CLIENT | {"client_id": "nobody"}), {}, 401, "invalid_client"),
        (urlencode(GRANT), basic(secret="no"), 401, "invalid_client"),
        (urlencode(GRANT | CLIENT), basic(), 400, "invalid_request"),
        (urlencode(GRANT | {"client_id": "other"}), basic(), 400, "invalid_request"),
        (urlencode(GRANT), {"Authorization": "Basic"}, 401, "invalid_client"),
        (urlencode(GRANT), {"Authorization": "Basic !!!"}, 401, "invalid_client"),
        (
            urlencode(GRANT),
            {"Authorization": "Basic " + base64.b64encode(b"\xff:\xff").decode()},
            401,
            "invalid_client",
        ),
        (
            urlencode(GRANT),
            {"Authorization": "Basic " + base64.b64encode(b"noseparator").decode()},
            401,
            "invalid_client",
        ),
        (urlencode(GRANT), {"Authorization": "Bearer abc"}, 401, "invalid_client"),
        (urlencode(GRANT | CLIENT) + "&scope=a&scope=b", {}, 400, "invalid_request"),
        (urlencode(GRANT | CLIENT) + "&grant_type=client_credentials", {}, 400, "invalid_request"),
        (urlencode(GRANT | CLIENT) + "&x=%ff", {}, 400, "invalid_request"),
        (urlencode(GRANT | CLIENT | {"scope": "a\0b"}), {}, 400, "invalid_request"),
        (b"\xff\xfe", {}, 400, "invalid_request"),
        ("&".join(f"a{n}=1" for n in range(50)), {}, 400, "invalid_request"),
        ('{"grant_type":"client_credentials"}', {"Content-Type": "application/json"}, 400, "invalid_request"),
    ],
)
async def test_refusals(
    shared_world: World, body: str | bytes, headers: dict[str, str], status: int, error: str
) -> None:
    given, answer, told = await ask(shared_world, body, **headers)
    assert (given, answer["error"]) == (status, error)
    assert set(answer) == {"error", "error_description"}
    assert (status == 401) == ("WWW-Authenticate" in told)
    if status == 401:
        assert told["WWW-Authenticate"].startswith("Basic ")


async def test_credentials_away(own_world: World) -> None:
    own_world.credentials.away = True
    status, answer, headers = await ask(own_world, urlencode(GRANT | CLIENT))
    assert (status, answer["error"]) == (503, "temporarily_unavailable")
    assert int(headers["Retry-After"]) > 0
    assert (await own_world.place({}))[0] == 400, "tokens of before are still read"


async def test_anybody_can_verify_our_tokens(shared_world: World) -> None:
    async with shared_world.session.get(f"{shared_world.url}/.well-known/jwks.json") as response:
        document = await response.json()
    assert all(set(key) == {"kty", "crv", "x", "y", "kid", "use", "alg"} for key in document["keys"])
    token = jwt.decode(shared_world.credentials.sign(), KeySet.import_key_set(document), algorithms=["ES256"])
    assert token.claims["company_id"] == "acme"


async def test_metadata(shared_world: World) -> None:
    url = f"{shared_world.url}/.well-known/oauth-authorization-server"
    async with shared_world.session.get(url) as response:
        document = await response.json()
    assert document["issuer"] == ISSUER
    assert document["token_endpoint"] == f"{ISSUER}/oauth/token"
    assert document["jwks_uri"] == f"{ISSUER}/.well-known/jwks.json"
    assert document["scopes_supported"] == ["packages_view", "orders_modify"]
