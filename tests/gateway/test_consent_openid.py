"""The way to the identity provider and back: bound to the browser, out of the frame, and nowhere else."""

import re
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import pytest

from tests.gateway.support.consent import BACK, Page, answer, begun
from tests.gateway.support.world import World


@pytest.fixture
async def openid(acme: World) -> World:
    acme.credentials.openid = "Vendor ID"
    return acme


async def get(world: World, path: str, **headers: str) -> tuple[int, Page, Any]:
    async with world.session.get(world.url + path, allow_redirects=False, headers=headers) as response:
        assert response.headers["Cache-Control"] == "no-store"
        return response.status, Page(await response.text()), response.headers


async def sets_out(world: World, redirect: str | None = BACK) -> tuple[str, str]:
    """Returns the state and the cookie of a browser that goes to the provider."""
    status, _, headers = await get(world, f"/connect/openid?visit={await begun(world, redirect)}")
    assert status == 303
    assert headers["Location"].startswith("https://idp.example/authorize?")
    (state,) = parse_qs(urlsplit(headers["Location"]).query)["state"]
    return state, headers["Set-Cookie"]


async def test_the_page_offers_it_beside_the_password(openid: World) -> None:
    _, page, _ = await answer(openid, "GET", f"/connect?companyId=acme&redirect={quote(BACK)}")
    (link,) = page.all("a")
    assert str(link["href"]).startswith("/connect/openid?visit=")
    assert "target" not in link
    assert "Sign in with Vendor ID" in page.text
    assert {one["for"] for one in page.all("label")} == {"email", "password"}


async def test_from_a_pop_up_it_opens_a_window_of_its_own(openid: World) -> None:
    _, page, _ = await answer(openid, "GET", "/connect?companyId=acme")
    (link,) = page.all("a")
    assert (link["target"], link["rel"]) == ("_blank", "noopener")


async def test_the_cookie_is_the_hosts_own_and_no_scripts(openid: World) -> None:
    _, cookie = await sets_out(openid)
    assert re.fullmatch(
        r"__Host-connect=[A-Za-z0-9_-]{43}; HttpOnly; Max-Age=600; Path=/; SameSite=Lax; Secure", cookie
    )


@pytest.mark.parametrize("redirect", [BACK, None])
async def test_there_and_back(openid: World, redirect: str | None) -> None:
    state, cookie = await sets_out(openid, redirect)
    name_and_value = cookie.partition(";")[0]
    path = f"/connect/openid/callback?state={state}&code=c0de&iss=https%3A%2F%2Fidp.example"
    status, page, headers = await get(openid, path, Cookie=name_and_value)
    assert status == 200
    begin, finish = openid.credentials.openid_calls
    assert finish == {
        "company_id": "acme",
        "browser": begin["browser"],
        "state": state,
        "code": "c0de",
        "issuer": "https://idp.example",
    }
    assert begin["browser"] == name_and_value.partition("=")[2]
    assert [form["action"] for form in page.all("form")] == ["/connect/grant", "/connect/deny"]
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"], "a window, whatever began it"
    form = {name: str(value) for name, value in page.hidden().items()}
    status, page, headers = await answer(openid, "POST", "/connect/grant", data=form)
    assert openid.credentials.grants == ["acme"]
    assert (status, headers.get("Location")) == ((303, redirect) if redirect else (200, None))
    assert "frame-ancestors 'none'" in headers.get("Content-Security-Policy", "frame-ancestors 'none'")


async def test_a_second_window_keeps_the_browsers_cookie(openid: World) -> None:
    _, first = await sets_out(openid)
    path = f"/connect/openid?visit={await begun(openid)}"
    _, _, headers = await get(openid, path, Cookie=first.partition(";")[0])
    assert headers["Set-Cookie"].partition(";")[0] == first.partition(";")[0]
    for made_up in ("short", "x" * 44, "<script>"):
        _, _, headers = await get(openid, path, Cookie=f"__Host-connect={made_up}")
        assert made_up not in headers["Set-Cookie"]


@pytest.mark.parametrize("cookie", [None, "__Host-connect=x", "connect=" + "x" * 43, "__Host-connect=;"])
async def test_an_answer_to_another_browser_is_of_no_use(openid: World, cookie: str | None) -> None:
    state, _ = await sets_out(openid)
    openid.credentials.openid_calls.clear()
    headers = {"Cookie": cookie} if cookie else {}
    status, page, _ = await get(openid, f"/connect/openid/callback?state={state}&code=c", **headers)
    assert status == 403
    assert "was not begun here" in page.text
    assert openid.credentials.openid_calls == []


@pytest.mark.parametrize(
    "query",
    ["", "code=c", "state=&code=c", "state=made-up&code=c", "state=made.up&code=c", "state=a&state=b&code=c"],
)
async def test_answers_nobody_asked_for(openid: World, query: str) -> None:
    _, cookie = await sets_out(openid)
    openid.credentials.openid_calls.clear()
    status, page, headers = await get(
        openid, f"/connect/openid/callback?{query}", Cookie=cookie.partition(";")[0]
    )
    assert status == 403
    assert (page.all("a"), page.all("form")) == ([], [])
    assert "Location" not in headers
    assert openid.credentials.openid_calls == []


async def test_an_error_of_the_provider_is_passed_on_without_its_words(openid: World) -> None:
    state, cookie = await sets_out(openid)
    openid.credentials.openid_fault = (403, "sign_in_declined")
    query = f"state={state}&error=access_denied&error_description=%3Cb%3Eevil&code=c"
    status, page, _ = await get(openid, f"/connect/openid/callback?{query}", Cookie=cookie.partition(";")[0])
    assert status == 403
    assert "code" not in openid.credentials.openid_calls[-1]
    assert "evil" not in page.text
    assert [link["href"] for link in page.all("a")][-1] == BACK


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ((403, "sign_in_not_begun"), "was not begun here"),
        ((403, "identity_not_proven"), "could not be confirmed"),
        ((403, "email_not_verified"), "e-mail address is not confirmed"),
        ((403, "person_unknown"), "may not connect companies yet"),
        ((502, "identity_provider_unavailable"), "does not answer"),
    ],
)
async def test_what_fails_says_whose_move_it_is(openid: World, fault: tuple[int, str], said: str) -> None:
    state, cookie = await sets_out(openid)
    openid.credentials.openid_fault = fault
    status, page, _ = await get(
        openid, f"/connect/openid/callback?state={state}&code=c", Cookie=cookie.partition(";")[0]
    )
    assert status == fault[0]
    assert said in page.text
    assert f"told by the service: {fault[1]}" in page.text


@pytest.mark.parametrize("site", ["cross-site", "same-site", "none"])
async def test_another_site_sends_nobody_off(openid: World, site: str) -> None:
    path = f"/connect/openid?visit={await begun(openid)}"
    status, _, headers = await get(openid, path, **{"Sec-Fetch-Site": site})
    assert status == 400
    assert "Set-Cookie" not in headers
    assert openid.credentials.openid_calls == []
