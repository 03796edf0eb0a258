"""The pages, as a browser without JavaScript goes through them."""

import re
from typing import Any

import pytest

from tests.sandbox.conftest import API, Client
from tests.sandbox.fake_vendor import FakeVendor


async def text(sandbox: Client, path: str, status: int = 200) -> str:
    answered = await sandbox.call("GET", path)
    assert answered.status == status, answered
    assert "default-src 'self'" in answered.headers["Content-Security-Policy"]
    return str(answered.body)


async def submit(sandbox: Client, path: str, **form: str) -> str:
    answered = await sandbox.call("POST", path, data=form)
    assert answered.status == 303, answered
    return answered.headers["Location"]


async def test_from_nothing_to_a_result(sandbox: Client, vendor: FakeVendor) -> None:
    assert "No partner configuration yet" in await text(sandbox, "/")
    company = await sandbox.connect(vendor)
    assert "connected" in await text(sandbox, "/companies/acme")
    candidate = next(iter(sandbox.state.companies["acme"].candidates))
    page = await text(sandbox, f"/companies/acme/packages?candidate={candidate}")
    assert "Order an assessment for Ada Lindqvist" in page
    assert re.search(r"Backend skills.*For the application phase.*Quick check", page, re.DOTALL)
    form = {"package_id": "backend", "candidate_id": candidate}
    order = await submit(sandbox, "/companies/acme/orders", **form)
    assert "Waiting for the partner" in await text(sandbox, order)
    result: dict[str, Any] = {
        "status": "COMPLETED",
        "score": {"raw": 28, "min": 20, "max": 80},
        "summary": "<b>Solid</b>",
        "attachments": [{"type": "PDF_URL", "url": "https://files.example.com/r.pdf"}],
        "assessmentResults": [{"assessmentId": "py", "name": "Python"}],
    }
    path = f"{API}{order}/results"
    assert (await sandbox.call("PATCH", path, json=result, headers=company)).status == 200
    page = await text(sandbox, order)
    for shown in ("13 %", "28 in 20…80", "&lt;b&gt;Solid", "https://files.example.com/r.pdf", "Python"):
        assert shown in page


async def test_consent_then_popup_or_redirect(sandbox: Client, vendor: FakeVendor) -> None:
    await sandbox.configure(vendor.configuration())
    assert "Grant access" in await text(sandbox, "/companies/initech")
    assert await submit(sandbox, "/companies/initech/consent") == "/companies/initech"
    frame = f'<iframe src="{vendor.url}/connect?lang=en&amp;companyId=initech"'
    assert frame in await text(sandbox, "/companies/initech/connect")
    await sandbox.configure(vendor.configuration(consentDisplayMode="REDIRECT"))
    answered = await sandbox.call("GET", "/companies/initech/connect")
    assert answered.status == 303
    assert answered.headers["Location"].startswith(
        f"{vendor.url}/connect?lang=en&companyId=initech&redirect="
    )
    assert "is not connected" in await text(sandbox, "/landing/initech")
    await sandbox.connect(vendor, "initech")
    assert "is connected" in await text(sandbox, "/landing/initech")


async def test_a_candidate_applies(sandbox: Client, vendor: FakeVendor) -> None:
    await sandbox.connect(vendor)
    assert "Send application" in await text(sandbox, "/companies/acme/apply?package=quick")
    job = next(iter(sandbox.state.companies["acme"].jobs))
    form = {
        "package_id": "quick",
        "job_id": job,
        "email": "r@example.com",
        "firstName": "R",
        "lastName": "M",
        "applicationLanguage": "fr",
    }
    to = await submit(sandbox, "/companies/acme/apply", **form)
    assert to.startswith(f"{vendor.url}/test?back=")
    vendor.answers["inline"] = (500, {})
    refused = await sandbox.call("POST", "/companies/acme/apply", data=form)
    assert refused.status == 502
    assert "status is 500, not 200" in refused.body
    assert (await sandbox.call("POST", "/companies/acme/apply", data={})).status == 400


async def test_automatic_orders_faults_disable_and_reset(sandbox: Client, vendor: FakeVendor) -> None:
    await sandbox.connect(vendor)
    company = sandbox.state.companies["acme"]
    rule = {"job_id": next(iter(company.jobs)), "step": "Interview"}
    assert "Order automatically" in await text(sandbox, "/companies/acme/packages")
    await submit(sandbox, "/companies/acme/auto-orders", **rule, package_id="backend")
    await submit(sandbox, f"/companies/acme/candidates/{next(iter(company.candidates))}/move", **rule)
    assert len(vendor.calls("/orders")) == 1
    await submit(sandbox, "/faults", call="job", kind="status", status="503", times="", company_id="")
    assert "status 503" in await text(sandbox, "/faults")
    assert (await sandbox.call("POST", "/faults", data={"kind": "status", "status": "200"})).status == 400
    await submit(sandbox, "/faults/clear")
    assert "None: every call works" in await text(sandbox, "/faults")
    page = await text(sandbox, "/traffic?company=acme&call=order")
    assert "backend" in page
    assert await submit(sandbox, "/companies/acme/disable") == "/companies/acme"
    assert await submit(sandbox, "/reset") == "/"
    assert "No calls yet" in await text(sandbox, "/traffic")


async def test_a_disable_the_partner_refuses_is_told(sandbox: Client, vendor: FakeVendor) -> None:
    await sandbox.connect(vendor)
    vendor.answers["disable"] = (500, {})
    answered = await sandbox.call("POST", "/companies/acme/disable")
    assert answered.status == 502
    assert "status is 500, not 204" in answered.body
    assert sandbox.state.companies["acme"].integration is None


@pytest.mark.parametrize(
    "path", ["/companies/none", "/orders/none", "/applications/complete", "/landing/none"]
)
async def test_what_is_not_there_is_a_page(sandbox: Client, path: str) -> None:
    assert "That did not work" in await text(sandbox, path, 404)


@pytest.mark.parametrize("path", ["/reset", "/admin/reset"])
@pytest.mark.parametrize("site", ["cross-site", "same-site"])
async def test_other_sites_do_not_press_buttons(sandbox: Client, path: str, site: str) -> None:
    answered = await sandbox.call("POST", path, headers={"Sec-Fetch-Site": site})
    assert answered.status == 403


async def test_assets_are_its_own(sandbox: Client) -> None:
    page = await text(sandbox, "/")
    assets = re.findall(r'(?:href|src)="(/static/[^"]+)"', page)
    assert len(assets) == 2
    for asset in assets:
        assert (await sandbox.call("GET", asset)).status == 200
    assert not re.search(r'(?:href|src)="https?:', page)
