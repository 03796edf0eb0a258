"""Which passwords are taken: none of the common ones, none made of what is known of the person."""

import secrets

import pytest
from credentials.domain.passwords import JUDGED, SHORTEST, is_guessable, words_of
from zxcvbn.frequency_lists import FREQUENCY_LISTS

WORDS = words_of("Ada.Admin@Acme.example", "Ada Løvelace", "Acme Ltd", "Globex", "assess.vendor.example")
ENOUGH = 3000  # OWASP ASVS 5.0 §6.2.4


def test_words_of_the_person_the_organisations_and_our_host() -> None:
    found = words_of("Bo.Li-42@globex.example", "Bo LØVELACE", "3M Acme")
    assert found == {"globex", "example", "løvelace", "acme"}


def test_none_of_the_common_ones_is_taken() -> None:
    common = [one for one in FREQUENCY_LISTS["passwords"] if len(one) >= SHORTEST][:ENOUGH]
    assert len(common) == ENOUGH
    assert [one for one in common if not is_guessable(one, WORDS)] == []


@pytest.mark.parametrize(
    "password",
    [
        "Password123!",
        "p@ssw0rd!",
        "Password-2026!",
        "Summer-2027!",
        "qwertyuiop[]",
        "aaaaaaaaaaaaaaaaaaaaaaaa",
        "abcabcabcabc",
        "12345678901234567890",
        "acme-assessments-2026",
        "Acme Ltd 2026!",
        "Globex/Acme/Globex",
        "ada.admin@acme.example",
        "ada løvelace 1985",
        "vendor!connect!2025",
        "SmartRecruiters_2026",
        "4ss3ssm3nt-4cm3",
        "stnemssessa-emca",
        "acme-sunshine",
    ],
)
def test_easily_guessed(password: str) -> None:
    assert is_guessable(password, WORDS)


@pytest.mark.parametrize(
    "password",
    [
        "k9#vQz!2",
        "correct horse battery",
        "the acme tram eats purple noodles",
        "größere Brötchen als gestern",
        "пять старых зелёных лодок",
    ],
)
def test_taken(password: str) -> None:
    assert not is_guessable(password, WORDS)


def test_what_is_made_at_random_is_taken() -> None:
    assert not [one for one in (secrets.token_urlsafe(12) for _ in range(50)) if is_guessable(one, WORDS)]


def test_a_long_one_is_judged_by_its_beginning() -> None:
    good = "correct horse battery"
    assert not is_guessable((good + " staple on a purple tram ") * 1000, WORDS)
    assert is_guessable("x" * JUDGED + good, WORDS)
