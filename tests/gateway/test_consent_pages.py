"""The consent pages (SPEC §1.3): what an administrator, and a browser, meets."""

import re
import time
from urllib.parse import urlencode

import pytest
from gateway.domain.handoff import Handoff, HandoffLinks
from gateway.domain.visits import Visit, VisitTokens

from tests.gateway.support.consent import BACK, EMAIL, answer, begun, post, show, step
from tests.gateway.support.credentials import ACME, GLOBEX, PASSWORD
from tests.gateway.support.world import World


@pytest.mark.parametrize("redirect", [BACK, None])
async def test_grant(acme: World, redirect: str | None) -> None:
    given = {"companyId": "acme"} | ({"redirect": redirect} if redirect else {})
    status, page, headers = await show(acme, **given)
    assert status == 200
    assert {one["name"] for one in page.all("input")} == {"visit", "email", "password"}
    assert {one["for"] for one in page.all("label")} == {"email", "password"}

    status, page, _ = await post(
        acme, "/connect/sign-in", visit=str(page.hidden()["visit"]), email=EMAIL, password=PASSWORD
    )
    assert status == 200
    assert [form["action"] for form in page.all("form")] == ["/connect/grant", "/connect/deny"]
    assert page.hidden()["ticket"] == "ticket-1"
    assert 'Acme <script>alert(1)</script> & "Sons"' in page.text, "shown as text"
    assert page.all("script") == []

    status, page, headers = await post(
        acme, "/connect/grant", **{name: str(value) for name, value in page.hidden().items()}
    )
    assert acme.credentials.grants == ["acme"]
    if redirect:
        assert (status, headers["Location"]) == (303, redirect)
    else:
        assert status == 200
        assert "is connected" in page.text
        (script,) = page.all("script")
        assert f"script-src 'nonce-{script['nonce']}'" in headers["Content-Security-Policy"]


@pytest.mark.parametrize("redirect", [BACK, None])
async def test_deny(acme: World, redirect: str | None) -> None:
    status, page, headers = await step(acme, "/connect/deny", redirect, ticket="ticket-1")
    assert (status, headers.get("Location")) == ((303, redirect) if redirect else (200, None))
    assert (acme.credentials.denials, acme.credentials.grants) == (["acme"], [])
    if not redirect:
        assert "Nothing has been connected" in page.text


async def test_one_of_several_organisations_is_chosen(acme: World) -> None:
    acme.credentials.organisations = {ACME: "Acme <b>", GLOBEX: "Globex"}
    status, page, _ = await step(acme, "/connect/sign-in", email=EMAIL, password=PASSWORD)
    assert status == 200
    assert [form["action"] for form in page.all("form")] == ["/connect/organisation"]
    assert [one.get("formaction") for one in page.all("button")] == [None, "/connect/deny"]
    assert [one["value"] for one in page.all("option")] == ["", ACME, GLOBEX]
    assert "Acme <b>" in page.text
    hidden = {name: str(value) for name, value in page.hidden().items()}

    status, page, _ = await post(acme, "/connect/organisation", **hidden, organisation=GLOBEX)
    assert status == 200
    assert acme.credentials.chosen == [GLOBEX]
    assert "Globex" in page.text
    assert "Acme" not in page.text
    assert [form["action"] for form in page.all("form")] == ["/connect/grant", "/connect/deny"]


@pytest.mark.parametrize("organisation", ["", "not-an-id", "../x"])
async def test_a_choice_no_page_offers(acme: World, organisation: str) -> None:
    status, page, _ = await step(acme, "/connect/organisation", ticket="ticket-1", organisation=organisation)
    assert status == 400
    assert "This link does not work" in page.text
    assert acme.credentials.chosen == []


async def test_the_credentials_service_hears_whence_the_browser_calls(acme: World) -> None:
    await step(acme, "/connect/sign-in", email=EMAIL, password=PASSWORD)
    assert [one["address"] for one in acme.credentials.sign_ins] == ["127.0.0.1"]


@pytest.mark.parametrize("path", ["sign-in", "organisation", "grant", "deny"])
@pytest.mark.parametrize("site", ["cross-site", "same-site", "none"])
async def test_a_form_of_another_site_does_nothing(acme: World, path: str, site: str) -> None:
    form = {"visit": await begun(acme), "email": EMAIL, "password": PASSWORD, "ticket": "ticket-1"}
    status, page, _ = await answer(
        acme, "POST", f"/connect/{path}", data=form, headers={"Sec-Fetch-Site": site}
    )
    assert status == 400
    assert page.all("form") == []
    fake = acme.credentials
    assert (fake.sign_ins, fake.chosen, fake.grants, fake.denials) == ([], [], [], [])


@pytest.mark.parametrize("path", ["sign-in", "organisation", "grant", "deny"])
async def test_a_form_without_its_visit_does_nothing(acme: World, path: str) -> None:
    good = await begun(acme)
    given = {"email": EMAIL, "password": PASSWORD, "ticket": "ticket-1", "organisation": ACME}
    handoff = HandoffLinks(keys={"h1": bytes(range(64))}, public_url="").token(Handoff("o", "acme", BACK))
    for visit in ({}, {"visit": ""}, {"visit": good[:-2]}, {"visit": handoff}, {"visit": "h1." + "A" * 9000}):
        status, page, headers = await post(acme, f"/connect/{path}", **visit, **given)
        assert status == 400
        assert (page.all("form"), page.all("a")) == ([], [])
        assert "Location" not in headers
    fake = acme.credentials
    assert (fake.sign_ins, fake.chosen, fake.grants, fake.denials) == ([], [], [], [])


@pytest.mark.parametrize("path", ["sign-in", "organisation", "grant", "deny"])
async def test_an_old_form_begins_anew(acme: World, path: str) -> None:
    keys = {"h1": bytes(range(64))}
    old = VisitTokens(keys).make(Visit("acme", BACK), time.time() - 3601)
    form = {"email": EMAIL, "password": PASSWORD, "ticket": "ticket-1", "organisation": ACME}
    status, page, _ = await post(acme, f"/connect/{path}", visit=old, **form)
    assert status == 403
    assert "has expired" in page.text
    assert page.all("form")[0]["action"] == "/connect/sign-in"
    assert page.hidden()["visit"] != old
    assert (acme.credentials.grants, acme.credentials.denials) == ([], [])


async def test_only_smartrecruiters_may_frame_a_pop_up_and_nobody_else_anything(acme: World) -> None:
    _, _, popup = await show(acme, companyId="acme")
    assert re.search(
        r"frame-ancestors https://api\.smartrecruiters\.com https://\*\.smartrecruiters\.com",
        popup["Content-Security-Policy"],
    )
    assert "X-Frame-Options" not in popup
    _, _, redirected = await show(acme, companyId="acme", redirect=BACK)
    assert "frame-ancestors 'none'" in redirected["Content-Security-Policy"]
    assert redirected["X-Frame-Options"] == "DENY"
    for headers in (popup, redirected):
        policy = headers["Content-Security-Policy"]
        assert policy.startswith("default-src 'none';")
        assert "unsafe" not in policy
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert "max-age" in headers["Strict-Transport-Security"]


@pytest.mark.parametrize("form", [{"email": "", "password": "x"}, {"email": EMAIL, "password": ""}])
async def test_nothing_entered(acme: World, form: dict[str, str]) -> None:
    status, page, _ = await step(acme, "/connect/sign-in", **form)
    assert status == 400
    assert "Enter your e-mail address and your password" in page.text


async def test_a_wrong_password_keeps_the_address_and_never_the_password(acme: World) -> None:
    status, page, _ = await step(acme, "/connect/sign-in", email='"><b>@x.example', password="wrong-password")
    assert status == 403
    assert "is wrong" in page.text
    values = {one.get("name"): one.get("value") for one in page.all("input")}
    assert values["email"] == '"><b>@x.example'
    assert values["password"] is None


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ((409, "already_integrated"), "connected already"),
        ((403, "not_consented_at_smartrecruiters"), "has not consented"),
        ((502, "smartrecruiters_unavailable"), "did not answer"),
        ((502, "smartrecruiters_answer_lost"), "do not know whether SmartRecruiters took it"),
        ((502, "partner_configuration_missing"), "not set up"),
        ((403, "company_of_another_organisation"), "another organisation"),
        ((503, "connection_in_progress"), "being connected right now"),
        ((502, "connection_not_saved"), "told by the service: connection_not_saved"),
        ((418, "something_new"), "told by the service: something_new"),
        ((500, "broken"), "do not know yet whether it worked"),
    ],
)
async def test_a_grant_that_fails_says_whose_move_it_is(
    acme: World, fault: tuple[int, str], said: str
) -> None:
    acme.credentials.grant_fault = fault
    status, page, _ = await step(acme, "/connect/grant", ticket="ticket-1")
    assert status >= 400
    assert said in page.text
    links = [link["href"] for link in page.all("a")]
    assert links == [f"/connect?{urlencode({'companyId': 'acme', 'redirect': BACK})}", BACK]


async def test_an_old_ticket_leads_back_to_the_sign_in(acme: World) -> None:
    status, page, _ = await step(acme, "/connect/grant", ticket="ticket-0")
    assert status == 403
    assert "has expired" in page.text
    assert page.all("form")[0]["action"] == "/connect/sign-in"


@pytest.mark.parametrize(
    ("fault", "said"),
    [((429, "too_many_attempts"), "Too many attempts"), ((401, "unauthorized"), "does not work right now")],
)
async def test_a_sign_in_that_is_refused(acme: World, fault: tuple[int, str], said: str) -> None:
    acme.credentials.sign_in_fault = fault
    status, page, _ = await step(acme, "/connect/sign-in", email=EMAIL, password=PASSWORD)
    assert status in {429, 503}
    assert said in page.text


async def test_credentials_away(acme: World) -> None:
    visit = await begun(acme)
    acme.credentials.away = True
    assert (await show(acme, companyId="acme"))[0] == 503
    for path, form, said in (
        ("/connect/sign-in", {"email": EMAIL, "password": PASSWORD}, "Nothing has been connected"),
        ("/connect/deny", {"ticket": "ticket-1"}, "Nothing has been connected"),
        ("/connect/grant", {"ticket": "ticket-1"}, "We do not know yet whether it worked"),
    ):
        status, page, _ = await post(acme, path, visit=visit, **form)
        assert status == 503
        assert said in page.text
    acme.credentials.away = False


@pytest.mark.parametrize("body", [b"\xff\xfe=1", b"companyId=acme&email=%00a&password=x", b"companyId=acme"])
async def test_forms_nobody_sends(acme: World, body: bytes) -> None:
    for path in ("/connect/sign-in", "/connect/grant"):
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        async with acme.session.post(acme.url + path, data=body, headers=headers) as response:
            assert response.status == 400


async def test_only_forms(acme: World) -> None:
    async with acme.session.post(f"{acme.url}/connect/grant", json={"companyId": "acme"}) as response:
        assert response.status == 415
