"""GATEWAY_CONSENT_DISPLAY_MODE: links of that mode alone begin a visit; with REDIRECT nothing is framed."""

from collections.abc import AsyncIterator

import pytest

from tests.gateway.support.consent import BACK, Answer, Page, answer, post, show
from tests.gateway.support.world import World, fresh_world

NOBODY = "frame-ancestors 'none'"
SMARTRECRUITERS = "frame-ancestors https://api.smartrecruiters.com https://*.smartrecruiters.com"


@pytest.fixture
async def mode_world(
    kafka: str, postgres_url: str, topic_prefix: str, request: pytest.FixtureRequest
) -> AsyncIterator[World]:
    """A gateway of the mode the test is parametrized with."""
    mode = {"gateway_consent_display_mode": request.param}
    async with fresh_world(kafka=kafka, postgres_url=postgres_url, prefix=topic_prefix, **mode) as made:
        yield made


def _says_it_does_not_work(answered: Answer, framed_by: str) -> None:
    """In words, with nothing to click and none of what came."""
    status, page, headers = answered
    assert status == 400
    assert "This link does not work" in page.text
    assert [page.all(kind) for kind in ("form", "input", "a", "button", "script")] == [[]] * 5
    assert "acme" not in page.text
    assert headers["Content-Security-Policy"].endswith(framed_by)
    assert headers.get("X-Frame-Options") == ("DENY" if framed_by == NOBODY else None)


async def _refuses(world: World, framed_by: str, **query: str) -> None:
    _says_it_does_not_work(await show(world, companyId="acme", **query), framed_by)


async def _refuses_what_is_malformed(world: World, framed_by: str) -> None:
    """Links and forms that are of no visit."""
    for query in ("", "?companyId=", "?companyId=acme&companyId=globex", "?companyId=%3Cacme%3E"):
        _says_it_does_not_work(await answer(world, "GET", f"/connect{query}"), framed_by)
    for path in ("sign-in", "organisation", "grant", "deny"):
        form = {"visit": "h1.acme", "email": "ada@acme.example", "ticket": "acme-ticket"}
        _says_it_does_not_work(await post(world, f"/connect/{path}", **form), framed_by)


async def _ends(world: World, page: Page, path: str) -> tuple[int, str | None, str]:
    """The next step of a visit: its status, where it leads and who may frame it."""
    visit = str(page.hidden()["visit"])
    status, _, headers = await post(world, path, visit=visit, ticket="ticket-1")
    return status, headers.get("Location"), headers.get("Content-Security-Policy", "")


@pytest.mark.parametrize("mode_world", ["REDIRECT"], indirect=True)
async def test_redirect_takes_no_link_without_a_way_back_and_is_never_framed(mode_world: World) -> None:
    await _refuses(mode_world, NOBODY)
    await _refuses(mode_world, NOBODY, redirect="")
    await _refuses_what_is_malformed(mode_world, NOBODY)

    status, page, headers = await show(mode_world, companyId="acme", redirect=BACK)
    assert status == 200
    assert headers["Content-Security-Policy"].endswith(NOBODY)
    assert headers["X-Frame-Options"] == "DENY"
    assert (await _ends(mode_world, page, "/connect/deny"))[:2] == (303, BACK)


@pytest.mark.parametrize("mode_world", ["POPUP"], indirect=True)
async def test_popup_takes_no_link_with_a_way_back_and_is_framed_by_smartrecruiters(
    mode_world: World,
) -> None:
    await _refuses(mode_world, SMARTRECRUITERS, redirect=BACK)
    await _refuses(mode_world, SMARTRECRUITERS, redirect="https://evil.example/")
    await _refuses_what_is_malformed(mode_world, SMARTRECRUITERS)

    status, page, headers = await show(mode_world, companyId="acme")
    assert status == 200
    assert headers["Content-Security-Policy"].endswith(SMARTRECRUITERS)
    assert "X-Frame-Options" not in headers
    status, location, policy = await _ends(mode_world, page, "/connect/deny")
    assert (status, location) == (200, None)
    assert policy.endswith(SMARTRECRUITERS)


@pytest.mark.parametrize("mode_world", ["EITHER"], indirect=True)
async def test_with_either_a_link_that_does_not_work_may_be_a_pop_up_s(mode_world: World) -> None:
    await _refuses(mode_world, SMARTRECRUITERS, redirect="https://evil.example/")
    await _refuses_what_is_malformed(mode_world, SMARTRECRUITERS)
    _, _, headers = await answer(mode_world, "GET", "/connect/openid/callback")
    assert headers["Content-Security-Policy"].endswith(NOBODY), "a window's, whatever began it"
