"""Connecting where SmartRecruiters sends the administrator away and back (SPEC §1.3, REDIRECT)."""

import re
from urllib.parse import urlencode

import pytest
from local_stack.stack import Stack
from playwright.async_api import expect

from tests.browser.conftest import NewCompany, NewPerson
from tests.browser.support import Person, Sandbox, goes_to_connect, is_back, refused_frame

pytestmark = pytest.mark.usefixtures("redirect_mode")


async def test_an_administrator_connects_andis_back_at_smartrecruiters(
    person: Person, sandbox: Sandbox, company: str, password: str
) -> None:
    await goes_to_connect(person, sandbox, company)
    await person.sign_in(password)
    await person.reads_scope(company)
    await person.page.get_by_role("button", name="Allow", exact=True).click()

    await is_back(person, sandbox, company, connected=True)
    assert await sandbox.statuses("integration", company) == [200]


async def test_no_step_is_a_barrier(
    person: Person, stack: Stack, sandbox: Sandbox, company: str, password: str
) -> None:
    several = "several@acme.example"
    who = ("--name", "Sam", "--organisation", "Acme Robotics", "--organisation", "Acme Iberia")
    stack.bridge("users", "add", several, *who, "--password-stdin", typed=password)
    await goes_to_connect(person, sandbox, company)
    await person.reads("Sign in to connect SmartRecruiters")
    await person.finds_no_barrier()
    await person.sign_in("not the password", email=several)
    await expect(person.page.get_by_role("alert")).to_be_visible()
    await person.finds_no_barrier()
    await person.sign_in(password, email=several)
    await person.reads("For which organisation?")
    await person.finds_no_barrier()
    await person.page.get_by_label("Organisation").select_option("Acme Robotics")
    await person.page.get_by_role("button", name="Continue").click()
    await person.reads_scope(company)
    await person.finds_no_barrier()
    await person.page.get_by_role("button", name="Allow", exact=True).click()
    await is_back(person, sandbox, company, connected=True)


async def test_clicking_twice_connects_once(
    person: Person, sandbox: Sandbox, company: str, password: str
) -> None:
    await goes_to_connect(person, sandbox, company)
    await person.sign_in(password)
    await person.reads_scope(company)
    await person.page.get_by_role("button", name="Allow", exact=True).dblclick()

    await is_back(person, sandbox, company, connected=True)
    assert await sandbox.statuses("integration", company) == [200]


async def test_a_refusal_connects_nothing_and_leads_back(
    person: Person, sandbox: Sandbox, company: str, password: str
) -> None:
    await goes_to_connect(person, sandbox, company)
    await person.sign_in(password)
    await person.reads_scope(company)
    await person.page.get_by_role("button", name="Do not allow").click()

    await is_back(person, sandbox, company, connected=False)
    assert await sandbox.statuses("integration", company) == []


async def test_a_wrong_password_is_told_and_can_be_tried_again(
    person: Person, sandbox: Sandbox, company: str, password: str
) -> None:
    await goes_to_connect(person, sandbox, company)
    await person.sign_in("not the password")

    alert = person.page.get_by_role("alert")
    await expect(alert).to_have_text("The e-mail address or the password is wrong.")
    assert await sandbox.statuses("integration", company) == []
    field = person.page.get_by_label("Password")
    await expect(field).to_have_value("")
    await expect(field).to_be_focused()
    await expect(person.page.get_by_label("E-mail address")).to_have_value("administrator@acme.example")

    await person.sign_in(password)
    await person.reads_scope(company)
    await person.page.get_by_role("button", name="Allow", exact=True).click()
    await is_back(person, sandbox, company, connected=True)


async def test_it_works_without_scripts_at_600_by_400(
    new_person: NewPerson, sandbox: Sandbox, company: str, password: str
) -> None:
    person = await new_person(java_script_enabled=False, viewport={"width": 600, "height": 400})
    await goes_to_connect(person, sandbox, company)
    await person.sign_in("not the password")
    await expect(person.page.get_by_role("alert")).to_be_visible()
    await person.sign_in(password)
    await person.reads_scope(company)
    await person.page.get_by_role("button", name="Allow", exact=True).click()

    await is_back(person, sandbox, company, connected=True)


async def test_it_works_with_the_keyboard_alone_and_in_the_dark(
    new_person: NewPerson, sandbox: Sandbox, company: str, password: str
) -> None:
    person = await new_person(color_scheme="dark")
    page, keyboard = person.page, person.page.keyboard
    await page.goto(f"{sandbox.url}/companies/{company}")
    await person.tabs_to(page.get_by_role("link", name="Connect", exact=True))
    await keyboard.press("Enter")

    await person.reads("Sign in to connect SmartRecruiters")
    await person.tabs_to(page.get_by_label("E-mail address"))
    await keyboard.type("administrator@acme.example")
    await person.tabs_to(page.get_by_label("Password"))
    await keyboard.type(password)
    await keyboard.press("Enter")

    await person.reads_scope(company)
    await person.tabs_to(page.get_by_role("button", name="Allow", exact=True))
    await keyboard.press("Enter")

    await is_back(person, sandbox, company, connected=True)


async def test_a_company_connected_already_is_told_and_keeps_its_connection(
    person: Person, sandbox: Sandbox, customer: str, password: str
) -> None:
    await person.page.goto(await sandbox.consent_url(customer))
    await person.sign_in(password)
    await person.page.get_by_role("button", name="Allow", exact=True).click()

    await person.reads(re.compile("connected already"))
    await expect(person.page.get_by_role("alert")).to_contain_text("nothing has to be done")
    assert await sandbox.statuses("integration", customer) == [200, 409]
    outcome = await sandbox.ask("POST", f"/companies/{customer}/packages", {})
    assert outcome["status"] == 200
    await person.page.get_by_role("link", name="Back to SmartRecruiters").click()
    await expect(person.page).to_have_url(f"{sandbox.url}/landing/{customer}")


async def test_a_company_that_did_not_agree_at_smartrecruiters_is_told_whose_move_it_is(
    person: Person, sandbox: Sandbox, new_company: NewCompany, password: str
) -> None:
    company = await new_company(consented=False)
    await person.page.goto(await sandbox.consent_url(company))
    await person.sign_in(password)
    await person.page.get_by_role("button", name="Allow", exact=True).click()

    await person.reads("Your company has not consented at SmartRecruiters")
    await expect(person.page.get_by_role("alert")).to_contain_text("Its administrator has to start")
    assert await sandbox.statuses("integration", company) == [403]
    assert not await sandbox.connected(company)


@pytest.mark.parametrize(
    "redirect",
    [
        "https://smartrecruiters.com.attacker.example/landing",
        "https://api.smartrecruiters.com@attacker.example/",
        "//attacker.example",
        "javascript:alert(1)",
        "http://127.0.0.1:1/landing",
    ],
)
async def test_a_way_back_that_is_not_smartrecruiters_is_refused_at_once(
    person: Person, stack: Stack, redirect: str
) -> None:
    query = urlencode({"companyId": "acme", "redirect": redirect})
    answer = await person.page.goto(f"{stack.urls.gateway}/connect?{query}")

    assert answer is not None
    assert answer.status == 400
    await person.reads("This link does not work")
    await expect(person.page.get_by_role("alert")).to_contain_text("go back to SmartRecruiters")
    await expect(person.page.get_by_role("textbox")).to_have_count(0)
    await expect(person.page.get_by_role("link")).to_have_count(0)


async def test_nobody_may_frame_it_not_even_smartrecruiters(
    new_person: NewPerson, sandbox: Sandbox, company: str
) -> None:
    person = await new_person()
    consent = await sandbox.consent_url(company)

    await person.page.goto(sandbox.url)
    assert "frame-ancestors 'none'" in await refused_frame(person.page, consent)

    answer = await person.page.goto(consent)
    assert answer is not None
    assert await answer.header_value("X-Frame-Options") == "DENY"
