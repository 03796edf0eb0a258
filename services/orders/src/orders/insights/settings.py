"""Settings of orders-insights."""

from datetime import timedelta

from pydantic import Field, SecretStr
from runtime.settings import ServiceSettings

from orders.insights.numbers import Rules


class Settings(ServiceSettings):
    """Times are in seconds."""

    internal_api_token: SecretStr = Field(default=SecretStr(""), description="not needed: it calls nobody")
    orders_insights_internal_port: int = Field(
        default=9084, ge=0, le=65535, description="health and metrics of orders-insights"
    )
    orders_insights_window: int = Field(default=3600, ge=60, description="width of a window")
    orders_insights_late_after: float = Field(
        default=7 * 86400, gt=0, description="a result that takes longer than this counts as late"
    )
    orders_insights_keep: float = Field(
        default=90 * 86400, gt=0, description="how long orders and windows are kept in the tables"
    )
    orders_insights_flush_every: float = Field(
        default=2, gt=0, description="time between two writes of the numbers to PostgreSQL"
    )
    orders_insights_replication: int = Field(
        default=1, ge=1, description="replication of the changelog topics"
    )

    @property
    def rules(self) -> Rules:
        """How the numbers are counted."""
        return Rules(
            window=timedelta(seconds=self.orders_insights_window),
            late_after=timedelta(seconds=self.orders_insights_late_after),
        )
