"""Settings: refused where they make no sense, and shown in the README as they are."""

from pathlib import Path
from typing import Any

import pytest
from orders import settings as orders_settings
from orders.domain.enrichment import Resource
from orders.insights import settings as insights_settings
from pydantic import ValidationError
from runtime.settings import ServiceSettings

README = Path(__file__).parents[2] / "services/orders/README.md"
COMMON: dict[str, Any] = {
    "kafka_bootstrap_servers": "127.0.0.1:9092",
    "database_url": "postgresql://127.0.0.1/x",
    "internal_api_token": "t",
}


def table(settings: type[ServiceSettings]) -> str:
    rows = ["| variable | default | what it is |", "|---|---|---|"]
    for name, field in settings.model_fields.items():
        if name not in ServiceSettings.model_fields:
            default = field.get_default(call_default_factory=True, validated_data={})
            rows.append(f"| `{name.upper()}` | `{default}` | {field.description} |")
    return "\n".join(rows)


@pytest.mark.parametrize("settings", [orders_settings.Settings, insights_settings.Settings])
def test_the_readme_shows_the_settings(settings: type[ServiceSettings]) -> None:
    assert table(settings) in README.read_text()


def test_what_is_read_can_differ_by_package() -> None:
    chosen = orders_settings.Settings(
        **COMMON, orders_enrich="candidate, job", orders_enrich_by_package={"p": "", "q": "job"}
    )
    assert chosen.plan.wanted == {Resource.CANDIDATE, Resource.JOB}
    assert chosen.plan.by_package == {"p": frozenset(), "q": {Resource.JOB}}
    assert chosen.limits.expire_after is not None
    assert orders_settings.Settings(**COMMON, orders_expire_after=0).limits.expire_after is None


@pytest.mark.parametrize(
    "bad", [{"orders_enrich": "candidates"}, {"orders_enrich_by_package": {"p": "jobs"}}]
)
def test_an_unknown_resource_is_refused(bad: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match="not candidate, job or hiring_team"):
        orders_settings.Settings(**COMMON, **bad)
