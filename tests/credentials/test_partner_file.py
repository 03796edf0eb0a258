"""The partner file: what is right, every way it can be wrong, and what a plan says."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from contracts.smartrecruiters import PartnerConfiguration
from contracts.types import PackageType
from credentials.domain import partner
from credentials.domain.partner_diff import changes
from credentials.errors import PartnerFileInvalid
from hypothesis import given
from hypothesis import strategies as st

ROOT = Path(__file__).parents[2]
URL = "https://bridge.example"
FILE: dict[str, Any] = {
    "consentUrl": "${PUBLIC_URL}/connect",
    "consentDisplayMode": "REDIRECT",
    "assessmentPackageListUrl": "${PUBLIC_URL}/packages",
    "singleAssessmentPackageUrl": "https://elsewhere.example/packages/{assessmentPackageId}",
    "packageOrderUrl": "${PUBLIC_URL}/packages/orders",
    "inlineAssessmentPackageOrderUrl": "",
    "oauthTokenUrl": "${PUBLIC_URL}/oauth/token",
    "integrationDisableUrl": "${PUBLIC_URL}/integrations/companies/{companyId}",
    "fields": [{"id": "seniority", "name": "Seniority", "description": "How senior"}],
    "supportedAssessmentTypes": ["SKILL_TEST", "VIDEO_INTERVIEW"],
}


def read(public_url: str = URL, **updates: Any) -> PartnerConfiguration:
    return partner.read({**FILE, **updates}, public_url=public_url)


def sent(configuration: PartnerConfiguration) -> dict[str, Any]:
    return configuration.model_dump(mode="json", by_alias=True, exclude_unset=True)


def test_the_file_becomes_specs_payload() -> None:
    assert sent(read(public_url=URL + "/")) == {
        "consentUrl": f"{URL}/connect",
        "consentDisplayMode": "REDIRECT",
        "assessmentPackageListUrl": f"{URL}/packages",
        "singleAssessmentPackageUrl": "https://elsewhere.example/packages/{assessmentPackageId}",
        "packageOrderUrl": f"{URL}/packages/orders",
        "inlineAssessmentPackageOrderUrl": "",
        "oauthTokenUrl": f"{URL}/oauth/token",
        "integrationDisableUrl": f"{URL}/integrations/companies/{{companyId}}",
        "fields": [{"id": "seniority", "name": "Seniority", "description": "How senior"}],
        "supportedAssessmentTypes": ["SKILL_TEST", "VIDEO_INTERVIEW"],
    }


@pytest.mark.parametrize("path", ["deploy/partner.example.yaml", "deploy/local/partner.yaml"])
def test_the_files_of_this_repository_are_right(path: str) -> None:
    content = yaml.safe_load((ROOT / path).read_text())
    assert partner.read(content, public_url=URL).consent_url == f"{URL}/connect"


def test_optional_addresses_may_be_left_out() -> None:
    content = {name: value for name, value in FILE.items() if name not in partner.OPTIONAL_URLS}
    body = sent(partner.read(content, public_url=URL))
    assert "packageOrderUrl" not in body
    assert body["inlineAssessmentPackageOrderUrl"] == ""


@pytest.mark.parametrize("host", ["localhost:8080", "127.0.0.1", "127.8.9.1:1", "[::1]:80"])
def test_plain_http_is_for_this_machine(host: str) -> None:
    assert read(consentUrl=f"http://{host}/connect").consent_url == f"http://{host}/connect"


FIELD = {"id": "a", "name": "n", "description": "d"}


@pytest.mark.parametrize(
    ("updates", "fault"),
    [
        ({"consentUrl": None}, "consentUrl: is required"),
        ({"oauthTokenUrl": ""}, "oauthTokenUrl: is required"),
        ({"assessmentPackageListUrl": 7}, "assessmentPackageListUrl: has to be a text"),
        ({"consentUrl": "/connect"}, "consentUrl: has to be a whole address"),
        ({"consentUrl": "ftp://x.example/"}, "consentUrl: has to be a whole address"),
        ({"consentUrl": "http://x.example/"}, "consentUrl: has to be https, unless its host is this machine"),
        ({"consentUrl": "http://127.0.0.1.evil.example/"}, "consentUrl: has to be https"),
        ({"consentUrl": "https://u:p@x.example/"}, "consentUrl: may not hold a user or a fragment"),
        ({"consentUrl": "https://x.example/#there"}, "consentUrl: may not hold a user or a fragment"),
        ({"consentUrl": "https://x.example/a b"}, "consentUrl: has characters an address"),
        ({"consentUrl": "https://x.example:99999/"}, "consentUrl: cannot be read as an address"),
        (
            {"consentUrl": "https://x.example/{companyId}"},
            "consentUrl: has characters an address",
        ),
        ({"consentUrl": "${PUBLIC}/connect"}, "consentUrl: ${PUBLIC} is not known; only ${PUBLIC_URL}"),
        ({"consentDisplayMode": "popup"}, "consentDisplayMode: has to be REDIRECT or POPUP"),
        ({"consentDisplayMode": None}, "consentDisplayMode: has to be REDIRECT or POPUP"),
        ({"consentDisplayMode": ["POPUP"]}, "consentDisplayMode: has to be REDIRECT or POPUP"),
        ({"supportedAssessmentTypes": []}, "supportedAssessmentTypes: has to be a list of 1 to 6 types"),
        ({"supportedAssessmentTypes": "SKILL_TEST"}, "supportedAssessmentTypes: has to be a list"),
        ({"supportedAssessmentTypes": ["EXAM"]}, "supportedAssessmentTypes, entry 1: EXAM is no type"),
        ({"supportedAssessmentTypes": [["x"]]}, "supportedAssessmentTypes, entry 1: ['x'] is no type"),
        (
            {"supportedAssessmentTypes": ["SKILL_TEST"] * 2},
            "a type stands there twice",
        ),
        (
            {"supportedAssessmentTypes": ["INLINE_ASSESSMENT"]},
            "inlineAssessmentPackageOrderUrl: is required, since INLINE_ASSESSMENT is a supported type",
        ),
        (
            {"inlineAssessmentPackageOrderUrl": "${PUBLIC_URL}/x"},
            "inlineAssessmentPackageOrderUrl: has to be empty, since INLINE_ASSESSMENT is not",
        ),
        ({"fields": {}}, "fields: has to be a list"),
        (
            {"fields": [FIELD | {"id": f"f{n}"} for n in range(6)]},
            "fields: 6 are given",
        ),
        ({"fields": ["a"]}, "fields, entry 1: has to be a mapping of id, name and description"),
        ({"fields": [{"id": "a", "name": "n"}]}, "fields, entry 1: description is required"),
        ({"fields": [FIELD | {"name": " "}]}, "fields, entry 1: name is required"),
        ({"fields": [FIELD | {"id": 5}]}, "fields, entry 1: id is required, as a text"),
        ({"fields": [FIELD | {"id": "a b"}]}, "fields, entry 1: id 'a b' becomes a query parameter's name"),
        ({"fields": [FIELD | {"id": "ä"}]}, "becomes a query parameter's name"),
        ({"fields": [FIELD | {"id": "x" * 65}]}, "becomes a query parameter's name"),
        (
            {"fields": [FIELD | {"id": "country-code"}]},
            "is a query parameter SmartRecruiters sends",
        ),
        ({"fields": [FIELD, FIELD]}, "fields: the id a stands there twice"),
        ({"fields": [FIELD | {"type": "x"}]}, "fields, entry 1: type: not a name of SPEC §1.2"),
        ({"consentURL": "x"}, "consentURL: not a name of SPEC §1.2; known are"),
        ({3: "x"}, "3: not a name of SPEC §1.2"),
    ],
)
def test_each_fault_is_told_with_its_place(updates: dict[Any, Any], fault: str) -> None:
    with pytest.raises(PartnerFileInvalid) as raised:
        partner.read({**FILE, **updates}, public_url=URL)
    assert len(raised.value.faults) == 1
    assert fault in raised.value.faults[0]


@pytest.mark.parametrize("content", [None, [], "text", 7])
def test_a_file_that_is_no_mapping(content: Any) -> None:
    with pytest.raises(PartnerFileInvalid, match="has to be a mapping"):
        partner.read(content, public_url=URL)


def test_all_faults_are_told_at_once() -> None:
    with pytest.raises(PartnerFileInvalid) as raised:
        partner.read({}, public_url=URL)
    assert len(raised.value.faults) == 6


json_like = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=10,
)


@given(st.dictionaries(st.sampled_from([*FILE, "other"]), json_like))
def test_whatever_the_file_holds_it_is_read_or_its_faults_are_told(updates: dict[str, Any]) -> None:
    try:
        read(**updates)
    except PartnerFileInvalid:
        return


types = st.lists(
    st.sampled_from(sorted(set(PackageType) - {PackageType.INLINE_ASSESSMENT})), min_size=1, unique=True
)
fields = st.lists(
    st.fixed_dictionaries(
        {
            "id": st.from_regex(r"[a-z]{1,8}", fullmatch=True),
            "name": st.just("n"),
            "description": st.just("d"),
        }
    ),
    max_size=5,
    unique_by=lambda field: field["id"],
)


@given(types, fields, st.randoms(use_true_random=False))
def test_what_was_put_needs_no_change_in_whatever_order_it_comes_back(
    kinds: list[PackageType], mapped: list[dict[str, str]], chance: Any
) -> None:
    wanted = read(supportedAssessmentTypes=[kind.value for kind in kinds], fields=mapped)
    held = sent(wanted)
    chance.shuffle(held["supportedAssessmentTypes"])
    chance.shuffle(held["fields"])
    assert changes(held, wanted) == []


def test_empty_and_absent_are_the_same_and_what_is_unknown_is_not_compared() -> None:
    wanted = read()
    held = sent(wanted)
    del held["inlineAssessmentPackageOrderUrl"]
    assert changes({**held, "partnerId": "x", "companyIntegrationUrl": None}, wanted) == []
    held["companyIntegrationUrl"] = held.pop("integrationDisableUrl")
    assert changes(held, wanted) == []


def test_a_plan_is_readable() -> None:
    held = sent(read())
    held["consentUrl"] = "https://old.example/connect"
    held["fields"] = [{"id": "gone", "name": "Gone", "description": "x"}]
    assert list(map(str, changes(held, read()))) == [
        f"~ consentUrl: https://old.example/connect\n    -> {URL}/connect",
        "+ fields[seniority]: Seniority (How senior)",
        "- fields[gone]: Gone (x)",
    ]
    assert len(changes(None, read())) == 9
