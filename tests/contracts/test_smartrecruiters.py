"""SmartRecruiters' documented payloads go through the wire models with every field as it came."""

import json
from pathlib import Path
from typing import Any

import pytest
from contracts.smartrecruiters import (
    CredentialPair,
    InlineAnswer,
    InlineOrder,
    PartnerConfiguration,
    RequesterHeader,
    ResultPatch,
    StandardOrder,
    WirePackage,
    order_id_of,
)
from contracts.smartrecruiters.wire import Wire
from contracts.types import PackageType
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

FOLDER = Path(__file__).parents[1] / "data/smartrecruiters"
MODELS: dict[str, type[Wire]] = {
    "configuration-request": PartnerConfiguration,
    "configuration-answer": PartnerConfiguration,
    "configuration-consent": PartnerConfiguration,
    "master-credential": CredentialPair,
    "our-credential": CredentialPair,
    "their-credential": CredentialPair,
    "requester-header": RequesterHeader,
    "order": StandardOrder,
    "inline-order": InlineOrder,
    "inline-answer": InlineAnswer,
    "result-patch": ResultPatch,
}
CREDENTIALS = {name for name, model in MODELS.items() if model is CredentialPair}
CALLBACK = "https://api.smartrecruiters.com/assessment-api/v202010/orders/{}/results"


def payload(name: str) -> Any:
    return json.loads((FOLDER / f"{name}.json").read_text())


def test_every_sample_is_used() -> None:
    assert {path.stem for path in FOLDER.glob("*.json")} == {*MODELS, "packages"}


@pytest.mark.parametrize("name", sorted(set(MODELS) - CREDENTIALS))
def test_every_field_comes_out_as_it_went_in(name: str) -> None:
    given_payload = payload(name)
    assert json.loads(MODELS[name].model_validate(given_payload).to_json()) == given_payload


@pytest.mark.parametrize("name", sorted(set(MODELS)))
def test_every_field_is_a_known_one(name: str) -> None:
    def extras(model: Any) -> list[str]:
        if isinstance(model, tuple):
            return [extra for item in model for extra in extras(item)]
        if not isinstance(model, Wire):
            return []
        inner = [extra for field in type(model).model_fields for extra in extras(getattr(model, field))]
        return [*(model.model_extra or {}), *inner]

    assert extras(MODELS[name].model_validate(payload(name))) == []


@pytest.mark.parametrize("name", sorted(CREDENTIALS))
def test_a_credential_is_read_and_never_shown(name: str) -> None:
    pair = CredentialPair.model_validate(payload(name))
    assert (pair.client_id, pair.client_secret.get_secret_value()) == ("string", "string")
    assert "**" in repr(pair)
    assert json.loads(pair.to_json())["clientSecret"] == "**********"


@pytest.mark.parametrize("kind", PackageType)
def test_packages(kind: PackageType) -> None:
    (sample,) = payload("packages")
    with pytest.raises(ValidationError):
        WirePackage.model_validate(sample)
    sample["type"] = sample["assessments"][0]["type"] = kind
    assert json.loads(WirePackage.model_validate(sample).to_json()) == sample


def test_a_package_without_assessments_is_one_with_an_empty_list() -> None:
    (sample,) = payload("packages")
    sample |= {"type": "SKILL_TEST", "assessments": []}
    assert json.loads(WirePackage.model_validate(sample).to_json())["assessments"] == []


@pytest.mark.parametrize("name", ["completedAssessmentCallbackUrl", "completeAssessmentCallbackUrl"])
def test_both_spellings_of_the_way_back(name: str) -> None:
    sample = payload("inline-order")
    sample[name] = sample.pop("completedAssessmentCallbackUrl")
    order = InlineOrder.model_validate(sample)
    assert order.completed_assessment_callback_url == "string"
    assert json.loads(order.to_json())["completedAssessmentCallbackUrl"] == "string"


@pytest.mark.parametrize(
    ("sample", "name", "attribute"),
    [
        ("configuration-answer", "integrationDisableUrl", "integration_disable_url"),
        ("configuration-consent", "companyIntegrationUrl", "company_integration_url"),
    ],
)
def test_both_names_of_the_disable_address(sample: str, name: str, attribute: str) -> None:
    configuration = PartnerConfiguration.model_validate(payload(sample))
    assert getattr(configuration, attribute) == "string"
    assert json.loads(configuration.to_json())[name] == "string"


@pytest.mark.parametrize("name", sorted(set(MODELS) - CREDENTIALS))
def test_what_is_not_documented_is_kept(name: str) -> None:
    sample = payload(name) | {"somethingNew": {"deep": [1, None]}}
    assert json.loads(MODELS[name].model_validate(sample).to_json()) == sample


@pytest.mark.parametrize(
    "job", [{"job": {"id": "j2"}}, {"jobId": "j2"}, {"job": {"id": "j2"}, "jobId": "old"}]
)
def test_the_job_comes_either_way(job: dict[str, Any]) -> None:
    sample = {name: value for name, value in payload("order").items() if name != "jobId"} | job
    order = StandardOrder.model_validate(sample)
    assert order.the_job() == "j2"
    assert json.loads(order.to_json()) == sample


@pytest.mark.parametrize(
    ("gone", "says"),
    [
        (("candidate", "id"), r"candidate\.id is required"),
        (("jobId",), r"job\.id or jobId is required"),
        (("resultCallbackURL",), "resultCallbackURL"),
        (("companyId",), "companyId"),
        (("assessmentPackageId",), "assessmentPackageId"),
        (("candidate", "firstName"), "firstName"),
    ],
)
def test_what_an_order_must_have(gone: tuple[str, ...], says: str) -> None:
    sample = payload("order")
    holder = sample
    for name in gone[:-1]:
        holder = holder[name]
    del holder[gone[-1]]
    with pytest.raises(ValidationError, match=says):
        StandardOrder.model_validate(sample)


@pytest.mark.parametrize(
    "change", [{"raw": 1}, {"min": 1}, {"max": -1}, {"raw": 0.5}, {"raw": None}, {"raw": "0"}]
)
def test_a_score_is_three_whole_numbers_in_order(change: dict[str, Any]) -> None:
    sample = payload("result-patch")
    sample["score"] |= change
    with pytest.raises(ValidationError, match="score"):
        ResultPatch.model_validate(sample)


def test_a_null_that_was_set_is_sent_for_it_deletes() -> None:
    """RFC 7396."""
    patch = ResultPatch.model_validate({"summary": None, "status": "COMPLETED"})
    assert json.loads(patch.to_json()) == {"summary": None, "status": "COMPLETED"}


@given(st.from_regex(r"[A-Za-z0-9_~-][A-Za-z0-9._~-]{0,100}", fullmatch=True))
def test_the_order_id_is_the_one_before_results(order_id: str) -> None:
    assert order_id_of(CALLBACK.format(order_id)) == order_id
    assert order_id_of(CALLBACK.format(order_id) + "/?x=/orders/other/results") == order_id
    assert order_id_of(f"https://sr.example.com/orders/{order_id}") == order_id


@pytest.mark.parametrize(
    "url",
    [
        "",
        "string",
        "https://api.smartrecruiters.com/",
        CALLBACK.format(""),
        CALLBACK.format(".."),
        CALLBACK.format("%2e%2e"),
        CALLBACK.format("a%2Fb"),
        CALLBACK.format("a b"),
        CALLBACK.format("x" * 129),
        CALLBACK.format("o1") + "/attachment",
    ],
)
def test_a_url_without_an_order_id_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="no order id"):
        order_id_of(url)
