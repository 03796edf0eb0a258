"""The whole stack as processes, Chromium, and customers of SmartRecruiters who come to connect."""

import secrets
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path

import httpx
import pytest
import yaml
from local_stack.flow import PARTNER_FILE
from local_stack.ports import Ports
from local_stack.stack import Stack
from playwright.async_api import Browser, Page, async_playwright, expect

from tests.browser.support import EMAIL, SOON, Person, Sandbox
from tests.support.waiting import eventually

FLAGS = [
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-gpu",
    "--no-first-run",
    "--disable-component-update",
    "--disable-sync",
]

NewPerson = Callable[..., Awaitable[Person]]
NewCompany = Callable[..., Awaitable[str]]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with Stack(tmp_path_factory.mktemp("stack"), Ports.free()) as running:
        who = ("--name", "Alex Administrator", "--organisation", "Acme Robotics", "--password-stdin")
        running.bridge("users", "add", EMAIL, *who, typed=running.keys["administrator_password"])
        yield running


@pytest.fixture(scope="session")
def password(stack: Stack) -> str:
    return stack.keys["administrator_password"]


@pytest.fixture(scope="session")
async def sandbox(stack: Stack) -> AsyncIterator[Sandbox]:
    async with httpx.AsyncClient(timeout=SOON, trust_env=False) as client:
        yield Sandbox(stack.urls.sandbox, client)


class Partner:
    """Tells SmartRecruiters how the consent page is to be shown; what it knows already is not told again."""

    def __init__(self, stack: Stack, folder: Path) -> None:
        self._stack = stack
        self._folder = folder
        self._told = ""

    def shows_consent_as(self, mode: str) -> None:
        if mode == self._told:
            return
        file = self._folder / f"{mode}.yaml"
        wanted = yaml.safe_load(PARTNER_FILE.read_text()) | {"consentDisplayMode": mode}
        file.write_text(yaml.safe_dump(wanted))
        self._stack.bridge("partner", "apply", str(file))
        self._told = mode


@pytest.fixture(scope="session")
def partner(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Partner:
    return Partner(stack, tmp_path_factory.mktemp("partner"))


@pytest.fixture
def redirect_mode(partner: Partner) -> None:
    partner.shows_consent_as("REDIRECT")


@pytest.fixture
def popup_mode(partner: Partner) -> None:
    partner.shows_consent_as("POPUP")


@pytest.fixture(scope="session")
async def chromium() -> AsyncIterator[Browser]:
    program = shutil.which("chromium")
    if program is None:
        pytest.fail("these tests need Chromium: apt-get install chromium", pytrace=False)
    expect.set_options(timeout=SOON * 1000)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=program, args=FLAGS)
        yield browser
        await browser.close()


@pytest.fixture
async def new_person(chromium: Browser, tmp_path: Path) -> AsyncIterator[NewPerson]:
    """Makes people, each with a browser of their own. No script of ours fails in any of its windows."""
    people: list[Person] = []
    failures: list[str] = []

    async def new(**options: object) -> Person:
        settings: dict[str, object] = {"viewport": {"width": 1100, "height": 900}, **options}
        context = await chromium.new_context(**settings)  # type: ignore[arg-type]  # passed through
        context.set_default_timeout(SOON * 1000)
        breaches: list[str] = []
        context.on("page", lambda page: _listen(page, failures, breaches))
        screens = tmp_path / f"person-{len(people)}"
        screens.mkdir()
        person = Person(await context.new_page(), screens, breaches)
        people.append(person)
        return person

    yield new
    for person in people:
        await person.page.context.close()
    assert failures == []


def _listen(page: Page, failures: list[str], breaches: list[str]) -> None:
    page.on("pageerror", lambda error: failures.append(str(error)))
    page.on(
        "console",
        lambda line: breaches.append(line.text) if "Content Security Policy" in line.text else None,
    )


@pytest.fixture
async def person(new_person: NewPerson) -> AsyncIterator[Person]:
    one = await new_person()
    yield one
    assert one.policy_breaches == []


@pytest.fixture(scope="session")
async def new_company(sandbox: Sandbox) -> NewCompany:
    """Makes companies at SmartRecruiters that nobody has connected yet."""

    async def new(*, consented: bool = True) -> str:
        company_id = f"company-{secrets.token_hex(4)}"
        body = {"id": company_id, "name": "Acme Robotics", "consented": consented}
        await sandbox.ask("POST", "/companies", body)
        return company_id

    return new


@pytest.fixture
async def company(new_company: NewCompany) -> str:
    return await new_company()


@pytest.fixture(scope="session")
async def customer(
    stack: Stack, partner: Partner, sandbox: Sandbox, new_company: NewCompany, chromium: Browser
) -> str:
    """A company that has connected and is offered all packages."""
    partner.shows_consent_as("REDIRECT")
    company_id = await new_company()
    context = await chromium.new_context()
    page = await context.new_page()
    await page.goto(await sandbox.consent_url(company_id))
    await page.get_by_label("E-mail address").fill(EMAIL)
    await page.get_by_label("Password").fill(stack.keys["administrator_password"])
    await page.get_by_role("button", name="Sign in").click()
    await page.get_by_role("button", name="Allow", exact=True).click()
    await expect(page).to_have_url(f"{sandbox.url}/landing/{company_id}")
    await context.close()

    async def offered() -> bool:
        outcome = await sandbox.ask("POST", f"/companies/{company_id}/packages", {})
        return len(outcome["answer"] or []) == 3

    await eventually(offered, within=SOON)
    return company_id
