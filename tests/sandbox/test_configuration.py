from typing import Any

import pytest
from sandbox.domain.configuration import configuration_problems, with_id, with_query
from sandbox.domain.packages import package_problems, packages_problems

REQUIRED: dict[str, Any] = {
    "consentUrl": "https://vendor.example.com/connect",
    "consentDisplayMode": "REDIRECT",
    "assessmentPackageListUrl": "https://vendor.example.com/packages",
    "singleAssessmentPackageUrl": "https://vendor.example.com/packages/{assessmentPackageId}",
    "oauthTokenUrl": "https://vendor.example.com/oauth/token",
    "supportedAssessmentTypes": ["VIDEO_INTERVIEW"],
}
FIELD = {"id": "team", "name": "Team", "description": "Which"}


def test_the_required_fields_are_enough() -> None:
    assert configuration_problems(REQUIRED) == []


@pytest.mark.parametrize("name", REQUIRED)
def test_each_required_field_is_required(name: str) -> None:
    left = {key: value for key, value in REQUIRED.items() if key != name}
    assert configuration_problems(left) == [f"{name}: is required"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("inlineAssessmentPackageOrderUrl", ""),
        ("inlineAssessmentPackageOrderUrl", None),
        ("packageOrderUrl", "http://127.0.0.1:8080/packages/orders"),
        ("companyIntegrationUrl", "https://vendor.example.com/i"),
        ("fields", []),
        ("fields", [{**FIELD, "id": str(number)} for number in range(5)]),
    ],
)
def test_what_else_is_taken(name: str, value: Any) -> None:
    assert configuration_problems({**REQUIRED, name: value}) == []


@pytest.mark.parametrize(
    ("name", "value", "problem"),
    [
        ("consentUrl", "/connect", "consentUrl: must be an absolute"),
        ("consentUrl", "", "consentUrl: must be an absolute"),
        ("consentDisplayMode", "MODAL", "consentDisplayMode: must be one of REDIRECT, POPUP"),
        ("supportedAssessmentTypes", [], "supportedAssessmentTypes: must have 1 to 6 items"),
        ("supportedAssessmentTypes", ["QUIZ"], "supportedAssessmentTypes[0]: must be one of"),
        ("supportedAssessmentTypes", "SKILL_TEST", "supportedAssessmentTypes: must be an array"),
        ("supportedAssessmentTypes", ["SKILL_TEST"] * 2, "supportedAssessmentTypes: must not repeat"),
        ("integrationDisableUrl", "nowhere", "integrationDisableUrl: must be an absolute"),
        ("fields", [FIELD] * 6, "fields: must have 0 to 5 items"),
        ("fields", [FIELD] * 2, "fields: must not repeat an id"),
        ("fields", [{"id": "a", "name": "b"}], "fields[0].description: is required"),
        ("fields", [{**FIELD, "id": " "}], "fields[0].id: must be a string that is not empty"),
        ("consentURL", "https://x.example.com", "consentURL: is not a field of this call"),
    ],
)
def test_what_is_refused(name: str, value: Any, problem: str) -> None:
    problems = configuration_problems({**REQUIRED, name: value})
    assert len(problems) == 1
    assert problems[0].startswith(problem)


def test_addresses_keep_what_they_have() -> None:
    assert with_query("https://v.example.com/p?a=1", {"city": "Köln"}) == (
        "https://v.example.com/p?a=1&city=K%C3%B6ln"
    )
    assert with_id("https://v.example.com/p/{id}/x", ("id",), "a/b") == "https://v.example.com/p/a%2Fb/x"
    assert with_id("https://v.example.com/p/?q=1", ("id",), "7") == "https://v.example.com/p/7?q=1"


PACKAGE: dict[str, Any] = {
    "id": "p",
    "type": "SKILL_TEST",
    "name": "P",
    "description": "",
    "assessments": [{"id": "a", "type": "SKILL_TEST", "description": "A"}],
}
SUPPORTED = ["SKILL_TEST"]


def test_a_good_list() -> None:
    assert packages_problems([PACKAGE, {**PACKAGE, "id": "q", "assessments": [], "more": 1}], SUPPORTED) == []
    assert packages_problems([], SUPPORTED) == []


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"id": 5}, "[0].id: must be a string"),
        ({"id": ""}, "[0].id: must be a string"),
        ({"type": "QUIZ"}, "[0].type: must be one of"),
        ({"type": "REFERENCE_CHECK"}, "[0].type: REFERENCE_CHECK is not among"),
        ({"name": None}, "[0].name: must be"),
        ({"description": None}, "[0].description: must be"),
        ({"assessments": None}, "[0].assessments: must be an array"),
        ({"assessments": [{"id": "a", "type": "SKILL_TEST"}]}, "[0].assessments[0].description: is required"),
        ({"assessments": [{"id": "a", "type": "x", "description": "A"}]}, "[0].assessments[0].type: must be"),
    ],
)
def test_a_bad_package_in_a_list(changes: dict[str, Any], problem: str) -> None:
    problems = packages_problems([{**PACKAGE, **changes}], SUPPORTED)
    assert len(problems) == 1
    assert problems[0].startswith(problem)


def test_lists_as_a_whole() -> None:
    assert packages_problems({"content": []}, SUPPORTED) == ["the whole: must be an array"]
    assert packages_problems([PACKAGE, PACKAGE], SUPPORTED) == ["[1].id: is given twice"]
    missing = {key: value for key, value in PACKAGE.items() if key != "assessments"}
    assert packages_problems([missing], SUPPORTED) == ["[0].assessments: is required"]


def test_a_single_package() -> None:
    assert package_problems(PACKAGE, "p", SUPPORTED) == []
    assert package_problems(PACKAGE, "q", SUPPORTED) == ["id: is not the one asked for"]
    assert package_problems([PACKAGE], "p", SUPPORTED) == ["the whole: must be an object"]
    assert package_problems(PACKAGE, "p", []) == [
        "type: SKILL_TEST is not among the configured supportedAssessmentTypes"
    ]
