"""Connecting in the frame SmartRecruiters opens, 600 px by 45 % of the screen (SPEC §1.3, POPUP)."""

import pytest
from local_stack.stack import Stack
from playwright.async_api import expect

from tests.browser.conftest import NewCompany, NewPerson
from tests.browser.support import Person, Sandbox, opens_popup, popup_closes, popup_held_open, refused_frame

pytestmark = pytest.mark.usefixtures("popup_mode")


async def test_an_administrator_connects_and_the_popup_closes(
    person: Person, sandbox: Sandbox, company: str, password: str
) -> None:
    popup = await opens_popup(person, sandbox, company)
    await person.sign_in(password, popup)
    await person.reads_scope(company, popup)
    async with popup_held_open(person, company):
        await popup.get_by_role("button", name="Allow", exact=True).click()
        await person.reads("SmartRecruiters is connected", popup)

    await popup_closes(person, sandbox, company)


async def test_a_refusal_connects_nothing_and_ends_the_popup(
    person: Person, sandbox: Sandbox, company: str, password: str
) -> None:
    popup = await opens_popup(person, sandbox, company)
    await person.sign_in(password, popup)
    await person.reads_scope(company, popup)
    await popup.get_by_role("button", name="Do not allow").click()

    await person.reads("Nothing has been connected", popup)
    await expect(popup.get_by_role("button")).to_have_count(0)
    assert await sandbox.statuses("integration", company) == []
    assert not await sandbox.connected(company)


async def test_every_step_fits_the_popup_without_scripts_too(
    new_person: NewPerson, sandbox: Sandbox, company: str, password: str
) -> None:
    person = await new_person(java_script_enabled=False)
    popup = await opens_popup(person, sandbox, company)
    await person.sign_in("not the password", popup)
    await expect(popup.get_by_role("alert")).to_be_visible()
    await expect(popup.get_by_role("button", name="Sign in")).to_be_in_viewport(ratio=1)
    await person.sign_in(password, popup)
    await person.reads_scope(company, popup)
    await expect(popup.get_by_role("button", name="Do not allow")).to_be_in_viewport(ratio=1)
    await popup.get_by_role("button", name="Allow", exact=True).click()

    await person.reads("SmartRecruiters is connected", popup)
    assert await sandbox.connected(company)


async def test_whose_move_it_is_fits_the_popup(
    person: Person, sandbox: Sandbox, new_company: NewCompany, password: str
) -> None:
    company = await new_company()
    popup = await opens_popup(person, sandbox, company)
    await sandbox.ask("PATCH", f"/companies/{company}", {"consented": False})
    await person.sign_in(password, popup)
    await popup.get_by_role("button", name="Allow", exact=True).click()

    await person.reads("Your company has not consented at SmartRecruiters", popup)
    await expect(popup.get_by_role("alert")).to_be_in_viewport(ratio=1)
    assert await sandbox.statuses("integration", company) == [403]


async def test_a_link_that_does_not_work_says_so_in_the_popup(
    person: Person, stack: Stack, sandbox: Sandbox, company: str
) -> None:
    popup = await opens_popup(person, sandbox, company)
    frame = person.page.locator("iframe")
    await frame.evaluate("(frame, address) => { frame.src = address; }", f"{stack.urls.gateway}/connect")

    await person.reads("This link does not work", popup)
    await expect(popup.get_by_role("alert")).to_be_in_viewport(ratio=1)


async def test_a_stranger_may_not_frame_it(
    new_person: NewPerson, stack: Stack, sandbox: Sandbox, company: str
) -> None:
    person = await new_person()
    consent = await sandbox.consent_url(company)
    # Another port is another origin; this one is not SmartRecruiters'.
    await person.page.goto(f"{stack.urls.credentials}/health/live")

    said = await refused_frame(person.page, consent)
    assert sandbox.url in said, "SmartRecruiters alone may"
