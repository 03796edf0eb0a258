"""What GET packages answers, and what its requester header holds (SPEC §2)."""

from contracts.smartrecruiters.wire import Wire
from contracts.types import PackageType


class RequesterHeader(Wire):
    """Who is looking at the list."""

    email: str


class WireAssessment(Wire):
    """One assessment in a package."""

    id: str
    type: PackageType
    name: str | None = None
    description: str


class WirePackage(Wire):
    """One package; `assessments` is empty where the vendor does not tell packages from assessments."""

    id: str
    type: PackageType
    name: str
    description: str
    assessments: tuple[WireAssessment, ...] = ()
