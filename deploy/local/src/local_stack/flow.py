"""SPEC sections 1 to 5, once through the whole stack, told in plain words as it happens."""

import threading
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import Any, Protocol, TypeVar

from local_stack.browser import Browser, Shown
from local_stack.errors import LocalStackError
from local_stack.forms import Form
from local_stack.programs import Urls
from local_stack.smartrecruiters import Json, SmartRecruiters
from local_stack.terminal import Teller

PARTNER_FILE = Path(__file__).parents[2] / "partner.yaml"
COMPANY = "acme"
ADMINISTRATOR = "administrator@acme.example"
RECRUITER = "recruiter@acme.example"
STANDARD_PACKAGE = "engine-skill-test"
INLINE_PACKAGE = "engine-inline"

DEADLINE = 30.0
LOOK_EVERY = 0.1

T = TypeVar("T")


class StepFailed(LocalStackError):
    """A step of the workflow did not go as SPEC says; its text names the step."""


@dataclass(frozen=True)
class Sides:
    """The two sides of the bridge, where nothing else of a stack is known by its address."""

    sandbox: str
    engine: str


class Stack(Protocol):
    """What the workflow asks of a stack; on this machine it is `local_stack.stack.Stack`."""

    @property
    def urls(self) -> Urls | Sides:
        """Where a browser finds what."""

    @property
    def keys(self) -> dict[str, str]:
        """The administrator_password."""

    @property
    def logs(self) -> Path | str:
        """Where to read what the parts said."""

    def check(self) -> None:
        """Raise ProcessDied when a part has ended by itself."""

    def bridge(self, *arguments: str, typed: str = "") -> str:
        """Run `bridge`; its output, or LocalStackError."""


@dataclass(frozen=True)
class Walk:
    """What every section needs."""

    stack: Stack
    sr: SmartRecruiters
    tell: Teller

    def until(self, what: str, look: Callable[[], T | None], *, within: float = DEADLINE) -> T:
        """Look until there is something; StepFailed after the deadline, ProcessDied when a part ends."""
        deadline = monotonic() + within
        while not (found := look()):
            self.stack.check()
            if monotonic() > deadline:
                raise StepFailed(f"{what}: not within {within:.0f} s (logs: {self.stack.logs})")
            threading.Event().wait(LOOK_EVERY)
        return found


def run(stack: Stack, *, tell: Teller) -> None:
    """Walk through the workflow; LocalStackError names the step that did not go as SPEC says."""
    with closing(SmartRecruiters(stack.urls.sandbox)) as sr:
        walk = Walk(stack, sr, tell)
        configure(walk)
        connect(walk)
        choose_package(walk)
        standard_order(walk)
        inline_order(walk)
    tell.summary()


def configure(walk: Walk) -> None:
    """SPEC 1.1 and 1.2: the master credential is exchanged for a token, the addresses are put."""
    walk.tell.section("1.1-1.2", "The partner tells SmartRecruiters its addresses")
    walk.tell.said("vendor", f"bridge partner apply {PARTNER_FILE.name}")
    for line in walk.stack.bridge("partner", "apply", str(PARTNER_FILE)).splitlines():
        walk.tell.detail(line)
    planned = walk.stack.bridge("partner", "plan", str(PARTNER_FILE))  # fails if anything were left to change
    walk.tell.said("vendor", f"bridge partner plan {PARTNER_FILE.name}: {planned.strip()}")
    held = walk.sr.configuration()
    walk.tell.said("SmartRecruiters", f"holds {len(held)} entries; consent page {held['consentUrl']}")
    walk.tell.done("partner configured")


def connect(walk: Walk) -> None:
    """SPEC 1.3: an administrator signs in, grants, and both sides exchange their credentials."""
    walk.tell.section("1.3", f"The administrator of {COMPANY} connects")
    if _connected(walk):
        walk.tell.done(f"{COMPANY} was connected before")
        return
    add_administrator(walk)
    consent = walk.sr.consent_url(COMPANY)
    walk.tell.said("SmartRecruiters", f"sends the administrator to {_short(consent)}")
    with Browser() as browser:
        landed = consent_as_administrator(walk, browser, consent)
    walk.tell.said("administrator", f"is back at {landed.url}")
    company = walk.until("connected at SmartRecruiters", lambda: _connected(walk))
    walk.tell.detail(
        f"SmartRecruiters holds our credential since {company['connected_at']}, and we hold theirs"
    )
    walk.tell.done(f"{COMPANY} connected")


def add_administrator(walk: Walk) -> None:
    """The vendor gives the customer an account to sign in with, unless an earlier run did."""
    if ADMINISTRATOR in walk.stack.bridge("users", "list"):
        return
    walk.tell.said("vendor", f"bridge users add {ADMINISTRATOR}")
    who = ("--name", "Alex Administrator", "--organisation", "Acme Robotics", "--password-stdin")
    walk.stack.bridge("users", "add", ADMINISTRATOR, *who, typed=walk.stack.keys["administrator_password"])


def consent_as_administrator(walk: Walk, browser: Browser, consent: str) -> Shown:
    """Sign in, read the scope, allow; ends where `redirect` said."""
    sign_in = browser.open(consent)
    walk.tell.said("administrator", f"reads '{sign_in.page.title}', signs in as {ADMINISTRATOR}")
    password = walk.stack.keys["administrator_password"]
    form = _form(sign_in, "/connect/sign-in")
    scope = browser.submit(form, email=ADMINISTRATOR, password=password)
    walk.tell.said("administrator", f"reads '{scope.page.title}', allows it")
    landed = browser.submit(_form(scope, "/connect/grant"))
    if not landed.url.startswith(walk.stack.urls.sandbox):
        raise StepFailed(f"the administrator is not back but at {landed.url} ('{landed.page.title}')")
    return landed


def choose_package(walk: Walk) -> None:
    """SPEC 2: SmartRecruiters asks for the list on behalf of a requester, with the job's location."""
    walk.tell.section("2", "A recruiter looks at the packages")
    job = walk.sr.company(COMPANY)["jobs"][0]
    walk.tell.said(
        "SmartRecruiters", f"GET /packages, requester {RECRUITER}, job in {job['location']['city']}"
    )
    packages = walk.until("packages offered", lambda: _offered(walk, job["id"]))
    for package in packages:
        walk.tell.said("gateway", f"{package['id']}: {package['name']} ({package['type']})")
    one = walk.sr.package(COMPANY, STANDARD_PACKAGE)
    walk.tell.said("SmartRecruiters", f"GET /packages/{one['id']}: {len(one['assessments'])} assessments")
    walk.tell.done(f"{len(packages)} packages offered")


def standard_order(walk: Walk) -> None:
    """SPEC 3 to 5, a recruiter's order: 202, invitation, IN_PROGRESS, COMPLETED, the report attached."""
    walk.tell.section("3-5", "A recruiter orders for a candidate")
    before = walk.sr.last_call()
    placed = walk.sr.order(COMPANY, package_id=STANDARD_PACKAGE, requester_email=RECRUITER)
    order_id = placed["order_id"]
    walk.tell.said("SmartRecruiters", f"POST /packages/orders, order {order_id}")
    walk.tell.said("gateway", f"{placed['status']}: durable")
    with Browser() as browser:
        welcome = walk.until("the engine's invitation", lambda: _invited(walk, browser, order_id))
        tell_enrichment(walk, before)
        walk.tell.said("engine", f"invites the candidate to {_short(welcome.url)}")
        questions = begin(walk, browser, welcome)
        result_with(walk, order_id, "IN_PROGRESS")
        finished = answer(walk, browser, questions)
    walk.tell.said("candidate", f"hands in, and reads '{finished.page.title}'")
    order = result_with(walk, order_id, "COMPLETED")
    attachments = walk.until("the report at SmartRecruiters", lambda: walk.sr.shown(order_id)["attachments"])
    walk.tell.said(
        "publisher", f"POST attachment {attachments[0]['file_name']}, {attachments[0]['size']} bytes"
    )
    walk.tell.done(f"standard order completed, score {_score(order)}")


def tell_enrichment(walk: Walk, before: int) -> None:
    """SPEC 4: what the orders service read; StepFailed when one of the three was not asked for."""
    calls = {each["call"]: each for each in walk.sr.calls(after=str(before), company_id=COMPANY)}
    for name in ("candidate", "job", "hiring_team"):
        if name not in calls:
            raise StepFailed(f"the orders service did not ask for the {name.replace('_', ' ')}")
        walk.tell.said("orders", f"GET {calls[name]['path']}: {calls[name]['status']}")


def inline_order(walk: Walk) -> None:
    """SPEC 3 to 5 during an application: an address at once, the test, and back to SmartRecruiters."""
    walk.tell.section("3-5", "A candidate is assessed while applying")
    placed = walk.sr.inline_order(COMPANY, package_id=INLINE_PACKAGE)
    order_id, url = placed["order_id"], placed["answer"]["url"]
    walk.tell.said("SmartRecruiters", f"POST /packages/inline/orders, order {order_id}")
    walk.tell.said("gateway", f"{placed['status']}: url {_short(url)}")
    with Browser() as browser:
        welcome = browser.wait(browser.open(url), within=DEADLINE)
        walk.tell.said("candidate", f"is led to the engine's page '{welcome.page.title}'")
        questions = begin(walk, browser, welcome)
        result_with(walk, order_id, "IN_PROGRESS")
        back = browser.wait(answer(walk, browser, questions), within=DEADLINE)
    if not back.url.startswith(walk.stack.urls.sandbox):
        raise StepFailed(
            f"the candidate is not back at SmartRecruiters but at {back.url} ('{back.page.title}')"
        )
    walk.tell.said("candidate", f"hands in, and is back at {_short(back.url)}")
    order = result_with(walk, order_id, "COMPLETED")
    if not order["candidate_returned_at"]:
        raise StepFailed("SmartRecruiters did not see the candidate come back")
    (report,) = order["result"]["attachments"]
    walk.tell.detail(f"with a link to the report: {_short(report['url'])}")
    walk.tell.done(f"inline order completed, score {_score(order)}")


def begin(walk: Walk, browser: Browser, welcome: Shown) -> Shown:
    """The candidate presses the button of the welcome page, and sees the questions."""
    walk.tell.said("candidate", "begins")
    return browser.submit(_form(welcome, "/start"))


def answer(walk: Walk, browser: Browser, questions: Shown) -> Shown:
    """The candidate chooses the second answer of each question and hands in."""
    form = _form(questions, "/answers")
    chosen = {name: values[min(1, len(values) - 1)] for name, values in form.choices.items()}
    walk.tell.said("candidate", f"answers {len(chosen)} questions")
    return browser.submit(form, **chosen)


def result_with(walk: Walk, order_id: str, status: str) -> Json:
    """Wait until SmartRecruiters was told this status, and return the order as it is then."""

    def look() -> Json | None:
        order = walk.sr.shown(order_id)
        return order if any(each["status"] == status for each in order["history"]) else None

    order = walk.until(f"{status} at SmartRecruiters", look)
    told = [each["status"] for each in order["history"]]
    walk.tell.said("publisher", f"PATCH results: {' -> '.join(dict.fromkeys(told))}")
    return order


def _connected(walk: Walk) -> Json | None:
    company = walk.sr.company(COMPANY)
    return company if company["connected"] else None


def _offered(walk: Walk, job_id: str) -> list[Json] | None:
    packages = walk.sr.packages(COMPANY, requester_email=RECRUITER, job_id=job_id)
    wanted = {STANDARD_PACKAGE, INLINE_PACKAGE}
    return packages if wanted <= {package["id"] for package in packages} else None


def _invited(walk: Walk, browser: Browser, order_id: str) -> Shown | None:
    shown = browser.open(f"{walk.stack.urls.engine}/invitations/{order_id}")
    return shown if shown.status == 200 else None


def _form(shown: Shown, suffix: str) -> Form:
    for form in shown.page.forms:
        if form.action.endswith(suffix):
            return form
    raise StepFailed(f"{shown.url} ('{shown.page.title}', {shown.status}) has no form for {suffix}")


def _score(order: Json) -> str:
    score: dict[str, Any] = order["result"].get("score") or {}
    return f"{score.get('raw')} of {score.get('max')}, shown as {order['shown_score']} %"


def _short(url: str) -> str:
    return url if len(url) <= 90 else f"{url[:87]}..."
