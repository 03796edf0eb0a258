"""Wire models of SmartRecruiters' HTTP, in both directions."""

from contracts.smartrecruiters.callback import order_id_of
from contracts.smartrecruiters.configuration import ConsentDisplayMode, MappedField, PartnerConfiguration
from contracts.smartrecruiters.errors import ErrorAnswer, WireError
from contracts.smartrecruiters.oauth import CredentialPair, TokenAnswer
from contracts.smartrecruiters.orders import (
    InlineAnswer,
    InlineOrder,
    StandardOrder,
    WireCandidate,
    WireRequester,
)
from contracts.smartrecruiters.packages import RequesterHeader, WireAssessment, WirePackage
from contracts.smartrecruiters.resources import CandidateDetails, HiringTeam, HiringTeamPerson, JobDetails
from contracts.smartrecruiters.results import (
    AttachmentAnswer,
    ResultPatch,
    WireAssessmentResult,
    WireAttachment,
    WireScore,
)

__all__ = [
    "AttachmentAnswer",
    "CandidateDetails",
    "ConsentDisplayMode",
    "CredentialPair",
    "ErrorAnswer",
    "HiringTeam",
    "HiringTeamPerson",
    "InlineAnswer",
    "InlineOrder",
    "JobDetails",
    "MappedField",
    "PartnerConfiguration",
    "RequesterHeader",
    "ResultPatch",
    "StandardOrder",
    "TokenAnswer",
    "WireAssessment",
    "WireAssessmentResult",
    "WireAttachment",
    "WireCandidate",
    "WireError",
    "WirePackage",
    "WireRequester",
    "WireScore",
    "order_id_of",
]
