"""A recruiter orders, the invited candidate takes the test, the recruiter sees the result (SPEC §3 to §5)."""

import re

from local_stack.stack import Stack
from playwright.async_api import expect

from tests.browser.conftest import NewPerson
from tests.browser.support import SOON, Person, Sandbox
from tests.support.waiting import eventually


async def _orders(recruiter: Person, sandbox: Sandbox, company: str) -> str:
    """Returns the order's id."""
    await recruiter.page.goto(f"{sandbox.url}/companies/{company}")
    await recruiter.reads("Acme Robotics")
    await recruiter.page.get_by_role("link", name="Order assessment").first.click()
    await recruiter.reads("Order an assessment for Ada Lindqvist")
    package = recruiter.page.get_by_role("article").filter(has_text="Reasoning test")
    await package.get_by_role("button", name="Order", exact=True).click()
    await recruiter.reads("Ada Lindqvist")
    return recruiter.page.url.rpartition("/")[2]


async def _opens_invitation(candidate: Person, stack: Stack, order_id: str) -> None:
    async def invited() -> bool:
        answer = await candidate.page.goto(f"{stack.urls.engine}/invitations/{order_id}")
        return answer is not None and answer.ok

    await eventually(invited, within=SOON, every=0.2)


async def test_an_invited_candidate_takes_the_test_and_the_recruiter_sees_it_arrive(
    person: Person, new_person: NewPerson, stack: Stack, sandbox: Sandbox, customer: str
) -> None:
    order_id = await _orders(person, sandbox, customer)
    assert (await sandbox.ask("GET", f"/orders/{order_id}"))["answered"] == 202

    candidate = await new_person(viewport={"width": 360, "height": 640})
    await _opens_invitation(candidate, stack, order_id)
    await candidate.reads("Welcome, Ada")
    await candidate.page.get_by_role("button", name="Begin").click()
    await expect(person.page.get_by_text("in progress").first).to_be_visible()
    await candidate.reads("Reasoning test")
    await candidate.answers_all()
    await candidate.reads("Thank you")

    order = await sandbox.completed(order_id)
    assert len(order["result"]["assessmentResults"]) == 2
    await expect(person.page.get_by_text("completed").first).to_be_visible()
    await expect(person.page.get_by_role("link", name="report.pdf")).to_be_visible()
    await person.reads("Ada Lindqvist")

    await candidate.page.goto(f"{stack.urls.engine}/invitations/{order_id}")
    await candidate.reads("Thank you")


async def test_a_candidate_who_declines_is_asked_once_more_and_smartrecruiters_is_told(
    person: Person, stack: Stack, sandbox: Sandbox, customer: str
) -> None:
    placed = await sandbox.ask("POST", f"/companies/{customer}/orders", {"package_id": "engine-skill-test"})
    order_id = placed["order_id"]
    await _opens_invitation(person, stack, order_id)
    await person.reads("Welcome, Ada")
    await person.page.get_by_text("I do not want to take this test").click()
    await person.reads("Welcome, Ada")
    await person.page.get_by_role("button", name="Yes, decline the test").click()

    await person.reads("Thank you")
    await expect(person.page.get_by_role("status")).to_contain_text("You have declined the test.")

    async def told() -> bool:
        return bool((await sandbox.ask("GET", f"/orders/{order_id}"))["status"] == "REJECTED")

    await eventually(told, within=SOON)


async def test_an_invitation_nobody_sent_is_explained(person: Person, stack: Stack, customer: str) -> None:
    answer = await person.page.goto(f"{stack.urls.engine}/invitations/no-such-order")

    assert answer is not None
    assert answer.status == 404
    await person.reads(re.compile("There is no test at this address"))
