"""The engine on a real Kafka, from the request to the last update."""

import re

import aiohttp
import pytest
from contracts.events.order import Candidate
from contracts.topics import ENGINES_PACKAGES, ORDERS_REQUESTS
from contracts.types import ResultStatus
from reference_engine.domain.catalogue import INLINE, SKILL_TEST, VIDEO, Package
from reference_engine.domain.links import Links
from yarl import URL

from tests.reference_engine.bridge import Bridge
from tests.reference_engine.bus import Bus, cancelled, requested
from tests.support.waiting import eventually

Browser = aiohttp.ClientSession


def right(package: Package) -> dict[str, str]:
    return {question.id: str(question.right) for question in package.questions}


async def get(browser: Browser, path: str | URL) -> tuple[int, str]:
    async with browser.get(path, allow_redirects=False) as answer:
        return answer.status, await answer.text()


async def post(browser: Browser, path: str, form: dict[str, str] | None = None) -> tuple[int, str, str]:
    async with browser.post(path, data=form or {}, allow_redirects=False) as answer:
        return answer.status, await answer.text(), answer.headers.get("Location", "")


async def launched(browser: Browser, bus: Bus, links: Links, order_id: str) -> str:
    """The path of the test once its address is published and shown."""
    (update,) = await bus.stages(order_id, "launch")
    path = f"/tests/{links.token(order_id)}"
    assert update.data.launch_url == links.test(order_id)

    async def shown() -> bool:
        return 'method="post"' in (await get(browser, path))[1]

    await eventually(shown)
    return path


async def test_offers_its_packages_to_every_company(browser: Browser, bus: Bus) -> None:
    events = await bus.events(ENGINES_PACKAGES)
    assert [event.subject for event in events] == ["*/engine-skill-test", "*/engine-video", "*/engine-inline"]
    skill = events[0].data
    assert skill.type == "SKILL_TEST"
    assert len(skill.assessments) == 2
    assert skill.description
    assert all(event.data.audience is None for event in events)


async def test_a_standard_order_from_request_to_report(browser: Browser, bus: Bus, links: Links) -> None:
    await bus.say(requested("o1"))
    path = await launched(browser, bus, links, "o1")
    status, page = await get(browser, path)
    assert status == 200
    assert "Welcome, Ada" in page
    assert '<html lang="en">' in page
    assert await post(browser, f"{path}/start") == (303, "", path)
    assert (await post(browser, f"{path}/answers", right(SKILL_TEST)))[0] == 303
    _, progress, done = await bus.stages("o1", "launch", "progress", "completed")
    assert progress.data.status() is ResultStatus.IN_PROGRESS
    assert {part.status for part in progress.data.result.assessments} == {ResultStatus.IN_PROGRESS}
    result = done.data.result
    assert (result.score.raw, result.score.min, result.score.max) == (4, 0, 4)
    assert result.score_label == "strong"
    assert result.summary
    assert result.assessment_date <= result.submission_date
    assert [part.assessment_id for part in result.assessments] == [part.id for part in SKILL_TEST.parts]
    assert [attachment.delivery for attachment in result.attachments] == ["upload"]
    async with browser.get(result.attachments[0].url) as report:
        assert report.content_type == "application/pdf"
        assert (await report.read()).startswith(b"%PDF-1.4")
    assert "Thank you" in (await get(browser, path))[1]


async def test_an_inline_candidate_goes_back_to_the_application(
    browser: Browser, bus: Bus, links: Links
) -> None:
    await bus.say(requested("i1", "engine-inline"))
    path = await launched(browser, bus, links, "i1")
    assert (await get(browser, "/invitations/i1"))[0] == 404
    await post(browser, f"{path}/start")
    status, _, location = await post(browser, f"{path}/answers", right(INLINE))
    assert (status, location) == (303, path)
    async with browser.get(path, allow_redirects=False) as answer:
        assert answer.status == 303
        assert answer.headers["Location"] == "http://127.0.0.1:9/t/x/done"
    *_, done = await bus.stages("i1", "launch", "progress", "completed")
    assert [attachment.delivery for attachment in done.data.result.attachments] == ["link"]


async def test_an_invitation_leads_to_the_test(browser: Browser, bus: Bus, links: Links) -> None:
    assert (await get(browser, "/invitations/v1"))[0] == 404
    await bus.say(requested("v1", "engine-video"))
    path = await launched(browser, bus, links, "v1")
    async with browser.get("/invitations/v1", allow_redirects=False) as answer:
        assert answer.status == 302
        assert answer.headers["Location"] == links.test("v1")
    await post(browser, f"{path}/answers", right(VIDEO))
    *_, done = await bus.stages("v1", "launch", "progress", "completed")
    kinds = {attachment.type: attachment for attachment in done.data.result.attachments}
    assert set(kinds) == {"PDF_URL", "VIDEO_URL"}
    async with browser.get(kinds["VIDEO_URL"].url) as answer:
        assert answer.status == 200


async def test_german_and_without_a_name(browser: Browser, bus: Bus, links: Links) -> None:
    await bus.say(
        requested("g1", candidate=Candidate(first_name="<b>Özil", application_language="de_AT")),
        requested("g2", candidate=Candidate(application_language="xx")),
    )
    page = (await get(browser, await launched(browser, bus, links, "g1")))[1]
    assert '<html lang="de">' in page
    assert "Willkommen, &lt;b&gt;Özil" in page
    page = (await get(browser, await launched(browser, bus, links, "g2")))[1]
    assert "<h1>Welcome</h1>" in page


async def test_a_sealed_candidate_is_opened_for_each_page_until_erased(
    browser: Browser, bus: Bus, links: Links, bridge: Bridge
) -> None:
    bridge.candidates["a..b.c.d"] = {"first_name": "Ada", "application_language": "de"}
    await bus.say(requested("c1", candidate=Candidate(sealed="a..b.c.d")))
    path = await launched(browser, bus, links, "c1")
    assert "Willkommen, Ada" in (await get(browser, path))[1]
    opened = bridge.candidates.pop("a..b.c.d")
    assert "<h1>Welcome</h1>" in (await get(browser, path))[1]  # the bridge is away: the test goes on
    bridge.candidates["a..b.c.d"] = None
    assert (await get(browser, path))[0] == 410
    assert (await post(browser, f"{path}/answers", {}))[0] == 410
    assert opened is not None


async def test_open_questions_are_named_and_given_answers_kept(
    browser: Browser, bus: Bus, links: Links
) -> None:
    await bus.say(requested("q1"))
    path = await launched(browser, bus, links, "q1")
    await post(browser, f"{path}/start")
    status, page, _ = await post(browser, f"{path}/answers", {"logic-series": "1", "numbers-rate": "9"})
    assert status == 422
    assert re.search(r'id="logic-series-1" value="1" checked', page)
    for question in ("logic-conclusion", "numbers-percent", "numbers-rate"):
        assert f'href="#{question}-0"' in page
        assert f'aria-describedby="{question}-error"' in page
    await bus.stages("q1", "launch", "progress")


async def test_a_second_hand_in_changes_nothing(browser: Browser, bus: Bus, links: Links) -> None:
    await bus.say(requested("d1"))
    path = await launched(browser, bus, links, "d1")
    wrong = {question.id: "0" for question in SKILL_TEST.questions}
    await post(browser, f"{path}/answers", right(SKILL_TEST))
    assert (await post(browser, f"{path}/answers", wrong))[0] == 303
    assert (await post(browser, f"{path}/start"))[0] == 303
    assert (await post(browser, f"{path}/decline"))[0] == 303
    *_, done = await bus.stages("d1", "launch", "progress", "completed")
    assert done.data.result.score.raw == 4


async def test_declining_is_a_rejection(browser: Browser, bus: Bus, links: Links) -> None:
    await bus.say(requested("r1"))
    path = await launched(browser, bus, links, "r1")
    assert (await post(browser, f"{path}/decline"))[0] == 303
    _, failed = await bus.stages("r1", "launch", "failed")
    assert failed.data.status() is ResultStatus.REJECTED
    assert "declined the test" in (await get(browser, path))[1]
    assert (await get(browser, f"/reports/{links.token('r1')}.pdf"))[0] == 404


async def test_after_a_cancellation_nothing_is_sent(browser: Browser, bus: Bus, links: Links) -> None:
    await bus.say(requested("c1"))
    path = await launched(browser, bus, links, "c1")
    await post(browser, f"{path}/start")
    await bus.say(cancelled("c1"))

    async def says_so() -> bool:
        return (await get(browser, path))[0] == 410

    await eventually(says_so)
    status, page, _ = await post(browser, f"{path}/answers", right(SKILL_TEST))
    assert status == 410
    assert "cancelled" in page
    assert (await post(browser, f"{path}/decline"))[0] == 410
    await bus.stages("c1", "launch", "progress")


async def test_a_cancellation_before_the_launch_holds(browser: Browser, bus: Bus) -> None:
    await bus.say(cancelled("c2"), requested("c2"))
    await bus.caught_up()
    assert await bus.updates("c2") == []


async def test_other_engines_packages_are_left_alone(browser: Browser, bus: Bus) -> None:
    await bus.say(requested("x1", "someone-elses"))
    await bus.caught_up()
    assert await bus.updates("x1") == []
    assert await bus.records(ORDERS_REQUESTS.dead_letter) == []


async def test_a_bad_record_goes_as_it_came_to_the_dead_letters(browser: Browser, bus: Bus) -> None:
    headers = [("ce_specversion", b"1.0"), ("ce_type", b"assessment.requested")]
    await bus.say_raw(b"{not json", headers, key=b"b1")
    await bus.say_raw(None, [], key=b"b1")
    await bus.say(requested("b1"))
    await bus.stages("b1", "launch")
    first, second = await bus.records(ORDERS_REQUESTS.dead_letter)
    assert (first.value, first.key, list(first.headers[:2])) == (b"{not json", b"b1", headers)
    cause = dict(first.headers)
    assert cause["dlq_reason"] == b"ce_id is missing"
    assert cause["dlq_origin_topic"] == b"orders.requests"
    assert second.value is None


async def test_addresses_that_were_not_given_out(browser: Browser, links: Links) -> None:
    good = links.token("nobody")
    for path in (
        "/tests/nobody.x",
        "/tests/nobody",
        f"/tests/{good[:-1]}",
        f"/reports/{good}.pdf",
        f"/recordings/{good}",
        "/invitations/nobody",
    ):
        assert (await get(browser, path))[0] == 404
    assert (await post(browser, "/tests/nobody.x/answers"))[0] == 404
    status, page = await get(browser, f"/tests/{good}")
    assert status == 200
    assert 'http-equiv="refresh"' in page


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"\xff\xfe=1", "application/x-www-form-urlencoded; charset=klingon"),
        (b"--x\r\n\r\nbroken", "multipart/form-data; boundary=x"),
        (b"&".join(b"a%d=1" % number for number in range(500)), "application/x-www-form-urlencoded"),
        (b"{}", "application/json"),
        (b"", ""),
    ],
)
async def test_a_body_that_is_no_form_of_ours_has_no_answers(
    browser: Browser, bus: Bus, links: Links, body: bytes, kind: str
) -> None:
    await bus.say(requested("h1"))
    path = await launched(browser, bus, links, "h1")
    async with browser.post(f"{path}/answers", data=body, headers={"Content-Type": kind}) as answer:
        assert answer.status == 422
    async with browser.post(f"{path}/answers", data=b"x" * 100_000) as answer:
        assert answer.status == 413
    for odd in (
        "/tests/%ff",
        "/tests/%00",
        "/tests/h1.%F0%9F%92%A9",
        "/invitations/%2e%2e",
        "/reports/%ff.pdf",
    ):
        assert (await get(browser, URL(odd, encoded=True)))[0] == 404


async def test_pages_carry_no_script_and_are_not_stored(browser: Browser, bus: Bus, links: Links) -> None:
    await bus.say(requested("s1"))
    path = await launched(browser, bus, links, "s1")
    async with browser.get(path) as answer:
        assert "<script" not in await answer.text()
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
        assert answer.headers["Cache-Control"] == "no-store"
    async with browser.get("/style.css") as answer:
        assert answer.content_type == "text/css"
    async with browser.get("/health/live") as answer:
        assert answer.status == 200
