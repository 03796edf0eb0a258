"""What an error repeats of a result goes, however it is written; what is wrong stays."""

import html
import json
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from results_publisher.domain.repeats import Sent, readable, without_repeats

Write = Callable[[str], str]

PATCH: dict[str, Any] = {
    "status": "COMPLETED",
    "name": "Typing, taught by Grace",
    "score": {"raw": 87, "min": 0, "max": 1500},
    "scoreLabel": "Great",
    "summary": "Will Lovelace (born 1985, +44 5550199) may be José O'Brien's best. Must see!",
    "assessmentDate": "2026-03-02T10:15:00.000Z",
    "attachments": [{"type": "PDF_URL", "url": "https://reports.example/ada.pdf?sig=q9%2FzR"}],
    "assessmentResults": [{"assessmentId": "typing-7", "summary": "Slow.\nByron rated it."}],
    "candidateNote": "Ada",
}
SENT = Sent.in_patch(json.dumps(PATCH), "opaque.t0ken-of-ours")
WAYS: dict[str, Write] = {
    "as it is": str,
    "in capitals": str.upper,
    "as JSON": json.dumps,
    "as JSON in JSON": lambda text: json.dumps({"message": json.dumps(text, ensure_ascii=False)}),
    "as JSON in JSON, in ASCII": lambda text: json.dumps(json.dumps({"message": text})),
    "as Python": ascii,
    "in an address": quote,
    "in an address, twice": lambda text: quote(quote(text)),
    "on a page": html.escape,
    "in numbers of a page": lambda text: "".join(f"&#{ord(sign)};" for sign in text),
}
ways = st.sampled_from([*WAYS.values()])
# Marked, as a name: what somebody else could say as well proves nothing.
names = st.text(st.characters(exclude_categories=["Cs", "Cc", "Cn", "Co"]), max_size=8).map(
    lambda text: f"zqx{text}"
)
texts = st.lists(names, min_size=1, max_size=5).map(" ".join)


def kept(text: str, sent: Sent = SENT) -> str:
    return without_repeats(readable(text), sent)


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
@pytest.mark.parametrize(
    "ours",
    [
        "Lovelace",
        "Will Lovelace",
        "born 1985, +44 5550199",
        "José",
        "Jose\u0301",
        "O'Brien",
        "Byron rated it",
        "https://reports.example/ada.pdf?sig=q9%2FzR",
        "Grace",
        "Great",
        "Ada",
        "Slow.\nByron",
        "Lovel",
        "t0ken",
    ],
)
def test_what_was_written_freely_goes(ours: str, way: Write) -> None:
    answer = kept(f"INVALID: {way(ours)} is too long")
    names = set(re.findall(r"\w{3,}", readable(ours).casefold())) - {"https"}
    assert names
    assert [name for name in names if name in answer.casefold()] == []
    assert answer.startswith("INVALID: ")
    assert answer.endswith(" is too long")


@pytest.mark.parametrize(
    "said",
    [
        "summary is too long",
        "The summary may not be longer than 4000 characters",
        '{"code": "INVALID_FORMAT", "message": "scoreLabel must be a string", "field": "scoreLabel"}',
        "assessmentResults[0].assessmentId typing-7 is unknown",
        "score.raw 87 is not between 0 and 1500",
        "assessmentDate 2026-03-02T10:15:00.000Z is in the past",
        "status COMPLETED cannot follow REJECTED",
        "attachments[0].type PDF_URL is unsupported; expected VIDEO_URL",
        "Order 4f2a is closed. PATCH is refused with 409 at line 12",
        "Gateway time-out",
    ],
)
def test_what_is_wrong_stays(said: str) -> None:
    assert kept(said) == said


@pytest.mark.parametrize(
    ("said", "left"),
    [
        ("Must be shorter", "[redacted] be shorter"),
        ("May be empty", "May be empty"),
        ("Will was refused", "[redacted] was refused"),
        ("will be refused", "[redacted] be refused"),
        ('summary "Will Lovelace" of "Byron", "Ada" is odd', 'summary "[redacted]" of "[redacted]" is odd'),
        ("[redacted]@example.com", "[redacted].com"),
    ],
)
def test_a_plain_word_goes_where_it_may_be_a_name(said: str, left: str) -> None:
    assert kept(said) == left


def test_a_file_is_searched_too() -> None:
    content = "%PDF Lovelace, Will: 5550199 points of May"
    sent = Sent(["ada.pdf", "opaque"], ["application/pdf"], in_file=content.__contains__)
    said = 'The file "ada.pdf" of type application/pdf is too large: May Lovelace, 5550199 of 1000 bytes'
    left = 'The file "[redacted].pdf" of type application/pdf is too large: [redacted] of 1000 bytes'
    assert kept(said, sent) == left


@given(summary=texts, way=ways, cut=st.integers(0, 400))
@example(summary="zqx\N{LATIN SMALL LETTER E WITH ACUTE}", way=WAYS["as JSON in JSON, in ASCII"], cut=40)
@example(summary="zqx\\nzqx", way=WAYS["as JSON"], cut=400)
@example(summary="zqx%41&amp;zqx", way=WAYS["in an address"], cut=400)
def test_nothing_of_a_text_is_left_wherever_an_error_is_cut(summary: str, way: Write, cut: int) -> None:
    sent = Sent.in_patch(json.dumps({"summary": summary}))
    assert "zqx" not in kept(f"INVALID: {way(summary)}"[: 9 + cut], sent).casefold()


@given(summary=texts)
def test_no_text_hides_what_is_wrong(summary: str) -> None:
    said = "INVALID_FORMAT: summary must not be longer than 4000 characters, 4711 were received (400)"
    assert kept(said, Sent.in_patch(json.dumps({"summary": summary}))) == said


@given(answer=st.binary(max_size=200) | st.text(max_size=200).map(json.dumps).map(str.encode))
@example(answer=rb"\u0000 \ud800 &#0; %00 \ud83d\ude00")
def test_whatever_is_answered_can_be_stored(answer: bytes) -> None:
    text = kept(answer.decode(errors="replace"))
    assert "\0" not in text
    assert text.encode().decode() == text
