"""Invited candidates at their browsers."""

import asyncio

from local_stack.browser import Browser, Shown
from local_stack.forms import Form

from tests.e2e.support.world import Placed, World
from tests.support.waiting import eventually


def form(shown: Shown, suffix: str) -> Form:
    """The form that goes there."""
    found = [each for each in shown.page.forms if each.action.endswith(suffix)]
    assert found, f"{shown.url} ('{shown.page.title}', {shown.status}) has no form for {suffix}"
    return found[0]


def second_choices(questions: Form) -> dict[str, str]:
    """The second answer of each question."""
    return {name: values[min(1, len(values) - 1)] for name, values in questions.choices.items()}


async def begins(world: World, order_id: str) -> None:
    """The candidate follows the invitation and presses the button."""

    def begin() -> bool:
        with Browser() as browser:
            welcome = browser.open(f"{world.stack.urls.engine}/invitations/{order_id}")
            assert welcome.status == 200
            browser.submit(form(welcome, "/start"))
        return True

    async def begun() -> bool:
        return await asyncio.to_thread(begin)

    await eventually(begun, 30.0, every=0.1)


async def all_begin(world: World, placed: list[Placed], *, within: float = 30.0) -> list[Placed]:
    """Each candidate is at the test, and SmartRecruiters has been told so."""
    for order in placed:
        await begins(world, order.order_id)

    async def all_told() -> bool:
        statuses = await world.statuses()
        return all(statuses[order.order_id] == "IN_PROGRESS" for order in placed)

    await eventually(all_told, within, every=0.1)
    return placed


async def hands_in(world: World, order_id: str) -> None:
    """The candidate, who has begun, answers every question."""

    def answer() -> None:
        with Browser() as browser:
            questions = browser.open(f"{world.stack.urls.engine}/invitations/{order_id}")
            answers = form(questions, "/answers")
            assert browser.submit(answers, **second_choices(answers)).status == 200

    await asyncio.to_thread(answer)
