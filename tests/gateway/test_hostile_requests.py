"""Requests nobody should send: each has its status and its wrong fields named; none places an order."""

import json
from io import BytesIO
from typing import Any

import pytest
from yarl import URL

from tests.gateway.support.cases import GOOD, JSON, ORDERS, Case
from tests.gateway.support.hostile import CASES
from tests.gateway.support.world import World, standard_order


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
async def test_hostile(shared_world: World, case: Case) -> None:
    before = await shared_world.offsets()
    headers = dict(case.headers)
    if case.token is not None:
        headers = shared_world.bearer(**{"company_id": "acme", **case.token}) | headers
    url = URL(shared_world.url + case.path, encoded=True)
    async with shared_world.session.request(
        case.method, url, data=case.body and BytesIO(case.body), headers=headers
    ) as response:
        text = await response.text()
        assert response.status == case.status, text
        assert response.headers["X-Request-Id"]
        if case.status == 401:
            assert response.headers["WWW-Authenticate"].startswith("Bearer")
        if not case.path.startswith(("/t/", "/connect")):
            assert response.content_type == "application/problem+json"
            answer = json.loads(text)
            assert answer["status"] == case.status
            assert [error["code"] for error in answer["errors"]]
            for name in case.named:
                assert name in {error.get("field") for error in answer["errors"]}, answer
    assert "Lovelace" not in text
    assert await shared_world.offsets() == before
    assert await shared_world.spooled() == 0
    assert shared_world.credentials.disabled == []


async def test_a_head_is_a_get_without_its_body(shared_world: World) -> None:
    for path in ("/packages", "/packages/skills", "/.well-known/jwks.json", "/health/live"):
        async with shared_world.session.head(
            shared_world.url + path, headers=shared_world.bearer()
        ) as response:
            assert response.status == 200
            assert await response.read() == b""


async def test_several_faults_are_all_named(shared_world: World) -> None:
    wrong = standard_order("o", candidate={"id": 5}, companyId=7, assessmentPackageId=None)
    status, answer = await shared_world.place(wrong)
    assert status == 400
    named = {error["field"] for error in answer["errors"]}
    assert named >= {
        "candidate.id",
        "candidate.firstName",
        "candidate.lastName",
        "companyId",
        "assessmentPackageId",
    }


async def test_a_body_that_only_says_it_is_gzip(shared_world: World, expected_errors: list[Any]) -> None:
    headers = {**shared_world.bearer(), **JSON, "Content-Encoding": "gzip"}
    async with shared_world.session.post(shared_world.url + ORDERS, data=GOOD, headers=headers) as response:
        assert response.status == 400
        assert response.content_type == "application/problem+json"
