"""The difference between what SmartRecruiters holds of us and what the partner file asks for."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from contracts.smartrecruiters import PartnerConfiguration

NAMES = (
    "consentUrl",
    "consentDisplayMode",
    "assessmentPackageListUrl",
    "singleAssessmentPackageUrl",
    "packageOrderUrl",
    "inlineAssessmentPackageOrderUrl",
    "oauthTokenUrl",
    "integrationDisableUrl",
)
TYPES = "supportedAssessmentTypes"
FIELDS = "fields"
# SPEC §1.2's second sample names it so.
DISABLE_ALIAS = ("integrationDisableUrl", "companyIntegrationUrl")


@dataclass(frozen=True, slots=True)
class Change:
    """One line of a plan. None on one side means: nothing is there."""

    name: str
    before: str | None
    after: str | None

    def __str__(self) -> str:
        if self.before is None:
            return f"+ {self.name}: {self.after}"
        if self.after is None:
            return f"- {self.name}: {self.before}"
        return f"~ {self.name}: {self.before}\n    -> {self.after}"


def changes(held: Mapping[str, Any] | None, wanted: PartnerConfiguration) -> list[Change]:
    """Returns what an apply changes. Order of types and fields, empty and absent, are no difference.

    What SmartRecruiters answers beyond its documents is its own and not compared.
    """
    before = _flat(held or {})
    after = _flat(wanted.model_dump(mode="json", by_alias=True, exclude_unset=True))
    names = [*after, *(name for name in before if name not in after)]
    return [
        Change(name, before.get(name), after.get(name))
        for name in names
        if before.get(name) != after.get(name)
    ]


def _flat(content: Mapping[str, Any]) -> dict[str, str]:
    mine, alias = DISABLE_ALIAS
    known = {mine: content.get(alias), **{name: value for name, value in content.items() if value}}
    flat = {name: str(known[name]) for name in NAMES if known.get(name)}
    if known.get(TYPES):
        flat[TYPES] = ", ".join(sorted(map(str, known[TYPES])))
    for field in known.get(FIELDS) or ():
        if isinstance(field, Mapping):
            flat[f"{FIELDS}[{field.get('id')}]"] = f"{field.get('name')} ({field.get('description')})"
    return flat
