"""Limits, faults and the admin API over HTTP."""

import asyncio
from io import BytesIO
from typing import Any

import pytest
from aiohttp import ClientError, FormData

from tests.sandbox.conftest import API, Client, served
from tests.sandbox.fake_vendor import FakeVendor
from tests.support.waiting import eventually

CONFIGURATION = f"{API}/partner/configuration"


async def test_the_eleventh_in_a_second_is_too_many() -> None:
    async with served() as sandbox:
        master = await sandbox.bearer()
        answers = [await sandbox.call("GET", CONFIGURATION, headers=master) for _ in range(11)]
        assert [one.status for one in answers] == [404] * 10 + [429]
        assert [one.headers["X-RateLimit-Remaining"] for one in answers[-2:]] == ["0", "0"]
        assert answers[-1].headers["Retry-After"] == "1"
        assert answers[-1].body["errors"][0]["code"] == "TOO_MANY_REQUESTS"


async def test_the_ninth_in_flight_is_too_many() -> None:
    async with served(requests_per_second=100) as sandbox:
        master = await sandbox.bearer()
        await sandbox.admin(
            "/faults", [{"call": "configuration_get", "kind": "latency", "seconds": 0.3}], "PUT"
        )
        calls = [sandbox.call("GET", CONFIGURATION, headers=master) for _ in range(9)]
        answers = await asyncio.gather(*calls)
        assert sorted(one.status for one in answers) == [404] * 8 + [429]
        assert {one.headers["X-RateLimit-Concurrent-Limit"] for one in answers} == {"8"}
        again = await sandbox.call("GET", CONFIGURATION, headers=master)
        assert again.headers["X-RateLimit-Concurrent-Remaining"] == "7"


async def test_limits_can_be_changed_until_the_reset(sandbox: Client) -> None:
    changed = await sandbox.admin("/limits", {"requests_per_second": 1, "token_lifetime": 7}, "PUT")
    assert changed == {"requests_per_second": 1, "in_flight": 100, "token_lifetime": 7}
    master = await sandbox.bearer()
    statuses = [(await sandbox.call("GET", CONFIGURATION, headers=master)).status for _ in range(2)]
    assert statuses == [404, 429]
    await sandbox.admin("/reset")
    assert sandbox.state.limiter.per_second == 1000


async def patched(sandbox: Client, vendor: FakeVendor, fault: dict[str, Any]) -> tuple[str, dict[str, str]]:
    company = await sandbox.connect(vendor)
    order_id = await sandbox.order()
    await sandbox.admin("/faults", [{"call": "result_patch", "company_id": "acme", **fault}], "PUT")
    return f"{API}/orders/{order_id}/results", company


async def test_a_status_with_retry_after_then_it_works(sandbox: Client, vendor: FakeVendor) -> None:
    fault = {"kind": "status", "status": 429, "retry_after": 7, "times": 1}
    path, company = await patched(sandbox, vendor, fault)
    first = await sandbox.call("PATCH", path, json={"status": "PENDING"}, headers=company)
    assert (first.status, first.headers["Retry-After"]) == (429, "7")
    assert first.body["errors"]
    assert next(iter(sandbox.state.orders.values())).history == []
    second = await sandbox.call("PATCH", path, json={"status": "PENDING"}, headers=company)
    assert second.status == 200
    assert await sandbox.admin("/faults", method="GET") == []


async def test_an_error_that_repeats_what_was_sent(sandbox: Client, vendor: FakeVendor) -> None:
    fault = {"kind": "status", "status": 400, "message": "No.", "echo": True}
    path, company = await patched(sandbox, vendor, fault)
    answer = await sandbox.call("PATCH", path, json={"summary": "fine"}, headers=company)
    said = answer.body["errors"][0]["message"]
    assert said.startswith(f"No. PATCH {path} ")
    assert said.endswith(' {"summary": "fine"}')
    assert company["Authorization"] in said


@pytest.mark.parametrize("size", [3, 2 * 1024 * 1024])
async def test_an_error_that_repeats_a_file(sandbox: Client, vendor: FakeVendor, size: int) -> None:
    fault = {"call": "attachment", "kind": "status", "status": 400, "message": "No.", "echo": True}
    path, company = await patched(sandbox, vendor, fault)
    form = FormData(quote_fields=False)
    form.add_field("file", BytesIO(b"x" * size), filename="Report of Ada.pdf", content_type="application/pdf")
    answer = await sandbox.call("POST", f"{path}/attachment", data=form, headers=company)
    assert answer.status == 400
    said = answer.body["errors"][0]["message"]
    assert said[:200].startswith(f"No. POST {path}/attachment ")
    assert ('filename="Report of Ada.pdf"' in said, "x" * size in said) == (True, True)
    assert next(iter(sandbox.state.orders.values())).attachments == []


@pytest.mark.parametrize(("kind", "done"), [("lose_answer", 1), ("drop", 0)])
async def test_a_cut_connection(sandbox: Client, vendor: FakeVendor, kind: str, done: int) -> None:
    path, company = await patched(sandbox, vendor, {"kind": kind})
    with pytest.raises(ClientError):
        await sandbox.call("PATCH", path, json={"status": "PENDING"}, headers=company)
    assert len(next(iter(sandbox.state.orders.values())).history) == done
    entry = sandbox.state.record.entries(call="result_patch")[-1]
    assert (entry.status, entry.fault) == (None, kind)


async def test_latency_works_later(sandbox: Client, vendor: FakeVendor) -> None:
    path, company = await patched(sandbox, vendor, {"kind": "latency", "seconds": 0.1})
    assert (await sandbox.call("PATCH", path, json={}, headers=company)).status == 200
    assert sandbox.state.record.entries(call="result_patch")[-1].ms >= 100


async def test_a_hang_ends_with_its_time(sandbox: Client, vendor: FakeVendor) -> None:
    path, company = await patched(sandbox, vendor, {"kind": "hang", "seconds": 0.1})
    with pytest.raises(ClientError):
        await sandbox.call("PATCH", path, json={}, headers=company)


async def test_a_hang_ends_when_faults_are_cleared(sandbox: Client, vendor: FakeVendor) -> None:
    path, company = await patched(sandbox, vendor, {"kind": "hang"})
    call = asyncio.create_task(sandbox.call("PATCH", path, json={}, headers=company))
    limiter = sandbox.state.limiter
    await eventually(lambda: any(limiter._running.values()))
    await sandbox.admin("/faults", method="DELETE")
    with pytest.raises(ClientError):
        await call


async def test_a_hang_ends_when_the_caller_goes(sandbox: Client, vendor: FakeVendor) -> None:
    path, company = await patched(sandbox, vendor, {"kind": "hang"})
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(sandbox.call("PATCH", path, json={}, headers=company), 0.1)
    await eventually(lambda: sandbox.state.record.entries(call="result_patch"))
    assert not any(sandbox.state.limiter._running.values())


async def test_another_company_does_not_feel_it(sandbox: Client, vendor: FakeVendor) -> None:
    await patched(sandbox, vendor, {"kind": "drop"})
    globex = await sandbox.connect(vendor, "globex")
    path = f"{API}/orders/{await sandbox.order('globex')}/results"
    assert (await sandbox.call("PATCH", path, json={}, headers=globex)).status == 200


async def test_reset_keeps_what_is_seeded(sandbox: Client, vendor: FakeVendor) -> None:
    company = await sandbox.connect(vendor)
    await sandbox.order()
    await sandbox.admin("/companies", {"id": "umbrella"})
    assert (await sandbox.call("POST", "/admin/reset")).status == 204
    listed = (await sandbox.admin("/companies", method="GET"))["companies"]
    assert [(one["id"], one["consented"], one["connected"]) for one in listed] == [
        ("acme", True, False),
        ("globex", True, False),
        ("initech", False, False),
    ]
    assert (await sandbox.admin("/orders", method="GET"))["orders"] == []
    assert (await sandbox.admin("/record", method="GET"))["entries"] == []
    assert (await sandbox.call("GET", "/jobs/x", headers=company)).status == 401
    assert await sandbox.token()


async def test_companies_can_be_made_and_changed(sandbox: Client) -> None:
    made = await sandbox.admin("/companies", {"id": "umbrella", "name": "Umbrella", "consented": False})
    assert (len(made["jobs"]), len(made["candidates"])) == (2, 4)
    changed = await sandbox.admin("/companies/umbrella", {"consented": True, "name": "U"}, "PATCH")
    assert (changed["consented"], changed["name"]) == (True, "U")


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "/companies/none", None, 404),
        ("POST", "/companies", {"id": "acme"}, 409),
        ("POST", "/companies", {"id": "a b"}, 400),
        ("POST", "/companies", {"id": "ok", "more": 1}, 400),
        ("PATCH", "/companies/acme", {"permissions": ["everything"]}, 400),
        ("PUT", "/faults", [{"kind": "explode"}], 400),
        ("PUT", "/limits", {"in_flight": 0}, 400),
        ("GET", "/record?after=x", None, 400),
        ("GET", "/orders/none", None, 404),
        ("GET", "/companies/acme/consent-url", None, 404),
        ("POST", "/companies/acme/packages", {}, 404),
        ("POST", "/companies/acme/orders", {"package_id": "p"}, 404),
        ("POST", "/companies/acme/disable", {}, 409),
        ("POST", "/companies/acme/auto-orders", {"job_id": "x", "step": "y", "package_id": "z"}, 404),
        ("POST", "/companies/acme/candidates/none/move", {"job_id": "x", "step": "y"}, 404),
    ],
)
async def test_admin_errors(sandbox: Client, method: str, path: str, body: Any, status: int) -> None:
    answered = await sandbox.call(method, f"/admin{path}", json=body)
    assert answered.status == status
    assert answered.body["errors"][0]["code"]


async def test_what_cannot_be_ordered(sandbox: Client, vendor: FakeVendor) -> None:
    await sandbox.connect(vendor, inlineAssessmentPackageOrderUrl="")
    cases: list[tuple[str, dict[str, str], int]] = [
        ("orders", {"package_id": "p", "job_id": "none"}, 404),
        ("orders", {"package_id": "p", "candidate_id": "none"}, 404),
        ("inline-orders", {"package_id": "p"}, 409),
    ]
    for path, wish, status in cases:
        assert (await sandbox.call("POST", f"/admin/companies/acme/{path}", json=wish)).status == status
    assert vendor.seen == []
