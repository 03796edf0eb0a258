"""Clients that others have written get tokens of us, and use them (RFC 6749 §4.4; SPEC §1.2)."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from authlib.integrations.requests_client import OAuth2Session

from tests.api.world import Api


def order() -> dict[str, Any]:
    """SPEC §3's payload."""
    path = Path(__file__).parents[1] / "data/smartrecruiters/order.json"
    whole: dict[str, Any] = json.loads(path.read_text())
    callback = "https://api.smartrecruiters.com/assessment-api/v202010/orders/o-1/results"
    return whole | {"resultCallbackURL": callback, "companyId": "acme", "assessmentPackageId": "skills"}


@pytest.mark.parametrize("method", ["client_secret_post", "client_secret_basic"])
async def test_authlib(api: Api, method: str) -> None:
    def through() -> tuple[Any, Any, int]:
        with OAuth2Session(
            api.client_id,
            api.client_secret,
            token_endpoint_auth_method=method,
            scope="packages_view orders_modify",
        ) as client:
            token = client.fetch_token(api.token_url, grant_type="client_credentials")
            packages = client.get(f"{api.url}/packages").json()
            return token, packages, client.post(f"{api.url}/packages/orders", json=order()).status_code

    token, packages, placed = await asyncio.to_thread(through)
    assert (token["token_type"], token["scope"]) == ("Bearer", "packages_view orders_modify")
    assert [one["id"] for one in packages] == ["skills"]
    assert placed == 202


async def curl(*arguments: str) -> str:
    process = await asyncio.create_subprocess_exec(
        "curl", "--silent", "--show-error", *arguments, stdout=asyncio.subprocess.PIPE
    )
    answer, _ = await process.communicate()
    assert process.returncode == 0
    return answer.decode()


async def test_curl_as_smartrecruiters_own_sample(api: Api) -> None:
    """SPEC §1.2's command, word for word but for the address."""
    answer = await curl(
        "--request",
        "POST",
        "--url",
        api.token_url,
        "--header",
        "content-type: application/x-www-form-urlencoded",
        "--data",
        "grant_type=client_credentials",
        "--data",
        f"client_id={api.client_id}",
        "--data",
        f"client_secret={api.client_secret}",
    )
    token = json.loads(answer)
    assert token["expires_in"] > 0
    packages = await curl("--header", f"Authorization: Bearer {token['access_token']}", f"{api.url}/packages")
    assert json.loads(packages)[0]["id"] == "skills"


async def test_curl_with_basic(api: Api) -> None:
    pair = f"{api.client_id}:{api.client_secret}"
    answer = await curl("--user", pair, "--data", "grant_type=client_credentials", api.token_url)
    assert json.loads(answer)["token_type"] == "Bearer"
