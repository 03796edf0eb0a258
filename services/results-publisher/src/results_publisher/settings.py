"""Settings of results-publisher, read from the environment."""

from pydantic import Field, field_validator
from runtime.fencing import Fence
from runtime.settings import ServiceSettings

from results_publisher.domain.retry import DEFAULT_SCHEDULE, parse_schedule


class Settings(ServiceSettings):
    """The shared settings, and these."""

    results_publisher_internal_port: int = Field(
        default=9083, ge=0, le=65535, description="health, metrics and the internal API"
    )
    results_publisher_retry_schedule: str = Field(
        default=DEFAULT_SCHEDULE,
        description="waits between attempts, each ±20 %; after the last a dead letter",
    )
    results_publisher_doubtful_tries: int = Field(
        default=5, ge=1, le=100, description="tries before 403 and 404 count as final"
    )
    results_publisher_requests_per_second: float = Field(
        default=6.0, gt=0, le=10_000, description="per company, of the 10 SmartRecruiters allows"
    )
    results_publisher_in_flight: int = Field(
        default=5, ge=1, le=1000, description="per company, of the 8 SmartRecruiters allows"
    )
    results_publisher_connect_timeout: float = Field(default=10.0, gt=0, le=600, description="seconds")
    results_publisher_read_timeout: float = Field(
        default=130.0, gt=0, le=3600, description="seconds; SmartRecruiters' clients are advised at least 128"
    )
    results_publisher_content_type: str = Field(
        default="application/json",
        pattern=r"^application/(json|merge-patch\+json)$",
        description="Content-Type of the PATCH: application/json or application/merge-patch+json",
    )
    results_publisher_attachment_hosts: str = Field(
        default="",
        description="hosts of engines' files to be uploaded: host, host:port, *.suffix, inside:host, http://host:port",
    )
    results_publisher_attachment_max_bytes: int = Field(
        default=50 * 1024 * 1024, ge=1, description="largest file fetched from an engine"
    )
    results_publisher_attachment_timeout: float = Field(
        default=120.0, gt=0, le=3600, description="seconds to fetch a file from an engine"
    )
    results_publisher_attachment_field: str = Field(
        default="file", pattern=r"^[A-Za-z0-9_.-]{1,64}$", description="name of the multipart field"
    )
    results_publisher_unknown_order_hours: float = Field(
        default=24.0, gt=0, description="how long an update waits for its order before it is a dead letter"
    )
    results_publisher_retention_days: float = Field(
        default=90.0, ge=1, description="how long finished deliveries, attempts and results are kept"
    )
    results_publisher_hold_recheck: float = Field(
        default=60.0, gt=0, description="seconds after which credentials is asked again for a held company"
    )
    results_publisher_held_days: float = Field(
        default=30.0, gt=0, description="how long a result is held; after that it is a dead letter"
    )
    results_publisher_lease: float = Field(
        default=10.0, ge=3, le=300, description="seconds a company is another replica's after this one died"
    )
    results_publisher_max_companies: int = Field(
        default=1000, ge=1, le=10_000, description="companies this replica works on at the same time"
    )

    @field_validator("results_publisher_retry_schedule")
    @classmethod
    def _is_schedule(cls, value: str) -> str:
        parse_schedule(value)
        return value

    @field_validator("results_publisher_attachment_hosts")
    @classmethod
    def _are_hosts(cls, value: str) -> str:
        Fence(value.split(","))
        return value
