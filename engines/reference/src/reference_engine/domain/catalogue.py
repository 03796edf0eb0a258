"""The packages this engine offers, and their questions.

A real engine keeps these in its own store. A package's `parts` are the nested assessments of SPEC §2.
"""

from dataclasses import dataclass

from contracts.events.package import EVERY_COMPANY, Assessment, PackagePublished
from contracts.types import PackageType

Text = dict[str, str]
"""Language -> words."""


@dataclass(frozen=True, slots=True)
class Question:
    """One question with its choices; `right` is the place of the right one, counted from 0."""

    id: str
    text: Text
    choices: tuple[Text, ...]
    right: int


@dataclass(frozen=True, slots=True)
class Part:
    """One assessment of a package."""

    id: str
    type: PackageType
    name: str
    description: str
    questions: tuple[Question, ...]


@dataclass(frozen=True, slots=True)
class Package:
    """What a recruiter orders."""

    id: str
    type: PackageType
    name: str
    description: str
    parts: tuple[Part, ...]

    @property
    def questions(self) -> tuple[Question, ...]:
        """Every question, in the order of the page."""
        return tuple(question for part in self.parts for question in part.questions)

    def published(self) -> PackagePublished:
        """Returns the event that offers the package to every company and requester."""
        return PackagePublished(
            company_id=EVERY_COMPANY,
            package_id=self.id,
            type=self.type,
            name=self.name,
            description=self.description,
            assessments=tuple(
                Assessment(id=part.id, type=part.type, name=part.name, description=part.description)
                for part in self.parts
            ),
        )


def _same(*words: str) -> tuple[Text, ...]:
    return tuple({"en": word, "de": word} for word in words)


_LOGIC = (
    Question(
        id="logic-series",
        text={"en": "Which number comes next: 2, 4, 8, 16, …?", "de": "Welche Zahl folgt: 2, 4, 8, 16, …?"},
        choices=_same("18", "24", "32"),
        right=2,
    ),
    Question(
        id="logic-conclusion",
        text={
            "en": "Every clerk has a badge. Kim has no badge. What follows?",
            "de": "Alle Angestellten haben einen Ausweis. Kim hat keinen. Was folgt daraus?",
        },
        choices=(
            {"en": "Kim is a clerk", "de": "Kim gehört zu den Angestellten"},
            {"en": "Kim is not a clerk", "de": "Kim gehört nicht zu den Angestellten"},
            {"en": "Nothing follows", "de": "Daraus folgt nichts"},
        ),
        right=1,
    ),
)
_NUMBERS = (
    Question(
        id="numbers-percent",
        text={"en": "How much is 15 % of 200?", "de": "Wie viel sind 15 % von 200?"},
        choices=_same("15", "30", "45"),
        right=1,
    ),
    Question(
        id="numbers-rate",
        text={
            "en": "Three people pack 60 boxes an hour. How many do five people pack?",
            "de": "Drei Personen packen 60 Kisten in der Stunde. Wie viele packen fünf?",
        },
        choices=_same("80", "100", "120"),
        right=1,
    ),
)
_INTERVIEW = (
    Question(
        id="interview-customer",
        text={
            "en": "A customer is upset about a late delivery. What do you do first?",
            "de": "Eine Kundin ärgert sich über eine verspätete Lieferung. Was tun Sie zuerst?",
        },
        choices=(
            {"en": "Explain whose fault it was", "de": "Erklären, wer schuld ist"},
            {"en": "Listen and ask what she needs now", "de": "Zuhören und fragen, was sie jetzt braucht"},
            {"en": "Offer a discount", "de": "Einen Rabatt anbieten"},
        ),
        right=1,
    ),
)
_APPLICATION = (
    Question(
        id="application-shift",
        text={
            "en": "A colleague falls ill an hour before the shift. What do you do?",
            "de": "Ein Kollege wird eine Stunde vor der Schicht krank. Was tun Sie?",
        },
        choices=(
            {"en": "Tell the shift lead at once", "de": "Sofort der Schichtleitung Bescheid geben"},
            {"en": "Wait whether someone notices", "de": "Abwarten, ob es jemand merkt"},
        ),
        right=0,
    ),
    Question(
        id="application-order",
        text={"en": "Which date is the latest?", "de": "Welches Datum ist das späteste?"},
        choices=_same("2024-11-30", "2025-01-02", "2024-12-31"),
        right=1,
    ),
)

SKILL_TEST = Package(
    id="engine-skill-test",
    type=PackageType.SKILL_TEST,
    name="Reasoning test",
    description="Four short questions on logic and numbers, about five minutes.",
    parts=(
        Part("engine-skill-logic", PackageType.SKILL_TEST, "Logic", "Series and conclusions.", _LOGIC),
        Part("engine-skill-numbers", PackageType.SKILL_TEST, "Numbers", "Percentages and rates.", _NUMBERS),
    ),
)
VIDEO = Package(
    id="engine-video",
    type=PackageType.VIDEO_INTERVIEW,
    name="Interview",
    description="One situation from working life. The reference engine records no video.",
    parts=(
        Part("engine-video-answer", PackageType.VIDEO_INTERVIEW, "Situation", "A conversation.", _INTERVIEW),
    ),
)
INLINE = Package(
    id="engine-inline",
    type=PackageType.INLINE_ASSESSMENT,
    name="Questions with the application",
    description="Two questions the candidate answers while applying.",
    parts=(
        Part("engine-inline-questions", PackageType.INLINE_ASSESSMENT, "Questions", "Care.", _APPLICATION),
    ),
)

PACKAGES: dict[str, Package] = {package.id: package for package in (SKILL_TEST, VIDEO, INLINE)}
