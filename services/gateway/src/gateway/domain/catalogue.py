"""Which packages a company, and one of its people, may see: a view of `engines.packages`."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from contracts.envelope import Event
from contracts.events.package import EVERY_COMPANY, Audience, PackagePublished
from contracts.smartrecruiters.packages import WireAssessment, WirePackage


@dataclass(frozen=True, slots=True)
class Viewer:
    """What GET packages says of who is looking, and for which job."""

    email: str | None = None
    country_codes: frozenset[str] = frozenset()
    parameters: Mapping[str, frozenset[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Offer:
    """A package, and the JSON SmartRecruiters gets of it."""

    package: PackagePublished
    wire: bytes


class Catalogue:
    """A company's own package hides one of the same id that is offered to every company."""

    def __init__(self) -> None:
        self._by_key: dict[bytes, Offer] = {}
        self._by_company: dict[str, dict[str, Offer]] = {}

    def apply(self, key: bytes, event: Event[Any] | None) -> None:
        """Takes the next record of the topic; None withdraws what the key had."""
        before = self._by_key.pop(key, None)
        if before is not None:
            self._by_company.get(before.package.company_id, {}).pop(before.package.package_id, None)
        if event is None or not isinstance(event.data, PackagePublished):
            return
        offer = Offer(event.data, render(event.data))
        self._by_key[key] = offer
        self._by_company.setdefault(offer.package.company_id, {})[offer.package.package_id] = offer

    def get(self, company_id: str, package_id: str) -> Offer | None:
        """Returns the package the company would order under this id. The audience limits the list alone."""
        own = self._by_company.get(company_id, {}).get(package_id) if company_id != EVERY_COMPANY else None
        return own or self._by_company.get(EVERY_COMPANY, {}).get(package_id)

    def visible(self, company_id: str, viewer: Viewer) -> list[Offer]:
        """Returns the packages offered to this viewer, by name."""
        offers = dict(self._by_company.get(EVERY_COMPANY, {}))
        if company_id != EVERY_COMPANY:
            offers |= self._by_company.get(company_id, {})
        seen = [offer for offer in offers.values() if _is_for(offer.package.audience, viewer)]
        return sorted(seen, key=lambda offer: (offer.package.name.casefold(), offer.package.package_id))


def render(package: PackagePublished) -> bytes:
    """Returns the package as SPEC §2 has it."""
    assessments = tuple(
        WireAssessment(**assessment.model_dump(exclude_none=True)) for assessment in package.assessments
    )
    return WirePackage(
        id=package.package_id,
        type=package.type,
        name=package.name,
        description=package.description,
        assessments=assessments,
    ).to_json()


def _is_for(audience: Audience | None, viewer: Viewer) -> bool:
    """Whoever does not say what a package is limited to does not see it."""
    if audience is None:
        return True
    if audience.requester_emails and not _knows(audience.requester_emails, viewer.email):
        return False
    if audience.country_codes:
        wanted = {code.casefold() for code in audience.country_codes}
        if not any(code.casefold() in wanted for code in viewer.country_codes):
            return False
    return all(
        not values or viewer.parameters.get(name, frozenset()).intersection(values)
        for name, values in audience.fields.items()
    )


def _knows(listed: tuple[str, ...], email: str | None) -> bool:
    if not email:
        return False
    address = email.strip().casefold()
    domain = f"@{address.rpartition('@')[2]}"
    return any(entry.strip().casefold() in {address, domain} for entry in listed)
