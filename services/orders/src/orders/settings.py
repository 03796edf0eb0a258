"""Settings of orders: the common ones and its own, read from the environment."""

from datetime import timedelta

from pydantic import Field, SecretStr, field_validator
from runtime.settings import ServiceSettings

from orders.domain.enrichment import Resource
from orders.domain.sweeping import Limits
from orders.service.intake import Plan


class Settings(ServiceSettings):
    """Times are in seconds."""

    orders_internal_port: int = Field(
        default=9082, ge=0, le=65535, description="health, metrics, API and console"
    )
    orders_enrich: str = Field(
        default="candidate,job,hiring_team",
        description="what is read from SmartRecruiters: candidate, job, hiring_team; empty for nothing",
    )
    orders_enrich_by_package: dict[str, str] = Field(
        default_factory=dict,
        description='JSON, exceptions by package id: {"package-id": "job,hiring_team"}',
    )
    orders_enrichment_give_up: float = Field(
        default=600, ge=0, description="how long passing faults hold up a request to the engine"
    )
    orders_inline_enrichment_give_up: float = Field(
        default=10, ge=0, description="the same for inline orders, whose candidates are waiting"
    )
    orders_smartrecruiters_timeout: float = Field(
        default=130, gt=0, description="longest wait for one answer of SmartRecruiters"
    )
    orders_smartrecruiters_per_second: float = Field(
        default=4, gt=0, description="requests per second and company, of the 10 SmartRecruiters allows"
    )
    orders_smartrecruiters_in_flight: int = Field(
        default=3, ge=1, description="requests in flight per company, of the 8 SmartRecruiters allows"
    )
    orders_late_after: float = Field(
        default=900, gt=0, description="an engine that has not answered for so long makes an order late"
    )
    orders_expire_after: float = Field(
        default=30 * 86400, ge=0, description="an order without an end expires after so long; 0 for never"
    )
    orders_sweep_every: float = Field(default=30, gt=0, description="time between two looks for late ones")
    orders_unknown_order_within: float = Field(
        default=60, ge=0, description="an update of an unknown order is tried again for so long"
    )
    orders_personal_data_days: float = Field(
        default=90,
        ge=0,
        description="days after its end an order's candidate and results are erased; 0 for never",
    )
    engine_api_token: SecretStr | None = Field(
        default=None, description="Bearer token of engines that open candidates; without one nobody can"
    )
    results_publisher_url: str = Field(
        default="http://127.0.0.1:9083",
        pattern=r"^https?://[^\s/]+",
        description="results-publisher's internal API, where results are erased and exported",
    )
    orders_database_connections: int = Field(default=16, ge=4, description="most connections to PostgreSQL")

    @field_validator("orders_enrich")
    @classmethod
    def _known(cls, value: str) -> str:
        _resources(value)
        return value

    @field_validator("orders_enrich_by_package")
    @classmethod
    def _all_known(cls, value: dict[str, str]) -> dict[str, str]:
        for listed in value.values():
            _resources(listed)
        return value

    @property
    def plan(self) -> Plan:
        """What is read for which order, and for how long it is tried."""
        return Plan(
            wanted=_resources(self.orders_enrich),
            by_package={name: _resources(listed) for name, listed in self.orders_enrich_by_package.items()},
            give_up_after=timedelta(seconds=self.orders_enrichment_give_up),
            inline_give_up_after=timedelta(seconds=self.orders_inline_enrichment_give_up),
        )

    @property
    def kept_for(self) -> timedelta | None:
        """How long an ended order's personal data is kept; None for ever."""
        return timedelta(days=self.orders_personal_data_days) if self.orders_personal_data_days else None

    @property
    def limits(self) -> Limits:
        """When orders are late and expired."""
        expire = timedelta(seconds=self.orders_expire_after) if self.orders_expire_after else None
        return Limits(late_after=timedelta(seconds=self.orders_late_after), expire_after=expire)


def _resources(listed: str) -> frozenset[Resource]:
    names = [name.strip() for name in listed.split(",") if name.strip()]
    unknown = sorted(set(names) - {one.value for one in Resource})
    if unknown:
        raise ValueError(f"not candidate, job or hiring_team: {', '.join(unknown)}")
    return frozenset(map(Resource, names))
