"""Assessment orders as SmartRecruiters holds them, and what it sends to place one (SPEC §3)."""

from dataclasses import dataclass, field
from typing import Any, Literal

from sandbox.domain.results import apply_patch, shown_score

Kind = Literal["standard", "inline"]
RESULTS_PATH = "/assessment-api/v202010/orders/{order_id}/results"


@dataclass(frozen=True, kw_only=True)
class Attachment:
    """A file the partner uploaded."""

    id: str
    url: str
    file_name: str
    content_type: str
    sha256: str
    content: bytes = field(repr=False)

    def to_json(self) -> dict[str, Any]:
        """Returns all but the content."""
        return {
            "url": self.url,
            "file_name": self.file_name,
            "content_type": self.content_type,
            "size": len(self.content),
            "sha256": self.sha256,
        }


@dataclass(kw_only=True)
class Order:
    """One order; `history` has the whole result after every accepted PATCH."""

    id: str
    company_id: str
    kind: Kind
    package_id: str
    job_id: str
    candidate: dict[str, str]
    application_id: str | None
    created_at: str
    payload: dict[str, Any]
    result: dict[str, Any] = field(default_factory=dict)
    history: list[dict[str, Any]] = field(default_factory=list)
    attachments: list[Attachment] = field(default_factory=list)
    candidate_returned_at: str | None = None
    answered: int | None = None
    candidate_url: str | None = None

    def patch(self, patch: dict[str, Any], at: str) -> list[str]:
        """Merges (RFC 7396), or returns what is wrong and changes nothing."""
        merged, problems = apply_patch(self.result, patch)
        if not problems:
            self.result = merged
            self.history.append({"at": at, "status": merged.get("status"), "patch": patch, "result": merged})
        return problems

    @property
    def shown_score(self) -> int | None:
        """The percentage a recruiter sees."""
        return shown_score(self.result.get("score"))

    def to_json(self) -> dict[str, Any]:
        """Returns what the admin API tells."""
        return {
            **self.summary(),
            "candidate": self.candidate,
            "result": self.result,
            "shown_score": self.shown_score,
            "history": self.history,
            "attachments": [attachment.to_json() for attachment in self.attachments],
            "candidate_returned_at": self.candidate_returned_at,
        }

    def summary(self) -> dict[str, Any]:
        """Returns the order as a line of a list."""
        return {
            "order_id": self.id,
            "company_id": self.company_id,
            "kind": self.kind,
            "package_id": self.package_id,
            "job_id": self.job_id,
            "created_at": self.created_at,
            "answered": self.answered,
            "status": self.result.get("status"),
        }

    def to_wire(self) -> dict[str, Any]:
        """Returns the order as GET /assessment-orders lists it."""
        shown = ("name", "status", "score", "scoreLabel", "summary", "submissionDate")
        return {
            "orderId": self.id,
            "applicationId": self.application_id,
            "assessmentPackageId": self.package_id,
            "createdOn": self.created_at,
            **{name: self.result[name] for name in shown if name in self.result},
        }


def order_payload(
    *,
    order_id: str,
    public_url: str,
    kind: Kind,
    company_id: str,
    candidate: dict[str, str],
    package_id: str,
    job_id: str,
    requester: dict[str, str] | None,
    with_job_object: bool,
    fields: dict[str, str] | None,
) -> dict[str, Any]:
    """Returns SPEC §3's payload; an inline order knows no candidate id and has no requester."""
    payload: dict[str, Any] = {
        "resultCallbackURL": public_url + RESULTS_PATH.format(order_id=order_id),
        "candidate": candidate,
        "assessmentPackageId": package_id,
        "jobId": job_id,
        "companyId": company_id,
    }
    if with_job_object:
        payload["job"] = {"id": job_id}
    if fields:
        payload["fields"] = fields
    if kind == "inline":
        payload["candidate"] = {name: value for name, value in candidate.items() if name != "id"}
        payload["completedAssessmentCallbackUrl"] = f"{public_url}/applications/complete?order={order_id}"
    elif requester:
        payload["requester"] = requester
    return payload
