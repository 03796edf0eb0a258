"""People at Chromium, and the sandbox's record of what they brought about."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import axe_core_python
import httpx
from playwright.async_api import FrameLocator, Locator, Page, expect

from tests.support.waiting import eventually

Json = dict[str, Any]
Where = Page | FrameLocator

EMAIL = "administrator@acme.example"
SKILL_TEST = "Reasoning test"
SOON = 30.0

_ACCESSIBLE = Path(__file__).with_name("accessible.js").read_text()
_AXE = (Path(axe_core_python.__file__).with_name("axe.min.js")).read_text()
_SERIOUS = """root => axe.run(root.ownerDocument).then(found => found.violations
  .filter(one => one.impact === "serious" || one.impact === "critical")
  .map(one => `${one.id}: ${one.nodes.map(node => node.html).join(" ")}`))"""
_FOCUSED = """() => {
  const style = getComputedStyle(document.activeElement);
  return style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2;
}"""
_FRAME = """address => {
  const frame = document.body.appendChild(document.createElement("iframe"));
  frame.title = "A frame";
  frame.src = address;
}"""


async def refused_frame(page: Page, address: str) -> str:
    """Puts the address into a frame of the page, and returns the browser's word about refusing it."""
    async with page.expect_console_message(lambda line: "frame-ancestors" in line.text) as refused:
        await page.evaluate(_FRAME, address)
    frame = page.frame_locator("iframe[title='A frame']")
    await expect(frame.get_by_role("textbox")).to_have_count(0)
    return (await refused.value).text


@dataclass
class Person:
    """Somebody at a browser of their own; `screens` keeps what they saw."""

    page: Page
    screens: Path
    policy_breaches: list[str] = field(default_factory=list)

    async def reads(self, heading: str | re.Pattern[str], where: Where | None = None) -> Where:
        """Waits for the page with this heading, and holds it to what every page owes its readers."""
        where = where or self.page
        await expect(where.get_by_role("heading", level=1)).to_have_text(heading)
        number = len(list(self.screens.iterdir()))
        await self.page.screenshot(path=self.screens / f"{number:02}.png", animations="disabled")
        assert await where.locator("html").evaluate(_ACCESSIBLE) == []
        return where

    async def finds_no_barrier(self, where: Where | None = None) -> None:
        """axe-core has nothing serious to say of the page; it needs scripts."""
        root = (where or self.page).locator("html")
        await root.evaluate(f"root => {{ {_AXE} }}")
        assert await root.evaluate(_SERIOUS) == []

    async def sign_in(self, password: str, where: Where | None = None, *, email: str = EMAIL) -> None:
        where = await self.reads("Sign in to connect SmartRecruiters", where)
        await where.get_by_label("E-mail address").fill(email)
        await where.get_by_label("Password").fill(password)
        await where.get_by_role("button", name="Sign in").click()

    async def reads_scope(self, company_id: str, where: Where | None = None) -> Where:
        """The page that says, in plain words, what is asked for."""
        where = await self.reads("Allow SmartRecruiters to use Acme Robotics?", where)
        main = where.get_by_role("main")
        await expect(main).to_contain_text(f"for its company {company_id}")
        await expect(main).to_contain_text("see the list of your assessment packages")
        await expect(main).to_contain_text("order assessments from it for candidates")
        return where

    async def answers_all(self) -> None:
        """Chooses the second answer of each question and hands in."""
        await expect(self.page.get_by_role("button", name=re.compile("Hand in|Abgeben"))).to_be_visible()
        for question in await self.page.get_by_role("group").filter(has=self.page.get_by_role("radio")).all():
            await question.get_by_role("radio").nth(1).check()
        await self.page.get_by_role("button", name=re.compile("Hand in|Abgeben")).click()

    async def tabs_to(self, target: Locator) -> None:
        """Goes there with the Tab key alone; where the focus is can be seen at each step."""
        for _ in range(30):
            if await target.evaluate("element => element === document.activeElement"):
                return
            await self.page.keyboard.press("Tab")
            assert await self.page.evaluate(_FOCUSED), "the focus cannot be seen"
        raise AssertionError(f"the Tab key does not reach {target}")


class Sandbox:
    """What SmartRecruiters holds and has seen (sandbox/README.md, admin API)."""

    def __init__(self, url: str, client: httpx.AsyncClient) -> None:
        self.url = url
        self._client = client

    async def ask(self, method: str, path: str, body: Json | None = None, **query: str) -> Json:
        answer = await self._client.request(method, f"{self.url}/admin{path}", json=body, params=query)
        answer.raise_for_status()
        found: Json = answer.json()
        return found

    async def consent_url(self, company_id: str) -> str:
        return str((await self.ask("GET", f"/companies/{company_id}/consent-url"))["url"])

    async def connected(self, company_id: str) -> bool:
        return bool((await self.ask("GET", f"/companies/{company_id}"))["connected"])

    async def statuses(self, call: str, company_id: str) -> list[int | None]:
        """Of these calls for the company, in the order they came."""
        record = await self.ask("GET", "/record", call=call, company_id=company_id)
        return [entry["status"] for entry in record["entries"]]

    async def completed(self, order_id: str) -> Json:
        """The order, as soon as SmartRecruiters was told it is COMPLETED."""

        async def look() -> Json | None:
            order = await self.ask("GET", f"/orders/{order_id}")
            return order if order["status"] == "COMPLETED" else None

        return await eventually(look, within=SOON) or {}

    async def newest_order(self, company_id: str) -> str:
        return str((await self.ask("GET", "/orders", company_id=company_id))["orders"][-1]["order_id"])


async def goes_to_connect(person: Person, sandbox: Sandbox, company_id: str) -> None:
    """From the company's page at SmartRecruiters to ours, the whole window (REDIRECT)."""
    await person.page.goto(f"{sandbox.url}/companies/{company_id}")
    await person.page.get_by_role("link", name="Connect", exact=True).click()


async def is_back(person: Person, sandbox: Sandbox, company_id: str, *, connected: bool) -> None:
    """At SmartRecruiters, which knows whether there is a connection (REDIRECT)."""
    await expect(person.page).to_have_url(f"{sandbox.url}/landing/{company_id}")
    await person.reads("Welcome back")
    said = "is connected." if connected else "is not connected."
    await expect(person.page.get_by_role("main")).to_contain_text(said)
    assert await sandbox.connected(company_id) is connected
    assert await sandbox.statuses("landing", company_id) == [200]


async def opens_popup(person: Person, sandbox: Sandbox, company_id: str) -> FrameLocator:
    """SmartRecruiters' pop-up, as large as SPEC §1.3 says (POPUP)."""
    await person.page.goto(f"{sandbox.url}/companies/{company_id}")
    await person.page.get_by_role("link", name="Connect", exact=True).click()
    size = await person.page.locator("iframe").bounding_box()
    assert size is not None
    assert (size["width"], size["height"]) == (600, 405)
    return person.page.frame_locator("iframe")


@asynccontextmanager
async def popup_held_open(person: Person, company_id: str) -> AsyncIterator[None]:
    """SmartRecruiters closes its pop-up only after what is in it has been read, however fast it connected."""
    question = f"**/admin/companies/{company_id}"
    await person.page.route(question, lambda route: route.fulfill(json={"connected": False}))
    yield
    await person.page.unroute(question)


async def popup_closes(person: Person, sandbox: Sandbox, company_id: str) -> None:
    """SmartRecruiters has the credential, and closes its pop-up by itself."""
    await expect(person.page).to_have_url(f"{sandbox.url}/companies/{company_id}")
    await expect(person.page.get_by_text("connected", exact=True)).to_be_visible()
    assert await sandbox.connected(company_id)
    assert await sandbox.statuses("integration", company_id) == [200]
