"""The consent pages (SPEC §1.3): what an administrator, and a browser, meets."""

import re
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urlencode

import pytest

from tests.gateway.support.credentials import PASSWORD
from tests.gateway.support.world import World

BACK = "https://www.smartrecruiters.com/app/landing?x=1&y=%22%3E"
EMAIL = "admin@customer.example"


class Page(HTMLParser):
    """What is on a page: forms with their hidden fields, inputs, labels, text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]

    def hidden(self) -> dict[str, str | None]:
        return {str(one["name"]): one["value"] for one in self.all("input") if one.get("type") == "hidden"}


Answer = tuple[int, Page, Any]


async def show(world: World, **query: str) -> Answer:
    return await _answer(world, "GET", f"/connect?{urlencode(query)}")


async def post(world: World, path: str, **form: str) -> Answer:
    return await _answer(world, "POST", path, data=form)


async def _answer(world: World, method: str, path: str, **more: Any) -> Answer:
    async with world.session.request(method, world.url + path, allow_redirects=False, **more) as response:
        assert "Set-Cookie" not in response.headers
        assert response.headers["Cache-Control"] == "no-store"
        assert response.headers["Referrer-Policy"] == "no-referrer"
        return response.status, Page(await response.text()), response.headers


@pytest.fixture
async def acme(shared_world: World) -> World:
    shared_world.credentials.grant_fault = shared_world.credentials.sign_in_fault = None
    shared_world.credentials.grants.clear()
    shared_world.credentials.denials.clear()
    shared_world.credentials.away = False
    return shared_world


@pytest.mark.parametrize("redirect", [BACK, None])
async def test_grant(acme: World, redirect: str | None) -> None:
    given = {"companyId": "acme"} | ({"redirect": redirect} if redirect else {})
    status, page, headers = await show(acme, **given)
    assert status == 200
    assert page.hidden() == given
    assert {one["name"] for one in page.all("input")} == {*given, "email", "password"}
    assert {one["for"] for one in page.all("label")} == {"email", "password"}

    status, page, _ = await post(acme, "/connect/sign-in", **given, email=EMAIL, password=PASSWORD)
    assert status == 200
    assert [form["action"] for form in page.all("form")] == ["/connect/grant", "/connect/deny"]
    assert page.hidden() == {**given, "ticket": "ticket-1"}
    assert 'Acme <script>alert(1)</script> & "Sons"' in page.text, "shown as text"
    assert page.all("script") == []

    status, page, headers = await post(acme, "/connect/grant", **given, ticket="ticket-1")
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
    given = {"companyId": "acme"} | ({"redirect": redirect} if redirect else {})
    status, page, headers = await post(acme, "/connect/deny", **given, ticket="ticket-1")
    assert (status, headers.get("Location")) == ((303, redirect) if redirect else (200, None))
    assert (acme.credentials.denials, acme.credentials.grants) == (["acme"], [])
    if not redirect:
        assert "Nothing has been connected" in page.text


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


@pytest.mark.parametrize(
    "query",
    [
        "",
        "redirect=https%3A%2F%2Fwww.smartrecruiters.com",
        "companyId=",
        "companyId=a%2Fb",
        "companyId=%3Cscript%3E",
        "companyId=acme&companyId=globex",
        "companyId=" + "a" * 129,
        "companyId=acme&redirect=https%3A%2F%2Fevil.example",
        "companyId=acme&redirect=https%3A%2F%2Fwww.smartrecruiters.com%40evil.example",
        "companyId=acme&redirect=https%3A%2F%2Fevil.example%5C.smartrecruiters.com",
        "companyId=acme&redirect=%2F%2Fevil.example",
        "companyId=acme&redirect=javascript%3Aalert(1)",
        "companyId=acme&redirect=http%3A%2F%2Fwww.smartrecruiters.com",
        "companyId=acme&redirect=https%3A%2F%2Fwww.smartrecruiters.com%0D%0ASet-Cookie%3Aa",
        "companyId=acme&redirect=https%3A%2F%2Fa.smartrecruiters.com&redirect=https%3A%2F%2Fevil.example",
    ],
)
@pytest.mark.parametrize("path", ["/connect", "/connect/sign-in", "/connect/grant", "/connect/deny"])
async def test_a_link_that_is_not_smartrecruiters(acme: World, path: str, query: str) -> None:
    form = {"headers": {"Content-Type": "application/x-www-form-urlencoded"}}
    if path == "/connect":
        status, page, headers = await _answer(acme, "GET", f"/connect?{query}")
    else:
        body = f"{query}&email={EMAIL}&password=x&ticket=ticket-1"
        status, page, headers = await _answer(acme, "POST", path, data=body, **form)
    assert status == 400
    assert "This link does not work" in page.text
    assert page.all("a") == []
    assert page.all("form") == []
    assert "Location" not in headers
    assert acme.credentials.grants == []


@pytest.mark.parametrize("form", [{"email": "", "password": "x"}, {"email": EMAIL, "password": ""}])
async def test_nothing_entered(acme: World, form: dict[str, str]) -> None:
    status, page, _ = await post(acme, "/connect/sign-in", companyId="acme", **form)
    assert status == 400
    assert "Enter your e-mail address and your password" in page.text


async def test_a_wrong_password_keeps_the_address_and_never_the_password(acme: World) -> None:
    status, page, _ = await post(
        acme, "/connect/sign-in", companyId="acme", email='"><b>@x.example', password="wrong-password"
    )
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
    status, page, _ = await post(acme, "/connect/grant", companyId="acme", redirect=BACK, ticket="ticket-1")
    assert status >= 400
    assert said in page.text
    links = [link["href"] for link in page.all("a")]
    assert links == [f"/connect?{urlencode({'companyId': 'acme', 'redirect': BACK})}", BACK]


async def test_an_old_ticket_leads_back_to_the_sign_in(acme: World) -> None:
    status, page, _ = await post(acme, "/connect/grant", companyId="acme", ticket="ticket-0")
    assert status == 403
    assert "has expired" in page.text
    assert page.all("form")[0]["action"] == "/connect/sign-in"


@pytest.mark.parametrize(
    ("fault", "said"),
    [((429, "too_many_attempts"), "Too many attempts"), ((401, "unauthorized"), "does not work right now")],
)
async def test_a_sign_in_that_is_refused(acme: World, fault: tuple[int, str], said: str) -> None:
    acme.credentials.sign_in_fault = fault
    status, page, _ = await post(acme, "/connect/sign-in", companyId="acme", email=EMAIL, password=PASSWORD)
    assert status in {429, 503}
    assert said in page.text


async def test_credentials_away(acme: World) -> None:
    acme.credentials.away = True
    for path, form in (
        ("/connect/sign-in", {"email": EMAIL, "password": PASSWORD}),
        ("/connect/grant", {"ticket": "ticket-1"}),
        ("/connect/deny", {"ticket": "ticket-1"}),
    ):
        status, page, _ = await post(acme, path, companyId="acme", **form)
        assert status == 503
        assert "Nothing has been connected" in page.text
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
