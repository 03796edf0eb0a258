"""What PUT /partner/configuration accepts (SPEC §1.2), and the addresses that follow from it."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

from contracts.smartrecruiters import ConsentDisplayMode
from contracts.types import PackageType

from sandbox.domain.shape import array, filled, one_of, optional_url, problems_of, record, url

_FIELD = record({"id": filled, "name": filled, "description": filled})


def _unique(configuration: Any, at: str, problems: list[str]) -> None:
    types = configuration["supportedAssessmentTypes"]
    if len(set(types)) != len(types):
        problems.append(f"{at}supportedAssessmentTypes: must not repeat a type")
    names = [field["id"] for field in configuration.get("fields") or []]
    if len(set(names)) != len(names):
        problems.append(f"{at}fields: must not repeat an id")


_CONFIGURATION = record(
    {
        "consentUrl": url,
        "consentDisplayMode": one_of(*ConsentDisplayMode),
        "assessmentPackageListUrl": url,
        "singleAssessmentPackageUrl": url,
        "oauthTokenUrl": url,
        "supportedAssessmentTypes": array(one_of(*PackageType), least=1, most=6),
    },
    {
        "packageOrderUrl": optional_url,
        "inlineAssessmentPackageOrderUrl": optional_url,
        "integrationDisableUrl": optional_url,
        "companyIntegrationUrl": optional_url,
        "fields": array(_FIELD, most=5),
    },
    also=[_unique],
)


def configuration_problems(configuration: Any) -> list[str]:
    """Returns everything SmartRecruiters would refuse."""
    return problems_of(_CONFIGURATION, configuration)


def with_query(address: str, parameters: Mapping[str, str]) -> str:
    """Returns the address with the parameters added to those it has."""
    parts = urlsplit(address)
    query = urlencode([*parse_qsl(parts.query, keep_blank_values=True), *parameters.items()])
    return urlunsplit(parts._replace(query=query))


def with_id(address: str, placeholders: tuple[str, ...], identity: str) -> str:
    """Returns the address with the id in the place of a placeholder, else as its last path segment."""
    quoted = quote(identity, safe="")
    for name in placeholders:
        if f"{{{name}}}" in address:
            return address.replace(f"{{{name}}}", quoted)
    parts = urlsplit(address)
    return urlunsplit(parts._replace(path=f"{parts.path.rstrip('/')}/{quoted}"))
