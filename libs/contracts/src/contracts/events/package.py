"""What engines say of the packages a company may order. Compacted: key company id/package id."""

from typing import ClassVar

from pydantic import BaseModel, ConfigDict, Field

from contracts.envelope import EventData
from contracts.types import PackageId, PackageType

EVERY_COMPANY = "*"


class Assessment(BaseModel):
    """One assessment inside a package (SPEC §2)."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    id: PackageId
    type: PackageType
    name: str | None = None
    description: str


class Audience(BaseModel):
    """Who sees a package. An empty list does not limit."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    requester_emails: tuple[str, ...] = ()
    """Whole addresses, or `@domain` for everyone of a domain; compared without case."""
    country_codes: tuple[str, ...] = ()
    """ISO 3166-1 alpha-2 codes of the job's location."""
    fields: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    """Mapped field id -> values for which the package is offered (SPEC §1.2 `fields`)."""


class PackagePublished(EventData):
    """A package can be ordered by a company, or by every company when `company_id` is `*`.

    A record with the same key and no value withdraws it.
    """

    TYPE: ClassVar[str] = "package.published"

    company_id: str = Field(pattern=r"^(\*|[A-Za-z0-9._~-]{1,128})$")
    package_id: PackageId
    type: PackageType
    name: str
    description: str
    assessments: tuple[Assessment, ...] = ()
    audience: Audience | None = None

    def subject(self) -> str:
        """Company id/package id."""
        return package_key(self.company_id, self.package_id)


def package_key(company_id: str, package_id: str) -> str:
    """Returns the Kafka key of a package; an engine withdraws it by a null value under this key."""
    return f"{company_id}/{package_id}"
