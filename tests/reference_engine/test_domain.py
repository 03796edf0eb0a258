"""Launch addresses, state in any order, scores, report."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from contracts.envelope import Event, EventData
from contracts.events import AssessmentUpdated
from contracts.events.assessment import PackageResult, Score, Stage
from contracts.types import ResultStatus
from hypothesis import given
from hypothesis import strategies as st
from reference_engine.domain import scoring
from reference_engine.domain.catalogue import PACKAGES, SKILL_TEST, Package
from reference_engine.domain.links import Links
from reference_engine.domain.orders import Order, Orders
from reference_engine.domain.report import report
from reference_engine.errors import Unanswered
from reference_engine.http.texts import LANGUAGES, language_of, words

from tests.reference_engine.bus import NOW, cancelled, requested
from tests.support.clock import ManualClock

ORDER_IDS = st.from_regex(r"[A-Za-z0-9._~-]{1,128}", fullmatch=True)


def event(data: EventData, source: str = "engines/reference") -> Event[Any]:
    return Event(id=uuid4(), source=source, time=NOW, data=data)


def update(stage: Stage, **more: Any) -> Event[Any]:
    launch = {"launch_url": "http://127.0.0.1:9/tests/x"} if stage is Stage.LAUNCH else {}
    return event(
        AssessmentUpdated(order_id="o", company_id="acme", stage=stage, occurred_at=NOW, **launch, **more)
    )


def orders(clock: Callable[[], datetime] = lambda: NOW) -> Orders:
    return Orders(source="engines/reference", keep=timedelta(days=7), clock=clock)


@given(ORDER_IDS, st.text(max_size=64))
def test_a_token_stands_for_its_order_and_no_other_text_does(order_id: str, other: str) -> None:
    links = Links("http://127.0.0.1:8091/", b"key")
    token = links.token(order_id)
    assert links.order_of(token) == order_id
    assert links.test(order_id).startswith("http://127.0.0.1:8091/tests/")
    assert links.order_of(f"{order_id}.{other}") in (None, order_id)
    assert Links("http://127.0.0.1:8091", b"another").order_of(token) is None


def test_a_token_of_bytes_that_are_no_text_is_unknown() -> None:
    assert Links("http://127.0.0.1:8091", b"key").order_of("a.\udcff") is None


STORY = [
    event(requested("o"), "orders"),
    update(Stage.LAUNCH),
    update(Stage.PROGRESS),
    update(Stage.COMPLETED, result=PackageResult(score=Score(raw=1, min=0, max=4))),
    event(cancelled("o"), "orders"),
]


@given(st.permutations(STORY + STORY[:3]))
def test_the_state_is_the_same_in_whatever_order_it_is_read(events: list[Event[Any]]) -> None:
    table = orders()
    for item in events:
        table.apply(item)
    assert table.get("o") == Order(
        request=STORY[0].data, launched=True, began_at=NOW, result=STORY[3].data.result, cancelled=True
    )


def test_of_two_ends_the_first_holds_and_other_engines_do_not_count() -> None:
    table = orders()
    for item in (
        STORY[0],
        event(STORY[3].data, "engines/other"),
        update(Stage.FAILED, result=PackageResult(status=ResultStatus.REJECTED)),
        STORY[3],
    ):
        table.apply(item)
    found = table.get("o")
    assert found
    assert found.result == PackageResult(status=ResultStatus.REJECTED)


def test_what_was_read_long_ago_is_forgotten() -> None:
    clock = ManualClock()
    table = orders(clock.now)
    table.apply(event(requested("old"), "orders"))
    clock.advance(timedelta(days=6))
    table.apply(event(requested("new"), "orders"))
    assert len(table) == 2
    clock.advance(timedelta(days=2))
    table.apply(event(requested("newest"), "orders"))
    assert list(table) == ["new", "newest"]


@pytest.mark.parametrize("package", PACKAGES.values(), ids=PACKAGES)
@given(order_id=ORDER_IDS)
def test_scores_are_whole_and_add_up(package: Package, order_id: str) -> None:
    answers = scoring.autopilot_answers(package, order_id)
    assert answers == scoring.autopilot_answers(package, order_id)
    result = scoring.finished(
        package, scoring.check(package, answers), began_at=NOW, at=NOW + timedelta(minutes=5), attachments=()
    )
    assert result.score
    assert result.score.max == len(package.questions)
    assert result.score.raw == sum(part.score.raw for part in result.assessments if part.score)
    assert {part.status for part in result.assessments} == {ResultStatus.COMPLETED}
    assert report(order_id, result).endswith(b"%%EOF\n")


@pytest.mark.parametrize("given_answer", ["", "-1", "3", "99999999999999999999", "x", "²"])
def test_an_answer_that_is_no_choice_is_no_answer(given_answer: str) -> None:
    answers = {question.id: "0" for question in SKILL_TEST.questions} | {"logic-series": given_answer}
    with pytest.raises(Unanswered) as caught:
        scoring.check(SKILL_TEST, answers)
    assert caught.value.questions == ("logic-series",)


@pytest.mark.parametrize(
    ("raw", "word"), [(0, "weak"), (1, "weak"), (2, "solid"), (3, "strong"), (4, "strong")]
)
def test_labels(raw: int, word: str) -> None:
    assert scoring.label(raw, 4) == word


def test_the_report_is_a_pdf_whose_table_points_at_its_objects() -> None:
    result = PackageResult(
        name=r"Brackets (and \ slashes) in Łódź",
        score=Score(raw=3, min=0, max=4),
        submission_date=datetime(2026, 1, 5, 9, 30, tzinfo=UTC),
        summary="3 of 4 answers are right.",
    )
    pdf = report("o-1", result)
    start = int(pdf.rsplit(b"startxref\n", 1)[1].split(b"\n", 1)[0])
    assert pdf[start:].startswith(b"xref\n0 6\n")
    places = [int(line[:10]) for line in pdf[start:].splitlines()[3:8]]
    for number, place in enumerate(places, start=1):
        assert pdf[place:].startswith(b"%d 0 obj" % number)
    assert rb"(Brackets \(and \\ slashes\) in ?\363d?)".replace(rb"\363", b"\xf3") in pdf
    assert b"Submitted 2026-01-05 09:30 UTC" in pdf


def test_every_language_has_every_word_and_every_question() -> None:
    spoken = words()
    assert {frozenset(words) for words in spoken.values()} == {frozenset(spoken["en"])}
    for package in PACKAGES.values():
        assert {package.id, *(part.id for part in package.parts)} <= set(spoken["en"])
        assert spoken["en"][package.id] == package.name
        for question in package.questions:
            for text in (question.text, *question.choices):
                assert set(text) == set(LANGUAGES)


@pytest.mark.parametrize(
    ("wanted", "language"),
    [("de", "de"), ("de-AT", "de"), ("DE_de", "de"), ("en-GB", "en"), ("fr", "en"), ("", "en"), (None, "en")],
)
def test_the_application_chooses_the_language(wanted: str | None, language: str) -> None:
    assert language_of(wanted) == language
