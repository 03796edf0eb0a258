"""GATEWAY_CONSENT_DISPLAY_MODE: only links of that mode begin a visit, and only a pop-up may be framed."""

from collections.abc import AsyncIterator

import pytest

from tests.gateway.support.consent import BACK, Page, post, show
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


async def _refuses(world: World, **query: str) -> None:
    status, page, headers = await show(world, companyId="acme", **query)
    assert status == 400
    assert "This link does not work" in page.text
    assert (page.all("form"), page.all("a")) == ([], [])
    assert headers["Content-Security-Policy"].endswith(NOBODY)
    assert headers["X-Frame-Options"] == "DENY"


async def _ends(world: World, page: Page, path: str) -> tuple[int, str | None, str]:
    """The next step of a visit: its status, where it leads and who may frame it."""
    visit = str(page.hidden()["visit"])
    status, _, headers = await post(world, path, visit=visit, ticket="ticket-1")
    return status, headers.get("Location"), headers.get("Content-Security-Policy", "")


@pytest.mark.parametrize("mode_world", ["REDIRECT"], indirect=True)
async def test_redirect_takes_no_link_without_a_way_back_and_is_never_framed(mode_world: World) -> None:
    await _refuses(mode_world)
    await _refuses(mode_world, redirect="")

    status, page, headers = await show(mode_world, companyId="acme", redirect=BACK)
    assert status == 200
    assert headers["Content-Security-Policy"].endswith(NOBODY)
    assert headers["X-Frame-Options"] == "DENY"
    assert (await _ends(mode_world, page, "/connect/deny"))[:2] == (303, BACK)


@pytest.mark.parametrize("mode_world", ["POPUP"], indirect=True)
async def test_popup_takes_no_link_with_a_way_back_and_is_framed_by_smartrecruiters(
    mode_world: World,
) -> None:
    await _refuses(mode_world, redirect=BACK)
    await _refuses(mode_world, redirect="https://evil.example/")

    status, page, headers = await show(mode_world, companyId="acme")
    assert status == 200
    assert headers["Content-Security-Policy"].endswith(SMARTRECRUITERS)
    assert "X-Frame-Options" not in headers
    status, location, policy = await _ends(mode_world, page, "/connect/deny")
    assert (status, location) == (200, None)
    assert policy.endswith(SMARTRECRUITERS)
