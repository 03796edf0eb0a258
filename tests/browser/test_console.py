"""The vendor's support looks up an order: what happened, and what happens next."""

from collections.abc import Awaitable, Callable

import pytest
from local_stack.stack import Stack
from playwright.async_api import expect

from tests.browser.conftest import NewPerson
from tests.browser.support import Person, Sandbox

Support = Callable[[], Awaitable[Person]]


@pytest.fixture
def support(new_person: NewPerson, stack: Stack) -> Support:
    token = stack.keys["internal_api_token"]
    return lambda: new_person(http_credentials={"username": "support", "password": token})


async def test_without_the_password_it_shows_nothing(new_person: NewPerson, stack: Stack) -> None:
    for options in ({}, {"http_credentials": {"username": "support", "password": "guessed"}}):
        person = await new_person(**options)
        answer = await person.page.goto(f"{stack.urls.orders}/console")
        assert answer is not None
        assert answer.status == 401
        await expect(person.page.get_by_role("table")).to_have_count(0)


async def test_support_finds_an_order_and_reads_its_timeline(
    support: Support, stack: Stack, sandbox: Sandbox, customer: str
) -> None:
    placed = await sandbox.ask("POST", f"/companies/{customer}/orders", {"package_id": "engine-skill-test"})
    order_id = placed["order_id"]
    person = await support()
    await person.page.goto(f"{stack.urls.orders}/console")
    await person.reads("Orders")
    await person.page.get_by_label("Company").fill(customer)
    await person.page.get_by_role("button", name="Show").click()
    await person.page.get_by_role("link", name=order_id).click()

    await person.reads(f"Order {order_id}")
    await expect(person.page.get_by_text("What happens next")).to_be_visible()
    timeline = person.page.get_by_role("table")
    await expect(timeline.get_by_role("row").nth(1)).to_contain_text("placed")
    await person.page.get_by_role("link", name=customer).click()
    await person.page.get_by_role("link", name=f"numbers of {customer}").click()
    await person.reads(f"Numbers of {customer}")


@pytest.mark.parametrize("path", ["/console/orders/no-such-order", "/console?state=nonsense"])
async def test_what_it_cannot_show_is_a_page_too(support: Support, stack: Stack, path: str) -> None:
    person = await support()
    answer = await person.page.goto(f"{stack.urls.orders}{path}")

    assert answer is not None
    assert answer.status in {400, 404}
    await expect(person.page.get_by_role("heading", level=1)).to_be_visible()
