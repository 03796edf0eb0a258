"""PUT and GET /partner/configuration (SPEC §1.2)."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from contracts.smartrecruiters.wire import Wire
from contracts.types import PackageType


class ConsentDisplayMode(StrEnum):
    """How SmartRecruiters shows the consent page."""

    REDIRECT = "REDIRECT"
    POPUP = "POPUP"


class MappedField(Wire):
    """A field of ours that a customer's administrator may map one of theirs to."""

    id: str
    name: str
    description: str


class PartnerConfiguration(Wire):
    """Where SmartRecruiters reaches us. Both names of the disable URL in SPEC are read."""

    consent_url: str
    consent_display_mode: ConsentDisplayMode
    assessment_package_list_url: str
    single_assessment_package_url: str
    oauth_token_url: str
    supported_assessment_types: Annotated[tuple[PackageType, ...], Field(min_length=1, max_length=6)]
    package_order_url: str | None = None
    inline_assessment_package_order_url: str | None = None
    """Empty where ordering during the application is not supported."""
    integration_disable_url: str | None = None
    company_integration_url: str | None = None
    fields: Annotated[tuple[MappedField, ...], Field(max_length=5)] = ()
