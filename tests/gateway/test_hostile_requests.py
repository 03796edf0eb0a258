"""Requests nobody should send: each has its status and its wrong fields named; none places an order."""

import json
import time
from dataclasses import replace
from io import BytesIO

import aiohttp
import pytest
from gateway.domain.visits import GOOD_FOR_SECONDS, Visit, VisitTokens
from yarl import URL

from tests.gateway.support.cases import FORM, GOOD, JSON, ORDERS, Case
from tests.gateway.support.hostile import oauth, openid, pages, requests, syntax, tokens, wire
from tests.gateway.support.world import HANDOFF_KEYS, World, standard_order
from tests.support.guards import Lines

CASES = [*requests.CASES, *syntax.CASES, *tokens.CASES, *oauth.CASES, *openid.CASES, *pages.CASES]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
async def test_hostile(shared_world: World, logs: Lines, case: Case) -> None:
    before = await shared_world.offsets()
    now, visits = time.time(), VisitTokens(HANDOFF_KEYS)
    visit = visits.make(Visit("acme", None), now)
    old = visits.make(Visit("acme", None), now - GOOD_FOR_SECONDS)
    case = filled(case, {"TOKEN": shared_world.credentials.sign(), "A-VISIT": visit, "AN-OLD-ONE": old})
    at_the_provider = {f"random.{visit}": openid.BROWSER}
    shared_world.credentials.openid_begun = dict(at_the_provider)
    headers = authorized(shared_world, case)
    url = URL(shared_world.url + case.path, encoded=True)
    body = None if case.body is None else BytesIO(case.body)
    async with shared_world.session.request(
        case.method, url, data=body, headers=headers, allow_redirects=False
    ) as response:
        text = await response.text()
        assert response.status == case.status, text
        assert response.headers["X-Request-Id"]
        assert not {"Location", "Set-Cookie", "X"} & response.headers.keys()
        if case.error is not None:
            check_token_answer(response, case, text)
        elif response.content_type != "text/html" or not case.path.startswith(("/t/", "/connect")):
            check_problem(response, case, text)
    assert "Lovelace" not in text
    assert "Lovelace" not in str(logs)
    assert await shared_world.offsets() == before
    assert await shared_world.spooled() == 0
    assert shared_world.credentials.disabled == []
    assert shared_world.credentials.grants == shared_world.credentials.denials == []
    assert shared_world.credentials.revoked == []
    assert shared_world.credentials.openid_begun == at_the_provider


def filled(case: Case, given: dict[str, str]) -> Case:
    """With the names in it become what is given for them."""

    def put(text: str) -> str:
        for name, value in given.items():
            text = text.replace(name, value)
        return text

    return replace(
        case,
        path=put(case.path),
        headers={name: put(value) for name, value in case.headers.items()},
        body=case.body and put(case.body.decode("latin-1")).encode("latin-1"),
    )


def authorized(world: World, case: Case) -> dict[str, str]:
    if case.forge is not None:
        return {"Authorization": f"Bearer {case.forge(world.credentials)}", **case.headers}
    if case.token is not None:
        return world.bearer(**{"company_id": "acme", **case.token}) | case.headers
    return case.headers


def check_problem(response: aiohttp.ClientResponse, case: Case, text: str) -> None:
    """RFC 9457, with each wrong field named; RFC 6750 §3 for tokens."""
    if case.status == 401:
        assert response.headers["WWW-Authenticate"].startswith('Bearer realm="assessments"')
    assert response.content_type == "application/problem+json"
    answer = json.loads(text)
    assert answer["status"] == case.status
    assert [error["code"] for error in answer["errors"]]
    for name in case.named:
        assert name in {error.get("field") for error in answer["errors"]}, answer


def check_token_answer(response: aiohttp.ClientResponse, case: Case, text: str) -> None:
    """RFC 6749 §5.2."""
    answer = json.loads(text)
    assert (answer["error"], set(answer)) == (case.error, {"error", "error_description"})
    assert response.headers["Cache-Control"] == "no-store"
    assert ("WWW-Authenticate" in response.headers) == (case.status == 401)


def test_there_are_many_and_each_has_a_name() -> None:
    names = [case.name for case in CASES] + [case.name for case in wire.CASES]
    assert len(set(names)) == len(names) > 520


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


async def test_a_body_that_only_says_it_is_gzip_is_no_error_of_ours(shared_world: World) -> None:
    headers = {**shared_world.bearer(), **JSON, "Content-Encoding": "gzip"}
    async with shared_world.session.post(shared_world.url + ORDERS, data=GOOD, headers=headers) as response:
        assert (response.status, response.content_type) == (400, "application/problem+json")
    headers = FORM | {"Content-Encoding": "gzip"}
    token = f"{shared_world.url}/oauth/token"
    async with shared_world.session.post(token, data=b"grant_type=a", headers=headers) as response:
        assert (response.status, (await response.json())["error"]) == (400, "invalid_request")
