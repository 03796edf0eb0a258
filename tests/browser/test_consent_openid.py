"""Sign-in at the vendor's own identity provider: another site, which no frame may show (ADR 10)."""

import asyncio
from collections.abc import AsyncIterator
from urllib.parse import urlencode

import pytest
from local_stack.stack import Stack
from playwright.async_api import Page, expect

from tests.browser.conftest import NewPerson
from tests.browser.support import (
    EMAIL,
    Person,
    Sandbox,
    goes_to_connect,
    is_back,
    opens_popup,
    popup_closes,
)
from tests.support.identity_provider import PERSON_PASSWORD, IdentityProvider, identity_provider

pytestmark = pytest.mark.usefixtures("provider")
SIGN_IN = "Sign in to connect SmartRecruiters"


@pytest.fixture(scope="module")
async def provider(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[IdentityProvider]:
    """Beside the local accounts; to Chromium, localhost is another site than the gateway's 127.0.0.1."""
    back = f"{stack.urls.gateway}/connect/openid/callback"
    folder = tmp_path_factory.mktemp("provider")
    async with identity_provider(folder, redirect_uri=back, email=EMAIL, host="localhost") as running:
        settings = running.settings | {"OIDC_NAME": "Vendor ID", "CREDENTIALS_SIGN_IN": "both"}
        stack.environment.update(settings)
        await asyncio.to_thread(stack.restart, "credentials")
        yield running
        for name in settings:
            del stack.environment[name]
        await asyncio.to_thread(stack.restart, "credentials")


async def _logs_in(page: Page, provider: IdentityProvider) -> None:
    await expect(page.get_by_role("heading", level=1)).to_have_text("Vendor ID")
    assert page.url.startswith(f"{provider.issuer}/")
    await page.get_by_label("Address").fill(EMAIL)
    await page.get_by_label("Secret").fill(PERSON_PASSWORD)
    await page.get_by_role("button", name="Log in").click()


@pytest.mark.usefixtures("redirect_mode")
@pytest.mark.parametrize("scripts", [True, False])
async def test_they_leave_for_the_provider_and_are_back_at_smartrecruiters(
    new_person: NewPerson, provider: IdentityProvider, sandbox: Sandbox, company: str, *, scripts: bool
) -> None:
    person = await new_person(java_script_enabled=scripts)
    await goes_to_connect(person, sandbox, company)
    await person.reads(SIGN_IN)
    await person.page.get_by_role("link", name="Sign in with Vendor ID").click()
    await _logs_in(person.page, provider)
    await person.reads_scope(company)
    await person.page.get_by_role("button", name="Allow", exact=True).click()

    await is_back(person, sandbox, company, connected=True)
    assert await sandbox.statuses("integration", company) == [200]
    assert person.policy_breaches == []


async def _goes_on_in_a_window(person: Person, sandbox: Sandbox, company: str) -> Person:
    popup = await opens_popup(person, sandbox, company)
    await person.reads(SIGN_IN, popup)
    link = popup.get_by_role("link", name="Sign in with Vendor ID")
    await expect(link).to_be_in_viewport(ratio=1)
    async with person.page.context.expect_page() as opened:
        await link.click()
    return Person(await opened.value, person.screens)


@pytest.mark.usefixtures("popup_mode")
async def test_from_the_popup_a_window_opens_and_both_close(
    person: Person, provider: IdentityProvider, sandbox: Sandbox, company: str
) -> None:
    window = await _goes_on_in_a_window(person, sandbox, company)
    await _logs_in(window.page, provider)
    await window.reads_scope(company)
    await window.finds_no_barrier()
    async with window.page.expect_event("close"):
        await window.page.get_by_role("button", name="Allow", exact=True).click()

    await popup_closes(person, sandbox, company)


@pytest.mark.usefixtures("popup_mode")
async def test_from_the_popup_it_works_without_scripts(
    new_person: NewPerson, provider: IdentityProvider, sandbox: Sandbox, company: str
) -> None:
    person = await new_person(java_script_enabled=False)
    window = await _goes_on_in_a_window(person, sandbox, company)
    await _logs_in(window.page, provider)
    await window.reads_scope(company)
    await window.page.get_by_role("button", name="Allow", exact=True).click()
    await window.reads("SmartRecruiters is connected")

    assert await sandbox.connected(company)
    assert await sandbox.statuses("integration", company) == [200]
    assert person.policy_breaches == []


@pytest.mark.usefixtures("popup_mode")
async def test_a_refusal_in_the_window_connects_nothing(
    person: Person, provider: IdentityProvider, sandbox: Sandbox, company: str
) -> None:
    window = await _goes_on_in_a_window(person, sandbox, company)
    await _logs_in(window.page, provider)
    await window.reads_scope(company)
    async with window.page.expect_event("close"):
        await window.page.get_by_role("button", name="Do not allow").click()

    popup = await person.reads(SIGN_IN, person.page.frame_locator("iframe"))
    await person.finds_no_barrier(popup)
    assert not await sandbox.connected(company)
    assert await sandbox.statuses("integration", company) == []


@pytest.mark.usefixtures("redirect_mode")
async def test_a_sign_in_slipped_to_somebody_else_is_refused(
    new_person: NewPerson, provider: IdentityProvider, stack: Stack, sandbox: Sandbox, company: str
) -> None:
    attacker, victim = await new_person(), await new_person()
    await goes_to_connect(attacker, sandbox, company)
    await attacker.page.get_by_role("link", name="Sign in with Vendor ID").click()
    await expect(attacker.page.get_by_role("heading", level=1)).to_have_text("Vendor ID")
    back = await provider.logs_in(attacker.page.url, email=EMAIL)

    answer = await victim.page.goto(f"{stack.urls.gateway}/connect/openid/callback?{urlencode(back)}")

    assert answer is not None
    assert answer.status == 403
    await victim.reads("This sign-in was not begun here")
    await expect(victim.page.get_by_role("button")).to_have_count(0)
