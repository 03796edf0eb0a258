"""What SmartRecruiters calls on a partner, against a small partner."""

from typing import Any

import pytest

from tests.sandbox.conftest import Client, served
from tests.sandbox.fake_vendor import PACKAGES, FakeVendor


@pytest.fixture
async def acme(sandbox: Client, vendor: FakeVendor) -> Client:
    await sandbox.connect(vendor)
    return sandbox


async def test_packages_with_requester_location_and_fields(acme: Client, vendor: FakeVendor) -> None:
    location = {"country-code": "de", "city": "Köln & Umland", "remote": "false"}
    asked = {"requester_email": "grün@example.com", "location": location, "fields": {"team": "a b"}}
    answered = await acme.admin("/companies/acme/packages", asked)
    assert answered == {"status": 200, "answer": PACKAGES, "problems": []}
    (seen,) = vendor.calls("/packages")
    assert seen.query == {**location, "team": "a b"}
    assert seen.headers["requester"] == '{"email": "gr\\u00fcn@example.com"}'
    assert seen.headers["Authorization"] == "Bearer t1"


async def test_a_jobs_location(acme: Client, vendor: FakeVendor) -> None:
    job = list(acme.state.companies["acme"].jobs)[1]
    await acme.admin("/companies/acme/packages", {"job_id": job})
    (seen,) = vendor.calls("/packages")
    assert seen.query == {
        "country-code": "us",
        "region-abbr": "CA",
        "city": "San Francisco",
        "address": "1 Market Street",
        "postal-code": "94105",
        "remote": "true",
    }
    assert "requester" not in seen.headers


@pytest.mark.parametrize(
    ("status", "body", "problem"),
    [
        (200, {"content": []}, "the whole: must be an array"),
        (200, [{"id": "x"}], "[0].type: is required"),
        (200, [{**PACKAGES[0], "type": "BACKGROUND_CHECK"}], "[0].type: BACKGROUND_CHECK is not among"),
        (403, {"errors": []}, "status is 403, not 200 or 204"),
        (200, "<h1>Oops</h1>", "Content-Type is text/html, not JSON"),
    ],
)
async def test_a_bad_packages_answer(
    acme: Client, vendor: FakeVendor, status: int, body: Any, problem: str
) -> None:
    vendor.answers["packages"] = (status, body)
    answered = await acme.admin("/companies/acme/packages")
    assert answered["status"] == status
    assert answered["problems"][0].startswith(problem)


async def test_204_is_a_good_answer(acme: Client, vendor: FakeVendor) -> None:
    vendor.answers["packages"] = (204, None)
    assert await acme.admin("/companies/acme/packages") == {"status": 204, "answer": None, "problems": []}


async def test_one_package(acme: Client, vendor: FakeVendor) -> None:
    found = await acme.admin("/companies/acme/packages/video", method="GET")
    assert found == {"status": 200, "answer": PACKAGES[1], "problems": []}
    vendor.answers["package"] = (200, PACKAGES[0])
    assert (await acme.admin("/companies/acme/packages/video", method="GET"))["problems"]


@pytest.mark.parametrize("path", ["packages", "orders", "inline-orders"])
async def test_only_for_connected_companies(acme: Client, path: str) -> None:
    answered = await acme.call("POST", f"/admin/companies/globex/{path}", json={"package_id": "p"})
    assert answered.status == (400 if path == "packages" else 409)
    assert (await acme.call("POST", "/admin/companies/globex/packages")).status == 409


async def test_without_a_disable_url_it_only_forgets(sandbox: Client, vendor: FakeVendor) -> None:
    await sandbox.connect(vendor, integrationDisableUrl=None)
    answered = await sandbox.admin("/companies/acme/disable")
    assert answered["problems"] == ["integrationDisableUrl is not configured"]
    assert sandbox.state.companies["acme"].integration is None


async def test_an_order_as_spec_writes_it(acme: Client, vendor: FakeVendor) -> None:
    order_id = await acme.order(requester_email="maya@example.com")
    company = acme.state.companies["acme"]
    candidate = next(iter(company.candidates.values()))
    (seen,) = vendor.calls("/orders")
    assert seen.body == {
        "resultCallbackURL": f"{acme.url}/assessment-api/v202010/orders/{order_id}/results",
        "candidate": {
            "id": candidate.id,
            "email": "candidate1.acme@example.com",
            "firstName": "Ada",
            "lastName": "Lindqvist",
            "applicationLanguage": "en",
        },
        "requester": {"userId": "user-1", "email": "maya@example.com"},
        "assessmentPackageId": "backend",
        "jobId": candidate.job_id,
        "companyId": "acme",
    }


async def test_an_orders_other_shapes(acme: Client, vendor: FakeVendor) -> None:
    await acme.order(with_job_object=True, fields={"team": "red"})
    (seen,) = vendor.calls("/orders")
    assert seen.body["job"] == {"id": seen.body["jobId"]}
    assert seen.body["fields"] == {"team": "red"}
    assert "requester" not in seen.body


async def test_a_repeat_is_the_same_order(acme: Client, vendor: FakeVendor) -> None:
    placed = await acme.admin("/companies/acme/orders", {"package_id": "backend", "repeat": 3})
    assert [one["status"] for one in placed["answers"]] == [202, 202, 202]
    first, *others = (seen.body for seen in vendor.calls("/orders"))
    assert others == [first, first]


async def test_only_202_will_do(acme: Client, vendor: FakeVendor) -> None:
    vendor.answers["order"] = (200, {"ok": True})
    placed = await acme.admin("/companies/acme/orders", {"package_id": "backend"})
    assert (placed["status"], placed["problems"]) == (200, ["status is 200, not 202"])
    shown = await acme.admin(f"/orders/{placed['order_id']}", method="GET")
    assert shown["answered"] == 200


async def test_an_inline_order_and_the_candidates_way(acme: Client, vendor: FakeVendor) -> None:
    placed = await acme.admin("/companies/acme/inline-orders", {"package_id": "quick"})
    order_id = placed["order_id"]
    (seen,) = vendor.calls("/inline")
    assert set(seen.body["candidate"]) == {"email", "firstName", "lastName", "applicationLanguage"}
    assert seen.body["completedAssessmentCallbackUrl"] == f"{acme.url}/applications/complete?order={order_id}"
    assert "requester" not in seen.body
    async with acme.session.get(placed["answer"]["url"]) as back:
        assert back.status == 200
        assert "Your application is complete" in await back.text()
    shown = await acme.admin(f"/orders/{order_id}", method="GET")
    assert shown["kind"] == "inline"
    assert shown["candidate_returned_at"]


async def test_an_inline_order_at_the_shared_url(acme: Client, vendor: FakeVendor) -> None:
    vendor.answers["order"] = (200, {"url": "https://vendor.example.com/t"})
    wish = {"package_id": "quick", "shared_url": True, "candidate": {"firstName": "R", "lastName": "M"}}
    placed = await acme.admin("/companies/acme/inline-orders", wish)
    assert placed["problems"] == []
    (seen,) = vendor.calls("/orders")
    assert seen.body["candidate"] == {"firstName": "R", "lastName": "M"}


@pytest.mark.parametrize(
    "answer",
    [(200, {}), (200, {"url": "/relative"}), (200, ["url"]), (202, {"url": "https://a.example.com"})],
)
async def test_a_bad_inline_answer(acme: Client, vendor: FakeVendor, answer: tuple[int, Any]) -> None:
    vendor.answers["inline"] = answer
    placed = await acme.admin("/companies/acme/inline-orders", {"package_id": "quick"})
    assert len(placed["problems"]) == 1


async def test_automatic_orders(acme: Client, vendor: FakeVendor) -> None:
    company = acme.state.companies["acme"]
    job, other = company.jobs
    rule = {"job_id": job, "step": "Interview", "package_id": "backend"}
    for _ in range(2):
        await acme.admin("/companies/acme/auto-orders", rule)
    path = f"/companies/acme/candidates/{next(iter(company.candidates))}/move"
    moves = [(job, "In review", 0), (job, "Interview", 1), (job, "Interview", 0), (other, "Interview", 0)]
    for job_id, step, expected in moves:
        placed = await acme.admin(path, {"job_id": job_id, "step": step})
        assert len(placed["orders"]) == expected
    (seen,) = vendor.calls("/orders")
    assert "requester" not in seen.body


async def test_tokens_are_kept_until_they_expire(acme: Client, vendor: FakeVendor) -> None:
    for _ in range(3):
        await acme.order()
    assert vendor.tokens == 1
    (asked,) = vendor.calls("/token")
    assert asked.body == "grant_type=client_credentials&client_id=at-acme&client_secret=vendor-secret"
    integration = acme.state.companies["acme"].integration
    assert integration is not None
    integration.token_expires_at = acme.state.sources.now() - 1
    await acme.order()
    assert vendor.tokens == 2


async def test_a_refused_token_is_renewed_once(acme: Client, vendor: FakeVendor) -> None:
    await acme.order()
    vendor.dead_tokens = {"Bearer t1"}
    await acme.order()
    vendor.dead_tokens = {"Bearer t2", "Bearer t3"}
    placed = await acme.admin("/companies/acme/orders", {"package_id": "backend"})
    assert placed["status"] == 401
    assert vendor.tokens == 3


@pytest.mark.parametrize(
    "answer",
    [
        (401, {"error": "invalid_client"}),
        (200, {"token_type": "Bearer", "expires_in": 5}),
        (200, {"access_token": "a", "token_type": "Bearer"}),
        (200, {"access_token": "a", "token_type": "Bearer", "expires_in": "5"}),
        (200, {"access_token": "a", "token_type": "mac", "expires_in": 5}),
        (200, None),
    ],
)
async def test_without_a_token_nothing_is_called(
    acme: Client, vendor: FakeVendor, answer: tuple[int, Any]
) -> None:
    vendor.answers["token"] = answer
    placed = await acme.admin("/companies/acme/orders", {"package_id": "backend"})
    assert placed["status"] is None
    assert placed["problems"][0].startswith("oauth_token: ")
    assert vendor.calls("/orders") == []


@pytest.mark.parametrize("method", ["DELETE", "POST"])
async def test_disable_forgets_and_connects_again(sandbox: Client, vendor: FakeVendor, method: str) -> None:
    old = await sandbox.connect(vendor)
    order_id = await sandbox.order()
    answered = await sandbox.admin("/companies/acme/disable", {"method": method})
    assert answered == {"status": 204, "answer": None, "problems": []}
    (seen,) = vendor.calls("/integrations/acme")
    assert (seen.method, seen.body) == (method, {"companyId": "acme"} if method == "POST" else "")
    assert (await sandbox.call("POST", "/admin/companies/acme/disable")).status == 409
    assert (
        await sandbox.call("POST", "/admin/companies/acme/orders", json={"package_id": "p"})
    ).status == 409
    path = f"/assessment-api/v202010/orders/{order_id}/results"
    assert (await sandbox.call("PATCH", path, json={}, headers=old)).status == 401
    new = await sandbox.connect(vendor)
    assert (await sandbox.call("PATCH", path, json={}, headers=new)).status == 200


async def test_a_partner_that_does_not_answer(vendor: FakeVendor) -> None:
    async with served(call_timeout=0.2) as sandbox:
        await sandbox.connect(vendor, packageOrderUrl="http://127.0.0.1:9/orders")
        refused = await sandbox.admin("/companies/acme/orders", {"package_id": "p"})
        assert refused["status"] is None
        assert "ClientConnector" in refused["problems"][0]
        # The sandbox's own hanging call stands in for a partner that hangs.
        await sandbox.admin("/faults", [{"call": "token", "kind": "hang"}], "PUT")
        sandbox.state.configured()["oauthTokenUrl"] = f"{sandbox.url}/identity/oauth/token"
        integration = sandbox.state.companies["acme"].integration
        assert integration is not None
        integration.token = None
        late = await sandbox.admin("/companies/acme/orders", {"package_id": "p"})
        assert late["problems"] == ["oauth_token: no answer within 0.2 s"]


@pytest.mark.parametrize(("mode", "redirects"), [("POPUP", False), ("REDIRECT", True)])
async def test_the_consent_url(sandbox: Client, vendor: FakeVendor, mode: str, *, redirects: bool) -> None:
    await sandbox.configure(vendor.configuration(consentDisplayMode=mode))
    answered = await sandbox.admin("/companies/acme/consent-url", method="GET")
    expected = f"{vendor.url}/connect?lang=en&companyId=acme"
    if redirects:
        landing = sandbox.url.replace("://", "%3A%2F%2F").replace(":", "%3A").replace("%3A", "%3A")
        expected += f"&redirect={landing}%2Flanding%2Facme"
    assert answered == {"url": expected}


async def test_every_call_is_in_the_record(acme: Client, vendor: FakeVendor) -> None:
    order_id = await acme.order()
    await acme.admin("/companies/acme/packages", {"requester_email": "a@example.com"})
    entries = (await acme.admin("/record", method="GET"))["entries"]
    sent = [(entry["call"], entry["status"]) for entry in entries if entry["direction"] == "sent"]
    assert sent == [("oauth_token", 200), ("order", 202), ("packages", 200)]
    placed = next(entry for entry in entries if entry["call"] == "order")
    assert (placed["order_id"], placed["company_id"], placed["method"]) == (order_id, "acme", "POST")
    assert placed["request"]["assessmentPackageId"] == "backend"
    text = str(entries)
    assert "vendor-secret" not in text
    assert "Bearer" not in text.replace("'Bearer'", "")
    last = entries[-1]
    assert last["response"] == PACKAGES
    assert (await acme.admin(f"/record?after={last['n']}", method="GET"))["entries"] == []
