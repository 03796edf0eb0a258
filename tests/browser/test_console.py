"""The vendor's support looks up an order: what happened, and what happens next."""

import pytest
from local_stack.stack import Stack
from playwright.async_api import expect

from tests.browser.conftest import NewPerson
from tests.browser.support import Person, Sandbox


@pytest.fixture(params=["light", "dark"])
async def support(new_person: NewPerson, stack: Stack, request: pytest.FixtureRequest) -> Person:
    credentials = {"username": "support", "password": stack.keys["internal_api_token"]}
    person = await new_person(http_credentials=credentials, color_scheme=request.param)
    await person.page.goto(f"{stack.urls.orders}/console")
    await person.reads("Orders")
    return person


async def test_a_wrong_password_shows_nothing(new_person: NewPerson, stack: Stack) -> None:
    person = await new_person(http_credentials={"username": "support", "password": "guessed"})
    answer = await person.page.goto(f"{stack.urls.orders}/console")

    assert answer is not None
    assert answer.status == 401
    await person.reads("Unauthorized")
    await expect(person.page.get_by_role("table")).to_have_count(0)


async def test_support_finds_an_order_and_reads_its_timeline(
    support: Person, sandbox: Sandbox, customer: str
) -> None:
    placed = await sandbox.ask("POST", f"/companies/{customer}/orders", {"package_id": "engine-skill-test"})
    order_id = placed["order_id"]
    page = support.page
    await page.get_by_label("Company").fill(customer)
    await page.get_by_role("button", name="Show").click()
    await page.get_by_role("link", name=order_id).click()

    await support.reads(f"Order {order_id}")
    await expect(page.get_by_text("What happens next")).to_be_visible()
    await expect(page.get_by_role("row").nth(1)).to_contain_text("placed")
    await page.get_by_role("link", name=customer).click()
    await page.get_by_role("link", name=f"numbers of {customer}").click()
    await support.reads(f"Numbers of {customer}")


async def test_support_goes_to_an_order_by_its_id_and_is_told_of_a_wrong_one(
    support: Person, sandbox: Sandbox, customer: str
) -> None:
    placed = await sandbox.ask("POST", f"/companies/{customer}/orders", {"package_id": "engine-skill-test"})
    await support.page.get_by_label("Order").fill("no-such/order")
    await support.page.keyboard.press("Enter")
    await support.reads("Not Found")
    await expect(support.page.get_by_role("alert")).to_have_text("No order has this id.")

    await support.page.get_by_role("link", name="Back to the orders").click()
    await support.page.get_by_label("Order").fill(f" {placed['order_id']} ")
    await support.page.keyboard.press("Enter")
    await support.reads(f"Order {placed['order_id']}")


async def test_a_state_that_does_not_exist_is_told(support: Person, stack: Stack) -> None:
    await support.page.goto(f"{stack.urls.orders}/console?state=nonsense")
    await support.reads("Bad Request")
    await expect(support.page.get_by_role("alert")).to_contain_text("state is one of")
