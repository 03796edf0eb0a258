"""The vendor's support looks up an order: what happened, and what happens next."""

import pytest
from local_stack.stack import Stack
from playwright.async_api import Error, Locator, Page, expect

from tests.browser.conftest import NewPerson
from tests.browser.support import SOON, Person, Sandbox
from tests.support.waiting import eventually


@pytest.fixture(params=["light", "dark"])
async def support(new_person: NewPerson, stack: Stack, request: pytest.FixtureRequest) -> Person:
    credentials = {"username": "support", "password": stack.keys["console_token"]}
    person = await new_person(http_credentials=credentials, color_scheme=request.param)
    await person.page.goto(f"{stack.urls.orders}/console")
    await person.reads("Orders")
    return person


async def _reloads_until(page: Page, wanted: Locator) -> None:
    """What was ordered a moment ago is on its way to the console."""

    async def there() -> bool:
        try:
            await page.reload()
        except Error as error:
            # The click before this one may still be on its way to another page: then there is none to reload.
            if "Not attached to an active page" not in str(error):
                raise
            return False
        return await wanted.count() > 0

    await eventually(there, within=SOON, every=0.3)


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
    await _reloads_until(page, page.get_by_role("link", name=order_id))
    await page.get_by_role("link", name=order_id).click()

    await support.reads(f"Order {order_id}")
    await expect(page.get_by_text("What happens next")).to_be_visible()
    await expect(page.get_by_role("row").nth(1)).to_contain_text("placed")
    await page.get_by_role("link", name=customer).click()
    await page.get_by_role("link", name=f"numbers of {customer}").click()
    await support.reads(f"Numbers of {customer}")
    await _reloads_until(page, page.get_by_role("meter").first)
    await support.reads(f"Numbers of {customer}")


async def test_support_goes_to_an_order_by_its_id_and_is_told_of_a_wrong_one(
    support: Person, stack: Stack, sandbox: Sandbox, customer: str
) -> None:
    placed = await sandbox.ask("POST", f"/companies/{customer}/orders", {"package_id": "engine-skill-test"})
    await support.page.get_by_label("Order").fill("no-such/order")
    await support.page.keyboard.press("Enter")
    await support.reads("Not Found")
    await expect(support.page.get_by_role("alert")).to_have_text("No order has this id.")

    await support.page.get_by_role("link", name="Back to the orders").click()
    await support.page.get_by_label("Order").fill(f" {placed['order_id']} ")
    await support.page.keyboard.press("Enter")
    await expect(support.page).to_have_url(f"{stack.urls.orders}/console/orders/{placed['order_id']}")
    heading = f"Order {placed['order_id']}"
    await _reloads_until(support.page, support.page.get_by_role("heading", name=heading))
    await support.reads(heading)


async def test_a_state_that_does_not_exist_is_told(support: Person, stack: Stack) -> None:
    await support.page.goto(f"{stack.urls.orders}/console?state=nonsense")
    await support.reads("Bad Request")
    await expect(support.page.get_by_role("alert")).to_contain_text("state is one of")
