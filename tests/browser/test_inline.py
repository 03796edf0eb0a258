"""A candidate is assessed while applying (SPEC §3): our link, the engine's test, and back."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from local_stack.stack import Stack
from playwright.async_api import expect

from tests.browser.conftest import NewPerson
from tests.browser.support import Person, Sandbox


async def _applies(person: Person, sandbox: Sandbox, company: str, *, language: str = "en") -> None:
    """Ends wherever SmartRecruiters leads from the application."""
    await person.page.goto(f"{sandbox.url}/companies/{company}/apply")
    await person.reads("Apply for a job at Acme Robotics")
    await person.page.get_by_label("First name").fill("Robin")
    await person.page.get_by_label("Language").select_option(language)
    await person.page.get_by_role("button", name="Send application").click()


async def _link(sandbox: Sandbox, company: str) -> tuple[str, str]:
    """The newest order, and the address we gave SmartRecruiters for its candidate."""
    order_id = await sandbox.newest_order(company)
    [entry] = (await sandbox.ask("GET", "/record", call="inline_order", order_id=order_id))["entries"]
    assert entry["status"] == 200
    return order_id, str(entry["response"]["url"])


async def _is_back(person: Person, sandbox: Sandbox, order_id: str) -> None:
    await expect(person.page).to_have_url(f"{sandbox.url}/applications/complete?order={order_id}")
    await person.reads("Thank you for applying at Acme Robotics")


async def test_a_candidate_is_led_to_the_test_and_back(
    person: Person, sandbox: Sandbox, customer: str
) -> None:
    await _applies(person, sandbox, customer)
    await person.reads("Welcome, Robin")
    order_id, link = await _link(sandbox, customer)
    await person.page.get_by_role("button", name="Begin").click()
    await person.reads("Questions with the application")
    await person.answers_all()

    await _is_back(person, sandbox, order_id)
    order = await sandbox.completed(order_id)
    assert order["candidate_returned_at"]
    assert "IN_PROGRESS" in {step["status"] for step in order["history"]}
    assert order["result"]["score"]["max"] > 0

    await person.page.goto(link)
    await _is_back(person, sandbox, order_id)
    assert (await sandbox.ask("GET", f"/orders/{order_id}"))["status"] == "COMPLETED"


async def test_it_works_in_german_without_scripts_on_a_phone(
    new_person: NewPerson, sandbox: Sandbox, customer: str
) -> None:
    person = await new_person(java_script_enabled=False, viewport={"width": 360, "height": 640})
    await _applies(person, sandbox, customer, language="de")
    await person.reads("Willkommen, Robin")
    order_id, _ = await _link(sandbox, customer)
    assert await person.page.locator("html").get_attribute("lang") == "de"
    await person.page.get_by_role("button", name="Beginnen").click()
    await person.reads("Fragen zur Bewerbung")
    await person.answers_all()

    await _is_back(person, sandbox, order_id)
    await sandbox.completed(order_id)


async def test_a_question_left_open_is_told_and_no_answer_is_lost(
    new_person: NewPerson, sandbox: Sandbox, customer: str
) -> None:
    person = await new_person(color_scheme="dark")
    await _applies(person, sandbox, customer)
    await person.page.get_by_role("button", name="Begin").click()
    await person.reads("Questions with the application")
    # As a browser does that knows no `required`.
    await person.page.locator("form[action$='/answers']").evaluate("form => { form.noValidate = true; }")
    first = person.page.get_by_role("radio").first
    await first.check()
    await person.page.get_by_role("button", name="Hand in").click()

    await expect(person.page.get_by_role("alert")).to_contain_text("Please answer every question")
    await person.reads("Questions with the application")
    await expect(person.page.get_by_role("radio").first).to_be_checked()
    await person.page.get_by_role("alert").get_by_role("link").first.click()
    await expect(person.page.get_by_role("radio").first).to_be_visible()
    await person.answers_all()
    await _is_back(person, sandbox, await sandbox.newest_order(customer))


@pytest.fixture
async def engine_away(stack: Stack) -> AsyncIterator[Stack]:
    await asyncio.to_thread(stack.kill, "reference-engine")
    yield stack
    if not stack.child("reference-engine").running:
        await asyncio.to_thread(stack.restart, "reference-engine")


async def test_a_candidate_waits_while_the_engine_is_away_and_goes_on_by_themself(
    new_person: NewPerson, sandbox: Sandbox, customer: str, engine_away: Stack
) -> None:
    person = await new_person(java_script_enabled=False, color_scheme="dark")
    await _applies(person, sandbox, customer)
    await person.reads("Your assessment is being prepared")
    await expect(person.page.get_by_role("status")).to_contain_text("You need not do anything")

    await asyncio.to_thread(engine_away.restart, "reference-engine")

    await person.reads("Welcome, Robin")


async def test_a_mangled_link_is_explained(
    person: Person, stack: Stack, sandbox: Sandbox, customer: str
) -> None:
    placed = await sandbox.ask(
        "POST", f"/companies/{customer}/inline-orders", {"package_id": "engine-inline"}
    )
    link = str(placed["answer"]["url"])
    for address in (link[:-1], f"{link}x", f"{link[:-1]}/done", f"{stack.urls.gateway}/t/nonsense"):
        answer = await person.page.goto(address)

        assert answer is not None
        assert answer.status == 404
        await person.reads("This link does not work")
        await expect(person.page.get_by_role("alert")).to_contain_text("Go back to your application")
