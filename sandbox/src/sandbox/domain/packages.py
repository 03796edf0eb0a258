"""How strictly SmartRecruiters reads a packages answer (SPEC §2)."""

from collections.abc import Iterable
from typing import Any

from contracts.types import PackageType

from sandbox.domain.shape import array, filled, one_of, problems_of, record, text

_ASSESSMENT = record(
    {"id": filled, "type": one_of(*PackageType), "description": text}, {"name": text}, closed=False
)
_PACKAGE = record(
    {
        "id": filled,
        "type": one_of(*PackageType),
        "name": filled,
        "description": text,
        "assessments": array(_ASSESSMENT),
    },
    closed=False,
)
_PACKAGES = array(_PACKAGE)


def packages_problems(answer: Any, supported: Iterable[str]) -> list[str]:
    """Returns what is wrong with a list: shapes, ids given twice, types the configuration does not name."""
    problems = problems_of(_PACKAGES, answer)
    if problems:
        return problems
    seen: set[str] = set()
    for index, package in enumerate(answer):
        if package["id"] in seen:
            problems.append(f"[{index}].id: is given twice")
        seen.add(package["id"])
        problems.extend(_unsupported(package, f"[{index}].", supported))
    return problems


def package_problems(answer: Any, package_id: str, supported: Iterable[str]) -> list[str]:
    """Returns what is wrong with a single package."""
    problems = problems_of(_PACKAGE, answer)
    if problems:
        return problems
    if answer["id"] != package_id:
        problems.append("id: is not the one asked for")
    return [*problems, *_unsupported(answer, "", supported)]


def _unsupported(package: dict[str, Any], at: str, supported: Iterable[str]) -> list[str]:
    if package["type"] in set(supported):
        return []
    return [f"{at}type: {package['type']} is not among the configured supportedAssessmentTypes"]
