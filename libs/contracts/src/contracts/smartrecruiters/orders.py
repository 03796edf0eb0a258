"""What SmartRecruiters sends to order an assessment (SPEC §3)."""

from typing import Any, Self

from pydantic import AliasChoices, Field, model_validator

from contracts.smartrecruiters.wire import Wire


class WireCandidate(Wire):
    """The person to assess; inline orders know no id."""

    id: str | None = None
    email: str | None = None
    first_name: str
    last_name: str
    application_language: str | None = None


class WireRequester(Wire):
    """Who ordered; absent for automatic orders."""

    user_id: str | None = None
    email: str | None = None


class JobReference(Wire):
    """The newer way to name the job; jobId is the older one."""

    id: str


class _Order(Wire):
    result_callback_url: str = Field(alias="resultCallbackURL")
    candidate: WireCandidate
    assessment_package_id: str = Field(min_length=1)
    company_id: str = Field(min_length=1)
    job_id: str | None = None
    job: JobReference | None = None
    fields: dict[str, Any] | None = None

    def the_job(self) -> str | None:
        """Returns the job's id, whichever way it came; `job.id` wins."""
        return self.job.id if self.job else self.job_id


class StandardOrder(_Order):
    """POST packageOrderUrl: a recruiter or a hiring step orders for a candidate."""

    requester: WireRequester | None = None

    @model_validator(mode="after")
    def _knows_whom_and_what_for(self) -> Self:
        if not self.candidate.id:
            raise ValueError("candidate.id is required")
        if not self.the_job():
            raise ValueError("job.id or jobId is required")
        return self


class InlineOrder(_Order):
    """POST inlineAssessmentPackageOrderUrl: the candidate is in the middle of an application."""

    completed_assessment_callback_url: str = Field(
        # SPEC §3 spells it once without the d.
        validation_alias=AliasChoices("completedAssessmentCallbackUrl", "completeAssessmentCallbackUrl"),
        serialization_alias="completedAssessmentCallbackUrl",
    )


class InlineAnswer(Wire):
    """Where SmartRecruiters sends the candidate."""

    url: str
