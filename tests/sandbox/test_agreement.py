"""The sandbox's shapes and our wire models were written apart from the same documents: here they meet."""

from datetime import UTC, datetime

from contracts.smartrecruiters import (
    CandidateDetails,
    CredentialPair,
    HiringTeam,
    InlineOrder,
    JobDetails,
    PartnerConfiguration,
    ResultPatch,
    StandardOrder,
    WireAssessmentResult,
    WireAttachment,
    WireScore,
    order_id_of,
)
from contracts.types import AttachmentType, ResultStatus
from sandbox.domain.configuration import configuration_problems
from sandbox.domain.results import apply_patch
from sandbox.http.server.calls import parse_object

from tests.sandbox.conftest import API, Client
from tests.sandbox.fake_vendor import FakeVendor

MOMENT = datetime(2026, 1, 12, 9, 30, tzinfo=UTC)
RESULT = ResultPatch(
    assessment_date=MOMENT,
    assessment_package_date=MOMENT,
    submission_date=MOMENT,
    name="Backend",
    description="",
    status=ResultStatus.COMPLETED,
    score=WireScore(raw=28, min=20, max=80),
    score_label="fair",
    summary="fine",
    attachments=(WireAttachment(type=AttachmentType.PDF_URL, url="https://files.example.com/r.pdf"),),
    assessment_results=(
        WireAssessmentResult(
            assessment_id="py",
            assessment_date=MOMENT,
            submission_date=MOMENT,
            name="Python",
            status=ResultStatus.EXPIRED,
            score=WireScore(raw=0, min=0, max=1),
            score_label="low",
            summary="",
            attachments=(),
        ),
    ),
)


def test_our_result_is_taken() -> None:
    merged, problems = apply_patch({}, parse_object(RESULT.to_json()))
    assert problems == []
    assert ResultPatch.model_validate(merged) == RESULT


def test_our_configuration_is_taken() -> None:
    ours = PartnerConfiguration.model_validate(FakeVendor(url="https://v.example.com").configuration())
    assert configuration_problems(parse_object(ours.to_json())) == []


async def test_orders_are_read_by_our_models(sandbox: Client, vendor: FakeVendor) -> None:
    await sandbox.connect(vendor)
    order_id = await sandbox.order(requester_email="maya@example.com")
    await sandbox.order(with_job_object=True)
    await sandbox.admin("/companies/acme/inline-orders", {"package_id": "quick"})
    first, second = (StandardOrder.model_validate(seen.body) for seen in vendor.calls("/orders"))
    assert order_id_of(first.result_callback_url) == order_id
    assert first.the_job() == second.the_job()
    assert first.model_extra == second.model_extra == {}
    assert InlineOrder.model_validate(vendor.calls("/inline")[0].body).model_extra == {}


async def test_resources_are_read_by_our_models(sandbox: Client, vendor: FakeVendor) -> None:
    company = await sandbox.connect(vendor)
    listed = await sandbox.admin("/companies/acme", method="GET")
    candidate, job = listed["candidates"][0]["id"], listed["jobs"][0]["id"]
    person = (await sandbox.call("GET", f"/candidates/{candidate}", headers=company)).body
    assert CandidateDetails.model_validate(person).model_extra == {}
    posted = (await sandbox.call("GET", f"/jobs/{job}", headers=company)).body
    assert JobDetails.model_validate(posted).model_extra == {}
    team = (await sandbox.call("GET", f"/jobs/{job}/hiring-team", headers=company)).body
    assert len(HiringTeam.model_validate(team).content) == 3


async def test_the_credential_is_read_by_our_model(sandbox: Client, vendor: FakeVendor) -> None:
    master = await sandbox.configure(vendor.configuration())
    pair = {"clientId": "a", "clientSecret": "b"}
    answered = await sandbox.call("POST", f"{API}/integration/company/acme", json=pair, headers=master)
    assert CredentialPair.model_validate(answered.body).model_extra == {}
