"""POST /identity/oauth/token: RFC 6749 §4.4, §5.1, §5.2."""

from typing import Any

import pytest

from tests.sandbox.conftest import Client, served

GOOD = {
    "grant_type": "client_credentials",
    "client_id": "sandbox-partner",
    "client_secret": "sandbox-partner-secret",
}


def without(name: str) -> dict[str, str]:
    return {key: value for key, value in GOOD.items() if key != name}


async def test_a_token(sandbox: Client) -> None:
    answered = await sandbox.call("POST", "/identity/oauth/token", data=GOOD)
    assert answered.status == 200
    assert answered.headers["Cache-Control"] == "no-store"
    assert answered.headers["X-RateLimit-Limit"] == "1000"
    assert set(answered.body) == {"access_token", "token_type", "expires_in", "scope"}
    assert (answered.body["token_type"], answered.body["expires_in"]) == ("Bearer", 1800)


WRONG: list[tuple[dict[str, Any], int, str]] = [
    ({"json": GOOD}, 400, "invalid_request"),
    ({}, 400, "invalid_request"),
    ({"data": without("grant_type")}, 400, "invalid_request"),
    ({"data": without("client_id")}, 400, "invalid_request"),
    ({"data": without("client_secret")}, 400, "invalid_request"),
    ({"data": [*GOOD.items(), ("client_id", "again")]}, 400, "invalid_request"),
    ({"data": {**GOOD, "more": "x" * 3000}}, 400, "invalid_request"),
    ({"data": {**GOOD, "grant_type": "password"}}, 400, "unsupported_grant_type"),
    ({"data": {**GOOD, "scope": "everything"}}, 400, "invalid_scope"),
    ({"data": {**GOOD, "client_secret": "wrong"}}, 401, "invalid_client"),
    ({"data": {**GOOD, "client_secret": "größer"}}, 401, "invalid_client"),
    ({"data": {**GOOD, "client_id": "nobody"}}, 401, "invalid_client"),
]


@pytest.mark.parametrize(("arguments", "status", "error"), WRONG)
async def test_errors(arguments: dict[str, Any], status: int, error: str) -> None:
    async with served(max_body_bytes=2000) as sandbox:
        answered = await sandbox.call("POST", "/identity/oauth/token", **arguments)
    assert (answered.status, answered.body["error"]) == (status, error)
    assert answered.body["error_description"]
    assert answered.headers["Cache-Control"] == "no-store"
    assert ("WWW-Authenticate" in answered.headers) == (status == 401)


async def test_the_record_has_no_secret(sandbox: Client) -> None:
    token = await sandbox.token()
    text = str((await sandbox.admin("/record", method="GET"))["entries"])
    assert token not in text
    assert "sandbox-partner-secret" not in text
    assert "sandbox-partner" in text


async def test_the_partner_may_have_two_secrets_until_one_is_ended(sandbox: Client) -> None:
    old = {"client_id": "sandbox-partner", "client_secret": "sandbox-partner-secret"}
    new, other = old | {"client_secret": "the-new"}, {"client_id": "other", "client_secret": "of-the-other"}
    path, configuration = "/master-credentials", "/assessment-api/v202010/partner/configuration"
    await sandbox.admin(path, [old, new, other], method="PUT")
    headers = [await sandbox.bearer(*each.values()) for each in (old, new, other)]
    await sandbox.admin(path, [new, other], method="PUT")
    answers = [await sandbox.call("GET", configuration, headers=each) for each in headers]
    assert [answer.status for answer in answers] == [401, 404, 404], "its tokens end with it"
    refused = await sandbox.call("POST", "/identity/oauth/token", data=GOOD)
    assert refused.status == 401
    assert (await sandbox.call("PUT", "/admin/master-credentials", json=[])).status == 400
